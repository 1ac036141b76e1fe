"""Probes of the lab: no bias, binomial noise, gaps; in the replay they stand in for the truth."""

from dataclasses import replace

import numpy as np
import pytest

from cautery.estimate import wilson
from cautery.lab.operations import build_world
from cautery.lab.operations.replay.after import served_by_probes
from cautery.lab.outages import outages
from cautery.lab.served_probes import probe_served
from cautery.model.records.action_day import ServedBasis


def test_probes_that_draw_their_streams_anew_are_binomial():
    rng = np.random.default_rng(1)
    served = np.full(20_000, 0.3)
    values, probes = probe_served(served, a_day=50, clumping=0.0, rng=rng)
    measured = probes > 0
    z = (values - 0.3)[measured] / np.sqrt(0.21 / probes[measured])
    assert abs(z.mean()) < 0.03
    assert z.std() == pytest.approx(1, abs=0.03)


def test_streams_that_fail_together_make_a_days_share_vary_more():
    rng = np.random.default_rng(2)
    served = np.full(20_000, 0.3)
    values, _ = probe_served(served, a_day=50, clumping=0.1, rng=rng)
    design = 1 + (50 - 1) * 0.1  # Kish's design effect
    assert np.nanvar(values) == pytest.approx(0.21 / 50 * design, rel=0.1)


def test_a_day_without_a_probe_is_a_gap_and_no_zero():
    rng = np.random.default_rng(3)
    values, probes = probe_served(np.zeros(2_000), a_day=1, rng=rng)
    assert np.array_equal(np.isnan(values), probes == 0)
    assert np.isnan(values).any()
    assert (values[probes > 0] == 0).all()


def test_outages_begin_by_chance_and_last_as_long_as_said():
    down = outages(200_000, chance=0.01, mean_d=3.0, rng=np.random.default_rng(4))
    begins = (down[1:] & ~down[:-1]).sum()
    assert down.sum() / begins == pytest.approx(3.0, rel=0.1)
    assert not outages(100, chance=0.0, mean_d=3.0, rng=np.random.default_rng(4)).any()


@pytest.fixture(scope="module")
def world():
    return build_world("taken-down", seed=3, scale=0.01)


def test_the_replay_records_what_probes_measured_with_their_number_and_interval(world):
    shares = served_by_probes(world)
    days = [(share.at - world.moment).days for share in shares]
    truth = world.served_truth[days]
    measured = np.array([share.share for share in shares])
    assert {share.by for share in shares} == {ServedBasis.PROBE}
    assert not np.isclose(measured, truth).all()
    assert np.abs(measured - truth).max() < 0.25
    for share in shares:
        assert share.probes > 50
        assert share.vantage
        assert (share.low, share.high) == wilson(round(share.share * share.probes), share.probes)


def test_the_replays_probes_have_gaps_where_their_vantage_is_down(world):
    days = [
        {(share.at - world.moment).days for share in served_by_probes(replace(world, seed=seed))}
        for seed in range(10)
    ]
    assert all(set(range(1, 61)) >= {day for day in one if day <= 60} for one in days)
    assert any(set(range(1, 61)) - one for one in days)


def test_the_intervals_of_the_replays_probes_hold_the_truth_as_often_as_they_say(world):
    inside = [
        share.low <= world.served_truth[(share.at - world.moment).days] <= share.high
        for seed in range(30)
        for share in served_by_probes(replace(world, seed=seed))
    ]
    assert 0.93 < np.mean(inside) < 0.97
