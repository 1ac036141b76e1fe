"""Close a case: the last record, the last checkpoint, and a signed list of every file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import CASE_KEY, MANIFEST, NOTE, Manifest, sums
from cautery.evidence.note import NoteVerifier
from cautery.model.evidence import digest_of
from cautery.model.times import iso
from cautery.workflows.check_roots import check_roots
from cautery.workflows.open_case import Case, refuse_closed


def close_case(
    case: Case, *, at: datetime, public_keys: Mapping[str, NoteVerifier] | None = None
) -> Manifest:
    """Close a case for good; after a crash on the way it can be opened and closed again.

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
        files = store.files(path)
        digests = {
            one.name: store.digest(path, one.name, size=one.size, flush=True) for one in files
        }
    except EvidenceError as error:
        raise InputError(str(error), hint="Take it out of the case, then close it.") from error
    listed = sums(digests)
    manifest = Manifest(
        case=case.id,
        files=len(files),
        size=sum(one.size for one in files),
        digest=digest_of(listed),
        records=checkpoint.size,
        root=checkpoint.root,
    )
    store.write(path, MANIFEST, listed)
    store.write(path, NOTE, signer.sign(manifest.text).encode())
    store.release(path)
    return manifest
