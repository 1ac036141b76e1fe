"""Pieces of networks go where they are likeliest, and nowhere else."""

from functools import lru_cache
from math import lgamma, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph import _place_kernels
from cautery.graph.evidence import evidence_of
from cautery.graph.partition import SHARES, Partition
from cautery.graph.weights import BINS, Weights

KINDS = 3


@lru_cache(maxsize=1 << 16)
def law(distinct, links, expected):
    """Return what the kernel should, by trying every number of values."""
    if distinct == 0:
        return 0.0
    ratio = log(expected / (1 + expected))
    return max(
        (one - 1) * ratio + lgamma(one + 1) - lgamma(one - distinct + 1) - links * log(one)
        for one in range(distinct, distinct + 400)
    ) - log(1 + expected)


@given(st.integers(0, 40), st.integers(0, 80), st.floats(0.01, 30.0))
def test_links_meet_the_values_of_a_network_at_the_best_number_of_them(distinct, more, expected):
    links = distinct + more
    assert _place_kernels.law(distinct, links, expected) == pytest.approx(
        law(distinct, links, expected), abs=1e-9
    )


def likelihood(part):
    """Return the log-likelihood of a partition, up to a constant, from labels and owners alone."""
    held, weights = part.evidence, part.weights
    degree = held.degree
    label, owner = part.label, part.owner
    subject = np.repeat(np.arange(held.subjects), np.diff(held.s_starts))
    total = 0.0
    for network in np.unique(label):
        size = int(np.count_nonzero(label == network))
        total += weights.log_theta + lgamma(size)
        for kind in range(KINDS):
            own = (owner == network) & (held.kind == kind)
            total += law(int(own.sum()), int(degree[own].sum()), weights.rate[kind] * size)
    for one, value in zip(subject.tolist(), held.value.tolist(), strict=True):
        if owner[value] < 0:
            continue
        if owner[value] == label[one]:
            total += weights.reward[held.kind[value]]
        else:
            total += log(np.count_nonzero(label == owner[value]))
    hubs = owner < 0
    nobody = weights.nobody(held.kind, degree) - weights.astray[held.kind] * degree
    return total + float(nobody[hubs].sum())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 17)), min_size=5, max_size=90),
    st.integers(0, 1_000),
    st.floats(0.01, 0.4),
    st.floats(0.05, 1.0),
)
def test_no_move_makes_a_partition_less_likely(pairs, seed, false, rate):
    rng = np.random.default_rng(seed)
    evidence = evidence_of(
        np.array([a for a, _ in pairs], np.int32),
        np.array([b for _, b in pairs], np.int32),
        np.arange(18) % KINDS,
        subjects=15,
        kinds=KINDS,
    )
    weights = Weights(
        false=np.full(KINDS, false),
        links=np.full(KINDS, 40.0),
        owned=np.full(KINDS, 0.6),
        rate=np.full(KINDS, rate),
        hub=np.tile(np.linspace(-3.0, 3.0, BINS), (KINDS, 1)),
        subjects=15,
        log_theta=1.0,
    )
    label = rng.integers(0, 5, 15)
    # Each value is nobody's or one of its bearers' networks'.
    bearer = np.array(
        [
            label[rng.choice(evidence.v_subjects[begin:end])] if end > begin else -1
            for begin, end in zip(evidence.v_starts[:-1], evidence.v_starts[1:], strict=True)
        ]
    )
    owner = np.where(rng.random(18) < 0.3, -1, bearer)
    part = Partition(evidence, label, owner, seed=seed, frozen=weights)
    nobody = part._nobody(np.arange(18))
    before = likelihood(part)
    for share in (*SHARES, *SHARES):
        starts, nodes = part._pieces(np.arange(15), np.flatnonzero(evidence.degree > 1), share)
        for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            piece = nodes[first:last]
            tied = hangs(part, piece)
            part._placed(np.array([0, piece.size]), piece, nobody, np.empty(0))
            after = likelihood(part)
            # What nothing ties to its network leaves it, likely or not.
            assert not tied or after >= before - 1e-6
            before = after


def hangs(part, piece):
    """Tell whether an own link ties a piece to the rest of its network, or if it is all of it."""
    held = part.evidence
    here = set(piece.tolist())
    node = int(piece[0])
    home = part.label[node] if node < 15 else part.owner[node - 15]
    whole = {int(one) for one in np.flatnonzero(part.label == home)} <= here
    for subject in range(15):
        for value in held.value[held.s_starts[subject] : held.s_starts[subject + 1]].tolist():
            own = part.label[subject] == part.owner[value] == home
            if own and (subject in here) != (value + 15 in here):
                return True
    return whole


def test_a_subject_that_others_hold_would_lose_by_leaving():
    subject = np.repeat(np.arange(6, dtype=np.int32), 3)
    value = np.tile(np.arange(3, dtype=np.int32), 6)
    evidence = evidence_of(subject, value, np.arange(3), subjects=6, kinds=KINDS)
    part = Partition(evidence, np.zeros(6, np.int64), np.zeros(3, np.int64))
    odds = part.odds(np.arange(6), np.arange(3))
    assert (odds > 5).all()
    # A network that goes whole leaves nothing behind: there is no other place to weigh.
    alone = Partition(evidence, np.arange(6), np.zeros(3, np.int64))
    assert np.isinf(alone.odds(np.arange(1, 6), np.empty(0, np.int64))).all()
