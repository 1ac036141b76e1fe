"""The day of a plan: everything done within the network's reaction time, as early as can be.

An act is usable *from* a day, and may be held back. What is done longer than the reaction time
before the last act does not count: the network has healed by then. So a plan's day is the one on
which its last act is usable, acts that are usable long before wait for it, and of all plans that
cost the same the one with the earliest day is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from cautery.plan.goal import Goal, day_after, posed
from cautery.plan.graph import PlanGraph
from cautery.plan.least_cost import PROVEN, Progress
from cautery.plan.supply_plan import SupplyPlan, cheapest, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One act on its day.

    Parameters
    ----------
    usable, day : date
        From when it could be done, and when it is: the earliest day within the reaction time.
    """

    id: str
    usable: date
    day: date

    @property
    def waits_days(self) -> int:
        """How long it is held back."""
        return (self.day - self.usable).days

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        return {
            "id": self.id,
            "usable": self.usable.isoformat(),
            "day": self.day.isoformat(),
            "waits_days": self.waits_days,
        }


def earliest(
    graph: PlanGraph,
    goal: Goal,
    plan: SupplyPlan,
    *,
    as_of: date | None,
    left_s: Callable[[], float],
    seed: int = 0,
    progress: Progress = lambda _what, _best, _bound: None,
) -> SupplyPlan:
    """Return the plan with the earliest day among those that cost no more, as far as time goes.

    An earlier day leaves fewer acts, so the least cost only rises: bisection finds the first day
    on which it has not.
    """
    if plan.cost is None or plan.date is None or as_of is None or plan.conflict:
        return plan
    _, may = posed(graph, goal, as_of=as_of)
    days = np.unique(np.ceil(graph.delay_days[may]))
    days = days[days < (plan.date - as_of).days]
    low, high = 0, int(days.size)
    all_s, spent_s = left_s(), plan.seconds
    while low < high and left_s() > 0:
        middle = (low + high) // 2
        by = as_of + timedelta(days=int(days[middle]))
        earlier_goal = replace(goal, by=by)
        share_s = left_s() / 2
        ends = left_s() - share_s
        solution = cheapest(
            graph,
            earlier_goal,
            as_of=as_of,
            left_s=lambda ends=ends: left_s() - ends,  # type: ignore[misc]
            seed=seed,
            progress=progress,
        )
        if solution.interrupted:
            break
        if solution.gone is None or solution.cost > plan.cost * (1 + PROVEN):
            low = middle + 1
            continue
        bound = min(solution.cost, plan.bound or 0.0)
        candidate = told(
            graph,
            replace(solution, bound=bound),
            goal=goal,
            conflict=(),
            as_of=as_of,
            seed=seed,
            clock=lambda: spent_s + all_s - left_s(),
        )
        if candidate.status == "infeasible":
            low = middle + 1
            continue
        plan, high = candidate, middle
    return plan


def timed(
    graph: PlanGraph, plan: SupplyPlan, *, reaction_days: float, as_of: date | None
) -> tuple[Timed, ...]:
    """Return the day of each act: when it is usable, but within the reaction time of the last.

    Without a day to count from there is nothing to tell.
    """
    if as_of is None or plan.date is None:
        return ()
    place = {name: number for number, name in enumerate(graph.ids)}
    first = plan.date - timedelta(days=math.floor(reaction_days))
    acts = []
    for name in plan.remove:
        usable = day_after(as_of, float(graph.delay_days[place[name]]))
        if usable is not None:
            acts.append(Timed(id=name, usable=usable, day=max(usable, first)))
    return tuple(sorted(acts, key=lambda act: (act.day, act.id)))
