"""Forecast each day to come with its interval, and try the same on every day of the past.

Each past day is forecast again from what was known before it, as many days ahead as the day to
come: from those trials the intervals learn. So no number rests on a day behind its origin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.estimate.forecast.conformal import AdaptiveIntervals
from cautery.estimate.forecast.model import LOOKS_BACK, Fitted, fit
from cautery.estimate.forecast.predictive import Predictive
from cautery.estimate.forecast.traits import DayTraits, traits_of
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.model.message import Message
from cautery.model.preparation import Match

FloatArray = NDArray[np.float64]
Matches = Mapping[date, Sequence[Match]]

FEWEST_DAYS = 28
"""Measured days: with fewer, some weekday was seen less than four times."""
SHORT_DAYS = 60
"""With fewer measured days, intervals rest on the model more than on its misses."""
FARTHEST = 60
"""Days ahead at most."""
COVERAGE = 0.9
_BEGINS = 21
"""Days before the first trial: three weeks."""
_TRIALS = 240
"""Latest trials that intervals learn from; older ones have no weight left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayForecast:
    """One day as it was forecast.

    Parameters
    ----------
    day : date
        The day.
    ahead : int
        How many days before it the last known day was.
    estimate : Estimate
        Its level, with a 90 % interval.
    chance_loud : float
        Chance that it is a loud day; 0 where the series knows one level only.
    """

    day: date
    ahead: int
    estimate: Estimate
    chance_loud: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A past day, forecast from the days before it, and what came.

    Parameters
    ----------
    log_error : float
        Log of what came over what was forecast, after 1 (or the smallest level) was added to both.
    width : float
        The interval's width in the same logs.
    """

    forecast: DayForecast
    came: float
    held: bool
    log_error: float
    width: float


def forecast(
    series: DailySeries, *, days: int = 7, matches: Matches | None = None
) -> tuple[DayForecast, ...]:
    """Forecast the days behind a series.

    Parameters
    ----------
    days : int
        How many, at most :data:`FARTHEST`.
    matches : mapping of date to sequence of Match, or None
        Of each day, past ones as well as those to come; ``None``: no calendar.

    Raises
    ------
    InputError
        If the series is a share, or has too few measured days.
    """
    _Past.require(series, days)
    past = _Past(series, days, matches)
    day_forecasts: list[DayForecast] = []
    for ahead in range(1, days + 1):
        intervals = AdaptiveIntervals(coverage=COVERAGE)
        for _ in past.trials(ahead, intervals):
            pass
        predictive = past.predictive(len(series.days) - 1, ahead)
        day_forecasts.append(past.said(predictive, len(series.days) - 1, ahead, intervals))
    return tuple(day_forecasts)


def trials(
    series: DailySeries,
    *,
    ahead: int,
    matches: Matches | None = None,
    latest: int | None = None,
) -> tuple[Trial, ...]:
    """Forecast each past day so many days ahead, from what was known then.

    Parameters
    ----------
    latest : int or None
        So many of the last origins are tried; ``None``: all.

    Raises
    ------
    InputError
        As :func:`forecast` does.
    """
    _Past.require(series, ahead)
    past = _Past(series, ahead, matches)
    return tuple(past.trials(ahead, AdaptiveIntervals(coverage=COVERAGE), latest=latest))


class _Past:
    """A series in logs, with what is known of its days and of those to come."""

    def __init__(self, series: DailySeries, days: int, matches: Matches | None) -> None:
        self._series = series
        first_values = series.values[: max(FEWEST_DAYS, _BEGINS)]
        positive = first_values[first_values > 0]
        self._unit = float(min(1.0, positive.min(initial=1.0)))
        self._logs = np.log1p(series.values / self._unit)
        every_day = consecutive(series.days[0], len(series.days) + days)
        self._kinds: DayTraits = traits_of(every_day, matches)
        self._every_day = every_day
        count = int(series.measured.sum())
        self._fitted: dict[int, Fitted] = {}
        self._note: Message | None = (
            message("forecast.short", days=count) if count < SHORT_DAYS else None
        )

    @staticmethod
    def require(series: DailySeries, days: int) -> None:
        """Refuse a series that cannot be forecast."""
        if not 1 <= days <= FARTHEST:
            raise InputError(f"{days} days: a forecast reaches 1 to {FARTHEST} days ahead")
        if series.measure is not Measure.LEVEL:
            raise InputError(
                f"{series.unit}: shares that were served are no demand",
                hint="Give a series of the measure level: look-ups, visits, addresses of a list.",
            )
        count = int(series.measured.sum())
        if count < FEWEST_DAYS:
            raise InputError(
                f"{series.unit}: {count} measured days, fewer than {FEWEST_DAYS}",
                hint="A forecast needs each weekday four times.",
            )

    def trials(
        self, ahead: int, intervals: AdaptiveIntervals, *, latest: int | None = _TRIALS
    ) -> Iterator[Trial]:
        """Yield the trials, by day; the intervals learn from each when its day has come."""
        last = len(self._logs) - 1
        first = _BEGINS if latest is None else max(_BEGINS, last - ahead - latest)
        waiting: list[tuple[int, Predictive, bool]] = []
        for origin in range(first, last + 1):
            while waiting and waiting[0][0] <= origin:
                day, predictive, held = waiting.pop(0)
                intervals.learn(predictive, day, self._logs[day], held=held)
            day = origin + ahead
            if day > last or np.isnan(self._logs[day]) or not self._seen(origin):
                continue
            predictive = self.predictive(origin, ahead)
            day_forecast = self.said(predictive, origin, ahead, intervals)
            came = float(self._series.values[day])
            held = day_forecast.estimate.low <= came <= day_forecast.estimate.high
            waiting.append((day, predictive, held))
            edges = np.log1p(
                np.array([day_forecast.estimate.low, day_forecast.estimate.high]) / self._unit
            )
            yield Trial(
                forecast=day_forecast,
                came=came,
                held=held,
                log_error=float(self._logs[day] - np.log1p(day_forecast.estimate.mid / self._unit)),
                width=float(edges[1] - edges[0]),
            )

    def predictive(self, origin: int, ahead: int) -> Predictive:
        """Return what a day may bring by what the days up to an origin say."""
        fitted = self._fitted.get(origin)
        if fitted is None:
            first = max(0, origin + 1 - LOOKS_BACK)
            rows = np.arange(first, origin + 1)
            fitted = fit(self._logs[first : origin + 1], self._kinds.take(rows))
            self._fitted[origin] = fitted
        return fitted.day(self._kinds.take(np.array([origin + ahead])))

    def said(
        self, predictive: Predictive, origin: int, ahead: int, intervals: AdaptiveIntervals
    ) -> DayForecast:
        """Return a day's forecast in the series' own unit."""
        low, high = intervals.interval(predictive, origin)
        middle = min(max(predictive.middle, low), high)
        level = [max(0.0, float(self._unit * np.expm1(log))) for log in (low, middle, high)]
        return DayForecast(
            day=self._every_day[origin + ahead],
            ahead=ahead,
            estimate=Estimate(
                quantity=message("quantity.level-of", unit=self._series.unit),
                unit="level",
                low=level[0],
                mid=level[1],
                high=level[2],
                method=message("method.forecast"),
                coverage=COVERAGE,
                note=self._note,
            ),
            chance_loud=predictive.chance_loud,
        )

    def _seen(self, origin: int) -> bool:
        first = max(0, origin + 1 - LOOKS_BACK)
        return int((~np.isnan(self._logs[first : origin + 1])).sum()) >= _BEGINS // 2
