"""Search for a plan by exchanges: give back, take down, swap, tried in all drawn worlds at once.

Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983) with the worlds held fixed: a plan's worth
is its price and a penalty for what is served too much at the rank that counts. The penalty's rate
moves so that the search stays about where plans begin to hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _exchange_kernels as kernels
from cautery.plan.graph import SLACK, Bools, Floats
from cautery.plan.worlds import Worlds

_STEPS = 100
"""Steps between two looks at the clock and at the penalty."""
_RATE = 1.02
"""By how much the penalty changes between two looks."""
_TRIES = 32
"""Targets of which the best is taken where a plan is mended."""
_DRAWN_TARGETS = 4096
_EVENLY = 0.2
_RUINED = (0.1, 0.3, 0.6)
"""Shares of a plan given up at most before it is mended."""
_COLD = 0.02
_HOT = (0.1, 1.0)
"""Temperature at the end of a round, and at its start, in prices of a usual act."""


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
        self.worlds = worlds
        self._problem = problem = worlds.posed.problem
        self.first, self.last = first, last
        self._ceiling = worlds.posed.most + SLACK * float(problem.weight.sum())
        self._rng = np.random.default_rng([seed, 2])
        self._odds = _behind(worlds)
        self.best: Bools | None = None
        """The cheapest plan that holds in the sample."""
        self.cost = float("inf")
        usual = problem.cost[np.isfinite(problem.cost) & (problem.cost > 0)]
        self._act = float(np.median(usual)) if usual.size else 1.0
        self._penalty = 0.0

    def bears(self, bought: Bools) -> bool:
        """Tell whether these acts reach the goal in the sample."""
        self.worlds.take(bought)
        over = kernels.excess(self.worlds.weight_up, self.first, self.last, self._ceiling)
        return bool(over <= 0)

    def holds(self, bought: Bools) -> bool:
        """Tell whether the sample bears a plan; it is taken if it is the cheapest so far."""
        if not self.bears(bought):
            return False
        price = self._problem.price(bought)
        if price < self.cost:
            self.best, self.cost = bought.copy(), price
        return True

    def mend(self, start: Bools) -> Bools:
        """Add to a plan what wins most for its price until it holds; give back what it can spare.

        Return where that ended.
        """
        worlds, ranks = self.worlds, (self.first, self.last)
        worlds.take(start)
        limits = _limits(worlds)
        dearest = kernels.mend(
            worlds.frame,
            limits,
            worlds.order,
            worlds.bought,
            worlds.up,
            worlds.weight_up,
            self._targets(),
            ranks,
            self._ceiling,
            _TRIES,
            int(self._rng.integers(2**31)),
            worlds.log,
            worlds.words,
        )
        # A lower penalty would make it pay to miss the goal: this much was paid for a unit of it.
        self._penalty = max(self._penalty, float(dearest))
        acts = np.flatnonzero(worlds.bought & ~worlds.posed.required)
        kernels.spare(
            worlds.frame,
            limits,
            acts[np.argsort(-self._problem.cost[acts], kind="stable")],
            worlds.bought,
            worlds.up,
            worlds.weight_up,
            ranks,
            self._ceiling,
            worlds.log,
            worlds.words,
        )
        mended = worlds.bought.copy()
        self.holds(mended)
        return mended

    def ruined(self, plan: Bools) -> Bools:
        """Return a plan without a random part of what it buys."""
        acts = np.flatnonzero(plan & ~self.worlds.posed.required)
        left = plan.copy()
        if acts.size:
            largest = max(1, int(acts.size * self._rng.choice(_RUINED)))
            left[self._rng.choice(acts, self._rng.integers(1, largest + 1), replace=False)] = False
        return left

    def _targets(self) -> NDArray[np.int64]:
        """Draw nodes to take down: those that more demand stands on more often."""
        return self._rng.choice(self._odds.size, _DRAWN_TARGETS, p=self._odds)

    def round(self, start: Bools, *, steps: int, left_s: Callable[[], float]) -> Bools:
        """Cool once from ``start``; return where it ended, in :attr:`best` the best passed."""
        self.worlds.take(start)
        price = self._problem.price(start)
        hot, batches = self._act * float(self._rng.choice(_HOT)), max(1, steps // _STEPS)
        for batch in range(batches):
            if left_s() <= 0:
                break
            # Cooling by a constant factor a batch, from hot to cold.
            heat = hot * (_COLD * self._act / hot) ** (batch / batches)
            price, over = self._batch(price, heat)
            self._penalty *= _RATE if over > 0 else 1 / _RATE
        return self.worlds.bought.copy()

    def _batch(self, price: float, heat: float) -> tuple[float, float]:
        """Make some steps; return the price where they end, and what is served too much there."""
        worlds = self.worlds
        if self._penalty == 0:
            self._penalty = 5 * max(price, self._act) / float(self._problem.weight.sum())
        best = np.zeros(worlds.bought.size, np.bool_)
        before = self.cost
        price, self.cost = kernels.anneal(
            worlds.frame,
            _limits(worlds),
            worlds.order,
            worlds.bought,
            worlds.up,
            worlds.weight_up,
            worlds.posed.required,
            self._targets(),
            (self.first, self.last),
            self._ceiling,
            self._penalty,
            heat,
            price,
            _STEPS,
            int(self._rng.integers(2**31)),
            before,
            best,
            worlds.log,
            worlds.words,
        )
        if self.cost < before:
            self.best = best
        over = kernels.excess(worlds.weight_up, self.first, self.last, self._ceiling)
        return price, float(over)


def _behind(worlds: Worlds) -> Floats:
    """Return how often each node is tried: by the root of the demand behind it.

    What stands on a group stands on each of its members in part.
    """
    problem, groups = worlds.posed.problem, worlds.posed.problem.groups
    behind: Floats = kernels.behind(
        worlds.frame, worlds.order, groups.sizes, problem.weight / problem.weight.sum()
    )
    odds = np.sqrt(behind) + _EVENLY * np.sqrt(behind).mean()
    share: Floats = odds / odds.sum()
    return share


def _limits(worlds: Worlds) -> _Limits:
    problem, plan = worlds.posed.problem, worlds.bought
    where = problem.country[plan]
    acting = np.bincount(where[where >= 0], minlength=problem.fixed_cost.size)
    limit, budget = problem.most_countries, problem.budget
    return _Limits(
        cost=problem.cost,
        country=problem.country,
        fixed_cost=problem.fixed_cost,
        collateral=problem.collateral,
        acting=acting.astype(np.int64),
        countries=np.array([np.count_nonzero(acting)]),
        harm=np.array([float(problem.collateral[plan].sum())]),
        most_countries=problem.fixed_cost.size if limit is None else limit,
        budget=float("inf") if budget is None else budget * (1 + SLACK),
    )
