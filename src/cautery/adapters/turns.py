"""One process at a time, for what must not be done twice.

Reaches: one file or folder of a case, whose bytes it does not touch.
Lawful basis: the mandate's.
Manners: nobody waits; the kernel lets go of a lock when its process ends.
Format: flock(2).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cautery.adapters._files import regular
from cautery.errors import LeaseError, StorageError


@contextmanager
def alone_with(path: Path, *, doing: str) -> Iterator[None]:
    """Keep other processes away from the same piece of work.

    Parameters
    ----------
    path : Path
        A file that stands for it.
    doing : str
        What is done, for the error: ``sending a notice of this case``.

    Raises
    ------
    StorageError
        If another process is at it.
    """
    with regular(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                f"another process is {doing}", hint="Wait until it is done, then look again."
            ) from error
        yield


class FolderLease:
    """The lease on a case in a folder (port :class:`~cautery.evidence.lease.Lease`).

    It ends with its process and cannot be lost before that, so nobody waits for one that is silent.

    Parameters
    ----------
    case : Path
        Where the case lies, for messages.
    folder : Path
        A folder in it, which stands for the lease.

    Raises
    ------
    LeaseError
        If another process drives the case.
    StorageError
        If the folder cannot be opened.
    """

    epoch = 0
    before = None

    def __init__(self, case: Path, folder: Path) -> None:
        self.driver = f"process {os.getpid()}"
        try:
            self._handle: int | None = os.open(
                folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
            )
        except OSError as error:
            raise StorageError(f"{folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise LeaseError(
                f"{case}: another process drives this case",
                hint="Wait until that watch has ended, or name a new folder for another case.",
            ) from error

    def when_lost(self, tell: Callable[[str], None]) -> None:
        """Do nothing: the lock ends with its process."""

    def release(self) -> None:
        """Give the case back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
