"""Have a closed case seen: its note goes into the log, and the proof of it beside the note."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import EvidenceError, InputError, SourceError
from cautery.evidence.manifest import CASE_KEY, NOTE
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier, parse_note
from cautery.evidence.outside.proof import NOBODY, ProofGiven, check_proof, covered_in
from cautery.evidence.outside.proof_file import (
    MAX_PROOF_BYTES,
    PROOF,
    ProofFile,
    Renewal,
    parse_proof_file,
)
from cautery.evidence.ports import CaseStore
from cautery.messages import say
from cautery.model.ports import Clock
from cautery.model.times import iso
from cautery.workflows.timing.asking import Asking
from cautery.workflows.timing.keeping import Growth, restorations
from cautery.workflows.timing.log import OrganisationLog, Proven


async def prove_closed(
    path: Path, *, store: CaseStore, log: OrganisationLog, again: bool = False
) -> Proven:
    """Put the note of a closed case into the log, and write what vouches for it beside the note.

    A proof that lies there is replaced only by one of the same log that has all its time-stamps
    and co-signatures, and more. One that has the same is later and says less, so the first stays.

    Parameters
    ----------
    again : bool
        Ask again, although a proof lies there; one that was renewed always stays.

    Returns
    -------
    Proven
        What vouches for the case now: the new proof, or the one that stays.

    Raises
    ------
    InputError
        If the case is open, or has a proof that was renewed or that is of another log.
    SourceError
        If nobody answered and a proof lies there already; it stays.
    EvidenceError
        If the log has other records of this case than it closed with, or the new proof lacks what
        the one that lies there has; that one stays.
    StorageError
        If it cannot be written.
    """
    note, verifier = _note(path, store)
    proof_before = _proof_there(path, store, verifier, log=log, again=again)
    ledger = store.ledger(path, read_only=True)
    try:
        growth, size = Growth(ledger), covered_in(note, verifier).size
        proven = await log.prove(
            note,
            case=verifier,
            consistency=lambda earlier: growth.consistency(earlier, size),
            restorations=lambda count: restorations(ledger, count),
            at_once=True,
        )
    finally:
        ledger.close()
    if proof_before is not None and not _says_more(path, proven, proof_before):
        return Proven(given=proof_before.proof, missing=proof_before.missing, stamped_here=False)
    store.write(path, PROOF, ProofFile(proof=proven.given, missing=proven.missing).to_bytes())
    return proven


async def renew(path: Path, *, store: CaseStore, asking: Asking, clock: Clock) -> Renewal:
    """Stamp the proof of a closed case, and all renewals before, anew.

    Raises
    ------
    InputError
        If the case is open, or has no proof.
    EvidenceError
        If no authority gave a time-stamp that holds.
    StorageError
        If it cannot be written.
    """
    _note(path, store)
    if not store.exists(path, PROOF):
        raise InputError(
            f"{path}: this case has no proof from outside to renew",
            hint="Ask for one first: cautery log prove CASE --log LOG.",
        )
    file = _file(path, store)
    stamps, missing = await asking.stamp_all(file.renewed_text(len(file.renewals)))
    if not stamps:
        why = "; ".join(f"{gap.by}: {say(gap.why)}" for gap in missing) or "the log names none"
        raise EvidenceError(f"{path}: no authority gave a time-stamp ({why})")
    renewal = Renewal(at=iso(clock.now()), stamps=tuple(stamps))
    renewed = ProofFile(proof=file.proof, missing=file.missing, renewals=(*file.renewals, renewal))
    store.write(path, PROOF, renewed.to_bytes())
    return renewal


def _proof_there(
    path: Path, store: CaseStore, case: NoteVerifier, *, log: OrganisationLog, again: bool
) -> ProofFile | None:
    """Return the proof that a new one is compared with; ``None``: none of this case lies there."""
    if not store.exists(path, PROOF):
        return None
    file = _file(path, store)
    if not again or file.renewals:
        raise InputError(
            f"{path}: this case has its proof from outside already",
            hint="To ask again for what is missing in it: --again. To renew it: cautery renew.",
        )
    try:
        check_proof(file.proof, case=case, trust=NOBODY)
    except EvidenceError:
        return None  # it says nothing of this case
    if file.proof.log != log.key:
        raise InputError(
            f"{path}: its proof from outside is of another log: {file.proof.log}",
            hint="Ask by that log: cautery log prove CASE --log LOG --again.",
        )
    return file


def _says_more(path: Path, proven: Proven, there: ProofFile) -> bool:
    """Tell whether a new proof has all that the one there has, and more.

    Raises
    ------
    SourceError, EvidenceError
        If it has nothing, or less.
    """
    old, new = _vouching(there.proof), _vouching(proven.given)
    if not new:
        why = "; ".join(f"{gap.by}: {say(gap.why)}" for gap in proven.missing)
        raise SourceError(
            f"{path}: nobody vouched for this case; the proof that lies there stays "
            f"({why or 'the log names nobody to ask'})"
        )
    if no_longer_said := sorted(old - new):
        raise EvidenceError(
            f"{path}: the new proof lacks what the one that lies there has, so that one stays: "
            + "; ".join(no_longer_said)
        )
    return old < new


def _vouching(proof: ProofGiven) -> frozenset[str]:
    """Return, in words, each thing by which others vouch in a proof."""
    log = NoteVerifier.parse(proof.log)
    _, signatures = parse_note(proof.checkpoint.encode("utf-8", "surrogatepass"))
    return frozenset(
        (
            *(f"time-stamp of {stamp.authority}" for stamp in proof.stamps),
            *(
                f"answer whether the certificate of {stamp.authority} was revoked"
                for stamp in proof.stamps
                if stamp.revocation
            ),
            *(
                f"co-signature of {signature.name} (key {signature.key_id.hex()})"
                for signature in signatures
                if (signature.name, signature.key_id) != (log.name, log.key_id)
            ),
        )
    )


def _file(path: Path, store: CaseStore) -> ProofFile:
    return parse_proof_file(store.read(path, PROOF, limit=MAX_PROOF_BYTES))


def _note(path: Path, store: CaseStore) -> tuple[str, NoteVerifier]:
    if not store.exists(path, NOTE):
        raise InputError(
            f"{path}: not a closed case", hint="A watch asks for proofs itself while it runs."
        )
    try:
        note = store.read(path, NOTE, limit=MAX_NOTE_BYTES).decode()
        key = store.read(path, CASE_KEY, limit=MAX_NOTE_BYTES).decode()
    except UnicodeDecodeError as error:
        raise EvidenceError(f"{path / NOTE}: {error}") from error
    return note, NoteVerifier.parse(key)
