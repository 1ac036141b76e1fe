"""Have a closed case seen: its note goes into the log, and the proof of it beside the note."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import CASE_KEY, NOTE
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier
from cautery.evidence.outside.proof import covered_in
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

    Parameters
    ----------
    again : bool
        Replace a proof that lies there, unless it was renewed.

    Raises
    ------
    InputError
        If the case is open, or has a proof.
    EvidenceError
        If the log has other records of this case than it closed with.
    StorageError
        If it cannot be written.
    """
    note, verifier = _note(path, store)
    if store.exists(path, PROOF) and (not again or _file(path, store).renewals):
        raise InputError(
            f"{path}: this case has its proof from outside already",
            hint="To ask again for what is missing in it: --again. To renew it: cautery renew.",
        )
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
        why = "; ".join(f"{each.by}: {say(each.why)}" for each in missing) or "the log names none"
        raise EvidenceError(f"{path}: no authority gave a time-stamp ({why})")
    renewal = Renewal(at=iso(clock.now()), stamps=tuple(stamps))
    renewed = ProofFile(proof=file.proof, missing=file.missing, renewals=(*file.renewals, renewal))
    store.write(path, PROOF, renewed.to_bytes())
    return renewal


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
