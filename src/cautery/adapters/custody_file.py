"""The chain of custody of a case: a file beside its folder, to which lines are only added.

Reaches: the local disk.
Lawful basis: an exhibit without its chain of custody is worth little to a court (ISO/IEC 27037).
Manners: nothing is rewritten; nothing is written into the case.
Format: one RFC 8785 JSON object a line, each with the digest of the one before it.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

from cautery.adapters._files import PRIVATE, real_path, sync_folder
from cautery.appending import add_line
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.custody import MAX_CHAIN_BYTES, CustodyLine, read_chain


def custody_path(case: Path) -> Path:
    """Return where the chain of a case lies: beside its folder, under the folder's name."""
    where = real_path(case)
    return where.parent / f"{where.name}.custody.jsonl"


def read_custody(case: Path) -> tuple[CustodyLine, ...]:
    """Return the chain of a case, oldest first; empty: nothing was done with it.

    Raises
    ------
    EvidenceError
        If it is broken.
    """
    path = custody_path(case)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise StorageError(f"{path}: not a regular file")
        with open(handle, "rb", closefd=False) as file:
            return _chain(path, file.read(MAX_CHAIN_BYTES + 1))
    finally:
        os.close(handle)


def add_to_custody(case: Path, make: Callable[[tuple[CustodyLine, ...]], CustodyLine]) -> None:
    """Add one line to the chain of a case.

    Parameters
    ----------
    make : callable
        Returns the line that follows the chain as it is.

    Raises
    ------
    EvidenceError
        If the chain is broken: nothing is added to it.
    StorageError
        If it cannot be written; it is then as it was.
    """
    path = custody_path(case)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags, PRIVATE)
        with open(handle, "r+b", buffering=0) as file:  # noqa: PTH123 - a descriptor
            fcntl.flock(handle, fcntl.LOCK_EX)  # another process may add a line at the same time
            if os.fstat(handle).st_nlink == 0:  # removed while we waited for the lock
                raise StorageError(
                    f"{path}: this case was moved away meanwhile",
                    hint="Find where it lies now: cautery cases",
                )
            raw = file.read(MAX_CHAIN_BYTES + 1) or b""
            line = make(_chain(path, raw)).text() + b"\n"
            require_room(path, len(raw) + len(line))
            add_line(handle, line)
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path}: the chain of custody cannot be written: {error.strerror}",
            hint="Copy the case to a folder that you may write to, and work on the copy.",
        ) from error


def require_room(path: Path, size: int) -> None:
    """Refuse the line that would make a chain too long to be read again.

    Raises
    ------
    EvidenceError
        If the chain with it has more bytes than any chain may have.
    """
    if size > MAX_CHAIN_BYTES:
        raise EvidenceError(
            f"{path}: with this line the chain of custody is longer than {MAX_CHAIN_BYTES} bytes",
            hint="Nothing was added. Hand the case over as it is, and find out who wrote so much.",
        )


def _chain(path: Path, raw: bytes) -> tuple[CustodyLine, ...]:
    if len(raw) > MAX_CHAIN_BYTES:
        raise EvidenceError(f"{path}: longer than {MAX_CHAIN_BYTES} bytes")
    try:
        return read_chain(raw)
    except EvidenceError as error:
        raise EvidenceError(f"{path}: {error}") from error
