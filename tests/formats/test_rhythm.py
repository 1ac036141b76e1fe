"""How often a source changes is learned from visits, and bounds are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.formats.rhythm import HABITS, Rhythm

VISITS = st.lists(st.tuples(st.floats(1, 1e6), st.booleans()), max_size=30)


def visited(kind, visits):
    rhythm = Rhythm.of(kind)
    for after_s, changed in visits:
        rhythm = rhythm.saw(changed=changed, after_s=after_s)
    return rhythm


@pytest.mark.parametrize("kind", HABITS)
def test_a_source_that_nobody_knows_is_taken_to_live_as_its_kind_does(kind):
    rhythm = Rhythm.of(kind)
    assert rhythm.rate.mid == pytest.approx(86_400 / HABITS[kind].changes_after_s, rel=1e-6)


@settings(deadline=None)  # a busy machine is no fault
@given(VISITS, st.sampled_from(sorted(HABITS)))
def test_the_wait_is_within_bounds_and_the_interval_holds_the_estimate(visits, kind):
    rhythm = visited(kind, visits)
    assert rhythm.habit.least_s <= rhythm.wait_s <= rhythm.habit.most_s
    assert 0 < rhythm.rate.low <= rhythm.rate.mid <= rhythm.rate.high


@settings(deadline=None)  # a busy machine is no fault
@given(VISITS, st.floats(1, 1e6))
def test_a_change_never_slows_and_no_change_never_hastens(visits, after_s):
    rhythm = visited("m3u", visits[-20:])
    assert rhythm.saw(changed=False, after_s=after_s).rate.mid <= rhythm.rate.mid * (1 + 1e-6)
    quick = rhythm.saw(changed=True, after_s=1.0)
    assert quick.rate.mid >= rhythm.rate.mid * (1 - 1e-6)


@pytest.mark.parametrize("mean_h", [2.0, 12.0, 48.0])
def test_the_95_percent_interval_holds_the_truth_of_a_poisson_source(mean_h):
    rng = np.random.default_rng(round(mean_h * 10))
    held = 0
    for _ in range(100):
        rhythm = Rhythm.of("m3u")
        for _ in range(30):
            wait_s = rhythm.wait_s
            changed = bool(rng.random() < -np.expm1(-wait_s / (mean_h * 3600)))
            rhythm = rhythm.saw(changed=changed, after_s=wait_s)
        held += rhythm.rate.low <= 24 / mean_h <= rhythm.rate.high
    assert held >= 88  # below that by chance once in 1,000 at 95 %


def test_bounds_of_ones_own_hold():
    rhythm = Rhythm.of("m3u", least_s=600, most_s=900)
    assert rhythm.wait_s == 900
    for _ in range(20):
        rhythm = rhythm.saw(changed=True, after_s=30)
    assert rhythm.wait_s == 600
