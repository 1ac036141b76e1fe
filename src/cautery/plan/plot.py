"""Pictures of plans: what one limit costs, and what grows back, as SVG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cautery.drawing.figure import (
    BLUE,
    GRID,
    INK,
    OCHRE,
    PALE_TEAL,
    QUIET,
    ROSE,
    TEAL,
    bare,
    empty_figure,
    in_style,
    shortened,
    written,
)
from cautery.errors import InputError
from cautery.messages import tr, tr_n
from cautery.plan.pareto import Axis, Point
from cautery.plan.regrowth import HORIZONS, Course

_PLAN, _BOUND, _NO_PLAN = TEAL, PALE_TEAL, "#f1e3e0"
_COLOURS = (TEAL, OCHRE, BLUE, ROSE)


def format_of(name: str) -> str:
    """Return the format that a picture's name asks for.

    Raises
    ------
    InputError
        If it ends in neither ``.svg`` nor ``.png``.
    """
    ending = name.lower().rpartition(".")[2]
    if ending not in ("svg", "png"):
        raise InputError(f"{name}: a plot must be an .svg or a .png file")
    return ending


def pareto_plot(
    points: Sequence[Point], axis: Axis, *, cost_unit: str | None, subtitle: str, format: str
) -> bytes:
    """Draw the least cost over one limit: plans as dots, what stays open below them as a band.

    Returns
    -------
    bytes
        The same for the same input.

    Raises
    ------
    InputError
        If no point has a plan.
    """
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - as in figure.py

    planned = [point for point in points if point.plan.status != "infeasible"]
    if not planned:
        raise InputError("nothing to draw: no point has a plan")
    with in_style():
        figure = _paper(_title(axis), subtitle, 5.2)
        axes = _framed(figure, (0.095, 0.175, 0.88, 0.665))
        at = {id(point): _along(axis, point.level, number) for number, point in enumerate(points)}
        x = [at[id(point)] for point in planned]
        cost = [point.plan.cost or 0.0 for point in planned]
        bound = [
            cost[n] if point.plan.bound is None else point.plan.bound
            for n, point in enumerate(planned)
        ]
        ends = [at[id(point)] for point in points]
        last = max(ends)
        room = (last - min(ends)) * 0.04 or 1.0
        axes.set_xlim(min(ends) - room, last + room)
        barred = [at[id(point)] for point in points if point.plan.status == "infeasible"]
        if barred:
            axes.axvspan(min(ends) - room, max(barred), color=_NO_PLAN, lw=0, zorder=0)
        # A plan for one limit is a plan for every looser one: steps, not slopes.
        axes.fill_between(
            [*x, last + room], [*bound, bound[-1]], [*cost, cost[-1]],
            step="post", color=_BOUND, alpha=0.6, lw=0, zorder=1,
        )  # fmt: skip
        axes.step([*x, last + room], [*cost, cost[-1]], where="post", color=_PLAN, lw=1.6, zorder=2)
        proven = [point.plan.status == "optimal" for point in planned]
        for is_proven, face in ((True, _PLAN), (False, "white")):
            indexes = [n for n, is_optimal in enumerate(proven) if is_optimal is is_proven]
            axes.plot(
                [x[n] for n in indexes], [cost[n] for n in indexes], "o", ms=6.5, mfc=face,
                mec=_PLAN, mew=1.5, zorder=3,
            )  # fmt: skip
        for n in _labelled(x, cost):
            axes.annotate(
                f"{cost[n]:,.4g}", (x[n], cost[n]), xytext=(5, 6), textcoords="offset points",
                size=8.5, color=INK, zorder=4,
            )  # fmt: skip
        axes.set_ylim(0, max(cost) * 1.14 or 1.0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        _ticks(axes, axis, points, list(at.values()))
        axes.set_xlabel(_axis_label(axis), size=9.5)
        cost_label = tr("cost, %(unit)s", unit=shortened(cost_unit)) if cost_unit else tr("cost")
        axes.set_ylabel(cost_label, size=9.5)
        caption = tr(
            "Filled: proven least cost. Hollow: best found. Band: down to the proven bound."
        )
        if len(planned) < len(points):
            caption += " " + tr("Red: no plan reaches so little.")
        return _written(figure, caption, format)


def regrowth_plot(courses: Sequence[Course], *, subtitle: str, format: str) -> bytes:
    """Draw what is served day by day after the first act, a line and a 90 % band a schedule."""
    from matplotlib.ticker import PercentFormatter  # noqa: PLC0415 - as in figure.py

    if not courses:
        raise InputError("nothing to draw: no schedule")
    rows = len(courses)
    each_in = 1.35 if rows > 1 else 3.2
    total = 1.15 + rows * (each_in + 0.42) + 0.55
    with in_style():
        figure = _paper(tr("Served capacity after the first act"), subtitle, total)
        top = total - 1.15
        for number, course in enumerate(courses):
            box = (0.095, (top - each_in) / total, 0.88, each_in / total)
            _course(_framed(figure, box), course, _COLOURS[number % len(_COLOURS)], courses)
            top -= each_in + 0.42
        figure.axes[-1].set_xlabel(tr("days after the first act"), size=9.5)
        for axes in figure.axes[:-1]:
            axes.tick_params(axis="x", labelbottom=False)
        for axes in figure.axes:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        caption = tr_n(
            "Lines: medians of %(count)s draw. Bands: 90 %% of them.",
            "Lines: medians of %(count)s draws. Bands: 90 %% of them.",
            courses[0].draws,
            str,
        )
        if rows > 1:
            caption += " " + tr("Grey: the other schedules.")
        return _written(figure, caption, format)


def _title(axis: Axis) -> str:
    titles = {
        Axis.SERVED: tr("Least cost by how much may stay served"),
        Axis.COUNTRIES: tr("Least cost by how many countries act"),
        Axis.DATE: tr("Least cost by the day of action"),
        Axis.COLLATERAL: tr("Least cost by how many bystanders may be hit"),
    }
    return titles[axis]


def _axis_label(axis: Axis) -> str:
    labels = {
        Axis.SERVED: tr("share of the demand that may stay served"),
        Axis.COUNTRIES: tr("countries that act, at most"),
        Axis.DATE: tr("every act usable by"),
        Axis.COLLATERAL: tr("bystanders, at most"),
    }
    return labels[axis]


def _course(axes: Any, course: Course, colour: str, courses: Sequence[Course]) -> None:
    """Draw one schedule, the others' medians behind it."""
    days = list(range(len(course.served)))
    for other_course in courses:
        if other_course is not course:
            mids = [interval.mid for interval in other_course.served]
            axes.plot(days, mids, color="#c9d0d7", lw=1, zorder=1)
    low, mid, high = (
        [getattr(interval, key) for interval in course.served] for key in ("low", "mid", "high")
    )
    axes.fill_between(days, low, high, color=colour, alpha=0.18, lw=0, zorder=2)
    axes.plot(days, mid, color=colour, lw=2, zorder=3)
    summary = "   ·   ".join(
        tr(
            "%(served)s of %(horizon)s days served (%(low)s to %(high)s)",
            served=f"{area.mid:.1f}",
            horizon=str(horizon),
            low=f"{area.low:.1f}",
            high=f"{area.high:.1f}",
        )
        for horizon, area in course.area.items()
    )
    for x, text, kind in ((0.0, course.schedule.name, "bold"), (1.0, summary, "normal")):
        axes.annotate(
            text, (x, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
            ha="right" if x else "left", va="bottom", size=9.5, weight=kind,
            color=colour if kind == "bold" else INK, annotation_clip=False,
        )  # fmt: skip
    for horizon in HORIZONS[:-1]:
        axes.axvline(horizon, color=QUIET, lw=0.8, ls=(0, (3, 3)), zorder=0.5)
    axes.set_xlim(0, days[-1])
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.5, 1.0])
    axes.set_xticks(range(0, days[-1] + 1, 10))
    axes.set_ylabel(tr("served"), size=9.5)


