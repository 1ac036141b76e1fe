"""The world's series with its strikes marked, drawn from its sources alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.drawing.figure import (
    BLUE,
    GRID,
    INK,
    OCHRE,
    QUIET,
    TEAL,
    bare,
    empty_figure,
    in_style,
    written,
)
from cautery.lab.daily.spec import DailySources
from cautery.model.daily import DailySeries, Measure, Strike

FloatArray = NDArray[np.float64]

MOST_STRIKES = 4
"""Strikes that have a row of the picture; the first ones."""
_BEFORE_D, _AFTER_D, _USUAL_D = 100, 95, 60
_WEEK = 7


def picture(sources: DailySources) -> str:
    """Draw a row for each of the first strikes: what is used, and what our probes see served.

    Returns
    -------
    str
        One SVG document, the same bytes for the same sources.
    """
    strikes: Sequence[Strike | None] = sources.strikes[:MOST_STRIKES] or (None,)
    with in_style():
        high = 0.75 + 2.6 * len(strikes)
        figure = empty_figure(11.0, high)
        figure.text(
            0.02,
            1 - 0.3 / high,
            "LAB: a daily world, as its vantages see it",
            size=13,
            weight="bold",
        )
        figure.text(
            0.02,
            0.14 / high,
            "Index: look-ups a sensor, mean of a week, geometric mean of the networks, 100 in the "
            "60 days before. Dots: days. Gaps: nobody measured.",
            size=8,
            color=QUIET,
        )
        for number, strike in enumerate(strikes):
            bottom = (high - 0.62 - 2.6 * (number + 1) + 0.55) / high
            level = figure.add_axes((0.06, bottom, 0.50, 1.75 / high))
            _levels(level, sources.series, strike)
            served = figure.add_axes((0.64, bottom, 0.33, 1.75 / high))
            _served(served, sources.series, strike)
        return written(figure, "svg").decode()


def _levels(axes: Any, series: Sequence[DailySeries], strike: Strike | None) -> None:
    rows = [row for row in series if row.measure is Measure.LEVEL]
    struck, near, far = _sides(rows, strike)
    title = "All networks" if strike is None else f"{', '.join(strike.units)}: {strike.what}"
    _styled(axes, rows[0], strike, title)
    for group, colour, label, width in (
        (far, QUIET, "far markets", 1.3),
        (near, BLUE, "same markets", 1.5),
        (struck, OCHRE, "struck", 2.2),
    ):
        if not group:
            continue
        index = _index(group, strike)
        days = np.array(group[0].days, dtype="datetime64[D]")
        if group is struck:
            axes.plot(days, index, ".", ms=2.5, color=colour, alpha=0.45)
        axes.plot(
            days, _weekly(index, cut=_place(group[0], strike)), color=colour, lw=width, label=label
        )
    axes.set_yscale("log")
    axes.set_yticks([25, 50, 100, 200], ["25", "50", "100", "200"])
    axes.minorticks_off()
    axes.set_ylim(18, 330)
    if strike is not None:
        axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower left", labelcolor=INK)


def _served(axes: Any, series: Sequence[DailySeries], strike: Strike | None) -> None:
    rows = [row for row in series if row.measure is Measure.SERVED]
    struck = [row for row in rows if strike is None or row.unit in strike.units]
    _styled(axes, rows[0], strike, "Served, by our probes")
    for row in struck[:MOST_STRIKES]:
        days = np.array(row.days, dtype="datetime64[D]")
        axes.plot(days, 100 * row.values, ".", ms=2.5, color=TEAL, alpha=0.5)
        axes.plot(days, 100 * _weekly(row.values, cut=_place(row, strike)), color=TEAL, lw=1.4)
    axes.set_ylim(0, 103)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])


def _sides(
    rows: Sequence[DailySeries], strike: Strike | None
) -> tuple[list[DailySeries], list[DailySeries], list[DailySeries]]:
    if strike is None:
        return [], [], list(rows)
    struck = [row for row in rows if row.unit in strike.units]
    markets = {row.market for row in struck}
    unstruck = [row for row in rows if row.unit not in strike.units]
    near = [row for row in unstruck if row.market in markets]
    touched = {row.unit for row in near}
    return struck, near, [row for row in unstruck if row.unit not in touched]


def _index(rows: Sequence[DailySeries], strike: Strike | None) -> FloatArray:
    """Return the geometric mean of series by day, 100 in the days before the strike."""
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a day on which all vantages were down
        logs = np.stack([np.log(row.values / row.probes) for row in rows])
        logs[~np.isfinite(logs)] = np.nan
        end = logs.shape[1] if strike is None else rows[0].at(strike.at.date())
        usual = np.nanmean(logs[:, max(0, end - _USUAL_D) : end], axis=1, keepdims=True)
        return np.asarray(100 * np.exp(np.nanmean(logs - usual, axis=0)))


def _weekly(values: FloatArray, *, cut: int) -> FloatArray:
    """Return the mean of a week around each day, of what was measured; none crosses the strike."""
    mean = np.full(len(values), np.nan)
    for side in (slice(0, cut), slice(cut, len(values))):
        measured = np.isfinite(values[side])
        if len(measured) < _WEEK:
            continue
        total = np.convolve(np.where(measured, values[side], 0.0), np.ones(_WEEK), "same")
        count = np.convolve(measured.astype(float), np.ones(_WEEK), "same")
        np.divide(total, count, out=mean[side], where=count > _WEEK // 2)
    return mean


def _place(row: DailySeries, strike: Strike | None) -> int:
    """Return the day at which a strike parts a series: its own."""
    return 0 if strike is None else row.at(strike.at.date())


def _styled(axes: Any, row: DailySeries, strike: Strike | None, title: str) -> None:
    from matplotlib import dates  # noqa: PLC0415 - as in figure.py

    axes.set_title(title[:90], size=10, weight="bold", loc="left", color=INK)
    axes.grid(axis="y", color=GRID, lw=0.8)
    bare(axes, "top", "right")
    axes.tick_params(labelsize=8.5, length=3)
    if strike is None:
        axes.set_xlim(row.days[0], row.days[-1])
    else:
        day = strike.at.date()
        axes.axvline(strike.at.replace(tzinfo=None), color=INK, lw=1.0, ls=(0, (4, 2)))
        axes.set_xlim(day - timedelta(days=_BEFORE_D), day + timedelta(days=_AFTER_D))
    marks: Any = dates
    locator = marks.MonthLocator(interval=2 if strike is None else 1)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(marks.ConciseDateFormatter(locator))
