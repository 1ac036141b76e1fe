"""Compile and cache the planner's kernels: ``cautery warm`` runs this.

Uncached, they take half a minute to compile, and cached a second to load: no time of a search. A
small graph needs none of them.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import only_compiled
from cautery.plan.dual import Dual
from cautery.plan.exchange import Exchange
from cautery.plan.explain import behind, explain
from cautery.plan.goal import Goal, posed
from cautery.plan.graph import PlanGraph
from cautery.plan.read_graph import graph_of
from cautery.plan.reduce import reduced
from cautery.plan.search import Neighbourhoods, rounded
from cautery.plan.supply_plan import plan_supply
from cautery.plan.worlds import WORD, Worlds, unsure

SMALL = 100
"""Nodes, groups and links of a graph that is planned on in about a second without any kernel."""


def is_small(graph: PlanGraph) -> bool:
    """Tell whether kernels would take longer to load than they save.

    An uncertain graph is never small: its search draws numbers by chance, only in kernels.
    """
    return (
        len(graph.ids) + graph.groups.owner.size + graph.groups.member.size <= SMALL
        and not graph.uncertain
    )


@only_compiled()
def warm() -> None:
    """Run every kernel once on a graph of a few nodes."""
    graph = graph_of(
        {
            "nodes": [{"id": name, "cost": 2} for name in ("origin", "e1", "e2", "p1", "p2")]
            + [{"id": name, "cost": 1} for name in ("a", "b", "c")],
            "groups": [
                {"of": "e1", "members": ["origin"]},
                {"of": "e2", "members": ["origin"]},
                {"of": "p1", "members": ["e1", "e2"]},
                {"of": "p2", "members": ["e1", {"id": "e2", "probability": 0.5}]},
                {"of": "a", "members": ["p1", "p2"]},
                {"of": "b", "members": ["p1"]},
                {"of": "c", "members": ["p2"]},
            ],
            "demand": [{"node": name, "weight": 1} for name in ("a", "b", "c")],
        }
    )
    problem, _ = posed(graph, Goal(served=0.4), as_of=None)
    left = reduced(problem).problem
    dual = Dual(left)
    dual.improve(passes=2, left_s=lambda: 1.0)
    dual.settled(np.flatnonzero(np.isfinite(left.cost)), most=9.0, left_s=lambda: 1.0)
    rounded_plan = rounded(left, dual.average)
    if rounded_plan is not None:
        Neighbourhoods(left, rounded_plan, seed=0).step(left_s=lambda: 1.0)
    doubtful, _ = unsure(graph, problem).reduced()
    exchange = Exchange(
        Worlds(doubtful, WORD, rng=np.random.default_rng(0)), first=0, last=0, seed=0
    )
    exchange.round(exchange.mend(doubtful.required), steps=1, left_s=lambda: 1.0)
    # No time passes: what is not run for want of it would not be compiled.
    plan = plan_supply(graph, Goal(served=0.4), clock=lambda: 0.0)
    explain(graph, Goal(served=0.4), plan, as_of=None, left_s=lambda: 0.0)
    behind(graph, np.array([0]))


if __name__ == "__main__":
    warm()
