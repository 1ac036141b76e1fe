"""Daily series of many services side by side: logs, gaps and zeros, each vantage on one scale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.model.daily import UNKNOWN_MARKET, DailySeries, Measure, consecutive

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LEAST_COMMON_D = 14
"""Days that two vantages must share before one is set on the other's scale; judgement."""
_BELOW_SMALLEST = 0.5
"""A zero is set at half of the smallest value that was ever measured there: it is below it."""
_SENSORS_WORTH = 0.25
"""Squared log steps that the belief counts that values grow with the sensors: four steps of a
fifth to a third; judgement."""
_AROUND_D = 7
_FAR_OFF = 5.0
"""Robust spreads from the median of a fortnight beyond which one day is not fitted; ADR 0084."""


@dataclass(frozen=True, slots=True)
class Column:
    """One service in one market."""

    unit: str
    market: str

    def __str__(self) -> str:
        return f"{self.unit} ({self.market})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Logs of what is used of many services, day by day.

    Parameters
    ----------
    days : tuple of date
        Consecutive.
    columns : tuple of Column
        In the order of the arrays' columns.
    logs : ndarray, shape (days, columns)
        Natural logs, as if the same sensors had reported every day; NaN where nobody measured.
    zeros : ndarray of bool, shape (days, columns)
        Where nothing was seen: ``logs`` has half of the smallest value there.
    sensors : ndarray, shape (days, columns)
        Logs of the sensors that reported, bridged over days on which none did.
    faults : ndarray of bool, shape (days, columns)
        A zero between two days that are none: a fault of the export more often than a day without
        anybody, so it is not measured.
    vantages : tuple of tuple of str
        From where each column was measured.
    left_out : tuple of tuple
        ``(column, vantage)`` of each that shares too few days with the column's main vantage.
    """

    days: tuple[date, ...]
    columns: tuple[Column, ...]
    logs: FloatArray
    zeros: BoolArray
    sensors: FloatArray
    faults: BoolArray
    vantages: tuple[tuple[str, ...], ...]
    left_out: tuple[tuple[Column, str], ...] = ()

    def at(self, day: date) -> int:
        """Return a day's row; below 0 or beyond the last where the panel does not reach."""
        return (day - self.days[0]).days

    def of_unit(self, unit: str) -> tuple[int, ...]:
        """Return the columns of a unit, one for each of its markets."""
        return tuple(place for place, column in enumerate(self.columns) if column.unit == unit)

    def in_markets(self, markets: Iterable[str]) -> tuple[int, ...]:
        """Return the columns of these markets."""
        in_question = frozenset(markets)
        return tuple(
            place for place, column in enumerate(self.columns) if column.market in in_question
        )

    def far_from(self, markets: Iterable[str]) -> tuple[int, ...]:
        """Return the columns of other markets; one whose market is unknown is not known as far."""
        near = {*markets, UNKNOWN_MARKET}
        return tuple(
            place for place, column in enumerate(self.columns) if column.market not in near
        )


def panel_of(series: Sequence[DailySeries]) -> Panel:
    """Set all series that measure a level side by side.

    Several vantages of one service are means of their logs, each on the scale of the one that
    measured most often.

    Raises
    ------
    InputError
        If no series measures a level.
    """
    level = [daily for daily in series if daily.measure is Measure.LEVEL]
    if not level:
        raise InputError(
            "no series measures how much is used",
            hint="An effect needs rows with the measure level, of the service and of others.",
        )
    first = min(daily.days[0] for daily in level)
    count = max((daily.days[-1] - first).days for daily in level) + 1
    by_column: defaultdict[Column, list[DailySeries]] = defaultdict(list)
    for daily in level:
        by_column[Column(daily.unit, daily.market)].append(daily)
    columns = sorted(by_column, key=lambda column: (column.unit, column.market))
    logs, sensors = np.full((2, count, len(columns)), np.nan)
    zeros, faults = np.zeros((2, count, len(columns)), bool)
    vantages, left_out = [], []
    slopes = _growth_with_sensors(level)
    for place, column in enumerate(columns):
        scaled = [_logs(daily, first, count, slopes[daily.vantage]) for daily in by_column[column]]
        logs[:, place], used, too_short = _one_scale(
            by_column[column], [daily[0] for daily in scaled]
        )
        sensors[:, place] = np.mean(
            [_sensors(daily, first, count) for daily in by_column[column]], axis=0
        )
        zeros[:, place] = np.any([daily[1] for daily in scaled], axis=0)
        faults[:, place] = np.any([daily[2] for daily in scaled], axis=0)
        vantages.append(used)
        left_out += [(column, vantage) for vantage in too_short]
    return Panel(
        days=consecutive(first, count),
        columns=tuple(columns),
        logs=logs,
        zeros=zeros,
        sensors=sensors,
        faults=faults,
        vantages=tuple(vantages),
        left_out=tuple(left_out),
    )


