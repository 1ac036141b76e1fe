"""The past of each series, its days to come, and their band, as one SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.drawing.escaping import clean
from cautery.drawing.figure import (
    GRID,
    INK,
    OCHRE,
    PALE_TEAL,
    QUIET,
    TEAL,
    bare,
    empty_figure,
    in_style,
    written,
)
from cautery.errors import InputError
from cautery.estimate.forecast.ahead import DayForecast
from cautery.messages import tr
from cautery.model.daily import DailySeries

FloatArray = NDArray[np.float64]

MOST_PANELS = 8
_PAST_DAYS = 70
_PANEL_IN, _HEAD_IN, _FOOT_IN, _GAP_IN, _WIDE_IN = 2.1, 0.75, 0.65, 0.62, 9.2


def forecast_plot(ahead: Sequence[tuple[DailySeries, Sequence[DayForecast]]]) -> str:
    """Draw a panel for each series: ten weeks of its past, and the days to come.

    Returns
    -------
    str
        One SVG document, the same bytes for the same input.

    Raises
    ------
    InputError
        If nothing is there to draw.
    """
    panels = list(ahead)[:MOST_PANELS]
    if not panels:
        raise InputError("nothing to draw: there is no series")
    high = _HEAD_IN + _FOOT_IN + len(panels) * (_PANEL_IN + _GAP_IN) - _GAP_IN
    with in_style():
        figure = empty_figure(_WIDE_IN, high)
        figure.text(
            0.025, 1 - 0.3 / high, tr("What comes next"), size=13, weight="bold", va="center"
        )
        top = high - _HEAD_IN
        for series, days in panels:
            box = (0.085, (top - _PANEL_IN) / high, 0.885, _PANEL_IN / high)
            _panel(figure.add_axes(box), series, days)
            top -= _PANEL_IN + _GAP_IN
        figure.text(
            0.025,
            0.2 / high,
            tr("Line: what was measured. Bars: 90 %% interval of each day to come. Log scale."),
            size=8,
            color=QUIET,
            va="center",
        )
        return written(figure, "svg").decode()


def _panel(axes: Any, series: DailySeries, days: Sequence[DayForecast]) -> None:
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - heavy: only pictures need it

    past = series.days[-_PAST_DAYS:]
    past_values = series.values[-_PAST_DAYS:]
    low = np.array([day.estimate.low for day in days])
    mid = np.array([day.estimate.mid for day in days])
    upper = np.array([day.estimate.high for day in days])
    at_past = np.arange(-len(past) + 1, 1)
    at = np.array([day.ahead for day in days])
    axes.set_title(
        clean(f"{series.unit} ({series.market})", 80),
        loc="left",
        size=9.5,
        color=INK,
        weight="bold",
    )
    bare(axes, "top", "right")
    highest = 1.6 * max(upper.max(), np.nanmax(past_values, initial=0))
    lowest = min(low.min(), np.nanmin(past_values, initial=np.inf))
    if lowest > 2 * _linear_to(past_values):
        axes.set_yscale("log")
        axes.set_ylim(lowest / 1.6, highest)
    else:
        axes.set_yscale("symlog", linthresh=_linear_to(past_values), linscale=0.4)
        axes.set_ylim(0, max(highest, 1.0))
    axes.bar(at, upper - low, bottom=low, width=0.8, color=PALE_TEAL, zorder=2)
    axes.plot(at_past, past_values, color=QUIET, linewidth=1.1, zorder=3)
    axes.scatter(at_past, past_values, s=5, color=QUIET, zorder=3)
    axes.scatter(at, mid, s=22, color=TEAL, zorder=4)
    axes.axvline(0.5, color=OCHRE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    axes.set_xlim(at_past[0] - 1, at[-1] + 1)
    mondays = [
        (int(place), day)
        for place, day in zip((*at_past, *at), (*past, *(day.day for day in days)), strict=True)
        if day.weekday() == 0
    ]
    labelled = mondays[:: max(1, len(mondays) // 9)]
    axes.set_xticks([place for place, _ in labelled], [_label(day) for _, day in labelled], size=8)
    axes.yaxis.set_major_formatter(FuncFormatter(_level))
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color=GRID, linewidth=0.6, zorder=0)


def _linear_to(values: FloatArray) -> float:
    """Up to which level the scale is linear: a logarithm has no place for zero."""
    return float(min(1.0, values[values > 0].min(initial=1.0)))


def _level(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _label(day: date) -> str:
    return f"{day:%d.%m.}"
