"""Drawn worlds: the nodes in each, the actions that work, and what a plan leaves served.

A link that may be missing is posed as a node of its own between its group and its member, so
only nodes are unsure. 64 worlds are settled at once, a bit each, and a change of the plan is
settled only where something follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _world_kernels as kernels
from cautery.plan.graph import Bools, Floats, Groups, PlanGraph
from cautery.plan.reduce import Problem, Reduced, by_owner, committed, reduced

WORD = 64
"""Worlds in a word; draws come in whole words."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unsure:
    """A problem in which nodes may be missing and actions may fail, each by itself.

    Parameters
    ----------
    problem : Problem
        As if all were there, and worked.
    exists, success : ndarray
        Probability that a node is there, and that acting on it works.
    required : ndarray of bool
        What any plan acts on.
    """

    problem: Problem
    exists: Floats
    success: Floats
    required: Bools

    @property
    def most(self) -> float:
        """The most weight that may be up."""
        return float(self.problem.weight.sum()) - self.problem.must

    @property
    def apart(self) -> Bools:
        """Nodes that are not in each world as the problem says."""
        fails: Bools = (self.success < 1) & np.isfinite(self.problem.cost)
        return (self.exists < 1) | fails | self.required

    def padded(self, gone: Bools) -> Bools:
        """Return a plan for the graph as one of this problem."""
        wider: Bools = np.zeros(self.required.size, np.bool_)
        wider[: gone.size] = gone
        return wider

    def reduced(self) -> tuple[Unsure, Reduced]:
        """Return the remaining problem once every certain and private node is folded."""
        part = reduced(self.problem, apart=self.apart)
        return (
            Unsure(
                problem=part.problem,
                exists=self.exists[part.place],
                success=self.success[part.place],
                required=self.required[part.place],
            ),
            part,
        )


def unsure(graph: PlanGraph, problem: Problem) -> Unsure:
    """Pose a problem on an uncertain graph; links that may be missing become nodes at the end.

    What is required is paid for: it costs nothing more, and its share of the limits is used up.
    """
    problem = committed(problem, graph.require)
    groups = problem.groups
    at = np.flatnonzero(graph.link_exists < 1)
    n, added = groups.nodes, at.size
    ends = np.arange(n, n + added, dtype=np.int32)
    member = groups.member.copy()
    # Such a link goes over a node that needs its old member alone, may be absent, and is nobody's
    # to act on.
    member[at] = ends
    return Unsure(
        problem=replace(
            problem,
            groups=Groups(
                n + added,
                np.concatenate([groups.owner, ends]),
                np.concatenate([groups.need, np.ones(added, np.int32)]),
                np.concatenate([groups.start, groups.start[-1] + 1 + np.arange(added)]),
                np.concatenate([member, groups.member[at]]),
            ),
            cost=np.concatenate(
                [np.where(graph.require, 0.0, problem.cost), np.full(added, np.inf)]
            ),
            weight=np.concatenate([problem.weight, np.zeros(added)]),
            country=np.concatenate([problem.country, np.full(added, -1, np.int32)]),
            collateral=np.concatenate(
                [np.where(graph.require, 0.0, problem.collateral), np.zeros(added)]
            ),
        ),
        exists=np.concatenate([graph.exists, graph.link_exists[at]]),
        success=np.concatenate([graph.success, np.ones(added)]),
        required=np.concatenate([graph.require, np.zeros(added, np.bool_)]),
    )


class _Frame(NamedTuple):
    """What the kernels need of a problem and its draws."""

    owner: Any
    need: Any
    start: Any
    member: Any
    group_start: Any
    groups_of_node: Any
    use_start: Any
    uses: Any
    weight: Any
    component: Any
    circle: Any
    inside_start: Any
    inside: Any
    exists: Any
    exists_row: Any
    works: Any
    works_row: Any
    queued: Any


