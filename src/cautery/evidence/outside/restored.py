"""Which notes of a case count in a log: each continues the last one, and some were taken back.

Two people can take a case back to an older copy; the records after that copy are lost, but the log
has notes of them. It takes what goes on from the copy if the case shows the record of its
restoration: signed by two approvers whom its first record names, to a root up to which the log
knows the case, and no text twice.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from cautery.errors import EvidenceError
from cautery.evidence.leaf import record_of
from cautery.evidence.merkle import leaf_hash, verify_consistency, verify_inclusion
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.proof import Covered, covered_in
from cautery.evidence.restoring import Return, require_two_people, return_in
from cautery.model.records import CaseRestored, LogEntry, LogRestored


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """The record of a restoration and the first record, each proven to be in a case.

    Parameters
    ----------
    record : bytes
        Leaf of the restoration.
    index : int
        Its number.
    path : tuple of bytes
        That it is in the case (RFC 9162, 2.1.3.1).
    opened : bytes
        The case's first leaf.
    opened_path : tuple of bytes
        That it is in the case.
    """

    record: bytes
    index: int
    path: tuple[bytes, ...]
    opened: bytes
    opened_path: tuple[bytes, ...]

    def to(self, case: NoteVerifier) -> Return:
        """Return what two people signed.

        Raises
        ------
        EvidenceError
            If it is no restoration of this case.
        """
        content = record_of(self.record).content
        if not isinstance(content, CaseRestored):
            raise EvidenceError("the record is not that of a restoration")
        return return_in(content.text, case=case_id(case))

    def entry(self, note: str, *, previous: int, base: int, proof: Sequence[bytes]) -> LogRestored:
        """Return the leaf of a log that states it."""
        return LogRestored(
            note=note,
            previous=previous,
            base=base,
            proof=_texts(proof),
            record=self.record.decode(),
            index=self.index,
            path=_texts(self.path),
            opened=self.opened.decode(),
            opened_path=_texts(self.opened_path),
        )


@dataclass(slots=True)
class CaseLine:
    """The notes of one case in a log, leaf by leaf.

    Parameters
    ----------
    case : NoteVerifier
        The case's key.
    """

    case: NoteVerifier
    notes: list[tuple[int, Covered]] = field(default_factory=list)
    """Number of the leaf, and what it states, of those that count."""
    given_up: list[tuple[int, Covered]] = field(default_factory=list)
    """The same of those that a restoration took back."""
    returns: list[Return] = field(default_factory=list)
    _texts: set[str] = field(default_factory=set)

    @property
    def last(self) -> Covered | None:
        """What the log took last; ``None``: nothing.

        A case only grows, so it is the longest: an older note that somebody appends again is not.
        """
        return max((covered for _, covered in self.notes), key=_size, default=None)

    def take(self, leaf: int, content: object) -> None:
        """Take a leaf of the log; one that says nothing of this case is passed over.

        Raises
        ------
        EvidenceError
            If it says something that does not hold.
        """
        if isinstance(content, LogEntry):
            self.notes.append((leaf, covered_in(content.note, self.case)))
        elif isinstance(content, LogRestored):
            self._take_back(leaf, content)

    def base(self, size: int) -> Covered | None:
        """Return the longest note of at most ``size`` records; ``None``: there is none."""
        covered_notes = (covered for _, covered in self.notes if covered.size <= size)
        return max(covered_notes, key=_size, default=None)

    def _take_back(self, leaf: int, entry: LogRestored) -> None:
        covered = covered_in(entry.note, self.case)
        last, back, text = self.last, *_signed_return(entry, covered, self.case)
        if text in self._texts:
            raise EvidenceError("this restoration was taken before: its text counts once")
        if last is None or entry.previous != last.size:
            raise EvidenceError("the log had taken nothing that was to be given up")
        if last.size > back.last[0] or (last.size == back.last[0] and last.root != back.last[1]):
            raise EvidenceError(
                f"two people gave up {back.last[0]} records, but the log has {last.size}: make a "
                "new text for what is to be given up"
            )
        base = self.base(back.to[0])
        if base is None or entry.base != base.size:
            raise EvidenceError(
                f"the log has no note of the first {back.to[0]} records of this case, so it cannot "
                "tell whether the copy is one of them"
            )
        verify_consistency(
            earlier=base.size,
            earlier_root=base.root,
            later=covered.size,
            later_root=covered.root,
            proof=_hashes(entry.proof),
        )
        self._texts.add(text)
        self.returns.append(back)
        # Given up, not forgotten: whoever checks is told how many notes no longer count, and why.
        self.given_up += [note for note in self.notes if note[1].size > back.to[0]]
        self.notes = [note for note in self.notes if note[1].size <= back.to[0]]
        self.notes.append((leaf, covered))


def _size(covered: Covered) -> int:
    return covered.size


def case_id(case: NoteVerifier) -> str:
    """Return the number of a case."""
    return case.name.removeprefix("cautery/case-")


def _signed_return(entry: LogRestored, covered: Covered, case: NoteVerifier) -> tuple[Return, str]:
    """Return what two approvers signed; the record that says so is in the case.

    Raises
    ------
    EvidenceError
        If anything of it does not hold.
    """
    record, opened = (text.encode(errors="replace") for text in (entry.record, entry.opened))
    for leaf, index, path in (
        (record, entry.index, entry.path),
        (opened, 0, entry.opened_path),
    ):
        verify_inclusion(
            leaf_hash(leaf),
            index=index,
            size=covered.size,
            proof=_hashes(path),
            root=covered.root,
        )
    content = record_of(record).content
    if not isinstance(content, CaseRestored):
        raise EvidenceError("the record is not that of a restoration")
    back = return_in(content.text, case=case_id(case))
    if entry.index < back.to[0]:
        raise EvidenceError("the record of the restoration lies before what it goes back to")
    signatures = [(person.name, person.key, person.signature) for person in content.by]
    if not require_two_people(content.text, signatures, opened=opened):
        raise EvidenceError(
            "the case names no approvers, so any two people could have taken it back"
        )
    return back, content.text


def _texts(hashes: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(base64.b64encode(step).decode() for step in hashes)


def _hashes(texts: Sequence[str]) -> tuple[bytes, ...]:
    try:
        return tuple(base64.b64decode(step, validate=True) for step in texts)
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(f"a proof is not base64: {error}") from error
