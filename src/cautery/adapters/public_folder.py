"""A folder that a case fills for the public, and that a server of its own reads.

Reaches: the local file system only, one folder that a person names.

Lawful basis: lists that two people approved, and figures without personal data; what people send
in lies here until the case has sealed it.

Manners: a file is written whole or not at all, for its owner's eyes.

Format: JSON and text files, one folder deep, as docs/reference/public-folder.md describes.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from cautery.adapters._files import PRIVATE, PRIVATE_FOLDER, TEMPORARY, write_whole
from cautery.errors import InputError, StorageError
from cautery.evidence.manifest import CASE_KEY, LEDGER

MOST_BYTES = 64 << 20
_NAME = re.compile(r"(?:[a-z]{1,20}/)?[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
FOLDERS = ("lists", "referrals", "answers", "complaints", "decisions")


class PublicFolder:
    """A folder of public files; fulfils :class:`cautery.act.ports.PublicFiles`.

    Parameters
    ----------
    path : Path
        The folder.
    make : bool
        Make it if it is not there.

    Raises
    ------
    InputError
        If it is not there, or is a case.
    StorageError
        If it cannot be made.
    """

    def __init__(self, path: Path, *, make: bool = False) -> None:
        if (path / LEDGER).exists() or (path / CASE_KEY).exists():
            raise InputError(f"{path} is a case", hint="Name a folder of its own.")
        if not make and not path.is_dir():
            raise InputError(
                f"{path}: no such folder", hint="cautery watch --publish DIR makes and fills it."
            )
        try:
            for folder in (path, *(path / name for name in FOLDERS)):
                folder.mkdir(mode=PRIVATE_FOLDER, parents=folder == path, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        self.path = path

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; ``None``: it is not there."""
        content = self.head(name, MOST_BYTES + 1)
        if content is not None and len(content) > MOST_BYTES:
            raise StorageError(f"{name}: over {MOST_BYTES} bytes", hint="")
        return content

    def head(self, name: str, size: int) -> bytes | None:
        """Return a file's first bytes, ``size`` at most; ``None``: it is not there."""
        try:
            # What serves the folder may be somebody else's by now: no link is followed out of it,
            # and no pipe is waited for.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with open(os.open(self._place(name), flags), "rb") as file:  # noqa: PTH123 - a descriptor
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise StorageError(f"{name}: not a regular file", hint="")
                return file.read(size)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{name}: {error.strerror}") from error

    def stamp(self, name: str) -> tuple[int, ...] | None:
        """Return what changes when a file does; ``None``: it is not there."""
        try:
            status = self._place(name).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names of a folder's files, sorted, with the folder."""
        try:
            with os.scandir(self.path / folder) as entries:
                file_names = [
                    entry.name for entry in entries if entry.is_file(follow_symlinks=False)
                ]
        except OSError:
            return ()
        return tuple(f"{folder}/{name}" for name in sorted(file_names) if _NAME.fullmatch(name))

    def write(self, name: str, content: bytes, *, lasting: bool = True) -> None:
        """Put a file there whole or not at all."""
        place = self._place(name)
        if lasting:
            write_whole(place, content)
            return
        beside = place.parent / f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}"
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
            with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(content)
            beside.replace(place)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise StorageError(f"{place}: {error.strerror}") from error

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""
        try:
            self._place(name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{name}: {error.strerror}") from error

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise StorageError(f"{name[:80]!r} is not a name of a public file", hint="")
        place = self.path / name
        if place.parent != self.path and place.parent.is_symlink():
            raise StorageError(f"{place.parent}: a symbolic link", hint="")
        return place
