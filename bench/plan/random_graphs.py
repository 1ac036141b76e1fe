"""Small random supply graphs, and the best plan of each by trying all of them.

Nothing here is shared with the planner: it reads the public JSON by itself, and counts who is up
in plain Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

AS_OF = date(2026, 11, 1)
SAME = 1e-9


def draw_graph(rng: np.random.Generator) -> dict[str, Any]:
    """Draw a graph with circles, k-of-n, shared fate, joint actions, and limits of all kinds."""
    count, actions = int(rng.integers(4, 9)), int(rng.integers(0, 4))
    names = [f"n{one}" for one in range(count)]
    limits = rng.random() < 0.75
    whole = rng.random() < 0.5  # else costs are fractions, and sums of them round

    def act() -> dict[str, Any]:
        cost = None if rng.random() < 0.15 else float(rng.integers(0, 9))
        if cost is not None and not whole:
            cost *= float(rng.uniform(0.1, 1.0))
        one: dict[str, Any] = {"cost": cost}
        if limits:
            one["country"] = str(rng.choice(["A", "B", "C"])) if rng.random() < 0.8 else None
            one["delay_days"] = None if rng.random() < 0.05 else int(rng.integers(0, 20))
            one["collateral"] = int(rng.integers(0, 5))
        return one

    def some(pool: list[str], most: int) -> list[str]:
        size = min(int(rng.integers(1, most + 1)), len(pool))
        return [str(one) for one in rng.choice(pool, size, replace=False)]

    groups: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        for _ in range(int(rng.integers(0, 4)) if number else 0):
            # Mostly on earlier ones, at times on all, itself too: circles.
            members = some(names if rng.random() < 0.3 else names[:number], 4)
            if rng.random() < 0.1:
                members.append(members[0])  # who is listed twice counts twice
            groups.append(
                {"of": name, "need": int(rng.integers(1, len(members) + 1)), "members": members}
            )
    if rng.random() < 0.5:
        groups += [{"of": one, "members": [names[0]]} for one in some(names[1:], 4)]  # shared fate
    graph: dict[str, Any] = {
        "as_of": AS_OF.isoformat(),
        "nodes": [{"id": name, **act()} for name in names],
        "groups": groups,
        "actions": [{"id": f"a{one}", "covers": some(names, 4), **act()} for one in range(actions)],
        "demand": [
            {"node": one, "weight": float(rng.integers(1, 6)) * (1 if whole else rng.uniform(0, 1))}
            for one in some(names, 5)
        ],
    }
    if limits:
        graph["countries"] = [
            {"id": "A", "fixed_cost": int(rng.integers(0, 4)), "ready_days": 0},
            {"id": "B", "ready_days": int(rng.integers(0, 15))},
            {"id": "C", "fixed_cost": 2, "ready_days": None if rng.random() < 0.1 else 3},
        ]
        acts = [*names, *(one["id"] for one in graph["actions"])]
        graph["forbid"] = some(acts, 2) if rng.random() < 0.3 else []
        graph["require"] = some(acts, 2) if rng.random() < 0.3 else []
    return graph


def draw_goal(rng: np.random.Generator) -> dict[str, Any]:
    """Draw the limits of a goal, as :class:`cautery.plan.goal.Goal` takes them."""
    return {
        "served": float(rng.choice([0.0, 0.05, 0.3, 0.6])),
        "countries": int(rng.integers(0, 3)) if rng.random() < 0.4 else None,
        "by": AS_OF + timedelta(days=int(rng.integers(0, 20))) if rng.random() < 0.4 else None,
        "collateral": float(rng.integers(0, 12)) if rng.random() < 0.4 else None,
    }


def served(graph: dict[str, Any], removed: set[str]) -> float:
    """Return the share of demand served: nobody is up at first, then whoever can stand."""
    gone = set(removed)
    for one in graph["actions"]:
        if one["id"] in removed:
            gone |= set(one["covers"])
    up: set[str] = set()
    while True:
        more = {
            node["id"]
            for node in graph["nodes"]
            if node["id"] not in gone
            and all(
                sum(member in up for member in group["members"]) >= group.get("need", 1)
                for group in graph["groups"]
                if group["of"] == node["id"]
            )
        }
        if more == up:
            break
        up = more
    total = sum(one["weight"] for one in graph["demand"])
    return float(sum(one["weight"] for one in graph["demand"] if one["node"] in up) / total)


def price(graph: dict[str, Any], chosen: set[str]) -> float:
    """Return what acting on these costs, with the fixed costs of their countries."""
    plan = [one for one in _acts(graph) if one["id"] in chosen]
    fixed = {one["id"]: one.get("fixed_cost", 0) for one in graph.get("countries", ())}
    where = {one.get("country") for one in plan} - {None}
    return float(sum(one["cost"] for one in plan) + sum(fixed.get(one, 0) for one in where))


def keeps(graph: dict[str, Any], goal: dict[str, Any], chosen: set[str]) -> bool:
    """Tell whether a plan keeps to every limit of goal and graph but the share served."""
    plan = [one for one in _acts(graph) if one["id"] in chosen]
    if any(one["cost"] is None or one["id"] in graph.get("forbid", ()) for one in plan):
        return False
    if not set(graph.get("require", ())) <= chosen:
        return False
    days = [_days(graph, one) for one in plan]
    if None in days:
        return False
    if goal["by"] is not None and any(AS_OF + timedelta(days=one) > goal["by"] for one in days):
        return False
    where = {one.get("country") for one in plan} - {None}
    if goal["countries"] is not None and len(where) > goal["countries"]:
        return False
    harm = sum(one.get("collateral", 0) for one in plan)
    return goal["collateral"] is None or harm <= goal["collateral"]


def best(graph: dict[str, Any], goal: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return the least cost of all plans, and the least share that any plan within limits leaves.

    ``None``: there is no such plan.
    """
    least: float | None = None
    lowest: float | None = None
    for chosen in _subsets(sorted(one["id"] for one in _acts(graph) if one["cost"] is not None)):
        if not keeps(graph, goal, chosen):
            continue
        cost = price(graph, chosen)
        if least is not None and cost >= least:
            continue
        left = served(graph, chosen)
        lowest = left if lowest is None else min(lowest, left)
        if left <= goal["served"] + SAME:
            least = cost
    return least, lowest


