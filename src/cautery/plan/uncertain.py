"""Plans that hold although nodes and links may or may not exist, and actions may fail.

The goal must be reached with a given probability, or on the average of the worst worlds. Worlds
are drawn and held fixed; starts are the plan for all that may be there being there, and what the
model of the bound buys; exchanges make them hold in the sample and cost less. A plan counts once
it holds in a second sample that the search never saw, and what is reported is the share of a
third, *fresh* one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cautery.plan.chance_bound import solve_by_odds
from cautery.plan.exchange import Exchange
from cautery.plan.goal import Goal
from cautery.plan.graph import SLACK, Bools, PlanGraph
from cautery.plan.least_cost import LARGEST_MODEL, MARGIN_S, Found, Progress
from cautery.plan.reach import Reach, reach
from cautery.plan.reduce import Problem
from cautery.plan.worlds import WORD, Unsure, Worlds, unsure

SEARCHED, LEAST_DRAWS, MOST_DRAWS = 1024, 2048, 4096
"""Worlds that the search sees, and of the other samples at least and at most."""
_DRAW_BUDGET = 2e8
"""Nodes times draws, bits of a sample, above which it is made smaller."""
_BISECTIONS = 6
_STEPS = 4000
"""Exchanges in one round."""
_PATIENCE = 10
"""Rounds without a better plan after which the search ends."""
_BUILDS, _RUINS = 10, 60
"""Plans built anew before a walk, and ruined and mended on it."""
_DEARER = 0.1
"""How much dearer a plan the walk goes on from, at first; at its end it goes downhill."""
_MODEL_GAP = 1e-3
_REACH_SHARE = 0.1
"""Share of the time to learn whether any plan within the limits holds."""
_INTERVAL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """The share of fresh draws that reach the goal, with its 95 % binomial interval.

    Parameters
    ----------
    tail : float
        Share served on the average of the worst draws, as many as the confidence leaves
        (conditional value at risk).
    """

    value: float
    low: float
    high: float
    draws: int
    tail: float

    def reaches(self, goal: Goal) -> bool:
        """Tell whether that is as often, or in the tail as little, as the goal asks."""
        if goal.risk == "tail":
            return self.tail <= goal.served + SLACK
        return self.value >= goal.confidence


def chance(graph: PlanGraph, gone: Bools, *, goal: Goal, seed: int) -> tuple[Chance, float]:
    """Return how often a plan reaches the goal, on draws that no plan was made with.

    With it comes the share that is served on their average.
    """
    from scipy.stats import beta  # noqa: PLC0415 - heavy

    problem = Problem(
        groups=graph.groups,
        cost=np.where(gone, 0.0, np.inf),
        weight=graph.weight,
        must=0.0,
        country=graph.country,
        fixed_cost=graph.fixed_cost,
        collateral=graph.collateral,
    )
    posed = unsure(graph, problem)
    draws = _draws(posed)
    worlds = Worlds(posed, draws, rng=np.random.default_rng([seed, 1]))
    worlds.take(posed.padded(gone))
    served = np.sort(worlds.weight_up / graph.demand)
    reached = int((served <= goal.served + SLACK).sum())
    edge = (1 - _INTERVAL) / 2
    estimate = Chance(
        value=reached / draws,
        # Clopper and Pearson's exact interval (Biometrika 26, 1934).
        low=float(beta.ppf(edge, reached, draws - reached + 1)) if reached else 0.0,
        high=float(beta.ppf(1 - edge, reached + 1, draws - reached)) if reached < draws else 1.0,
        draws=draws,
        tail=float(served[_rank(goal.confidence, draws) :].mean()),
    )
    return estimate, float(served.mean())


def least_cost_by_chance(
    graph: PlanGraph,
    problem: Problem,
    goal: Goal,
    *,
    plan_for: Callable[[float], Bools | None],
    bound: float,
    left_s: Callable[[], float],
    seed: int,
    progress: Progress,
) -> Found:
    """Return a plan that reaches the goal often enough; without one, not even all acts do.

    Parameters
    ----------
    plan_for : callable
        Given a share, a plan that leaves it served where all that may be there is there and
        every action works.
    bound : float
        Known already.
    """
    whole = unsure(graph, problem)
    posed, part = whole.reduced()
    spent = problem.price(graph.require)
    if posed.problem.must <= SLACK * graph.demand:
        return Found(gone=graph.require.copy(), cost=spent, bound=spent)
    if posed.problem.groups.nodes == 0:
        return Found(gone=None, cost=float("inf"), bound=float("inf"))
    search, all_s = _Search(posed, goal, left_s=left_s, seed=seed), left_s()
    if not search.begun(within_s=_REACH_SHARE * all_s):
        return Found(gone=None, cost=float("inf"), bound=float("inf"))
    if 2 * posed.problem.groups.nodes <= LARGEST_MODEL:
        by_model, by_odds = solve_by_odds(
            posed,
            confidence=goal.confidence,
            tail=goal.risk == "tail",
            left_s=lambda: left_s() - 0.7 * all_s,
            gap=_MODEL_GAP,
            seed=seed,
        )
        bound = max(bound, spent + by_odds)
        progress("odds", None, bound)
        if bound == float("inf"):
            return Found(gone=None, cost=float("inf"), bound=bound)
        search.start(by_model)

    def present(share: float) -> Bools | None:
        plan = plan_for(share)
        return None if plan is None else part.folded(whole.padded(plan)) | posed.required

    loosest = search.loosest(present, goal.served, until_s=0.5 * all_s)
    search.start(loosest)
    search.start(posed.required.copy())

    def told(cost: float | None) -> None:
        progress("exchanges", None if cost is None else spent + cost, bound)

    search.climb(told, bound=bound - spent)
    if search.best is None:
        return Found(gone=None, cost=float("inf"), bound=bound)
    plan = part.unfold(search.best)[: len(graph.ids)] | graph.require
    cost = problem.price(plan)
    return Found(gone=plan, cost=cost, bound=min(cost, bound))


def possible(
    graph: PlanGraph, problem: Problem, goal: Goal, *, left_s: Callable[[], float], seed: int
) -> bool:
    """Tell whether a plan within the limits was met that reaches the goal often enough."""
    posed, _ = unsure(graph, problem).reduced()
    if posed.problem.must <= SLACK * graph.demand:
        return True
    if posed.problem.groups.nodes == 0:
        return False
    search = _Search(posed, goal, left_s=left_s, seed=seed)
    return search.reach(within_s=left_s()).plan is not None


class _Search:
    """Two samples of an unsure problem, and the cheapest plan that holds in both."""

    def __init__(
        self, posed: Unsure, goal: Goal, *, left_s: Callable[[], float], seed: int
    ) -> None:
        self._problem, self._required, self._left_s = posed.problem, posed.required, left_s
        self._tail, self._confidence, self._seed = goal.risk == "tail", goal.confidence, seed
        worlds = Worlds(posed, SEARCHED, rng=np.random.default_rng([seed, 0]))
        second = Worlds(posed, _draws(posed), rng=np.random.default_rng([seed, 3]))
        # The second sample and the fresh one both err: two standard errors more are asked.
        miss = 1 - goal.confidence
        error = (miss * goal.confidence / second.draws) ** 0.5
        confidence = goal.confidence + min(miss / 2, 2 * error)
        self._exchange = self._in(worlds, confidence, seed)
        self._second = self._in(second, confidence, seed)
        self._bare = self._in(second, goal.confidence, seed)
        self.starts: list[Bools] = []
        self.best: Bools | None = None
        self.cost = float("inf")

    def _in(self, worlds: Worlds, share: float, seed: int) -> Exchange:
        first = _rank(share, worlds.draws)
        last = worlds.draws - 1 if self._tail else first
        return Exchange(worlds, first=first, last=last, seed=seed)

    def begun(self, *, within_s: float) -> bool:
        """Begin with any plan within the limits, however dear; ``False``: there is none.

        If it reaches the goal only just, no more is asked of any.
        """
        reached = self.reach(within_s=within_s)
        plan = reached.plan
        if plan is None:
            return not reached.settled
        if not (self._second.holds(plan) and self._exchange.holds(plan)):
            self._exchange = self._in(self._exchange.worlds, self._confidence, self._seed)
            self._second = self._bare
            self.best, self.cost = plan, self._problem.price(plan)
        return True

    def reach(self, *, within_s: float) -> Reach:
        """Look in the second sample for a plan within the limits that reaches the goal."""
        ends = self._left_s() - within_s
        return reach(
            self._problem,
            self._required,
            holds=self._bare.bears,
            left_s=lambda: self._left_s() - ends,
        )

    def start(self, bought: Bools | None) -> None:
        """Begin from this plan, too, whether it holds or not."""
        if bought is not None:
            self.starts.append(bought)
            self._exchange.holds(bought)
            self._keep()

    def loosest(
        self, plan_for: Callable[[float], Bools | None], share: float, *, until_s: float
    ) -> Bools | None:
        """Return the plan for the largest share that the sample still bears."""
        best = plan_for(share)
        if best is None or not self._exchange.holds(best):
            return best
        low, high = share, min(1.0, 2 * share + 0.05)
        for _ in range(_BISECTIONS):
            if self._left_s() < until_s:
                break
            middle = (low + high) / 2
            looser = plan_for(middle)
            if looser is not None and self._exchange.holds(looser):
                best, low = looser, middle
            else:
                high = middle
        return best

    def climb(self, told: Callable[[float | None], None], *, bound: float) -> None:
        """Exchange round by round until nothing better turns up, or time ends."""

        def go_on() -> bool:
            told(None if self.best is None else self.cost)
            return self._left_s() > MARGIN_S and self.cost > bound * (1 + SLACK)

        for start in self.starts:
            self._exchange.mend(start)
            self._keep()
        idle = 0
        while idle < _PATIENCE and go_on():
            before = self.cost
            at = self.best
            if at is None or idle % 2:
                at = self._built(go_on)
            at = self._wandered(at, go_on)
            self._exchange.round(at, steps=_STEPS, left_s=self._left_s)
            self._keep()
            idle = 0 if self.cost < before else idle + 1

    def _built(self, go_on: Callable[[], bool]) -> Bools:
        """Return the cheapest of some plans built from the start."""
        plans = []
        for built in range(_BUILDS):
            plans.append(self._exchange.mend(self.starts[built % len(self.starts)]))
            self._keep()
            if not go_on():
                break
        return min(plans, key=self._worth)

    def _wandered(self, at: Bools, go_on: Callable[[], bool]) -> Bools:
        """Ruin and mend a plan, going on from dearer ones at first; return the cheapest."""
        best = at
        for ruin in range(_RUINS):
            if not go_on():
                break
            mended = self._exchange.mend(self._exchange.ruined(at))
            self._keep()
            if self._worth(mended) <= self._worth(at) * (1 + _DEARER * (1 - ruin / _RUINS)):
                at = mended
            if self._worth(at) < self._worth(best):
                best = at
        return best

    def _worth(self, plan: Bools) -> float:
        return self._problem.price(plan) if self._exchange.holds(plan) else float("inf")

    def _keep(self) -> None:
        """Take the best of the first sample, mended and trimmed in the second one."""
        exchange, second = self._exchange, self._second
        if exchange.best is None or exchange.cost >= self.cost:
            return
        fits = second.holds(exchange.best)
        mended = second.mend(exchange.best)
        if second.holds(mended) and self._problem.price(mended) < self.cost:
            self.best, self.cost = mended, self._problem.price(mended)
        if not fits:
            # The first sample flatters the plans made with it: ask a little more of it.
            exchange.first = min(exchange.worlds.draws - 1, exchange.first + 1)
            exchange.last = max(exchange.last, exchange.first)
        exchange.best, exchange.cost = self.best, self.cost


def _draws(posed: Unsure) -> int:
    draws = int(_DRAW_BUDGET / posed.problem.groups.nodes)
    return max(LEAST_DRAWS, min(draws, MOST_DRAWS)) // WORD * WORD


def _rank(share: float, draws: int) -> int:
    """Return the rank, from 0, up to which lies that share of the draws."""
    return min(draws - 1, max(0, math.ceil(share * draws - SLACK) - 1))
