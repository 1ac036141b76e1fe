"""Check a case's ledger, record by record, and name the first that does not hold."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from cautery.errors import EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_of
from cautery.evidence.leaf import record_of
from cautery.evidence.manifest import (
    Manifest,
)
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import (
    NoteVerifier,
)
from cautery.evidence.plausible import Times
from cautery.evidence.ports import CaseLedger
from cautery.evidence.restoring import require_two_people, return_in
from cautery.model.records import (
    CaseClosed,
    CaseReopened,
    CaseRestored,
    Entry,
    MisshapenRecord,
    Record,
    RowReplaced,
    kind_of_type,
    kinds_of,
)
from cautery.model.times import to_utc
from cautery.workflows.case.outside import sizes_of_proofs
from cautery.workflows.case.roots import CheckpointWalk

_KINDS_SHOWN = 20
_BY_NOBODY = "not proven to be signed by two people"
_NOT_OF_THESE = "not a restoration of these records"
_TOLD_EVERY = 256
MOST_LINES = 100
"""Of one sort that are told one by one: whoever can append to a case can make up thousands."""
MOST_JUDGED = 256
"""Restorations whose signatures are checked, each up to 16: a case has one or two."""
Progress = Callable[[Literal["files", "records"], int, int], None]
"""Told what is checked, and how far that is: bytes of files, or records."""
_OF_THE_CASE = frozenset(kinds_of(CaseRestored, CaseReopened, CaseClosed, RowReplaced))


def unheard(step: Literal["files", "records"], done: int, of: int) -> None:
    """Tell nobody how far a check is."""


@dataclass(slots=True)
class Lines:
    """What is said of records of one sort; beyond :data:`MOST_LINES` they are counted."""

    told: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, line: str) -> None:
        """Say one thing more."""
        if len(self.told) < MOST_LINES:
            self.told.append(line)
        else:
            self.more += 1

    def __iter__(self) -> Iterator[str]:
        yield from self.told
        if self.more:
            yield f"and {self.more} more of this sort"


@dataclass(slots=True)
class Seen:
    """What the records of a case show on the way to its root.

    Parameters
    ----------
    signed : int
        Records under the newest checkpoint so far.
    roots : dict of int to bytes
        The roots so far, by size, of the sizes that a return of the case or a proof names.
    returns : set of str
        The signed texts of the returns so far that are believed.
    judged : int
        Returns so far whose signatures were checked.
    restored, doubted : Lines
        Returns that are believed, and records that only say that they are one.
    """

    times: Times
    case: str
    checkpoints: int = 0
    signed: int = 0
    roots: dict[int, bytes] = field(default_factory=dict)
    returns: set[str] = field(default_factory=set)
    opened: bytes = b""
    named: set[str] = field(default_factory=set)
    judged: int = 0
    restored: Lines = field(default_factory=Lines)
    doubted: Lines = field(default_factory=Lines)
    reopened: Lines = field(default_factory=Lines)
    closed: list[int] = field(default_factory=list)
    unsigned: Counter[str] = field(default_factory=Counter)
    findings: Lines = field(default_factory=Lines)

    def record(self, entry: Entry, record: Record, *, signed: bool) -> None:
        """Note what a record says of times, and of the case's own way.

        Parameters
        ----------
        signed : bool
            A checkpoint ends with it.
        """
        self.times.record(entry.index, record)
        self.opened = self.opened or entry.leaf
        if record.kind in _OF_THE_CASE:
            self._note(entry, record)
        if signed:
            self.signed = entry.index + 1
            self.unsigned.clear()
        else:
            self.unsigned[record.kind] += 1

    def _note(self, entry: Entry, record: Record) -> None:
        where, content = f"record {entry.index}", record.content
        match content:
            case CaseRestored():
                try:
                    self.restored.add(f"{where}: {_restored(content, self)}")
                except _DoubtedError as error:
                    self.doubted.add(f"{where}: {error}")
            case CaseReopened():
                self.reopened.add(f"{where}: {_reopened(content)}")
            case CaseClosed():
                self.closed.append(entry.index)
            case RowReplaced():
                self.findings.add(
                    f"{where}: another program had put an invalid row in this place; this record "
                    "replaced it"
                )
            case MisshapenRecord() if record.kind == kind_of_type(CaseRestored):
                self.doubted.add(f"{where}: {_BY_NOBODY} ({content.why})")
            case MisshapenRecord():
                self.findings.add(
                    f"{where}: a {record.kind} record with an invalid form; it is ignored "
                    f"({content.why})"
                )


def check_ledger(
    path: Path,
    ledger: CaseLedger,
    verifier: NoteVerifier,
    manifest: Manifest,
    *,
    exhibits: dict[str, int],
    now: datetime | None,
    sizes: frozenset[int] = frozenset(),
    progress: Progress = unheard,
) -> Seen:
    """Re-hash every leaf past every checkpoint; return what they show.

    Parameters
    ----------
    sizes : frozenset of int
        At which a log states a root of this case.
    progress : callable
        Told how many records are checked.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    """
    pending = CheckpointWalk(path, ledger, verifier)
    frontier, audit, kind = Frontier(), Seen(Times(now), manifest.case), ""
    unproven = _unproven(ledger)
    sizes |= _sizes_of_returns(ledger, manifest.case) | sizes_of_proofs(ledger, verifier)
    pending.pass_by(frontier)
    for entry in ledger.read():
        where = f"{path}: record {entry.index}"
        if entry.index != frontier.size:
            raise EvidenceError(f"{where}: expected record {frontier.size} here")
        try:
            record = record_of(entry.leaf)
            audit.named.update(named_by(record, exhibits))
        except UnprovenError as error:
            if entry.index not in unproven:
                raise EvidenceError(f"{where}: {error}") from error
            audit.findings.add(
                f"record {entry.index}: {error}; it was already so when the case was closed"
            )
        except EvidenceError as error:
            raise EvidenceError(f"{where}: {error}") from error
        frontier, kind = frontier.append(leaf_hash(entry.leaf)), record.kind
        if frontier.size in sizes:
            audit.roots[frontier.size] = frontier.root()
        checkpoints = pending.count
        pending.pass_by(frontier)
        audit.record(entry, record, signed=pending.count > checkpoints)
        if not frontier.size % _TOLD_EVERY:
            progress("records", frontier.size, manifest.records)
    if (frontier.size, frontier.root()) != (manifest.records, manifest.root):
        raise EvidenceError(f"{path}: its records do not hash to the signed root")
    if kind != kind_of_type(CaseClosed):
        raise EvidenceError(
            f"{path}: its last record is {kind or 'missing'}, but must be case.closed"
        )
    pending.finish(frontier)
    if not pending.count:
        raise EvidenceError(f"{path}: it has no checkpoint")
    audit.checkpoints = pending.count
    if len(audit.closed) > 1:
        audit.findings.add(
            f"record {audit.closed[0]} already closes the case, but the last record is "
            f"{frontier.size - 1}: a closing was interrupted, or the closed case was opened again"
        )
    for size, at in ledger.checkpoint_times():
        try:
            audit.times.checkpoint(size, to_utc("at", datetime.fromisoformat(at)))
        except (ValueError, InputError):
            audit.findings.add(f"the checkpoint of {size} records has an invalid time: {at!r}")
    return audit


class _DoubtedError(EvidenceError):
    """A record says that its case went back, and nobody need believe it."""


class UnprovenError(EvidenceError):
    """A record names an exhibit that the vault does not hold as the record says."""


def named_by(record: Record, exhibits: Mapping[str, int]) -> tuple[str, ...]:
    """Return the exhibits that a record names.

    Parameters
    ----------
    exhibits : mapping of str to int
        What the vault holds: sizes by id.

    Raises
    ------
    UnprovenError
        If one of them is not there, has another size, or is no exhibit's id.
    """
    try:
        named_exhibits = tuple(exhibits_of(record))
    except EvidenceError as error:
        raise UnprovenError(str(error)) from error
    for exhibit, size in named_exhibits:
        if exhibit not in exhibits:
            raise UnprovenError(f"its exhibit {exhibit} is not in the vault")
        if size is not None and size != exhibits[exhibit]:
            raise UnprovenError(f"it gives the size of exhibit {exhibit} as {size} bytes")
    return tuple(exhibit for exhibit, _ in named_exhibits)


def _unproven(ledger: CaseLedger) -> frozenset[int]:
    """Return which records the last one says to have been unproven when the case was closed.

    Whoever can append to an open case can append such a record: it costs itself, not the case.
    """
    last = next(iter(ledger.read(since=max(ledger.size() - 1, 0))), None)
    closed = None if last is None else last.content
    return frozenset(closed.unproven if isinstance(closed, CaseClosed) else ())


def _sizes_of_returns(ledger: CaseLedger, case: str) -> frozenset[int]:
    """Return to how many records the case goes back by the texts of its returns."""
    sizes = set()
    for entry in ledger.read(kinds=kinds_of(CaseRestored)):
        if isinstance(entry.content, CaseRestored):
            with contextlib.suppress(EvidenceError):
                sizes.add(return_in(entry.content.text, case=case).to[0])
    return frozenset(sizes)


def _restored(record: CaseRestored, seen: Seen) -> str:
    """Say how a case went back, and whether two people are proven to have wanted it.

    Only what they signed is believed: whoever can append a record writes any body around it. The
    records that no root covered by then are counted here for the same reason. What they signed is
    believed once, and only at the root that they signed for: whoever has the text can append it
    again, also in another copy of the case.

    Raises
    ------
    _DoubtedError
        If that is not proven, or not of these records.
    """
    if record.text in seen.returns:
        raise _DoubtedError("repeated: an earlier record has the same signed text")
    try:
        restoration = return_in(record.text, case=seen.case)
    except EvidenceError as error:
        raise _DoubtedError(f"{_BY_NOBODY} ({error})") from error
    size, root = restoration.to
    if seen.roots.get(size) != root:
        raise _DoubtedError(
            f"{_NOT_OF_THESE}: they do not begin with the {size} records that its text names"
        )
    if seen.signed > size:
        raise _DoubtedError(
            f"{_NOT_OF_THESE}: it goes back to {size} records, but {seen.signed} were signed "
            "before it"
        )
    # Signatures last: each costs a verification.
    if seen.judged >= MOST_JUDGED:
        raise _DoubtedError(f"not judged: {MOST_JUDGED} records before it say the same")
    seen.judged += 1
    try:
        signatures = [(signer.name, signer.key, signer.signature) for signer in record.by]
        are_approvers = require_two_people(record.text, signatures, opened=seen.opened)
    except EvidenceError as error:
        raise _DoubtedError(f"{_BY_NOBODY} ({error})") from error
    seen.returns.add(record.text)
    people = " and ".join(name for name, _, _ in signatures)
    total = sum(seen.unsigned.values())
    uncovered = (
        f" and {total} that no signed root covered ({_listed(seen.unsigned)})" if total else ""
    )
    whose = "its approvers" if are_approvers else "who are not approvers named in the case"
    return (
        f"from {restoration.last[0]} signed records to {size}"
        f"{uncovered}, by {people}, {whose}: {restoration.why}"
    )


def _reopened(record: CaseReopened) -> str:
    kinds = record.unsigned
    if not kinds:
        return "the last checkpoints were missing; the records were complete"
    caveat = "; the last signed root was not known" if record.root is None else ""
    return (
        f"no signed root covered the {sum(kinds.values())} records before it "
        f"({_listed(kinds)}){caveat}"
    )


def _listed(kinds: Mapping[str, int]) -> str:
    """Return how many records of which kinds; a stranger may have made up thousands."""
    items = [f"{count} {kind}" for kind, count in islice(kinds.items(), _KINDS_SHOWN)]
    left = len(kinds) - len(items)
    return ", ".join(items) + (f", and {left} more kinds" if left else "")
