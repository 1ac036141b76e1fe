"""Which countries act: a set chosen by the bound of plans that act nowhere else.

Once the countries are chosen their number and fixed costs are settled, and what is left is a
problem without these limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from cautery.plan.dual import Dual
from cautery.plan.graph import Bools, Floats
from cautery.plan.reduce import Problem

_PASSES = 60
"""Of the dual for one set: enough to rank sets, on graphs of 5,000 and 20,000 nodes."""
_SELDOM = 0.02
"""Share of the dual's late passes under which a country is not tried."""


def count(problem: Problem) -> bool:
    """Tell whether it matters which countries act."""
    return problem.most_countries is not None or bool((problem.fixed_cost > 0).any())


def acting(problem: Problem, dual: Dual, *, left_s: Callable[[], float]) -> Bools:
    """Return a good set of countries, by exchanging one for another while that lowers the bound."""
    use = _use(problem, dual.average)
    most = problem.most_countries
    chosen = use >= 0.5
    if most is not None:
        chosen = np.zeros(use.size, np.bool_)
        chosen[np.argsort(-use, kind="stable")[:most]] = True
    best = _bound(problem, dual, chosen, left_s=left_s)
    improved = True
    while improved and left_s() > 0:
        improved = False
        for other in _neighbours(chosen, use, problem):
            if left_s() <= 0:
                break
            bound = _bound(problem, dual, other, left_s=left_s)
            if bound < best:
                best, chosen, improved = bound, other, True
                break
    return chosen


def only(problem: Problem, chosen: Bools) -> Problem:
    """Return the problem of acting in these countries alone, their fixed costs apart."""
    return replace(
        problem,
        cost=np.where(_outside(problem, chosen), np.inf, problem.cost),
        fixed_cost=np.zeros(problem.fixed_cost.size),
        most_countries=None,
    )


def _use(problem: Problem, average: Floats) -> Floats:
    """Return how often the dual buys in each country: that of what it buys there most."""
    use = np.zeros(problem.fixed_cost.size)
    at = np.flatnonzero((problem.country >= 0) & np.isfinite(problem.cost))
    np.maximum.at(use, problem.country[at], average[at])
    return use


def _outside(problem: Problem, chosen: Bools) -> Bools:
    outside: Bools = (problem.country >= 0) & ~np.append(chosen, True)[problem.country]
    return outside


def _bound(problem: Problem, dual: Dual, chosen: Bools, *, left_s: Callable[[], float]) -> float:
    outside = _outside(problem, chosen)
    tried = dual.fixed(never=outside, always=np.zeros(outside.size, np.bool_))
    tried.improve(passes=_PASSES, left_s=left_s)
    return tried.bound


def _neighbours(chosen: Bools, use: Floats, problem: Problem) -> Iterator[Bools]:
    """Yield sets that differ in one country, or exchange one: the most likely first."""
    inside = [one for one in np.argsort(use, kind="stable").tolist() if chosen[one]]
    outside = [
        one
        for one in np.argsort(-use, kind="stable").tolist()
        if not chosen[one] and use[one] > _SELDOM
    ]
    most = problem.most_countries
    for one in inside:
        if problem.fixed_cost[one] > 0:
            yield _changed(chosen, one)
    for one in outside:
        if most is None or len(inside) < most:
            yield _changed(chosen, one)
    for one in outside:
        for other in inside:
            yield _changed(chosen, one, other)


def _changed(chosen: Bools, *countries: int) -> Bools:
    other = chosen.copy()
    other[list(countries)] ^= True
    return other
