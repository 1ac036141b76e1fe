"""The planner against its goals and its peers, on graphs of the shared generator.

    python bench/plan.py [--nodes 20000 50000 100000] [--seeds 1 7] [--peers]
    python bench/plan.py --nodes --uncertain 6000 --seeds 1 2 3

The generators lie beside the data folder (``CAUTERY_DATA``). Times are CPU seconds of this
process, reading apart, one thread. Each plan is counted anew by the generator's own evaluator.
``--peers`` adds, at each size: degree, re-estimated betweenness with reinsertion (igraph), and
HiGHS on the plain formulation, which is given as long as the planner; CP-SAT where ortools can be
imported.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import igraph
import numpy as np

from cautery.plan.chance_bound import favourable
from cautery.plan.goal import Goal, posed
from cautery.plan.graph import Groups, PlanGraph
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem
from cautery.plan.search import trimmed
from cautery.plan.supply_plan import plan_supply

SERVED = 0.05
DRAWS = 4000
GOALS = {20_000: (0.001, 20.0), 50_000: (0.006, 60.0), 100_000: (0.025, 120.0)}
GOAL_MILLION = (0.15, 600.0)
BETWEEN_EVERY = 0.02
"""Share of the nodes taken before betweenness is estimated anew."""


def graph_of_net(net: Any, *, hidden: np.random.Generator | None = None) -> PlanGraph:
    """Return a generated network as the planner reads it; with ``hidden``, with unsure backups."""
    owner, need, start, member = net.gown, net.gk, net.gp, net.gm
    exists = np.ones(member.size)
    if hidden is not None:
        by_role = {role: np.flatnonzero(net.typ == role) for role in np.unique(net.typ)}
        doubled = np.isin(net.typ[owner], (2, 3, 4))  # edge, panel, super-reseller
        members, odds, sizes = [], [], []
        for g in range(owner.size):
            mine = list(member[start[g] : start[g + 1]])
            sure = [1.0] * len(mine)
            if doubled[g]:
                mine.append(int(hidden.choice(by_role[net.typ[mine[0]]])))
                sure.append(0.5)
            members += mine
            odds += sure
            sizes.append(len(mine))
        member, exists = np.array(members), np.array(odds)
        start = np.concatenate([[0], np.cumsum(sizes)])
    n = net.n
    return PlanGraph(
        ids=[str(one) for one in range(n)],
        nodes=n,
        roles=[None] * n,
        cost=np.where(net.cost >= 1e8, np.inf, net.cost),
        country=net.jur.astype(np.int32),
        delay_days=np.zeros(n),
        collateral=net.collat,
        exists=np.ones(n),
        success=np.ones(n),
        weight=net.w,
        groups=Groups(
            n,
            owner.astype(np.int32),
            need.astype(np.int32),
            start.astype(np.int64),
            member.astype(np.int32),
        ),
        link_exists=exists,
        countries=[f"C{one:02d}" for one in range(20)],
        fixed_cost=np.zeros(20),
        forbid=np.zeros(n, np.bool_),
        require=np.zeros(n, np.bool_),
    )


def scale(generator: Any, nodes: int, seed: int, *, peers: bool) -> bool:
    """Plan one size; tell whether the goal was met."""
    net = generator.generate(nodes, seed)
    graph = graph_of_net(net)
    goal, limit = GOALS.get(nodes, GOAL_MILLION)
    first_bound: list[float] = []
    begun = time.process_time()

    def heard(what: str, _best: float | None, bound: float) -> None:
        if what != "bound" and not first_bound and bound > 0:
            first_bound.append(time.process_time() - begun)

    found = plan_supply(
        graph, Goal(served=SERVED), time_limit_s=limit, clock=time.process_time, progress=heard
    )
    removed = np.zeros(net.n, np.bool_)
    removed[[int(one) for one in found.remove]] = True
    left, _ = net.served(removed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    gap = found.gap if found.gap is not None else 1.0
    met = gap <= goal and left <= SERVED + 1e-9
    print(
        f"{nodes:>9,} seed {seed}: cost {found.cost:,.1f}, bound {found.bound:,.1f}, gap {gap:.3%} "
        f"(goal {goal:.1%}), served {left:.3%}, {found.seconds:.1f} CPU s (limit {limit:g}), "
        f"bound after {first_bound[0] if first_bound else 0:.1f} s, {peak:.1f} GB: "
        f"{'met' if met else 'MISSED'}",
        flush=True,
    )
    if peers:
        for name, cost, seconds in _peers(net, graph, limit):
            print(f"          {name}: {cost / found.bound:.2f} x the bound, {seconds:.1f} CPU s")
    return met


def _peers(net: Any, graph: PlanGraph, limit: float) -> Iterator[tuple[str, float, float]]:
    problem, _ = posed(graph, Goal(served=SERVED), as_of=None)
    for name, order in (("degree", _by_degree(net)), ("betweenness", _by_betweenness(net))):
        begun = time.process_time()
        gone = _until_served(problem, order)
        if gone is not None:
            yield f"{name}, untrimmed", problem.price(gone), time.process_time() - begun
            yield (
                f"{name}, reinserted",
                problem.price(trimmed(problem, gone)),
                (time.process_time() - begun),
            )
    begun = time.process_time()
    solved = Model(problem).solve(left_s=lambda: begun + limit - time.process_time(), gap=1e-4)
    if solved.bought is not None:
        yield "HiGHS, plain formulation", problem.price(solved.bought), time.process_time() - begun
    yield "HiGHS, plain formulation: its bound", solved.bound, time.process_time() - begun
    try:
        sat = importlib.import_module("ortools.sat.python.cp_model")
    except ImportError:
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


def _cp_sat(sat: Any, problem: Problem, limit: float) -> Iterator[tuple[str, float, float]]:
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
    solver.solve(model)
    yield "CP-SAT", solver.objective_value / 1000, time.process_time() - begun
    yield "CP-SAT: its bound", solver.best_objective_bound / 1000, time.process_time() - begun


def uncertain(generator: Any, nodes: int, seed: int) -> bool:
    """Plan with hidden backups, and price it against the two plain ways."""
    graph = graph_of_net(generator.generate(nodes, seed), hidden=np.random.default_rng(seed + 100))
    begun = time.process_time()
    found = plan_supply(
        graph, Goal(served=SERVED), time_limit_s=120, clock=time.process_time, seed=seed
    )
    gone = np.zeros(graph.nodes, np.bool_)
    gone[[int(one) for one in found.remove]] = True
    reached = _reached(graph, gone, seed)
    problem, _ = posed(graph, Goal(served=SERVED), as_of=None)
    present = Model(problem).solve(left_s=_seconds(120), gap=1e-4)
    hard = _hard_scenarios(graph, problem, seed)
    observed, _ = favourable(graph, problem)
    seen = Model(observed).solve(left_s=_seconds(60), gap=1e-4)
    costs = [problem.price(one) for one in (present.bought, hard) if one is not None]
    ratio = float(found.cost or 0) / min(costs)
    met = reached >= 0.95 and ratio <= 1.05
    shown = "-" if seen.bought is None else f"{problem.price(seen.bought):.1f}"
    print(
        f"{nodes:>9,} uncertain, seed {seed}: cost {found.cost:.1f} = {ratio:.3f} x the cheaper of "
        f"{', '.join(f'{one:.1f}' for one in costs)}; observed only {shown}; "
        f"P(served <= 5 %) {reached:.3f} on {DRAWS:,} draws of the bench's own"
        + (
            f" ({_reached(graph, hard[: gone.size], seed):.3f} for the five worlds' plan), "
            if hard is not None
            else ", "
        )
        + f"bound {found.bound:.1f}, "
        f"{time.process_time() - begun:.1f} CPU s in all: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def _reached(graph: PlanGraph, gone: np.ndarray, seed: int) -> float:
    """Return the share of drawn worlds in which a plan reaches the goal, counted one by one."""
    rng = np.random.default_rng([seed, 99])
    reached = 0
    for _ in range(DRAWS):
        up = graph.groups.standing_in(gone, rng.random(graph.link_exists.size) < graph.link_exists)
        reached += float(graph.weight[up].sum()) <= SERVED * graph.demand + 1e-9
    return reached / DRAWS


def _hard_scenarios(graph: PlanGraph, problem: Problem, seed: int) -> np.ndarray | None:
    """Solve five drawn worlds as one model, HiGHS alone, 600 s: a copy of all nodes each.

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
    solved = Model(joint, parts=parts).solve(left_s=_seconds(600), gap=1e-4)
    return None if solved.bought is None else solved.bought[:n]


def _seconds(limit: float) -> Callable[[], float]:
    begun = time.process_time()
    return lambda: begun + limit - time.process_time()


def main() -> int:
    """Run what was asked; the exit code tells whether every goal was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--generators", type=Path, default=data.parent / "generators")
    parser.add_argument("--nodes", type=int, nargs="*", default=[20_000, 50_000])
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--uncertain", type=int, nargs="*", default=[])
    asked = parser.parse_args()
    if not (asked.generators / "supply_network.py").is_file():
        parser.error(f"no supply_network.py in {asked.generators}: set CAUTERY_DATA")
    sys.path.insert(0, str(asked.generators))
    sys.dont_write_bytecode = True
    generator = importlib.import_module("supply_network")
    met = [
        scale(generator, nodes, seed, peers=asked.peers)
        for nodes in asked.nodes
        for seed in asked.seeds
    ]
    met += [uncertain(generator, nodes, seed) for nodes in asked.uncertain for seed in asked.seeds]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
