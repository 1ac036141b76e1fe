"""What is held of one reference, and what a file's arrays must be like to be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.index import SLICE_FRAMES, Index
from cautery.fingerprint.video import CELLS, Signature
from cautery.model.media import LUMA_SHAPE

_Pictures = tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.uint8] | None]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a reference that are held, on the reference's axis."""

    times: NDArray[np.float64]
    cells: NDArray[np.float32]
    signature: Signature


@dataclass
class Track:
    """One reference's ends that later segments join."""

    held: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    held_frame: int = 0
    final_frame: int = 0
    loose: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    first_s: float | None = None
    end_s: float | None = None
    times: list[NDArray[np.float64]] = field(default_factory=list)
    cells: list[NDArray[np.float32]] = field(default_factory=list)
    luma: list[NDArray[np.uint8]] = field(default_factory=list)
    pictures: Pictures | None = None


def fill(index: Index, arrays: Mapping[str, NDArray[Any]], name: str, count: int) -> None:
    """Put a file's postings into an index.

    Raises
    ------
    InputError
        If their types, number or ranges are none that an index could have given.
    """
    words, numbers = arrays[f"{name}.words"], arrays[f"{name}.references"]
    frames = arrays[f"{name}.frames"]
    if not (words.dtype.str == numbers.dtype.str == "<u4" and frames.dtype.str == "<i8"):
        raise InputError("a reference file's postings have other types")
    if not words.shape == numbers.shape == frames.shape == (len(words),):
        raise InputError("a reference file's postings differ in number")
    if len(words) and (
        words.max() >= 1 << 22 or numbers.max() >= count or np.abs(frames).max() > 1 << 40
    ):
        raise InputError("a reference file's postings lie out of range")
    if len(words) and (int(frames.max()) - int(frames.min())) // SLICE_FRAMES > 10_000:
        raise InputError("a reference file's postings lie too far apart")
    for number in np.unique(numbers):
        mine = numbers == number
        first = int(frames[mine].min())
        local = frames[mine] - first
        if len(local) and local.max() >= 1 << 31:
            raise InputError("a reference file's postings lie too far apart")
        index.add(int(number), Landmarks(words[mine], local.astype(np.int32)), start=first)


def pictures_of(arrays: Mapping[str, NDArray[Any]], number: int) -> _Pictures | None:
    """Return times, cells and luma of a reference, ``None`` without any.

    Raises
    ------
    InputError
        If their shapes, order or ranges make no sense.
    """
    times, cells = arrays.get(f"{number}.times"), arrays.get(f"{number}.cells")
    luma = arrays.get(f"{number}.luma")
    if times is None or cells is None:
        return None
    if times.dtype.str != "<f8" or cells.dtype.str != "<f4" or cells.shape != (len(times), CELLS):
        raise InputError("a reference file's pictures have other shapes")
    if not np.isfinite(times).all() or not (np.diff(times) > 0).all() or not len(times):
        raise InputError("a reference file's pictures are out of order")
    if times[-1] - times[0] > 40_000 or not np.isfinite(cells).all():
        raise InputError("a reference file's pictures are out of range")
    shape = len(times), *LUMA_SHAPE
    if luma is not None and (luma.dtype.str != "|u1" or luma.shape != shape):
        raise InputError("a reference file's pictures have other shapes")
    return times, cells, luma
