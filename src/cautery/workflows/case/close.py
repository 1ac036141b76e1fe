"""Close a case: the last record, the last checkpoint, and a signed list of every file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import CASE_KEY, LEDGER, MANIFEST, NOTE, VAULT, Manifest
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import FileSeen
from cautery.model.evidence import MAX_EXHIBIT_BYTES
from cautery.model.ledger import append
from cautery.model.records import CaseClosed
from cautery.workflows.case.manifest import Listing, finish_closing, list_files
from cautery.workflows.case.open import Case, refuse_closed
from cautery.workflows.case.roots import check_roots
from cautery.workflows.case.verify import exhibit_at
from cautery.workflows.case.verify_records import UnprovenError, check_ledger, named_by


def close_case(
    case: Case, *, at: datetime, public_keys: Mapping[str, NoteVerifier] | None = None
) -> Manifest:
    """Close a case for good; after a crash on the way it can be opened and closed again.

    Once its manifest is signed it is closed: after a crash between that and the last write, only
    that write is left (:func:`cautery.workflows.case.manifest.finish_closing`).

    What is closed verifies: records and exhibits are checked as verifying does before anything is
    signed. A record that names an exhibit which is not there is listed by the last record, as
    ``unproven``, since whoever can append one must not keep a case from closing.

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
        If its records or checkpoints are not those that were signed, a file is not what
        :meth:`Case.write` wrote, or an exhibit is not named by its digest.
    InputError
        If it is closed already, or a file in it cannot be listed or was not written by
        :meth:`Case.write`.
    """
    store, path = case.store, case.path
    refuse_closed(path, store)
    signer = case.signer
    # Alone: a record that comes in after the manifest is signed would make the closed case look
    # edited.
    store.hold(path, alone=True)
    if (closed := finish_closing(path, store=store, signer=signer)) is not None:
        store.release(path)
        return closed
    # Before anything of the ledger is signed again: what was edited since the last root must not
    # get a new one.
    roots = check_roots(path, case.ledger, case.verifier, signer.last())
    case.ledger.set_right(since=roots.signed, now=case.clock.now)
    store.tidy(path)
    # Of a closing that was cut short: it would be listed as a file of the case.
    store.remove(path, MANIFEST)
    files = _refuse_strangers(case, open_still=True)
    case.ledger.refuse_writers()  # before the last record; who only reads may go on
    closed_with = CaseClosed(
        at=at, records=case.ledger.size(), unproven=tuple(_unproven(case, files))
    )
    append(case.ledger, closed_with, at=at)
    # After the last record, which is under a signed root, too.
    checkpoint = case.ledger.checkpoint(signer, at=at)
    case.ledger.settle()
    # From the signer and not from the disk: others can write into the folder, too.
    case.write(CASE_KEY, f"{signer.key}\n".encode())
    for stem, verifier in sorted((public_keys or {}).items()):
        if not stem.replace("-", "").isalnum() or f"keys/{stem}.pub" == CASE_KEY:
            raise InputError(
                f"{stem!r}: the name of a public key may only hold letters, digits and dashes"
            )
        case.write(f"keys/{stem}.pub", f"{verifier}\n".encode())
    _refuse_strangers(case)
    try:
        listing = list_files(
            path, store=store, case=case.id, records=checkpoint.size, root=checkpoint.root
        )
    except EvidenceError as error:
        raise InputError(str(error), hint=_TAKE_OUT) from error
    _refuse_changes(case, listing.digests)
    _check(case, listing)
    # The list before the note that signs it: the note is what makes a case closed, so it comes
    # last.
    store.write(path, MANIFEST, listing.text)
    store.write(path, NOTE, signer.sign(listing.manifest.text).encode())
    store.release(path)
    return listing.manifest


_TAKE_OUT = "Move it out of the case, then close the case."
_BESIDE = tuple(f"{LEDGER}-{what}" for what in ("wal", "shm", "turns"))
"""Files of SQLite and of the ledger's locks, while the ledger is open."""


def _refuse_strangers(case: Case, *, open_still: bool = False) -> tuple[FileSeen, ...]:
    """List the files of the case; what the case did not put there would be signed as if it had.

    Parameters
    ----------
    open_still : bool
        Files may lie beside the ledger, and the case's files need not be there yet.
    """
    try:
        files = case.store.files(case.path)
    except EvidenceError as error:
        raise InputError(str(error), hint=_TAKE_OUT) from error
    expected = {LEDGER, *case.written, *((CASE_KEY, *_BESIDE) if open_still else ())}
    for file in files:
        if file.name.startswith(f"{VAULT}/"):
            if file.size > MAX_EXHIBIT_BYTES:  # a terabyte of nothing takes an hour to digest
                raise InputError(
                    f"{case.path / file.name}: larger than the largest allowed exhibit",
                    hint=_TAKE_OUT,
                )
        elif file.name not in expected:
            raise InputError(
                f"{case.path / file.name}: not a file that Cautery writes when it closes this "
                "case, so it is not signed with the case",
                hint=_TAKE_OUT,
            )
    return files


def _refuse_changes(case: Case, digests: Mapping[str, str]) -> None:
    """Compare what lies on the disk with what was written: others can write there, too."""
    for name, digest in sorted(case.written.items()):
        if digests.get(name) != digest:
            raise EvidenceError(
                f"{case.path / name}: {'changed' if name in digests else 'missing'} since it was"
                " written; nothing was signed",
                hint="Find out which other program writes into the case, then close it.",
            )


def _unproven(case: Case, files: tuple[FileSeen, ...]) -> list[int]:
    """Return the numbers of the records that name an exhibit which the vault does not hold."""
    exhibits = {
        f"sha256:{file.name.rpartition('/')[2]}": file.size
        for file in files
        if file.name.startswith(f"{VAULT}/")
    }
    numbers = []
    for entry in case.ledger.read():
        try:
            named_by(entry.record, exhibits)
        except UnprovenError:
            numbers.append(entry.index)
    return numbers


def _check(case: Case, listing: Listing) -> None:
    """Check what is about to be signed as :mod:`cautery.workflows.case.verify` will."""
    try:
        exhibits = {
            exhibit_at(case.path, file.name, listing.digests[file.name]): file.size
            for file in listing.files
            if file.name.startswith(f"{VAULT}/")
        }
    except EvidenceError as error:
        raise EvidenceError(str(error), hint=_TAKE_OUT) from error
    ledger = case.store.ledger(case.path, read_only=True)
    try:
        check_ledger(
            case.path / LEDGER, ledger, case.verifier, listing.manifest, exhibits=exhibits, now=None
        )
    finally:
        ledger.close()
