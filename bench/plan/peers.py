"""The planner's peers: what dismantlers, CP-SAT and HiGHS alone make of the same graph.

No part of the library.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import igraph
import numpy as np
from net import SERVED, seconds

from cautery.plan.goal import Goal, posed
from cautery.plan.graph import PlanGraph
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem
from cautery.plan.search import trimmed

BETWEEN_EVERY = 0.02
"""Share of the nodes taken before betweenness is estimated anew."""


def peers(net: Any, graph: PlanGraph, limit: float) -> Iterator[tuple[str, float | None, float]]:
    """Yield each peer's name, what its plan costs (or its bound is), and its CPU seconds.

    ``None``: it found no plan in time, or is not installed.
    """
    problem, _ = posed(graph, Goal(served=SERVED), as_of=None)
    for name, order in (("degree", _by_degree(net)), ("betweenness", _by_betweenness(net))):
        begun = time.process_time()
        gone = _until_served(problem, order)
        if gone is None:
            yield name, None, time.process_time() - begun
            continue
        yield f"{name}, untrimmed", problem.price(gone), time.process_time() - begun
        spare = trimmed(problem, gone)
        yield f"{name}, reinserted", problem.price(spare), time.process_time() - begun
    begun = time.process_time()
    solved = Model(problem).solve(left_s=seconds(limit), gap=1e-4)
    cost = None if solved.bought is None else problem.price(solved.bought)
    yield "HiGHS, plain formulation", cost, time.process_time() - begun
    yield "HiGHS, plain formulation: its bound", solved.bound, time.process_time() - begun
    try:
        sat = importlib.import_module("ortools.sat.python.cp_model")
    except ImportError:
        yield "CP-SAT (ortools is not installed)", None, 0.0
        return
    yield from _cp_sat(sat, problem, limit)


def _by_degree(net: Any) -> np.ndarray:
    one, other = net.graph()
    return np.argsort(-np.bincount(np.concatenate([one, other]), minlength=net.n), kind="stable")


def _by_betweenness(net: Any) -> np.ndarray:
    one, other = net.graph()
    graph = igraph.Graph(n=net.n, edges=np.column_stack([one, other]))
    graph.vs["name"] = list(range(net.n))
    order: list[int] = []
    each = max(1, int(BETWEEN_EVERY * net.n))
    while graph.ecount():
        value = np.array(graph.betweenness(cutoff=4))
        taken = np.argsort(-value, kind="stable")[:each]
        order += [graph.vs[int(at)]["name"] for at in taken]
        graph.delete_vertices([int(at) for at in taken])
    return np.array(order + [v for v in range(net.n) if v not in set(order)])


def _until_served(problem: Problem, order: np.ndarray) -> np.ndarray | None:
    order = order[np.isfinite(problem.cost[order])]
    low, high = 0, order.size
    while low < high:
        middle = (low + high) // 2
        gone = np.zeros(problem.groups.nodes, np.bool_)
        gone[order[:middle]] = True
        if problem.down(gone) >= problem.must:
            high = middle
        else:
            low = middle + 1
    gone = np.zeros(problem.groups.nodes, np.bool_)
    gone[order[:low]] = True
    return gone if problem.down(gone) >= problem.must else None


def _cp_sat(sat: Any, problem: Problem, limit: float) -> Iterator[tuple[str, float | None, float]]:
    model, groups = sat.CpModel(), problem.groups
    down = [model.new_bool_var("") for _ in range(groups.nodes)]
    buy = {v: model.new_bool_var("") for v in np.flatnonzero(np.isfinite(problem.cost)).tolist()}
    causes: list[list[Any]] = [[buy[v]] if v in buy else [] for v in range(groups.nodes)]
    for g in range(groups.owner.size):
        failed = model.new_bool_var("")
        members = groups.member[groups.start[g] : groups.start[g + 1]].tolist()
        fall = len(members) - int(groups.need[g]) + 1
        model.add(sum(down[m] for m in members) >= fall).only_enforce_if(failed)
        causes[int(groups.owner[g])].append(failed)
    for v in range(groups.nodes):
        model.add_bool_or([*causes[v], down[v].negated()])
    weight = np.round(problem.weight * 1000).astype(int)
    at = np.flatnonzero(weight)
    model.add(sum(int(weight[v]) * down[v] for v in at) >= int(np.ceil(problem.must * 1000)))
    model.minimize(sum(round(1000 * float(problem.cost[v])) * one for v, one in buy.items()))
    solver = sat.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = limit
    begun = time.process_time()
    found = solver.solve(model) in {sat.OPTIMAL, sat.FEASIBLE}
    cost = solver.objective_value / 1000 if found else None
    yield "CP-SAT", cost, time.process_time() - begun
    yield "CP-SAT: its bound", solver.best_objective_bound / 1000, time.process_time() - begun
