"""Why no plan exists: constraints that clash, of which none can be spared.

A deletion filter: each constraint is left out in turn, and stays out where that mends nothing.
What remains is minimal, not unique. Where the graph is uncertain the confidence asked for is one
of them: without it, one world in which the goal is reached would do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.plan.goal import Goal, posed
from cautery.plan.graph import SLACK, PlanGraph
from cautery.plan.milp import Model
from cautery.plan.reduce import reduced
from cautery.plan.search import within
from cautery.plan.uncertain import possible as possible_by_chance

LOOK_S = 10.0
"""Seconds for one question of the filter; what is open then counts as no remedy."""
ALL_S = 40.0
"""Seconds for all of them; what was not asked by then stays among those that clash."""
_ANY_CHANCE = 1e-9
"""Confidence of a goal that one world among all drawn must reach."""
MOST_NAMED = 100
"""Forbidden (or required) entries that are named one by one; more are one constraint together."""


@dataclass(frozen=True, slots=True)
class _Constraint:
    name: str
    without: Callable[[PlanGraph, Goal], tuple[PlanGraph, Goal]]


def clashing(
    graph: PlanGraph,
    goal: Goal,
    *,
    as_of: date | None,
    seed: int = 0,
    time_s: float = LOOK_S,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[str, ...]:
    """Return the names of constraints that cannot all hold, none of which can be spared.

    None clash where a plan was met that keeps to all of them.
    """
    ends = clock() + ALL_S

    def possible(graph: PlanGraph, goal: Goal) -> bool:
        until = min(ends, clock() + time_s)
        return _possible(graph, goal, as_of=as_of, seed=seed, left_s=lambda: until - clock())

    if possible(graph, goal):
        return ()
    names: list[str] = []
    for constraint in _constraints(graph, goal):
        freer_graph, freer_goal = constraint.without(graph, goal)
        if clock() >= ends or possible(freer_graph, freer_goal):
            names.append(constraint.name)
        else:
            graph, goal = freer_graph, freer_goal
    return tuple(names)


def _constraints(graph: PlanGraph, goal: Goal) -> list[_Constraint]:
    constraints: list[_Constraint] = []
    for key in ("forbid", "require"):
        marked = np.flatnonzero(getattr(graph, key))
        if marked.size > MOST_NAMED:
            constraints.append(_Constraint(key, _unmark(key, marked)))
        else:
            constraints += [
                _Constraint(f"{key} {graph.ids[place]}", _unmark(key, np.array([place])))
                for place in marked.tolist()
            ]
    never = np.isinf(graph.delay_days) & np.isfinite(graph.cost)
    for country in np.unique(graph.country[never]):
        name = "an action" if country < 0 else graph.countries[country]
        constraints.append(_Constraint(f"{name} never ready", _ready(int(country))))
    if graph.refused is not None and graph.refused.any():
        constraints.append(_Constraint("the guard", lambda g, a: (replace(g, refused=None), a)))
    if goal.countries is not None:
        constraints.append(
            _Constraint(
                f"countries <= {goal.countries}", lambda g, a: (g, replace(a, countries=None))
            )
        )
    if goal.by is not None:
        constraints.append(_Constraint(f"by {goal.by}", lambda g, a: (g, replace(a, by=None))))
    if goal.collateral is not None:
        constraints.append(
            _Constraint(
                f"collateral <= {goal.collateral:g}", lambda g, a: (g, replace(a, collateral=None))
            )
        )
    if graph.uncertain:
        constraints.append(
            _Constraint(
                f"confidence >= {goal.confidence:g}",
                lambda g, a: (g, replace(a, confidence=_ANY_CHANCE)),
            )
        )
    constraints.append(
        _Constraint(f"served <= {goal.served:g}", lambda g, a: (g, replace(a, served=1.0)))
    )
    return constraints


def _unmark(
    key: str, places: NDArray[np.int64]
) -> Callable[[PlanGraph, Goal], tuple[PlanGraph, Goal]]:
    def without(graph: PlanGraph, goal: Goal) -> tuple[PlanGraph, Goal]:
        marked = getattr(graph, key).copy()
        marked[places] = False
        return replace(graph, **{key: marked}), goal

    return without


def _ready(country: int) -> Callable[[PlanGraph, Goal], tuple[PlanGraph, Goal]]:
    def without(graph: PlanGraph, goal: Goal) -> tuple[PlanGraph, Goal]:
        delay = graph.delay_days.copy()
        delay[(graph.country == country) & np.isinf(delay)] = 0.0
        return replace(graph, delay_days=delay), goal

    return without


def _possible(
    graph: PlanGraph, goal: Goal, *, as_of: date | None, seed: int, left_s: Callable[[], float]
) -> bool:
    problem, may = posed(graph, goal, as_of=as_of)
    if (graph.require & ~may).any() or not within(problem, graph.require):
        return False
    if graph.uncertain:
        return possible_by_chance(graph, problem, goal, left_s=left_s, seed=seed)
    if problem.down(np.isfinite(problem.cost)) < problem.must * (1 - SLACK):
        return False
    whole = reduced(problem, taken=graph.require)
    left = whole.problem
    # Without limits everything may be bought, and that brings down enough: it was asked above.
    if left.must <= SLACK * graph.demand or (left.most_countries is None and left.budget is None):
        return True
    solved = Model(left, seed=seed).solve(left_s=left_s, most_down=True)
    if solved.bought is None:
        return False
    return problem.down(whole.unfold(solved.bought)) >= problem.must - SLACK * graph.demand
