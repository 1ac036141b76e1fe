"""Calendars of fixtures that are fetched: each on its own rhythm, sealed like any other answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cautery.errors import SourceError
from cautery.formats.jobs import calendar_is_read
from cautery.model import Calendar, ExhibitId, Limits, OwnLocation, Response, Validator, digest_of
from cautery.model.message import Message
from cautery.model.ports import Readers, VerifiedFetcher
from cautery.model.records import CalendarRead
from cautery.workflows.case.capturing import CapturingOwn, named
from cautery.workflows.case.journal import Journal
from cautery.workflows.mandate.fixtures import MOST_BYTES
from cautery.workflows.watch.failing import failed_with
from cautery.workflows.watch.sources.schedule import Schedule

CALENDAR = Limits(max_bytes=MOST_BYTES, total_s=30.0)


class FetchedCalendars:
    """The calendars of one mandate that are fetched, as they were read last.

    Attributes
    ----------
    texts : dict of OwnLocation to bytes
        By URL, the newest that was a calendar.
    """

    def __init__(
        self,
        calendars: Sequence[Calendar],
        *,
        fetcher: VerifiedFetcher,
        readers: Readers,
        journal: Journal,
    ) -> None:
        self.texts: dict[OwnLocation, bytes] = {}
        self._calendars = calendars
        self._fetcher = fetcher
        self._readers = readers
        self._journal = journal
        # Matches are moved before they begin: while one is on, a calendar is no more urgent.
        self._schedule = Schedule(journal.now, lambda _: None)
        self._validators: dict[OwnLocation, Validator | None] = {}
        self._exhibits: dict[OwnLocation, ExhibitId] = {}

    @property
    def complete(self) -> bool:
        """Whether each of them was read."""
        return len(self.texts) == len(self._calendars)

    @property
    def exhibits(self) -> list[ExhibitId]:
        """The archives of what holds now."""
        return list(self._exhibits.values())

    def wait_s(self) -> float:
        """Return the seconds until the first of them is due; infinite if there is none."""
        return max(0.0, min(map(self._schedule.left_s, self._calendars), default=math.inf))

    async def fetch_due(self) -> None:
        """Fetch those that are due; a failure is recorded, and what was said before holds."""
        for calendar in self._calendars:
            if self._schedule.left_s(calendar) > 0:
                continue
            sealed: list[ExhibitId] = []
            try:
                answer = await self._fetch(calendar, sealed)
            except SourceError as error:
                self._schedule.failed(calendar)
                self._record(calendar, None, sealed, failed=failed_with(error, self._journal))
            else:
                changed = answer.status == 200 and self.texts.get(calendar.location) != answer.body
                self._schedule.visited(calendar, changed=changed)
                if answer.status == 200:
                    self.texts[calendar.location] = answer.body
                    self._validators[calendar.location] = Validator.of(answer)
                    self._exhibits[calendar.location] = sealed[0]
                self._record(calendar, answer, sealed)

    async def _fetch(self, calendar: Calendar, sealed: list[ExhibitId]) -> Response:
        fetcher = CapturingOwn(self._fetcher, self._journal, named("calendar"), into=sealed)
        answer = await fetcher.fetch(
            calendar.location.reveal(),
            limits=CALENDAR,
            unless=self._validators.get(calendar.location),
        )
        if answer.status not in (200, 304):
            raise SourceError(
                f"the server answered {answer.status} to the request for the calendar"
            )
        if answer.status == 200:
            # Read to its end: what is no calendar is known here, and does not replace one.
            await calendar_is_read(answer.body, readers=self._readers)
        return answer

    def _record(
        self,
        calendar: Calendar,
        answer: Response | None,
        sealed: Sequence[ExhibitId],
        *,
        failed: Message | None = None,
    ) -> None:
        whole = answer is not None and answer.status == 200
        self._journal.write(
            CalendarRead(
                source=calendar.location.shown(self._journal.pseudonyms),
                at=self._journal.now() if answer is None else answer.asked_at,
                status=None if answer is None else answer.status,
                exhibit=sealed[0] if sealed else None,
                rests_on=tuple(sealed[1:]),
                digest=digest_of(answer.body) if answer is not None and whole else None,
                rhythm=self._schedule.of(calendar),
                failed=failed,
            )
        )
