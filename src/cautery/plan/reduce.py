"""Exact reductions: nodes that cannot change, or belong to one owner only, leave the problem.

The least cost stays the same, and a plan for what is left unfolds into one for the whole
(docs/reference/sources.md, F44).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _fold_kernels as kernels
from cautery.plan._standing_kernels import gathered
from cautery.plan.graph import Bools, Floats, Groups, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Bring ``must`` of the weight down at the least cost.

    Parameters
    ----------
    groups : Groups
    cost : ndarray
        Infinite where nobody may act.
    weight : ndarray
    must : float
        Weight that has to be down, what is down already counted.
    country : ndarray of int32
    fixed_cost : ndarray
        A country each, paid once it acts.
    collateral : ndarray
    most_countries : int or None
    budget : float or None
        Most collateral.
    """

    groups: Groups
    cost: Floats
    weight: Floats
    must: float
    country: Ints
    fixed_cost: Floats
    collateral: Floats
    most_countries: int | None = None
    budget: float | None = None

    @property
    def limited(self) -> bool:
        """Whether more than the sum of costs counts, so that equals in cost are no equals."""
        return (
            self.most_countries is not None
            or self.budget is not None
            or bool((self.fixed_cost > 0).any())
        )

    def down(self, gone: Bools) -> float:
        """Return the weight that is down when these are gone."""
        return float(self.weight[~self.groups.standing(gone)].sum())

    def price(self, gone: Bools) -> float:
        """Return what taking these costs, with the countries' fixed costs."""
        if not gone.any():
            return 0.0
        acting = np.unique(self.country[gone])
        return float(self.cost[gone].sum() + self.fixed_cost[acting[acting >= 0]].sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduced:
    """What is left of a problem, and the way back."""

    problem: Problem
    taken: Bools
    """What was taken from the start, in the whole."""
    place: NDArray[np.int64]
    """Where each node that is left stands in the whole."""
    _via: NDArray[np.int64]
    _parts: Ints

    def unfold(self, bought: Bools) -> Bools:
        """Return a plan for the whole."""
        plan = np.zeros(self.taken.size, np.bool_)
        plan[self.place[bought]] = True
        kernels.unfold(self._via, self._parts, plan)
        whole: Bools = plan | self.taken
        return whole

    def folded(self, gone: Bools) -> Bools:
        """Return what of a plan for the whole is bought here: the other way round."""
        plan = gone[self.place].copy()
        for at in np.flatnonzero((self._via[self.place, 0] >= 0) & ~plan).tolist():
            plan[at] = self._all_parts(int(self.place[at]), gone)
        return plan

    def _all_parts(self, node: int, plan: Bools) -> bool:
        first, last = self._via[node].tolist()
        if first < 0:
            return bool(plan[node])
        return all(self._all_parts(part, plan) for part in self._parts[first:last].tolist())


def reduced(problem: Problem, *, taken: Bools | None = None, apart: Bools | None = None) -> Reduced:
    """Return the remaining problem once some acts are taken.

    Parameters
    ----------
    taken : ndarray of bool or None
        Taken already; their cost is spent, and stays out of the problem that is left.
    apart : ndarray of bool or None
        Nodes of which more is known than the problem says: they may go down by themselves, and
        neither they nor their members are folded.
    """
    if apart is None:
        apart = np.zeros(problem.groups.nodes, np.bool_)
    removed = np.zeros(problem.groups.nodes, np.bool_) if taken is None else taken
    problem = committed(problem, removed)
    groups, cost = problem.groups, problem.cost.copy()
    up = groups.standing(removed)
    never_down = groups.standing(removed | np.isfinite(cost) | apart)
    alive = up & ~never_down
    group_of_link = np.repeat(np.arange(groups.owner.size, dtype=np.int32), groups.sizes)
    sure = np.bincount(
        group_of_link[never_down[groups.member]], minlength=groups.owner.size
    ).astype(np.int32)
    # A member that never falls always stands: it fills one place of those that a group needs.
    need = groups.need - sure
    repeats = kernels.said_again(need, groups.start, groups.member, groups.nodes)
    left = groups.kept(alive[groups.owner] & (need > 0), alive[groups.member] & ~repeats, need=need)
    via = np.full((groups.nodes, 2), -1, np.int64)
    parts = np.empty(2 * left.member.size + 1, np.int32)
    size = 0
    needed = problem.weight > 0
    needed &= alive
    group_start, groups_of_node = by_owner(left)
    kernels.behind(left.start, left.member, group_start, groups_of_node, needed)
    alive &= needed
    left = left.kept(alive[left.owner], np.ones(left.member.size, np.bool_))
    # To fold is to add up costs. Under limits of countries or bystanders two purchases of one cost
    # are not the same, so nothing is folded then.
    while not problem.limited:
        users = np.diff(left.use_start)
        private = (users == 1) & (problem.weight == 0) & ~apart
        private[left.member[np.repeat(apart[left.owner], left.sizes)]] = False
        leaf = private & (left.of_node == 0)
        drop = np.zeros(left.owner.size, np.bool_)
        size, folded = kernels.fold(
            left.owner, left.need, left.start, left.member, leaf, cost, via, parts, size, drop
        )
        into = np.arange(groups.nodes, dtype=np.int32)
        inner = private & (left.of_node > 0)
        size, merged = kernels.merge(
            left.owner, left.start, left.member, inner, cost, via, parts, size, drop, into
        )
        if folded + merged == 0:
            break
        gone_members = left.member[np.repeat(drop, left.sizes)]
        alive[gone_members] = False
        owner = into[left.owner]
        # One pass may merge a whole chain: follow it to its end.
        while not np.array_equal(owner, into[owner]):
            owner = into[owner]
        left = Groups(groups.nodes, owner, left.need, left.start, left.member).kept(
            ~drop, np.ones(left.member.size, np.bool_)
        )
    place = np.flatnonzero(alive)
    number = np.full(groups.nodes, -1, np.int32)
    number[place] = np.arange(place.size, dtype=np.int32)
    return Reduced(
        problem=replace(
            problem,
            groups=Groups(
                place.size, number[left.owner], left.need, left.start, number[left.member]
            ),
            cost=cost[place],
            weight=problem.weight[place],
            must=problem.must - float(problem.weight[~up].sum()),
            country=problem.country[place],
            collateral=problem.collateral[place],
        ),
        taken=removed,
        place=place,
        _via=via,
        _parts=parts[:size].copy(),
    )


def committed(problem: Problem, gone: Bools) -> Problem:
    """Count the taken acts against the limits; a country that acts already costs no more."""
    if not problem.limited or not gone.any():
        return problem
    acting = np.unique(problem.country[gone])
    acting = acting[acting >= 0]
    limit, budget = problem.most_countries, problem.budget
    return replace(
        problem,
        # -1 is no country: the fixed cost of these is spent.
        country=np.where(np.isin(problem.country, acting), -1, problem.country).astype(np.int32),
        most_countries=None if limit is None else limit - acting.size,
        budget=None if budget is None else budget - float(problem.collateral[gone].sum()),
    )


def by_owner(groups: Groups) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each owner's groups begin, and the groups in the order of their owners."""
    begin, order = gathered(groups.owner, groups.nodes)
    return begin, order
