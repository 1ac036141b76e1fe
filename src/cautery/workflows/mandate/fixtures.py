"""Calendars of a mandate file: fixtures become events, each with its window to be watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cautery.errors import SourceError
from cautery.model import Calendar, Event, OwnLocation, Window, hide_at_birth
from cautery.watch import Fixture, ReadWarning, read_ical
from cautery.watch.fixtures import fixtures_in
from cautery.workflows.mandate.checks import Checks
from cautery.workflows.mandate.file import FixturesTable, MandateFile

MOST_BYTES = 32_000_000
"""A league's season of 400 matches has 400 kB."""
MOST_EVENTS = 2_000
MOST_DOUBTS = 20
KIND = "ical"
_CHUNK = 1 << 16
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
    left_out : tuple of (str, str)
        What is no event, and why.
    files : tuple of Path
        The calendars.
    terms : tuple of FixtureTerms
        Of those that are fetched, in the file's order.
    """

    events: tuple[Event, ...]
    left_out: tuple[tuple[str, str], ...]
    files: tuple[Path, ...]
    terms: tuple[FixtureTerms, ...] = ()


class FixtureChecks(Checks):
    """Reads the calendars that a mandate names."""

    def calendars(self, file: MandateFile) -> tuple[Calendar, ...]:
        """Return the calendars that are fetched."""
        found: dict[str, FixturesTable] = {}
        feeds: dict[str, dict[OwnLocation, None]] = {}
        for at, fixture in enumerate(file.fixtures):
            if (fixture.path is None) == (fixture.url is None):
                raise self.wrong(
                    ("fixtures", at),
                    "a calendar is a file, or is fetched",
                    'Give path = "league.ics", or url = "https://...".',
                )
            if fixture.url is not None:
                found.setdefault(fixture.url, fixture)
                feed = self.media(fixture.clean_feed, ("fixtures", at, "clean_feed"))
                feeds.setdefault(fixture.url, {}).update({} if feed is None else {feed: None})
            elif fixture.revisit_s is not None:
                raise self.wrong(
                    ("fixtures", at, "revisit_s"),
                    "a file is read every minute",
                    "Take revisit_s out, or give a url.",
                )
        return tuple(
            Calendar(
                location=OwnLocation(url),
                kind=KIND,
                revisit_s=one.revisit_s,
                clean_feeds=tuple(feeds[url]),
            )
            for url, one in found.items()
        )

    def fixtures(
        self, file: MandateFile, window: Window, fetched: Mapping[OwnLocation, bytes] = _NONE_YET
    ) -> Fixtures:
        """Return the events of all calendars in the mandate's window, and what was left out.

        A match that is called off, or has no time yet, is no event: it is told with its reason. So
        is what could not be read, or only in part.

        Parameters
        ----------
        fetched : mapping of OwnLocation to bytes
            By URL, the calendars that are fetched; one that is not here has no events yet.
        """
        events: list[Event] = []
        left_out: list[tuple[str, str]] = []
        for at, one in enumerate(file.fixtures):
            table = ("fixtures", at)
            key = (*table, "path" if one.url is None else "url")
            if one.url is not None and OwnLocation(one.url) not in fetched:
                continue
            read, doubts = self._found(one, key, window, fetched)
            left_out += doubts
            for fixture in read:
                if fixture.cancelled:
                    left_out.append((_named(fixture), "called off"))
                elif fixture.whole_day:
                    left_out.append((_named(fixture), "no kick-off yet, only a day"))
                elif len(events) < MOST_EVENTS:
                    events.append(self._event(one, fixture, file, table))
                else:
                    raise self.wrong(
                        key,
                        f"more than {MOST_EVENTS} fixtures in the mandate's window",
                        "Give a shorter window, or matching = a team's name.",
                    )
        files = tuple(
            Path(self.file(one.path, ("fixtures", at, "path")))
            for at, one in enumerate(file.fixtures)
            if one.path is not None
        )
        terms = tuple(
            FixtureTerms(
                legal_basis=self.basis(one.legal_basis, file, ("fixtures", at), one.url),
                clean_feed=self.media(one.clean_feed, ("fixtures", at, "clean_feed")),
                collateral_budget=one.collateral_budget,
            )
            for at, one in enumerate(file.fixtures)
            if one.url is not None
        )
        return Fixtures(events=tuple(events), left_out=tuple(left_out), files=files, terms=terms)

    def _found(
        self,
        one: FixturesTable,
        key: tuple[str, int, str],
        window: Window,
        fetched: Mapping[OwnLocation, bytes],
    ) -> tuple[list[Fixture], list[tuple[str, str]]]:
        chunks: Iterable[bytes]
        if one.url is not None:
            chunks = (fetched[OwnLocation(one.url)],)
        else:
            chunks = _chunks(Path(self.file(one.path or "", key)))
        try:
            told = list(read_ical(chunks))
            found = fixtures_in(
                told,
                window,
                before=timedelta(minutes=one.before_min),
                after=timedelta(minutes=one.after_min),
            )
        except (SourceError, OSError) as error:
            raise self.wrong(
                key, f"no calendar: {error}"[:300], "Give an iCalendar file (.ics)."
            ) from error
        wanted = (one.matching or "").casefold()
        doubts = [
            (f"{key[0]} {key[1] + 1}, from line {each.line} of the calendar", each.why)
            for each in told
            if isinstance(each, ReadWarning)
        ]
        return [each for each in found if wanted in each.title.casefold()], doubts[:MOST_DOUBTS]

    def _event(
        self, one: FixturesTable, fixture: Fixture, file: MandateFile, table: tuple[str, int]
    ) -> Event:
        watched = fixture.window(
            before=timedelta(minutes=one.before_min), after=timedelta(minutes=one.after_min)
        )
        return Event(
            id=fixture.key[:200],
            name=fixture.title or fixture.key[:200],
            kick_off=fixture.starts_at,
            clean_feed=self.media(one.clean_feed, (*table, "clean_feed")),
            legal_basis=self.basis(one.legal_basis, file, table, fixture.key[:200]),
            collateral_budget=one.collateral_budget,
            watched=watched,
        )


def _named(fixture: Fixture) -> str:
    day = fixture.starts_at.strftime("%Y-%m-%d" if fixture.whole_day else "%Y-%m-%dT%H:%MZ")
    return f"{fixture.title or fixture.key} ({day})"[:300]


def _chunks(path: Path) -> Iterator[bytes]:
    left = MOST_BYTES
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
