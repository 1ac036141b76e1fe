"""A proven bound of plans by chance, from one model that knows no worlds, only probabilities.

Let a plan reach the goal in the event A, of probability a >= the confidence. In a first copy of
the graph "down" is the probability of being down: at most that of being bought with success, plus
those of the groups that failed; and a node that may be missing is down with
``1 - p + p * (that of what it needs)``, since what it needs does not know whether it is there. In
a second copy "down" is the probability of being down *given A*: the same rules, but an event of
probability p has at most p / a. Given A the goal is reached, so the second copy brings down what
the goal asks. All rules are linear, none is stricter than the truth, and a smaller a only loosens
them: the least cost of the two copies is a bound of every plan, for certain and without a draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cautery.plan.graph import Bools, Groups, PlanGraph
from cautery.plan.milp import Model, Odds
from cautery.plan.reduce import Problem
from cautery.plan.worlds import Unsure, components


def solve_by_odds(
    posed: Unsure,
    *,
    confidence: float,
    tail: bool,
    left_s: Callable[[], float],
    gap: float,
    seed: int,
) -> tuple[Bools | None, float]:
    """Return what the model buys, no plan yet but near one, and with it the bound.

    Parameters
    ----------
    tail : bool
        Whether the mean of the worst worlds is asked for: then the mean of all is held, too.
    """
    problem, n = posed.problem, posed.problem.groups.nodes
    groups = problem.groups
    component, circle = components(groups)
    # Within a circle what a node needs may depend on whether it is there.
    apart = np.where(circle[component], 1.0, posed.exists)
    fails = (posed.exists < 1) | (posed.success < 1)
    nobody = np.full(n, -1)
    odds = Odds(
        missing=np.concatenate(
            [1 - posed.exists, np.minimum(1.0, (1 - posed.exists) / confidence)]
        ),
        works=np.concatenate(
            [posed.exists * posed.success, np.minimum(1.0, posed.success / confidence)]
        ),
        there=np.concatenate([apart, np.ones(n)]),
        buyer=np.tile(np.arange(n), 2),
        under=np.concatenate([nobody, np.where(fails, np.arange(n), -1)]),
        factor=np.full(2 * n, 1 / confidence),
    )
    shift = groups.start[-1]
    twice = replace(
        problem,
        groups=Groups(
            2 * n,
            np.concatenate([groups.owner, groups.owner + n]).astype(np.int32),
            np.tile(groups.need, 2),
            np.concatenate([groups.start, shift + groups.start[1:]]),
            np.concatenate([groups.member, groups.member + n]).astype(np.int32),
        ),
        cost=np.concatenate([problem.cost, np.full(n, np.inf)]),
        weight=np.tile(problem.weight, 2),
        must=2 * problem.must,
        country=np.concatenate([problem.country, np.full(n, -1, np.int32)]),
        collateral=np.concatenate([problem.collateral, np.zeros(n)]),
    )
    copies = [np.arange(2 * n) < n, np.arange(2 * n) >= n]
    model = Model(twice, whole=True, seed=seed, parts=copies[0 if tail else 1 :], odds=odds)
    solved = model.solve(left_s=left_s, gap=gap)
    plan = None if solved.bought is None else solved.bought[:n] | posed.required
    return plan, max(0.0, solved.bound)


def favourable(graph: PlanGraph, problem: Problem) -> tuple[Problem, Bools]:
    """Return the problem in the best of worlds, whose least cost bounds that of every other.

    Nothing unsure is there, and every action works: whoever reaches the goal in any world at all
    reaches it there.
    """
    sure = graph.link_exists >= 1
    absent = graph.exists < 1
    groups = graph.groups.kept(np.ones(graph.groups.owner.size, np.bool_), sure)
    return (
        replace(
            problem,
            groups=groups,
            cost=np.where(absent, np.inf, problem.cost),
            country=np.where(absent, -1, problem.country).astype(np.int32),
            collateral=np.where(absent, 0.0, problem.collateral),
        ),
        absent,
    )
