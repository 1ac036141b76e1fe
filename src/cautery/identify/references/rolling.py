"""Values on an even grid of time, of which only the newest are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_MOST_PIECES = 64
"""A feed with more gaps than this within its window keeps what follows the oldest of them."""


class Rolling:
    """Pieces of values without gaps within; the last one grows.

    What was given out is never written again, so that a reader needs no lock.

    Parameters
    ----------
    pieces : iterable of (int, ndarray)
        (grid number of the first value, values), rising; they may be mapped from a file.
    """

    def __init__(self, pieces: Iterable[tuple[int, Array]] = ()) -> None:
        self._closed: list[tuple[int, Array]] = list(pieces)[-_MOST_PIECES:]
        self._first = 0
        self._used = 0
        self._start = 0
        self._room: Array | None = None

    @property
    def end(self) -> int | None:
        """Grid number after the newest value; ``None`` when nothing is held."""
        if self._room is not None:
            return self._first + self._used - self._start
        return self._closed[-1][0] + len(self._closed[-1][1]) if self._closed else None

    def put(self, first: int, values: Array) -> tuple[int, Array]:
        """Add values from ``first`` on; those already held stay as they are. Return what was new.

        Values from before the newest ones' window begin anew: the axis was set back.
        """
        end = self.end
        if end is not None and first < end:
            if first + len(values) > end and end - first <= len(values):
                first, values = end, values[end - first :]
            elif first + len(values) <= end and self._holds(first):
                return end, values[:0]
            else:
                self._closed, self._room, end = [], None, None
        if not len(values):
            return first, values
        if end != first or self._room is None:
            self._close()
            self._first, self._used, self._start = first, 0, 0
            self._room = np.empty((max(64, 2 * len(values)), *values.shape[1:]), values.dtype)
        self._grown(len(values))[...] = values
        return first, values

    def adopt(self, first: int, values: Array) -> None:
        """Hold values from ``first`` on, after all that is held, without a copy of them."""
        self._close()
        self._closed.append((first, values))

    def drop(self, before: int) -> None:
        """Forget values before a grid number; pieces mapped from a file go as wholes."""
        self._closed = [piece for piece in self._closed if piece[0] + len(piece[1]) > before]
        count = self._used - self._start
        dropped = min(max(0, before - self._first), count)
        self._first, self._start = self._first + dropped, self._start + dropped
        if self._room is not None and self._start == self._used:
            self._room = None

    def pieces(self) -> list[tuple[int, Array]]:
        """Return (grid number of the first value, values), rising."""
        if self._room is None:
            return list(self._closed)
        return [*self._closed, (self._first, self._room[self._start : self._used])]

    def _holds(self, number: int) -> bool:
        return any(first <= number < first + len(values) for first, values in self.pieces())

    def _close(self) -> None:
        self._closed = self.pieces()[-_MOST_PIECES + 1 :]
        self._room = None

    def _grown(self, count: int) -> Array:
        """Return room for ``count`` more values at the end, elsewhere if need be."""
        room = self._room
        assert room is not None
        length = self._used - self._start
        if self._used + count > len(room):
            # 1.25: a full window is moved every quarter of a window, at 1.25 times its memory.
            moved = np.empty((max(64, int(1.25 * (length + count))), *room.shape[1:]), room.dtype)
            moved[:length] = room[self._start : self._used]
            self._room, self._start, self._used = moved, 0, length
            room = moved
        self._used += count
        return room[self._used - count : self._used]
