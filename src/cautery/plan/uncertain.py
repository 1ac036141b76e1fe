"""Plans that hold although nodes and links may or may not exist, and actions may fail.

The goal must be reached with a given probability. Worlds are drawn; a plan starts from all that
may be there being there, and is repaired in drawn worlds where it fails, each by itself (the
sample is decomposed by world, never one model), until enough of them hold; then whatever the
sample can spare is given back. What is reported is the share of *fresh* draws, never of those
that the plan was made with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _draw_kernels as kernels
from cautery.plan.goal import Goal
from cautery.plan.graph import SLACK, Bools, Floats, PlanGraph
from cautery.plan.least_cost import Progress, least_cost
from cautery.plan.reduce import Problem, reduced
from cautery.plan.search import within

LEAST_DRAWS, MOST_DRAWS = 400, 4000
_DRAWN_LINKS = 4e7
"""Links looked at in one pass over the sample: about half a second, whatever the graph's size."""
FRESH = 2000
MOST_REPAIRS = 400
_BISECTIONS = 6
_TRIED = 6
"""Failing worlds whose repairs are held against each other, from the nearest miss to the worst."""
_INTERVAL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """The share of fresh draws that reach the goal, with its 95 % binomial interval."""

    value: float
    low: float
    high: float
    draws: int


class Worlds:
    """Drawn worlds: which unsure nodes and links exist in each, and which actions work."""

    def __init__(self, graph: PlanGraph, draws: int, *, rng: np.random.Generator) -> None:
        self._graph = graph
        self.draws = draws
        self.nodes = np.flatnonzero(graph.exists < 1)
        self.links = np.flatnonzero(graph.link_exists < 1)
        self.acts = np.flatnonzero((graph.success < 1) & np.isfinite(graph.cost))
        self.there = _drawn(graph.exists[self.nodes], draws, rng)
        self.linked = _drawn(graph.link_exists[self.links], draws, rng)
        self.works = _drawn(graph.success[self.acts], draws, rng)

    def served(self, gone: Bools, *, goal: float, most_failures: int | None = None) -> Floats:
        """Return the share served in each world; -1 in those not looked at.

        Parameters
        ----------
        most_failures : int or None
            Stop once more worlds than these are above ``goal``.
        """
        graph, groups = self._graph, self._graph.groups
        left: Floats = kernels.up_weights(
            groups.of_node,
            groups.owner,
            groups.need,
            groups.use_start,
            groups.uses,
            groups.link,
            graph.weight,
            gone,
            self.nodes,
            self.there,
            self.links,
            self.linked,
            self.acts,
            self.works,
            (goal + SLACK) * graph.demand,
            self.draws if most_failures is None else most_failures,
        )
        return np.where(left < 0, -1.0, left / graph.demand)

    def holds(self, gone: Bools, *, goal: float, most_failures: int) -> bool:
        """Tell whether at most so many worlds are above the goal."""
        served = self.served(gone, goal=goal, most_failures=most_failures)
        return int((served > goal + SLACK).sum()) <= most_failures

    def posed(self, problem: Problem, world: int, gone: Bools) -> tuple[Problem, Bools]:
        """Return the problem in one world, and what of ``gone`` is gone there."""
        graph = self._graph
        exists = np.ones(graph.link_exists.size, np.bool_)
        exists[self.links] = self.linked[world]
        works = np.ones(gone.size, np.bool_)
        works[self.acts] = self.works[world]
        absent = np.zeros(gone.size, np.bool_)
        absent[self.nodes] = ~self.there[world]
        groups = graph.groups.kept(np.ones(graph.groups.owner.size, np.bool_), exists)
        return (
            replace(
                problem,
                groups=groups,
                cost=np.where(works & ~absent, problem.cost, np.inf),
                # Who is not there acts against no limit.
                country=np.where(absent & ~gone, -1, problem.country).astype(np.int32),
                collateral=np.where(absent & ~gone, 0.0, problem.collateral),
            ),
            (gone & works) | absent,
        )


def chance(
    graph: PlanGraph, gone: Bools, *, goal: float, seed: int, draws: int = FRESH
) -> tuple[Chance, float]:
    """Return how often a plan reaches the goal, on draws that no plan was made with.

    With it comes the share that is served on their average.
    """
    from scipy.stats import beta  # noqa: PLC0415 - heavy

    fresh = Worlds(graph, draws, rng=np.random.default_rng([seed, 1]))
    served = fresh.served(gone, goal=goal)
    reached = int((served <= goal + SLACK).sum())
    tail = (1 - _INTERVAL) / 2
    found = Chance(
        value=reached / draws,
        low=float(beta.ppf(tail, reached, draws - reached + 1)) if reached else 0.0,
        high=float(beta.ppf(1 - tail, reached + 1, draws - reached)) if reached < draws else 1.0,
        draws=draws,
    )
    return found, float(served.mean())


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


