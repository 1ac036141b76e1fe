"""Who opens, writes and settles a SQLite ledger: locks in one small file next to it.

Reaches the file ``LEDGER-turns``, on the lawful basis of the ledger itself and as politely.
Format: open file description locks of fcntl(2) on single bytes; the file is empty.

SQLite lets one process write at a time, but whoever waits for it sleeps longer and longer and is
passed by newcomers. Here a writer first waits at the door, then for the pen, and whoever has just
put the pen down is behind the door again, so that none is passed for long. These locks belong to
an open file, not to a process as SQLite's own do: closing another file drops none of them, and
the kernel drops them all when a process is killed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from cautery.errors import StorageError

SUFFIX = "-turns"

_OPENING = 0  # shared while a process opens the ledger, alone while it is replaced
_WRITERS = 1  # shared by all who have it open for writing, alone by the one who settles it
_DOOR = 2
_PEN = 3

_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.002  # about one flush of a good disk


class LedgerLocks:
    """The locks of one open ledger.

    Parameters
    ----------
    ledger : Path
        The database file.
    patience_s : float
        How long to wait for another process.
    """

    def __init__(self, ledger: Path, *, patience_s: float) -> None:
        self._ledger = ledger
        self._path = ledger.with_name(ledger.name + SUFFIX)
        self._patience_s = patience_s
        self._handle: int | None = None

    def join(self) -> None:
        """Be one of the writers.

        Raises
        ------
        StorageError
            If another process is settling the ledger all the time, or the file cannot be made.
        OSError
            If the folder takes no file.
        """
        # The last writer removes the file as it leaves: a lock on a file that has lost its name
        # keeps nobody out, so it is taken again on the one that stands.
        while self._handle is None:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, self._mode())
            with contextlib.ExitStack() as undo:
                undo.callback(os.close, handle)
                self._wait(handle, fcntl.F_RDLCK, _WRITERS)
                if self._stands(handle):
                    undo.pop_all()
                    self._handle = handle

    def alone(self) -> bool:
        """Tell whether no other writer has the ledger open; from then on none can."""
        return self._handle is not None and _try(self._handle, fcntl.F_WRLCK, _WRITERS)

    def leave(self) -> None:
        """Be no writer any more; the last one takes the file away."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if _try(handle, fcntl.F_WRLCK, _WRITERS):
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(handle)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the pen: one writer at a time, and none is passed for long.

        Raises
        ------
        StorageError
            If another process holds it all the time.
        """
        assert self._handle is not None
        handle = self._handle
        self._wait(handle, fcntl.F_WRLCK, _DOOR)
        try:
            self._wait(handle, fcntl.F_WRLCK, _PEN)
        finally:
            _try(handle, fcntl.F_UNLCK, _DOOR)
        try:
            yield
        finally:
            _try(handle, fcntl.F_UNLCK, _PEN)

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """Keep others from replacing the file until SQLite has opened all that belongs to it."""
        with contextlib.ExitStack() as undo:
            while True:
                try:
                    handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                except OSError:  # nobody writes, so nobody replaces it
                    break
                undo.callback(os.close, handle)
                self._wait(handle, fcntl.F_RDLCK, _OPENING)
                if self._stands(handle):
                    break
            yield

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        """Keep others from opening the file while it is settled."""
        assert self._handle is not None
        self._wait(self._handle, fcntl.F_WRLCK, _OPENING)
        try:
            yield
        finally:
            _try(self._handle, fcntl.F_UNLCK, _OPENING)

    def _mode(self) -> int:
        """Return who may read the ledger: the same may take part here."""
        try:
            # A ledger that is not made yet will be private.
            return self._ledger.stat().st_mode & 0o666
        except FileNotFoundError:
            return 0o600

    def _stands(self, handle: int) -> bool:
        """Tell whether what was locked is still the file of that name."""
        try:
            # Whoever closed last removed the file; the lock on it then guards nothing.
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False

    def _wait(self, handle: int, kind: int, byte: int) -> None:
        limit, pause_s = time.monotonic() + self._patience_s, _FIRST_PAUSE_S
        while not _try(handle, kind, byte):
            if time.monotonic() > limit:
                raise StorageError(
                    f"{self._ledger}: another process has held it for {self._patience_s:.0f} s",
                    hint="Find the process that hangs, end it, and run this command again.",
                )
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def _try(handle: int, kind: int, byte: int) -> bool:
    """Set or drop one lock without waiting; tell whether that could be done."""
    # struct flock: type, whence, start, length, process (0 with these locks)
    lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, lock)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return False
        raise
    return True
