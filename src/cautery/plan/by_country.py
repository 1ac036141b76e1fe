"""A plan by country: the acts in each, their start and price, and what depends on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from cautery.plan.explain import behind
from cautery.plan.goal import day_after
from cautery.plan.graph import PlanGraph
from cautery.plan.supply_plan import SupplyPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryPart:
    """What one country does in a plan.

    Parameters
    ----------
    country : str or None
        ``None``: acts that no country stands for.
    cost : float
        Of its acts and, once, of its taking part.
    carries : float
        Share of all demand that could be supplied through what it acts on.
    spared : float
        Share served if this country alone did not act.
    first, last : date or None
        Days from which its first act, and all of them, are usable.
    """

    country: str | None
    acts: tuple[str, ...]
    roles: tuple[tuple[str, int], ...]
    cost: float
    fixed_cost: float
    carries: float
    spared: float
    first: date | None
    last: date | None
    collateral: float

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        return {
            "country": self.country,
            "acts": list(self.acts),
            "roles": dict(self.roles),
            "cost": self.cost,
            "fixed_cost": self.fixed_cost,
            "carries": self.carries,
            "spared": self.spared,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            "collateral": self.collateral,
        }


def by_country(
    graph: PlanGraph, plan: SupplyPlan, *, as_of: date | None
) -> tuple[CountryPart, ...]:
    """Return the plan's countries, the one that most hangs on first.

    Served shares are counted with everything there that may be there, and every act working.
    """
    place = {name: number for number, name in enumerate(graph.ids)}
    items = np.array([place[name] for name in plan.remove], np.int64)
    removed = np.zeros(len(graph.ids), np.bool_)
    removed[items] = True
    parts = []
    for code in np.unique(graph.country[items]).tolist():
        acts = items[graph.country[items] == code]
        without = removed.copy()
        without[acts] = False
        days = graph.delay_days[acts]
        fixed = float(graph.fixed_cost[code]) if code >= 0 else 0.0
        count = Counter(_kind(graph, act) for act in acts.tolist())
        parts.append(
            CountryPart(
                country=graph.countries[code] if code >= 0 else None,
                acts=tuple(graph.ids[act] for act in acts.tolist()),
                roles=tuple(count.most_common()),
                cost=float(graph.cost[acts].sum()) + fixed,
                fixed_cost=fixed,
                carries=float(graph.weight[behind(graph, acts)].sum() / graph.demand),
                spared=graph.served(without),
                first=day_after(as_of, float(days.min())),
                last=day_after(as_of, float(days.max())),
                collateral=float(graph.collateral[acts].sum()),
            )
        )
    return tuple(sorted(parts, key=lambda part: (-part.spared, -part.cost, part.country or "")))


def _kind(graph: PlanGraph, place: int) -> str:
    return (graph.roles[place] or "node") if place < graph.nodes else "action"
