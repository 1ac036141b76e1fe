"""The tray of a room: photographs that wait to be filed, in a folder.

Reaches: the folder ``tray`` of the room's people, nothing else.
Lawful basis: the operation's; a photograph stays until it is filed or rejected.
Manners: its owner alone may enter the folder. A photograph counts once its entry is there, which is
written last and goes first; what a killed writer left is removed.
Format: ``SHA256-KEY.photo``, the bytes as they came, and ``SHA256-KEY.json``, the entry; ``KEY`` is
that of the exhibit's label.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cautery.adapters._files import (
    PRIVATE,
    TEMPORARY,
    abandoned,
    pieces_of,
    read_whole,
    regular,
    sync_folder,
    write_whole,
)
from cautery.adapters._key_files import private_folder
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.model.photograph import MAX_PHOTO_BYTES

_NAME = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}")
_PHOTO, _ENTRY = ".photo", ".json"
_MOST_ENTRY = 1 << 15


class TrayFolder:
    """Photographs and their entries as files.

    Parameters
    ----------
    path : Path
        The folder; made with the first photograph.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep out everybody else who puts something in or takes it out.

        Raises
        ------
        StorageError
            If the folder cannot be written.
        """
        private_folder(self._path)
        try:
            handle = os.open(self._path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def arriving(self) -> Iterator[Arriving]:
        """Lend a file for what arrives; it is gone afterwards, unless it was put in.

        Raises
        ------
        StorageError
            If it cannot be made.
        """
        private_folder(self._path)
        path = self._path / f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error
        try:
            yield Arriving(handle, path)
        finally:
            os.close(handle)
            path.unlink(missing_ok=True)

    def put(self, arriving: Arriving, name: str) -> None:
        """Put what has arrived whole in, durably; it does not count before its entry is there.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        try:
            os.fsync(arriving.handle)
            arriving.path.replace(self._file(name, _PHOTO))
            sync_folder(self._path)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error

    def enter(self, name: str, entry: bytes) -> None:
        """Write the entry of a photograph that was put in.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        write_whole(self._file(name, _ENTRY), entry)

    def names(self) -> list[str]:
        """Return the names of the photographs that count."""
        if not self._path.is_dir():
            return []
        paths = (path for path in self._path.iterdir() if path.suffix == _ENTRY)
        return sorted(path.stem for path in paths if _NAME.fullmatch(path.stem))

    def entry(self, name: str) -> bytes:
        """Return an entry.

        Raises
        ------
        EvidenceError
            If it is no file of an entry's size.
        """
        return read_whole(self._file(name, _ENTRY), limit=_MOST_ENTRY)

    def photo(self, name: str) -> bytes:
        """Return the bytes of a photograph.

        Raises
        ------
        EvidenceError
            If it is no file of a photograph's size.
        """
        return read_whole(self._file(name, _PHOTO), limit=MAX_PHOTO_BYTES)

    def pieces(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range of a photograph, once all of it has the digest of its name.

        Raises
        ------
        EvidenceError
            If it has not, or is no file of a photograph's size.
        """
        path = self._file(name, _PHOTO)
        with regular(path) as handle:
            digest = hashlib.sha256()
            for piece in pieces_of(path, handle, 0, MAX_PHOTO_BYTES + 1):
                digest.update(piece)
            if digest.hexdigest() != name.partition("-")[0]:
                raise EvidenceError(f"{path}: not the bytes that came")
            yield from pieces_of(path, handle, start, stop)

    def remove(self, name: str) -> None:
        """Take a photograph out, its entry first.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        try:
            self._file(name, _ENTRY).unlink(missing_ok=True)
            self._file(name, _PHOTO).unlink(missing_ok=True)
            sync_folder(self._path)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error

    def sweep(self) -> None:
        """Remove what killed writers left. The caller has the lock."""
        entered = set(self.names())
        for path in self._path.iterdir():
            whole = path.suffix == _PHOTO and path.stem not in entered
            if whole or (path.name.startswith(TEMPORARY) and abandoned(path)):
                path.unlink(missing_ok=True)

    def _file(self, name: str, ending: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InputError(f"{name[:90]!r} is no name of a photograph")
        return self._path / f"{name}{ending}"


class Arriving:
    """A file that arrives.

    Parameters
    ----------
    handle : int
        Its descriptor.
    """

    def __init__(self, handle: int, path: Path) -> None:
        self.handle, self.path = handle, path

    def write(self, piece: bytes) -> None:
        """Write a piece.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        left = memoryview(piece)
        try:
            while left:
                left = left[os.write(self.handle, left) :]
        except OSError as error:
            raise StorageError(f"{self.path.parent}: {error.strerror}") from error
