"""The daily world: what strikes do in it, what vantages see of it, and that truth stays apart."""

import dataclasses
from collections import defaultdict
from datetime import UTC, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cautery.errors import InputError
from cautery.lab.daily import Act, DailySources, DailySpec, daily_world
from cautery.lab.daily.choices import CHOICES
from cautery.lab.daily.lives import ALONE, PRESSED
from cautery.lab.daily.spec import SPANS
from cautery.lab.operations.regrowth import recovery
from cautery.lab.operations.spec import Drawn
from cautery.model.daily import DailySeries, Measure, Strike
from cautery.model.lifetimes import EntityKind


def change(truth):
    """Return log(used with / without strikes) by (unit, market)."""
    return dict(zip(truth.rows, np.log(truth.used / truth.used_without), strict=True))


def levels(sources):
    return {(row.unit, row.market): row for row in sources.series if row.measure is Measure.LEVEL}


def same(one, other):
    """Tell whether two series say the same."""
    return dataclasses.astuple(one)[:4] == dataclasses.astuple(other)[:4] and np.array_equal(
        one.values, other.values, equal_nan=True
    )


def test_the_usual_world_has_the_networks_markets_and_days_that_an_estimator_needs():
    sources, truth = daily_world(1)
    assert len(truth.networks) == 28
    assert len({row.market for row in sources.series}) == 8
    assert {len(row.days) for row in sources.series} == {400}
    assert {row.unit for row in sources.series} == set(truth.networks)
    [strike] = sources.strikes
    day = truth.struck[0].day
    assert strike.at.tzinfo is UTC
    assert strike.at.date() == truth.first + timedelta(days=day)
    assert 100 <= day <= 305


def test_one_seed_is_one_world_and_another_seed_another():
    first, again, other = (daily_world(seed)[0] for seed in (5, 5, 6))
    assert first.strikes == again.strikes
    assert first.fixtures == again.fixtures
    assert first.lifetimes == again.lifetimes
    assert all(map(same, first.series, again.series))
    assert first.strikes != other.strikes


def test_a_world_with_strikes_has_the_demand_of_the_same_world_without():
    struck, peace = daily_world(9)[1], daily_world(9, strikes=0)[1]
    assert np.array_equal(struck.used_without, peace.used_without)
    assert np.array_equal(peace.used, peace.used_without)
    assert peace.struck == peace.displaced == ()
    assert not np.array_equal(struck.used, peace.used)


def test_an_effect_is_the_mean_of_the_log_over_the_days_after():
    _, truth = daily_world(11, strikes=2)
    logs = change(truth)
    assert len({row.unit for row in truth.struck}) == 2
    for row in truth.struck:
        course = logs[row.unit, row.market]
        assert not course[: row.day].any()
        for span in SPANS:
            assert row.effect[span] == pytest.approx(
                course[row.day + 1 : row.day + 1 + span].mean()
            )
        assert row.effect[30] < -0.05
        assert 0 < row.area[30] < 1


def test_only_the_struck_and_the_networks_of_their_markets_are_touched():
    for seed in range(8):
        _, truth = daily_world(seed, displacement=0.9)
        struck = {row.unit for row in truth.struck}
        markets = {row.market for row in truth.struck}
        for (unit, market), course in change(truth).items():
            if unit in struck:
                assert course.min() < 0
            elif market in markets:
                assert course.min() >= 0
                assert course.max() > 0
            else:
                assert not course.any()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_receivers_gain_what_was_displaced_and_the_others_leave(share):
    _, truth = daily_world(13, displacement=share)
    rows = dict(zip(truth.rows, truth.used - truth.used_without, strict=True))
    [row] = truth.struck[:1]
    late = slice(row.day + 40, row.day + 90)  # those who move have found their way by then
    gone = -rows[row.unit, row.market][late].sum()
    come = sum(
        moved[late].sum()
        for (unit, market), moved in rows.items()
        if market == row.market and unit != row.unit
    )
    assert come == pytest.approx(share * gone, rel=1e-3, abs=1e-6)
    for displaced in truth.displaced:
        assert displaced.share == share
        assert row.unit not in displaced.receivers
        assert (displaced.gain[30] > 0) is (share > 0)


