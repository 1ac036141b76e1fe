"""Verify a closed case without writing anything, and name the first fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cautery.errors import EvidenceError, InputError
from cautery.evidence.case_names import no_case
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
from cautery.evidence.note import (
    MAX_NOTE_BYTES,
    NoteVerifier,
    parse_note,
)
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.outside.proof_file import PROOF
from cautery.evidence.ports import CaseLedger, CaseStore, FileSeen
from cautery.model import Approver
from cautery.model.evidence import MAX_EXHIBIT_BYTES, digest_of
from cautery.workflows.case.opening import check_openings
from cautery.workflows.case.outside import WITHIN, require_times
from cautery.workflows.case.verify_approvals import void_approvals
from cautery.workflows.case.verify_fixtures import void_fixtures
from cautery.workflows.case.verify_outside import Outside
from cautery.workflows.case.verify_records import Progress, check_ledger, unheard
from cautery.workflows.case.verify_refusals import left_after_refusal
from cautery.workflows.case.whole_log import WholeLog

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
    times : tuple of str
        What is known of its times, and from whom.
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
    times: tuple[str, ...] = ()

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
            *(("times", text) for text in self.times),
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
    trust: Trust = NOBODY,
    within: timedelta = WITHIN,
    log: CaseLedger | None = None,
    progress: Progress = unheard,
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
    trust : Trust
        Time-stamping authorities and co-signers, had from elsewhere than the case. With a policy
        of co-signers, enough of them must have seen the closed case and contradict no time in it.
    within : timedelta
        With such a policy, how long a record may have waited for its first proof.
    log : CaseLedger, optional
        The ledger of the organisation's log: all that it holds of this case is compared, too.
    progress : callable
        Told how far the check is.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    InputError
        If ``public_key`` holds no key, or there is no case.
    """
    # A key that lies in the case proves no more than the case says of itself.
    outside = public_key is not None and is_outside(public_key, path)
    raw_note = _note(path, store)
    verifier, manifest = _signed(path, raw_note, store, public_key)
    files = store.files(path)
    digests = _check_files(path, files, manifest, store, progress)
    _check_key(path, verifier, manifest, store)
    exhibits = {
        exhibit_at(path, file.name, digests[file.name]): file.size
        for file in files
        if file.name.startswith(VAULT + "/")
    }
    whole = None if log is None else WholeLog(log, verifier)
    with store.signed_ledger(path, digest=digests.get(LEDGER, "")) as ledger:
        audit = check_ledger(
            path / LEDGER,
            ledger,
            verifier,
            manifest,
            exhibits=exhibits,
            now=now,
            sizes=frozenset() if whole is None else whole.sizes,
            progress=progress,
        )
        mandate, notes = check_openings(path / LEDGER, ledger, signers, case=manifest.case)
        notes += (*void_approvals(ledger), *void_fixtures(ledger, signers))
        refused = left_after_refusal(ledger)
        checking = Outside(path, store, verifier, manifest, trust)
        times = checking.times(ledger, audit.roots, now=now, whole=whole)
        if trust.policy is not None:
            require_times(ledger.read(), times, manifest.records, within=within)
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
        restored=(*audit.restored, *audit.doubted),
        reopened=tuple(audit.reopened),
        findings=(*audit.findings, *refused, *audit.times.findings, *times.faults),
        mandate=mandate,
        notes=notes,
        times=(
            *times.summary(manifest.records, trust=trust),
            *checking.remarks,
        ),
    )


def is_outside(key: Path, folder: Path, *, own: Sequence[str] = (CASE_KEY,)) -> bool:
    """Tell whether a key's file lies outside a case or a bag, and is none of its own by a link.

    Parameters
    ----------
    own : sequence of str
        Where keys lie in the folder.
    """
    if key.resolve().is_relative_to(folder.resolve()):
        return False
    for name in own:
        try:
            if key.samefile(folder / name):  # the same device and inode
                return False
        except OSError:
            continue  # one of them is not there, which is told where it is read
    return True


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
    raise no_case(path)


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
    path: Path,
    files: tuple[FileSeen, ...],
    manifest: Manifest,
    store: CaseStore,
    progress: Progress,
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
    sizes = {file.name: file.size for file in files if file.name not in {MANIFEST, NOTE, PROOF}}
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
    read = 0
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
        read += sizes[name]
        progress("files", read, manifest.size)
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
    # A case's id is the first 16 digits of its key's digest, behind "sha256:".
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
