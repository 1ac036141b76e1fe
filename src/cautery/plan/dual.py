"""A proven bound of the cost, without a matrix: each node's price is split among its users.

Whoever needs a node pays for a part of it, and the parts sum to one. Then a node's price is the
least of its own cost and, for each group, of the parts of so many members as must fall; and no
plan costs less than the cheapest purchase of the demand at these prices (a knapsack). Every split
gives a valid bound (Lagrangian decomposition into copies); splits are improved by exponentiated
gradient steps. Limits add prices of their own (:mod:`cautery.plan.limit_prices`). On a link that
points back, in a circle, the part is zero: valid, and weaker (docs/reference/sources.md,
F45).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _price_kernels as kernels
from cautery.plan._settle_kernels import settle
from cautery.plan.graph import Bools, Floats, Groups, Ints
from cautery.plan.limit_prices import LimitPrices
from cautery.plan.reduce import Problem, by_owner

_SAFE = 1 - 1e-9
"""The bound is lowered by this: sums of floats round."""
_NEWEST = 0.1
"""Weight of the newest pass in what the shares follow: single passes buy all or nothing."""
_FIRST_STEP, _LAST_STEP, _SHORTER = 0.5, 0.005, 0.7
_LOOK, _RISE = 15, 1.2e-4
"""A step is shortened when so many passes have lifted the bound by less than this share. With
these, 800 passes end 0.7 % below the least cost at 50,000 nodes, 1 % closer than with steps that
shrink as the square root of the passes."""
_STEP_AGAIN, _PASSES_AGAIN = 0.1, 40
"""Step of a dual with new fixings, and passes that it counts as made: it has to move again."""
_COPIED = ("_share", "_link_demand", "_average", "best_share", "_never", "_always")
"""What a dual with new fixings keeps to itself."""
_USERS_AT_ONCE = 100_000
"""Users of candidates that are settled between two looks at the time."""


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
        forward = np.bincount(groups.member, weights=~self._back, minlength=groups.nodes)
        self._share: Floats = np.where(self._back, 0.0, 1 / np.maximum(forward, 1)[groups.member])
        self._limits = LimitPrices(problem)
        self._sinks = np.flatnonzero(problem.weight > 0)
        self._price = np.zeros(groups.nodes)
        self._by = np.zeros(groups.nodes, np.int64)
        self._used = np.zeros(groups.member.size, np.bool_)
        self._flow = np.zeros(groups.nodes)
        self._link_flow = np.zeros(groups.member.size)
        self._link_demand = np.zeros(groups.member.size)
        self._node_flow = np.zeros(groups.nodes)
        self._average = np.zeros(groups.nodes)
        self._never = np.zeros(groups.nodes, np.bool_)
        self._always = np.zeros(groups.nodes, np.bool_)
        self.bound = 0.0
        self.best_share = self._share.copy()
        self._best_cost, self._best_spent = self._costs()
        self.passes = 0
        self._step, self._last_bound = _FIRST_STEP, 0.0

    @property
    def still(self) -> bool:
        """Whether steps have become so short that the bound hardly rises any more."""
        return self._step < _LAST_STEP

    @property
    def average(self) -> Floats:
        """How much of each node was bought, on the average of late passes."""
        return self._average[: self._nodes]

    @property
    def cost(self) -> Floats:
        """What acting costs with all that limits add, at the best bound."""
        return self._best_cost[: self._nodes]

    @property
    def own_bytes(self) -> int:
        """Memory that one more dual with other fixings takes."""
        return sum(getattr(self, name).nbytes for name in _COPIED)

    def improve(self, *, passes: int, left_s: Callable[[], float]) -> None:
        """Make passes until they are done, time ends or steps are tiny; the bound only rises."""
        for _ in range(passes):
            if left_s() <= 0 or self.bound == np.inf or self.still:
                return
            self.passes += 1
            cost, spent = self._costs()
            value, _ = self._priced(cost, self._share)
            value += spent
            # A pass may fall back: subgradient steps do not rise each time, so the best split is
            # kept apart.
            if value > self.bound:
                self.bound = value
                self.best_share[:] = self._share
                self._best_cost, self._best_spent = cost, spent
            if value < np.inf:
                self._follow()
            if self.passes % _LOOK == 0:
                if self.bound - self._last_bound < _RISE * self.bound:
                    self._step *= _SHORTER
                self._last_bound = self.bound

    def fixed(
        self,
        *,
        never: Bools,
        always: Bools | None = None,
        paid: Bools | None = None,
        share: NDArray[np.float32] | None = None,
    ) -> Dual:
        """Return the dual of plans that act on none of ``never`` and all of ``always``.

        It goes on from where this one stands; what was fixed here stays fixed.

        Parameters
        ----------
        paid : ndarray of bool or None
            Countries that act in any case.
        share : ndarray or None
            The split to begin with, instead of this one's.
        """
        restricted = copy(self)
        for name in _COPIED:
            setattr(restricted, name, getattr(self, name).copy())
        if share is not None:
            restricted._share[:] = share  # noqa: SLF001 - its own kind
        restricted._limits = self._limits.copied(paid=paid)  # noqa: SLF001 - its own kind
        restricted._never[: self._nodes] |= never  # noqa: SLF001 - its own kind
        if always is not None:
            restricted._always[: self._nodes] |= always  # noqa: SLF001 - its own kind
        restricted.bound = restricted._last_bound = 0.0  # noqa: SLF001 - its own kind
        restricted.passes = min(self.passes, _PASSES_AGAIN)
        restricted._step = max(self._step, _STEP_AGAIN)  # noqa: SLF001 - its own kind
        restricted._best_cost, restricted._best_spent = restricted._costs()  # noqa: SLF001 - its own kind
        return restricted

    def without(self, node: int) -> float:
        """Return the bound of plans that act on ``node``, at the best split so far."""
        cost = self._best_cost.copy()
        paid, cost[node] = cost[node], 0.0
        value, _ = self._priced(cost, self.best_share)
        return float(paid * _SAFE + value + self._best_spent)

    def settled(
        self, candidates: NDArray[np.int64], *, most: float, left_s: Callable[[], float]
    ) -> tuple[Bools, Bools]:
        """Return which candidates no plan of at most ``most`` acts on, and which every one does.

        Plans are those that do as this dual's fixings say, which are told, too. What time does
        not suffice for stays open.
        """
        problem, groups = self._problem, self._problem.groups
        never, always = self._never.copy(), self._always.copy()
        value, dearest = self._priced(self._best_cost, self.best_share)
        place = np.empty(groups.nodes, np.int64)
        place[self._order] = np.arange(groups.nodes)
        users = np.diff(groups.use_start)
        open_ = np.isfinite(self._best_cost[candidates]) & ~always[candidates]
        candidates = candidates[open_]
        # Those with few users take the least time: so most are settled when the time ends.
        candidates = candidates[np.argsort(users[candidates], kind="stable")]
        work = np.cumsum(users[candidates] + 1) // _USERS_AT_ONCE
        for part in np.split(candidates, np.flatnonzero(np.diff(work)) + 1):
            if left_s() <= 0 or value == np.inf:
                break
            settle(
                part,
                self._best_cost,
                groups.need,
                groups.owner,
                groups.start,
                groups.member,
                self._group_start,
                self._groups_of_node,
                place,
                groups.use_start,
                groups.uses,
                self._order,
                self.best_share,
                self._price,
                problem.weight,
                dearest,
                value + self._best_spent,
                most,
                never,
                always,
            )
        return never[: self._nodes], always[: self._nodes]

    def _costs(self) -> tuple[Floats, float]:
        """Return the cost of each act, limits included, and the cost that no choice avoids."""
        cost, back = self._limits.costs()
        if not (self._never.any() or self._always.any()):
            return cost, -back
        cost = cost.copy()
        spent = float(cost[self._always].sum()) * _SAFE - back
        cost[self._always] = 0.0
        cost[self._never] = np.inf
        return cost, spent

    def _follow(self) -> None:
        """Move the shares towards the links that this pass asked for, and those before it."""
        groups = self._problem.groups
        kernels.flow_pass(
            groups.start,
            groups.member,
            self._order,
            self._share,
            self._by,
            self._used,
            self._flow,
            self._link_flow,
            self._node_flow,
        )
        # The averages forget: early passes split badly.
        self._average += max(2.0 / (self.passes + 1), 0.01) * (self._node_flow - self._average)
        self._link_demand += max(1.0 / self.passes, _NEWEST) * (self._link_flow - self._link_demand)
        kernels.share_step(
            groups.use_start, groups.link, self._back, self._share, self._link_demand, self._step
        )
        self._limits.step(self._node_flow, bound=self.bound, step=self._step)

    def _priced(self, cost: Floats, share: Floats) -> tuple[float, float]:
        """Price all nodes; return the least price of the demand, and the dearest by weight."""
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
        value, dearest = kernels.knapsack(
            self._price, self._problem.weight, self._sinks, self._problem.must, self._flow
        )
        return float(_SAFE * value), float(dearest)


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
