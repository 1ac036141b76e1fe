"""The nodes of a watch as its case hears of them: who came, went, or gets no job, and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from cautery.errors import CauteryError, ConflictError, StorageError
from cautery.model.nodes import NodesSeen
from cautery.projections.presence import CLOCK_S, Attendance, Fit
from cautery.workflows.case.journal import Journal

LOOK_S = 2.0
"""Nodes say so often that they are there."""


class Attending:
    """Records how the nodes of a watch stand, when it changes.

    Parameters
    ----------
    register : callable
        Returns all nodes; it may wait for a database.
    """

    def __init__(
        self,
        register: Callable[[], NodesSeen],
        fit: Fit,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._register = register
        self._attendance = Attendance(fit)
        self._sleep = sleep
        self._cut_off = self._clock_off = False
        self._journal: Journal | None = None

    def ended(self, job: str, error: CauteryError) -> None:
        """Record that a node ended a job that lasts; another one begins it again.

        One that ends since the job was begun elsewhere, as after a partition, failed at nothing.
        """
        if self._journal is not None and not isinstance(error, ConflictError):
            self._journal.fail("node", job, error)

    @asynccontextmanager
    async def beside(self, journal: Journal) -> AsyncIterator[None]:
        """Look every two seconds while something else is done; nothing is written after it."""
        self._journal = journal
        working = asyncio.ensure_future(self._work(journal))
        try:
            yield
        finally:
            self._journal = None
            working.cancel()
            [outcome] = await asyncio.gather(working, return_exceptions=True)
            # A full disk of the case meets the watch as well, which says so.
            if isinstance(outcome, Exception) and not isinstance(outcome, StorageError):
                journal.fail("nodes", "register", outcome)

    async def _work(self, journal: Journal) -> None:
        while True:
            await self.look(journal)
            await self._sleep(LOOK_S)

    async def look(self, journal: Journal) -> None:
        """Look once, and record what is new.

        Raises
        ------
        StorageError
            If the case cannot be written. A register that does not answer is recorded once.
        """
        try:
            cluster = await asyncio.to_thread(self._register)
        except CauteryError as error:
            if not self._cut_off:
                self._cut_off = True
                journal.fail("nodes", "register", error)
            return
        self._cut_off = False
        self._look_at_clock((cluster.now - journal.now()).total_seconds(), journal)
        changes = self._attendance.changes(cluster.nodes, now=cluster.now, at=journal.now())
        if changes:
            await journal.write_aside(*changes)

    def _look_at_clock(self, late_s: float, journal: Journal) -> None:
        """Record once that this machine's own clock is off: nodes would be blamed for it."""
        is_off = abs(late_s) > CLOCK_S
        if is_off and not self._clock_off:
            how = f"{abs(late_s):,.0f} s {'behind' if late_s > 0 else 'ahead of'} the database's"
            wrong = CauteryError(
                f"the clock of this machine is {how}; what nodes say is refused from 10 min on",
                hint="Look at its NTP, and at the database's.",
            )
            journal.fail("nodes", "clock", wrong)
        self._clock_off = is_off