def _paper(title: str, subtitle: str, high_in: float) -> Any:
    figure = empty_figure(9.2, high_in)
    figure.text(0.03, 1 - 0.29 / high_in, title, size=14, weight="bold", va="center")
    figure.text(0.03, 1 - 0.56 / high_in, shortened(subtitle), size=9.5, color=QUIET, va="center")
    return figure


def _framed(figure: Any, box: tuple[float, float, float, float]) -> Any:
    axes = figure.add_axes(box)
    axes.grid(axis="y", color=GRID, lw=0.8, zorder=0.2)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9, length=3)
    bare(axes, "top", "right")
    return axes


def _written(figure: Any, footer: str, format: str) -> bytes:
    high_in = figure.get_size_inches()[1]
    figure.text(0.03, 0.18 / high_in, footer, size=8, color=QUIET, va="center")
    return written(figure, format)


def _along(axis: Axis, level: float | date, number: int) -> float:
    """Return where a level stands: to scale, but bystanders step by step: they span decades."""
    if isinstance(level, date):
        return float(level.toordinal())
    return float(number) if axis is Axis.COLLATERAL else float(level)


def _ticks(axes: Any, axis: Axis, points: Sequence[Point], at: Sequence[float]) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter  # noqa: PLC0415 - as in figure.py

    if axis is Axis.SERVED:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        return
    if axis is Axis.COUNTRIES:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return
    labels = [
        point.level.isoformat() if isinstance(point.level, date) else f"{point.level:,.6g}"
        for point in points
    ]
    # Labels that would run into each other are left out, those of limits without a plan first.
    span = (max(at) - min(at)) or 1.0
    room = 0.11 if axis is Axis.DATE else 0.065
    labelled: list[int] = []
    for number in sorted(
        range(len(at)), key=lambda index: points[index].plan.status == "infeasible"
    ):
        if all(abs(at[number] - at[index]) / span >= room for index in labelled):
            labelled.append(number)
    axes.set_xticks([at[index] for index in labelled], [labels[index] for index in labelled])


def _labelled(x: Sequence[float], cost: Sequence[float]) -> list[int]:
    """Return the points whose cost is written beside them: those with room for it."""
    wide, high = (max(x) - min(x)) * 0.06, max(cost) * 0.035
    labelled: list[int] = []
    for number, value in enumerate(cost):
        if not labelled or cost[labelled[-1]] - value > high or x[number] - x[labelled[-1]] > wide:
            labelled.append(number)
    return labelled
