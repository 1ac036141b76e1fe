"""What analysts say, laid over networks: *same* joins two, *not same* parts one at its weakest.

Networks themselves are found without it, so dropping a constraint gives back what was there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cautery.errors import InputError
from cautery.graph.evidence import Ints
from cautery.graph.membership import worth
from cautery.graph.partition import Partition


class Ruled(NamedTuple):
    """A person's word on two hosts: one network runs both, or not."""

    host: str
    other: str
    same: bool
    by: str


def ruled_labels(
    part: Partition | None, place: Mapping[str, int], words: Sequence[Ruled]
) -> dict[str, int]:
    """Return a label for each host: the network that it is in once people's words are laid over.

    Parameters
    ----------
    part : Partition or None
        ``None``: no host has a tie.
    place : mapping of str to int
        By host, its number among the partition's subjects; one that has no tie at all has a number
        beyond them.
    words : sequence of Ruled
        That agree with one another. Hosts that have no place are passed over.
    """
    from scipy.cluster.hierarchy import DisjointSet  # noqa: PLC0415 - heavy, as below

    known_words = [word for word in words if word.host in place and word.other in place]
    sets = DisjointSet({host for word in known_words for host in word[:2]})
    for word in known_words:
        if word.same:
            sets.merge(word.host, word.other)
    # A host without ties stands where the others of its set do, if they have any.
    stands = {
        host: min(together, key=lambda one: place[one])
        for together in sets.subsets()
        for host in together
    }
    subjects = 0 if part is None else part.label.size
    tied = {host for host in stands if place[stands[host]] < subjects}
    label = (
        np.empty(0, np.int64)
        if part is None
        else overlaid(
            part,
            [(place[stands[h]], place[h]) for h in sorted(tied) if place[h] < subjects],
            [
                (place[stands[word.host]], place[stands[word.other]])
                for word in known_words
                if not word.same and {word.host, word.other} <= tied
            ],
        )
    )
    fresh = int(label.max(initial=0)) + 1
    return {
        host: int(label[place[stands.get(host, host)]])
        if place[stands.get(host, host)] < subjects
        else fresh + place[stands.get(host, host)]
        for host in place
    }


def overlaid(
    part: Partition, same: Sequence[tuple[int, int]], apart: Sequence[tuple[int, int]]
) -> Ints:
    """Return labels by subject once constraints are laid over a partition.

    Parameters
    ----------
    same, apart : sequence of (int, int)
        Pairs of subjects: of one network, of two.

    Raises
    ------
    InputError
        If the constraints contradict each other.
    """
    together = _together(np.arange(part.label.size), same)
    label = _together(part.label, same)
    fresh = int(label.max(initial=0)) + 1
    for a, b in apart:
        if label[a] == label[b]:
            side = _far_side(part, label, together, a, b)
            label[side] = fresh
            fresh += 1
    for a, b in same:
        if label[a] != label[b]:
            raise InputError(f"subjects {a} and {b} cannot be stored together")
    return label


def agreeing(words: Iterable[tuple[Hashable, Hashable, bool]]) -> list[bool]:
    """Tell of each word on a pair, the weightiest first, whether it agrees with all before it.

    Parameters
    ----------
    words : iterable of (object, object, bool)
        Two subjects, and whether they are the same.

    Returns
    -------
    list of bool
        One that contradicts those before it that agree is left out of what later ones are held
        against.
    """
    from scipy.cluster.hierarchy import DisjointSet  # noqa: PLC0415 - heavy, as below

    sets = DisjointSet()
    apart = defaultdict[Hashable, set[Hashable]](set)
    agree = []
    for a, b, same in words:
        sets.add(a)
        sets.add(b)
        first, second = sets[a], sets[b]
        fits = second not in apart[first] if same else first != second
        agree.append(fits)
        if fits and same and first != second:
            sets.merge(a, b)
            root = sets[a]
            root_gone = second if root == first else first
            for rival in apart.pop(root_gone, set()):
                apart[rival].discard(root_gone)
                apart[rival].add(root)
                apart[root].add(rival)
        elif fits and not same:
            apart[first].add(second)
            apart[second].add(first)
    return agree


def _together(label: Ints, same: Sequence[tuple[int, int]]) -> Ints:
    """Return labels in which those of each pair are one, with all that had either."""
    if not same:
        return label.copy()
    from scipy.sparse import coo_array  # noqa: PLC0415 - heavy, and only for constraints
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    ends = label[np.array(same)]
    count = int(label.max()) + 1
    ties = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    joined: Ints = connected_components(ties, directed=False)[1][label].astype(np.int64)
    return joined


def _far_side(part: Partition, label: Ints, together: Ints, a: int, b: int) -> Ints:
    """Return the subjects on ``b``'s side of the least evidence that parts it from ``a``."""
    import igraph  # noqa: PLC0415 - heavy, and only for what is parted

    subjects = np.flatnonzero(label == label[a])
    groups, node = np.unique(together[subjects], return_inverse=True)
    values: dict[int, int] = {}
    edges: list[tuple[int, int]] = []
    capacity: list[float] = []
    evidence = part.evidence
    for place, subject in enumerate(subjects):
        for value in evidence.value[evidence.s_starts[subject] : evidence.s_starts[subject + 1]]:
            if part.owner[value] >= 0 and part.owner[value] == part.label[subject]:
                number = values.setdefault(int(value), groups.size + len(values))
                edges.append((int(node[place]), number))
                capacity.append(max(worth(part, int(value)), 0.01))
    graph = igraph.Graph(n=groups.size + len(values), edges=edges)
    ends = [int(node[np.searchsorted(subjects, end)]) for end in (a, b)]
    cut = graph.mincut(source=ends[0], target=ends[1], capacity=capacity)
    far = np.zeros(graph.vcount(), dtype=bool)
    far[[vertex for vertex in cut.partition[1] if vertex < graph.vcount()]] = True
    if far[ends[0]]:
        far = ~far
    side: Ints = subjects[far[node]]
    return side
