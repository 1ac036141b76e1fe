"""A folder for the newest bytes of references, which goes with its process, however that ends.

Reaches: the folder for temporary files of this machine.
Lawful basis: the mandate's: bytes of the right holder's own media.
Manners: it removes folders of processes of the same user that were killed, and no others.
Format: flock(2) on a folder. Its holder may be in another container, where process numbers tell
nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "cautery-tape-"


@contextlib.contextmanager
def tape_folder() -> Iterator[Path]:
    """Make such a folder, and remove those of processes that are gone."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with _held(path) as is_held:
            if is_held:
                shutil.rmtree(path, ignore_errors=True)
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with _held(path) as is_held:
            if is_held and path.is_dir():  # else another process took it for one that was left
                try:
                    yield path
                finally:
                    shutil.rmtree(path, ignore_errors=True)
                return


@contextlib.contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Hold a folder of this user, unless another process does."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        is_held = os.fstat(handle).st_uid == os.geteuid()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            is_held = False
        yield is_held
    finally:
        os.close(handle)
