"""From evidence to networks: where to start, how finely, and how often to start again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cautery.graph.evidence import Evidence, Ints
from cautery.graph.granularity import choose
from cautery.graph.partition import Partition
from cautery.graph.starts import start_from
from cautery.graph.weights import MATCH_FLOOR, bins_of, match_rates

START_DEGREE = 50
"""A value on more subjects is no part of the first start (reference/clustering.md measured it);
whether it is a hub is decided afterwards."""
AGAIN = 1
"""How often Leiden starts again, knowing the hubs and weights that were found before. A second time
won nothing at 10^6 links, with 2 and 10 % of them false."""


def find_networks(
    evidence: Evidence,
    *,
    common: Ints,
    seed: int,
    told: Callable[[str], None] = lambda _: None,
) -> Partition:
    """Return the likeliest partition found, with the weights learnt on the way.

    Parameters
    ----------
    common : ndarray of int
        Kinds that are known to tie nobody.
    told : callable
        Hears what is being done.
    """
    rng = np.random.default_rng(seed)
    told("learning kinds of links")
    rates = match_rates(evidence, rng, common=common)
    degree = evidence.degree
    used = (rates[evidence.kind, bins_of(degree)] >= MATCH_FLOOR) & (degree <= START_DEGREE)
    told("a first partition")
    part = start_from(evidence, used, seed=seed)
    part.settle(4)
    told("choosing the grain by hidden kinds")
    finer = choose(evidence, part, part.owner >= 0, rng, seed)
    for place in range(AGAIN):
        told(f"starting again, {place + 1} of {AGAIN}")
        part = start_from(
            evidence,
            part.owner >= 0,
            seed=seed + place + 1,
            weights=part.weights,
            finer=finer,
        )
        part.settle(2)
        part.frozen = None
        part.settle(3 if place + 1 < AGAIN else 8)
    part.count()
    return part
