"""Series, calendars and tables are read, or refused with a clear sentence."""

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import CauteryError, InputError
from cautery.model import Window
from cautery.workflows.forecast.read import (
    MOST_CALENDAR_BYTES,
    folder_of,
    read_calendar,
    read_holdings,
    read_series,
)

SUMMER = Window(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 8, 1, tzinfo=UTC))
DAILY = "unit,market,day,measure,value,probes,vantage\n"


def event(start="DTSTART:20260611T190000Z", title="A v B", **more):
    lines = "".join(f"{name}:{value}\r\n" for name, value in more.items())
    return (
        f"BEGIN:VEVENT\r\nUID:{start}{title}\r\nSUMMARY:{title}\r\n{start}\r\n{lines}END:VEVENT\r\n"
    )


def calendar(tmp_path, *events):
    path = tmp_path / "c.ics"
    path.write_text("BEGIN:VCALENDAR\r\n" + "".join(events) + "END:VCALENDAR\r\n", newline="")
    return path


def test_categories_say_competition_stage_and_countries(tmp_path):
    path = calendar(tmp_path, event(CATEGORIES="Cup,final,ES,IT"))
    [match] = read_calendar(path, SUMMER).matches
    assert (match.competition, match.stage, match.countries) == ("Cup", "final", ("ES", "IT"))


def test_without_categories_the_title_says_the_competition(tmp_path):
    [match] = read_calendar(calendar(tmp_path, event(title="LaLiga: A v B")), SUMMER).matches
    assert (match.competition, match.name) == ("LaLiga", "LaLiga: A v B")


@pytest.mark.parametrize(
    "start", ["DTSTART:20260611T210000", "DTSTART;TZID=Nowhere:20260611T210000"]
)
def test_a_calendar_without_zones_is_refused_until_one_is_given(tmp_path, start):
    path = calendar(tmp_path, event(start), event(title="C v D"))
    with pytest.raises(InputError, match="1 of 2 matches name no time zone") as refused:
        read_calendar(path, SUMMER)
    assert "--zone" in refused.value.hint
    read = read_calendar(path, SUMMER, zone=ZoneInfo("Europe/Madrid"))
    assert [match.starts_at for match in read.matches] == [
        datetime(2026, 6, 11, 19, tzinfo=UTC)
    ] * 2
    assert "forecast.zone-assumed" in [note.id for note in read.notes]


def test_a_match_called_off_is_none_and_one_without_a_kick_off_is_told(tmp_path):
    path = calendar(
        tmp_path, event(STATUS="CANCELLED"), event("DTSTART;VALUE=DATE:20260620", title="C v D")
    )
    read = read_calendar(path, SUMMER)
    assert [match.name for match in read.matches] == ["C v D"]
    assert [note.id for note in read.notes] == ["forecast.no-kick-off"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"hello", "not a calendar"), (b"", "calendar"), (b"x" * (MOST_CALENDAR_BYTES + 1), "bytes")],
)
def test_no_calendar_is_refused(tmp_path, content, why):
    (tmp_path / "c.ics").write_bytes(content)
    with pytest.raises(InputError, match=why):
        read_calendar(tmp_path / "c.ics", SUMMER)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_in_a_calendar_end_in_anything_but_a_sentence(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("c") / "c.ics"
    path.write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + noise + b"\r\nEND:VEVENT\r\n")
    with suppress(CauteryError):
        assert read_calendar(path, SUMMER).matches is not None


def test_daily_series_and_changes_of_a_list_are_told_apart(tmp_path):
    daily = tmp_path / "daily.csv"
    daily.write_text(DAILY + "n,ES,2026-01-01,level,5,1,v\nn,ES,2026-01-01,served,0.5,9,w\n")
    assert [one.unit for one in read_series(daily)] == ["n"]
    changes = tmp_path / "my list.csv"
    changes.write_text("time,op,domain\n2026-01-01T10:00:00Z,+,a.example\n")
    [found] = read_series(changes)
    assert (found.unit, found.values.tolist(), found.days[0]) == ("my-list", [1], date(2026, 1, 1))


@pytest.mark.parametrize(
    ("rows", "unit", "why"),
    [
        ("n,ES,2026-01-01,served,0.5,9,w", None, "no series of the measure level"),
        ("n,ES,2026-01-01,level,5,1,v", "other", "no level series of the unit 'other'"),
        ("n,ES,2026-01-01,level,-5,1,v", None, "line 2"),
        ("n,ES,2026-01-01,level,5,1,v\nn,ES,2026-01-01,level,6,1,v", None, "line 3"),
        ("\n".join(f"n{at},ES,2026-01-01,level,5,1,v" for at in range(25)), None, "25 series"),
        ("", None, "no row"),
    ],
)
def test_a_file_that_cannot_be_forecast_is_refused(tmp_path, rows, unit, why):
    path = tmp_path / "daily.csv"
    path.write_text(DAILY + rows)
    with pytest.raises(InputError, match=why) as refused:
        read_series(path, unit=unit)
    assert str(path) in str(refused.value)


def test_a_table_that_is_not_there_is_unknown_and_a_broken_one_refused(tmp_path):
    assert read_holdings(tmp_path).orders is None
    (tmp_path / "orders.csv").write_text("order\n")
    with pytest.raises(InputError, match=r"orders\.csv"):
        read_holdings(tmp_path)


def test_two_files_of_one_kind_are_refused(tmp_path):
    (tmp_path / "roster.csv").write_text("who,from,until\n")
    (tmp_path / "roster.csv.gz").write_bytes(b"")
    with pytest.raises(InputError, match="both"):
        read_holdings(tmp_path)


def test_a_labs_world_is_read_from_its_sources(tmp_path):
    assert folder_of(tmp_path) == tmp_path
    (tmp_path / "sources").mkdir()
    assert folder_of(tmp_path) == tmp_path / "sources"
    assert folder_of(tmp_path / "none.csv") is None