def without(
    graph: dict[str, Any], goal: dict[str, Any], named: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return graph and goal without one constraint, by the name that a conflict gives it."""
    word, _, rest = named.partition(" ")
    if word in {"forbid", "require"}:
        return {**graph, word: [one for one in graph[word] if one != rest]}, goal
    if named.endswith(" never ready"):
        return _ready(graph, named.removesuffix(" never ready")), goal
    freer = {"countries": None, "by": None, "collateral": None, "served": 1.0}
    return graph, {**goal, word: freer[word]}


def _ready(graph: dict[str, Any], where: str) -> dict[str, Any]:
    """Make ready at once what is never ready in a country; "an action" is that of none."""
    country = None if where == "an action" else where

    def ready(one: dict[str, Any]) -> dict[str, Any]:
        if one.get("country") == country and _days(graph, one) is None:
            return {**one, "delay_days": 0, "at_once": True}
        return one

    return {
        **graph,
        "nodes": [ready(one) for one in graph["nodes"]],
        "actions": [ready(one) for one in graph["actions"]],
    }


def _days(graph: dict[str, Any], act: dict[str, Any]) -> int | None:
    if act.get("at_once"):
        return 0
    ready = {one["id"]: one.get("ready_days", 0) for one in graph.get("countries", ())}
    days = (act.get("delay_days", 0), ready.get(act.get("country"), 0))
    return None if None in days else max(days)


def _acts(graph: dict[str, Any]) -> list[dict[str, Any]]:
    return [*graph["nodes"], *graph["actions"]]


def _subsets(names: list[str]) -> Iterator[set[str]]:
    for size in range(len(names) + 1):
        yield from map(set, itertools.combinations(names, size))


def constraints(graph: dict[str, Any], goal: dict[str, Any]) -> list[str]:
    """Return the names of all constraints that could clash."""
    named = [f"{word} {one}" for word in ("forbid", "require") for one in graph.get(word, ())]
    named += [f"{one} never ready" for one in ("A", "B", "C", "an action")]
    named += [word for word in ("countries", "by", "collateral") if goal[word] is not None]
    return [*named, "served"]


def faults(graph: dict[str, Any], goal: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an answer of ``cautery plan --json``, by trying all plans."""
    least, lowest = best(graph, goal)
    chosen = set(told["remove"])
    if least is None:
        yield from _clash_faults(graph, goal, told)
        if lowest is not None and abs(told["served"] - lowest) > 1e-6:
            yield f"leaves {told['served']} at best, and {lowest} can be had"
        if lowest is not None and not keeps(graph, goal, chosen):
            yield "the best reachable breaks a limit"
        return
    if told["status"] != "optimal":
        yield f"{told['status']}, and a plan of {least} exists"
        return
    near = 1e-6 * max(1.0, least)
    if abs(told["cost"] - least) > near:
        yield f"costs {told['cost']} for optimal, the best is {least}"
    if told["bound"] > least + near:
        yield f"bound {told['bound']} above the best, {least}"
    if abs(price(graph, chosen) - told["cost"]) > near:
        yield f"costs {price(graph, chosen)}, told {told['cost']}"
    if not keeps(graph, goal, chosen):
        yield "the plan breaks a limit"
    left = served(graph, chosen)
    if left > goal["served"] + 1e-6 or abs(left - told["served"]) > 1e-6:
        yield f"leaves {left}, told {told['served']}"


def _clash_faults(
    graph: dict[str, Any], goal: dict[str, Any], told: dict[str, Any]
) -> Iterator[str]:
    if told["status"] != "infeasible" or not told["conflict"]:
        yield f"{told['status']}, conflict {told['conflict']}, and there is no plan"
        return
    kinds = {"countries", "by", "collateral", "served"}
    named = [word if (word := one.split()[0]) in kinds else one for one in told["conflict"]]
    alone = graph, goal
    for one in constraints(graph, goal):
        if one not in named:
            alone = without(*alone, one)
    if best(*alone)[0] is not None:
        yield f"{told['conflict']} do not clash"
    for one in named:
        if best(*without(*alone, one))[0] is None:
            yield f"{one} can be spared of {told['conflict']}"
