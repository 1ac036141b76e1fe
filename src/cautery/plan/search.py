"""Plans for problems too large for one model: rounding, then better and better neighbourhoods.

Rounding takes what the dual buys on the average, tops it up with the cheapest demand and gives
back what is not needed. The large-neighbourhood search then frees a network and its surroundings,
keeps the rest as it is, and lets HiGHS plan the part anew; demand at the margin of the price is
free everywhere, so that parts trade with each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _search_kernels as kernels
from cautery.plan._standing_kernels import give_back
from cautery.plan.graph import SLACK, Bools, Floats
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem, by_owner, reduced

HUB_USERS = 40
"""A neighbourhood does not grow past a node with more users: a hoster touches every network."""
_THRESHOLDS = (0.2, 0.4, 0.6, 0.8)
TRADED = 250
"""Demand that each neighbourhood may buy anywhere, or give back, so that distant parts trade."""


def rounded(problem: Problem, average: Floats, *, taken: Bools | None = None) -> Bools | None:
    """Return the best plan by rounding what the dual buys, or ``None``: none does it.

    Parameters
    ----------
    average : ndarray
        How much of each node the dual buys.
    taken : ndarray of bool or None
        What is bought besides.
    """
    sinks = _sinks(problem)
    best: Bools | None = None
    for threshold in _THRESHOLDS:
        plan = (average >= threshold) & np.isfinite(problem.cost)
        plan[sinks] = False
        if taken is not None:
            plan |= taken
        plan = topped_up(problem, plan)
        if problem.down(plan) < problem.must - _slack(problem):
            continue
        plan = trimmed(problem, plan)
        if best is None or problem.price(plan) < problem.price(best):
            best = plan
    return best


def topped_up(problem: Problem, gone: Bools) -> Bools:
    """Buy the demand that is still up, cheapest first, until enough is down."""
    gone = gone.copy()
    lacking = problem.must - problem.down(gone)
    if lacking <= 0:
        return gone
    up = problem.groups.standing(gone)
    open_ = np.flatnonzero(up & (problem.weight > 0) & np.isfinite(problem.cost))
    ranked = open_[np.argsort(problem.cost[open_] / problem.weight[open_], kind="stable")]
    enough = np.searchsorted(np.cumsum(problem.weight[ranked]), lacking - _slack(problem))
    gone[ranked[: enough + 1]] = True
    return gone


def trimmed(problem: Problem, gone: Bools) -> Bools:
    """Give back, dearest first, what the goal does not need."""
    needed, groups = gone.copy(), problem.groups
    acts = np.flatnonzero(gone)
    order = acts[np.argsort(-problem.cost[acts], kind="stable")]
    limit = float(problem.weight.sum()) - problem.must + _slack(problem)
    give_back(
        groups.of_node,
        groups.owner,
        groups.need,
        groups.use_start,
        groups.uses,
        problem.weight,
        needed,
        order,
        limit,
    )
    return needed


class Neighbourhoods:
    """The search around one plan of one problem.

    Parameters
    ----------
    gone : ndarray of bool
        A plan that reaches the goal.
    """

    def __init__(self, problem: Problem, gone: Bools, *, seed: int) -> None:
        self._problem, self.gone = problem, gone
        self.cost = problem.price(gone)
        self._rng = np.random.default_rng(seed)
        self._seed = seed
        self._group_start, self._groups_of_node = by_owner(problem.groups)
        self._sinks = _sinks(problem)
        users = np.diff(problem.groups.use_start)
        self._starts = np.flatnonzero((users > 0) & (users <= HUB_USERS))
        self.size = 3000

    def step(self, *, left_s: Callable[[], float], each_s: float = 4.0, pace: float = 1.0) -> bool:
        """Plan one neighbourhood anew; tell whether Ctrl-C ended it.

        Parameters
        ----------
        each_s : float
            Most seconds of ``left_s`` for it.
        pace : float
            Seconds of wall in one of them.
        """
        problem, groups = self._problem, self._problem.groups
        if self._starts.size == 0:
            return False
        inside = kernels.grow(
            groups.owner,
            groups.start,
            groups.member,
            self._group_start,
            self._groups_of_node,
            groups.use_start,
            groups.uses,
            self._rng.choice(self._starts, 64),
            HUB_USERS,
            self.size,
        )
        free = inside | self._marginal()
        cost = np.where(free, problem.cost, np.inf)
        # What is bought outside stays bought, and nothing else can be bought there.
        part = reduced(replace(problem, cost=cost), taken=self.gone & ~free)
        if part.problem.must <= _slack(problem):
            plan = part.taken
        else:
            budget = min(each_s, left_s())
            began = left_s()
            solved = Model(part.problem, whole=False, seed=self._seed).solve(
                left_s=lambda: min(left_s(), budget - (began - left_s())),
                gap=5e-4,
                pace=pace,
            )
            # Grow while HiGHS proves its plan in the time that it has, shrink where it does not.
            self.size = int(self.size * (1.15 if solved.proven else 0.8))
            self.size = max(200, min(self.size, groups.nodes))
            if solved.bought is None:
                return solved.interrupted
            plan = part.unfold(solved.bought)
            if solved.interrupted:
                self._accept(plan)
                return True
        self._accept(plan)
        return False

    def _accept(self, plan: Bools) -> None:
        problem = self._problem
        plan = topped_up(problem, plan)
        if problem.down(plan) < problem.must - _slack(problem):
            return
        plan = trimmed(problem, plan)
        if not within(problem, plan):
            return
        cost = problem.price(plan)
        # An equal plan is taken, too: from another one of the same cost, other neighbours can be
        # reached.
        if cost <= self.cost:
            self.gone, self.cost = plan, cost

    def _marginal(self) -> Bools:
        """Mark the dearest demand bought, by weight, and the cheapest that is still up."""
        problem = self._problem
        marked = np.zeros(problem.groups.nodes, np.bool_)
        up = problem.groups.standing(self.gone)
        ratio = problem.cost[self._sinks] / problem.weight[self._sinks]
        for among, sign in ((self.gone[self._sinks], -1.0), (up[self._sinks], 1.0)):
            at = np.flatnonzero(among & np.isfinite(ratio))
            if at.size > TRADED:
                at = at[np.argpartition(sign * ratio[at], TRADED)[:TRADED]]
            marked[self._sinks[at]] = True
        return marked


def within(problem: Problem, gone: Bools) -> bool:
    """Tell whether a plan keeps to the limits."""
    acting = np.unique(problem.country[gone])
    if problem.most_countries is not None and (acting >= 0).sum() > problem.most_countries:
        return False
    harm = float(problem.collateral[gone].sum())
    return problem.budget is None or harm <= problem.budget * (1 + SLACK)


def _sinks(problem: Problem) -> NDArray[np.int64]:
    """Return demand that nobody else needs: buying it takes nothing else down."""
    alone = (problem.weight > 0) & (np.diff(problem.groups.use_start) == 0)
    return np.flatnonzero(alone)


def _slack(problem: Problem) -> float:
    return SLACK * max(1.0, float(problem.weight.sum()))
