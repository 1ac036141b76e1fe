"""One line more at the end of a file: whole and on the disk, or not there."""

from __future__ import annotations

import contextlib
import os


def add_line(handle: int, line: bytes) -> None:
    """Add a line to a file that only grows.

    Parameters
    ----------
    handle : int
        A descriptor opened for appending (``O_APPEND``) and locked by whoever else may add a line.
    line : bytes
        With its line feed.

    Raises
    ------
    OSError
        If it cannot be written; the file is then as it was.
    """
    size = os.fstat(handle).st_size
    try:
        rest = memoryview(line)
        while rest:  # a disk that is nearly full takes a part of a line, and says so by its length
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except OSError:
        # Half a line would spoil every line after it.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, size)
        raise
