"""Figures as they may be printed: an interval with its bounds, and the four to six on top."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cautery.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A quantity as it may be printed: never without its bounds.

    Parameters
    ----------
    low, mid, high : float
        Finite, and in this order.
    unit : str
        ``users``, ``EUR/month``; empty for a bare count.
    coverage : float or None
        Nominal probability, 0.9 or 0.99; ``None`` when the bounds are logical.
    """

    low: float
    mid: float
    high: float
    unit: str = ""
    coverage: float | None = 0.9

    def __post_init__(self) -> None:
        if not all(math.isfinite(bound) for bound in (self.low, self.mid, self.high)):
            raise InputError(f"interval in {self.unit or 'counts'}: its bounds are finite")
        if not self.low <= self.mid <= self.high:
            raise InputError(f"interval: {self.low} <= {self.mid} <= {self.high} is false")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One of the four to six figures on top: an estimate (``interval``) or a count (``value``).

    ``note`` says what it is out of, or how it was had.
    """

    label: str
    value: float | None = None
    unit: str = ""
    interval: Interval | None = None
    note: str = ""
