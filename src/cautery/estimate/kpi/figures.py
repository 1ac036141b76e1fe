"""Figures of a sheet: a count, a share, a median, a range, or not measured and what is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cautery.estimate.exact import exact_share
from cautery.messages import message
from cautery.model.message import Message

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure, with how many things it rests on.

    Parameters
    ----------
    kind : str
        ``count``, ``share``, ``median``, ``range`` or ``not measured``.
    n : int or None
        How many things it rests on.
    count : int or None
        Of a count, the number; of a share, how many of the ``n``.
    low, mid, high : float or None
        An interval with its middle. Of a count ``None``: it is complete.
    unit : str
        ``min``, ``h``, ``share``, ``stream-minutes`` or empty.
    coverage : float or None
        Of the interval; ``None``: the bounds are logical, or there are none.
    method : Message or None
        How the interval was made.
    need : Message or None
        Of what is not measured, what it would take.
    """

    kind: str
    n: int | None = None
    count: int | None = None
    low: float | None = None
    mid: float | None = None
    high: float | None = None
    unit: str = ""
    coverage: float | None = None
    method: Message | None = None
    need: Message | None = None

    @property
    def measured(self) -> bool:
        """Whether there is a figure."""
        return self.kind != "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A line of the sheet.

    Parameters
    ----------
    id : str
        Its name for programs, the same in every version.
    label : Message
        What it is.
    of : str
        Of which kind of intermediary, country or step, as a code; empty: of all.
    """

    id: str
    label: Message
    figure: Figure
    of: str = ""


def count(number: int) -> Figure:
    """Return a complete count."""
    return Figure(kind="count", n=number, count=number)


def share(part: int, whole: int, *, need: str = "kpi-need.none-yet") -> Figure:
    """Return a share with its exact 95 % interval; of nothing it is not measured.

    Parameters
    ----------
    need : str
        Id of the message that says what is missing where ``whole`` is zero.
    """
    if not whole:
        return missing(need)
    exact = exact_share(part, whole)
    return Figure(
        kind="share",
        n=whole,
        count=part,
        low=exact.low,
        mid=part / whole,
        high=exact.high,
        unit="share",
        coverage=_CONFIDENCE,
        method=message("kpi-method.exact"),
    )


def median(values: Sequence[float], *, unit: str, need: str = "kpi-need.none-yet") -> Figure:
    """Return a median with its 95 % interval by order statistics; of nothing it is not measured.

    With fewer than six values no two of them enclose the median so often: the interval then is
    from the least to the greatest, without a coverage.
    """
    if not values:
        return missing(need)
    ordered = sorted(values)
    n = len(ordered)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    from scipy.stats import binom  # noqa: PLC0415 - heavy: 0.5 s of CPU

    below = int(binom.ppf((1 - _CONFIDENCE) / 2, n, 0.5))
    enough = binom.cdf(below - 1, n, 0.5) <= (1 - _CONFIDENCE) / 2 and below >= 1
    low, high = (ordered[below - 1], ordered[n - below]) if enough else (ordered[0], ordered[-1])
    return Figure(
        kind="median",
        n=n,
        low=low,
        mid=middle,
        high=high,
        unit=unit,
        coverage=_CONFIDENCE if enough else None,
        method=message("kpi-method.order" if enough else "kpi-method.least-to-greatest"),
    )


def between(low: float, mid: float, high: float, *, n: int, unit: str) -> Figure:
    """Return a range whose ends are logical: at least, at most."""
    return Figure(
        kind="range",
        n=n,
        low=low,
        mid=min(max(mid, low), high),
        high=high,
        unit=unit,
        method=message("kpi-method.logical"),
    )


def missing(need: str) -> Figure:
    """Return that something is not measured, and what it would take."""
    return Figure(kind="not measured", need=message(need))
