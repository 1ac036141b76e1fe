"""What a plan must reach, within which limits, and the problem that this poses on a graph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cautery.errors import InputError
from cautery.plan.graph import SLACK, Bools, PlanGraph
from cautery.plan.reduce import Problem

RISKS = ("chance", "tail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a plan must reach, and within which limits.

    Parameters
    ----------
    served : float
        Most of all demand that may stay served, 0 to 1.
    countries : int or None
        Most countries that act.
    by : date or None
        Day on which every action must be usable.
    collateral : float or None
        Most bystanders, summed over the actions.
    confidence : float
        With which the goal must be reached where the graph is uncertain.
    risk : str
        There, "chance": at most ``served`` stays served with that confidence. "tail": on the
        average of the worst worlds, as many as it leaves (conditional value at risk), which is
        stricter: how bad the worst are counts, too.
    """

    served: float = 0.05
    countries: int | None = None
    by: date | None = None
    collateral: float | None = None
    confidence: float = 0.95
    risk: str = "chance"

    def __post_init__(self) -> None:
        if not 0 <= self.served <= 1:
            raise InputError(f"served {self.served}: a share must be between 0 and 1")
        if self.countries is not None and self.countries < 0:
            raise InputError(
                f"countries {self.countries}: the number of countries must not be negative"
            )
        if self.collateral is not None and not 0 <= self.collateral < float("inf"):
            raise InputError(
                f"collateral {self.collateral}: a budget must be a number and not negative"
            )
        if not 0 < self.confidence < 1:
            raise InputError(f"confidence {self.confidence}: it must be between 0 and 1")
        if self.risk not in RISKS:
            raise InputError(f"risk {self.risk!r}: it must be one of {', '.join(RISKS)}")


def posed(graph: PlanGraph, goal: Goal, *, as_of: date | None) -> tuple[Problem, Bools]:
    """Return the problem, and where one may act within the limits.

    An uncertain graph is posed as if all that may be there were there, and every action worked.
    """
    may: Bools = np.isfinite(graph.cost) & np.isfinite(graph.delay_days) & ~graph.forbid
    if graph.refused is not None:
        may &= ~graph.refused
    if goal.by is not None and as_of is not None:
        may &= graph.delay_days <= (goal.by - as_of).days
    if goal.collateral is not None:
        may &= graph.collateral <= goal.collateral * (1 + SLACK)
    present = np.unique(graph.country[may])
    limit = goal.countries
    if limit is not None and limit >= np.count_nonzero(present >= 0):
        limit = None
    return (
        Problem(
            groups=graph.groups,
            cost=np.where(may, graph.cost, np.inf),
            weight=graph.weight,
            must=(1 - goal.served) * graph.demand,
            country=graph.country,
            fixed_cost=graph.fixed_cost,
            collateral=graph.collateral,
            most_countries=limit,
            budget=goal.collateral,
        ),
        may,
    )


def day_after(as_of: date | None, days: float) -> date | None:
    """Return the first whole day at or after so many days; ``None`` where nobody can say."""
    if as_of is None or not math.isfinite(days):
        return None
    try:
        # Python's dates end with the year 9999.
        return as_of + timedelta(days=math.ceil(days))
    except OverflowError:
        return None
