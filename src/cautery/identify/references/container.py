"""The container of reference files: a JSON head and plain arrays that are mapped, not read.

Layout: 8 bytes magic (its last digit is the version), the head's length and CRC-32, the head, then
the arrays in the head's order, each on the next page boundary. Places follow from the sizes alone,
so that no head can make arrays overlap or reach beyond the file; nothing is ever unpickled. Each
array has a CRC-32 of its own, against bad disks and cut transfers; whoever means harm can make a
right one, so that what the arrays say is checked where they are used.
"""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import os
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError, StorageError
from cautery.json_text import parsed_json

Array = NDArray[Any]
MAGIC = b"CAUTREF2"
TEMPORARY = ".writing-"
"""Begins the name of a file that is not whole yet."""
_NAME = MAGIC[:-1]
_PREFIX = struct.Struct("<8sII")
_PAGE = 4096
_MOST_HEAD = 8 << 20
"""4,096 references take about 1 MB."""
_MOST_ARRAYS = 20_000
MOST_BYTES = 64 << 30
"""Of a file."""
_MOST_LISTED = 100
"""Bytes that the head needs for one array: its name, type, shape and check."""
_TYPES = ("<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "|u1")
_PIECE = 4 << 20
"""Bytes written or checked at a time."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An array to write, in pieces along its first axis, so that it need never be whole.

    Parameters
    ----------
    name : str
        Unique in its file.
    dtype : numpy.dtype
    shape : tuple of int
        Of all pieces together.
    pieces : iterable of ndarray
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    pieces: Iterable[Array]

    @classmethod
    def whole(cls, name: str, array: Array) -> Stored:
        """Store an array that is held in one piece."""
        return cls(name, array.dtype, array.shape, (array,))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A file's head, and its arrays as read-only views of the mapped file."""

    head: dict[str, Any]
    arrays: dict[str, Array]
    nbytes: int


def write_arrays(
    path: Path, head: Mapping[str, Any], arrays: Iterable[Stored], *, room: int | None = None
) -> None:
    """Write head and arrays durably and whole, or not at all, in bounded memory.

    Parameters
    ----------
    arrays : iterable of Stored
        With ``room``, each is asked for when the one before it is written, so that they need not
        all be held at once.
    room : int, optional
        Most arrays that come. ``None``: they are counted first.

    Raises
    ------
    StorageError
        If it cannot be written; no partial file survives.
    InputError
        If it becomes larger than a reference file can be.
    """
    if room is None:
        arrays = list(arrays)
        length = len(_head_bytes(head, [_listed(array, 0) for array in arrays]))
    else:
        length = len(_head_bytes(head, ())) + room * _MOST_LISTED
    try:
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=unfinished_prefix(path))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            _fill(path, file, head, arrays, length)
            file.flush()
            # mkstemp's files are for their owner alone (0600); others may read a reference file.
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        # Renamed only when its bytes are on disk: after a power cut the name leads to the old
        # file or to the whole new one.
        Path(unfinished).replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        Path(unfinished).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StorageError(f"{path}: {error.strerror or error}") from error
        raise


def unfinished_prefix(path: Path) -> str:
    """Return how the names of a file's unfinished versions begin, which a killed writer leaves."""
    return f"{TEMPORARY}{path.name}-"


def map_arrays(path: Path, *, verify: bool = True) -> Mapped:
    """Map a file: its arrays stay on disk until they are looked at, and cost no own memory.

    Parameters
    ----------
    verify : bool
        Check each array's CRC-32, which reads the whole file once (4 GB/s where it is cached).
        A process that maps what another has just verified may leave it.

    Raises
    ------
    InputError
        If it is no whole reference file of this version.
    """
    with _opened(path) as (handle, size):
        prefix = os.pread(handle, _PREFIX.size, 0)
        if len(prefix) < _PREFIX.size or prefix[: len(_NAME)] != _NAME:
            raise InputError(
                f"{path}: not a Cautery reference file",
                hint="Make one with: cautery references build PATH... -o league.ref",
            )
        if prefix[: len(MAGIC)] != MAGIC:
            raise InputError(
                f"{path}: a reference file of another version; this is version {chr(MAGIC[-1])}",
                hint="Build it again: cautery references build.",
            )
        _, length, check = _PREFIX.unpack(prefix)
        if length > min(_MOST_HEAD, size - _PREFIX.size):
            raise InputError(f"{path}: its header is too long or incomplete")
        head_bytes = os.pread(handle, length, _PREFIX.size)
        if zlib.crc32(head_bytes) != check:
            raise InputError(f"{path}: its header is damaged", hint="Copy or build it again.")
        head, planned = _understood(path, head_bytes)
        places = _places(path, planned, _PREFIX.size + length, size)
        mapping = mmap.mmap(handle, size, access=mmap.ACCESS_READ)
    arrays: dict[str, Array] = {}
    for array, start in zip(planned, places, strict=True):
        if verify and _crc(memoryview(mapping)[start : start + array.nbytes]) != array.check:
            raise InputError(f"{path}: its {array.name} is damaged", hint="Copy or build it again.")
        flat = np.frombuffer(
            mapping, array.dtype, math.prod(array.shape), start if array.nbytes else 0
        )
        arrays[array.name] = flat.reshape(array.shape)
    return Mapped(head, arrays, size)


