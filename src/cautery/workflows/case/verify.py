"""Verify a closed case without writing anything, and name the first fault."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from cautery.errors import EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_of
from cautery.evidence.leaf import record_of
from cautery.evidence.manifest import (
    CASE_KEY,
    LEDGER,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    NOTE,
    VAULT,
    Manifest,
    open_manifest,
    parse_sums,
)
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import (
    MAX_NOTE_BYTES,
    NoteVerifier,
    parse_note,
)
from cautery.evidence.plausible import Times
from cautery.evidence.ports import CaseLedger, CaseStore, FileSeen
from cautery.evidence.restoring import require_two_people, return_in
from cautery.model import Approver
from cautery.model.evidence import MAX_EXHIBIT_BYTES, digest_of
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
from cautery.workflows.case.opening import check_openings
from cautery.workflows.case.roots import CheckpointWalk

_KINDS_SHOWN = 20
_BY_NOBODY = "not proven to be signed by two people"
_NOT_OF_THESE = "not a restoration of these records"
_OF_THE_CASE = frozenset(kinds_of(CaseRestored, CaseReopened, CaseClosed, RowReplaced))
AUTHENTIC, CONSISTENT, BROKEN = "authentic", "consistent", "broken"
"""What may be said of a case: signed by a key known from elsewhere, by its own, or neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was checked, and what may be said of it.

    Parameters
    ----------
    path : str
        The case.
    case : str
        Its id.
    files, size : int
        Files whose bytes are as signed, and their bytes together.
    records, checkpoints : int
        Leaves that hash to the signed root, and signed roots on the way to it.
    exhibits, named : int
        Exhibits in the vault under their digest, and those of them that a record names.
    root : str
        The ledger's root, hex.
    signer : str
        The verifier key that everything was checked against.
    authentic : bool
        The key came from outside the case.
    statement : str
        What may be claimed, no more.
    restored : tuple of str
        Each time that the case went back to an older copy: by whom, from where, why.
    reopened : tuple of str
        Each time that records stood in it which no signed root covered.
    findings : tuple of str
        What does not break the proof, and should be asked about: times, most of all.
    mandate : str or None
        Who signed the mandate that the case stands under; ``None``: it stands under none.
    notes : tuple of str
        Records that count for nothing, each in a sentence.
    """

    path: str
    case: str
    files: int
    size: int
    records: int
    checkpoints: int
    exhibits: int
    named: int
    root: str
    signer: str
    authentic: bool
    statement: str
    restored: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    mandate: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One word: ``authentic``, or ``consistent`` where the key is the case's own."""
        return AUTHENTIC if self.authentic else CONSISTENT

    def summary(self) -> tuple[tuple[str, str], ...]:
        """Return what to print: a label and a value a line."""
        return (
            ("case", self.case),
            ("files", f"{self.files}, {self.size} bytes; every file is as it was signed"),
            ("records", f"{self.records}; they hash to the signed root {self.root[:16]}..."),
            ("checkpoints", f"{self.checkpoints}; each agrees with the next"),
            ("exhibits", f"{self.exhibits} match their digests; records name {self.named} of them"),
            *(("restored", text) for text in self.restored),
            *(("reopened", text) for text in self.reopened),
            *(("finding", text) for text in self.findings),
            *(() if self.mandate is None else (("mandate", self.mandate),)),
            *(("note", note) for note in self.notes),
            ("verdict", self.statement),
        )


def verify_case(
    path: Path,
    *,
    store: CaseStore,
    public_key: Path | None = None,
    signers: Sequence[Approver] | None = None,
    now: datetime | None = None,
) -> Verified:
    """Re-check a closed case: signature, every file, every record, every exhibit.

    Parameters
    ----------
    path : Path
        The case.
    store : CaseStore
        Reads it; needs no keys.
    public_key : Path, optional
        A verifier key string or PEM, had from elsewhere than the case. Without it the case can
        only be said to be consistent with the key in it.
    signers : sequence of Approver, optional
        People who may sign mandates, had from elsewhere than the case: two of them must have
        signed the one that it stands under.
    now : datetime, optional
        Times after it are named; without it, none is found to lie in the future.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    InputError
        If ``public_key`` holds no key, or there is no case.
    """
    # A key that lies in the case proves no more than the case says of itself.
    outside = public_key is not None and _is_outside(public_key, path)
    raw_note = _note(path, store)
    verifier, manifest = _signed(path, raw_note, store, public_key)
    files = store.files(path)
    digests = _check_files(path, files, manifest, store)
    _check_key(path, verifier, manifest, store)
    exhibits = {
        exhibit_at(path, file.name, digests[file.name]): file.size
        for file in files
        if file.name.startswith(VAULT + "/")
    }
    ledger = store.ledger(path, read_only=True)
    try:
        audit = check_ledger(path / LEDGER, ledger, verifier, manifest, exhibits=exhibits, now=now)
        mandate, notes = check_openings(path / LEDGER, ledger, signers, case=manifest.case)
    finally:
        ledger.close()
    return Verified(
        path=str(path),
        case=manifest.case,
        files=manifest.files,
        size=manifest.size,
        records=manifest.records,
        checkpoints=audit.checkpoints,
        exhibits=len(exhibits),
        named=len(audit.named),
        root=manifest.root.hex(),
        signer=str(verifier),
        authentic=outside,
        statement=(
            f"authentic: signed by {verifier.name} ({public_key})"
            if outside
            else "consistent with the key in the case"
        ),
        restored=tuple(audit.restored),
        reopened=tuple(audit.reopened),
        findings=(*audit.findings, *audit.times.findings),
        mandate=mandate,
        notes=notes,
    )


