"""The plan for a supply graph: what to act on, what it leaves, its price and its proven bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.plan.chance_bound import favourable
from cautery.plan.conflict import clashing
from cautery.plan.goal import Goal, day_after, posed
from cautery.plan.graph import SLACK, Bools, PlanGraph
from cautery.plan.least_cost import LARGEST_MODEL, Found, Progress, least_cost
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem, reduced
from cautery.plan.search import trimmed, within
from cautery.plan.uncertain import Chance, chance, least_cost_by_chance

TIME_LIMIT_S = 60.0
LAST_LOOK_S = 10.0
"""Seconds given to what can be reached at best, even when the search for a plan took all time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPlan:
    """A plan, as ``cautery plan --json`` prints it.

    Parameters
    ----------
    remove : tuple of str
        Nodes and actions to act on.
    down : tuple of str
        Nodes that are down then, the removed ones too.
    served : float
        Share of all demand that stays served; where the graph is uncertain, on the average of
        fresh draws.
    cost, bound : float or None
        No plan within the limits costs less than ``bound``.
    conflict : tuple of str
        Where no plan exists: constraints that clash, of which none can be spared.
    status : str
        ``optimal``, ``feasible`` or ``infeasible``; ``feasible`` without a plan: time ended first.
    """

    remove: tuple[str, ...]
    down: tuple[str, ...]
    served: float
    cost: float | None
    bound: float | None
    p_served: Chance | None
    countries: tuple[str, ...]
    date: date | None
    collateral: float
    conflict: tuple[str, ...]
    seed: int
    seconds: float
    status: str

    @property
    def gap(self) -> float | None:
        """Relative distance from cost to bound."""
        if self.cost is None or self.bound is None:
            return None
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost > 0 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        chance = self.p_served
        return {
            "remove": list(self.remove),
            "down": list(self.down),
            "served": self.served,
            "cost": self.cost,
            "bound": self.bound,
            "gap": self.gap,
            "p_served": None
            if chance is None
            else {
                "value": chance.value,
                "low": chance.low,
                "high": chance.high,
                "draws": chance.draws,
                "tail": chance.tail,
            },
            "countries": list(self.countries),
            "date": None if self.date is None else self.date.isoformat(),
            "collateral": self.collateral,
            "conflict": list(self.conflict),
            "seed": self.seed,
            "seconds": self.seconds,
            "status": self.status,
        }


def plan_supply(
    graph: PlanGraph,
    goal: Goal,
    *,
    today: date | None = None,
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
    clock: Callable[[], float] = time.monotonic,
    progress: Progress = lambda _what, _best, _bound: None,
) -> SupplyPlan:
    """Find the cheapest plan that reaches the goal, or say why there is none.

    Parameters
    ----------
    today : date or None
        Stands in for the graph's ``as_of`` where it has none.
    clock : callable
        Seconds, of any beginning; time ends ``time_limit_s`` after the first call.

    Raises
    ------
    InputError
        If a day is asked for and nobody knows from which day the graph's delays count.
    """
    began = clock()

    def left_s() -> float:
        return began + time_limit_s - clock()

    as_of = graph.as_of or today
    if goal.by is not None and as_of is None:
        raise InputError("a day is requested, but the graph has no as_of to count from")
    best = cheapest(graph, goal, as_of=as_of, left_s=left_s, seed=seed, progress=progress)
    conflict: tuple[str, ...] = ()
    if best.gone is None:
        conflict = ("time",)
        if best.bound == float("inf"):
            conflict = clashing(graph, goal, as_of=as_of, seed=seed, clock=clock)
            if graph.uncertain and not conflict:
                conflict = _too_often(goal)
        problem, may = posed(graph, goal, as_of=as_of)
        lowest = _lowest(problem, graph.require & may, left_s=left_s, seed=seed)
        best = replace(lowest, bound=min(best.bound, lowest.cost))
    return told(
        graph,
        best,
        goal=goal,
        conflict=conflict,
        as_of=as_of,
        seed=seed,
        clock=lambda: clock() - began,
    )


def cheapest(
    graph: PlanGraph,
    goal: Goal,
    *,
    as_of: date | None,
    left_s: Callable[[], float],
    seed: int = 0,
    progress: Progress = lambda _what, _best, _bound: None,
) -> Found:
    """Search for the cheapest plan that reaches the goal; what clashes is not asked.

    Parameters
    ----------
    left_s : callable
        Seconds left.
    """
    problem, may = posed(graph, goal, as_of=as_of)
    search = _uncertain if graph.uncertain else _certain
    return search(graph, goal, problem, may, left_s=left_s, seed=seed, progress=progress)


def _certain(
    graph: PlanGraph,
    goal: Goal,
    problem: Problem,
    may: Bools,
    *,
    left_s: Callable[[], float],
    seed: int,
    progress: Progress,
) -> Found:
    del goal
    return _best(problem, graph.require, may, left_s=left_s, seed=seed, progress=progress)


