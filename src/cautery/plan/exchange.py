"""Search for a plan by exchanges: give back, take down, swap, tried in all drawn worlds at once.

Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983) with the worlds held fixed: a plan's worth
is its price and a penalty for what is served too much at the rank that counts. The penalty's rate
moves so that the search stays about where plans begin to hold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cautery.plan import _exchange_kernels as kernels
from cautery.plan.graph import SLACK, Bools
from cautery.plan.worlds import Worlds

_STEPS = 200
"""Steps between two looks at the clock and at the penalty."""
_RATE = 1.02
_COLD = 0.02
"""Temperature at the end of a round, and the hottest at its start, in prices of a usual act."""
_HOT = (0.03, 0.1, 0.3)


class _Limits(NamedTuple):
    """What acts cost, and how far the plan at hand has used up its limits."""

    cost: Any
    country: Any
    fixed_cost: Any
    collateral: Any
    acting: Any
    countries: Any
    harm: Any
    most_countries: Any
    budget: Any


class Exchange:
    """The search in one sample of worlds.

    Parameters
    ----------
    first, last : int
        Ranks of the worlds, from the least served: the mean of these may be at most what the
        problem allows. One and the same rank is a quantile; the last ones are a tail.
    """

    def __init__(self, worlds: Worlds, *, first: int, last: int, seed: int) -> None:
        self._worlds = worlds
        self._problem = problem = worlds.posed.problem
        self.first, self.last = first, last
        self._most = worlds.posed.most + SLACK * float(problem.weight.sum())
        self._rng = np.random.default_rng([seed, 2])
        users = np.diff(problem.groups.use_start)
        ends = np.flatnonzero(problem.weight > 0)
        shared = np.flatnonzero((users > 0) & (problem.weight == 0))
        often = max(1, 2 * ends.size // max(1, shared.size))
        self._targets = np.concatenate([ends, np.repeat(shared, often)])
        self.best: Bools | None = None
        """The cheapest plan that holds in the sample."""
        self.cost = float("inf")
        usual = problem.cost[np.isfinite(problem.cost) & (problem.cost > 0)]
        self._act = float(np.median(usual)) if usual.size else 1.0
        self._penalty = 0.0

    def holds(self, bought: Bools) -> bool:
        """Tell whether the sample bears a plan; it is taken if it is the cheapest so far."""
        self._worlds.take(bought)
        if kernels.excess(self._worlds.weight_up, self.first, self.last, self._most) > 0:
            return False
        price = self._problem.price(bought)
        if price < self.cost:
            self.best, self.cost = bought.copy(), price
        return True

    def round(self, start: Bools, *, steps: int, left_s: Any) -> Bools:
        """Cool once from ``start``; return where it ended, in :attr:`best` the best passed."""
        worlds, problem = self._worlds, self._problem
        worlds.take(start)
        limits = _limits(worlds)
        price = problem.price(start)
        if self._penalty == 0:
            self._penalty = 5 * max(price, self._act) / float(problem.weight.sum())
        best = np.zeros(start.size, np.bool_) if self.best is None else self.best.copy()
        hot = self._act * float(self._rng.choice(_HOT)) * 10
        batches = max(1, steps // _STEPS)
        for batch in range(batches):
            if left_s() <= 0:
                break
            before = self.cost
            price, self.cost = kernels.anneal(
                worlds.frame,
                limits,
                worlds.order,
                worlds.bought,
                worlds.up,
                worlds.weight_up,
                worlds.posed.required,
                self._targets,
                (self.first, self.last),
                self._most,
                self._penalty,
                hot * (_COLD * self._act / hot) ** (batch / batches),
                price,
                _STEPS,
                int(self._rng.integers(2**31)),
                self.cost,
                best,
                worlds.log,
                worlds.words,
            )
            if self.cost < before:
                self.best = best
            over = kernels.excess(worlds.weight_up, self.first, self.last, self._most)
            self._penalty *= _RATE if over > 0 else 1 / _RATE
        return worlds.bought.copy()


def _limits(worlds: Worlds) -> _Limits:
    problem, bought = worlds.posed.problem, worlds.bought
    where = problem.country[bought]
    acting = np.bincount(where[where >= 0], minlength=problem.fixed_cost.size)
    most, budget = problem.most_countries, problem.budget
    return _Limits(
        cost=problem.cost,
        country=problem.country,
        fixed_cost=problem.fixed_cost,
        collateral=problem.collateral,
        acting=acting.astype(np.int64),
        countries=np.array([np.count_nonzero(acting)]),
        harm=np.array([float(problem.collateral[bought].sum())]),
        most_countries=problem.fixed_cost.size if most is None else most,
        budget=float("inf") if budget is None else budget * (1 + SLACK),
    )