def least_cost_by_chance(
    graph: PlanGraph,
    problem: Problem,
    goal: Goal,
    *,
    plan_for: Callable[[float], Bools | None],
    left_s: Callable[[], float],
    seed: int,
    progress: Progress,
) -> Bools | None:
    """Return a plan that reaches the goal often enough, or ``None``: not even all acts do.

    Parameters
    ----------
    plan_for : callable
        Given a share, a plan that leaves it served where all that may be there is there.
    """
    draws = int(_DRAWN_LINKS / (graph.groups.member.size + len(graph.ids)))
    draws = max(LEAST_DRAWS, min(draws, MOST_DRAWS))
    worlds = Worlds(graph, draws, rng=np.random.default_rng([seed, 0]))
    miss = 1 - goal.confidence
    # The sample flatters the plan made with it: ask of it two standard errors more.
    spare = miss - 2 * (miss * (1 - miss) / worlds.draws) ** 0.5
    allowed = max(0, int(spare * worlds.draws))
    everything = np.isfinite(problem.cost) | graph.require
    if not problem.limited and not worlds.holds(
        everything, goal=goal.served, most_failures=int(miss * worlds.draws)
    ):
        return None
    start = _loosest(worlds, plan_for, goal, allowed, left_s=left_s)
    gone = graph.require.copy() if start is None else start.copy()
    for _ in range(MOST_REPAIRS):
        served = worlds.served(gone, goal=goal.served)
        failing = np.flatnonzero(served > goal.served + SLACK)
        progress("repairing", problem.price(gone), 0.0)
        if failing.size <= allowed or left_s() <= 0:
            break
        nearest = failing[np.argsort(served[failing], kind="stable")]
        # A repair of one world mends others too: the one that wins most for its price is taken.
        best: Bools | None = None
        most = 0.0
        for world in nearest[np.unique(np.linspace(0, nearest.size - 1, _TRIED).astype(int))]:
            more = _repaired(worlds, problem, int(world), gone, left_s=left_s, seed=seed)
            if more is None:
                continue
            after = int((worlds.served(more, goal=goal.served) > goal.served + SLACK).sum())
            price = problem.price(more) - problem.price(gone)
            won = (failing.size - after) / max(price, 1e-9)
            if best is None or won > most:
                best, most = more, won
        if best is None:
            break
        gone = best
    if not worlds.holds(gone, goal=goal.served, most_failures=allowed):
        if problem.limited:
            return gone
        gone = everything
    return _spared(worlds, problem, gone, goal, allowed, keep=graph.require, left_s=left_s)


def _loosest(
    worlds: Worlds,
    plan_for: Callable[[float], Bools | None],
    goal: Goal,
    allowed: int,
    *,
    left_s: Callable[[], float],
) -> Bools | None:
    """Return the plan for the largest share, with everything there, that the sample still bears.

    Not all that may be there is there: a plan that leaves more in the worst world may do.
    """
    best = plan_for(goal.served)
    if best is None or not worlds.holds(best, goal=goal.served, most_failures=allowed):
        return best
    low, high = goal.served, min(1.0, 2 * goal.served + 0.05)
    half_s = left_s() / 2
    for _ in range(_BISECTIONS):
        if left_s() < half_s:
            break
        middle = (low + high) / 2
        looser = plan_for(middle)
        if looser is not None and worlds.holds(looser, goal=goal.served, most_failures=allowed):
            best, low = looser, middle
        else:
            high = middle
    return best


def _repaired(
    worlds: Worlds,
    problem: Problem,
    world: int,
    gone: Bools,
    *,
    left_s: Callable[[], float],
    seed: int,
) -> Bools | None:
    there, taken = worlds.posed(problem, world, gone)
    part = reduced(there, taken=taken)
    found = least_cost(part.problem, left_s=left_s, seed=seed)
    if found.gone is None:
        return None
    more: Bools = gone | (part.unfold(found.gone) & ~part.taken)
    if problem.limited and not within(problem, more):
        return None
    return more


def _spared(
    worlds: Worlds,
    problem: Problem,
    gone: Bools,
    goal: Goal,
    allowed: int,
    *,
    keep: Bools,
    left_s: Callable[[], float],
) -> Bools:
    """Give back, dearest first, whatever the sample holds without."""
    kept = gone.copy()
    for one in sorted(np.flatnonzero(gone & ~keep), key=lambda at: -problem.cost[at]):
        if left_s() <= 0:
            break
        kept[one] = False
        if not worlds.holds(kept, goal=goal.served, most_failures=allowed):
            kept[one] = True
    return kept


def _drawn(probability: Floats, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    drawn: NDArray[np.bool_] = rng.random((draws, probability.size)) < probability
    return drawn
