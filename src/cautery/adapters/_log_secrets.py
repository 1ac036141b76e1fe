"""The key of an organisation's log in its folder: a signer process holds and uses it.

Reaches: the folder of keys, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/log-format.md.

The key signs nothing but checkpoints of its own log, and each goes on from the last one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters._case_secrets import KEY_BYTES, private_bytes, private_folder
from cautery.adapters._files import write_whole
from cautery.errors import EvidenceError, InputError
from cautery.evidence.signing import Root, require_signable, signed_note, verifier_key

LOG, NEW_LOG = "log:", "new-log:"
"""Begin what a signer process is asked to hold: the key of a log, or of a new one."""
_ORIGIN = re.compile(r"(?=.{1,200}\Z)[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._-]+)*")
_EMPTY_ROOT = hashlib.sha256(b"").digest()


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
        If the key is not there, is there already, or others may read it; or the origin is none.
    StorageError
        If it cannot be written.
    """

    def __init__(self, folder: Path, origin: str, *, new: bool = False) -> None:
        if not _ORIGIN.fullmatch(origin):
            raise InputError(
                f"{origin[:80]!r} is not the origin of a log",
                hint="Write your domain in small letters, such as league.example or "
                "league.example/log.",
            )
        self._folder = folder
        self._stem = f"log-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"
        private_folder(folder)
        if new:
            self._make(origin)
        raw = private_bytes(self._path("key"))
        if len(raw) != KEY_BYTES:
            raise InputError(f"{self._path('key')}: not a key")
        self._private = Ed25519PrivateKey.from_private_bytes(raw)
        self.case = f"{LOG}{origin}"
        self.name = origin
        self.key = verifier_key(origin, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"LogSecrets(name={self.name!r})"

    def rehearse(self) -> None:
        """Do once what loads code when it is first done: in a closed process nothing can be."""
        signed_note("rehearsed\n", name=self.name, private=self._private)

    def last(self) -> tuple[int, bytes, float, str]:
        """Return size, root and time of the last checkpoint that was signed; a log never closes."""
        path = self._path("last")
        try:
            size, root, at = private_bytes(path).decode("ascii").split()
            return int(size), bytes.fromhex(root), float(at), ""
        except ValueError as error:
            raise EvidenceError(
                f"{path}: this file does not hold the last root of a log",
                hint="Restore it from a backup of the keys.",
            ) from error

    def sign(self, text: str, proof: Sequence[bytes]) -> str:
        """Return a checkpoint as a signed note.

        Raises
        ------
        EvidenceError
            If it does not go on from the last one.
        InputError
            If it is no checkpoint of this log.
        StorageError
            If the root cannot be written down; then nothing is signed.
        """
        if not text.startswith(f"{self.name}\n"):
            raise InputError(f"the key of log {self.name} signs only checkpoints of this log")
        with self._alone():
            root = require_signable(text, name=self.name, last=self.last()[:2], proof=proof)
            if root is None:
                raise InputError(f"the key of log {self.name} signs only checkpoints of this log")
            note = signed_note(text, name=self.name, private=self._private)
            self._remember(root)  # before anybody sees the note
        return note

    def _make(self, origin: str) -> None:
        if self._path("key").exists():
            raise InputError(f"the key of log {origin} is already in {self._folder}")
        # The key comes last: where it is, the last root is.
        self._remember((0, _EMPTY_ROOT))
        key = Ed25519PrivateKey.generate()
        write_whole(self._path("key"), key.private_bytes_raw(), mode=0o600)

    def _remember(self, root: Root) -> None:
        line = f"{root[0]} {root[1].hex()} {time.time():.6f}\n"
        write_whole(self._path("last"), line.encode(), mode=0o600)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self._path("key").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, suffix: str) -> Path:
        return self._folder / f"{self._stem}.{suffix}"