def _is_outside(key: Path, case: Path) -> bool:
    """Tell whether a key's file lies outside the case, and is not the case's own by a hard link."""
    if key.resolve().is_relative_to(case.resolve()):
        return False
    try:
        return not key.samefile(case / CASE_KEY)  # the same device and inode
    except OSError:
        return True  # one of them is not there, which is told where it is read


def _note(path: Path, store: CaseStore) -> bytes:
    if store.exists(path, NOTE):
        return store.read(path, NOTE, limit=MAX_NOTE_BYTES)
    if store.exists(path, MANIFEST):
        raise EvidenceError(f"{path / NOTE}: missing, although the case has a manifest")
    if store.exists(path, LEDGER):
        raise EvidenceError(
            f"{path}: this case is still open, so no signed manifest exists to check",
            hint="Wait until the watch ends, or close the case: cautery close CASE.",
        )
    raise InputError(
        f"{path}: not a case{'' if path.is_dir() else ' (no such folder)'}",
        hint="Give the folder that --case named when the case was begun.",
    )


def _signed(
    path: Path, note: bytes, store: CaseStore, public_key: Path | None
) -> tuple[NoteVerifier, Manifest]:
    """Check the note's signature; when it fails without a key given, tell note from key."""
    try:
        name = parse_note(note)[1][0].name
    except EvidenceError as error:
        raise EvidenceError(f"{path / NOTE}: {error}") from error
    if public_key is not None:
        verifier = store.public_key(public_key, name=name)
        try:
            return verifier, open_manifest(note, verifier)
        except EvidenceError as error:
            raise EvidenceError(f"{path / NOTE}: {error}") from error
    raw = store.read(path, CASE_KEY, limit=MAX_NOTE_BYTES)
    try:
        verifier = NoteVerifier.parse(raw.decode())
        return verifier, open_manifest(note, verifier)
    except (UnicodeDecodeError, InputError) as error:
        raise EvidenceError(f"{path / CASE_KEY}: {error}") from error
    except EvidenceError as error:
        listed = store.read(path, MANIFEST, limit=MAX_MANIFEST_BYTES)
        as_listed = f"{digest_of(raw)[7:]}  {CASE_KEY}\n".encode() in listed
        raise EvidenceError(f"{path / (NOTE if as_listed else CASE_KEY)}: {error}") from error


def _check_files(
    path: Path, files: tuple[FileSeen, ...], manifest: Manifest, store: CaseStore
) -> dict[str, str]:
    """Compare the folder with the list, smallest files first.

    So a file that was blown up to fill a disk is read last, or not at all: nothing in a case can
    be larger than the whole case was.
    """
    listed = store.read(path, MANIFEST, limit=MAX_MANIFEST_BYTES)
    if digest_of(listed) != manifest.digest:
        raise EvidenceError(f"{path / MANIFEST}: not the manifest that was signed")
    try:
        digests = parse_sums(listed)
    except EvidenceError as error:
        raise EvidenceError(f"{path / MANIFEST}: {error}") from error
    sizes = {file.name: file.size for file in files if file.name not in {MANIFEST, NOTE}}
    for name in sorted(digests.keys() - sizes.keys()):
        raise EvidenceError(f"{path / name}: missing")
    for name in sorted(sizes.keys() - digests.keys()):
        raise EvidenceError(
            f"{path / name}: not in the manifest: the file was added after the case was closed"
        )
    for name in sorted(entry for entry in sizes if entry.startswith(f"{LEDGER}-")):
        # We would not heed it, and others read other records through it.
        raise EvidenceError(
            f"{path / name}: a file next to the ledger of a closed case, even if it is signed"
        )
    total = sum(sizes.values())
    order = sorted(sizes, key=lambda name: (sizes[name], name))
    for place, name in enumerate(order, 1):
        last = place == len(order)
        if sizes[name] > manifest.size or (last and total != manifest.size):
            raise EvidenceError(f"{path / name}: changed: its size differs from the signed size")
        if name.startswith(f"{VAULT}/") and sizes[name] > MAX_EXHIBIT_BYTES:
            raise EvidenceError(f"{path / name}: larger than the largest allowed exhibit")
        if store.digest(path, name, size=sizes[name]) != digests[name]:
            raise EvidenceError(
                f"{path / name}: changed: its digest differs from the signed digest"
            )
    if len(digests) != manifest.files:
        raise EvidenceError(
            f"{path / MANIFEST}: it lists {len(digests)} files, but {manifest.files} were signed"
        )
    return digests


