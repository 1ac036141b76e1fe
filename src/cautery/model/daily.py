"""What is seen of a service day by day, and the strikes against it.

No noun here has a place for what is true: a series holds what somebody measured, and from where.
What the lab knows of its own world stays in a file apart (:mod:`cautery.lab.daily`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.model.times import require_utc

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

UNKNOWN_MARKET = "XX"
"""A market that nobody knows; ISO 3166-1 leaves this code to its users."""
LONGEST_NAME = 200
"""Letters of a unit's, a vantage's or an entity's name; a domain has 253 at most, few have 60."""
_MARKET = re.compile(r"[A-Z]{2}")
_NOT_ISO = {"UK": "GB", "EL": "GR"}
"""In use, but not ISO 3166-1: two spellings of one market would split it in two."""


class Measure(StrEnum):
    """What a daily value measures."""

    LEVEL = "level"
    """How much is used, on any positive scale: look-ups at a sampled resolver, flows, visits."""
    SERVED = "served"
    """Share of the offered streams that our probes saw served, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailySeries:
    """What one vantage measured of one unit in one market, day by day.

    Parameters
    ----------
    unit : str
        The service, network or name that is measured; without spaces.
    market : str
        Country of the users, ISO 3166-1 alpha-2, or ``XX``: unknown.
    measure : Measure
        What the values are.
    days : tuple of date
        Consecutive; a day that nobody measured is among them.
    values : ndarray, shape (days,), float64
        NaN where nobody measured; zero is a measurement like any other.
    probes : ndarray, shape (days,), int64
        Measurements that the day's value rests on: probes sent (``served``), or sensors that
        reported (``level``); 0 where nobody measured.
    vantage : str
        From where it was measured.

    Raises
    ------
    InputError
        If the days are not consecutive, shapes differ, or a value is not possible.
    """

    unit: str
    market: str
    measure: Measure
    days: tuple[date, ...]
    values: FloatArray
    probes: IntArray
    vantage: str

    def __post_init__(self) -> None:
        require_name("unit", self.unit)
        require_market(self.market)
        require_text("vantage", self.vantage)
        count = len(self.days)
        if not count:
            raise InputError(f"{self.unit}: a series of no day")
        if (self.days[-1] - self.days[0]).days != count - 1 or any(
            later <= earlier for earlier, later in zip(self.days, self.days[1:], strict=False)
        ):
            raise InputError(f"{self.unit}: the days of a series must follow each other")
        if self.values.shape != (count,) or self.probes.shape != (count,):
            raise InputError(
                f"{self.unit}: {count} days, but {self.values.shape} values and "
                f"{self.probes.shape} probes"
            )
        measured = self.values[~np.isnan(self.values)]
        largest = 1.0 if self.measure is Measure.SERVED else np.inf
        if not np.isfinite(measured).all() or (measured < 0).any() or (measured > largest).any():
            raise InputError(f"{self.unit}: a {self.measure} value is negative or too large")
        if (self.probes < 0).any() or ((self.probes == 0) != np.isnan(self.values)).any():
            raise InputError(f"{self.unit}: a day has a value if, and only if, somebody measured")
        self.values.setflags(write=False)
        self.probes.setflags(write=False)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which days somebody measured, shape (days,)."""
        return ~np.isnan(self.values)

    def at(self, day: date) -> int:
        """Return a day's place in the series; below 0 before it begins, past the end after it."""
        return (day - self.days[0]).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """An act against one unit or several at one moment.

    Parameters
    ----------
    units : tuple of str
        As the series name them.
    at : datetime
        When it took hold, in UTC.
    what : str
        In words, such as ``seizure of panels``.
    """

    units: tuple[str, ...]
    at: datetime
    what: str

    def __post_init__(self) -> None:
        require_utc("strike", self.at)
        if not self.units:
            raise InputError("a strike names no unit")
        for unit in self.units:
            require_name("unit", unit)
        if len(set(self.units)) < len(self.units):
            raise InputError(f"a strike names {self.units[0][:40]!r} or another unit twice")
        require_text("what", self.what)


def consecutive(first: date, count: int) -> tuple[date, ...]:
    """Return so many days from the first one on.

    Examples
    --------
    >>> [day.isoformat() for day in consecutive(date(2024, 2, 28), 3)]
    ['2024-02-28', '2024-02-29', '2024-03-01']
    """
    return tuple(first + timedelta(days=number) for number in range(count))


def require_market(market: str) -> None:
    """Refuse what is no market.

    Raises
    ------
    InputError
        If it is not two capital letters, or is a code that ISO 3166-1 spells otherwise.
    """
    if not _MARKET.fullmatch(market):
        raise InputError(
            f"market {market[:40]!r}: must be two capital letters (ISO 3166-1 alpha-2)",
            hint=f"Write {UNKNOWN_MARKET} where the market is unknown.",
        )
    if (iso := _NOT_ISO.get(market)) is not None:
        raise InputError(f"market {market!r}: the code in ISO 3166-1 is {iso}")


def require_name(field: str, name: str) -> None:
    """Refuse a name that is empty, has spaces or cannot be shown.

    Raises
    ------
    InputError
        If so, or if it is longer than :data:`LONGEST_NAME`.
    """
    require_text(field, name)
    if " " in name:
        raise InputError(f"{field} {name[:40]!r}: a name has no spaces")


def require_text(field: str, text: str) -> None:
    """Refuse text that is empty, too long, or has signs that cannot be shown.

    Raises
    ------
    InputError
        If so.
    """
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise InputError(
            f"{field} {text[:40]!r}: must have 1 to {LONGEST_NAME} letters, all of them printable"
        )
