"""Files are read whole, within a bound: a path may name a device, a pipe, or a file that grows."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def whole(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most ``most`` bytes.

    Raises
    ------
    OSError
        If it cannot be read, is no regular file, or is larger.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path}: not a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(f"{path}: more than {most} bytes")
    return data
