"""New links among networks that stand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph import _growth_kernels
from cautery.graph.partition import Partition
from cautery.graph.update import placed
from cautery.lab.links import link_world


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_counts_hold_after_pieces_near_some_subjects_were_placed(share):
    evidence, _ = link_world(2000, seed=4).table.evidence()
    rng = np.random.default_rng(4)
    label = np.arange(evidence.subjects)
    owner = evidence.v_subjects[evidence.v_starts[:-1]].astype(np.int64)
    learnt = Partition(evidence, label, owner.copy()).weights
    part = Partition(evidence, label.copy(), owner, frozen=learnt)
    touched = np.flatnonzero(rng.random(label.size) < share)
    weighed = placed(part, touched, np.arange(0, evidence.values, 7))
    assert np.isin(touched, weighed).all()
    assert np.isin(np.flatnonzero(part.label != label), weighed).all()
    assert np.count_nonzero(part.label != label) > 20
    counted = [one.copy() for one in (part.size, part.values, part.links, part.strayed)]
    part.count()
    for before, now in zip(
        counted, (part.size, part.values, part.links, part.strayed), strict=True
    ):
        assert np.array_equal(before, now)


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), max_size=20))
def test_further_entries_go_where_they_are_told(places):
    at = np.sort(np.array(places, np.int64))
    entries, more = np.arange(20, dtype=np.int32), -np.arange(1, at.size + 1, dtype=np.int32)
    found = _growth_kernels.inserted(entries, at, more)
    assert found.dtype == np.int32
    assert np.array_equal(found, np.insert(entries, at, more))
