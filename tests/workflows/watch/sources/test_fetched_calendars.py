"""Calendars that are fetched: sealed, asked again by their rhythm, and never lost to a bad answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cautery.adapters.clock import FixedClock
from cautery.errors import ForbiddenAddressError
from cautery.evidence.warc import read_warc
from cautery.lab.readers import ReadersHere
from cautery.model import Calendar, Entry, Event, KeyedPseudonyms, Mandate, OwnLocation, Window
from cautery.model.records import FixturesChanged
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.mandate.fixtures import Fixtures, FixtureTerms
from cautery.workflows.watch.opening import begin_case
from cautery.workflows.watch.sources.calendars import Calendars, known_fixtures
from cautery.workflows.watch.sources.fetched_calendars import FetchedCalendars

from ...conftest import KEY, NOON, words

URL = "https://league.example/ics?token=t0k3n"
CALENDAR = Calendar(location=URL, kind="ical")
BOOK = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:md1\r\nSUMMARY:Home v Away\r\nDTSTART:20261124T150000Z\r\nEND:VEVENT\r\n"
OTHER = BOOK.replace(b"md1", b"md2")


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


class Hands(FixedClock):
    """A clock whose hands are turned."""

    def turn(self, seconds: float) -> None:
        object.__setattr__(self, "at", self.at + timedelta(seconds=seconds))


@pytest.fixture
def clock() -> Hands:
    return Hands(NOON)


@pytest.fixture
def journal(case: Case, clock: Hands, heard: list[Entry]) -> Journal:
    return Journal(
        case.ledger, case.vault, clock, pseudonyms=KeyedPseudonyms(KEY), listeners=(heard.append,)
    )


@pytest.fixture
def fetched(answers: Callable[..., Any], journal: Journal) -> Callable[..., Any]:
    """Make the calendars of a mandate over a table of answers."""

    def made(table: Mapping[str, Any], *, calendar: Calendar = CALENDAR, etag: str = "") -> Any:
        world = answers(table)
        if etag:
            world.headers = (("ETag", etag),)
        return FetchedCalendars(
            (calendar,), readers=ReadersHere(), fetcher=world, journal=journal
        ), world

    return made


async def test_it_is_sealed_as_an_archive_and_its_token_is_in_no_record(
    fetched: Callable[..., Any], heard: list[Entry], journal: Journal
) -> None:
    calendars, _ = fetched({URL: BOOK})
    assert (calendars.complete, calendars.wait_s()) == (False, 0.0)
    await calendars.fetch_due()
    assert (calendars.complete, calendars.texts) == (True, {CALENDAR.location: BOOK})
    [read] = bodies(heard, "calendar.read")
    assert (read["status"], read["failed"], read["exhibit"]) == (200, None, calendars.exhibits[0])
    assert "t0k3n" not in json.dumps([one.record.body for one in heard], default=str)
    [answer] = read_warc(journal.unseal(read["exhibit"], what="calendar", url=URL))
    assert answer.body == BOOK


async def test_it_is_asked_again_when_it_is_due_and_unchanged_is_no_news(
    fetched: Callable[..., Any], heard: list[Entry], clock: Hands
) -> None:
    calendars, world = fetched({URL: BOOK}, etag='"v1"')
    await calendars.fetch_due()
    await calendars.fetch_due()
    assert len(world.asked) == 1
    clock.turn(calendars.wait_s())
    await calendars.fetch_due()
    assert [one["status"] for one in bodies(heard, "calendar.read")] == [200, 304]
    assert calendars.texts == {CALENDAR.location: BOOK}


async def test_a_fixed_rhythm_is_kept(fetched: Callable[..., Any]) -> None:
    calendars, _ = fetched({URL: BOOK}, calendar=replace(CALENDAR, revisit_s=900.0))
    await calendars.fetch_due()
    assert calendars.wait_s() == 900.0


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (404, "answered 404"),
        (b"<html>no calendar</html>", "not a calendar"),
        (ForbiddenAddressError("league.example: 10.0.0.1 is private"), "private"),
    ],
)
async def test_what_fails_is_told_tried_again_and_replaces_nothing(
    fetched: Callable[..., Any], heard: list[Entry], clock: Hands, bad: Any, said: str
) -> None:
    table: dict[str, Any] = {URL: BOOK}
    calendars, _ = fetched(table)
    await calendars.fetch_due()
    table[URL] = bad
    clock.turn(86_400)
    await calendars.fetch_due()
    assert calendars.texts == {CALENDAR.location: BOOK}
    assert said in words(bodies(heard, "calendar.read")[-1]["failed"])
    assert calendars.wait_s() == 5.0
    table[URL] = OTHER
    clock.turn(5)
    await calendars.fetch_due()
    assert calendars.texts == {CALENDAR.location: OTHER}


def match(id: str) -> Event:
    start = NOON + timedelta(hours=3)
    watched = Window(start=start, end=start + timedelta(hours=2))
    return Event(id=id, name="Home v Away", kick_off=start, legal_basis="r", watched=watched)


async def test_a_mandate_of_a_fetched_calendar_alone_gets_its_events_at_once(
    fetched: Callable[..., Any],
    heard: list[Entry],
    case: Case,
    journal: Journal,
    mandated: Callable[..., Mandate],
) -> None:
    calendars, _ = fetched({URL: BOOK})

    def read(texts: Mapping[str, bytes]) -> Fixtures:
        return Fixtures(
            events=(match("md1"),) if CALENDAR.location in texts else (), left_out=(), files=()
        )

    mandate = mandated(channels=(), calendars=(CALENDAR,))
    following = Calendars(mandate, read, calendars, ledger=case.ledger, journal=journal)
    assert [one.id for one in (await following.changed()).events] == ["md1"]
    [said] = bodies(heard, "fixtures.changed")
    assert (said["appeared"], said["exhibits"]) == (["md1"], calendars.exhibits)


def calendar_of(basis: str, *, feed: str | None = None) -> Callable[..., Fixtures]:
    """Return what reads a mandate's one calendar, before it was fetched."""
    terms = FixtureTerms(legal_basis=basis, clean_feed=feed, collateral_budget=3)
    return lambda _: Fixtures(events=(), left_out=(), files=(), terms=(terms,))


