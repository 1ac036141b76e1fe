"""The vault as a folder.

Reaches: ``CASE/vault``, exhibits under their digest.
Lawful basis: the mandate's; what may carry personal data is sealed encrypted, under a key for
each subject that lies outside the case, so that erasing it leaves every proof standing.
Manners: the same bytes are kept once.
Format: ``vault/ab/abcd...`` (SHA-256 of the stored bytes); a confidential exhibit is
``CAUTERY1`` || key id (16) || nonce (12) || ChaCha20-Poly1305 (RFC 8439), the header
and the subject authenticated beside it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cautery.adapters._files import (
    TEMPORARY,
    abandoned,
    make_folders,
    regular,
    sync_folder,
    write_whole,
)
from cautery.adapters.keys_file import KEY_ID_BYTES, SubjectKeys
from cautery.errors import BrokenSealError, EvidenceError, InputError, StorageError
from cautery.model.evidence import MAX_EXHIBIT_BYTES, Exhibit, ExhibitId, digest_of
from cautery.model.times import ClockOffset

_MAGIC = b"CAUTERY1"
_NONCE_BYTES = 12  # RFC 8439, section 2.3
_HEADER_BYTES = len(_MAGIC) + KEY_ID_BYTES + _NONCE_BYTES
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class FolderVault:
    """Sealed bytes under their digest (port :class:`~cautery.model.ports.Vault`).

    Parameters
    ----------
    path : Path
        The folder; made on the first seal.
    keys : SubjectKeys or None
        Without them confidential exhibits can neither be sealed nor opened.
    read_only : bool
        Seal nothing, and leave the folder exactly as it is. Otherwise what a killed writer left
        half-written is removed at once.
    """

    def __init__(
        self, path: Path, keys: SubjectKeys | None = None, *, read_only: bool = False
    ) -> None:
        self._path = path
        self._keys = keys
        self._read_only = read_only
        self._flushed: set[Path] = set()
        if not read_only:
            for leftover in filter(abandoned, path.glob(f"??/{TEMPORARY}*")):
                leftover.unlink(missing_ok=True)

    def seal(
        self,
        data: bytes,
        *,
        media_type: str,
        at: datetime,
        clock: ClockOffset,
        subject: str | None = None,
    ) -> Exhibit:
        """Seal bytes durably; with ``subject``, encrypted under that subject's own key.

        Raises
        ------
        StorageError
            If they cannot be written; no partial file survives.
        """
        if self._read_only:
            raise StorageError(f"{self._path} was opened read-only", hint="")
        stored = data if subject is None else self._encrypted(data, subject)
        if len(stored) > MAX_EXHIBIT_BYTES:
            raise InputError(f"{len(stored)} bytes are too many for one exhibit")
        exhibit = Exhibit(
            id=ExhibitId(digest_of(stored)),
            size=len(stored),
            media_type=media_type,
            sealed_at=at,
            clock=clock,
            confidential=subject is not None,
            subject=subject,
        )
        path = self.path_of(exhibit.id)
        try:
            if self._whole(exhibit.id, exhibit.size):
                # Whoever wrote it may not have got so far as to flush its name.
                sync_folder(path.parent)
                self._make_folder(path.parent)
                return exhibit
            self._make_folder(path.parent)
        except OSError as error:
            raise StorageError(f"{path.parent}: {error.strerror}") from error
        write_whole(path, stored)
        return exhibit

    def read(self, exhibit: ExhibitId) -> bytes:
        """Return the stored bytes (of a confidential exhibit, the ciphertext), seal checked.

        Raises
        ------
        BrokenSealError
            If they no longer match.
        EvidenceError
            If there is no such exhibit.
        """
        path = self.path_of(exhibit)
        with regular(path) as handle:
            if os.fstat(handle).st_size > MAX_EXHIBIT_BYTES:
                raise EvidenceError(f"{path}: larger than an exhibit can be")
            with open(handle, "rb", closefd=False) as file:
                stored = file.read(MAX_EXHIBIT_BYTES + 1)
        stored_id = ExhibitId(digest_of(stored))
        if stored_id != exhibit:
            raise BrokenSealError(exhibit, sealed=exhibit, found=stored_id)
        return stored

    def open(self, exhibit: ExhibitId, *, subject: str) -> bytes:
        """Return the clear bytes of a confidential exhibit.

        Raises
        ------
        ErasedError
            If the subject's key was destroyed.
        BrokenSealError
            If the stored bytes no longer match.
        EvidenceError
            If it is not confidential, another subject's, or its key is not here.
        """
        stored = self.read(exhibit)
        if self._keys is None:
            raise EvidenceError(f"exhibit {exhibit}: the keys of the case are not available")
        header, sealed = stored[:_HEADER_BYTES], stored[_HEADER_BYTES:]
        if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
            raise EvidenceError(f"exhibit {exhibit}: it is not confidential")
        key_id = header[len(_MAGIC) : len(_MAGIC) + KEY_ID_BYTES]
        key = self._keys.find(subject, key_id)
        try:
            # The subject is authenticated, too: a file that is moved to another subject does not
            # open.
            return ChaCha20Poly1305(key).decrypt(
                header[-_NONCE_BYTES:], sealed, header + subject.encode()
            )
        except InvalidTag as error:
            raise EvidenceError(f"exhibit {exhibit}: not sealed under this key") from error

    def erase(self, subject: str) -> int:
        """Destroy a subject's keys; return how many. Its exhibits stay, and stay proven.

        Raises
        ------
        StorageError
            If a key could not be destroyed.
        """
        if self._keys is None:
            raise EvidenceError(f"the keys of {subject} are not available")
        return self._keys.destroy(subject)

    def holds(self, exhibit: ExhibitId) -> bool:
        """Tell whether the exhibit lies here; its seal is not checked."""
        return _DIGEST.fullmatch(exhibit) is not None and self.path_of(exhibit).is_file()

    def path_of(self, exhibit: ExhibitId) -> Path:
        """Return where an exhibit lies.

        Raises
        ------
        EvidenceError
            If the id is no digest: a record that anybody appended may name anything.
        """
        match = _DIGEST.fullmatch(exhibit)
        if match is None:
            raise EvidenceError(f"{exhibit[:80]!r} is not an exhibit's id")
        return self._path / match[1][:2] / match[1]

    def _make_folder(self, path: Path) -> None:
        for folder in (self._path, path):
            if folder not in self._flushed:
                make_folders(folder)
                self._flushed.add(folder)

    def _whole(self, exhibit: ExhibitId, size: int) -> bool:
        """Tell whether the same bytes lie here already; a damaged copy is written anew."""
        path = self.path_of(exhibit)
        try:
            if path.lstat().st_size != size:
                return False
            with regular(path) as handle, open(handle, "rb", closefd=False) as file:
                return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == exhibit
        except (FileNotFoundError, EvidenceError):
            return False

    def _encrypted(self, data: bytes, subject: str) -> bytes:
        if self._keys is None:
            raise InputError("a confidential exhibit needs the case's keys")
        key_id, key = self._keys.current(subject)
        # Random, since several processes seal under one key: of 2^32 exhibits two share a nonce
        # with a chance of 2^-33.
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header = _MAGIC + key_id + nonce
        return header + ChaCha20Poly1305(key).encrypt(nonce, data, header + subject.encode())
