"""The files of a key in a folder that its owner alone may enter, and what the key signed last.

Reaches: the folder of keys, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/case-format.md.

A key that signed a root must never sign one that does not go on from it. So the root stands in a
file beside the key, and whoever signs locks the key's file: another process with the same key
would else read the same last root, and two histories could go on from it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters._files import make_folders, read_whole, write_whole
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.signing import (
    ListHead,
    Root,
    list_of,
    require_list_id,
    require_next_list,
)

KEY_BYTES = 32
MAX_KEY_FILE = 1 << 14
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 9162, section 2.1.1


class KeyFiles:
    """The files of one signing key: ``STEM.key``, ``STEM.last`` and others.

    Parameters
    ----------
    folder : Path
        Of keys.
    stem : str
        Begins the name of each of its files.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem

    def path(self, suffix: str) -> Path:
        """Return where one of its files is."""
        return self._folder / f"{self._stem}.{suffix}"

    def private(self) -> Ed25519PrivateKey:
        """Return the key.

        Raises
        ------
        InputError
            If there is none, or others may read it.
        """
        return Ed25519PrivateKey.from_private_bytes(key_bytes(self.path("key")))

    def last(self) -> tuple[int, bytes, float, str] | None:
        """Return the last root that was signed, and when; ``None``: nobody knows.

        After them stands the digest of the manifest that was signed over it; empty: none was.
        """
        path = self.path("last")
        if not path.exists():
            return None
        try:
            size, root, at, *trailer = private_bytes(path).decode("ascii").split()
            [closed] = trailer or [""]
            return int(size), bytes.fromhex(root), float(at), closed
        except ValueError as error:
            raise EvidenceError(
                f"{path}: this file does not hold the last signed root",
                hint="Restore it from a backup of the keys.",
            ) from error

    def write_new(self, private: Ed25519PrivateKey, **secrets: bytes) -> None:
        """Write a new key, its empty history and the secrets beside it, by suffix."""
        # The key comes last: where it is, all that belongs to it is.
        self.remember((0, EMPTY_ROOT))
        for suffix, secret in secrets.items():
            write_whole(self.path(suffix), secret, mode=0o600)
        write_whole(self.path("key"), private.private_bytes_raw(), mode=0o600)

    def remember(self, root: Root, *, closed: str = "") -> None:
        """Write down the last root, before anybody sees the note over it."""
        line = f"{root[0]} {root[1].hex()} {time.time():.6f} {closed}".rstrip() + "\n"
        write_whole(self.path("last"), line.encode(), mode=0o600)

    def last_list(self, name: str) -> ListHead | None:
        """Return number, digest and date of the last version of a list that was signed.

        Raises
        ------
        EvidenceError
            If the file that says so is damaged.
        """
        path = self.path(f"list-{require_list_id(name)}")
        if not path.exists():
            return None
        try:
            version, digest, made_at = private_bytes(path).decode("ascii").split()
            return int(version), digest, made_at
        except ValueError as error:
            raise EvidenceError(
                f"{path}: this file does not hold the last version of a list",
                hint="Restore it from a backup of the keys.",
            ) from error

    def sign_list(self, text: str, private: Ed25519PrivateKey) -> bytes:
        """Return the signature over the next version of a block list; the caller has the lock.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_next_list`.
        StorageError
            If the version cannot be written down; then nothing is signed.
        """
        public = private.public_key().public_bytes_raw()
        name, head = require_next_list(text, key=public, last=self.last_list(list_of(text)))
        signature = private.sign(text.encode())
        line = " ".join(map(str, head))
        write_whole(self.path(f"list-{name}"), line.encode(), mode=0o600)
        return signature

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep out the signers of other processes with this key."""
        return locked(self.path("key"))


@contextlib.contextmanager
def locked(key: Path) -> Iterator[None]:
    """Hold the lock of a key's file."""
    with key.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def key_bytes(path: Path) -> bytes:
    """Read a key of 32 bytes, which its owner alone may read.

    Raises
    ------
    InputError
        If there is none, others may read it, or it has another length.
    """
    raw = private_bytes(path)
    if len(raw) != KEY_BYTES:
        raise InputError(f"{path}: a key must have {KEY_BYTES} bytes, but this file has {len(raw)}")
    return raw


def private_bytes(path: Path, *, most: int | None = None) -> bytes:
    """Read a file that its owner alone may read, of so many bytes at most; by default, a key's.

    Raises
    ------
    InputError
        If there is none, or others may read it.
    """
    try:
        _require_private(path, path.lstat(), 0o600)
        return read_whole(path, limit=MAX_KEY_FILE if most is None else most)
    except FileNotFoundError as error:
        raise InputError(f"{path}: this key does not exist") from error
    except EvidenceError as error:
        raise InputError(str(error)) from error


def private_folder(path: Path) -> None:
    """Make a folder that its owner alone may enter, or check that it is one.

    Raises
    ------
    InputError
        If others may enter it.
    StorageError
        If it cannot be made.
    """
    try:
        make_folders(path, mode=0o700)
        status = path.stat()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    _require_private(path, status, 0o700)


def _require_private(path: Path, status: os.stat_result, mode: int) -> None:
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise InputError(
            f"{path}: other users may read it (mode {stat.S_IMODE(status.st_mode):04o})",
            hint=f"chmod {mode:o} {path}",
        )
    if status.st_uid not in {os.geteuid(), 0}:
        raise InputError(f"{path}: it belongs to another user")
