"""What analysts say, laid over networks: *same* joins two, *not same* parts one at its weakest.

Networks themselves are found without it, so dropping a constraint gives back what was there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cautery.errors import InputError
from cautery.graph.evidence import Ints
from cautery.graph.membership import worth
from cautery.graph.partition import Partition


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
