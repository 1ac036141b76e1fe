"""A proven bound of the cost, without a matrix: each node's price is split among its users.

Whoever needs a node pays for a part of it, and the parts sum to one. Then a node's price is the
least of its own cost and, for each group, of the parts of so many members as must fall; and no
plan costs less than the cheapest purchase of the demand at these prices (a knapsack). Every split
gives a valid bound (Lagrangian decomposition into copies); splits are improved by exponentiated
gradient steps. On a link that points back, in a circle, the part is zero: valid, and weaker
(reference/planning.md, "Scalable certificate").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cautery.plan import _price_kernels as kernels
from cautery.plan.graph import Bools, Floats, Groups, Ints
from cautery.plan.reduce import Problem, by_owner

_SAFE = 1 - 1e-9
"""The bound is lowered by this: sums of floats round."""


class Dual:
    """The bound of one problem, and the split of prices behind it."""

    def __init__(self, problem: Problem) -> None:
        self._nodes = problem.groups.nodes
        problem = _with_ends(problem)
        groups = problem.groups
        self._problem = problem
        self._group_start, self._groups_of_node = by_owner(groups)
        self._order, self._back = kernels.members_first(
            groups.owner,
            groups.start,
            groups.member,
            self._group_start,
            self._groups_of_node,
            groups.use_start,
            groups.uses,
        )
        users = np.diff(groups.use_start)
        self._share: Floats = np.where(self._back, 0.0, 1.0 / users[groups.member])
        self._sinks = np.flatnonzero(problem.weight > 0)
        self._price = np.zeros(groups.nodes)
        self._by = np.zeros(groups.nodes, np.int64)
        self._used = np.zeros(groups.member.size, np.bool_)
        self._flow = np.zeros(groups.nodes)
        self._link_flow = np.zeros(groups.member.size)
        self._bought = np.zeros(groups.nodes)
        self.bound = 0.0
        self._average = np.zeros(groups.nodes)
        self.best_share = self._share.copy()
        self.passes = 0

    @property
    def average(self) -> Floats:
        """How much of each node was bought, on the average of late passes."""
        return self._average[: self._nodes]

    def improve(self, *, passes: int, left_s: Callable[[], float], step: float = 0.3) -> None:
        """Make passes until they are done or time ends; :attr:`bound` only rises.

        Parameters
        ----------
        step : float
            Of the first passes: of 0.3, 1 and 3 the first came closest (20,000 nodes).
        """
        groups = self._problem.groups
        for _ in range(passes):
            if left_s() <= 0:
                return
            self.passes += 1
            value = self._value(self._problem.cost, self._share)
            if value > self.bound:
                self.bound = value
                self.best_share[:] = self._share
            kernels.flow_pass(
                groups.start,
                groups.member,
                self._order,
                self._share,
                self._by,
                self._used,
                self._flow,
                self._link_flow,
                self._bought,
            )
            # The average forgets: early passes split badly.
            rate = max(2.0 / (self.passes + 1), 0.01)
            self._average += rate * (self._bought - self._average)
            kernels.share_step(
                groups.use_start,
                groups.link,
                self._back,
                self._share,
                self._link_flow,
                step / np.sqrt(1 + self.passes / 20),
            )

    def without(self, node: int) -> float:
        """Return the bound of plans that act on ``node``, at the best split so far."""
        cost = self._problem.cost.copy()
        paid, cost[node] = cost[node], 0.0
        return float(paid * _SAFE + self._value(cost, self.best_share))

    def _value(self, cost: Floats, share: Floats) -> float:
        groups = self._problem.groups
        kernels.price_pass(
            cost,
            groups.need,
            groups.start,
            groups.member,
            self._group_start,
            self._groups_of_node,
            self._order,
            share,
            self._price,
            self._by,
            self._used,
        )
        return float(
            _SAFE
            * kernels.knapsack(
                self._price, self._problem.weight, self._sinks, self._problem.must, self._flow
            )
        )


def _with_ends(problem: Problem) -> Problem:
    """Give demand that others need, too, an end of its own, so that its price is split as well."""
    groups = problem.groups
    inner: Bools = (problem.weight > 0) & (np.diff(groups.use_start) > 0)
    at = np.flatnonzero(inner).astype(np.int32)
    if at.size == 0:
        return problem
    ends: Ints = (groups.nodes + np.arange(at.size)).astype(np.int32)
    return replace(
        problem,
        groups=Groups(
            groups.nodes + at.size,
            np.concatenate([groups.owner, ends]),
            np.concatenate([groups.need, np.ones(at.size, np.int32)]),
            np.concatenate([groups.start, groups.start[-1] + 1 + np.arange(at.size)]),
            np.concatenate([groups.member, at]),
        ),
        cost=np.concatenate([problem.cost, np.full(at.size, np.inf)]),
        weight=np.concatenate([np.where(inner, 0.0, problem.weight), problem.weight[at]]),
        country=np.concatenate([problem.country, np.full(at.size, -1, np.int32)]),
        collateral=np.concatenate([problem.collateral, np.zeros(at.size)]),
    )
