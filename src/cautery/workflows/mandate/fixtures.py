"""Calendars of a mandate file: fixtures become events, each with its window to be watched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cautery.errors import SourceError
from cautery.formats import Fixture, ReadWarning, read_ical
from cautery.formats.fixtures import fixtures_in
from cautery.messages import message
from cautery.model import Calendar, Event, OwnLocation, Window, hide_at_birth
from cautery.model.message import Message, as_written
from cautery.workflows.mandate.checks import Checks
from cautery.workflows.mandate.file import FixturesTable, MandateFile

MOST_BYTES = 4_000_000
"""A league's season of 400 matches has 400 kB. One of this size takes up to 6 s of CPU, as often as
it says something else."""
MOST_EVENTS = 2_000
MOST_DOUBTS = 20
KIND = "ical"
_NONE_YET: Mapping[OwnLocation, bytes] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureTerms:
    """What one ``[[fixtures]]`` says of all its matches."""

    legal_basis: str
    clean_feed: OwnLocation | None
    collateral_budget: int

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixtures:
    """What a mandate's calendars say.

    Parameters
    ----------
    events : tuple of Event
        Each with the window in which it is watched.
    left_out : tuple of (Message, Message)
        What is no event, and why.
    files : tuple of Path
        The calendars.
    terms : tuple of FixtureTerms
        Of those that are fetched, in the file's order.
    """

    events: tuple[Event, ...]
    left_out: tuple[tuple[Message, Message], ...]
    files: tuple[Path, ...]
    terms: tuple[FixtureTerms, ...] = ()


_Doubts = list[tuple[Message, Message]]


class CalendarsParsed:
    """Calendars as they were parsed last: one that is broken or the same is not parsed again."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[bytes, tuple[list[Fixture], _Doubts] | str]] = {}

    def fixtures(
        self, number: int, raw: bytes, row: FixturesTable, window: Window
    ) -> tuple[list[Fixture], _Doubts]:
        """Return the fixtures in a window, and what could not be read, or only in part.

        Parameters
        ----------
        number : int
            Of the calendar's table in the mandate.

        Raises
        ------
        SourceError
            If it is no calendar.
        """
        digest = hashlib.sha256(raw).digest()
        last = self._last.get(number)
        if last is None or last[0] != digest:
            try:
                last = digest, _parsed(number, raw, row, window)
            except SourceError as error:
                last = digest, str(error)
            self._last[number] = last
        if isinstance(last[1], str):
            raise SourceError(last[1])
        return last[1]