def refuse_to_replace(path: Path) -> None:
    """Refuse a place for references where something else lies: a slip of ``-o`` costs no film.

    Raises
    ------
    InputError
        If what lies there begins as no reference file, of whatever version and state, and is not
        empty.
    """
    if not path.exists():
        return
    with _opened(path) as (handle, size):
        if size and os.pread(handle, len(_NAME), 0) != _NAME:
            raise InputError(
                f"{path}: this file already holds something else, which would be lost",
                hint="Name another .ref file with -o.",
            )


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that a name made or removed in it survives a power cut."""
    # rename(2) and unlink(2) change the folder: flushing the file alone does not keep its name.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class _Planned:
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    check: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """Lend descriptor and size of a regular file; a pipe would be waited on for ever."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: not a regular file")
        if status.st_size > MOST_BYTES:
            raise InputError(f"{path}: larger than a reference file can be")
        yield handle, status.st_size
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    finally:
        os.close(handle)


def _head_bytes(head: Mapping[str, Any], listed: Sequence[Sequence[Any]]) -> bytes:
    """Return the head as bytes; blanks may follow it."""
    return json.dumps({"head": head, "arrays": listed}, allow_nan=False).encode()


def _listed(array: Stored, check: int) -> list[Any]:
    """Return what the head says of an array; its length does not depend on the check."""
    return [array.name, array.dtype.str, list(array.shape), f"{check:08x}"]


def _fill(
    path: Path, file: Any, head: Mapping[str, Any], arrays: Iterable[Stored], length: int
) -> None:
    """Write arrays behind a head of so many bytes, and then the head."""
    file.seek(_PREFIX.size + length)
    listed = []
    for array in arrays:
        file.write(b"\0" * (-file.tell() % _PAGE))
        listed.append(_listed(array, _written(file, array)))
        if file.tell() > MOST_BYTES:
            raise InputError(
                f"{path}: it would hold more than {MOST_BYTES >> 30} GiB",
                hint="Put the references into several files.",
            )
    head_bytes = _head_bytes(head, listed).ljust(length)
    if len(head_bytes) != length:
        raise ValueError(f"{path}: more arrays than there is room for")
    file.seek(0)
    file.write(_PREFIX.pack(MAGIC, length, zlib.crc32(head_bytes)) + head_bytes)


def _written(file: Any, array: Stored) -> int:
    check, count = 0, 0
    for piece in array.pieces:
        flat = np.ascontiguousarray(piece, dtype=array.dtype).reshape(-1).view(np.uint8)
        for start in range(0, len(flat), _PIECE):
            part = flat[start : start + _PIECE].data
            check = zlib.crc32(part, check)
            file.write(part)
        count += len(flat)
    if count != math.prod(array.shape) * array.dtype.itemsize:
        raise ValueError(f"{array.name}: its pieces do not have the shape {array.shape}")
    return check


def _understood(path: Path, head_bytes: bytes) -> tuple[dict[str, Any], list[_Planned]]:
    try:
        document = parsed_json(head_bytes, parse_constant=_no_number)
        head, listed = document["head"], document["arrays"]
        planned = [_planned(path, entry) for entry in listed[:_MOST_ARRAYS]]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: its header is not valid") from error
    if not isinstance(head, dict):
        raise InputError(f"{path}: its header is not valid")
    if len(listed) > _MOST_ARRAYS:
        raise InputError(f"{path}: too many arrays for a reference file")
    if len({array.name for array in planned}) != len(planned):
        raise InputError(f"{path}: two arrays have the same name")
    return head, planned


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number here")


def _planned(path: Path, entry: Any) -> _Planned:
    name, kind, shape, check = entry
    # A list of plain types: NumPy would also read types of objects, which are pickles.
    if kind not in _TYPES or not isinstance(name, str) or not 1 <= len(shape) <= 3:
        raise InputError(f"{path}: an array of an unknown type")
    # ``type``, since JSON's true is an int to ``isinstance``.
    if not all(type(side) is int and 0 <= side < 1 << 36 for side in shape):
        raise InputError(f"{path}: an array of an impossible shape")
    # NumPy makes no view of so many bytes, also if a side of no length makes them none.
    if math.prod(side or 1 for side in shape) * np.dtype(kind).itemsize > MOST_BYTES:
        raise InputError(f"{path}: an array of an impossible shape")
    return _Planned(name, np.dtype(kind), tuple(shape), int(check, 16))


def _places(path: Path, planned: Sequence[_Planned], start: int, size: int) -> list[int]:
    places = []
    for array in planned:
        start += -start % _PAGE
        places.append(start)
        start += array.nbytes
    # Equality: a file that is cut short and one with bytes that nobody checks are both refused.
    if start != size:
        raise InputError(f"{path}: incomplete, or longer than its header says")
    return places


def _crc(view: memoryview) -> int:
    check = 0
    for start in range(0, len(view), _PIECE):
        check = zlib.crc32(view[start : start + _PIECE], check)
    return check
