"""A calendar that changes while the watch runs makes other events of it, and that is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import MandateError
from cautery.lab.readers import ReadersHere
from cautery.model import (
    Entry,
    Event,
    Finding,
    Mandate,
    RedactedUrl,
    Verdict,
    Window,
    with_fixtures,
)
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.mandate.fixtures import Fixtures
from cautery.workflows.watch.sources import calendars
from cautery.workflows.watch.sources.calendars import Calendars, record_fixtures
from cautery.workflows.watch.sources.fetched_calendars import FetchedCalendars

from ...conftest import Answers

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def match(id: str, *, hours: float = 3.0) -> Event:
    start = NOON + timedelta(hours=hours)
    return Event(
        id=id,
        name=f"{id} v Away",
        kick_off=start,
        legal_basis="r",
        watched=Window(start=start - timedelta(minutes=30), end=start + timedelta(hours=3)),
    )


@pytest.fixture
def follow(
    case: Case,
    journal: Journal,
    mandated: Callable[..., Mandate],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., Any]:
    """Follow the calendars of a mandate that has these events until they say others."""
    monkeypatch.setattr(calendars, "REREAD_S", 0.0)
    file = tmp_path / "league.ics"
    file.write_text("BEGIN:VCALENDAR\n")

    async def changed(
        events: tuple[Event, ...], *readings: tuple[Event, ...] | Exception
    ) -> Mandate:
        said = iter(readings)

        def read(fetched: Mapping[str, bytes]) -> Fixtures:
            assert fetched == {}
            one = next(said)
            if isinstance(one, Exception):
                raise one
            return Fixtures(events=one, left_out=(), files=(file,))

        fetched = FetchedCalendars((), readers=ReadersHere(), fetcher=Answers({}), journal=journal)
        following = Calendars(
            mandated(events=events), read, fetched, ledger=case.ledger, journal=journal
        )
        return await following.changed()

    return changed


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


async def test_a_match_that_moves_comes_or_goes_is_one_record_with_the_calendar_sealed(
    follow: Callable[..., Any], heard: list[Entry]
) -> None:
    before = (match("a"), match("b"))
    mandate = await follow(before, before, (match("a", hours=5), match("c")))
    assert [one.id for one in mandate.events] == ["a", "c"]
    assert mandate.on_air(NOON + timedelta(hours=7))
    [said] = bodies(heard, "fixtures.changed")
    assert (said["appeared"], said["gone"], said["changed"]) == (["c"], ["b"], ["a"])
    [sealed] = bodies(heard, "exhibit.sealed")
    assert (sealed["what"], said["exhibits"]) == ("calendar", [sealed["exhibit"]["id"]])


async def test_a_broken_calendar_is_told_once_and_what_was_said_before_holds(
    follow: Callable[..., Any], heard: list[Entry]
) -> None:
    broken = MandateError("not a valid calendar: this is HTML")
    mandate = await follow((match("a"),), broken, broken, (match("a"), match("b")))
    assert [one.id for one in mandate.events] == ["a", "b"]
    [failure] = bodies(heard, "failure")
    assert failure["what"] == "fixtures"


async def test_a_match_that_is_on_or_in_which_something_was_found_stays_when_it_is_dropped(
    follow: Callable[..., Any], journal: Journal
) -> None:
    verdict = Verdict(
        url=RedactedUrl("http://p.example/1"), finding=Finding.PROVEN, at=NOON, event="found"
    )
    journal.write(verdict)
    before = (match("on", hours=0.2), match("found"), match("dropped"))
    mandate = await follow(before, (match("new"),))
    assert [one.id for one in mandate.events] == ["on", "found", "new"]


async def test_a_mandates_own_event_is_no_calendars_to_drop(
    follow: Callable[..., Any],
) -> None:
    own = Event(id="own", name="Own v Away", kick_off=NOON + timedelta(hours=4), legal_basis="r")
    mandate = await follow((own, match("a")), (match("b"),))
    assert [one.id for one in mandate.events] == ["own", "b"]


def test_the_record_gives_the_mandate_back_as_it_was_then(
    journal: Journal, heard: list[Entry], mandated: Callable[..., Mandate]
) -> None:
    before, after = mandated(events=(match("a"),)), mandated(events=(match("a"), match("b")))
    record_fixtures(before, before, journal=journal)
    record_fixtures(before, after, journal=journal)
    [changed] = [entry.content for entry in heard]
    assert with_fixtures(before, changed) == after
