"""Whether any plan within the limits can reach the goal often enough, tried in drawn worlds.

More acts never leave more served: where all of them together do not hold, none do, and where they
hold and keep to the limits, they are a plan. In between it goes by cases: this country acts, or it
does not; this act, of those left the one with most bystanders, is done, or it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cautery.plan.graph import SLACK, Bools
from cautery.plan.reduce import Problem

MOST_CASES = 1000
"""Cases after which the question stays open."""


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    done: Bools
    may: Bools
    """What may be done besides."""
    acting: frozenset[int]
    """Countries held to act."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """What is known of plans within the limits.

    Parameters
    ----------
    plan : ndarray of bool or None
        One that holds, dear as it may be; ``None``: none was met.
    settled : bool
        Whether, without a plan, there is none.
    """

    plan: Bools | None
    settled: bool


def reach(
    problem: Problem,
    required: Bools,
    *,
    holds: Callable[[Bools], bool],
    left_s: Callable[[], float],
) -> Reach:
    """Look for a plan within the limits that holds, or show that there is none.

    Parameters
    ----------
    problem : Problem
        Its limits are for what is required, too.
    required : ndarray of bool
        What any plan acts on.
    holds : callable
        Tells whether these acts reach the goal often enough, whatever the limits.
    left_s : callable
        Seconds left.
    """
    begun = _Case(required, np.isfinite(problem.cost) & ~required, _where(problem, required))
    cases = [begun]
    for _ in range(MOST_CASES):
        if not cases or left_s() <= 0:
            break
        case = _narrowed(problem, cases.pop())
        if case is None or not holds(case.done | case.may):
            continue
        split = _split(problem, case)
        if not split:
            return Reach(plan=case.done | case.may, settled=True)
        cases += split
    return Reach(plan=None, settled=not cases)


def _narrowed(problem: Problem, case: _Case) -> _Case | None:
    """Leave out acts that no longer fit the limits; ``None``: the acts so far break them."""
    may, limit, budget = case.may, problem.most_countries, problem.budget
    if limit is not None:
        if len(case.acting) > limit:
            return None
        if len(case.acting) == limit:
            may = may & np.isin(problem.country, [-1, *case.acting])
    if budget is not None:
        left = budget * (1 + SLACK) - float(problem.collateral[case.done].sum())
        if left < 0:
            return None
        may = may & (problem.collateral <= left)
    return _Case(case.done, may, case.acting)


def _split(problem: Problem, case: _Case) -> list[_Case]:
    """Return the two answers to what is at issue, the second to be tried first; none: nothing."""
    limit, budget = problem.most_countries, problem.budget
    open_countries = _where(problem, case.may) - case.acting
    if limit is not None and len(open_countries) + len(case.acting) > limit:
        # Where most demand might be cut nobody knows: the country with most acts first.
        acts = np.bincount(problem.country[case.may & (problem.country >= 0)])
        tried = max(open_countries, key=lambda country: int(acts[country]))
        idle = _Case(case.done, case.may & (problem.country != tried), case.acting)
        return [idle, _Case(case.done, case.may, case.acting | {tried})]
    harm = problem.collateral[case.done | case.may].sum()
    if budget is not None and harm > budget * (1 + SLACK):
        act = np.zeros(case.may.size, np.bool_)
        act[int(np.argmax(np.where(case.may, problem.collateral, -1.0)))] = True
        acting = case.acting | _where(problem, act)
        return [
            _Case(case.done | act, case.may & ~act, acting),
            _Case(case.done, case.may & ~act, case.acting),
        ]
    return []


def _where(problem: Problem, acts: Bools) -> frozenset[int]:
    countries = np.unique(problem.country[acts])
    return frozenset(countries[countries >= 0].tolist())
