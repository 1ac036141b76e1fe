"""Calendars of a mandate file: fixtures become events, each with its window to be watched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cautery.errors import SourceError
from cautery.model import Event, Window
from cautery.watch import Fixture, read_ical
from cautery.watch.fixtures import fixtures_in
from cautery.workflows._mandate_checks import Checks
from cautery.workflows._mandate_file import FixturesTable, MandateFile

MOST_BYTES = 32_000_000
"""A league's season of 400 matches has 400 kB."""
MOST_EVENTS = 2_000
_CHUNK = 1 << 16


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
    """

    events: tuple[Event, ...]
    left_out: tuple[tuple[str, str], ...]
    files: tuple[Path, ...]


class FixtureChecks(Checks):
    """Reads the calendars that a mandate names."""

    def fixtures(self, file: MandateFile, window: Window) -> Fixtures:
        """Return the events of all calendars in the mandate's window, and what was left out.

        A match that is called off, or has no time yet, is no event: it is told with its reason.
        """
        events: list[Event] = []
        left_out: list[tuple[str, str]] = []
        for at, one in enumerate(file.fixtures):
            table = ("fixtures", at)
            for fixture in self._found(one, table, window):
                if fixture.cancelled:
                    left_out.append((_named(fixture), "called off"))
                elif fixture.whole_day:
                    left_out.append((_named(fixture), "no kick-off yet, only a day"))
                elif len(events) < MOST_EVENTS:
                    events.append(self._event(one, fixture, file, table))
                else:
                    raise self.wrong(
                        (*table, "path"),
                        f"more than {MOST_EVENTS} fixtures in the mandate's window",
                        "Give a shorter window, or matching = a team's name.",
                    )
        files = tuple(
            Path(self.file(one.path, ("fixtures", at, "path")))
            for at, one in enumerate(file.fixtures)
        )
        return Fixtures(events=tuple(events), left_out=tuple(left_out), files=files)

    def _found(self, one: FixturesTable, table: tuple[str, int], window: Window) -> list[Fixture]:
        path = Path(self.file(one.path, (*table, "path")))
        try:
            found = fixtures_in(
                read_ical(_chunks(path)),
                window,
                before=timedelta(minutes=one.before_min),
                after=timedelta(minutes=one.after_min),
            )
        except (SourceError, OSError) as error:
            raise self.wrong(
                (*table, "path"), f"no calendar: {error}"[:300], "Give an iCalendar file (.ics)."
            ) from error
        wanted = (one.matching or "").casefold()
        return [each for each in found if wanted in each.title.casefold()]

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
