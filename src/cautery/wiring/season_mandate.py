"""The file of a season's mandate, its approvals and its calendars, read again as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cautery import wiring
from cautery.errors import CauteryError
from cautery.model import Approver, Mandate
from cautery.model.season import (
    FixtureWhy,
    fixture_of,
)
from cautery.wiring.one_fixture import fetched_copies
from cautery.wiring.season_calendars import SeasonCalendars
from cautery.workflows.mandate.fixture_approvals import (
    FixtureApprovals,
    approvals_path,
    read_approvals,
)
from cautery.workflows.mandate.read import calendars_of, read_with_bytes
from cautery.workflows.mandate.signatures import signatures_path
from cautery.workflows.mandate.signers import require_vouched
from cautery.workflows.season.ports import Reading

_REREAD = timedelta(minutes=1)
_GONE = timedelta(minutes=1)
_GONE_LOOKS = 3
"""So long, and at so many looks, a mandate's file must be away until that withdraws the mandate: an
editor, a copy or a server of files takes one away for seconds. What is closed stays closed.
Judgement."""


class MandateOnDisk:
    """The file of a season's mandate (port :class:`~cautery.workflows.season.ports.SeasonMandate`).

    Parameters
    ----------
    path : Path
        The mandate's file.
    calendars : Path
        Folder with the calendars that are fetched.
    signers : sequence of Approver or None
        People who may sign mandates: two of them must have signed it, and of those who signed it,
        only they let fixtures in. ``None``: everybody who signed it does.

    Raises
    ------
    CauteryError
        If it cannot be read at the first time, as :func:`read_with_bytes` says, or too few of the
        signers signed it.
    """

    def __init__(
        self, path: Path, calendars: Path | None, *, signers: Sequence[Approver] | None = None
    ) -> None:
        self._path, self._calendars, self._signers = path, calendars, signers
        self.fetching: SeasonCalendars | None = None
        self._clock = wiring.clock()
        self._stamp = self._stamp_now()
        mandate, approvals = self._read_file(self._clock.now())
        self._reading = Reading(
            mandate=mandate,
            fixtures=tuple(map(fixture_of, mandate.events)),
            approvals=approvals,
        )
        self._read_fixtures = calendars_of(path)
        """Parses a calendar only if it says something else than before."""
        self._reread_at = self._clock.now()
        self._gone_since: datetime | None = None
        self._gone_looks = 0

    @property
    def mandate(self) -> Mandate:
        """The mandate as it was read last."""
        return self._reading.mandate

    async def read(self) -> Reading:
        """Read it again; what cannot be read stands as it was, and it is said."""
        reading = await asyncio.to_thread(self.read_now)
        if self.fetching is not None and self.fetching.broken:
            return replace(reading, calendar_broken=True)
        return reading

    def read_now(self, *, at_once: bool = False) -> Reading:
        """Do as :meth:`read`, in this thread."""
        now = self._clock.now()
        try:
            self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            self._stamp = None
            return self._gone(now)
        except OSError as error:
            return self._held(FixtureWhy.BROKEN, f"{self._path}: {error.strerror}")
        self._gone_since, self._gone_looks = None, 0
        stamp = self._stamp_now()
        if stamp != self._stamp:
            try:
                mandate, approvals = self._read_file(now)
                if mandate.id != self._reading.mandate.id:
                    return self._held(
                        FixtureWhy.BROKEN, f"{self._path}: it holds another mandate, {mandate.id}"
                    )
            except CauteryError as error:
                return self._held(FixtureWhy.BROKEN, str(error))
            self._stamp, at_once = stamp, True
            self._read_fixtures = calendars_of(self._path)
            self._reading = replace(self._reading, mandate=mandate, approvals=approvals)
        # A clock that was set back must not put the calendars off for as long.
        if at_once or not timedelta() <= now - self._reread_at < _REREAD:
            self._reread_at = now
            self._read_calendars()
        return self._reading

    def _read_file(self, now: datetime) -> tuple[Mandate, FixtureApprovals]:
        mandate, _ = read_with_bytes(self._path, now=now, may_have_ended=True)
        require_vouched(self._path, mandate, now=now, signers=self._signers)
        return mandate, read_approvals(self._path, mandate, now=now, known_signers=self._signers)

    def _read_calendars(self) -> None:
        mandate = self._reading.mandate
        of_file = tuple(fixture_of(event) for event in mandate.events if event.watched is None)
        problems = self._reading.approvals.passed_over
        try:
            copies = fetched_copies(mandate, self._calendars)
            listed = self._read_fixtures(copies)
        except (CauteryError, OSError) as error:  # a folder that is shut for a moment, too
            self._reading = replace(
                self._reading, calendar_broken=True, problems=(*problems, str(error)[:500])
            )
            return
        self._reading = replace(
            self._reading,
            fixtures=(*of_file, *map(fixture_of, listed.events)),
            calendar_broken=False,
            problems=problems,
        )

    def _gone(self, now: datetime) -> Reading:
        """Start nothing while the file is away; once it has been away for long, it is withdrawn."""
        if self._gone_since is None or now < self._gone_since:
            self._gone_since = now
        self._gone_looks += 1
        if self._gone_looks < _GONE_LOOKS or now - self._gone_since < _GONE:
            return self._held(FixtureWhy.BROKEN, f"{self._path}: the file is gone")
        return self._held(
            FixtureWhy.WITHDRAWN, f"{self._path}: the file is gone: the mandate is withdrawn"
        )

    def _held(self, why: FixtureWhy, problem: str) -> Reading:
        return replace(self._reading, hold=why, problems=(problem[:500],))

    def _stamp_now(self) -> tuple[object, ...] | None:
        stamp: list[object] = []
        for path in (self._path, signatures_path(self._path), approvals_path(self._path)):
            try:
                status = path.stat()
            except OSError:
                stamp.append(None)
            else:
                stamp.append((status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(stamp)