def _check_key(path: Path, verifier: NoteVerifier, manifest: Manifest, store: CaseStore) -> None:
    """Check that the case carries the key that signed it, and that its id comes from that key."""
    raw = store.read(path, CASE_KEY, limit=MAX_NOTE_BYTES)
    if raw != f"{verifier}\n".encode():
        raise EvidenceError(f"{path / CASE_KEY}: not the key that signed the case")
    derived = digest_of(verifier.public)[7:][:16]
    if manifest.case != derived or verifier.name != f"cautery/case-{derived}":
        raise EvidenceError(
            f"{path / NOTE}: it is for case {manifest.case}, but this key belongs to another case"
        )


def exhibit_at(path: Path, name: str, digest: str) -> str:
    """Return the exhibit's id: the digest that its bytes were just found to have.

    Raises
    ------
    EvidenceError
        If it is named by another.
    """
    if name != f"{VAULT}/{digest[:2]}/{digest}":
        raise EvidenceError(f"{path / name}: a file in the vault whose name is not its digest")
    return f"sha256:{digest}"


@dataclass(slots=True)
class Seen:
    """What the records of a case show on the way to its root.

    Parameters
    ----------
    signed : int
        Records under the newest checkpoint so far.
    roots : dict of int to bytes
        The roots so far, by size, of the sizes that a return of the case names.
    returns : set of str
        The signed texts of the returns so far that are believed.
    """

    times: Times
    case: str
    checkpoints: int = 0
    signed: int = 0
    roots: dict[int, bytes] = field(default_factory=dict)
    returns: set[str] = field(default_factory=set)
    opened: bytes = b""
    named: set[str] = field(default_factory=set)
    restored: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    unsigned: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

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
                self.restored.append(f"{where}: {_restored(content, self)}")
            case CaseReopened():
                self.reopened.append(f"{where}: {_reopened(content)}")
            case CaseClosed():
                self.closed.append(entry.index)
            case RowReplaced():
                self.findings.append(
                    f"{where}: another program had put an invalid row in this place; this record "
                    "replaced it"
                )
            case MisshapenRecord() if record.kind == kind_of_type(CaseRestored):
                self.restored.append(f"{where}: {_BY_NOBODY} ({content.why})")
            case MisshapenRecord():
                self.findings.append(
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
) -> Seen:
    """Re-hash every leaf past every checkpoint; return what they show.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    """
    pending = CheckpointWalk(path, ledger, verifier)
    frontier, audit, kind = Frontier(), Seen(Times(now), manifest.case), ""
    unproven, sizes = _unproven(ledger), _sizes_of_returns(ledger, manifest.case)
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
            audit.findings.append(
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
        audit.findings.append(
            f"record {audit.closed[0]} already closes the case, but the last record is "
            f"{frontier.size - 1}: a closing was interrupted, or the closed case was opened again"
        )
    for size, at in ledger.checkpoint_times():
        try:
            audit.times.checkpoint(size, to_utc("at", datetime.fromisoformat(at)))
        except (ValueError, InputError):
            audit.findings.append(f"the checkpoint of {size} records has an invalid time: {at!r}")
    return audit


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
    """
    if record.text in seen.returns:
        return "repeated: an earlier record has the same signed text"
    try:
        restoration = return_in(record.text, case=seen.case)
        signatures = [
            (signer.name, bytes.fromhex(signer.key), bytes.fromhex(signer.signature))
            for signer in record.by
        ]
        are_approvers = require_two_people(record.text, signatures, opened=seen.opened)
    except (EvidenceError, ValueError) as error:
        return f"{_BY_NOBODY} ({error})"
    size, root = restoration.to
    if seen.roots.get(size) != root:
        return (
            f"{_NOT_OF_THESE}: they do not begin with the {size} records that two people signed for"
        )
    if seen.signed > size:
        return (
            f"{_NOT_OF_THESE}: it goes back to {size} records, but {seen.signed} were signed "
            "before it"
        )
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
