"""What a little more of one thing would save of another: least cost over a range of one limit.

The loosest limit is asked first. Its plan needs some of the limit, and is the plan of all limits
down to that; the next one asked is tighter than what it needs, and so on (the epsilon-constraint
method). A bound of a looser limit holds for every tighter one, and a plan of a tighter limit for
every looser one: so costs and bounds are monotone by construction.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.plan.goal import Goal, day_after, posed
from cautery.plan.graph import SLACK, Bools, PlanGraph
from cautery.plan.least_cost import Found, Progress
from cautery.plan.supply_plan import SupplyPlan, cheapest, told

POINTS = 12
"""Most points of a table by default."""
_BUDGETS = 60
"""Budgets of bystanders that may be asked at."""
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8)


class Axis(StrEnum):
    """The limit that is varied."""

    SERVED = "served"
    COUNTRIES = "countries"
    DATE = "date"
    COLLATERAL = "collateral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The least cost under one limit.

    Parameters
    ----------
    level : float or int or date
        The limit, in the axis's own measure.
    plan : SupplyPlan
        Its plan; ``infeasible``: there is none.
    """

    level: float | date
    plan: SupplyPlan

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON: the plan's, with its level before it."""
        level = self.level.isoformat() if isinstance(self.level, date) else self.level
        return {"level": level, **self.plan.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    level: float | date
    goal: Goal
    found: Found


def pareto(
    graph: PlanGraph,
    goal: Goal,
    axis: Axis,
    *,
    as_of: date | None,
    left_s: Callable[[], float],
    most: int = POINTS,
    seed: int = 0,
    progress: Progress = lambda _what, _best, _bound: None,
) -> tuple[Point, ...]:
    """Return the least cost at each level of one limit, the tightest first.

    What is served is asked at round shares; all else at the very levels where the plan changes,
    as far as the number of points allows. Ctrl-C ends it with the points so far.

    Parameters
    ----------
    goal : Goal
        All other limits.
    left_s : callable
        Seconds left, shared out over the points.
    most : int
        Most points.

    Raises
    ------
    InputError
        If days are asked for, and nobody knows from which day the graph's delays count.
    """
    goal = goal if axis is Axis.SERVED else _at(goal, axis, None)
    levels = _levels(graph, goal, axis, as_of=as_of, most=most)
    all_s = left_s()
    steps: list[_Step] = []
    last: Found | None = None
    none_at, open_to = -1, len(levels)
    stopped = False
    while open_to - none_at > 1 and len(steps) < most and not stopped:
        count, points = open_to - none_at - 1, most - len(steps)
        number = open_to - (math.ceil(count / points) if steps else 1)
        step_goal = _at(goal, axis, levels[number])
        if last is None or not _reaches(graph, step_goal, last, axis, as_of=as_of, seed=seed):
            ends = left_s() - left_s() / min(count, points)
            try:
                last = cheapest(
                    graph,
                    step_goal,
                    as_of=as_of,
                    left_s=lambda ends=ends: left_s() - ends,  # type: ignore[misc]
                    seed=seed,
                    progress=_named(progress, f"{axis} {_said(levels[number])}"),
                )
            # Ctrl-C ends the search, and the points so far are its result.
            except KeyboardInterrupt:
                break
            stopped = last.interrupted
        if last.gone is None:
            steps.append(_Step(level=levels[number], goal=step_goal, found=last))
            none_at, last = number, None
            continue
        level = _needed(graph, axis, last.gone, levels[number], as_of=as_of)
        steps.append(_Step(level=level, goal=_at(goal, axis, level), found=last))
        open_to = number if axis is Axis.SERVED else bisect_left(levels, level)
    steps.sort(key=lambda step: step.level, reverse=True)
    points_of = _monotone(steps)
    return tuple(
        Point(
            level=step.level,
            plan=told(
                graph,
                step.found,
                goal=step.goal,
                conflict=_conflict(axis, step),
                as_of=as_of,
                seed=seed,
                clock=lambda: all_s - left_s(),
            ),
        )
        for step in points_of
    )


def _monotone(steps: Sequence[_Step]) -> list[_Step]:
    """Return the steps, loosest first, tightest first: bounds carried down, plans carried up."""
    floor = 0.0
    lifted = []
    for step in steps:
        bound = max(step.found.bound, floor)
        if step.found.gone is not None:
            bound = min(bound, step.found.cost)
        floor = bound
        lifted.append(replace(step, found=replace(step.found, bound=bound)))
    best: Found | None = None
    carried = []
    for step in reversed(lifted):
        solution = step.found
        if best is not None and best.gone is not None and best.cost < solution.cost:
            bound = min(solution.bound, best.cost)
            solution = replace(solution, gone=best.gone, cost=best.cost, bound=bound)
        best = solution
        carried.append(replace(step, found=solution))
    return carried


def _conflict(axis: Axis, step: _Step) -> tuple[str, ...]:
    if step.found.gone is not None:
        return ()
    if step.found.bound < float("inf"):
        return ("time",)
    return (f"{axis} <= {_said(step.level)}",)


def _levels(
    graph: PlanGraph, goal: Goal, axis: Axis, *, as_of: date | None, most: int
) -> Sequence[Any]:
    """Return the limits that may be asked at, the tightest first."""
    _, may = posed(graph, goal, as_of=as_of)
    if axis is Axis.SERVED:
        shares = sorted({*SHARES, goal.served})
        at = np.unique(np.linspace(0, len(shares) - 1, min(len(shares), most)).round().astype(int))
        return sorted({goal.served, *(shares[index] for index in at.tolist())})
    if axis is Axis.COUNTRIES:
        present = np.unique(graph.country[may])
        least = 0 if (present < 0).any() else 1
        return range(least, max(least, int(np.count_nonzero(present >= 0))) + 1)
    if axis is Axis.DATE:
        if as_of is None:
            raise InputError("days are requested, but the graph has no as_of to count from")
        delays = np.unique(np.ceil(graph.delay_days[may]))
        days = [day for delay in delays.tolist() if (day := day_after(as_of, delay)) is not None]
        return days or [as_of]
    harm = graph.collateral[may & (graph.collateral > 0)]
    if not harm.size:
        return [0.0]
    # By order of magnitude: from the least harm of any act to that of all.
    steps = np.geomspace(float(harm.min()), float(harm.sum()), _BUDGETS)
    return [0.0, *sorted({float(f"{budget:.3g}") for budget in steps[:-1].tolist()} | {steps[-1]})]


def _at(goal: Goal, axis: Axis, level: Any) -> Goal:
    return replace(goal, **{"by" if axis is Axis.DATE else axis.value: level})


def _needed(graph: PlanGraph, axis: Axis, plan: Bools, limit: Any, *, as_of: date | None) -> Any:
    """Return how much of the limit a plan needs; of served demand, the share in the question."""
    if axis is Axis.SERVED:
        return limit
    if axis is Axis.COUNTRIES:
        return int(np.count_nonzero(np.unique(graph.country[plan]) >= 0))
    if axis is Axis.DATE:
        return day_after(as_of, float(graph.delay_days[plan].max(initial=0.0))) or limit
    # A share within rounding of the one in the question is that one.
    return min(float(graph.collateral[plan].sum()), limit)


def _reaches(
    graph: PlanGraph, goal: Goal, solution: Found, axis: Axis, *, as_of: date | None, seed: int
) -> bool:
    """Tell whether a plan for a looser share leaves no more served than a tighter one allows."""
    if axis is not Axis.SERVED or solution.gone is None:
        return False
    if not graph.uncertain:
        return graph.served(solution.gone) <= goal.served + SLACK
    candidate = told(
        graph, solution, goal=goal, conflict=(), as_of=as_of, seed=seed, clock=lambda: 0.0
    )
    return candidate.status != "infeasible"


def _named(progress: Progress, where: str) -> Progress:
    def tell(what: str, best: float | None, bound: float) -> None:
        progress(f"{where}, {what}", best, bound)

    return tell


def _said(level: float | date) -> str:
    return level.isoformat() if isinstance(level, date) else f"{level:g}"
