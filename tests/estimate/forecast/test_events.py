"""What an event draws is learned from past ones, or said not to be identified."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from cautery.estimate.forecast import event_demand, events
from cautery.estimate.forecast.events import teams_of
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.model.preparation import Match
from cautery.workflows.forecast.read import by_day

FIRST = date(2026, 1, 5)


def match(day, name="A v B", competition="Cup", stage="", hour=19):
    at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC)
    at += timedelta(hours=hour)
    return Match(
        id=f"{name} {at}",
        name=name,
        starts_at=at,
        ends_at=at + timedelta(hours=2),
        competition=competition,
        stage=stage,
    )


def series_of(values):
    values = np.asarray(values, np.float64)
    return DailySeries(
        unit="ch",
        market="ES",
        measure=Measure.LEVEL,
        days=consecutive(FIRST, len(values)),
        values=values,
        probes=np.where(np.isnan(values), 0, 1).astype(np.int64),
        vantage="v",
    )


def world(draws, *, seed=1, days=140, quiet=50.0, noise=0.2):
    """Matches and a series in which each draws what its competition and team do."""
    rng = np.random.default_rng(seed)
    values = np.full(days, quiet)
    matches = []
    for day in range(0, days, 2):
        for _ in range(1 + day % 3 // 2):
            team = rng.choice(["Big", "Small", "Mid"])
            competition = rng.choice(list(draws))
            drawn = draws[competition] * {"Big": 3, "Small": 0.5, "Mid": 1}[team]
            matches.append(match(day, f"{team} v Other", competition))
            values[day] += drawn * np.exp(rng.normal(0, noise))
    return series_of(values), matches


def test_competitions_and_teams_are_told_apart():
    series, matches = world({"Cup": 1000.0, "League": 100.0})
    ahead = [
        match(141, "Mid v Other", "Cup"),
        match(141, "Mid v Other", "League"),
        match(141, "Big v Other", "League"),
    ]
    cup, league, big = event_demand(series, by_day(matches), ahead)
    assert cup.estimate.low <= 1000 <= cup.estimate.high
    assert league.estimate.low <= 100 <= league.estimate.high
    assert cup.estimate.mid > 4 * league.estimate.mid
    assert big.estimate.mid > 1.5 * league.estimate.mid
    assert cup.identified


def test_intervals_hold_nine_of_ten_events():
    held = []
    for seed in range(25):
        series, matches = world({"Cup": 1000.0, "League": 100.0}, seed=seed, noise=0.4)
        rng = np.random.default_rng(900 + seed)
        for competition, team, factor in (("Cup", "Big", 3), ("League", "Mid", 1)):
            [found] = event_demand(
                series, by_day(matches), [match(141, f"{team} v Other", competition)]
            )
            base = {"Cup": 1000, "League": 100}[competition]
            came = base * factor * np.exp(rng.normal(0, 0.4))
            held.append(found.estimate.low <= came <= found.estimate.high)
    assert np.mean(held) >= 0.82


def test_a_competition_without_a_past_is_not_identified():
    series, matches = world({"Cup": 1000.0})
    [found] = event_demand(series, by_day(matches), [match(141, competition="Games")])
    assert not found.identified
    assert found.estimate.note.id == "forecast.no-event-known"
    assert found.estimate.coverage is None
    assert found.estimate.high >= 3 * np.nanmax(series.values)


def test_a_stage_or_hours_never_seen_widen():
    series, matches = world({"Cup": 1000.0})
    usual, final, night = event_demand(
        series, by_day(matches), [match(141), match(141, stage="final"), match(141, hour=3)]
    )

    def times(found):
        return found.estimate.high / found.estimate.low

    assert times(final) > 2 * times(usual)
    assert times(night) > 2 * times(usual)
    assert final.estimate.note.id == night.estimate.note.id == "forecast.stage-unseen"
    assert usual.estimate.note is None


def test_an_event_of_a_full_day_is_less_sure_than_one_of_its_own_day():
    rng = np.random.default_rng(3)

    def found(of_a_day):
        values, matches = np.full(120, 10.0), []
        for day in range(0, 120, 2):
            for at in range(of_a_day):
                matches.append(match(day, f"T{at} v U{at}"))
                values[day] += 500 * np.exp(rng.normal(0, 0.5))
        [one] = event_demand(series_of(values), by_day(matches), [match(121, "T0 v U0")])
        return one.estimate

    alone, full = found(1), found(6)
    for one in (alone, full):
        assert one.low < 500 < one.high
    # In a sum of six, chance is averaged; taken for one event's, it would make intervals too small.
    assert np.log(full.high / full.low) > 0.7 * np.log(alone.high / alone.low)


def test_without_any_past_match_nothing_is_identified():
    [found] = event_demand(series_of(np.ones(60)), {}, [match(61)])
    assert not found.identified


def test_days_that_nobody_measured_teach_nothing():
    series, matches = world({"Cup": 1000.0})
    values = series.values.copy()
    values[::4] = np.nan
    [found] = event_demand(series_of(values), by_day(matches), [match(141, "Mid v Other")])
    assert 0 < found.past < len(matches)
    assert found.estimate.low <= 1000 <= found.estimate.high


@pytest.mark.parametrize(
    ("name", "teams"),
    [
        ("A v B", ("A", "B")),
        ("LaLiga: Real A vs. B", ("Real A", "B")),
        ("A - B", ("A", "B")),
        ("Grand Prix", ()),
        ("Saint-Denis", ()),
        ("A v B v C", ()),
        (" v ", ()),
    ],
)
def test_teams_stand_in_the_name(name, teams):
    assert teams_of(name) == teams


def test_effects_are_of_the_commonest_traits_alone():
    series, _ = world({"Cup": 1000.0})
    matches = [match(day, f"H{day} v A{day}", stage=f"s{day}") for day in range(0, 140, 2)]
    matches += [match(day, "Big v Other", stage="group") for day in range(0, 140, 2)]
    past = events._Past(series, by_day(matches))
    assert len(past._columns) == len({t for m in matches for t in events._traits(m)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_MOST_TRAITS", 9)
        [few] = event_demand(series, by_day(matches), [match(150, "Big v Other", stage="new")])
        assert few.identified
        assert len(events._Past(series, by_day(matches))._columns) == 9
