"""The key of an organisation's log in its folder: a signer process holds and uses it.

Reaches: the folder of keys, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/log-format.md.

The key signs nothing but checkpoints of its own log, each of which goes on from the last one, and
the one text that states the key of its room's tray. A key that is derived from it, or lies beside
it if it is in a token, makes keyed hashes, and the tray's key is one of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cautery.adapters._key_files import KEY_BYTES, key_bytes, private_folder
from cautery.adapters._signing_keys import KeyFiles, new_key
from cautery.adapters._token_keys import TokenKey
from cautery.errors import EvidenceError, InputError, TokenError
from cautery.evidence.signing import (
    TRAY_SEED,
    require_signable,
    signed_note,
    tray_text,
    verifier_key,
)

LOG, NEW_LOG = "log:", "new-log:"
"""Begin what a signer process is asked to hold: the key of a log, or of a new one."""
_ORIGIN = re.compile(r"(?=.{1,200}\Z)[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._-]+)*")


def require_origin(origin: str) -> None:
    """Raise InputError unless this can be the name of an organisation's log or lists."""
    if not _ORIGIN.fullmatch(origin):
        raise InputError(
            f"{origin[:80]!r} is not the origin of a log or of lists",
            hint="Write your domain in small letters, such as league.example or "
            "league.example/log.",
        )


class LogSecrets:
    """The key of one log, with its last root; its ``repr`` shows none.

    Parameters
    ----------
    folder : Path
        Of keys.
    origin : str
        The log's name: the organisation's domain, or a URL without its scheme.
    new : bool
        Make the key.

    Raises
    ------
    InputError
        If the key is not there, is there already, or others may read it; or the origin is not
        valid.
    StorageError
        If it cannot be written.
    TokenError
        If a token should make it and is away.
    """

    def __init__(self, folder: Path, origin: str, *, new: bool = False) -> None:
        require_origin(origin)
        private_folder(folder)
        self._files = KeyFiles(folder, f"log-{hashlib.sha256(origin.encode()).hexdigest()[:16]}")
        if new:
            if self._files.path("key").exists():
                raise InputError(f"the key of log {origin} is already in {folder}")
            private = new_key(folder)
            # From a key in a token nothing can be derived.
            apart = {"hashing": os.urandom(KEY_BYTES)} if isinstance(private, TokenKey) else {}
            self._files.write_new(private, **apart)
        self._private = self._files.private()
        if isinstance(self._private, TokenKey):
            self._hashing = key_bytes(self._files.path("hashing"))
        else:
            # Derived, never the key itself: a hash says nothing about signatures.
            self._hashing = hmac.digest(
                self._private.private_bytes_raw(), b"cautery log hashes", "sha256"
            )
        self.case = f"{LOG}{origin}"
        self.name = origin
        self.key = verifier_key(origin, self._private.public_key().public_bytes_raw())
        # Here, since a closed process can load no code that it needs.
        self._tray = self._tray_text()

    def __repr__(self) -> str:
        return f"LogSecrets(name={self.name!r})"

    def rehearse(self) -> None:
        """Do once what loads code when it is first done: in a closed process nothing can be."""
        with contextlib.suppress(TokenError):  # the token is away
            signed_note("rehearsed\n", name=self.name, private=self._private)

    def last(self) -> tuple[int, bytes, float, str]:
        """Return size, root and time of the last checkpoint that was signed; a log never closes."""
        last = self._files.last()
        if last is None:
            raise EvidenceError(
                f"{self._files.path('last')}: the last root of log {self.name} is not here",
                hint="Restore it from a backup of the keys.",
            )
        return last

    def hashes(self, values: Sequence[bytes]) -> list[bytes]:
        """Return the HMAC-SHA-256 of each value: what this machine wrote down, and nobody else."""
        return [hmac.digest(self._hashing, value, "sha256") for value in values]

    def _tray_text(self) -> str:
        """Return the one text that states the key of the tray: no other key can be stated."""
        [seed] = self.hashes([TRAY_SEED])
        private = X25519PrivateKey.from_private_bytes(seed)
        return tray_text(private.public_key().public_bytes_raw())

    def sign(self, text: str, proof: Sequence[bytes]) -> str:
        """Return a checkpoint, or what states the key of the room's tray, as a signed note.

        Raises
        ------
        EvidenceError
            If it does not go on from the last one.
        InputError
            If it is no checkpoint of this log, and does not state the key that comes from it.
        StorageError
            If the root cannot be written down; then nothing is signed.
        """
        if text == self._tray:
            return signed_note(text, name=self.name, private=self._private)
        if not text.startswith(f"{self.name}\n"):
            raise InputError(f"the key of log {self.name} signs only checkpoints of this log")
        with self._files.locked():
            root = require_signable(text, name=self.name, last=self.last()[:2], proof=proof)
            if root is None:
                raise InputError(f"the key of log {self.name} signs only checkpoints of this log")
            note = signed_note(text, name=self.name, private=self._private)
            self._files.remember(root)  # before anybody sees the note
        return note
