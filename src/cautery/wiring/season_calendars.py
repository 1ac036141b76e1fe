"""The calendars of a season that are fetched: once for all its watches, and kept as files.

A watch of a fixture reads these files again each minute, so its case seals what its times rest on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import write_whole
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.reading import ReadingPool
from cautery.errors import CauteryError, SourceError
from cautery.formats.jobs import calendar_is_read
from cautery.model import Calendar, Mandate, OwnLocation
from cautery.model.ports import Readers, VerifiedFetcher
from cautery.wiring.one_fixture import copy_of
from cautery.workflows.watch.sources.fetched_calendars import CALENDAR
from cautery.workflows.watch.sources.jobs import MODULES

REVISIT_S = 3_600.0
"""As a watch begins with; a kick-off is moved hours before it."""
_TRY_AGAIN_S = 300.0


class SeasonCalendars:
    """Fetches the calendars of a season on their rhythm, beside its looks.

    Parameters
    ----------
    folder : Path
        Where they are kept, each under a name that tells nobody its address.
    say : callable
        Told of one that cannot be fetched; what it said last stands.
    """

    def __init__(self, mandate: Mandate, folder: Path, *, say: Callable[[str], None]) -> None:
        self._mandate, self._folder, self._say = mandate, folder, say
        self._failed: set[OwnLocation] = set()

    @property
    def broken(self) -> bool:
        """Whether one of them could not be fetched when it was asked last."""
        return bool(self._failed)

    async def work(self) -> None:
        """Fetch for ever; a calendar that is slow or gone holds up no other."""
        policy = self._mandate.network
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                PoliteClient(
                    policy,
                    DnsNames(policy.resolver),
                    wiring.clock(),
                    services=self._mandate.services,
                )
            )
            readers = await stack.enter_async_context(
                ReadingPool(MODULES, workers=1, without_seccomp=wiring.without_seccomp())
            )
            async with asyncio.TaskGroup() as tasks:
                for calendar in self._mandate.calendars:
                    tasks.create_task(self._follow(calendar, client, readers))

    async def _follow(self, calendar: Calendar, client: VerifiedFetcher, readers: Readers) -> None:
        while True:
            try:
                await self._fetch(calendar, client, readers)
            except CauteryError as error:
                if calendar.location not in self._failed:
                    self._failed.add(calendar.location)
                    # Not its address, which may have a token in it.
                    self._say(f"a calendar cannot be fetched: {type(error).__name__}")
                await asyncio.sleep(_TRY_AGAIN_S)
            else:
                self._failed.discard(calendar.location)
                await asyncio.sleep(calendar.revisit_s or REVISIT_S)

    async def _fetch(self, calendar: Calendar, client: VerifiedFetcher, readers: Readers) -> None:
        answer = await client.fetch(calendar.location.reveal(), limits=CALENDAR)
        if answer.status != 200:
            raise SourceError(f"the server answered {answer.status}")
        # Read to its end in a process that is closed in: what is no calendar replaces none.
        await calendar_is_read(answer.body, readers=readers)
        write_whole(copy_of(calendar.location, self._folder), answer.body)
