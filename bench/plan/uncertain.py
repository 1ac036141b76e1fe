"""Plans on graphs where links, nodes or acts are unsure, and what plain ways make of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from net import SERVED, graph_of_net, seconds
from scipy.stats import binomtest

from cautery.plan.chance_bound import favourable
from cautery.plan.goal import Goal, posed
from cautery.plan.graph import Groups, PlanGraph
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem
from cautery.plan.supply_plan import plan_supply

DRAWS = 4000
KINDS = ("links 0.3", "links 0.7", "links 0.5 tail", "nodes", "acts 0.8")


def uncertain(generator: Any, nodes: int, seed: int, *, saa_s: float, limit: float) -> bool:
    """Plan with hidden backups, and price it against the two plain ways.

    A peer counts whose own plan reaches the goal often enough; the other one is told, too.
    """
    graph = graph_of_net(generator.generate(nodes, seed), hidden=np.random.default_rng(seed + 100))
    found = plan_supply(
        graph, Goal(served=SERVED), time_limit_s=limit, clock=time.process_time, seed=seed
    )
    gone = np.zeros(graph.nodes, np.bool_)
    gone[[int(one) for one in found.remove]] = True
    ours = _reached(graph, gone, seed)
    problem, _ = posed(graph, Goal(served=SERVED), as_of=None)
    observed, _ = favourable(graph, problem)
    peers = {
        "all present": Model(problem).solve(left_s=seconds(120), gap=1e-4).bought,
        "observed only": Model(observed).solve(left_s=seconds(60), gap=1e-4).bought,
        "five worlds": _hard_scenarios(graph, problem, seed, saa_s) if saa_s > 0 else None,
    }
    told, valid = [], []
    for name, plan in peers.items():
        if plan is None:
            continue
        cost, odds = problem.price(plan), _reached(graph, plan, seed)
        told.append(f"{name} {cost:.1f}, P {_interval(odds)}")
        if odds[0] >= 0.95:
            valid.append(cost)
    ratio = float(found.cost or 0) / min(valid) if valid else 0.0
    met = ours[0] >= 0.95 and ratio <= 1.05
    print(
        f"{nodes:>9,} uncertain, seed {seed}: cost {found.cost:.1f}, bound {found.bound:.1f}, "
        f"P(served <= 5 %) {_interval(ours)} on {DRAWS:,} draws of the bench's own; "
        f"{ratio:.3f} x the cheapest peer that reaches 0.95; {'; '.join(told)}; "
        f"{found.seconds:.0f} CPU s: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def doubtful(generator: Any, nodes: int, seed: int, kind: str, *, limit: float) -> bool:
    """Plan where other things are unsure; no peer, the goal is what was asked for."""
    net, rng = generator.generate(nodes, seed), np.random.default_rng(seed + 100)
    graph = graph_of_net(net, hidden=rng if kind.startswith("links") else None)
    goal = Goal(served=SERVED, risk="tail" if kind.endswith("tail") else "chance")
    if kind.startswith("links"):
        odds = float(kind.split()[1])
        graph = replace(graph, link_exists=np.where(graph.link_exists < 1, odds, 1.0))
    elif kind == "nodes":
        unsure = np.isin(net.typ, (2, 3)) & (rng.random(net.n) < 0.5)
        graph = replace(graph, exists=np.where(unsure, 0.6, 1.0))
    else:
        graph = replace(graph, success=np.full(net.n, 0.8))
    found = plan_supply(graph, goal, time_limit_s=limit, clock=time.process_time, seed=seed)
    odds = found.p_served
    assert odds is not None
    print(
        f"{nodes:>9,} {kind}, seed {seed}: {found.status}, cost {found.cost:.1f}, "
        f"bound {found.bound or 0:.1f}, P {odds.value:.3f} ({odds.low:.3f} to {odds.high:.3f}), "
        f"tail {odds.tail:.3f}, {found.seconds:.0f} CPU s",
        flush=True,
    )
    return found.status != "infeasible"


def _interval(odds: tuple[float, float, float]) -> str:
    return f"{odds[0]:.3f} ({odds[1]:.3f} to {odds[2]:.3f})"


def _reached(graph: PlanGraph, gone: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Return how often a plan reaches the goal in worlds counted one by one, with its interval."""
    rng = np.random.default_rng([seed, 99])
    reached = 0
    for _ in range(DRAWS):
        up = graph.groups.standing_in(gone, rng.random(graph.link_exists.size) < graph.link_exists)
        reached += float(graph.weight[up].sum()) <= SERVED * graph.demand + 1e-9
    low, high = binomtest(reached, DRAWS).proportion_ci(0.95)
    return reached / DRAWS, float(low), float(high)


def _hard_scenarios(
    graph: PlanGraph, problem: Problem, seed: int, saa_s: float
) -> np.ndarray | None:
    """Solve five drawn worlds as one model, HiGHS alone: a copy of all nodes each.

    The goal must be reached in each of them.
    """
    rng = np.random.default_rng([seed, 5])
    n, every = graph.nodes, np.ones(graph.groups.owner.size, np.bool_)
    owner, need, sizes, member = [], [], [], []
    for world in range(5):
        there = graph.groups.kept(every, rng.random(graph.link_exists.size) < graph.link_exists)
        shift = n * (world + 1)
        owner += [there.owner + shift, np.arange(n) + shift]
        need += [there.need, np.ones(n, np.int32)]
        sizes += [there.sizes, np.ones(n, np.int64)]
        member += [there.member + shift, np.arange(n)]
    joint = Problem(
        groups=Groups(
            6 * n,
            np.concatenate(owner).astype(np.int32),
            np.concatenate(need).astype(np.int32),
            np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64),
            np.concatenate(member).astype(np.int32),
        ),
        cost=np.concatenate([problem.cost, np.full(5 * n, np.inf)]),
        weight=np.concatenate([np.zeros(n), *([graph.weight] * 5)]),
        must=5 * problem.must,
        country=np.full(6 * n, -1, np.int32),
        fixed_cost=problem.fixed_cost,
        collateral=np.zeros(6 * n),
    )
    parts = [np.arange(6 * n) // n == world + 1 for world in range(5)]
    solved = Model(joint, parts=parts).solve(left_s=seconds(saa_s), gap=1e-4)
    return None if solved.bought is None else solved.bought[:n]
