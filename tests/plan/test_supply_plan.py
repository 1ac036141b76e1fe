import itertools
from datetime import date, timedelta

import numpy as np
import pytest

from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply

AS_OF = date(2026, 11, 1)


def draw_graph(rng, *, nodes=7, actions=2, uncertain=False, limits=True):
    """Draw a graph with circles, k-of-n groups, actions, countries, delays and demand inside."""
    names = [f"n{one}" for one in range(nodes)]
    places = ["A", "B", "C"]

    def act():
        one = {"cost": None if rng.random() < 0.15 else int(rng.integers(0, 9))}
        if limits:
            one["country"] = str(rng.choice(places)) if rng.random() < 0.8 else None
            one["delay_days"] = int(rng.integers(0, 20))
            one["collateral"] = int(rng.integers(0, 5))
        if uncertain and rng.random() < 0.3:
            one["success"] = 0.7
        return one

    groups = []
    for number, name in enumerate(names):
        for _ in range(int(rng.integers(0, 3)) if number else 0):
            size = int(rng.integers(1, min(4, nodes) + 1))
            # Mostly on earlier ones, at times on later ones too: circles.
            pool = names if rng.random() < 0.3 else names[:number]
            members = [str(one) for one in rng.choice(pool, min(size, len(pool)), replace=False)]
            groups.append(
                {"of": name, "need": int(rng.integers(1, len(members) + 1)), "members": members}
            )
    sinks = rng.choice(names, int(rng.integers(1, 5)), replace=False)
    graph = {
        "as_of": AS_OF.isoformat(),
        "nodes": [{"id": name, "role": "edge", **act()} for name in names],
        "groups": groups,
        "actions": [
            {
                "id": f"a{one}",
                "covers": [
                    str(x) for x in rng.choice(names, int(rng.integers(1, 4)), replace=False)
                ],
                **act(),
            }
            for one in range(actions)
        ],
        "demand": [{"node": str(one), "weight": int(rng.integers(1, 6))} for one in sinks],
    }
    if limits:
        graph["countries"] = [
            {"id": "A", "fixed_cost": int(rng.integers(0, 4)), "ready_days": 0},
            {"id": "B", "fixed_cost": 0, "ready_days": int(rng.integers(0, 15))},
        ]
        everyone = names + [f"a{one}" for one in range(actions)]
        graph["forbid"] = [str(rng.choice(everyone))] if rng.random() < 0.3 else []
        graph["require"] = [str(rng.choice(everyone))] if rng.random() < 0.3 else []
    return graph


def up_nodes(graph, removed):
    """Return who is up: nothing first, then whoever can stand, until nobody is added."""
    gone = set(removed)
    for one in graph.get("actions", ()):
        if one["id"] in gone:
            gone |= set(one["covers"])
    up = set()
    while True:
        more = {
            node["id"]
            for node in graph["nodes"]
            if node["id"] not in gone
            and all(
                sum(member in up for member in group["members"]) >= group["need"]
                for group in graph.get("groups", ())
                if group["of"] == node["id"]
            )
        }
        if more == up:
            return up
        up = more


def served(graph, removed):
    """Return the share of demand that is served."""
    up = up_nodes(graph, removed)
    total = sum(one["weight"] for one in graph["demand"])
    return sum(one["weight"] for one in graph["demand"] if one["node"] in up) / total


def cheapest(graph, *, at_most, countries=None, by=None, collateral=None):
    """Return the least cost of a plan within the limits, or None, and the least served."""
    ready = {one["id"]: one["ready_days"] for one in graph.get("countries", ())}
    fixed = {one["id"]: one["fixed_cost"] for one in graph.get("countries", ())}
    acts = [one for one in [*graph["nodes"], *graph["actions"]] if one["cost"] is not None]
    acts = [one for one in acts if one["id"] not in graph.get("forbid", ())]
    if by is not None:
        acts = [
            one
            for one in acts
            if AS_OF
            + timedelta(days=max(one.get("delay_days", 0), ready.get(one.get("country"), 0)))
            <= by
        ]
    known = {one["id"] for one in acts}
    required = set(graph.get("require", ()))
    best, lowest = None, None
    if not required <= known:
        return None, None
    free = [one for one in acts if one["id"] not in required]
    musts = [one for one in acts if one["id"] in required]
    for size in range(len(free) + 1):
        for chosen in itertools.combinations(free, size):
            plan = [*musts, *chosen]
            where = {one.get("country") for one in plan} - {None}
            if countries is not None and len(where) > countries:
                continue
            if collateral is not None and sum(one["collateral"] for one in plan) > collateral:
                continue
            cost = sum(one["cost"] for one in plan) + sum(fixed.get(one, 0) for one in where)
            if best is not None and cost >= best and lowest is not None and lowest <= at_most:
                continue
            left = served(graph, {one["id"] for one in plan})
            lowest = left if lowest is None else min(lowest, left)
            if left <= at_most + 1e-9 and (best is None or cost < best):
                best = cost
    return best, lowest


def drawn_goal(rng):
    return {
        "countries": int(rng.integers(1, 3)) if rng.random() < 0.4 else None,
        "by": AS_OF + timedelta(days=int(rng.integers(3, 20))) if rng.random() < 0.4 else None,
        "collateral": int(rng.integers(2, 12)) if rng.random() < 0.4 else None,
    }


@pytest.mark.parametrize("seed", range(40))
def test_on_small_graphs_the_plan_is_the_cheapest_of_all_and_says_so(seed):
    rng = np.random.default_rng(seed)
    graph = draw_graph(rng, limits=seed % 4 > 0)
    at_most = float(rng.choice([0.0, 0.05, 0.3, 0.6]))
    limits = drawn_goal(rng)
    if seed % 4 == 0:
        limits = {}
    best, lowest = cheapest(graph, at_most=at_most, **limits)
    found = plan_supply(graph_of(graph), Goal(served=at_most, **limits))
    if best is None:
        assert found.status == "infeasible"
        assert found.conflict
        if lowest is not None:
            assert found.served == pytest.approx(lowest)
        return
    assert (found.status, found.cost) == ("optimal", pytest.approx(best))
    assert found.bound <= best + 1e-6
    assert served(graph, found.remove) == pytest.approx(found.served)
    assert found.served <= at_most + 1e-9
