"""Which countries act: a set chosen by the bound of plans that act nowhere else.

Once the countries are chosen their number and fixed costs are settled, and what is left is a
problem without these limits.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from cautery.plan.dual import Dual
from cautery.plan.graph import Bools, Floats
from cautery.plan.reduce import Problem

_PASSES = 60
"""Of the dual for one set: enough to rank sets, on graphs of 5,000 and 20,000 nodes."""
_MOST_BYTES = 1 << 30
"""Of the prices of all open cases together: further ones go on from the whole problem's."""
_SELDOM = 0.02
"""Share of the dual's late passes under which a country is not tried."""


def count(problem: Problem) -> bool:
    """Tell whether it matters which countries act."""
    return problem.most_countries is not None or bool((problem.fixed_cost > 0).any())


def acting(problem: Problem, dual: Dual, *, left_s: Callable[[], float]) -> Bools:
    """Return a good set of countries, by exchanging one for another while that lowers the bound."""
    use = _use(problem, dual.average)
    limit = problem.most_countries
    countries = use >= 0.5
    if limit is not None:
        countries = np.zeros(use.size, np.bool_)
        countries[np.argsort(-use, kind="stable")[:limit]] = True
    best = _bound(problem, dual, countries, left_s=left_s)
    improved = True
    while improved and left_s() > 0:
        improved = False
        for neighbour in _neighbours(countries, use, problem):
            if left_s() <= 0:
                break
            bound = _bound(problem, dual, neighbour, left_s=left_s)
            if bound < best:
                best, countries, improved = bound, neighbour, True
                break
    return countries


def branched(
    problem: Problem,
    dual: Dual,
    *,
    cost: Callable[[], float],
    planned: Callable[[Bools], float],
    left_s: Callable[[], float],
) -> float:
    """Return a bound of the least cost, by cases: this country acts, or it does not.

    The case of the lowest bound is split next, at the country that its dual uses most; each answer
    goes on from the prices of the case it splits.

    Parameters
    ----------
    cost : callable
        The cost of the best plan so far: a case whose bound is not below it is closed.
    planned : callable
        Plans in a set of countries, all of which are paid, and returns a bound for it.
    """
    nobody = np.zeros(problem.fixed_cost.size, np.bool_)
    cases = [(dual.bound, 0, nobody, nobody, _use(problem, dual.average), dual)]
    room = _MOST_BYTES // dual.own_bytes
    closed, number = float("inf"), 0
    while cases and left_s() > 0 and cases[0][0] < cost():
        bound, _, acts, idle, use, prices = heapq.heappop(cases)
        open_ = ~(acts | idle)
        if not open_.any():
            closed = min(closed, max(bound, planned(acts)))
            continue
        at = int(np.argmax(np.where(open_, use, -1.0)))
        for joins in (True, False):
            number += 1
            also, but = acts.copy(), idle.copy()
            (also if joins else but)[at] = True
            # The number is reached, so all others are idle: the case knows it before anybody
            # splits it.
            if also.sum() == problem.most_countries:
                but = ~also
            case = prices.fixed(never=_outside(problem, ~but), paid=also)
            case.improve(passes=_PASSES, left_s=left_s)
            lifted = max(bound, case.bound)
            use_there = _use(problem, case.average)
            basis = case if len(cases) < room else dual
            heapq.heappush(cases, (lifted, number, also, but, use_there, basis))
    return min(cost(), closed, cases[0][0] if cases else float("inf"))


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


def _outside(problem: Problem, countries: Bools) -> Bools:
    outside: Bools = (problem.country >= 0) & ~np.append(countries, True)[problem.country]
    return outside


def _bound(problem: Problem, dual: Dual, countries: Bools, *, left_s: Callable[[], float]) -> float:
    outside = _outside(problem, countries)
    tried = dual.fixed(never=outside)
    tried.improve(passes=_PASSES, left_s=left_s)
    return tried.bound


def _neighbours(countries: Bools, use: Floats, problem: Problem) -> Iterator[Bools]:
    """Yield sets that differ in one country, or exchange one: the most likely first."""
    inside = [country for country in np.argsort(use, kind="stable").tolist() if countries[country]]
    outside = [
        country
        for country in np.argsort(-use, kind="stable").tolist()
        if not countries[country] and use[country] > _SELDOM
    ]
    limit = problem.most_countries
    for country in inside:
        if problem.fixed_cost[country] > 0:
            yield _changed(countries, country)
    for country in outside:
        if limit is None or len(inside) < limit:
            yield _changed(countries, country)
    for country in outside:
        for dropped in inside:
            yield _changed(countries, country, dropped)


def _changed(base: Bools, *countries: int) -> Bools:
    neighbour = base.copy()
    neighbour[list(countries)] ^= True
    return neighbour
