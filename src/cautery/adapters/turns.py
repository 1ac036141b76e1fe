"""One process at a time, for what must not be done twice.

Reaches: one file of a case, whose bytes it does not touch.
Lawful basis: the mandate's.
Manners: nobody waits; the kernel lets go of a lock when its process ends.
Format: flock(2).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cautery.adapters._files import regular
from cautery.errors import StorageError


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
