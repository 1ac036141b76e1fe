"""Draws of one world, from one stream, a buffer at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_BUFFER = 1 << 14


class Chance:
    """A stream of draws that follows from a seed; a draw from a buffer costs little."""

    def __init__(self, *seed: int) -> None:
        self._rng = np.random.default_rng([*seed, 2_024])
        self._buffer: list[float] = []

    def uniform(self) -> float:
        """Return a number from 0 to 1."""
        if not self._buffer:
            self._buffer = self._rng.random(_BUFFER).tolist()
        return self._buffer.pop()

    def happens(self, probability: float) -> bool:
        """Tell whether something of a probability happens."""
        return self.uniform() < probability

    def below(self, count: int) -> int:
        """Return a whole number from 0 to ``count - 1``."""
        return int(self.uniform() * count)

    def pick(self, values: Sequence[T]) -> T:
        """Return one of the values, each as likely."""
        return values[int(self.uniform() * len(values))]

    def days(self, mean: float) -> int:
        """Return whole days of a wait that is exponential."""
        return int(-np.log1p(-self.uniform()) * mean)

    def token(self, length: int) -> str:
        """Return letters that tell nothing; digits among them might be read as a telephone's."""
        return "".join("abcdefghijkmnopq"[self.below(16)] for _ in range(length))


def zipf(count: int, exponent: float = 1.0) -> tuple[float, ...]:
    """Return the cumulated shares of values whose popularity falls with their rank.

    Notes
    -----
    Shares of hosters, of content systems and of payment services fall about as a power of their
    rank near 1 (Zipf); docs/reference/sources.md, F79.
    """
    shares = np.arange(1, count + 1, dtype=float) ** -exponent
    return tuple((np.cumsum(shares) / shares.sum()).tolist())