def test_a_wave_is_one_strike_at_several_networks():
    sources, truth = daily_world(3, act=Act.WAVE)
    [strike] = sources.strikes
    assert 4 <= len(strike.units) <= 8
    assert {row.unit for row in truth.struck} == set(strike.units)
    assert not {unit for row in truth.displaced for unit in row.receivers} & set(strike.units)


def test_a_block_of_one_network_takes_hold_in_one_market_and_does_little():
    effects = []
    for seed in range(30):
        sources, truth = daily_world(seed, act=Act.BLOCKING)
        [row] = truth.struck
        assert sources.strikes[0].units == (row.unit,)
        assert not any(
            course.any()
            for (unit, market), course in change(truth).items()
            if unit == row.unit and market != row.market
        )
        assert row.area[30] <= 1
        effects.append(row.effect[30])
    assert max(effects) > 0  # some blocked names gain
    assert -0.12 < np.mean(effects) < 0


def test_a_spill_over_hurts_networks_that_no_strike_names():
    sources, truth = daily_world(4, act=Act.SPILL_OVER)
    assert 2 <= len(truth.spilled) <= 4
    assert not set(truth.spilled) & {unit for strike in sources.strikes for unit in strike.units}
    logs = change(truth)
    for unit in truth.spilled:
        courses = [course for (name, _), course in logs.items() if name == unit]
        assert all(course.min() < -0.05 for course in courses)


def test_what_is_served_falls_on_the_day_and_follows_the_card_back():
    card = tuple(
        Drawn(name=name, value=number, drawn_from="", basis="")
        for name, number in (
            ("traffic left on day 1", 0.4),
            ("share that comes back", 0.8),
            ("recovery half-life, days", 5.0),
            ("panel switch, days", 2.0),
        )
    )
    assert recovery(card, np.array([-3.0, 0, 2, 7, 500])) == pytest.approx(
        [0.4, 0.4, 0.4, 0.6, 0.8]
    )
    _, truth = daily_world(5, served_left=0.2)
    row = truth.struck[0]
    network = truth.networks.index(row.unit)
    share = truth.served[network] / truth.served_without[network]
    assert share[: row.day] == pytest.approx(1)
    assert share[row.day + 1] == pytest.approx(0.2, abs=0.08)
    assert share[row.day + 80 :].mean() > 0.3


def test_no_type_that_reaches_an_estimator_can_hold_the_truth():
    """Fields are named one by one: a new one must be judged here before it may exist."""
    fields = {
        kind: {field.name for field in dataclasses.fields(kind)}
        for kind in (DailySources, DailySeries, Strike)
    }
    assert fields == {
        DailySources: {"series", "strikes", "fixtures", "lifetimes"},
        DailySeries: {"unit", "market", "measure", "days", "values", "probes", "vantage"},
        Strike: {"units", "at", "what"},
    }


def test_no_measured_series_is_the_truth_in_other_units():
    sources, truth = daily_world(17)
    for (unit, market), row in levels(sources).items():
        used = truth.used[truth.rows.index((unit, market))]
        measured = row.measured & (row.values > 0)
        ratio = row.values[measured] / used[measured]
        assert np.std(np.log(ratio)) > 0.01
        assert stats.spearmanr(row.values[measured], used[measured]).statistic < 0.99999


def test_vantages_have_gaps_and_false_zeros_and_sensors_come_and_go():
    sources, _ = daily_world(19)
    rows = list(levels(sources).values())
    gaps = np.mean([~row.measured for row in rows])
    zeros = np.mean([(row.values == 0).mean() for row in rows])
    assert 0.005 < gaps < 0.08
    assert 0 < zeros < 0.02
    sensors = defaultdict(set)
    for row in rows:
        sensors[row.vantage] |= set(row.probes[row.probes > 0].tolist())
    assert max(map(len, sensors.values())) > 1


def test_probes_measure_the_share_served_without_bias_and_with_noise():
    errors, spread = [], []
    for seed in range(6):
        sources, truth = daily_world(seed, probes=60)
        for row in sources.series:
            if row.measure is Measure.SERVED:
                off = row.values - truth.served[truth.networks.index(row.unit)]
                errors.append(np.nanmean(off))
                spread.append(np.nanstd(off))
    assert abs(np.mean(errors)) < 0.002
    assert 0.02 < np.mean(spread) < 0.08


