"""From evidence to networks: every subject by itself at first, then pieces of all scales move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cautery.graph.crowds import gather_crowds
from cautery.graph.evidence import Evidence, Ints, evidence_of, slices
from cautery.graph.partition import Partition
from cautery.graph.weights import (
    BINS,
    FALSE_PRIOR,
    MATCH_FLOOR,
    RATE_PRIOR,
    Weights,
    bins_of,
    log_theta,
    match_rates,
)

DEGREES = (8, 16, 32, 64)
"""Up to these degrees values are taken to be somebody's own, one step after the other, and all
above to be hubs; each round decides anew. A middling hub would gather strangers that have nothing
yet, and be theirs."""
NETWORKS_PRIOR = 0.1
"""Networks for a subject, before any is counted."""
FIRST = 2
"""Rounds by weights that nothing was counted for."""
NEVER = -1e9
ROUNDS = 20
import os
HOT=int(os.environ.get("HOT","40"))
HEAT=float(os.environ.get("HEAT","4"))
WARM=int(os.environ.get("WARM","5"))
DOUBTS = (1, 3)
"""Rounds after which values at whose degree there are hubs must win their networks again."""

LARGE = 30
"""Networks of so many subjects are gathered twice."""


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
    part = _gathered(evidence, ties, seed, told=told)
    told("gathering by values of many that are borne together")
    crowded = ties & (degree > DEGREES[0])
    gather_crowds(part, crowded & (part.owner < 0))
    if HOT:
        part.frozen = _unlearnt(part.weights)
        for number in range(HOT):
            told(f"cooling, round {number + 1} of {HOT}")
            part.shake(HEAT ** (1 - number / (HOT - 1)))
        part.frozen = None
        for number in range(WARM):
            part.shake(1.0)
    for number in range(ROUNDS):
        told(f"moving pieces, round {number + 1} of at most {ROUNDS}")
        moving = part.settle(1)
        if number in DOUBTS:
            part.doubt()
            gather_crowds(part, crowded & (part.owner < 0))
        elif not moving:
            break
    told("gathering large networks anew, each by itself")
    _gather_anew(part, seed)
    part.settle(ROUNDS)
    part.learn()
    return part


def _gathered(
    evidence: Evidence,
    ties: NDArray[np.bool_],
    seed: int,
    *,
    weights: Weights | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Partition:
    """Return a first partition, from single subjects; its weights are learnt or those given."""
    degree = evidence.degree
    part = Partition(
        evidence,
        np.arange(evidence.subjects),
        np.full(evidence.values, -1, dtype=np.int64),
        seed,
        weights,
    )
    everyone = np.arange(evidence.subjects)
    for most in DEGREES:
        told(f"gathering by values of up to {most} subjects")
        given = np.flatnonzero(ties & (degree <= most) & (part.owner < 0))
        part.owner[given] = part.label[evidence.v_subjects[evidence.v_starts[given]]]
        part.count()
        if most != DEGREES[0]:
            part.settle(1)
            continue
        # Who bears them is not together yet: all of them are taken to be somebody's, none is a hub.
        part.frozen = replace(
            weights or _unlearnt(part.weights), hub=np.full((evidence.kinds, BINS), NEVER)
        )
        for _ in range(FIRST):
            part.claim(given)
            part.count()
            part.place(everyone, given[degree[given] > 1])
        part.frozen = weights
    return part


def _unlearnt(weights: Weights) -> Weights:
    """Return weights for a round in which nothing can be learnt of single subjects."""
    kinds = weights.false.size
    return replace(
        weights,
        false=np.full(kinds, FALSE_PRIOR),
        rate=np.full(kinds, RATE_PRIOR),
        log_theta=log_theta(NETWORKS_PRIOR * weights.subjects, weights.subjects),
    )


def _gather_anew(part: Partition, seed: int) -> None:
    """Gather each large network's subjects anew, as if there were no others; keep what is likelier.

    Two that met while both were fragments hang together by more than any piece can leave.
    """
    held = part.evidence
    large = part.size >= LARGE
    members = np.flatnonzero(large[part.label])
    borne = slices(held.s_starts, held.value, members)
    bearer = np.repeat(np.arange(members.size), np.diff(held.s_starts)[members])
    own = part.owner[borne] == part.label[members][bearer]
    if not own.any():
        return
    values, value = np.unique(borne[own], return_inverse=True)
    within = evidence_of(
        bearer[own].astype(np.int32),
        value.astype(np.int32),
        held.kind[values],
        subjects=members.size,
        kinds=held.kinds,
    )
    again = _gathered(within, np.ones(values.size, dtype=bool), seed, weights=part.weights)
    again.settle(ROUNDS)
    parents = np.flatnonzero(large)
    parent, whose = (
        np.searchsorted(parents, one) for one in (part.label[members], part.owner[values])
    )
    as_it_was = Partition(within, parent, whose, frozen=part.weights).worths()[: parents.size]
    of_label = np.zeros(again.size.size, dtype=np.int64)
    of_label[again.label] = parent
    anew = np.bincount(of_label, again.worths(), minlength=parents.size)
    hub = again.owner < 0
    weights = part.weights
    nobody = weights.nobody(within.kind, within.degree)
    nobody -= weights.astray[within.kind] * within.degree
    anew += np.bincount(whose[hub], nobody[hub], minlength=parents.size)
    better = anew > as_it_was
    label, owner = again.compact()
    free = np.flatnonzero(np.bincount(part.label, minlength=part.size.size) == 0)
    names = np.concatenate([parents[better], free])
    # Only the networks that are better apart are named anew.
    _, place = np.unique(label[better[parent]], return_inverse=True)
    name = np.full(label.max() + 1, -1, dtype=np.int64)
    name[label[better[parent]]] = names[place]
    part.label[members[better[parent]]] = name[label[better[parent]]]
    given = better[whose]
    part.owner[values[given]] = np.where(owner[given] >= 0, name[owner[given]], -1)
