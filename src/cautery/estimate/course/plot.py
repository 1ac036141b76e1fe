"""What was seen, what would have been, its band and the strike, as one SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
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
from cautery.estimate.course.contrast import Contrast
from cautery.estimate.course.effect import Course
from cautery.messages import tr

FloatArray = NDArray[np.float64]

MOST_PANELS = 6
_BEFORE_D = 90
_PANEL_IN, _HEAD_IN, _FOOT_IN, _GAP_IN, _WIDE_IN = 2.4, 0.75, 0.7, 0.75, 9.2


def course_plot(courses: Sequence[Course]) -> str:
    """Draw a panel for each course that can be told: three months before it, and the days after.

    Returns
    -------
    str
        One SVG document, the same bytes for the same input.

    Raises
    ------
    InputError
        If no course can be told.
    """
    drawn_courses = [course for course in courses if course.contrast is not None][:MOST_PANELS]
    if not drawn_courses:
        raise InputError("nothing to draw: no effect can be measured")
    high = _HEAD_IN + _FOOT_IN + len(drawn_courses) * (_PANEL_IN + _GAP_IN) - _GAP_IN
    with in_style():
        figure = empty_figure(_WIDE_IN, high)
        title = tr("Use before and after the strike")
        figure.text(0.025, 1 - 0.28 / high, title, size=13, weight="bold", va="center")
        top = high - _HEAD_IN
        for course in drawn_courses:
            box = (0.085, (top - _PANEL_IN) / high, 0.89, _PANEL_IN / high)
            _panel(figure.add_axes(box), course, course.contrast)
            top -= _PANEL_IN + _GAP_IN
        figure.text(
            0.025,
            0.2 / high,
            tr(
                "Black: measured. Green: without the strike, with the 90 %% band of a single day. "
                "100 = mean of the 30 days before."
            ),
            size=8,
            color=QUIET,
            va="center",
        )
        return written(figure, "svg").decode()


def _panel(axes: Any, course: Course, contrast: Contrast | None) -> None:
    from matplotlib.dates import ConciseDateFormatter  # noqa: PLC0415 - heavy, as in figure.py

    assert contrast is not None
    since = max(0, contrast.at - contrast.start - _BEFORE_D)
    days = [course.first + timedelta(days=row) for row in range(len(contrast.expected))]
    usual = contrast.expected[: contrast.at - contrast.start][-30:].mean()
    observed, expected = (
        100 * np.exp(logs - usual) for logs in (contrast.observed, contrast.expected)
    )
    after = slice(contrast.at - contrast.start, None)
    axes.fill_between(
        days[after],
        expected[after] * np.exp(-contrast.band),
        expected[after] * np.exp(contrast.band),
        color=PALE_TEAL,
        alpha=0.6,
        lw=0,
    )
    axes.plot(days[since:], expected[since:], color=TEAL, lw=1.4)
    axes.plot(days[since:], observed[since:], color=INK, lw=1.1, marker=".", ms=3)
    axes.axvline(course.strike.at.date(), color=OCHRE, lw=1.4, ls=(0, (4, 2)))
    axes.annotate(
        clean(course.strike.what, 60),
        (course.strike.at.date(), 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-5, -11),
        textcoords="offset points",
        ha="right",
        size=8.5,
        color=OCHRE,
    )
    axes.set_title(
        clean(f"{course.column}: {_words(course)}", 110), loc="left", size=9.5, weight="bold"
    )
    axes.set_ylim(bottom=0)
    axes.set_xlim(days[since], days[-1])
    dates: Any = ConciseDateFormatter
    axes.xaxis.set_major_formatter(dates(axes.xaxis.get_major_locator()))
    axes.tick_params(labelsize=8.5, length=3)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    bare(axes, "top", "right")


def _words(course: Course) -> str:
    assert course.effect is not None
    low, mid, high = (
        f"{100 * np.expm1(log):+.0f} %"
        for log in (course.effect.low, course.effect.mid, course.effect.high)
    )
    return tr(
        "%(mid)s over %(days)s days (90 %% interval %(low)s to %(high)s)",
        mid=mid,
        days=str(course.horizon),
        low=low,
        high=high,
    )