def test_fixtures_lie_in_the_days_of_the_world_and_drive_demand():
    sources, truth = daily_world(23, strikes=0)
    per_day = np.zeros(truth.spec.days)
    for fixture in sources.fixtures:
        per_day[(fixture.starts_at.date() - truth.first).days] += 1
    assert len({fixture.id for fixture in sources.fixtures}) == len(sources.fixtures) > 2_000
    weekdays = np.array([(truth.first.weekday() + day) % 7 for day in range(truth.spec.days)])
    assert per_day[weekdays >= 5].mean() > 3 * per_day[weekdays < 4].mean()
    log_used = np.log(truth.used_without).mean(axis=0)
    assert stats.spearmanr(per_day, log_used).statistic > 0.4


def kaplan_meier_median(lives):
    died = [life.lived_d for life in lives if life.died is not None]
    alive = [life.lived_d for life in lives if life.died is None]
    curve = stats.ecdf(stats.CensoredData(uncensored=died, right=alive)).sf
    below = curve.quantiles[curve.probabilities <= 0.5]
    return below[0] if len(below) else np.inf


def test_lives_follow_their_laws_as_a_daily_look_sees_them():
    ratios = []
    for seed in range(25):
        sources, truth = daily_world(seed)
        for law in truth.lives:
            if law.kind in (EntityKind.DOMAIN, EntityKind.ADDRESS):
                lives = [
                    life
                    for life in sources.lifetimes
                    if (life.kind, life.group) == (law.kind, law.group)
                ]
                ratios.append(np.log(kaplan_meier_median(lives) / law.median_d))
    assert abs(np.median(ratios)) < 0.06


def test_pressure_shortens_each_kind_of_life():
    sources, truth = daily_world(2)
    medians = {(law.kind, law.group): law.median_d for law in truth.lives}
    assert all(medians[kind, PRESSED] < medians[kind, ALONE] for kind in EntityKind)
    last = truth.first + timedelta(days=truth.spec.days - 1)
    assert any(life.died is None for life in sources.lifetimes)
    assert {life.last_seen for life in sources.lifetimes if life.died is None} == {last}


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 2**63 - 1),
    st.builds(
        DailySpec,
        networks=st.just(32),
        markets=st.integers(2, 12),
        days=st.integers(200, 500),
        act=st.sampled_from(Act),
        strikes=st.integers(0, 2),
        displacement=st.one_of(st.none(), st.floats(0, 0.9)),
        served_left=st.one_of(st.none(), st.floats(0.01, 1)),
    ),
)
def test_any_world_holds_what_it_promises(seed, spec):
    sources, truth = daily_world(seed, spec)
    assert np.isfinite(np.log(truth.used)).all()
    assert ((truth.served >= 0) & (truth.served <= 1)).all()
    assert len(sources.strikes) == spec.strikes
    units = [unit for strike in sources.strikes for unit in strike.units]
    assert len(set(units)) == len(units)
    assert all(row.effect[30] is not None and row.effect[90] is not None for row in truth.struck)


@pytest.mark.parametrize(
    "asked",
    [
        {"markets": 1},
        {"markets": 13},
        {"networks": 5},
        {"networks": 10_000},
        {"days": 100},
        {"days": 10**9},
        {"strikes": -1},
        {"strikes": 15},
        {"strikes": 2, "act": Act.WAVE},
        {"displacement": 0.95},
        {"displacement": float("nan")},
        {"served_left": 0},
        {"probes": 0},
        {"probes": float("inf")},
    ],
)
def test_what_no_world_can_be_is_refused(asked):
    with pytest.raises(InputError, match="must be from"):
        DailySpec(**asked)


@pytest.mark.parametrize("seed", [-1, 2**63, True])
def test_a_seed_is_a_number_of_63_bits(seed):
    with pytest.raises(InputError, match="seed"):
        daily_world(seed)


def test_each_choice_names_its_basis():
    assert len(CHOICES) > 25
    assert all(choice.basis and choice.low < choice.high for choice in CHOICES)
