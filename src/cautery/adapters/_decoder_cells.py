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
_ROWS_READ = 5
"""Of each cell: every second one at 360 lines; changes agree to 0.99 with those of all rows."""
_PICTURES_TOGETHER = 4
"""Reduced by one call each: fewer calls, and what they read is still in the cache (measured, share
of bare decode at 360 lines for one at a time, 4, 8, 16: 0.14, 0.10, 0.12, 0.12)."""
_AHEAD = 64
"""Slots, 5 s, that are remembered of pictures yet to be decoded: more than any codec holds back."""
_WIDEST = 4096
"""Wider pictures than these, which only a bomb has, are not held together."""
Bytes = NDArray[np.uint8]


class Cells:
    """Pictures reduced to 36x64 cell means of luma, at most 12.5 a second by time stamp.

    Planar 8-bit luma is summed over a few rows of each cell; anything else goes through
    swscale's AREA.
    """

    def __init__(self) -> None:
        self._pairs: _Pairs | None = None
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
        """Keep one picture, reduced or to be reduced with those that follow."""
        self.times.append(at_s)
        shape = frame.width, frame.height, frame.format.name
        if shape != self._shape:
            self._settle()
            width, height, _ = self._shape = shape
            fits = width % (2 * COLUMNS) == 0 and width <= _WIDEST and height >= ROWS
            self._pairs = _Pairs(width, height) if fits and _has_plain_luma(frame) else None
        if self._pairs is None:
            self._pictures.append(_reduced(frame))
        elif self._pairs.take(VideoPlane(frame, 0)):
            self._settle()

    def _settle(self) -> None:
        if self._pairs is not None:
            self._pictures += self._pairs.means()

    def pop(self, before_s: float) -> tuple[bytes, bytes, int]:
        """Take out the pictures before a time: luma, their times (float64), how many."""
        self._settle()
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


class _Pairs:
    """Cell means where cells are whole pairs of columns wide: some pictures, eight pixels a time.

    Eight pixels are one number, of four lanes of 16 bits with an even and an odd pixel in each.
    Of some rows' sum T of such numbers and the sum O of their odd pixels, T - 255 O is in each
    lane the sum of both pixels: even + 256 odd - 255 odd, whatever was carried between lanes.
    """

    _ODD, _LOW, _BUT_ONE = np.uint64(8), np.uint64(0x00FF00FF00FF00FF), np.uint64(255)

    def __init__(self, width: int, height: int) -> None:
        rows = _sampled_rows(height)
        self._height, self._eights = height, width // 8
        self._samples, self._rows = len(rows), rows.ravel()
        # What is written is written in place: fresh memory costs as much as the sums.
        self._held = np.empty((_PICTURES_TOGETHER, self._rows.size, self._eights), np.uint64)
        self._both, self._odd = np.empty((2, _PICTURES_TOGETHER, ROWS, self._eights), np.uint64)
        lanes = width // (2 * COLUMNS)
        self._pairs = np.empty((_PICTURES_TOGETHER, ROWS * COLUMNS, lanes), np.float32)
        self._share = np.full(lanes, 1 / (2 * lanes * self._samples), np.float32)
        self._count = 0

    def take(self, plane: Any) -> bool:
        """Copy the rows that are read; tell whether no more pictures can be held."""
        shape, strides = (self._height, self._eights), (plane.line_size, 8)
        eights = np.ndarray(shape, np.uint64, plane, strides=strides)
        eights.take(self._rows, axis=0, out=self._held[self._count], mode="clip")
        self._count += 1
        return self._count == _PICTURES_TOGETHER

    def means(self) -> list[Bytes]:
        """Take out the pictures held, reduced."""
        count, self._count = self._count, 0
        if not count:
            return []
        held = self._held[:count]
        rows = held.reshape(count, self._samples, ROWS, -1)
        both = np.add.reduce(rows, axis=1, out=self._both[:count])
        np.right_shift(held, self._ODD, out=held)
        np.bitwise_and(held, self._LOW, out=held)
        odd = np.add.reduce(rows, axis=1, out=self._odd[:count])
        odd *= self._BUT_ONE
        both -= odd
        pairs = self._pairs[:count]
        pairs.reshape(count, ROWS, -1)[:] = both.view("<u2")
        means = np.rint(pairs @ self._share).astype(np.uint8)
        return list(means.reshape(count, ROWS, COLUMNS))


def _slot_of(at_s: float) -> int:
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
        small = frame.reformat(COLUMNS, ROWS, "gray", interpolation="AREA")
        shrunk: Bytes = small.to_ndarray().reshape(ROWS, COLUMNS).copy()
        return shrunk
    plane = frame.planes[0]
    rows = _sampled_rows(height)
    edges = (np.arange(COLUMNS + 1) * width / COLUMNS).astype(np.int64)
    sizes = (np.diff(edges) * len(rows)).astype(np.float32)
    luma = np.frombuffer(plane, np.uint8, plane.line_size * height)
    shown = luma.reshape(height, plane.line_size)[rows.T.ravel(), :width].reshape(ROWS, -1, width)
    bands = np.add.reduce(shown, axis=1, dtype=np.uint16)
    cells = np.add.reduceat(bands, edges[:-1], axis=1, dtype=np.float32) / sizes
    rounded: Bytes = np.rint(cells).astype(np.uint8)
    return rounded


@functools.lru_cache(maxsize=8)
def _sampled_rows(height: int) -> NDArray[np.int64]:
    """Return, for each sample of a cell, the row that is read of each cell."""
    count = min(_ROWS_READ, -(-height // ROWS))
    inside = (np.arange(count) + 0.5) / count
    return ((np.arange(ROWS) + inside[:, None]) * height / ROWS).astype(np.int64)
