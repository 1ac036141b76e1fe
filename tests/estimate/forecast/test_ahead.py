"""Days ahead are forecast from the past alone, and intervals learn from their misses."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.estimate.forecast import forecast, trials
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.model.preparation import Match

FIRST = date(2026, 1, 5)
"""A Monday."""


def series_of(values, *, measure=Measure.LEVEL):
    values = np.asarray(values, np.float64)
    return DailySeries(
        unit="list",
        market="ES",
        measure=measure,
        days=consecutive(FIRST, len(values)),
        values=values,
        probes=np.where(np.isnan(values), 0, 1).astype(np.int64),
        vantage="v",
    )


def league(weeks=20, seed=1, loud=200.0, quiet=4.0):
    rng = np.random.default_rng(seed)
    week = np.array([quiet] * 5 + [loud] * 2)
    return np.tile(week, weeks) * np.exp(rng.normal(0, 0.3, 7 * weeks))


def match_on(day, competition="League"):
    starts = datetime(day.year, day.month, day.day, 19, tzinfo=UTC)
    return Match(
        id=f"{day}",
        name="A v B",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        competition=competition,
    )


def test_weekdays_are_told_apart():
    days = forecast(series_of(league()))
    assert [day.chance_loud > 0.5 for day in days] == [False] * 5 + [True] * 2
    assert all(2 < day.estimate.mid < 8 for day in days[:5])
    assert all(100 < day.estimate.mid < 400 for day in days[5:])
    assert all(day.estimate.low <= day.estimate.mid <= day.estimate.high for day in days)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(60, 100), st.integers(1, 7))
def test_nothing_behind_an_origin_moves_a_trial(seed, cut, ahead):
    rng = np.random.default_rng(seed)
    values = league(17, seed=seed)
    changed = values.copy()
    changed[cut:] = rng.permutation(changed[cut:]) * 50
    before = [
        one
        for whole in (
            trials(series_of(values), ahead=ahead),
            trials(series_of(changed), ahead=ahead),
        )
        for one in [[t for t in whole if t.forecast.day < FIRST + timedelta(days=cut)]]
    ]
    assert before[0] == before[1]
    assert len(before[0]) > 20


def test_what_is_forecast_now_is_what_a_trial_says_of_that_day_later():
    values = league(16)
    now = forecast(series_of(values[:100]), days=5)
    for ahead, day in enumerate(now, 1):
        later = [t for t in trials(series_of(values), ahead=ahead) if t.forecast.day == day.day]
        assert later[0].forecast.estimate.mid == pytest.approx(day.estimate.mid)


def test_intervals_hold_nine_of_ten_days_of_what_they_were_made_for():
    held = [
        one.held
        for seed in range(8)
        for one in trials(series_of(league(30, seed=seed)), ahead=7)[60:]
    ]
    assert 0.85 < np.mean(held) < 0.97


def test_after_a_break_the_middle_follows_within_two_weeks():
    values = league(20)
    values[105:] *= 8
    later = [
        t for t in trials(series_of(values), ahead=1) if t.forecast.day >= FIRST + timedelta(120)
    ]
    assert np.median([abs(t.log_error) for t in later]) < np.log(2)


def test_a_calendar_moves_the_loud_days():
    rng = np.random.default_rng(4)
    played = set(rng.choice(140, 45, replace=False).tolist()) | {141, 144}
    matches = {
        FIRST + timedelta(days=day): [match_on(FIRST + timedelta(days=day))] for day in played
    }
    values = np.array([200.0 if day in played else 4.0 for day in range(140)])
    values *= np.exp(rng.normal(0, 0.2, 140))
    without = forecast(series_of(values))
    with_calendar = forecast(series_of(values), matches=matches)
    assert [day.chance_loud > 0.5 for day in with_calendar] == [
        140 + ahead in played for ahead in range(7)
    ]
    assert [day.chance_loud > 0.5 for day in without] != [
        day.chance_loud > 0.5 for day in with_calendar
    ]


def test_a_stage_never_seen_widens_its_day():
    days = [FIRST + timedelta(days=day) for day in range(0, 142, 3)]
    matches = {day: [match_on(day)] for day in days}
    values = np.array([200.0 if day % 3 == 0 else 4.0 for day in range(140)])
    values *= np.exp(np.random.default_rng(2).normal(0, 0.2, 140))
    target = FIRST + timedelta(days=141)
    known = forecast(series_of(values), matches=matches)[1].estimate
    new = {**matches, target: [match_on(target, "Cup")]}
    unseen = forecast(series_of(values), matches=new)[1].estimate
    assert unseen.high > 1.5 * known.high


def test_gaps_and_zeros_are_no_trouble():
    values = league(14)
    values[[3, 10, 11, 12, 50]] = np.nan
    values[20:25] = 0
    days = forecast(series_of(values))
    assert all(np.isfinite(day.estimate.high) and day.estimate.low >= 0 for day in days)


def test_a_series_that_never_moves_is_forecast_as_it_stands():
    days = forecast(series_of(np.full(60, 7.0)))
    assert all(day.estimate.mid == pytest.approx(7) and day.chance_loud == 0 for day in days)


def test_a_series_of_zeros_stays_zero():
    assert all(day.estimate.mid == 0 for day in forecast(series_of(np.zeros(60))))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_the_unit_of_a_series_does_not_matter_much(scale):
    days = forecast(series_of(league() * scale))
    assert [day.estimate.mid / scale > 50 for day in days] == [False] * 5 + [True] * 2


def test_a_short_series_says_so():
    [day] = forecast(series_of(league(5)), days=1)
    assert day.estimate.note is not None
    assert day.estimate.note.id == "forecast.short"


@pytest.mark.parametrize(
    ("values", "measure", "days", "why"),
    [
        (np.ones(27), Measure.LEVEL, 7, "27 measured days"),
        (np.r_[np.ones(27), [np.nan] * 20, 1][:47], Measure.LEVEL, 7, "27 measured days"),
        (np.full(60, 0.5), Measure.SERVED, 7, "no demand"),
        (np.ones(60), Measure.LEVEL, 0, "0 days"),
        (np.ones(60), Measure.LEVEL, 61, "61 days"),
    ],
)
def test_what_cannot_be_forecast_is_refused(values, measure, days, why):
    with pytest.raises(InputError, match=why):
        forecast(series_of(values, measure=measure), days=days)
