"""From evidence to networks: every subject by itself at first, then pieces of all scales move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cautery.graph.evidence import Evidence, Ints
from cautery.graph.partition import Partition
from cautery.graph.weights import FALSE_PRIOR, MATCH_FLOOR, RATE_PRIOR, bins_of, match_rates

DEGREES = (8, 16, 32, 64)
"""Up to these degrees values are taken to be somebody's own, one step after the other, and all
above to be hubs; each round decides anew. A middling hub would gather strangers that have nothing
yet, and be theirs."""
FIRST = 2
"""Rounds by weights that nothing was counted for: of single subjects nothing can be learnt."""
ROUNDS = 20
DOUBTS = (1, 3)
"""Rounds after which values at whose degree there are hubs must win their networks again."""


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
    ties = (rates[evidence.kind, bins_of(degree)] >= MATCH_FLOOR) & (degree > 0)
    part = Partition(
        evidence,
        np.arange(evidence.subjects),
        np.full(evidence.values, -1, dtype=np.int64),
        seed,
    )
    for most in DEGREES:
        told(f"gathering by values of up to {most} subjects")
        given = np.flatnonzero(ties & (degree <= most) & (part.owner < 0))
        part.owner[given] = part.label[evidence.v_subjects[evidence.v_starts[given]]]
        if most == DEGREES[0]:
            part.count()
            part.frozen = replace(
                part.weights,
                false=np.full(evidence.kinds, FALSE_PRIOR),
                rate=np.full(evidence.kinds, RATE_PRIOR),
            )
            part.settle(FIRST)
            part.frozen = None
        else:
            part.settle(1)
    for number in range(ROUNDS):
        told(f"moving pieces, round {number + 1} of at most {ROUNDS}")
        moving = part.settle(1)
        if number in DOUBTS:
            part.doubt()
        elif not moving:
            break
    part.learn()
    return part
