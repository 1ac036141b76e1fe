"""What time it is, by what the references say of themselves: no single one moves it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 4
"""A reference that was silent while the others spoke this many times each has no say."""
_EXACT = 64
"""So many speakers are asked anew each time; with more, after a sixteenth of them spoke."""


class Claims:
    """The newest time that each live reference claims.

    Parameters
    ----------
    count : int
        References, works among them, which never claim.
    """

    def __init__(self, count: int) -> None:
        self._end_s = np.full(count, -np.inf)
        self._spoke = np.full(count, -1, np.int64)
        self._now = 0
        self._speakers = 0
        self._medians: tuple[int, tuple[float | None, float | None]] = (-1, (None, None))

    def claim(self, number: int, end_s: float) -> None:
        """Note what a reference claims, believed or not."""
        self._now += 1
        self._speakers += self._spoke[number] < 0
        self._end_s[number] = end_s
        self._spoke[number] = self._now

    def others_s(self, number: int) -> float | None:
        """Return a time that at least half of the others have reached; ``None``: nobody else."""
        if self._speakers > _EXACT:
            return self.agreed_s()[0]
        return _middles(self._recent(without=number))[0]

    def agreed_s(self) -> tuple[float | None, float | None]:
        """Return the lower and the upper median of what those who speak claim."""
        if self._speakers <= _EXACT:
            return _middles(self._recent())
        at, medians = self._medians
        if at < 0 or self._now - at > self._speakers // 16:
            medians = _middles(self._recent())
            self._medians = self._now, medians
        return medians

    def _recent(self, *, without: int = -1) -> NDArray[np.float64]:
        recent = (self._spoke > 0) & (self._spoke > self._now - _ROUNDS * self._speakers - 16)
        if without >= 0:
            recent[without] = False
        return self._end_s[recent]


def _middles(ends_s: NDArray[np.float64]) -> tuple[float | None, float | None]:
    if not len(ends_s):
        return None, None
    lower, upper = (len(ends_s) - 1) // 2, len(ends_s) // 2
    sorted_s = np.partition(ends_s, (lower, upper))
    return float(sorted_s[lower]), float(sorted_s[upper])
