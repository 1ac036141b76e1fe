"""From evidence to networks: every subject by itself at first, then pieces of all scales move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cautery.graph.crowds import gather_crowds
from cautery.graph.evidence import Evidence, Floats, Ints, evidence_of, slices
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

HOTTEST = 4.0
"""Pieces go by chance at first, at falling heats from here to 1: greedy moves from what popular
values first gathered end at less likely networks, the more so the fewer links there are."""
MOST_HEATS = 30
EFFORT = 4_000_000
"""Links times heats: of ten million links the passes over them take the time."""
ENOUGH = 40_000
"""From so many links on weights are learnt well enough to be relied on at a heat of 1 again; from
fewer, what little is known of hubs breaks networks up that it should not."""

FEW = 20_000
TRIES, APART = 5, 1_000_003
"""Of up to so many links networks are found from several seeds: chance has a say, and the result
that is most like the others is the one to give, not one in ten. How far the others bear a
membership out counts in its probability."""
SETTLED = 2
"""Rounds of moves to the likeliest place between those by chance."""
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
    if evidence.value.size > FEW:
        return _found(evidence, ties, seed, told)
    tries = [_found(evidence, ties, seed + number * APART, told) for number in range(TRIES)]
    alike = [sum(_agreement(part.label, rival.label) for rival in tries) for part in tries]
    best = tries.pop(int(np.argmax(alike)))
    best.steady = np.mean([_kept(best.label, rival.label) for rival in tries], axis=0)
    return best


def _found(
    evidence: Evidence, ties: NDArray[np.bool_], seed: int, doing: Callable[[str], None]
) -> Partition:
    """Return the likeliest partition found from one seed."""
    degree = evidence.degree
    part = _gathered(evidence, ties, seed, doing=doing)
    crowded = ties & (degree > DEGREES[0])
    gather_crowds(part, crowded & (part.owner < 0))
    heats = min(EFFORT // max(evidence.value.size, 1), MOST_HEATS)
    if heats > 0:
        _shaken(part, _unlearnt(part.weights), HOTTEST ** np.linspace(1, 0, heats), doing)
        part.shake(1.0)  # by weights learnt from what that came to
    part.settle(SETTLED)
    if evidence.value.size >= ENOUGH:
        _shaken(part, part.weights, np.ones(2 * heats // 3), doing)
        part.settle(SETTLED)
    doing("checking hubs, kind by kind")
    for kind in range(evidence.kinds):
        if part.doubt(kind):
            part.settle(1)
    gather_crowds(part, crowded & (part.owner < 0))
    doing("moving pieces until they stay")
    part.settle(ROUNDS)
    doing("gathering large networks again, each separately")
    _gather_anew(part, seed)
    part.settle(ROUNDS)
    part.learn()
    return part


def _agreement(first: Ints, second: Ints) -> float:
    """Return how alike two labellings are: the sum of B-cubed precision and recall."""
    common = _both(first, second)
    return float(np.mean(common / np.bincount(first)[first] + common / np.bincount(second)[second]))


def _kept(first: Ints, second: Ints) -> Floats:
    """Return, by subject, what share of those it is with in one labelling is with it in another."""
    size = np.bincount(first)[first]
    return np.where(size > 1, (_both(first, second) - 1) / np.maximum(size - 1, 1), 1.0)


def _both(first: Ints, second: Ints) -> Ints:
    """Return, by subject, how many (it included) are with it in both labellings."""
    cell = first * np.int64(second.max() + 1) + second
    _, place, count = np.unique(cell, return_inverse=True, return_counts=True)
    common: Ints = count[place]
    return common


def _gathered(
    evidence: Evidence,
    ties: NDArray[np.bool_],
    seed: int,
    *,
    weights: Weights | None = None,
    doing: Callable[[str], None] = lambda _: None,
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
    for limit in DEGREES:
        doing(f"gathering by values of up to {limit} subjects")
        claimed = np.flatnonzero(ties & (degree <= limit) & (part.owner < 0))
        part.owner[claimed] = part.label[evidence.v_subjects[evidence.v_starts[claimed]]]
        part.count()
        if limit != DEGREES[0]:
            part.settle(1)
            continue
        # Who bears them is not together yet: all of them are taken to be somebody's, none is a hub.
        part.frozen = replace(
            weights or _unlearnt(part.weights), hub=np.full((evidence.kinds, BINS), NEVER)
        )
        for _ in range(FIRST):
            part.claim(claimed)
            part.count()
            part.place(everyone, claimed[degree[claimed] > 1])
        part.frozen = weights
    return part


def _shaken(part: Partition, weights: Weights, heats: Floats, doing: Callable[[str], None]) -> None:
    """Shake a partition at some heats; its weights are those given, and learnt anew afterwards."""
    part.frozen = weights
    for number, heat in enumerate(heats.tolist(), 1):
        doing(f"shaking pieces, round {number} of {heats.size}")
        part.shake(heat)
    part.frozen = None


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
    evidence = part.evidence
    large = part.size >= LARGE
    members = np.flatnonzero(large[part.label])
    borne = slices(evidence.s_starts, evidence.value, members)
    bearer = np.repeat(np.arange(members.size), np.diff(evidence.s_starts)[members])
    is_own = part.owner[borne] == part.label[members][bearer]
    if not is_own.any():
        return
    values, value = np.unique(borne[is_own], return_inverse=True)
    within = evidence_of(
        bearer[is_own].astype(np.int32),
        value.astype(np.int32),
        evidence.kind[values],
        subjects=members.size,
        kinds=evidence.kinds,
    )
    regathered = _gathered(within, np.ones(values.size, dtype=bool), seed, weights=part.weights)
    regathered.settle(ROUNDS)
    parents = np.flatnonzero(large)
    parent, whose = (
        np.searchsorted(parents, labels) for labels in (part.label[members], part.owner[values])
    )
    as_it_was = Partition(within, parent, whose, frozen=part.weights).worths()[: parents.size]
    of_label = np.zeros(regathered.size.size, dtype=np.int64)
    of_label[regathered.label] = parent
    anew = np.bincount(of_label, regathered.worths(), minlength=parents.size)
    hub = regathered.owner < 0
    weights = part.weights
    nobody = weights.nobody(within.kind, within.degree)
    nobody -= weights.astray[within.kind] * within.degree
    anew += np.bincount(whose[hub], nobody[hub], minlength=parents.size)
    better = anew > as_it_was
    label, owner = regathered.compact()
    free = np.flatnonzero(np.bincount(part.label, minlength=part.size.size) == 0)
    names = np.concatenate([parents[better], free])
    # Only the networks that are better apart are named anew.
    _, place = np.unique(label[better[parent]], return_inverse=True)
    name = np.full(label.max() + 1, -1, dtype=np.int64)
    name[label[better[parent]]] = names[place]
    part.label[members[better[parent]]] = name[label[better[parent]]]
    renamed = better[whose]
    part.owner[values[renamed]] = np.where(owner[renamed] >= 0, name[owner[renamed]], -1)
