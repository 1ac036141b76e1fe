"""New links among networks that stand: what is passed over would not have been changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph import _growth_kernels
from cautery.graph.evidence import evidence_of
from cautery.graph.partition import Partition
from cautery.graph.update import _hubs_anyway, placed
from cautery.graph.weights import BINS, Weights
from cautery.lab.links import link_world

SUBJECTS, VALUES, KINDS = 400, 40, 2


def weights(false, links):
    hub = np.tile(np.linspace(-3.0, 3.0, BINS), (KINDS, 1))
    return Weights(np.full(KINDS, false), np.full(KINDS, links), hub, 3.0, 2.0)


def crowd(rng, networks, own):
    """Return a partition of subjects that bear a few values of their networks, and anybody's."""
    label = np.sort(rng.integers(0, networks, SUBJECTS))
    owner = np.where(np.arange(VALUES) < own, rng.integers(0, networks, VALUES), -1)
    subject, value = rng.integers(0, SUBJECTS, 3000), rng.integers(0, VALUES, 3000)
    mine = (owner[value] == label[subject]) | (owner[value] < 0) | (rng.random(3000) < 0.1)
    evidence = evidence_of(
        subject[mine].astype(np.int32),
        value[mine].astype(np.int32),
        np.arange(VALUES) % KINDS,
        subjects=SUBJECTS,
        kinds=KINDS,
        least=0,
    )
    return evidence, label, owner


def counts_hold(part):
    size, own = part.size.copy(), part.own.copy()
    part.count()
    return np.array_equal(size, part.size) and np.array_equal(own, part.own)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.floats(0.02, 0.4), st.floats(100.0, 1e6))
def test_a_hub_that_is_passed_over_would_have_stayed_one(seed, networks, false, links):
    evidence, label, owner = crowd(np.random.default_rng(seed), networks, own=10)
    part = Partition(evidence, label, owner.copy(), frozen=weights(false, links))
    hubs = _hubs_anyway(part, np.arange(VALUES))
    part.move_values(np.arange(VALUES))
    assert (owner[hubs] == -1).all()
    assert (part.owner[hubs] == -1).all()


def test_hubs_of_many_small_networks_are_passed_over():
    evidence, label, owner = crowd(np.random.default_rng(1), 100, own=10)
    part = Partition(evidence, label, owner, frozen=weights(0.02, 3000.0))
    assert np.count_nonzero(_hubs_anyway(part, np.arange(VALUES))) == VALUES - 10


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_counts_follow_joins_near_some_networks(share):
    evidence, _ = link_world(2000, seed=4).table.evidence()
    rng = np.random.default_rng(4)
    label = np.arange(evidence.subjects)
    owner = evidence.v_subjects[evidence.v_starts[:-1]].astype(np.int64)
    learnt = Partition(evidence, label, owner.copy()).weights
    part = Partition(evidence, label, owner, frozen=learnt)
    near = rng.random(label.size) < share
    assert part.join(near) > 20
    assert counts_hold(part)
    placed(part, np.flatnonzero(near), np.arange(0, evidence.values, 7))
    assert counts_hold(part)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_links_across_are_those_to_the_values_of_others(seed, share):
    rng = np.random.default_rng(seed)
    evidence, label, owner = crowd(rng, 30, own=30)
    near = rng.random(label.size) < share
    found = _growth_kernels.across(evidence.s_starts, evidence.value, owner, label, near)
    home, other = label[evidence.subject], owner[evidence.value]
    across = (other >= 0) & (other != home) & (near[home] | near[other])
    expected = np.column_stack([home, other, evidence.value])[across]
    assert np.array_equal(found, expected)


@given(st.lists(st.integers(0, 20), max_size=20))
def test_further_entries_go_where_they_are_told(places):
    at = np.sort(np.array(places, np.int64))
    entries, more = np.arange(20, dtype=np.int32), -np.arange(1, at.size + 1, dtype=np.int32)
    found = _growth_kernels.inserted(entries, at, more)
    assert found.dtype == np.int32
    assert np.array_equal(found, np.insert(entries, at, more))
