"""Keeps known, while a watch runs, where the sites are that no act may name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cautery.errors import StorageError
from cautery.model import Mandate, host_of
from cautery.model.host_names import addresses_in
from cautery.model.ports import Facts, Names
from cautery.model.records import LawfulSeen
from cautery.projections import LawfulPlaces
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.lawful import lawful_beside, where_lawful
from cautery.workflows.watch.streams import Stream

AGAIN_S = 300.0
"""As long as our resolver keeps an answer."""
SEEN_AGAIN = timedelta(hours=6)
"""A site that stays where it is, is recorded anew after so long."""


class LawfulHosts:
    """The hosts of a mandate's partners and its own, and what facts know beside suspects.

    Parameters
    ----------
    places : LawfulPlaces
        What earlier runs of the case recorded.
    """

    def __init__(
        self,
        mandate: Mandate,
        streams: Mapping[str, Stream],
        *,
        names: Names,
        facts: Callable[[], Facts],
        journal: Journal,
        places: LawfulPlaces | None = None,
    ) -> None:
        self._mandate = mandate
        self._streams = streams
        self._names = names
        self._facts = facts
        self._journal = journal
        self._places = places or LawfulPlaces()
        self._recorded: dict[str, datetime] = {}
        self._failing: set[str] = set()
        self._turn = asyncio.Lock()
        self._looked = False

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return where a lawful host was seen of late; of any other, nothing."""
        return self._places.addresses(host, self._journal.now())

    def at_addresses(self) -> dict[str, str]:
        """Return by address a lawful host that is there."""
        return self._places.hosts_at(self._journal.now())

    def look_beside(self, host: str) -> None:
        """Record the popular or protected name that facts know on a bare address, if any."""
        known_hosts = self.at_addresses()
        if any(address in known_hosts for address in addresses_in(host)):
            return
        beside = lawful_beside(
            host,
            facts=self._facts(),
            accused={
                host_of(stream.key)
                for stream in self._streams.values()
                if stream.proven and not stream.open_redirect
            },
            at=self._journal.now(),
        )
        if beside is not None:
            self._places.take(beside)
            self._journal.write(beside)

    async def known(self) -> None:
        """Look all of them up unless that was done once; it takes a bounded time."""
        async with self._turn:
            if not self._looked:
                await self.look_up()

    async def work(self) -> None:
        """Look all of them up, again and again, for ever."""
        await self.known()
        while True:
            await asyncio.sleep(AGAIN_S)
            await self.look_up()

    async def look_up(self) -> None:
        """Look all of them up, and record what is new."""
        try:
            answers = await where_lawful(self._mandate, self._names, at=self._journal.now())
            self._journal.write_all([answer for answer in answers if self._is_news(answer)])
            for answer in answers:
                self._places.take(answer)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - what earlier look-ups said stands
            self._journal.fail("look-up", "lawful hosts", error)
        self._looked = True

    def _is_news(self, answer: LawfulSeen) -> bool:
        if not answer.addresses:
            news = answer.host not in self._failing
            self._failing.add(answer.host)
            return news
        self._failing.discard(answer.host)
        known_addresses = set(self._places.addresses(answer.host, answer.at))
        recorded = self._recorded.get(answer.host)
        is_recent = recorded is not None and answer.at - recorded < SEEN_AGAIN
        if is_recent and known_addresses >= {*answer.addresses}:
            return False
        self._recorded[answer.host] = answer.at
        return True
