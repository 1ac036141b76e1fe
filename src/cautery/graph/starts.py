"""Where partitions start: Leiden inside the components of subjects and values."""

from __future__ import annotations

import random

import numpy as np

from cautery.graph.evidence import Evidence, Floats
from cautery.graph.partition import Partition
from cautery.graph.weights import Weights

SCALE = 40_000
"""Modularity's resolution falls as a graph grows; it is held where it is for so many subjects.
What it finds is a start alone: the likelihood's grain decides (``cautery.graph.granularity``)."""


def start_from(
    evidence: Evidence,
    used: np.ndarray,
    *,
    rng: np.random.Generator,
    weights: Weights | None = None,
) -> Partition:
    """Return a partition by modularity of the links to some values, weighed by what they say.

    Parameters
    ----------
    used : ndarray of bool, shape (values,)
        Values that are taken to tie somebody; the others begin as hubs.
    weights : Weights, optional
        What an earlier partition taught; the new one keeps it for a start. Without, rarity
        alone weighs.

    Notes
    -----
    Traag, Waltman and van Eck, "From Louvain to Leiden", Scientific Reports 2019. Modularity
    has a limit of resolution, so what it finds is only where the likelihood's moves start.
    """
    import igraph  # noqa: PLC0415 - heavy: only clustering needs it

    chosen = used[evidence.value]
    value = evidence.value[chosen]
    graph = igraph.Graph(
        n=evidence.subjects + evidence.values,
        edges=np.column_stack([evidence.subject[chosen], value + np.int64(evidence.subjects)]),
    )
    # igraph takes Python's generator.
    chance = random.Random(int(rng.integers(1 << 62)))  # noqa: S311 - chance, not secrecy
    igraph.set_random_number_generator(chance)
    try:
        found = graph.community_leiden(
            objective_function="modularity",
            weights=_worth(evidence, weights)[value],
            resolution=max(1.0, evidence.subjects / SCALE),
            n_iterations=2,
        )
    finally:
        igraph.set_random_number_generator(random)
    community = np.asarray(found.membership, dtype=np.int64)
    names, label = np.unique(community[: evidence.subjects], return_inverse=True)
    place = np.full(int(community.max(initial=0)) + 1, -1, dtype=np.int64)
    place[names] = np.arange(names.size)
    owner = place[community[evidence.subjects :]]
    owner[~used] = -1
    return Partition(evidence, label.astype(np.int64), owner, rng, weights)


def _worth(evidence: Evidence, weights: Weights | None) -> Floats:
    rarity = np.log(max(evidence.subjects, 2) / np.maximum(evidence.degree, 1))
    if weights is not None:
        rarity += np.log((1 - weights.false) / weights.false)[evidence.kind]
    found: Floats = np.maximum(rarity, 0.1)
    return found
