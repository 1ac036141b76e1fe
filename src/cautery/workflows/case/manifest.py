"""The signed list of all files of a case, and the end of a closing that was interrupted.

The key signs one manifest of a case. Whoever is killed before the note is written leaves a case
that is closed already: the same list is made again, and signed again, or nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import EvidenceError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import (
    CASE_KEY,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    NOTE,
    Manifest,
    open_manifest,
    parse_sums,
    sums,
)
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier
from cautery.evidence.outside.proof_file import PROOF
from cautery.evidence.ports import CaseStore, FileSeen
from cautery.model.evidence import digest_of
from cautery.model.ports import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All files of a case with their digests, and the text that the key signs."""

    files: tuple[FileSeen, ...]
    digests: Mapping[str, str]
    manifest: Manifest

    @property
    def text(self) -> bytes:
        """The list as it stands in the case."""
        return sums(self.digests)


def list_files(path: Path, *, store: CaseStore, case: str, records: int, root: bytes) -> Listing:
    """Put every file of a case on disk and list them.

    Raises
    ------
    EvidenceError
        If something in it is no file, or changes meanwhile.
    InputError
        If a name cannot stand in the list.
    """
    files = tuple(file for file in store.files(path) if file.name not in {MANIFEST, NOTE, PROOF})
    digests = {
        file.name: store.digest(path, file.name, size=file.size, flush=True) for file in files
    }
    manifest = Manifest(
        case=case,
        files=len(files),
        size=sum(file.size for file in files),
        digest=digest_of(sums(digests)),
        records=records,
        root=root,
    )
    return Listing(files=files, digests=digests, manifest=manifest)


def finish_closing(path: Path, *, store: CaseStore, signer: Signer) -> Manifest | None:
    """Write the note of a case whose key signed it as closed; return what it signed, if it did.

    It takes hold of the case alone where that is so, and keeps hold of it.

    Raises
    ------
    EvidenceError
        If the case is not as it was signed: then its key signs nothing of it any more.
    StorageError
        If another process holds the case, or it cannot be written.
    """
    last = signer.last()
    if last is None or last.closed is None:
        return None
    store.hold(path, alone=True)
    if store.exists(path, NOTE):  # another process did meanwhile
        note = store.read(path, NOTE, limit=MAX_NOTE_BYTES)
        return open_manifest(note, NoteVerifier.parse(signer.key))
    store.tidy(path)
    case = signer.name.removeprefix("cautery/case-")
    listing = list_files(path, store=store, case=case, records=last.size, root=last.root)
    if digest_of(listing.manifest.text.encode()) != last.closed:
        raise EvidenceError(
            f"{path}: this case was closed at {last.at:%Y-%m-%d %H:%M:%S} UTC, but its {NOTE} is "
            "missing and its files are not the signed ones",
            hint=f"Restore the closed case from a copy that includes its {NOTE}.",
        )
    store.write(path, MANIFEST, listing.text)
    store.write(path, NOTE, signer.sign(listing.manifest.text).encode())
    return listing.manifest


def finish_cut_closing(path: Path, *, store: CaseStore) -> bool:
    """Do as :func:`finish_closing` for a case that nobody here has opened; tell if it was so.

    Raises
    ------
    InputError
        If its keys are not at hand.
    EvidenceError, StorageError
        As :func:`finish_closing`.
    """
    if not store.exists(path, CASE_KEY):
        return False
    signer = store.keys(path).signer
    try:
        return finish_closing(path, store=store, signer=signer) is not None
    finally:
        store.release(path)


def signed_file(path: Path, name: str, *, store: CaseStore, limit: int) -> bytes | None:
    """Return a file of a closed case as the case's own key signed it.

    Parameters
    ----------
    limit : int
        Most bytes of the file.

    Returns
    -------
    bytes or None
        ``None``: no file of this name was signed.

    Raises
    ------
    EvidenceError
        If the file or the manifest is not what was signed.
    """
    note = store.read(path, NOTE, limit=MAX_NOTE_BYTES)
    listed = store.read(path, MANIFEST, limit=MAX_MANIFEST_BYTES)
    verifier = case_verifier(store, path)
    try:
        manifest = open_manifest(note, verifier)
    except EvidenceError as error:
        raise EvidenceError(f"{path / NOTE}: {error}") from error
    if manifest.digest != digest_of(listed):
        raise EvidenceError(f"{path / MANIFEST}: not the manifest that was signed")
    digest = parse_sums(listed).get(name)
    if digest is None:
        return None
    data = store.read(path, name, limit=limit)
    if digest_of(data) != f"sha256:{digest}":
        raise EvidenceError(
            f"{path / name}: changed since the case was closed: its digest differs from the signed "
            "digest"
        )
    return data
