"""Verify a dossier: its bag, its signature, and the case or the extract in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from cautery.errors import EvidenceError, InputError
from cautery.evidence.bag import SIGNATURE, SIGNER, TAG_MANIFEST, ExtractReader
from cautery.evidence.manifest import MAX_MANIFEST_BYTES, open_manifest, parse_sums
from cautery.evidence.merkle import leaf_hash, verify_inclusion
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier
from cautery.evidence.ports import CaseStore, FileSeen
from cautery.workflows.case.verify import Verified, verify_case

BAGIT, PAYLOAD = "bagit.txt", "manifest-sha256.txt"
_LINE = re.compile(r"([0-9a-f]{64}) {1,2}([^ ].*)")
_UNLISTED = frozenset((TAG_MANIFEST, SIGNATURE))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBag:
    """What was checked of a dossier.

    Parameters
    ----------
    path : str
        The bag.
    files : int
        Files whose bytes are as signed.
    authentic : bool
        The key of the person who signed the bag came from outside it.
    case : Verified or None
        What was checked of the whole case; ``None``: the bag holds an extract.
    records, withheld : int
        Of an extract: records that stand in the signed ledger, and those that are held back.
    proven : bool
        Whether each of these records has its way to the signed root.
    """

    path: str
    files: int
    authentic: bool
    case: Verified | None
    records: int = 0
    withheld: int = 0
    proven: bool = False

    def summary(self) -> tuple[tuple[str, str], ...]:
        """Return what to print: a label and a value a line."""
        signed = "the key given" if self.authentic else "the key in the bag"
        head = (("bag", f"{self.files} files; every file is as {signed} signed it"),)
        if self.case is not None:
            return head + self.case.summary()
        way = "each stands in the signed ledger" if self.proven else "without a way to the ledger"
        return (
            *head,
            ("records", f"{self.records} are shown; {way}"),
            ("withheld", f"{self.withheld} records"),
            ("verdict", f"an extract, consistent with {signed}"),
        )


def is_bag(path: Path, *, store: CaseStore) -> bool:
    """Tell whether a folder is a bag rather than a case."""
    return store.exists(path, BAGIT)


def verify_bag(
    path: Path,
    *,
    store: CaseStore,
    extracts: ExtractReader,
    public_key: Path | None = None,
    signer: Path | None = None,
    now: datetime | None = None,
) -> VerifiedBag:
    """Re-check a dossier: signature, every file, then the case or the extract.

    Parameters
    ----------
    public_key : Path, optional
        The case's key, had from elsewhere.
    signer : Path, optional
        The key of the person who signed the bag, had from elsewhere.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    """
    listed = store.read(path, TAG_MANIFEST, limit=MAX_MANIFEST_BYTES)
    key = _key(path, signer, store)
    try:
        key.verify(store.read(path, SIGNATURE, limit=64), listed)
    except InvalidSignature as error:
        raise EvidenceError(
            f"{path / SIGNATURE}: the signature does not match the tag manifest"
        ) from error
    files = {file.name: file for file in store.files(path)}
    tags = _sums(path, TAG_MANIFEST, listed)
    payload = _sums(path, PAYLOAD, store.read(path, PAYLOAD, limit=MAX_MANIFEST_BYTES))
    for name in sorted(files.keys() - tags.keys() - payload.keys() - _UNLISTED):
        raise EvidenceError(f"{path / name}: in no manifest: it was added after the bag was signed")
    for name, digest in (*tags.items(), *payload.items()):
        _check(path, files.get(name), name, digest, store)
    if store.exists(path / "data" / "case", "ledger.sqlite"):
        whole = verify_case(path / "data" / "case", store=store, public_key=public_key, now=now)
        return VerifiedBag(
            path=str(path), files=len(files), authentic=signer is not None, case=whole
        )
    shown, withheld, proven = _check_extract(path / "data" / "extract", store, extracts, public_key)
    return VerifiedBag(
        path=str(path),
        files=len(files),
        authentic=signer is not None,
        case=None,
        records=shown,
        withheld=withheld,
        proven=proven,
    )


def _key(path: Path, signer: Path | None, store: CaseStore) -> Ed25519PublicKey:
    if signer is not None:
        return Ed25519PublicKey.from_public_bytes(store.public_key(signer, name="signer").public)
    try:
        key = load_pem_public_key(store.read(path, SIGNER, limit=MAX_NOTE_BYTES))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"{path / SIGNER}: not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceError(f"{path / SIGNER}: not an Ed25519 key")
    return key


def _sums(path: Path, name: str, text: bytes) -> dict[str, str]:
    """Read a BagIt manifest: lines of a digest, a space or two, and a path, in any order."""
    try:
        pairs = (_LINE.fullmatch(line) for line in text.decode().split("\n")[:-1])
        listed = sorted((pair[2], pair[1]) if pair else ("", "") for pair in pairs)
        return parse_sums("".join(f"{digest}  {name}\n" for name, digest in listed).encode())
    except (EvidenceError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path / name}: {error}") from error


def _check(path: Path, file: FileSeen | None, name: str, digest: str, store: CaseStore) -> None:
    if file is None:
        raise EvidenceError(f"{path / name}: missing")
    if store.digest(path, name, size=file.size) != digest:
        raise EvidenceError(f"{path / name}: changed: its digest differs from the signed digest")


def _check_extract(
    path: Path, store: CaseStore, extracts: ExtractReader, public_key: Path | None
) -> tuple[int, int, bool]:
    note = store.read(path, "manifest.note", limit=MAX_NOTE_BYTES)
    try:
        if public_key is None:
            raw = store.read(path, "case.pub", limit=MAX_NOTE_BYTES)
            verifier = NoteVerifier.parse(raw.decode())
        else:
            verifier = store.public_key(public_key, name=note.split(b" ")[-2].decode())
        manifest = open_manifest(note, verifier)
    except (InputError, UnicodeDecodeError, IndexError) as error:
        raise EvidenceError(f"{path}: {error}") from error
    shown = proofs = 0
    for index, leaf, proof in extracts.entries(path / "ledger.sqlite"):
        shown += 1
        if proof:
            proofs += 1
            verify_inclusion(
                leaf_hash(leaf), index=index, size=manifest.records, proof=proof, root=manifest.root
            )
    withheld = extracts.withheld(path / "ledger.sqlite")
    if shown + withheld != manifest.records:
        raise EvidenceError(
            f"{path}: {shown} records and {withheld} withheld ones are not the "
            f"{manifest.records} that were signed"
        )
    return shown, withheld, shown > 0 and proofs == shown