class Worlds:
    """Draws of one unsure problem, and a plan in them that may be changed step by step.

    Parameters
    ----------
    draws : int
        Worlds, a multiple of :data:`WORD`.
    """

    def __init__(self, posed: Unsure, draws: int, *, rng: np.random.Generator) -> None:
        self.posed, self.draws = posed, draws
        problem, groups = posed.problem, posed.problem.groups
        n = groups.nodes
        group_start, groups_of_node = by_owner(groups)
        component, circle = components(groups)
        inside = np.argsort(component, kind="stable")
        counts = np.bincount(component, minlength=circle.size)
        exists, exists_row = _drawn(posed.exists, posed.exists < 1, draws, rng)
        fails = (posed.success < 1) & np.isfinite(problem.cost)
        works, works_row = _drawn(posed.success, fails, draws, rng)
        self.order = inside
        """Nodes, members first."""
        self.frame = _Frame(
            owner=groups.owner,
            need=groups.need,
            start=groups.start,
            member=groups.member,
            group_start=group_start,
            groups_of_node=groups_of_node,
            use_start=groups.use_start,
            uses=groups.uses,
            weight=problem.weight,
            component=component,
            circle=circle,
            inside_start=np.concatenate([[0], np.cumsum(counts)]),
            inside=inside,
            exists=exists,
            exists_row=exists_row,
            works=works,
            works_row=works_row,
            queued=np.zeros(circle.size, np.bool_),
        )
        # A bit for each world: a word settles 64 of them at once.
        self.up = np.zeros((n, draws // WORD), np.uint64)
        self.bought = np.zeros(n, np.bool_)
        self.weight_up = np.zeros(draws)
        """Weight up in each world."""
        self.log = np.empty(n, np.int64)
        self.words = np.empty_like(self.up)
        self.logged = 0
        self._before = self.weight_up.copy()
        self._settle(np.arange(n))

    def take(self, bought: Bools) -> None:
        """Take a plan in place of the one so far."""
        self.change(np.flatnonzero(self.bought != bought))
        # Sums of many changes drift.
        kernels.weigh(self.frame, self.up, self.weight_up)

    def change(self, nodes: NDArray[np.int64]) -> None:
        """Act on each of these nodes, or no longer if it was acted on; :meth:`undo` undoes it."""
        self.bought[nodes] ^= True
        self._changed = nodes
        self._settle(nodes)

    def undo(self) -> None:
        """Undo the last change, once."""
        self.bought[self._changed] ^= True
        kernels.unsettle(self.up, self.log, self.words, self.logged)
        self.weight_up[:] = self._before

    def gone_in(self, world: int) -> Bools:
        """Return who is gone in one world: acted on with success, or never there."""
        frame, word, bit = self.frame, world // WORD, np.uint64(world % WORD)
        removed = self.bought.copy()
        fails = np.flatnonzero(removed & (frame.works_row >= 0))
        unit = np.uint64(1)
        removed[fails] = (frame.works[frame.works_row[fails], word] >> bit) & unit == unit
        unsure_ones = np.flatnonzero(frame.exists_row >= 0)
        present = (frame.exists[frame.exists_row[unsure_ones], word] >> bit) & unit == unit
        removed[unsure_ones[~present]] = True
        return removed

    def _settle(self, seeds: NDArray[np.int64]) -> None:
        self._before[:] = self.weight_up
        self.logged = kernels.settle(
            self.frame, self.bought, self.up, self.weight_up, seeds, self.log, self.words
        )


def components(groups: Groups) -> tuple[NDArray[np.int64], Bools]:
    """Return each node's strongly connected component, members first, and which are circles."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - heavy

    owners = np.repeat(groups.owner, groups.sizes)
    links = csr_array(
        (np.ones(owners.size, np.int8), (owners, groups.member)), shape=(groups.nodes,) * 2
    )
    count, component = connected_components(links, directed=True, connection="strong")
    renumbered, circle = kernels.in_order(
        component, count, groups.owner, groups.start, groups.member
    )
    return renumbered, circle


def _drawn(
    probability: Floats, of: Bools, draws: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Draw bits for the nodes ``of``, a row each; return them and each node's row, or -1."""
    at = np.flatnonzero(of)
    row = np.full(of.size, -1, np.int64)
    row[at] = np.arange(at.size)
    bits = np.zeros((max(1, at.size), draws // WORD), np.uint64)
    for place, node in enumerate(at):
        true = rng.random(draws, dtype=np.float32) < probability[node]
        bits[place] = np.packbits(true, bitorder="little").view(np.uint64)
    return bits, row
