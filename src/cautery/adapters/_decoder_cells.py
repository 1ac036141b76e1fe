"""Inside the decoder's child: pictures become 36x64 cell means of luma."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from typing import Any

import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray

ROWS, COLUMNS = 36, 64
PICTURES_PER_S = 12.5
"""Rate of the video fingerprint (docs/reference/sources.md, F40)."""
_ROWS_READ = 5
"""Of each cell: every second one at 360 lines; changes agree to 0.99 with those of all rows."""
_AHEAD = 64
"""Slots, 5 s, that are remembered of pictures yet to be decoded: more than any codec holds back."""
_WIDEST = 4096
"""For wider pictures than these, which only a bomb has, no room is kept."""
Bytes = NDArray[np.uint8]


class Cells:
    """Pictures reduced to 36x64 cell means of luma, at most 12.5 a second by time stamp.

    Planar 8-bit luma is summed over a few rows of each cell; anything else goes through
    swscale's AREA.
    """

    def __init__(self) -> None:
        self._columns: _Columns | None = None
        self._shape: tuple[int, int, str] | None = None
        self._slot: int | None = None
        self._pictures: list[Bytes] = []
        self.times: list[float] = []

    def wants(self, at_s: float) -> bool:
        """Tell whether the slot of this time is still free."""
        slot = _slot_of(at_s)
        if self._slot is not None and slot <= self._slot:
            return False
        self._slot = slot
        return True

    def take(self, frame: Any, at_s: float) -> None:
        """Keep one picture, reduced."""
        self.times.append(at_s)
        shape = frame.width, frame.height, frame.format.name
        if shape != self._shape:
            width, height, _ = self._shape = shape
            fits = width % COLUMNS == 0 and width <= _WIDEST and height >= ROWS
            self._columns = _Columns(width, height) if fits and _has_plain_luma(frame) else None
        self._pictures.append(
            _reduced(frame) if self._columns is None else self._columns.means(VideoPlane(frame, 0))
        )

    def pop(self, before_s: float) -> tuple[bytes, bytes, int]:
        """Take out the pictures before a time: luma, their times (float64), how many."""
        count = int(np.searchsorted(self.times, before_s))
        luma = b"".join(picture.tobytes() for picture in self._pictures[:count])
        times = np.array(self.times[:count], np.float64).tobytes()
        del self._pictures[:count], self.times[:count]
        return luma, times, count


class Ahead:
    """Tells of pictures, in the order of decoding, which ones no slot will want.

    A slot takes the picture that is shown first in it, so one that comes after it on the screen
    need not be decoded, unless others are made from it.
    """

    def __init__(self) -> None:
        self._firsts: OrderedDict[int, float] = OrderedDict()
        self._latest = 0

    def spares(self, at_s: float) -> bool:
        """Note a picture that is to be decoded, or tell that it is not wanted."""
        slot = _slot_of(at_s)
        if abs(slot - self._latest) > _AHEAD:  # the time stamps have jumped
            self._firsts.clear()
        self._latest = slot
        if self._firsts.get(slot, at_s) < at_s:
            return True
        self._firsts[slot] = at_s
        if len(self._firsts) > 2 * _AHEAD:
            self._firsts.popitem(last=False)
        return False


class _Columns:
    """Cell means where all cells are as wide: sums of columns, then of cells.

    What is written is written in place, and for one picture at a time: fresh memory, or more of it
    than a core's cache holds, costs as much as the sums (measured at 720 lines: 137 us a picture
    where sixteen were summed together, 104 where each is by itself; 7 of them for getting at it).
    """

    def __init__(self, width: int, height: int) -> None:
        rows = _sampled_rows(height)
        self._shape, self._rows = (height, width // 8), rows.ravel()
        self._row_buffer = np.empty((self._rows.size, width // 8), np.uint64)
        self._samples = self._row_buffer.view(np.uint8).reshape(*rows.shape, width)
        self._sums = np.empty((ROWS, width), np.uint16)
        wide = width // COLUMNS
        self._cells = np.empty((ROWS * COLUMNS, wide), np.float32)
        self._share = np.full(wide, 1 / (wide * len(rows)), np.float32)

    def means(self, plane: Any) -> Bytes:
        """Return a picture's cell means."""
        eights = np.ndarray(self._shape, np.uint64, plane, strides=(plane.line_size, 8))
        # With ``mode="raise"`` NumPy would copy through a buffer of its own.
        eights.take(self._rows, axis=0, out=self._row_buffer, mode="clip")
        # Five rows of 255 fit 16 bits.
        np.add.reduce(self._samples, axis=0, dtype=np.uint16, out=self._sums)
        self._cells.reshape(ROWS, -1)[:] = self._sums
        means = self._cells @ self._share
        rounded: Bytes = np.rint(means, out=means).astype(np.uint8).reshape(ROWS, COLUMNS)
        return rounded


def _slot_of(at_s: float) -> int:
    # A picture on the border of a slot must not fall into the one before by rounding.
    return math.floor(at_s * PICTURES_PER_S + 1e-3)


def _has_plain_luma(frame: Any) -> bool:
    """Tell whether the first plane is luma of 8 bits, a byte a pixel."""
    name = frame.format.name
    return (
        name.startswith(("yuv", "nv", "gray"))
        and not name.startswith("yuyv")
        and all(part.bits == 8 for part in frame.format.components)
    )


def _reduced(frame: Any) -> Bytes:
    """Return the cell means of a picture of any other width or format."""
    width, height = frame.width, frame.height
    if width < COLUMNS or height < ROWS or not _has_plain_luma(frame):
        small = frame.reformat(COLUMNS, ROWS, "gray", interpolation="AREA", threads=1)
        shrunk: Bytes = small.to_ndarray().reshape(ROWS, COLUMNS).copy()
        return shrunk
    plane = frame.planes[0]
    rows = _sampled_rows(height)
    edges = (np.arange(COLUMNS + 1) * width / COLUMNS).astype(np.int64)
    sizes = (np.diff(edges) * len(rows)).astype(np.float32)
    luma = np.frombuffer(plane, np.uint8, plane.line_size * height)
    sampled = luma.reshape(height, plane.line_size)[rows.T.ravel(), :width].reshape(ROWS, -1, width)
    bands = np.add.reduce(sampled, axis=1, dtype=np.uint16)
    cells = np.add.reduceat(bands, edges[:-1], axis=1, dtype=np.float32) / sizes
    rounded: Bytes = np.rint(cells).astype(np.uint8)
    return rounded


@functools.lru_cache(maxsize=8)
def _sampled_rows(height: int) -> NDArray[np.int64]:
    """Return, for each sample of a cell, the row that is read of each cell."""
    count = min(_ROWS_READ, -(-height // ROWS))
    inside = (np.arange(count) + 0.5) / count
    return ((np.arange(ROWS) + inside[:, None]) * height / ROWS).astype(np.int64)
