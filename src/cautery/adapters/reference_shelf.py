"""References that machines share, in a folder that all of them see or in an S3-compatible store.

Reaches: the files below one prefix of the store that keeps the organisation's exhibits, beside
them and never among them; see :mod:`cautery.adapters.objects`.
Lawful basis: the mandate's: fingerprints of the right holder's own media.
Manners: small files are asked for every few seconds, large ones once.
Format: docs/reference/shared-references.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cautery.adapters._files import (
    PRIVATE,
    TEMPORARY,
    make_folders,
    pieces_of,
    regular,
    write_pieces,
    write_whole,
)
from cautery.adapters.objects import Objects
from cautery.errors import EvidenceError, InputError, StorageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}(/[A-Za-z0-9][A-Za-z0-9._-]{0,120}){0,6}")
_MOST_NAMES = 100_000
_PIECE_BYTES = 1 << 20


class FolderShelf:
    """References under a folder (port :class:`~cautery.model.ports.ReferenceShelf`).

    Parameters
    ----------
    path : Path
        Made when something is put there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """What a message calls it."""
        return str(self._path)

    def version(self, name: str) -> str | None:
        """Return what differs when a file was replaced; ``None``: it is not there."""
        try:
            status = self._at(name).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed(error) from error
        return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"

    def get(self, name: str, *, most: int) -> tuple[str, bytes] | None:
        """Return a small file's version and bytes; ``None``: it is not there."""
        version = self.version(name)
        if version is None:
            return None
        with self._reading(name) as (handle, size):
            if size > most:
                raise InputError(f"{self.name}/{name}: larger than it can be")
            return version, b"".join(pieces_of(self._at(name), handle, 0, size))

    def replace(self, name: str, data: bytes, *, version: str | None) -> str | None:
        """Write a small file if it is still of a version; ``None``: if it is not there yet."""
        path = self._at(name)
        with self._alone(path.parent):
            if self.version(name) != version:
                return None
            write_whole(path, data)
            return self.version(name)

    def put(self, name: str, path: Path) -> None:
        """Write a file whole, and replace what is there."""
        self._make(self._at(name).parent)
        with path.open("rb") as file:
            write_pieces(self._at(name), iter(lambda: file.read(_PIECE_BYTES), b""))

    def take(self, name: str, path: Path, *, size: int) -> None:
        """Copy a file of so many bytes to where nothing lies yet."""
        with self._reading(name) as (handle, stored):
            _check_size(f"{self.name}/{name}", stored, size)
            write_pieces(path, pieces_of(self._at(name), handle, 0, size), flush=False)

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names that begin with ``prefix/``, at most 100,000."""
        stored = []
        for path in self._at(prefix).rglob("*"):
            name = path.relative_to(self._path).as_posix()
            if _NAME.fullmatch(name) and not path.is_dir():
                stored.append(name)
                if len(stored) > _MOST_NAMES:
                    raise InputError(f"{self.name}/{prefix}: more files than there can be")
        return tuple(sorted(stored))

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; what is not there is passed over."""
        for name in names:
            try:
                self._at(name).unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError as error:
                raise self._failed(error) from error

    def _at(self, name: str) -> Path:
        return self._path / _checked(name)

    @contextlib.contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        self._make(folder)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            handle = os.open(folder / f"{TEMPORARY}lock", flags, PRIVATE)
        except OSError as error:
            raise self._failed(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[tuple[int, int]]:
        try:
            with regular(self._at(name)) as handle:
                yield handle, os.fstat(handle).st_size
        except EvidenceError as error:
            raise InputError(f"{self.name}/{name}: the file is missing, or is none") from error

    def _make(self, folder: Path) -> None:
        try:
            make_folders(folder)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StorageError:
        return StorageError(f"the references at {self.name}: {error.strerror or error}")


class S3Shelf:
    """References in a store (port :class:`~cautery.model.ports.ReferenceShelf`).

    Parameters
    ----------
    objects : Objects
        The store.
    prefix : str
        Of all references, such as ``references``.
    """

    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects = objects
        self._prefix = prefix
        self.name = f"{objects.name}/{prefix}"

    def version(self, name: str) -> str | None:
        """Return what differs when an object was replaced; ``None``: it is not there."""
        stored = self._objects.find(self._at(name))
        return None if stored is None else stored.version

    def get(self, name: str, *, most: int) -> tuple[str, bytes] | None:
        """Return a small object's version and bytes; ``None``: it is not there."""
        try:
            stored, pieces = self._objects.get(self._at(name))
        except EvidenceError:
            return None
        if stored.size > most:
            raise InputError(f"{self.name}/{name}: larger than it can be")
        return stored.version, b"".join(pieces)

    def replace(self, name: str, data: bytes, *, version: str | None) -> str | None:
        """Write a small object if it is still of a version; ``None``: if it is not there yet."""
        return self._objects.replace(self._at(name), data, version=version)

    def put(self, name: str, path: Path) -> None:
        """Write an object whole, and replace what is there."""
        with path.open("rb") as file:
            self._objects.put(self._at(name), iter(lambda: file.read(_PIECE_BYTES), b""))

    def take(self, name: str, path: Path, *, size: int) -> None:
        """Copy an object of so many bytes to where nothing lies yet."""
        try:
            stored, pieces = self._objects.get(self._at(name))
        except EvidenceError as error:
            raise InputError(f"{self.name}/{name}: the object is missing") from error
        _check_size(f"{self.name}/{name}", stored.size, size)
        write_pieces(path, pieces, flush=False)

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names that begin with ``prefix/``, at most 100,000."""
        stored = []
        for entry in self._objects.below(self._at(prefix)):
            name = entry.name.removeprefix(f"{self._prefix}/")
            if _NAME.fullmatch(name):
                stored.append(name)
                if len(stored) > _MOST_NAMES:
                    raise InputError(f"{self.name}/{prefix}: more objects than there can be")
        return tuple(sorted(stored))

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; what is not there is passed over."""
        self._objects.remove(self._at(name) for name in names)

    def _at(self, name: str) -> str:
        return f"{self._prefix}/{_checked(name)}"


def _checked(name: str) -> str:
    """Return a name, unless it leads out of the place that it is for."""
    if not _NAME.fullmatch(name):
        raise InputError("shared references: a name that no file of theirs has")
    return name


def _check_size(where: str, stored: int, size: int) -> None:
    if stored != size:
        raise InputError(f"{where}: it has {stored:,} bytes where its list says {size:,}")
