"""What limits add to the price of acting, so that the dual knows them.

The collateral budget has a Lagrange multiplier: a bystander costs so much. Whoever acts in a
country pays a part of the country's fixed cost, and the parts sum to one; the most countries that
may act have a multiplier, too, which every country's fixed cost is raised by. No choice of
multipliers and parts lifts the bound above the least cost; they are improved by subgradient steps
like the dual's own shares.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from cautery.plan.graph import Bools, Floats
from cautery.plan.reduce import Problem

_FORGET = 0.1
"""Weight of the newest pass in what the steps follow: single passes buy all or nothing."""
_LEAST_PART = 1e-7
"""A part that has reached zero would never rise again: steps multiply it."""


class LimitPrices:
    """Prices of one problem's limits, node by node.

    Parameters
    ----------
    problem : Problem
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._at = np.flatnonzero((problem.country >= 0) & np.isfinite(problem.cost))
        self._country = problem.country[self._at]
        self._countries = problem.fixed_cost.size
        acts = np.bincount(self._country, minlength=self._countries)
        self._part: Floats = 1.0 / np.maximum(acts, 1)[self._country]
        self._paid = np.zeros(self._countries, np.bool_)
        self._a_bystander = 0.0
        self._a_country = 0.0
        self._average = np.zeros(problem.cost.size)
        self._passes = 0

    def copied(self, *, paid: Bools | None = None) -> LimitPrices:
        """Return the same prices, to go on by themselves.

        Parameters
        ----------
        paid : ndarray of bool or None
            Countries that act in any case: acting there costs nothing more.
        """
        twin = copy(self)
        twin._part = self._part.copy()  # noqa: SLF001 - its own kind
        twin._average = self._average.copy()  # noqa: SLF001 - its own kind
        if paid is not None:
            twin._paid = self._paid | paid  # noqa: SLF001 - its own kind
        return twin

    def costs(self) -> tuple[Floats, float]:
        """Return what acting costs with all that limits add, and what the bound must give back."""
        problem = self._problem
        cost, back = problem.cost, 0.0
        if not problem.limited:
            return cost, back
        cost = cost.copy()
        if problem.budget is not None:
            cost += self._a_bystander * problem.collateral
            back += self._a_bystander * problem.budget
        raised = np.where(self._paid, 0.0, problem.fixed_cost + self._a_country)
        cost[self._at] += self._part * raised[self._country]
        back -= float(problem.fixed_cost[self._paid].sum())
        if problem.most_countries is not None:
            back += self._a_country * (problem.most_countries - int(self._paid.sum()))
        return cost, back

    def step(self, bought: Floats, *, bound: float, step: float) -> None:
        """Move the prices towards the purchases of a pass.

        Parameters
        ----------
        bought : ndarray
            How much of each node.
        bound : float
            The unit of the multipliers: they are prices.
        step : float
        """
        problem = self._problem
        if not problem.limited:
            return
        self._passes += 1
        self._average += max(_FORGET, 1.0 / self._passes) * (bought - self._average)
        bought = self._average[self._at]
        if problem.most_countries is not None:
            limit = problem.most_countries - int(self._paid.sum())
            acting = np.bincount(
                self._country, weights=self._part * bought, minlength=self._countries
            )[~self._paid].sum()
            over = acting / max(limit, 1) - (1.0 if limit else 0.0)
            move = 0.1 * step * over * bound / max(limit, 1)
            self._a_country = max(0.0, self._a_country + move)
        if problem.budget is not None:
            harm = float(problem.collateral @ self._average)
            budget = max(problem.budget, 1e-9)
            over = min(harm / budget, 10.0) - (1.0 if problem.budget > 0 else 0.0)
            self._a_bystander = max(0.0, self._a_bystander + 0.1 * step * over * bound / budget)
        part = self._part * np.exp(np.minimum(step * bought, 3.0))
        total = np.bincount(self._country, weights=part, minlength=self._countries)
        self._part = np.maximum(part / total[self._country], _LEAST_PART)
        total = np.bincount(self._country, weights=self._part, minlength=self._countries)
        self._part /= total[self._country]
