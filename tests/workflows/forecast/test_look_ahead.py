"""All that comes next, as of the series' last day; and its deadlines as a calendar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate.forecast import Standing
from cautery.estimate.forecast.model import Fitted
from cautery.lab.tournament import tournament
from cautery.model.daily import DailySeries, consecutive
from cautery.workflows.forecast import look_ahead as look_ahead_module
from cautery.workflows.forecast.deadlines_ics import deadlines_calendar
from cautery.workflows.forecast.look_ahead import Watching, look_ahead
from cautery.workflows.forecast.read import Calendar

WORLD = tournament(8)
CALENDAR = Calendar(matches=(*WORLD.played, *WORLD.matches), notes=())


@pytest.fixture(scope="module")
def outlook():
    return look_ahead(
        WORLD.series[:2], days=3, calendar=CALENDAR, watching=Watching(streams=400, every_s=120)
    )


def test_all_is_said_as_of_the_morning_after_the_last_day(outlook):
    assert outlook.as_of.date() == WORLD.begins
    assert outlook.matches == WORLD.matches
    assert {event.match.starts_at.date() for event in outlook.events} <= {
        WORLD.begins + timedelta(days=ahead) for ahead in range(3)
    }
    assert {event.market for event in outlook.events} == {"DE", "ES"}
    assert [day.day for day in outlook.ahead[0].days] == [
        WORLD.begins + timedelta(days=ahead) for ahead in range(3)
    ]


def test_capacity_goes_with_the_streams(outlook):
    for day, need in outlook.capacity:
        assert need.streams[0] <= need.streams[1]
        assert need.probes_a_minute[0] == pytest.approx(need.streams[0] / 2)
        assert day.ahead <= 3


def test_without_tables_nothing_is_said_to_be_ready(outlook):
    assert {one.standing for one in outlook.deadlines} == {Standing.UNKNOWN}


def test_each_series_says_how_it_did(outlook):
    assert [note.id for note in outlook.notes] == ["forecast.tried"] * 2


def test_a_calendar_that_lists_no_past_does_not_shift_the_forecast():
    young = Calendar(matches=WORLD.matches, notes=())
    found = look_ahead(WORLD.series[:1], days=2, calendar=young)
    alone = look_ahead(WORLD.series[:1], days=2)
    assert [day.estimate for day in found.ahead[0].days] == [
        day.estimate for day in alone.ahead[0].days
    ]
    assert "forecast.calendar-too-young" in [note.id for note in found.notes]
    assert not any(event.identified for event in found.events)


def test_series_that_end_on_different_days_are_refused():
    first = WORLD.series[0]
    shorter = DailySeries(
        unit="other",
        market=first.market,
        measure=first.measure,
        days=consecutive(first.days[0], 100),
        values=np.ones(100),
        probes=np.ones(100, np.int64),
        vantage="v",
    )
    with pytest.raises(InputError, match="different days"):
        look_ahead([first, shorter], days=2)


def test_deadlines_are_a_calendar_whose_entries_keep_their_names(outlook):
    made_at = datetime(2026, 6, 11, tzinfo=UTC)
    raw = deadlines_calendar(outlook.deadlines, made_at=made_at)
    events = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    names = [str(event["UID"]) for event in events]
    assert len(set(names)) == len(names) > 20
    assert {event.decoded("DTSTART") for event in events} == {
        one.due_at for one in outlook.deadlines
    }
    again = deadlines_calendar(outlook.deadlines[1:], made_at=made_at + timedelta(days=1))
    kept = {str(event["UID"]) for event in icalendar.Calendar.from_ical(again).walk("VEVENT")}
    assert len(kept & set(names)) == len(kept)


def test_what_is_ready_is_no_entry(outlook):
    done = [replace(one, standing=Standing.READY) for one in outlook.deadlines]
    raw = deadlines_calendar(done, made_at=outlook.as_of)
    assert not icalendar.Calendar.from_ical(raw).walk("VEVENT")


def test_a_name_from_outside_breaks_no_calendar(outlook):
    one = outlook.deadlines[0]
    hostile = replace(
        one, match=replace(one.match, name="A v B\r\nEND:VEVENT\r\nBEGIN:VALARM\u202e")
    )
    raw = deadlines_calendar([hostile], made_at=outlook.as_of)
    book = icalendar.Calendar.from_ical(raw)
    assert len(book.walk("VEVENT")) == 1
    assert not book.walk("VALARM")


@pytest.mark.parametrize(
    ("series", "days", "limit", "said"),
    [
        (2, 60, None, "60 days of 2 series: 120 days to forecast, more than 84"),
        (2, 3, ("MOST_EVENTS_AHEAD", 3), "events within 3 days, for 2 series: more than 3 in all"),
    ],
)
def test_more_than_ten_seconds_work_is_refused_before_any_series(
    monkeypatch, series, days, limit, said
):
    if limit is not None:
        monkeypatch.setattr(look_ahead_module, *limit)
    told = []
    with pytest.raises(InputError, match=said):
        look_ahead(WORLD.series[:series], days=days, calendar=CALENDAR, progress=told.append)
    assert not told


def test_a_day_is_predicted_once_for_each_trial_and_no_more(monkeypatch):
    counted = []
    whole = Fitted.day
    monkeypatch.setattr(Fitted, "day", lambda self, kind: counted.append(1) or whole(self, kind))
    longer = WORLD.series[0]
    years = replace(
        longer,
        days=consecutive(longer.days[-1] - timedelta(days=1999), 2000),
        values=np.resize(longer.values, 2000),
        probes=np.resize(longer.probes, 2000),
    )
    look_ahead([years], days=2)
    assert 0 < len(counted) <= 2 * (240 + 1) + 56 + 120 + 2
