"""The planner against its goals, its peers, and every plan there is.

    python bench/plan/run.py [--nodes 20000 50000 100000 1000000] [--seeds 1 7] [--peers]
    python bench/plan/run.py --nodes --random 500
    python bench/plan/run.py --nodes --limits 5000 20000
    python bench/plan/run.py --nodes --uncertain 6000 --seeds 1 2 3
    python bench/plan/run.py --nodes --doubtful 1500 --seeds 1 2 --limit 60
    python bench/plan/run.py --quick

The generators lie beside the data folder (``CAUTERY_DATA``). Times are CPU seconds of this
process, reading apart, one thread. Each plan is counted anew by the generator's own evaluator.
``--random`` holds so many small graphs of its own against all plans that there are, tried one by
one. ``--limits`` plans within limits of countries and bystanders. ``--peers`` adds, at each size:
degree, re-estimated betweenness with reinsertion (igraph), HiGHS on the plain formulation and
CP-SAT (ortools, if it can be imported), each of the last two given as long as the planner.
``--quick`` is a little of everything, in a minute or two.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from net import SERVED, graph_of_net, seconds
from peers import peers as peers_of
from random_graphs import best, draw_goal, draw_graph, faults
from uncertain import KINDS, doubtful, uncertain

from cautery.plan.dual import Dual
from cautery.plan.goal import Goal, posed
from cautery.plan.least_cost import least_cost
from cautery.plan.read_graph import graph_of
from cautery.plan.reduce import reduced
from cautery.plan.supply_plan import plan_supply

GOALS = {20_000: (0.001, 20.0), 50_000: (0.006, 60.0), 100_000: (0.025, 120.0)}
GOAL_MILLION = (0.15, 600.0)
BOUND_S = 60.0
LIMITS: tuple[dict[str, float], ...] = (
    {"countries": 3},
    {"countries": 8},
    {"fixed_cost": 10},
    {"collateral": 500},
    {"countries": 8, "fixed_cost": 10, "collateral": 500},
)
LIMITS_S = 40.0
ZEROS = 3
"""Of N answers without a fault, at most this many in N are faulty (95 %)."""


def scale(generator: Any, nodes: int, seed: int, *, peers: bool) -> bool:
    """Plan one size; tell whether the goal was met."""
    net = generator.generate(nodes, seed)
    graph = graph_of_net(net)
    goal, limit = GOALS.get(nodes, GOAL_MILLION)
    early_bound = [0.0]
    begun = time.process_time()

    def heard(_what: str, _best: float | None, bound: float) -> None:
        if time.process_time() - begun <= BOUND_S:
            early_bound[0] = max(early_bound[0], bound)

    found = plan_supply(
        graph, Goal(served=SERVED), time_limit_s=limit, clock=time.process_time, progress=heard
    )
    removed = np.zeros(net.n, np.bool_)
    removed[[int(one) for one in found.remove]] = True
    left, _ = net.served(removed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    gap = found.gap if found.gap is not None else 1.0
    met = gap <= goal and left <= SERVED + 1e-9 and early_bound[0] > 0
    print(
        f"{nodes:>9,} seed {seed}: cost {found.cost:,.1f}, bound {found.bound:,.1f}, gap {gap:.3%} "
        f"(goal {goal:.1%}), served {left:.3%}, {found.seconds:.1f} CPU s (limit {limit:g}), "
        f"bound {early_bound[0]:,.1f} within {BOUND_S:g} s, {peak:.1f} GB: "
        f"{'met' if met else 'MISSED'}",
        flush=True,
    )
    if peers:
        for name, cost, taken_s in peers_of(net, graph, limit):
            shown = "no plan" if cost is None else f"{cost / found.bound:.2f} x our bound"
            print(f"          {name}: {shown}, {taken_s:.1f} CPU s", flush=True)
    return met


def limited(generator: Any, nodes: int, seed: int) -> bool:
    """Plan within each kind of limit; no goal is set but that the plan keeps to it."""
    net, kept = generator.generate(nodes, seed), True
    for limits in LIMITS:
        asked = dict(limits)
        graph = graph_of_net(net)
        graph = replace(graph, fixed_cost=np.full(20, asked.pop("fixed_cost", 0.0)))
        goal = Goal(served=SERVED, **asked)
        found = plan_supply(graph, goal, time_limit_s=LIMITS_S, clock=time.process_time)
        removed = np.zeros(net.n, np.bool_)
        removed[[int(one) for one in found.remove]] = True
        left, _ = net.served(removed)
        within = (
            left <= SERVED + 1e-9
            and np.unique(net.jur[removed]).size <= limits.get("countries", 20)
            and net.collat[removed].sum() <= limits.get("collateral", np.inf) * (1 + 1e-9)
        )
        kept &= bool(within)
        print(
            f"{nodes:>9,} seed {seed}, {limits}: {found.status}, cost {found.cost or 0:,.1f}, "
            f"bound {found.bound or 0:,.1f}, gap {1.0 if found.gap is None else found.gap:.3%}, "
            f"{found.seconds:.1f} CPU s: {'kept' if within else 'BROKEN'}",
            flush=True,
        )
    return kept


def small_ones(count: int, first: int) -> bool:
    """Hold answers on random graphs against all plans; the ladder and the dual, too."""
    faulty = infeasible = 0
    for seed in range(first, first + count):
        rng = np.random.default_rng(seed)
        document, limits = draw_graph(rng), draw_goal(rng)
        graph, goal = graph_of(document), Goal(**limits)
        told = plan_supply(graph, goal).as_json()
        infeasible += told["status"] == "infeasible"
        found = [*faults(document, limits, told), *_ladder_faults(document, limits, seed)]
        if found:
            faulty += 1
            print(f"          graph {seed}: {'; '.join(found)}", flush=True)
    print(
        f"{count:>9,} random graphs from seed {first}, {infeasible} of them infeasible: {faulty} "
        f"of {count} answers differ from trying all plans"
        + (f" (at most {ZEROS / count:.1%})" if not faulty else "")
        + f": {'MISSED' if faulty else 'met'}",
        flush=True,
    )
    return not faulty


def _ladder_faults(document: dict[str, Any], limits: dict[str, Any], seed: int) -> list[str]:
    """Return what is wrong with the ways of large graphs on a small one."""
    least, _ = best(document, limits)
    if least is None:
        return []
    graph, goal = graph_of(document), Goal(**limits)
    problem, _ = posed(graph, goal, as_of=graph.as_of)
    left, spent = reduced(problem, taken=graph.require).problem, problem.price(graph.require)
    if left.must <= 1e-9 * graph.demand:
        return []
    near, found = 1e-6 * max(1.0, least), []
    dual = Dual(left)
    dual.improve(passes=60, left_s=lambda: 1.0)
    if spent + dual.bound > least + near:
        found.append(f"the dual's bound {spent + dual.bound} is above the best, {least}")
    ladder = least_cost(left, left_s=seconds(5.0), seed=seed, small=0)
    if spent + ladder.bound > least + near:
        found.append(f"the ladder's bound {spent + ladder.bound} is above the best, {least}")
    if ladder.gone is None or spent + ladder.cost < least - near:
        found.append(f"the ladder's plan costs {spent + ladder.cost}, the best {least}")
    return found


def main() -> int:
    """Run what was asked; the exit code tells whether every goal was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))
    parser.add_argument("--generators", type=Path, default=data.parent / "generators")
    parser.add_argument("--nodes", type=int, nargs="*", default=[20_000, 50_000])
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--random", type=int, default=0, help="small graphs")
    parser.add_argument("--random-from", type=int, default=0, help="seed of the first of them")
    parser.add_argument("--limits", type=int, nargs="*", default=[])
    parser.add_argument("--uncertain", type=int, nargs="*", default=[])
    parser.add_argument("--saa-s", type=float, default=600.0, help="CPU seconds of five worlds")
    parser.add_argument(
        "--limit", type=float, default=120.0, help="CPU seconds of an uncertain plan"
    )
    parser.add_argument("--doubtful", type=int, nargs="*", default=[])
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    if asked.quick:
        asked.nodes, asked.random, asked.limits, asked.seeds = [20_000], 50, [2000], [1]
        print(f"quick: N = {asked.random} random graphs, one graph of each size, seed 1")
    if not (asked.generators / "supply_network.py").is_file():
        parser.error(f"no supply_network.py in {asked.generators}: set CAUTERY_DATA")
    sys.path.insert(0, str(asked.generators))
    sys.dont_write_bytecode = True
    generator = importlib.import_module("supply_network")
    met = [small_ones(asked.random, asked.random_from)] if asked.random else []
    met += [
        scale(generator, nodes, seed, peers=asked.peers)
        for nodes in asked.nodes
        for seed in asked.seeds
    ]
    met += [limited(generator, nodes, seed) for nodes in asked.limits for seed in asked.seeds]
    met += [
        uncertain(generator, nodes, seed, saa_s=asked.saa_s, limit=asked.limit)
        for nodes in asked.uncertain
        for seed in asked.seeds
    ]
    met += [
        doubtful(generator, nodes, seed, kind, limit=asked.limit)
        for nodes in asked.doubtful
        for seed in asked.seeds
        for kind in KINDS
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
