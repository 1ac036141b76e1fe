"""Guides and calendars: what is on when, and what cannot be known."""

import os
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cautery.errors import SourceError
from cautery.formats import (
    Fixture,
    GuideChannel,
    Programme,
    ReadWarning,
    ical,
    read_ical,
    read_xmltv,
)
from cautery.messages import say

DATA = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))
GUIDES = DATA / "xmltv" / "guides.tar.xz"


def programme(start, stop=""):
    ended = f' stop="{stop}"' if stop else ""
    return list(read_xmltv([f'<tv><programme channel="a" start="{start}"{ended}/></tv>'.encode()]))


@pytest.mark.parametrize(
    ("start", "wanted"),
    [("20261124204500 +0100", "2026-11-24T19:45"), ("20261124204500 -0330", "2026-11-25T00:15"),
     ("20261124204500", "2026-11-24T20:45"), ("202611242045 CET", "2026-11-24T19:45"), ("20261124", "2026-11-24T00:00")],
)  # fmt: skip
def test_times_are_told_in_utc(start, wanted):
    [found] = programme(start)
    assert found.starts_at.isoformat()[:16] == wanted


@pytest.mark.parametrize(
    "start", ["19700101000000 +0000", "20261324000000", "tomorrow", "20261124204500 XYZ", ""]
)
def test_a_programme_without_a_time_is_a_warning(start):
    [found] = programme(start)
    assert isinstance(found, ReadWarning)


def test_an_end_that_is_none_is_told_and_unknown():
    found, warning = programme("20261124204500 +0100", "late")
    assert found.ends_at is None
    assert "an end that is not valid" in say(warning.why)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16", "windows-1252"])
def test_a_guide_is_read_in_the_encoding_that_it_names(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><tv><channel id="a"><display-name>Été</display-name></channel></tv>'
    [found] = read_xmltv([text.encode(encoding)])
    assert found.names == (("", "Été"),)


def test_a_guide_of_many_megabytes_needs_little_memory(traced):
    one = (
        b'<programme start="20261124204500" channel="a"><title>Home v Away</title><desc>%s</desc></programme>'
        % (b"x" * 200)
    )

    def chunks():
        yield b"<tv>"
        for _ in range(40):
            yield one * 500
        yield b"</tv>"

    with traced() as memory:
        count = sum(isinstance(each, Programme) for each in read_xmltv(chunks()))
    assert count == 20_000
    assert memory.peak < 4_000_000


@pytest.mark.data
@pytest.mark.skipif(not GUIDES.exists(), reason="the shared data folder is not here")
def test_the_shared_guides_are_read_without_a_warning():
    channels = programmes = refused = 0
    with tarfile.open(GUIDES) as archive:
        for member in archive:
            if member.isfile():
                data = archive.extractfile(member).read()
                if b"<ProgramGuide>" in data:  # one of the nine is no XMLTV
                    with pytest.raises(SourceError, match="ProgramGuide"):
                        list(read_xmltv([data]))
                    refused += 1
                    continue
                for one in read_xmltv([data]):
                    assert not isinstance(one, ReadWarning)
                    channels += isinstance(one, GuideChannel)
                    programmes += isinstance(one, Programme)
    assert (channels, programmes, refused) == (15, 1536, 1)


def calendar(*lines):
    return list(
        read_ical(
            [
                "\r\n".join(
                    ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]
                ).encode()
            ]
        )
    )


def test_a_fixture_becomes_an_event_and_a_window_to_watch():
    [found] = calendar("UID:m7", "SUMMARY:Home v Away", "DTSTART:20261125T194500Z", "X-ROUND:16")
    assert found.ends_at - found.starts_at == timedelta(hours=2)
    assert found.window(before=timedelta(hours=1)).start == datetime(
        2026, 11, 25, 18, 45, tzinfo=UTC
    )
    event = found.event(legal_basis="contract 7")
    assert (event.id, event.name, event.kick_off) == ("m7", "Home v Away", found.starts_at)
    assert found.other == (("x-round", "16"),)


def test_a_zone_by_name_and_a_day_without_a_time():
    [zoned] = calendar("DTSTART;TZID=Europe/Paris:20260725T204500")
    assert zoned.starts_at == datetime(2026, 7, 25, 18, 45, tzinfo=UTC)
    [day] = calendar("DTSTART;VALUE=DATE:20261125", "STATUS:CANCELLED")
    assert (day.whole_day, day.cancelled) == (True, True)


def in_own_zone(hours, *, broken=False, names=("Stadium",)):
    zone = ["BEGIN:VTIMEZONE", *(f"TZID:{name}" for name in names), "BEGIN:STANDARD", "DTSTART:19961027T030000",
            f"TZOFFSETFROM:{hours}", f"TZOFFSETTO:{'x' if broken else hours}", "END:STANDARD",
            "END:VTIMEZONE"]  # fmt: skip
    event = ["BEGIN:VEVENT", "DTSTART;TZID=Stadium:20261127T204500", "END:VEVENT"]
    text = "\r\n".join(["BEGIN:VCALENDAR", *zone, *event, *event, "END:VCALENDAR", ""])
    return list(read_ical([text.encode()]))


def test_a_zone_of_a_calendar_is_that_of_all_its_events_and_of_no_other_calendar():
    for hours, hour in (("+0200", 18), ("-0300", 23)):
        assert [event.starts_at.hour for event in in_own_zone(hours)] == [hour, hour]


def test_a_zone_has_one_name_so_that_no_event_is_searched_for_a_million(monkeypatch):
    searched_for = []
    monkeypatch.setattr(ical, "_define_zones", lambda zones, _: searched_for.append(len(zones)))
    in_own_zone("+0200", names=[f"Z{number}" for number in range(1_000)])
    assert searched_for == [1, 1]


def test_a_broken_zone_of_a_calendar_is_an_unknown_one():
    found = in_own_zone("+0200", broken=True)
    assert ["the zone 'Stadium' is not known" in say(each.why) for each in found[::2]] == [
        True,
        True,
    ]
    assert [event.starts_at.hour for event in found[1::2]] == [20, 20]


def test_what_recurs_in_a_way_that_no_league_uses_is_given_once_and_said_so():
    warning, found = calendar("DTSTART:20261125T194500Z", "RRULE:FREQ=MONTHLY;BYSETPOS=-1")
    assert "recurs" in say(warning.why)
    assert isinstance(found, Fixture)
    assert found.recurs is None


@pytest.mark.parametrize(
    "line", ["DTSTART:someday", "SUMMARY:x", "DTSTART:19700101T000000Z", "DTSTART:99999999T999999Z"]
)
def test_an_event_without_a_start_is_a_warning(line):
    [found] = calendar(line)
    assert isinstance(found, ReadWarning)


@pytest.mark.parametrize("data", [b"", b"BEGIN:VEVENT", b"<html>", b"\0\0", b"words"])
def test_what_is_no_calendar_is_refused(data):
    with pytest.raises(SourceError):
        list(read_ical([data]))
