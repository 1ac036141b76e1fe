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

from cautery.plan.goal import Goal, posed
from cautery.plan.graph import Groups, PlanGraph
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem
from cautery.plan.search import trimmed
from cautery.plan.supply_plan import plan_supply
from cautery.plan.uncertain import Worlds, favourable

SERVED = 0.05
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


def uncertain(generator: Any, nodes: int, seed: int) -> bool:
    """Plan with hidden backups, and price it against the two plain ways."""
    graph = graph_of_net(generator.generate(nodes, seed), hidden=np.random.default_rng(seed + 100))
    begun = time.process_time()
    found = plan_supply(
        graph, Goal(served=SERVED), time_limit_s=120, clock=time.process_time, seed=seed
    )
    gone = np.zeros(graph.nodes, np.bool_)
    gone[[int(one) for one in found.remove]] = True
    fresh = Worlds(graph, 4000, rng=np.random.default_rng([seed, 99]))
    reached = float((fresh.served(gone, goal=SERVED) <= SERVED + 1e-9).mean())
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
        f"P(served <= 5 %) {reached:.3f} on 4,000 draws of the bench's own, "
        f"{time.process_time() - begun:.1f} CPU s in all: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def _hard_scenarios(graph: PlanGraph, problem: Problem, seed: int) -> np.ndarray | None:
    """Solve five drawn worlds as one model, HiGHS alone, 600 s: a copy of all nodes each.

    The goal must be reached in each of them.
    """
    worlds = Worlds(graph, 5, rng=np.random.default_rng([seed, 5]))
    n, groups = graph.nodes, graph.groups
    owner, need, sizes, member = [], [], [], []
    for world in range(5):
        there, _ = worlds.posed(problem, world, np.zeros(n, np.bool_))
        shift = n * (world + 1)
        owner += [there.groups.owner + shift, np.arange(n) + shift]
        need += [there.groups.need, np.ones(n, np.int32)]
        sizes += [there.groups.sizes, np.ones(n, np.int64)]
        member += [there.groups.member + shift, np.arange(n)]
    del groups
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
