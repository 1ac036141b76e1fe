"""Calendars of fixtures, read again while the watch runs: matches move, come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cautery.errors import CauteryError
from cautery.model import Event, ExhibitId, Mandate, OwnLocation, Pseudonyms, Verdict
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import FixturesChanged
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.mandate.fixtures import Fixtures, FixtureTerms
from cautery.workflows.watch.sources.fetched_calendars import FetchedCalendars

REREAD_S = 60.0
"""A kick-off is moved hours before it, and a calendar of 400 matches is read in milliseconds."""
MEDIA_TYPE = "text/calendar"


class Calendars:
    """Waits until the calendars of a mandate say something else.

    Parameters
    ----------
    read : callable
        Reads them again, given those that are fetched; raises a ``CauteryError`` if one is broken.
    fetched : FetchedCalendars
        Those that are fetched, each on its own rhythm.
    """

    def __init__(
        self,
        mandate: Mandate,
        read: Callable[[Mapping[OwnLocation, bytes]], Fixtures],
        fetched: FetchedCalendars,
        *,
        ledger: Ledger,
        journal: Journal,
    ) -> None:
        self._mandate = mandate
        self._read_fixtures = read
        self._fetched = fetched
        self._ledger = ledger
        self._journal = journal
        self._problem = ""

    async def changed(self) -> Mandate:
        """Return the mandate with its fixtures as they are now, once they differ.

        A calendar that is broken is a recorded failure, and what it said before still holds.
        """
        while True:
            await asyncio.sleep(min(REREAD_S, self._fetched.wait_s()))
            await self._fetched.fetch_due()
            try:
                fixtures = await asyncio.to_thread(self._read_fixtures, dict(self._fetched.texts))
                mandate = self._renewed(fixtures)
            except CauteryError as error:
                if str(error) != self._problem:
                    self._problem = str(error)
                    self._journal.fail("fixtures", "calendar", error)
                continue
            self._problem = ""
            if mandate is not None:
                exhibits = [self._seal(path) for path in fixtures.files] + self._fetched.exhibits
                record_fixtures(self._mandate, mandate, journal=self._journal, exhibits=exhibits)
                return mandate

    def _renewed(self, fixtures: Fixtures) -> Mandate | None:
        """Return the mandate with other events; ``None``: they are the same.

        A match that has begun to be watched, or of which something was found, stays as it was when
        a calendar drops it: all its facts are under its name. None is dropped before
        each calendar was heard.
        """
        now = self._journal.now()
        new_ids = {event.id for event in fixtures.events}
        started_ids = self._found()
        events = [
            event
            for event in self._mandate.events
            if event.watched is None  # its own [[event]], of no calendar
            or (
                event.id not in new_ids
                and (
                    not self._fetched.complete
                    or event.window.start <= now
                    or event.id in started_ids
                )
            )
        ]
        events += fixtures.events
        if set(events) == set(self._mandate.events):
            return None
        return replace(self._mandate, events=tuple(events), left_out=fixtures.left_out)

    def _found(self) -> set[str]:
        return {
            verdict.event
            for _, verdict in contents(self._ledger, Verdict)
            if verdict.event is not None
        }

    def _seal(self, path: Path) -> ExhibitId:
        return self._journal.seal(
            path.read_bytes(),
            what="calendar",
            media_type=MEDIA_TYPE,
            at=self._journal.now(),
            confidential=True,
        )


def known_fixtures(
    mandate: Mandate,
    ledger: Ledger,
    pseudonyms: Pseudonyms,
    *,
    read: Callable[[Mapping[OwnLocation, bytes]], Fixtures],
) -> Mandate:
    """Return a mandate with the fixtures that an earlier run of its case had fetched.

    When and what is played may come from a record, which anybody with the file can append. By
    which right, against which clean feed and at what cost to bystanders comes from the mandate's
    own ``[[fixtures]]``, and a fixture that lies outside of its window or fits none of these is
    not taken.

    Parameters
    ----------
    read : callable
        As for :class:`Calendars`.
    """
    if not mandate.calendars or not ledger.size():
        return mandate
    terms = read({}).terms
    event_ids = {event.id for event in mandate.events}
    earlier = [
        allowed
        for event in mandate_of(ledger).events
        if event.watched is not None and event.id not in event_ids
        if (allowed := _within(event, mandate, terms, pseudonyms)) is not None
    ]
    return replace(mandate, events=(*mandate.events, *earlier))


def _within(
    event: Event, mandate: Mandate, terms: Sequence[FixtureTerms], pseudonyms: Pseudonyms
) -> Event | None:
    """Return a recorded fixture under the terms of the calendar that it came from, if any."""
    if not event.window.start < mandate.window.end or not mandate.window.start < event.window.end:
        return None
    fitting = [term for term in terms if term.legal_basis == event.legal_basis]
    if not fitting:
        return None

    def written(feed: OwnLocation | None) -> str | None:
        """Return a clean feed as a record has it: only so the two can be compared."""
        return None if feed is None else feed.shown(pseudonyms)

    same = (term for term in fitting if written(term.clean_feed) == written(event.clean_feed))
    calendar = next(same, fitting[0])
    return replace(
        event,
        clean_feed=calendar.clean_feed,
        collateral_budget=calendar.collateral_budget,
    )


def record_fixtures(
    before: Mandate, after: Mandate, *, journal: Journal, exhibits: Sequence[ExhibitId] = ()
) -> None:
    """Record that a mandate's events are others than before, if they are."""
    old = {event.id: journal.shown(event) for event in before.events}
    new = {event.id: journal.shown(event) for event in after.events}
    if old == new:
        return
    journal.write(
        FixturesChanged(
            appeared=tuple(name for name in new if name not in old),
            gone=tuple(name for name in old if name not in new),
            changed=tuple(
                name for name, event in new.items() if name in old and event != old[name]
            ),
            events=after.events,
            left_out=after.left_out,
            exhibits=tuple(exhibits),
            at=journal.now(),
        )
    )
