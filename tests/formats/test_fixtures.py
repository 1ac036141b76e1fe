"""A calendar's newest word holds: matches move, are called off, recur, and keep their local hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.formats import fixtures as fixtures_module
from cautery.formats._recurrence import Recurrence
from cautery.formats.fixtures import fixtures_in
from cautery.formats.ical import read_ical
from cautery.messages import say
from cautery.model import Window

SEASON = Window(start=datetime(2026, 8, 1, tzinfo=UTC), end=datetime(2027, 6, 1, tzinfo=UTC))


def book(*events: str) -> bytes:
    blocks = ["\r\n".join(["BEGIN:VEVENT", *one.split("|"), "END:VEVENT"]) for one in events]
    return "\r\n".join(["BEGIN:VCALENDAR", *blocks, "END:VCALENDAR", ""]).encode()


def found(*events: str, within: Window = SEASON, **roll: timedelta):
    return fixtures_in(read_ical([book(*events)]), within, **roll)


def starts(*events: str, within: Window = SEASON) -> list[str]:
    return [one.starts_at.strftime("%m-%d %H:%M") for one in found(*events, within=within)]


def test_a_match_that_moves_is_there_once_at_its_newest_time():
    old, new = (
        "UID:m1|DTSTART:20261121T150000Z|SEQUENCE:0",
        "UID:m1|DTSTART:20261122T193000Z|SEQUENCE:2",
    )
    assert starts(old, new) == starts(new, old) == ["11-22 19:30"]


def test_a_match_that_is_called_off_says_so():
    [one] = found(
        "UID:m1|DTSTART:20261121T150000Z",
        "UID:m1|DTSTART:20261121T150000Z|SEQUENCE:1|STATUS:CANCELLED",
    )
    assert one.cancelled


@pytest.mark.parametrize(
    "ends", ["DTEND:20261121T150000Z", "DTEND:20261121T140000Z", "DURATION:PT0S", "X-NO:end"]
)
def test_a_kick_off_alone_lasts_two_hours(ends):
    [one] = found(f"UID:m1|DTSTART:20261121T150000Z|{ends}")
    assert one.ends_at - one.starts_at == timedelta(hours=2)


@pytest.mark.parametrize(
    ("event", "hour", "said"),
    [
        ("DTSTART;TZID=Foo/Bar:20261121T150000", 15, "the zone 'Foo/Bar' is not known"),
        ("DTSTART:20261121T150000Z|DURATION:PT9999999H", 15, "more than a month"),
        ("DTSTART:20261121T150000Z|RRULE:FREQ=MONTHLY", 15, "only the first"),
        ("DTSTART;TZID=Romance Standard Time:20261121T150000", 14, None),
        ("DTSTART;TZID=/vendor.example/Europe/Paris:20261121T150000", 14, None),
    ],
)
def test_what_is_doubtful_is_read_and_told(event, hour, said, recwarn):
    *doubts, one = read_ical([book(f"UID:m1|SUMMARY:A v B|{event}")])
    assert (one.starts_at.hour, one.ends_at - one.starts_at) == (hour, timedelta(hours=2))
    assert [said in say(each.why) for each in doubts] == [True] * bool(said)
    assert not recwarn.list


def test_a_series_keeps_its_local_hour_when_clocks_change():
    series = "UID:s|DTSTART;TZID=Europe/Paris:20261017T210000|RRULE:FREQ=WEEKLY;COUNT=3"
    assert starts(series) == ["10-17 19:00", "10-24 19:00", "10-31 20:00"]


def test_one_date_of_a_series_moves_and_the_others_stay():
    assert starts(
        "UID:s|DTSTART:20261107T150000Z|RRULE:FREQ=WEEKLY;COUNT=3",
        "UID:s|RECURRENCE-ID:20261114T150000Z|DTSTART:20261115T183000Z|SEQUENCE:1",
    ) == ["11-07 15:00", "11-15 18:30", "11-21 15:00"]


def test_dates_are_taken_out_of_a_series_and_added_to_it():
    assert starts(
        "UID:s|DTSTART:20261107T150000Z|RRULE:FREQ=WEEKLY;UNTIL=20261128T235959Z"
        "|EXDATE:20261114T150000Z,20261121T150000Z|RDATE:20261202T190000Z"
    ) == ["11-07 15:00", "11-28 15:00", "12-02 19:00"]


def test_a_series_on_two_days_of_the_week():
    assert starts("UID:s|DTSTART:20261118T190000Z|RRULE:FREQ=WEEKLY;BYDAY=WE,TU;COUNT=4") == [
        "11-18 19:00",
        "11-24 19:00",
        "11-25 19:00",
        "12-01 19:00",
    ]


def test_a_day_that_is_named_twice_counts_once():
    series = "UID:s|DTSTART:20261118T190000Z|RRULE:FREQ=WEEKLY;COUNT=4;BYDAY="
    assert starts(series + "WE,TU,WE,TU") == starts(series + "TU,WE")


@pytest.mark.parametrize(
    "rule",
    [
        "DAILY",
        "WEEKLY",
        "WEEKLY;BYDAY=TU,TH,SU",
        "WEEKLY;INTERVAL=2",
        "WEEKLY;BYDAY=" + ",".join(500 * ["TU"]),
    ],
)
def test_a_series_that_counts_from_decades_ago_is_not_walked_through(rule, monkeypatch):
    steps = []
    walk = Recurrence._steps

    def counted(self, skipped):
        for step in walk(self, skipped):
            steps.append(step)
            yield step

    monkeypatch.setattr(Recurrence, "_steps", counted)
    event = f"UID:s|DTSTART:19710106T190000Z|RRULE:FREQ={rule};COUNT="
    autumn = Window(start=SEASON.start, end=SEASON.start + timedelta(days=30))
    endless = starts(event.removesuffix(";COUNT="), within=autumn)
    assert starts(event + "99999", within=autumn) == endless
    assert 0 < len(steps) < 100
    assert starts(event + "9", within=autumn) == []


@pytest.mark.parametrize("more", [0, 1, 2])
def test_the_last_dates_of_a_long_series_are_counted_from_its_first(more):
    event = "UID:s|DTSTART:20250807T190000Z|RRULE:FREQ=WEEKLY;BYDAY=TU,TH;COUNT="
    # 2025-08-07 is a Thursday: 1 + 2 * 51 dates lie before Tuesday, 2026-08-04.
    assert starts(f"{event}{1 + 2 * 51 + more}") == ["08-04 19:00", "08-06 19:00"][:more]


def test_thousands_of_entries_that_recur_daily_are_not_all_spelled_out(monkeypatch):
    monkeypatch.setattr(fixtures_module, "_MOST_SPELLED", 1_000)
    series = [f"UID:{n}|DTSTART:20260801T190000Z|RRULE:FREQ=DAILY" for n in range(20)]
    assert 1_000 <= len(found(*series)) < 1_400


def test_every_date_of_a_series_has_a_name_of_its_own():
    dates = found("UID:s|DTSTART:20261107T150000Z|RRULE:FREQ=DAILY;COUNT=5")
    assert len({one.event(legal_basis="right").id for one in dates}) == 5


def test_what_is_watched_before_and_after_counts_for_the_window():
    night = Window(
        start=datetime(2026, 11, 21, 17, 20, tzinfo=UTC), end=datetime(2026, 11, 21, 18, tzinfo=UTC)
    )
    match = "UID:m1|DTSTART:20261121T150000Z|DTEND:20261121T170000Z"
    assert found(match, within=night) == ()
    assert len(found(match, within=night, after=timedelta(minutes=30))) == 1


def test_a_series_without_end_from_long_ago_is_cheap_and_right():
    day = Window(start=datetime(2026, 11, 20, tzinfo=UTC), end=datetime(2026, 11, 27, tzinfo=UTC))
    series = "UID:s|DTSTART:19800105T150000Z|RRULE:FREQ=WEEKLY"
    assert starts(series, within=day) == ["11-21 15:00"]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=WEEKLY;COUNT=-5", "FREQ=DAILY;COUNT=99999999999",
     "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYDAY=5FR", "FREQ=WEEKLY;UNTIL=00010101T000000Z", "", "FREQ="],
)  # fmt: skip
def test_a_hostile_rule_takes_neither_time_nor_room(rule):
    assert len(found(f"UID:s|DTSTART:20261107T150000Z|RRULE:{rule}")) <= 250


@given(st.integers(0, 6000), st.integers(1, 4), st.sets(st.integers(0, 6), max_size=3))
def test_looking_at_a_week_gives_what_looking_at_the_season_gives_of_it(days, weeks, weekdays):
    names = ",".join(("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day] for day in sorted(weekdays))
    first = datetime(2026, 11, 20, 15, tzinfo=UTC) - timedelta(days=days)
    rule = f"FREQ=WEEKLY;INTERVAL={weeks}" + (f";BYDAY={names}" if names else "")
    series = f"UID:s|DTSTART:{first:%Y%m%dT%H%M%S}Z|RRULE:{rule}"
    week = Window(start=datetime(2026, 12, 7, tzinfo=UTC), end=datetime(2026, 12, 14, tzinfo=UTC))
    whole = Window(start=datetime(2000, 1, 1, tzinfo=UTC), end=week.end)
    of_all = starts(series, within=whole)[-8:]
    of_week = starts(series, within=week)
    assert of_all[len(of_all) - len(of_week) :] == of_week
    assert len(of_week) == sum("12-07" <= one[:5] < "12-14" for one in of_all)
