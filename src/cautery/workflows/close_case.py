"""Close a case: the last record, the last checkpoint, and a signed list of every file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import CASE_KEY, MANIFEST, NOTE, Manifest
from cautery.evidence.note import NoteVerifier
from cautery.model.times import iso
from cautery.workflows.case_manifest import finish_closing, list_files
from cautery.workflows.check_roots import check_roots
from cautery.workflows.open_case import Case, refuse_closed


def close_case(
    case: Case, *, at: datetime, public_keys: Mapping[str, NoteVerifier] | None = None
) -> Manifest:
    """Close a case for good; after a crash on the way it can be opened and closed again.

    Once its manifest is signed it is closed: after a crash between that and the last write, only
    that write is left (:func:`cautery.workflows.case_manifest.finish_closing`).

    Parameters
    ----------
    case : Case
        Open for writing by this process alone.
    at : datetime
        When.
    public_keys : mapping of str to NoteVerifier, optional
        More keys to lay into ``keys/``, by file stem: those of the approvers.

    Returns
    -------
    Manifest
        What was signed.

    Raises
    ------
    StorageError
        If another process still writes to it, or it cannot be written.
    EvidenceError
        If its records or checkpoints are not those that were signed.
    InputError
        If it is closed already, or a file in it cannot be listed.
    """
    store, path = case.store, case.path
    refuse_closed(path, store)
    signer = case.signer
    store.hold(path, alone=True)
    if (closed := finish_closing(path, store=store, signer=signer)) is not None:
        store.release(path)
        return closed
    check_roots(path, case.ledger, case.verifier, signer.last())
    store.tidy(path)
    case.ledger.refuse_writers()  # before the last record; who only reads may go on
    case.ledger.append("case.closed", {"at": iso(at), "records": case.ledger.size()}, at=at)
    checkpoint = case.ledger.checkpoint(signer, at=at)
    case.ledger.settle()
    store.write(path, CASE_KEY, f"{signer.key}\n".encode())
    for stem, verifier in sorted((public_keys or {}).items()):
        if not stem.replace("-", "").isalnum() or f"keys/{stem}.pub" == CASE_KEY:
            raise InputError(f"{stem!r}: name a public key by letters, digits and dashes")
        store.write(path, f"keys/{stem}.pub", f"{verifier}\n".encode())
    store.remove(path, MANIFEST)
    try:
        listed, manifest = list_files(
            path, store=store, case=case.id, records=checkpoint.size, root=checkpoint.root
        )
    except EvidenceError as error:
        raise InputError(str(error), hint="Take it out of the case, then close it.") from error
    store.write(path, MANIFEST, listed)
    store.write(path, NOTE, signer.sign(manifest.text).encode())
    store.release(path)
    return manifest