async def test_what_an_earlier_run_had_fetched_holds_until_it_is_heard_again(
    fetched: Callable[..., Any],
    heard: list[Entry],
    case: Case,
    journal: Journal,
    mandated: Callable[..., Mandate],
) -> None:
    fresh = mandated(calendars=(CALENDAR,))
    assert known_fixtures(fresh, case.ledger, journal.pseudonyms, read=calendar_of("r")) == fresh
    opened = replace(fresh, events=(match("md1"),))
    begin_case(opened, ledger=case.ledger, journal=journal, key=str(case.verifier))
    again = known_fixtures(fresh, case.ledger, journal.pseudonyms, read=calendar_of("r"))
    assert [one.id for one in again.events] == ["md1"]
    assert "t0k3n" not in json.dumps(journal.shown(again))

    table: dict[str, Any] = {URL: 503}
    calendars, _ = fetched(table)
    await calendars.fetch_due()

    def read(_: Mapping[str, bytes]) -> Fixtures:
        return Fixtures(events=(match("own"),), left_out=(), files=())

    following = Calendars(again, read, calendars, ledger=case.ledger, journal=journal)
    assert [one.id for one in following._renewed(read({})).events] == ["md1", "own"]


FEED = "http://feeds.example/clean.m3u8"


@pytest.mark.parametrize(
    ("forged", "taken"),
    [
        ({"collateral_budget": 10**9}, ["md1"]),
        ({"clean_feed": "http://evil.example/any.m3u8"}, ["md1"]),
        ({"legal_basis": "none"}, []),
        ({"watched": Window(start=NOON + timedelta(days=90), end=NOON + timedelta(days=91))}, []),
    ],
)
async def test_fixtures_that_a_stranger_appends_widen_nothing(
    forged: dict[str, Any],
    taken: list[str],
    case: Case,
    journal: Journal,
    mandated: Callable[..., Mandate],
) -> None:
    fresh = mandated(calendars=(CALENDAR,))
    begin_case(fresh, ledger=case.ledger, journal=journal, key=str(case.verifier))
    event = replace(match("md1"), **forged)
    journal.write(
        FixturesChanged(
            appeared=(event.id,), gone=(), changed=(), events=(event,), left_out=(), at=NOON
        )
    )
    case.ledger.append("fixtures.changed", {"events": 7}, at=NOON)
    again = known_fixtures(fresh, case.ledger, journal.pseudonyms, read=calendar_of("r", feed=FEED))
    assert [one.id for one in again.events] == taken
    assert all(
        (one.clean_feed, one.collateral_budget) == (OwnLocation(FEED), 3) for one in again.events
    )