def _uncertain(
    graph: PlanGraph,
    goal: Goal,
    problem: Problem,
    may: Bools,
    *,
    left_s: Callable[[], float],
    seed: int,
    progress: Progress,
) -> Found:
    """Plan for what may be there; where no model of the odds fits, bound by the best world."""
    if (graph.require & ~may).any() or not within(problem, graph.require):
        return Found(gone=None, cost=float("inf"), bound=float("inf"))
    all_s, bound = left_s(), 0.0
    if 2 * len(graph.ids) > LARGEST_MODEL:
        best_world, absent = favourable(graph, problem)
        bound = _best(
            best_world,
            graph.require | absent,
            may | absent,
            left_s=lambda: left_s() - 0.75 * all_s,
            seed=seed,
            progress=progress,
            free=absent,
        ).bound
        if bound == float("inf"):
            return Found(gone=None, cost=float("inf"), bound=bound)

    def plan_for(share: float) -> Bools | None:
        return _best(
            replace(problem, must=(1 - share) * graph.demand),
            graph.require,
            may,
            left_s=lambda: left_s() - 0.5 * all_s,
            seed=seed,
            progress=progress,
        ).gone

    return least_cost_by_chance(
        graph,
        problem,
        goal,
        plan_for=plan_for,
        bound=bound,
        left_s=left_s,
        seed=seed,
        progress=progress,
    )


def _best(
    problem: Problem,
    required: Bools,
    may: Bools,
    *,
    left_s: Callable[[], float],
    seed: int,
    progress: Progress,
    free: Bools | None = None,
) -> Found:
    """Search with what is required taken from the start; what is ``free`` of it costs nothing."""
    impossible = Found(gone=None, cost=float("inf"), bound=float("inf"))
    everything = np.isfinite(problem.cost) | required
    if (required & ~may).any() or problem.down(everything) < problem.must * (1 - SLACK):
        return impossible
    whole = reduced(problem, taken=required)
    left = whole.problem
    if (left.most_countries or 0) < 0 or (left.budget or 0.0) < -SLACK:
        return impossible
    solution = least_cost(left, left_s=left_s, seed=seed, progress=progress)
    unpaid = np.zeros(required.size, np.bool_) if free is None else free
    spent = problem.price(required & ~unpaid)
    if solution.gone is None:
        return replace(solution, bound=spent + solution.bound)
    plan = whole.unfold(solution.gone) & ~unpaid
    cost = problem.price(plan)
    return Found(gone=plan, cost=cost, bound=min(cost, spent + solution.bound))


def _too_often(goal: Goal) -> tuple[str, ...]:
    """Name what cannot be had together where draws differ on whether it can."""
    return f"served <= {goal.served:g}", f"confidence >= {goal.confidence:g}"


def _lowest(problem: Problem, required: Bools, *, left_s: Callable[[], float], seed: int) -> Found:
    """Return the plan that leaves the least served within the limits, whatever it costs."""
    whole = reduced(problem, taken=required)
    left = whole.problem
    if (left.most_countries or 0) < 0 or (left.budget or 0.0) < -SLACK:
        return Found(gone=required, cost=problem.price(required), bound=float("inf"))
    plan = whole.unfold(np.isfinite(left.cost))
    if left.limited:
        solved = Model(left, seed=seed).solve(
            left_s=lambda: max(left_s(), LAST_LOOK_S), most_down=True
        )
        plan = required if solved.bought is None else whole.unfold(solved.bought)
    spare = trimmed(replace(problem, must=problem.down(plan)), plan) | required
    return Found(gone=spare, cost=problem.price(spare), bound=float("inf"))


def told(
    graph: PlanGraph,
    found: Found,
    *,
    goal: Goal,
    conflict: tuple[str, ...],
    as_of: date | None,
    seed: int,
    clock: Callable[[], float],
) -> SupplyPlan:
    """Put a plan in the analyst's words, what it leaves served counted anew."""
    plan = np.zeros(len(graph.ids), np.bool_) if found.gone is None else found.gone
    up = graph.groups.standing(plan)
    served = float(graph.weight[up].sum() / graph.demand)
    odds = None
    if graph.uncertain:
        odds, served = chance(graph, plan, goal=goal, seed=seed)
    removed, down = np.flatnonzero(plan), np.flatnonzero(~up[: graph.nodes])
    acting = np.unique(graph.country[removed])
    days = float(graph.delay_days[removed].max(initial=0.0))
    reached = served <= goal.served + SLACK if odds is None else odds.reaches(goal)
    if reached and conflict == ("time",):  # what leaves the least served will do, at its price
        conflict = ()
    reached = reached and not conflict
    if not reached and not conflict:
        conflict = _too_often(goal)[: 2 if graph.uncertain else 1]
    status = "feasible"
    if not reached:
        status = "infeasible"
    elif found.proven:
        status = "optimal"
    return SupplyPlan(
        remove=tuple(graph.ids[node] for node in removed.tolist()),
        down=tuple(graph.ids[node] for node in down.tolist()),
        served=served,
        cost=found.cost,
        bound=found.bound if reached else None,
        p_served=odds,
        countries=tuple(graph.countries[country] for country in acting if country >= 0),
        date=day_after(as_of, days),
        collateral=float(graph.collateral[removed].sum()),
        conflict=conflict,
        seed=seed,
        seconds=clock(),
        status=status,
    )