def _growth_with_sensors(series: Iterable[DailySeries]) -> dict[str, float]:
    """Return for each vantage the power of the sensors by which its values grow.

    1: twice the sensors count twice as much; 0: its values are per sensor already. Learnt from the
    steps of all services on days on which the sensors changed, drawn towards 1.
    """
    squares: defaultdict[str, float] = defaultdict(lambda: _SENSORS_WORTH)
    products: defaultdict[str, float] = defaultdict(lambda: _SENSORS_WORTH)
    for daily in series:
        values = np.where(daily.values > 0, daily.values, np.nan)
        steps = np.diff(np.log(values))
        sensors = np.diff(np.log(np.maximum(daily.probes, 1)))
        is_step = ~np.isnan(steps) & (sensors != 0)
        squares[daily.vantage] += float(sensors[is_step] @ sensors[is_step])
        products[daily.vantage] += float(sensors[is_step] @ steps[is_step])
    return {
        daily.vantage: min(1.0, max(0.0, products[daily.vantage] / squares[daily.vantage]))
        for daily in series
    }


def _one_scale(
    series: Sequence[DailySeries], logs: Sequence[FloatArray]
) -> tuple[FloatArray, tuple[str, ...], list[str]]:
    """Return the mean of the vantages' logs, the vantages used, and those left out."""
    ranked = sorted(
        zip(series, logs, strict=True),
        key=lambda pair: (-int((~np.isnan(pair[1])).sum()), pair[0].vantage),
    )
    placed: list[FloatArray] = []
    used, too_short = [], []
    for daily, values in ranked:
        shift = 0.0
        if placed:
            common_days = ~np.isnan(values) & ~np.isnan(placed[0])
            if common_days.sum() < LEAST_COMMON_D:
                too_short.append(daily.vantage)
                continue
            shift = float(np.median(values[common_days] - placed[0][common_days]))
        placed.append(values - shift)
        used.append(daily.vantage)
    return mean_known(np.array(placed)), tuple(used), too_short


def mean_known(stacked: FloatArray) -> FloatArray:
    """Return the mean over the first axis of what is known; NaN where nothing is."""
    is_known = ~np.isnan(stacked)
    times = is_known.sum(axis=0)
    total = np.where(is_known, stacked, 0.0).sum(axis=0)
    return np.where(times > 0, total / np.maximum(times, 1), np.nan)


def _sensors(daily: DailySeries, first: date, count: int) -> FloatArray:
    rows = (daily.days[0] - first).days + np.flatnonzero(daily.probes)
    if not rows.size:
        return np.zeros(count)
    return np.interp(np.arange(count), rows, np.log(daily.probes[daily.probes > 0]))


def _logs(
    daily: DailySeries, first: date, count: int, slope: float
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Return logs as of one sensor, zeros, and faults, each of shape (count,)."""
    values, sensors = np.full(count, np.nan), np.ones(count)
    start = (daily.days[0] - first).days
    values[start : start + len(daily.days)] = daily.values
    sensors[start : start + len(daily.days)] = np.maximum(daily.probes, 1)
    zero = values == 0
    above = values > 0
    faults = np.zeros(count, bool)
    faults[1:-1] = zero[1:-1] & above[:-2] & above[2:]
    zero &= ~faults
    values[faults] = np.nan
    # Without a value above zero there is no scale: nothing is known.
    values[zero] = _BELOW_SMALLEST * values[above].min() if above.any() else np.nan
    return np.log(values) - slope * np.log(sensors), zero, faults


def filled(panel: Panel, *, struck: Mapping[int, Sequence[int]]) -> FloatArray:
    """Return logs without gaps or days far off, to be fitted.

    Between two measured days a service runs in step with the others. A single day far from its
    fortnight, as when the service itself failed, would bend the fit: it is bridged too, except
    after a strike, whose first days are meant to be far off.

    Parameters
    ----------
    struck : mapping of int to sequence of int
        By column, the rows on which it was struck.
    """
    logs = panel.logs.copy()
    for place in range(logs.shape[1]):
        first = min((max(0, row) for row in struck.get(place, ())), default=len(logs))
        before = logs[:first, place]  # what comes after a strike says nothing of these days
        before[_far_off(before)] = np.nan
    measured = ~np.isnan(logs)
    level = np.nan_to_num(mean_known(logs))
    unstruck = [place for place in range(logs.shape[1]) if place not in struck]
    day = np.nan_to_num(mean_known((logs - level)[:, unstruck].T))
    whole = np.zeros_like(logs)
    rows = np.arange(len(panel.days))
    for place in range(logs.shape[1]):
        is_known = measured[:, place]
        if is_known.any():
            difference = logs[:, place] - level[place] - day
            whole[:, place] = (
                np.interp(rows, rows[is_known], difference[is_known]) + day + level[place]
            )
    return whole


def _far_off(logs: FloatArray) -> BoolArray:
    """Return which days lie far from the median of the days around them."""
    if not len(logs):
        return np.zeros(0, bool)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(logs, _AROUND_D, constant_values=np.nan), 2 * _AROUND_D + 1
    )
    is_known = ~np.isnan(logs)
    far_off = np.zeros(len(logs), bool)
    if is_known.any():
        apart = np.abs(logs[is_known] - np.nanmedian(around[is_known], axis=1))
        far_off[is_known] = apart > _FAR_OFF * _TO_SIGMA * np.median(apart)
    return far_off


_TO_SIGMA = 1.4826
"""Of a normal distribution, from the median of absolute values to the standard deviation."""
