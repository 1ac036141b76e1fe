"""What vaults have in common: exhibits under their digest, and what is confidential encrypted.

Reaches nothing itself; for the vaults, on whose lawful basis and with whose manners.
Format: the name is the SHA-256 of the stored bytes; a confidential exhibit is ``CAUTERY1`` ||
key id (16) || nonce (12) || ChaCha20-Poly1305 (RFC 8439), the header and the subject authenticated
beside it.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cautery.adapters.keys_file import KEY_ID_BYTES
from cautery.errors import BrokenSealError, EvidenceError, InputError, StorageError
from cautery.model.evidence import MAX_EXHIBIT_BYTES, Exhibit, ExhibitId, digest_of
from cautery.model.times import ClockOffset

_MAGIC = b"CAUTERY1"
_NONCE_BYTES = 12  # RFC 8439, section 2.3
_HEADER_BYTES = len(_MAGIC) + KEY_ID_BYTES + _NONCE_BYTES
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class SealingKeys(Protocol):
    """Keys of confidential exhibits, by their subjects."""

    def current(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none."""
        ...

    def find(self, subject: str, key_id: bytes) -> bytes:
        """Return one key.

        Raises
        ------
        EvidenceError
            If it is not here.
        """
        ...

    def destroy(self, subject: str) -> int:
        """Destroy every key of a subject; return how many there were."""
        ...


class SealedVault(ABC):
    """Sealed bytes under their digest (port :class:`~cautery.evidence.ports.CaseVault`).

    Parameters
    ----------
    name : str
        Where it lies, for messages.
    keys : SealingKeys or None
        Without them confidential exhibits can neither be sealed nor opened.
    read_only : bool
        Seal nothing.
    """

    def __init__(self, name: str, keys: SealingKeys | None, *, read_only: bool) -> None:
        self._name = name
        self._keys = keys
        self._read_only = read_only

    @abstractmethod
    def _keep(self, name: str, stored: bytes) -> None:
        """Store bytes durably under ``ab/abcd...``; the same bytes are kept once."""

    @abstractmethod
    def _stream(self, name: str, *, start: int, stop: int | None, seal: Seal) -> Iterator[bytes]:
        """Yield what is stored; of a range only once the whole of that version was ``seal``'s."""

    @abstractmethod
    def _holds(self, name: str) -> bool:
        """Tell whether something is stored under a name."""

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
            raise StorageError(f"{self._name} was opened read-only", hint="")
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
        self._keep(name_of(exhibit.id), stored)
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
        whole = io.BytesIO()  # which gives its bytes away without a copy
        whole.writelines(self.pieces(exhibit))
        return whole.getvalue()

    def pieces(
        self, exhibit: ExhibitId, *, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """Yield the stored bytes a piece at a time; the seal is checked before the last of them.

        Parameters
        ----------
        start, stop : int
            Only this range of them: then the seal of the whole is checked before the first piece,
            and again only if it was replaced since.

        Raises
        ------
        BrokenSealError
            If they no longer match.
        EvidenceError
            If there is no such exhibit.
        """
        seal = Seal(exhibit)
        if start or stop is not None:
            yield from self._stream(name_of(exhibit), start=start, stop=stop, seal=seal)
        else:
            yield from seal.checked(self._stream(name_of(exhibit), start=0, stop=None, seal=seal))

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
        return _DIGEST.fullmatch(exhibit) is not None and self._holds(name_of(exhibit))

    def _encrypted(self, data: bytes, subject: str) -> bytes:
        if self._keys is None:
            raise InputError("a confidential exhibit needs the case's keys")
        key_id, key = self._keys.current(subject)
        # Random, since several processes seal under one key: of 2^32 exhibits two share a nonce
        # with a chance of 2^-33.
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header = _MAGIC + key_id + nonce
        return header + ChaCha20Poly1305(key).encrypt(nonce, data, header + subject.encode())


class Seal:
    """What the bytes of an exhibit must hash to."""

    def __init__(self, exhibit: ExhibitId) -> None:
        self._exhibit = exhibit

    def checked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield pieces, the last one only if all of them are what was sealed.

        Raises
        ------
        BrokenSealError
            If they are not.
        EvidenceError
            If they are more than an exhibit can be.
        """
        digest, size, last = hashlib.sha256(), 0, b""
        for piece in pieces:
            if last:
                yield last
            digest.update(piece)
            size += len(piece)
            if size > MAX_EXHIBIT_BYTES:
                raise EvidenceError(f"exhibit {self._exhibit}: larger than an exhibit can be")
            last = piece
        digest_found = f"sha256:{digest.hexdigest()}"
        if digest_found != self._exhibit:
            raise BrokenSealError(self._exhibit, sealed=self._exhibit, found=digest_found)
        if last:
            yield last

    def check(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        """Read all pieces, and raise as :meth:`checked` does."""
        for _ in self.checked(pieces()):
            pass


def name_of(exhibit: ExhibitId) -> str:
    """Return an exhibit's name in a vault, ``ab/abcd...``.

    Raises
    ------
    EvidenceError
        If the id is no digest: a record that anybody appended may name anything.
    """
    match = _DIGEST.fullmatch(exhibit)
    if match is None:
        raise EvidenceError(f"{exhibit[:80]!r} is not an exhibit's id")
    return f"{match[1][:2]}/{match[1]}"
