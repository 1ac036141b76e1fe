"""Measure the effect of a published list by our own probes through the intermediaries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.errors import SourceError
from cautery.messages import message
from cautery.model import (
    BlockEntry,
    DarkProbe,
    ExhibitId,
    Intermediary,
    Limits,
    Referral,
    host_of,
    revealed,
)
from cautery.model.message import Message
from cautery.model.ports import Fetcher
from cautery.model.records import BlockLifted, EntryExpired
from cautery.projections import Acts, Lists
from cautery.workflows.case.capturing import Capturing, named
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.acting.lists import Taken
from cautery.workflows.watch.streams import Stream

UNTIL_DARK_S = 1.5
WHILE_DARK_S = 15.0
UNTIL_OPEN_S, SOON_OPEN_S = 0.5, 60.0
"""Between looks at what is withdrawn, and for how long: somebody may be shut out by mistake."""
MOST_DETAIL = 300
"""Letters of an error that are recorded."""
LOOK = Limits(max_bytes=64_000, total_s=5.0, connect_s=3.0, partial=True)


@dataclass(slots=True)
class Watched:
    """One entry at one intermediary, and the streams that our own probes saw dark under it."""

    referral: str
    entry: BlockEntry
    intermediary: Intermediary
    due: datetime
    dark: set[str] = field(default_factory=set)
    looking: bool = False
    expired: bool = False
    withdrawn_at: datetime | None = None
    open_at: datetime | None = None
    """When it will be open, as the intermediary says."""


class EffectWatch:
    """Looks at every published entry: soon until all is dark, now and then, and after its end.

    Parameters
    ----------
    streams : mapping of str to Stream
        Of the watch, as they come to be known.
    cuts : callable
        ``cuts(target, stream)``: whether an entry on a target should cut a stream. Asked at each
        look, since more streams may be proven behind a target that is already on a list.
    """

    def __init__(
        self,
        streams: Mapping[str, Stream],
        *,
        cuts: Callable[[str, Stream], bool],
        fetcher: Fetcher,
        journal: Journal,
    ) -> None:
        self._streams = streams
        self._cuts = cuts
        self._fetcher = fetcher
        self._journal = journal
        self._watched: list[Watched] = []
        self._looking: set[asyncio.Task[None]] = set()

    def add(self, referral: Referral, to: Intermediary) -> None:
        """Watch a referral's entries at an intermediary; without a vantage only their end."""
        now = self._journal.now()
        self._watched += [
            Watched(
                referral=referral.id,
                entry=entry,
                intermediary=to,
                due=now + timedelta(seconds=UNTIL_DARK_S),
            )
            for entry in referral.entries
        ]

    def restore(self, acts: Acts, lists: Lists) -> None:
        """Take up what earlier runs saw."""
        lifted = {(end.referral, end.target, end.intermediary) for end in lists.lifted}
        for watched in self._watched:
            place = (watched.entry.target, watched.intermediary.name)
            watched.dark |= acts.dark_now.get(place, set())
            watched.withdrawn_at = lists.not_lifted.get(place)
            watched.expired = (watched.referral, *place) in lifted or any(
                (expired.target, expired.intermediary) == place
                for expired in acts.expired.get(watched.referral, ())
            )

    def withdraw(self, referral: str, target: str) -> None:
        """Watch whether a target that was dark becomes reachable, now that it is withdrawn."""
        now = self._journal.now()
        for watched in self._watched:
            if (watched.referral, watched.entry.target) == (referral, target):
                watched.withdrawn_at = watched.withdrawn_at or now
                watched.due = now

    def answered(self, taken: Taken) -> None:
        """Look at what is withdrawn at the moment, too, at which its intermediary applies that."""
        at, now = taken.answer.applied_at, self._journal.now()
        if at is None or at <= now:
            return
        for watched in self._watched:
            if watched.intermediary.name == taken.to.name and watched.withdrawn_at is not None:
                watched.open_at = at
                watched.due = min(watched.due, at)

    async def finish(self) -> None:
        """Let looks under way end, and look once more at what has ended."""
        if self._looking:
            await asyncio.gather(*self._looking, return_exceptions=True)
        now = self._journal.now()
        ended = [
            watched
            for watched in self._watched
            if not watched.expired and watched.entry.valid_until <= now
        ]
        await asyncio.gather(
            *(self._see(watched) for watched in ended if watched.intermediary.proxy)
        )
        for watched in ended:
            self._expire(watched, now, seen=None, why=message("entry-expired.watch-ended"))

    def look(self, now: datetime) -> None:
        """Begin every look that is due."""
        for watched in self._watched:
            if watched.looking or watched.expired:
                continue
            if watched.intermediary.proxy is None:
                if watched.entry.valid_until <= now:
                    self._expire(
                        watched,
                        now,
                        seen=None,
                        why=message("entry-expired.no-vantage"),
                    )
                continue
            if watched.due <= now or (watched.dark and watched.entry.valid_until <= now):
                watched.looking = True
                task = asyncio.ensure_future(self._see(watched))
                self._looking.add(task)
                task.add_done_callback(self._looking.discard)

    async def _see(self, watched: Watched) -> None:
        try:
            cut = [
                key
                for key, stream in self._streams.items()
                if (stream.proven or key in watched.dark)
                and stream.url
                and self._cuts(watched.entry.target, stream)
            ]
            lit = [key for key in cut if key not in watched.dark]
            # One of the dark ones is enough to see the end of a block.
            known_dark = [key for key in cut if key in watched.dark][:1]
            is_withdrawn = watched.withdrawn_at is not None
            for key in known_dark + lit if is_withdrawn else lit + known_dark:
                await self._see_stream(watched, key)
        finally:
            watched.looking = False
            all_dark = bool(cut) and watched.dark.issuperset(cut)
            is_standing = all_dark and watched.withdrawn_at is None
            wait_s, now = WHILE_DARK_S if is_standing else UNTIL_DARK_S, self._journal.now()
            if watched.withdrawn_at is not None:
                is_fresh = now - watched.withdrawn_at < timedelta(seconds=SOON_OPEN_S)
                wait_s = UNTIL_OPEN_S if is_fresh else UNTIL_DARK_S
            watched.due = now + timedelta(seconds=wait_s)
            if watched.open_at is not None and watched.open_at > now:
                watched.due = min(watched.due, watched.open_at)

    async def _see_stream(self, watched: Watched, key: str) -> None:
        stream = self._streams[key]
        exhibits: list[ExhibitId] = []
        status, why = await self._ask(stream.played or stream.url, watched.intermediary, exhibits)
        now = self._journal.now()
        served = status is not None and status < 400
        if served and watched.entry.valid_until <= now:
            self._expire(
                watched,
                now,
                seen=message("entry-expired.served-again", intermediary=watched.intermediary.name),
                why=None,
            )
        if served and key in watched.dark and watched.withdrawn_at is not None:
            self._lift(watched, watched.withdrawn_at, now)
        dark = not served
        if dark:
            direct, _ = await self._ask(stream.played or stream.url, None, exhibits)
            if direct is None or direct >= 400:
                dark, why = False, message("dark-probe.unreachable")
        if dark:
            watched.dark.add(key)
        else:
            watched.dark.discard(key)
        await self._journal.write_aside(
            DarkProbe(
                url=key,
                target=watched.entry.target,
                intermediary=watched.intermediary.name,
                at=now,
                dark=dark,
                why=why,
                exhibits=tuple(exhibits),
            )
        )

    def _lift(self, watched: Watched, withdrawn_at: datetime, now: datetime) -> None:
        if watched.expired:
            return
        watched.expired = True
        name = watched.intermediary.name
        self._journal.write(
            BlockLifted(
                referral=watched.referral,
                target=watched.entry.target,
                intermediary=name,
                withdrawn_at=withdrawn_at,
                seen=message("entry-expired.served-again", intermediary=name),
                at=now,
            )
        )

    def _expire(
        self, watched: Watched, now: datetime, *, seen: Message | None, why: Message | None
    ) -> None:
        if watched.expired:
            return
        watched.expired = True
        self._journal.write(
            EntryExpired(
                referral=watched.referral,
                target=watched.entry.target,
                intermediary=watched.intermediary.name,
                at=now,
                seen=seen,
                why=why,
            )
        )

    async def _ask(
        self, url: str, through: Intermediary | None, exhibits: list[ExhibitId]
    ) -> tuple[int | None, Message]:
        fetcher = Capturing(self._fetcher, self._journal, named("look"), into=exhibits)
        proxy, vantage = (
            (None, None) if through is None else (revealed(through.proxy), through.name)
        )
        try:
            answer = await fetcher.fetch(url, limits=LOOK, proxy=proxy, vantage=vantage)
        except SourceError as error:
            return None, message("dark-probe.no-answer", detail=str(error)[:MOST_DETAIL])
        return answer.status, message(
            "dark-probe.answered", status=str(answer.status), host=host_of(answer.url)
        )
