"""The ``.ref`` file: a JSON head and plain arrays, so that a hostile one can do nothing.

Layout: 8 bytes magic, 4 bytes length and JSON, arrays back to back. Every size in the head is
checked against the file's before anything is read; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import os
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError, StorageError

_MAGIC = b"CAUTREF1"
_MOST_HEAD = 4 << 20
_MOST_BYTES = 4 << 30
_TYPES = ("<u4", "<i8", "<f4", "<f8", "|u1")
Array = NDArray[Any]


def write_arrays(path: Path, head: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write head and arrays durably and whole, or not at all.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    listed = [[name, one.dtype.str, list(one.shape)] for name, one in arrays.items()]
    said = json.dumps({"head": head, "arrays": listed}).encode()
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + struct.pack("<I", len(said)) + said)
            for one in arrays.values():
                file.write(np.ascontiguousarray(one).data)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except OSError as error:
        Path(unfinished).unlink(missing_ok=True)
        raise StorageError(f"{path}: {error.strerror or error}") from error


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return head and arrays.

    Raises
    ------
    InputError
        If it is no whole reference file; memory never exceeds the file's size.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise InputError(f"{path}: larger than any reference file")
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise InputError(f"{path}: not a Cautery reference file of this version")
            (length,) = struct.unpack("<I", file.read(4).ljust(4, b"\0"))
            if length > min(_MOST_HEAD, size):
                raise InputError(f"{path}: its head is too long")
            said = json.loads(file.read(length))
            plan = [_planned(path, one) for one in said["arrays"]]
            if sum(count * kind.itemsize for _, kind, _, count in plan) != size - file.tell():
                raise InputError(f"{path}: cut short, or longer than it says")
            arrays: dict[str, Array] = {}
            for name, kind, shape, count in plan:
                arrays[name] = np.fromfile(file, kind, count).reshape(shape)
            head = said["head"]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: its head makes no sense") from error
    if not isinstance(head, dict):
        raise InputError(f"{path}: its head makes no sense")
    return head, arrays


def _planned(path: Path, one: Any) -> tuple[str, np.dtype[Any], tuple[int, ...], int]:
    name, kind, shape = one
    if kind not in _TYPES or not isinstance(name, str) or len(shape) > 3:
        raise InputError(f"{path}: an array of an unknown type")
    if not all(isinstance(side, int) and 0 <= side < 1 << 40 for side in shape):
        raise InputError(f"{path}: an array of an impossible shape")
    return name, np.dtype(kind), tuple(shape), math.prod(shape)
