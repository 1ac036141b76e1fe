"""Inside the decoder's child: pictures become 36x64 cell means of luma."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 36, 64
PICTURES_PER_S = 12.5
_ROWS_READ = 5
"""Of each cell: every second one at 360 lines; changes agree to 0.99 with those of all rows."""
_PICTURES_TOGETHER = 4
"""Reduced by one call each: fewer calls, and what they read is still in the cache (measured, share
of bare decode at 360 lines for one at a time, 4, 8, 16: 0.14, 0.10, 0.12, 0.12)."""
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
        self._slot: int | None = None
        self._pictures: list[Bytes] = []
        self.times: list[float] = []

    def wants(self, at_s: float) -> bool:
        """Tell whether the slot of this time is still free."""
        slot = math.floor(at_s * PICTURES_PER_S + 1e-3)
        if self._slot is not None and slot <= self._slot:
            return False
        self._slot = slot
        return True

    def take(self, frame: Any, at_s: float) -> None:
        """Keep one picture, reduced or to be reduced with those that follow."""
        self.times.append(at_s)
        width, height = frame.width, frame.height
        pairs = width % (2 * COLUMNS) == 0 and width <= _WIDEST and height >= ROWS
        if not pairs or not _has_plain_luma(frame):
            self._settle()
            self._pictures.append(_reduced(frame))
            return
        if self._pairs is None or (width, height) != self._pairs.size:
            self._settle()
            self._pairs = _Pairs(width, height)
        if self._pairs.take(frame.planes[0]):
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


class _Pairs:
    """Cell means where cells are whole pairs of columns wide: some pictures, eight pixels a time.

    Eight pixels are one number, of four lanes of 16 bits with an even and an odd pixel in each.
    Of some rows' sum T of such numbers and the sum O of their odd pixels, T - 255 O is in each
    lane the sum of both pixels: even + 256 odd - 255 odd, whatever was carried between lanes.
    """

    _ODD, _LOW, _BUT_ONE = np.uint64(8), np.uint64(0x00FF00FF00FF00FF), np.uint64(255)

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        rows = _sampled_rows(height)
        self._samples, self._rows = len(rows), rows.ravel()
        self._held = np.empty((_PICTURES_TOGETHER, self._rows.size, width // 8), np.uint64)
        self._count = 0
        lanes = width // (2 * COLUMNS)
        self._share = np.full(lanes, 1 / (2 * lanes * self._samples), np.float32)

    def take(self, plane: Any) -> bool:
        """Copy the rows that are read; tell whether no more pictures can be held."""
        width, height = self.size
        luma = np.frombuffer(plane, np.uint8, plane.line_size * height).reshape(height, -1)
        eights = luma[:, :width].view(np.uint64)
        np.take(eights, self._rows, axis=0, out=self._held[self._count], mode="clip")
        self._count += 1
        return self._count == _PICTURES_TOGETHER

    def means(self) -> list[Bytes]:
        """Take out the pictures held, reduced."""
        count, self._count = self._count, 0
        if not count:
            return []
        held = self._held[:count].reshape(count, self._samples, -1)
        both = np.add.reduce(held, axis=1)
        np.right_shift(held, self._ODD, out=held)
        np.bitwise_and(held, self._LOW, out=held)
        odd = np.add.reduce(held, axis=1)
        odd *= self._BUT_ONE
        both -= odd
        pairs = both.view("<u2").astype(np.float32).reshape(-1, len(self._share))
        means = np.rint(pairs @ self._share).astype(np.uint8)
        return list(means.reshape(count, ROWS, COLUMNS))


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
