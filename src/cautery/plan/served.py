"""Which nodes of a supply graph still work when some are gone: a least fixed point.

A node is up when it is not removed and each of its requirement groups has enough members up.
Starting from nothing and adding what can stand, two edges that feed each other without an
origin never come up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cautery.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node and what it needs: of each group ``(members, k)``, at least ``k`` up.

    ``weight`` is the demand that it serves itself (subscribers, viewer-hours), 0 for most.
    """

    id: str
    groups: tuple[tuple[tuple[str, ...], int], ...] = ()
    weight: float = 0.0


def served(nodes: Sequence[Node], removed: Collection[str] = ()) -> float:
    """Return the share of demand still served, 0 to 1, in time linear in nodes and groups.

    Raises
    ------
    InputError
        If a group names a node that is not there, or a node is given twice.
    """
    total = sum(node.weight for node in nodes)
    up = standing(nodes, removed)
    if total <= 0:
        return 0.0
    return sum(node.weight for node in nodes if node.id in up) / total


def standing(nodes: Sequence[Node], removed: Collection[str] = ()) -> frozenset[str]:
    """Return the nodes that still work when some are removed: the least fixed point.

    Raises
    ------
    InputError
        If a group names a node that is not there, or a node is given twice.
    """
    known = {node.id: place for place, node in enumerate(nodes)}
    if len(known) != len(nodes):
        raise InputError("a node is given twice")
    gone = set(removed)
    open_groups = [0] * len(nodes)
    waiting: list[list[tuple[int, int]]] = [[] for _ in nodes]
    lacking: list[list[int]] = []
    for place, node in enumerate(nodes):
        lacking.append([])
        for number, (members, k) in enumerate(node.groups):
            lacking[place].append(k)
            open_groups[place] += k > 0
            for member in set(members):
                if member not in known:
                    raise InputError(f"{node.id} needs {member!r}, which is no node")
                waiting[known[member]].append((place, number))
    up = [node.id not in gone and not open_groups[place] for place, node in enumerate(nodes)]
    rising = deque(place for place, is_up in enumerate(up) if is_up)
    while rising:
        for place, number in waiting[rising.popleft()]:
            lacking[place][number] -= 1
            if lacking[place][number] == 0:
                open_groups[place] -= 1
                if open_groups[place] == 0 and nodes[place].id not in gone and not up[place]:
                    up[place] = True
                    rising.append(place)
    return frozenset(node.id for node, is_up in zip(nodes, up, strict=True) if is_up)