class FixtureChecks(Checks):
    """Reads the calendars that a mandate names."""

    def calendars(self, file: MandateFile) -> tuple[Calendar, ...]:
        """Return the calendars that are fetched."""
        tables: dict[str, FixturesTable] = {}
        feeds: dict[str, dict[OwnLocation, None]] = {}
        for at, fixture in enumerate(file.fixtures):
            if (fixture.path is None) == (fixture.url is None):
                raise self.wrong(
                    ("fixtures", at),
                    "a calendar must have a path or a url, not both",
                    'Give path = "league.ics", or url = "https://...".',
                )
            if fixture.url is not None:
                tables.setdefault(fixture.url, fixture)
                feed = self.media(fixture.clean_feed, ("fixtures", at, "clean_feed"))
                feeds.setdefault(fixture.url, {}).update({} if feed is None else {feed: None})
            elif fixture.revisit_s is not None:
                raise self.wrong(
                    ("fixtures", at, "revisit_s"),
                    "revisit_s is only for a url: a file is read every minute",
                    "Remove revisit_s, or give a url.",
                )
        return tuple(
            Calendar(
                location=OwnLocation(url),
                kind=KIND,
                revisit_s=table.revisit_s,
                clean_feeds=tuple(feeds[url]),
            )
            for url, table in tables.items()
        )

    def fixtures(
        self,
        file: MandateFile,
        window: Window,
        fetched: Mapping[OwnLocation, bytes] = _NONE_YET,
        *,
        parsed: CalendarsParsed | None = None,
    ) -> Fixtures:
        """Return the events of all calendars in the mandate's window, and what was left out.

        A match that is called off, or has no time yet, is no event: it is told with its reason. So
        is what could not be read, or only in part.

        Parameters
        ----------
        fetched : mapping of OwnLocation to bytes
            By URL, the calendars that are fetched; one that is not here has no events yet.
        parsed : CalendarsParsed, optional
            What the same tables said before.
        """
        parsed = CalendarsParsed() if parsed is None else parsed
        events: list[Event] = []
        left_out: list[tuple[Message, Message]] = []
        for at, row in enumerate(file.fixtures):
            table = ("fixtures", at)
            key = (*table, "path" if row.url is None else "url")
            if row.url is not None and OwnLocation(row.url) not in fetched:
                continue
            read, doubts = self._found(row, key, window, fetched, parsed)
            left_out += doubts
            for fixture in read:
                if fixture.cancelled:
                    left_out.append((_named(fixture), message("fixture.called-off")))
                elif fixture.whole_day:
                    left_out.append((_named(fixture), message("fixture.no-kick-off")))
                elif len(events) < MOST_EVENTS:
                    events.append(self._event(row, fixture, file, table))
                else:
                    raise self.wrong(
                        key,
                        f"more than {MOST_EVENTS} fixtures in the mandate's window",
                        "Shorten the window, or give matching = a team's name.",
                    )
        files = tuple(
            Path(self.file(row.path, ("fixtures", at, "path")))
            for at, row in enumerate(file.fixtures)
            if row.path is not None
        )
        terms = tuple(
            FixtureTerms(
                legal_basis=self.basis(row.legal_basis, file, ("fixtures", at), row.url),
                clean_feed=self.media(row.clean_feed, ("fixtures", at, "clean_feed")),
                collateral_budget=row.collateral_budget,
            )
            for at, row in enumerate(file.fixtures)
            if row.url is not None
        )
        return Fixtures(events=tuple(events), left_out=tuple(left_out), files=files, terms=terms)

    def _found(
        self,
        row: FixturesTable,
        key: tuple[str, int, str],
        window: Window,
        fetched: Mapping[OwnLocation, bytes],
        parsed: CalendarsParsed,
    ) -> tuple[list[Fixture], _Doubts]:
        path = "" if row.url is not None else self.file(row.path or "", key)
        try:
            raw = _bytes_of(Path(path)) if row.url is None else fetched[OwnLocation(row.url)]
            return parsed.fixtures(key[1], raw, row, window)
        except (SourceError, OSError) as error:
            raise self.wrong(
                key, f"not a valid calendar: {error}"[:300], "Give an iCalendar file (.ics)."
            ) from error

    def _event(
        self, row: FixturesTable, fixture: Fixture, file: MandateFile, table: tuple[str, int]
    ) -> Event:
        watched = fixture.window(
            before=timedelta(minutes=row.before_min), after=timedelta(minutes=row.after_min)
        )
        return Event(
            id=fixture.key[:200],
            name=fixture.title or fixture.key[:200],
            kick_off=fixture.starts_at,
            clean_feed=self.media(row.clean_feed, (*table, "clean_feed")),
            legal_basis=self.basis(row.legal_basis, file, table, fixture.key[:200]),
            collateral_budget=row.collateral_budget,
            watched=watched,
        )


def _named(fixture: Fixture) -> Message:
    day = fixture.starts_at.strftime("%Y-%m-%d" if fixture.whole_day else "%Y-%m-%dT%H:%MZ")
    return as_written(f"{fixture.title or fixture.key} ({day})"[:300])


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise SourceError(f"it is longer than {MOST_BYTES} bytes")
    return raw


def _parsed(
    number: int, raw: bytes, row: FixturesTable, window: Window
) -> tuple[list[Fixture], _Doubts]:
    items = list(read_ical((raw,)))
    fixtures = fixtures_in(
        items,
        window,
        before=timedelta(minutes=row.before_min),
        after=timedelta(minutes=row.after_min),
    )
    pattern = (row.matching or "").casefold()
    doubts = [
        (
            message("fixture.of-line", table="fixtures", number=number + 1, line=warning.line),
            warning.why,
        )
        for warning in items
        if isinstance(warning, ReadWarning)
    ]
    return [fixture for fixture in fixtures if pattern in fixture.title.casefold()], doubts[
        :MOST_DOUBTS
    ]
