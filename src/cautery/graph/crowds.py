"""Networks by values of so many bearers that any of them alone looks like a hub.

Subjects gather by rare values first; a value of hundreds is taken to be a hub, which is right of
most. But hubs are met one by one: who bears one address of a content network bears no certain
favicon the oftener for it. Two of such values, of different kinds, that the same subjects bear
are one crowd, and the likelihood says whether it is a network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cautery.graph.evidence import Ints
from cautery.graph.partition import Partition
from cautery.graph.weights import UNIVERSE

TOGETHER = 0.5
"""Two values are borne together by more than so great a share of the bearers of either, ..."""
ODDS_RATIO = 10.0
"""... and are so far from being borne independently."""
MOST_KINDS = 8
"""Kinds that are no farther apart in a subject's list are looked at in pairs: a file of 300 kinds
would have too many."""


def gather_crowds(part: Partition, popular: NDArray[np.bool_]) -> None:
    """Join the bearers of popular values that are borne together, where that is likelier.

    Parameters
    ----------
    popular : ndarray of bool, shape (values,)
        Values that are nobody's yet and could be somebody's.
    """
    crowd = _crowds(part, popular)
    if not (crowd >= 0).any():
        return
    network, whose = _networks(part, crowd)
    if network.size == 0:
        return
    evidence = part.evidence
    crowds = int(crowd.max()) + 1
    values = np.flatnonzero(crowd >= 0)
    # A crowd takes the label of the first of its networks.
    head = np.full(crowds, -1, dtype=np.int64)
    head[whose[::-1]] = network[::-1]
    renamed = np.arange(part.size.size)
    renamed[network] = head[whose]
    apart = part.label, part.owner
    owner = part.owner.copy()
    owner[values] = head[crowd[values]]
    part.label, part.owner = _by(renamed, (apart[0], owner))
    # Both are judged by what would be learnt of the crowds as networks: of values that are all
    # taken to be hubs one learns that values are hubs.
    frozen, part.frozen = part.frozen, None
    part.count()
    part.frozen = part.weights
    gain = part.worths()[head]
    part.label, part.owner = apart
    part.count()
    nobody = part.weights.nobody(evidence.kind[values], evidence.degree[values])
    nobody -= part.weights.astray[evidence.kind[values]] * evidence.degree[values]
    gain -= np.bincount(whose, part.worths()[network], minlength=crowds)
    gain -= np.bincount(crowd[values], nobody, minlength=crowds)
    gathered = (gain > 0) & (head >= 0)
    renamed[network[~gathered[whose]]] = network[~gathered[whose]]
    owner[values[~gathered[crowd[values]]]] = -1
    part.label, part.owner = _by(renamed, (apart[0], owner))
    part.frozen = frozen
    part.count()


def _by(renamed: Ints, labels: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    label, owner = labels
    return renamed[label], np.where(owner >= 0, renamed[owner], -1)


def _crowds(part: Partition, popular: NDArray[np.bool_]) -> Ints:
    """Return, by value, the crowd of values that are borne together with it; -1: none are."""
    evidence = part.evidence
    degree = evidence.degree
    crowd = np.full(evidence.values, -1, dtype=np.int64)
    at = np.flatnonzero(popular[evidence.value])
    subject, value = evidence.subject[at], evidence.value[at].astype(np.int64)
    # The rarest of each kind.
    order = np.lexsort((value, degree[value], evidence.kind[value], subject))
    subject, value = subject[order], value[order]
    cell = subject.astype(np.int64) * evidence.kinds + evidence.kind[value]
    first = np.diff(cell, prepend=-1) != 0
    subject, value = subject[first], value[first]
    pairs = []
    for step in range(1, MOST_KINDS):
        left, right = value[:-step], value[step:]
        same = subject[:-step] == subject[step:]
        low, high = np.minimum(left[same], right[same]), np.maximum(left[same], right[same])
        pairs.append(low * evidence.values + high)
    pair, count = np.unique(np.concatenate(pairs), return_counts=True)
    left, right = pair // evidence.values, pair % evidence.values
    rarer, commoner = (pick(degree[left], degree[right]) for pick in (np.minimum, np.maximum))
    neither = np.maximum(max(evidence.subjects, UNIVERSE) - rarer - commoner + count, 0)
    ratio = (count + 0.5) * (neither + 0.5) / ((rarer - count + 0.5) * (commoner - count + 0.5))
    together = (count > TOGETHER * commoner) & (ratio >= ODDS_RATIO)
    left, right = left[together], right[together]
    if left.size == 0:
        return crowd
    values, place = np.unique(np.concatenate([left, right]), return_inverse=True)
    from scipy.sparse import coo_matrix  # noqa: PLC0415 - heavy, and only where there are crowds
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    tied = coo_matrix(
        (np.ones(left.size), (place[: left.size], place[left.size :])), shape=(values.size,) * 2
    )
    crowd[values] = connected_components(tied, directed=False)[1]
    return crowd


def _networks(part: Partition, crowd: Ints) -> tuple[Ints, Ints]:
    """Return networks half of whose subjects at least are of one crowd, by rising label, and it.

    A subject is of the crowd of which it bears most kinds, two at least.
    """
    evidence = part.evidence
    width = int(crowd.max()) + 1
    at = np.flatnonzero(crowd[evidence.value] >= 0)
    place = evidence.subject[at].astype(np.int64) * width + crowd[evidence.value[at]]
    kinds, kind = np.unique(evidence.kind[evidence.value[at]], return_inverse=True)
    borne = np.unique(place * kinds.size + kind) // kinds.size
    place, count = np.unique(borne, return_counts=True)
    place, count = place[count > 1], count[count > 1]
    # The crowd of most kinds stands last among each subject's.
    order = np.lexsort((-place, count, place // width))
    subject = (place // width)[order]
    last = np.diff(subject, append=-1) != 0
    member, of = subject[last], (place % width)[order][last]
    cell, count = np.unique(part.label[member] * width + of, return_counts=True)
    mostly = 2 * count > part.size[cell // width]
    return (cell // width)[mostly], (cell % width)[mostly]
