"""Files and folders that their owner alone may read.

Reaches: the folder of keys and the like, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cautery.adapters._files import make_folders, read_whole
from cautery.errors import EvidenceError, InputError, StorageError

KEY_BYTES = 32
MAX_KEY_FILE = 1 << 14


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
