"""How many watched, minute by minute, as intervals, and the viewings they hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Triple:
    """A 90 % interval with its middle: ``0 <= low <= mid <= high``, finite."""

    low: float
    mid: float
    high: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.low, self.mid, self.high))):
            raise InputError("an interval must be of finite numbers")
        if not 0 <= self.low <= self.mid <= self.high:
            raise InputError(
                f"{self.low:g}, {self.mid:g}, {self.high:g}: an interval must be low, middle and "
                "high, none of them negative"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Who watched one event on one channel, minute by minute.

    Parameters
    ----------
    minutes : ndarray, shape (minutes,), int
        Ascending; one that is not here was not measured.
    low, mid, high : ndarray, shape (minutes,), float
        Viewers: a 90 % interval and its middle.
    """

    event: str
    channel: str
    minutes: NDArray[np.int64]
    low: FloatArray
    mid: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, event: str, channel: str, rows: Iterable[tuple[int, float, float, float]]) -> Self:
        """Return a curve of rows ``minute, low, mid, high`` in any order.

        Raises
        ------
        InputError
            If there is none, a minute stands twice, or an interval cannot be.
        """
        table = sorted(rows)
        if not table:
            raise InputError(f"{event}, {channel}: no minute")
        minutes = np.array([row[0] for row in table], dtype=np.int64)
        twice = minutes[1:][minutes[1:] == minutes[:-1]]
        if len(twice):
            raise InputError(f"{event}, {channel}: minute {twice[0]} occurs twice")
        values = np.array([row[1:] for row in table], dtype=np.float64)
        low, mid, high = values.T
        if not np.isfinite(values).all() or not ((low >= 0) & (low <= mid) & (mid <= high)).all():
            raise InputError(f"{event}, {channel}: viewers must be low <= mid <= high, and finite")
        return cls(event=event, channel=channel, minutes=minutes, low=low, mid=mid, high=high)

    @property
    def unmeasured(self) -> int:
        """Minutes between the first and the last that nobody measured."""
        return int(self.minutes[-1] - self.minutes[0]) + 1 - len(self.minutes)

    @property
    def average(self) -> Triple:
        """Viewers of the mean measured minute: as many viewings if each watched all of it."""
        return Triple(*(float(values.mean()) for values in (self.low, self.mid, self.high)))

    @property
    def peak(self) -> Triple:
        """Viewers of the fullest minute: as many people watched at least."""
        return Triple(*(float(values.max()) for values in (self.low, self.mid, self.high)))


def scaled(curve: Curve, by: Triple) -> Curve:
    """Return a curve of streams as one of viewers, with so many viewers a stream.

    The ends are multiplied with each other: nobody knows whether both err together, so the
    interval is the wider one.
    """
    return Curve(
        event=curve.event,
        channel=curve.channel,
        minutes=curve.minutes,
        low=curve.low * by.low,
        mid=curve.mid * by.mid,
        high=curve.high * by.high,
    )
