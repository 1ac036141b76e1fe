"""A supply of named nodes, as pictures and worlds have it, laid out for the one evaluator.

A node is up when it is not removed and each of its requirement groups has enough members up.
Starting from nothing and adding what can stand, two edges that feed each other without an
origin never come up (:meth:`cautery.plan.graph.Groups.standing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cautery.errors import InputError
from cautery.plan.graph import Bools, Floats, Groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node and what it needs: of each group ``(members, k)``, at least ``k`` up.

    ``weight`` is the demand that it serves itself (subscribers, viewer-hours), 0 for most.
    """

    id: str
    groups: tuple[tuple[tuple[str, ...], int], ...] = ()
    weight: float = 0.0


class Supply:
    """Nodes laid out once, to be asked again and again.

    Parameters
    ----------
    nodes : sequence of Node
        A member that a group lists twice counts once.

    Attributes
    ----------
    groups : Groups
        Of the nodes, in their order; ``place`` is where each stands.
    weight : ndarray, shape (nodes,)

    Raises
    ------
    InputError
        If a group names a node that is not there, or a node is given twice.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.ids = tuple(node.id for node in nodes)
        self.place = {name: at for at, name in enumerate(self.ids)}
        if len(self.place) != len(self.ids):
            raise InputError("a node is given twice")
        owner: list[int] = []
        need: list[int] = []
        member: list[int] = []
        start = [0]
        for at, node in enumerate(nodes):
            for members, k in node.groups:
                if k <= 0:
                    continue
                owner.append(at)
                need.append(k)
                member += self._places(node.id, dict.fromkeys(members))
                start.append(len(member))
        self.groups = Groups(
            len(self.ids),
            np.array(owner, np.int32),
            np.array(need, np.int32),
            np.array(start, np.int64),
            np.array(member, np.int32),
        )
        self.weight: Floats = np.array([node.weight for node in nodes], float)

    @property
    def demand(self) -> float:
        """All demand, whoever serves it."""
        return float(self.weight.sum())

    def served(self, removed: Collection[str] = ()) -> float:
        """Return the share of demand still served, 0 to 1, in time linear in nodes and links."""
        if self.demand <= 0:
            return 0.0
        share = float(self.weight[self._up(removed)].sum() / self.demand)
        return min(share, 1.0)  # a part summed in another order may exceed the whole

    def standing(self, removed: Collection[str] = ()) -> frozenset[str]:
        """Return the nodes that still work when some are removed."""
        return frozenset(self.ids[at] for at in np.flatnonzero(self._up(removed)).tolist())

    def _up(self, removed: Collection[str]) -> Bools:
        is_removed = np.zeros(len(self.ids), np.bool_)
        is_removed[[self.place[name] for name in removed if name in self.place]] = True
        return self.groups.standing(is_removed)

    def _places(self, owner: str, members: Iterable[str]) -> list[int]:
        places = []
        for member in members:
            if member not in self.place:
                raise InputError(f"{owner} needs {member!r}, which is not a node")
            places.append(self.place[member])
        return places
