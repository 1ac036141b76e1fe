"""What a published list did: our own probes through the intermediaries, until it expires."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.errors import SourceError
from cautery.model import (
    BlockEntry,
    DarkProbe,
    Intermediary,
    Json,
    Limits,
    Referral,
    host_of,
)
from cautery.model.ports import Fetcher
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.streams import Stream

UNTIL_DARK_S = 1.5
WHILE_DARK_S = 15.0
LOOK = Limits(max_bytes=64_000, total_s=5.0, connect_s=3.0, partial=True)


@dataclass(slots=True)
class Watched:
    """One entry at one intermediary, and what our own probes saw of it."""

    referral: str
    entry: BlockEntry
    intermediary: Intermediary
    streams: tuple[str, ...]
    due: datetime
    dark: bool = False
    expired: bool = False


class EffectWatch:
    """Looks at every published entry: soon until it is dark, now and then, and after its end."""

    def __init__(
        self, streams: Mapping[str, Stream], *, fetcher: Fetcher, journal: Journal
    ) -> None:
        self._streams = streams
        self._fetcher = fetcher
        self._journal = journal
        self._watched: list[Watched] = []
        self._looking: set[asyncio.Task[None]] = set()

    def restore(self, kind: str, body: Json) -> None:
        """Take up what an earlier run saw, from a ``dark.probed`` or ``entry.expired`` record."""
        for one in self._watched:
            if (one.entry.target, one.intermediary.name) != (body["target"], body["intermediary"]):
                continue
            if kind == "dark.probed":
                one.dark = bool(body["dark"])
            elif kind == "entry.expired" and one.referral == body["referral"]:
                one.expired = True

    async def finish(self) -> None:
        """Let looks under way end, and look once more at what has ended."""
        if self._looking:
            await asyncio.gather(*self._looking, return_exceptions=True)
        now = self._journal.now()
        ended = [one for one in self._watched if not one.expired and one.entry.valid_until <= now]
        await asyncio.gather(*(self._see(one) for one in ended))

    def add(
        self, referral: Referral, to: Intermediary, streams: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Watch a referral's entries at an intermediary, each by the streams that it should cut."""
        if to.proxy is None:
            return
        now = self._journal.now()
        self._watched += [
            Watched(
                referral=referral.id,
                entry=entry,
                intermediary=to,
                streams=streams.get(entry.target, ()),
                due=now + timedelta(seconds=UNTIL_DARK_S),
            )
            for entry in referral.entries
        ]

    def look(self, now: datetime) -> None:
        """Begin every look that is due."""
        for one in self._watched:
            ending = one.entry.valid_until <= now and one.due > one.entry.valid_until
            if one.expired or (one.due > now and not ending):
                continue
            one.due = now + timedelta(seconds=3600)  # until this look has ended
            task = asyncio.ensure_future(self._see(one))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def _see(self, one: Watched) -> None:
        keys = [key for key in one.streams if key in self._streams and self._streams[key].url]
        for key in keys:
            await self._see_stream(one, key)
        now = self._journal.now()
        ended = one.entry.valid_until <= now
        wait_s = WHILE_DARK_S if one.dark and not ended else UNTIL_DARK_S
        one.due = now + timedelta(seconds=wait_s)
        if not ended and one.dark:
            one.due = min(one.due, one.entry.valid_until + timedelta(seconds=UNTIL_DARK_S))

    async def _see_stream(self, one: Watched, key: str) -> None:
        stream = self._streams[key]
        status, why = await self._ask(stream.url, one.intermediary)
        now = self._journal.now()
        ended = one.entry.valid_until <= now
        served = status is not None and status < 400
        if served and ended and not one.expired:
            one.expired = True
            self._journal.write(
                "entry.expired",
                {
                    "referral": one.referral,
                    "target": one.entry.target,
                    "intermediary": one.intermediary.name,
                    "at": now,
                    "seen": f"served again through {one.intermediary.name}",
                },
            )
        dark = not served
        if dark:
            direct, _ = await self._ask(stream.url, None)
            if direct is None or direct >= 400:
                dark, why = False, "not to be had directly either: not the doing of this entry"
        one.dark = dark
        self._journal.write(
            "dark.probed",
            DarkProbe(
                url=key,
                target=one.entry.target,
                intermediary=one.intermediary.name,
                at=now,
                dark=dark,
                why=why,
            ),
        )

    async def _ask(self, url: str, through: Intermediary | None) -> tuple[int | None, str]:
        try:
            if through is None:
                answer = await self._fetcher.fetch(url, limits=LOOK)
            else:
                answer = await self._fetcher.fetch(
                    url, limits=LOOK, proxy=through.proxy, vantage=through.name
                )
        except SourceError as error:
            return None, f"no answer: {error}"[:300]
        return answer.status, f"answered {answer.status} by {host_of(answer.url)}"
