"""Keys in a folder outside every case.

Reaches: ``$CAUTERY_KEYS``, for its owner only.
Lawful basis: GDPR art. 32 (encryption, pseudonymisation); destroying a subject's key is how
art. 17 and retention are served while every proof still holds.
Manners: folders must be 0700 and files 0600, else nothing is read.
Format: docs/reference/case-format.md; raw 32-byte keys, approvers' keys as PKCS #8 PEM.

Layout: ``case-ID.key`` (Ed25519 seed), ``case-ID.redaction`` (HMAC key),
``case-ID.subjects/HASH-KEYID.key`` (one or more a subject) or ``.erased`` where one was.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.adapters._files import make_folders, read_whole, sync_folder, write_whole
from cautery.errors import ErasedError, EvidenceError, InputError, StorageError
from cautery.evidence.note import NoteSigner, NoteVerifier
from cautery.model import KeyedPseudonyms, Pseudonyms

KEY_BYTES = 32
KEY_ID_BYTES = 16

_MAX_KEY_FILE = 1 << 14
_CASE_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class SubjectKeys:
    """The keys of one case's confidential exhibits, one or more for each subject.

    A subject's name is hashed in file names: the folder's listing tells nobody.
    """

    folder: Path

    def current(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none.

        After an erasure the subject gets a new key: what was erased stays so.
        """
        for path in sorted(self.folder.glob(f"{_hashed(subject)}-*.key")):
            return bytes.fromhex(path.stem.rpartition("-")[2]), _secret(path)
        key_id, key = secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(KEY_BYTES)
        _private_folder(self.folder)
        write_whole(self._path(subject, key_id, "key"), key, mode=0o600)
        return key_id, key

    def find(self, subject: str, key_id: bytes) -> bytes:
        """Return one key.

        Raises
        ------
        ErasedError
            If it was destroyed.
        EvidenceError
            If it never was in this folder.
        """
        path = self._path(subject, key_id, "key")
        if path.exists():
            return _secret(path)
        if self._path(subject, key_id, "erased").exists():
            raise ErasedError(f"the key of {subject} was destroyed")
        raise EvidenceError(
            f"no key of {subject} in {self.folder}",
            hint="Confidential exhibits open only where their keys are kept, and by their subject.",
        )

    def destroy(self, subject: str) -> int:
        """Overwrite and remove every key of a subject; return how many there were.

        Raises
        ------
        StorageError
            If a key could not be destroyed.
        """
        destroyed = 0
        for path in sorted(self.folder.glob(f"{_hashed(subject)}-*.key")):
            write_whole(path.with_suffix(".erased"), b"", mode=0o600)
            try:
                with path.open("r+b") as file:
                    file.write(bytes(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
                sync_folder(self.folder)
            except OSError as error:
                raise StorageError(f"{path}: not destroyed: {error.strerror}", hint="") from error
            destroyed += 1
        return destroyed

    def _path(self, subject: str, key_id: bytes, suffix: str) -> Path:
        return self.folder / f"{_hashed(subject)}-{key_id.hex()}.{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCaseKeys:
    """The secrets of one case."""

    case: str
    signer: NoteSigner
    pseudonyms: Pseudonyms
    subjects: SubjectKeys

    def pseudonyms_of(self, subject: str) -> Pseudonyms:
        """Return what stands for a subject's people.

        Its key comes from the subject's own key, and is gone when that is destroyed; the next one
        makes other hashes.
        """
        _, key = self.subjects.current(subject)
        return KeyedPseudonyms(hmac.digest(key, b"cautery pseudonyms", "sha256"))

    def __repr__(self) -> str:
        return f"FileCaseKeys(case={self.case!r})"


class KeyFolder:
    """The folder of keys; made with mode 0700 when first written to.

    Parameters
    ----------
    path : Path
        Outside every case.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def default(cls, environ: Mapping[str, str] = os.environ) -> KeyFolder:
        """Return ``$CAUTERY_KEYS``, else ``$XDG_DATA_HOME/cautery/keys``, else below home."""
        if chosen := environ.get("CAUTERY_KEYS"):
            return cls(Path(chosen))
        home = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        return cls(Path(home) / "cautery" / "keys")

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._path

    def create_case(self) -> FileCaseKeys:
        """Make the keys of a new case; its id comes from its public key.

        Raises
        ------
        StorageError
            If they cannot be written.
        InputError
            If the folder is open to others.
        """
        private = Ed25519PrivateKey.generate()
        case = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
        _private_folder(self._path)
        redaction = secrets.token_bytes(KEY_BYTES)
        write_whole(self._path / f"case-{case}.redaction", redaction, mode=0o600)
        write_whole(self._path / f"case-{case}.key", private.private_bytes_raw(), mode=0o600)
        return self._keys(case, private, redaction)

    def case(self, verifier: NoteVerifier) -> FileCaseKeys:
        """Return the keys of the case that ``verifier`` stands for.

        Raises
        ------
        InputError
            If they are not here, or others may read them.
        """
        case = case_id(verifier)
        path = self._path / f"case-{case}.key"
        if not path.exists():
            raise InputError(
                f"the keys of case {case} are not in {self._path}",
                hint="Set CAUTERY_KEYS to the folder that was used when the case was begun.",
            )
        _private_folder(self._path)
        private = Ed25519PrivateKey.from_private_bytes(_secret(path))
        if private.public_key().public_bytes_raw() != verifier.public:
            raise EvidenceError(f"{path}: not the key of case {case}")
        return self._keys(case, private, _secret(self._path / f"case-{case}.redaction"))

    def _keys(self, case: str, private: Ed25519PrivateKey, redaction: bytes) -> FileCaseKeys:
        return FileCaseKeys(
            case=case,
            signer=NoteSigner(f"cautery/case-{case}", private),
            pseudonyms=KeyedPseudonyms(redaction),
            subjects=SubjectKeys(self._path / f"case-{case}.subjects"),
        )


def case_id(verifier: NoteVerifier) -> str:
    """Return the id of the case whose key this is.

    Raises
    ------
    EvidenceError
        If the key's name is not that of a case, or does not come from the key.
    """
    case = verifier.name.removeprefix("cautery/case-")
    derived = hashlib.sha256(verifier.public).hexdigest()[:16]
    if not _CASE_ID.fullmatch(case) or case != derived:
        raise EvidenceError(f"{verifier.name}: not the key of a case")
    return case


def load_approver(path: Path) -> Ed25519PrivateKey:
    """Load a person's signing key: Ed25519, PKCS #8 PEM, no password, mode 0600.

    Raises
    ------
    InputError
        If it is none, or others may read it.
    """
    try:
        key = serialization.load_pem_private_key(_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path}: not a private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: an approver's key is Ed25519")
    return key


def create_approver(path: Path) -> Ed25519PrivateKey:
    """Make a person's signing key and keep it at ``path`` with mode 0600.

    Raises
    ------
    InputError
        If something is there already.
    StorageError
        If it cannot be written.
    """
    if path.exists():
        raise InputError(f"{path}: there is a key already")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_whole(path, pem, mode=0o600)
    return key


def load_public_key(path: Path, *, name: str) -> NoteVerifier:
    """Load a public key: a verifier key string, or Ed25519 in PEM (then named ``name``).

    Raises
    ------
    InputError
        If the file holds neither.
    """
    try:
        raw = read_whole(path.resolve(), limit=_MAX_KEY_FILE)
    except EvidenceError as error:
        raise InputError(str(error)) from error
    if b"-----BEGIN" in raw:
        try:
            key = serialization.load_pem_public_key(raw)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InputError(f"{path}: not a public key in PEM") from error
        if not isinstance(key, Ed25519PublicKey):
            raise InputError(f"{path}: not an Ed25519 key")
        return NoteVerifier(name, key.public_bytes_raw())
    try:
        return NoteVerifier.parse(raw.decode().strip())
    except (UnicodeDecodeError, InputError) as error:
        raise InputError(f"{path}: neither a verifier key (name+hash+base64) nor PEM") from error


def _hashed(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:32]


def _secret(path: Path) -> bytes:
    raw = _private(path)
    if len(raw) != KEY_BYTES:
        raise InputError(f"{path}: a key has {KEY_BYTES} bytes, this file {len(raw)}")
    return raw


def _private(path: Path) -> bytes:
    """Read a file that its owner alone may read."""
    try:
        _require_private(path, path.lstat(), 0o600)
        return read_whole(path, limit=_MAX_KEY_FILE)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such key") from error
    except EvidenceError as error:
        raise InputError(str(error)) from error


def _private_folder(path: Path) -> None:
    """Make a folder that its owner alone may enter, or check that it is one."""
    try:
        make_folders(path)
        found = path.stat()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    _require_private(path, found, 0o700)


def _require_private(path: Path, found: os.stat_result, mode: int) -> None:
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise InputError(
            f"{path}: others may read it (mode {stat.S_IMODE(found.st_mode):04o})",
            hint=f"chmod {mode:o} {path}",
        )
    if found.st_uid not in {os.geteuid(), 0}:
        raise InputError(f"{path}: it belongs to somebody else")
