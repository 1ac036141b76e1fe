"""What sources offer: streams appear, move and vanish, and mine are told one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from cautery.catalogue import Listing, Resolution, Resolver
from cautery.formats.diff import Listed, compare
from cautery.model import Offer, RedactedUrl, host_of
from cautery.model.records import StreamAppeared, StreamResolved, StreamVanished
from cautery.model.screen import without_pseudonyms
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.sources.differences import MOST_SINGLE, record_changes
from cautery.workflows.watch.sources.screening import ListedStream
from cautery.workflows.watch.streams import Stream

_AT_ONCE = 2_000
"""Streams that are taken up before others have a turn: a hostile list has half a million."""


class Offered:
    """Every stream that any source lists, and from which reading to which it did.

    Parameters
    ----------
    streams : dict of str to Stream
        Of the watch, by redacted URL; filled here.
    lists : dict of str to set of str
        By source, the redacted URLs that it lists now; filled here.
    restored : dict of str to Stream
        Of an earlier run: each comes back to life when a source names it again.
    """

    def __init__(
        self,
        resolver: Resolver,
        streams: dict[str, Stream],
        lists: dict[str, set[str]],
        *,
        journal: Journal,
        restored: dict[str, Stream],
    ) -> None:
        self._resolver = resolver
        self._streams = streams
        self._lists = lists
        self._journal = journal
        self._restored = restored
        self._readings: dict[str, list[Listed]] = {}
        self._resolving = asyncio.Lock()

    def recall(self, source: str, reading: list[Listed]) -> None:
        """Take up what a source listed in an earlier run, to compare the next reading with."""
        self._readings[source] = reading

    async def take(
        self, source: str, listing: Sequence[ListedStream], *, quiet: bool = False
    ) -> None:
        """Compare what a source lists now with what it listed before, and record what differs.

        Parameters
        ----------
        source : str
            Its redacted location.
        quiet : bool
            The same reading again, out of an archive: streams come to life, nothing is recorded
            of the source.
        """
        now = self._journal.now()
        web = [entry for entry in listing if entry.url.startswith(("http://", "https://"))]
        listed = listed_of(web)
        keys = {row.place for row in listed}
        vanished = self._lists.get(source, set()) - keys
        new: dict[str, ListedStream] = {}
        for entry in web:
            earlier_stream = self._streams.get(entry.place)
            if earlier_stream is not None:
                earlier_stream.live = True
            else:
                new.setdefault(entry.place, entry)
        unknown = list(new.values())
        for at in range(0, len(unknown), _AT_ONCE):
            await self._appear(
                unknown[at : at + _AT_ONCE], source, now, singly=len(unknown) <= MOST_SINGLE
            )
        self._lists[source] = keys
        elsewhere = set[str]().union(
            *(listed_keys for name, listed_keys in self._lists.items() if name != source)
        )
        before = self._readings.get(source)
        self._readings[source] = listed
        if before is not None and not quiet:
            record_changes(source, compare(before, listed), journal=self._journal)
        urls_gone = sorted(vanished - elsewhere)
        for key in urls_gone:
            self._streams[key].live = False
        self._journal.write_all(
            StreamVanished(url=key, source=source, at=now)
            for key in urls_gone
            if self._streams[key].told
        )

    async def _appear(
        self,
        unknown: Sequence[ListedStream],
        source: str,
        now: datetime,
        *,
        singly: bool,
    ) -> None:
        """Take up streams, resolved together; what an earlier run knew is told if it is new.

        Parameters
        ----------
        singly : bool
            Tell those that are not mine, too.
        """
        async with self._resolving:  # its resolver has room for the work of one
            offers = await asyncio.to_thread(self._offers, unknown)
        appeared: list[Stream] = []
        for entry, offer in zip(unknown, offers, strict=True):
            key = entry.place
            if (earlier_stream := self._streams.get(key)) is not None:  # by another list meanwhile
                earlier_stream.live = True
                continue
            earlier = self._restored.pop(key, None)
            if earlier is not None:
                self._wake(earlier, entry, offer)
                continue
            stream = Stream(
                url=entry.url,
                key=key,
                host=host_of(entry.url),
                title=entry.title,
                source=source,
                first_seen=now,
                offer=offer,
            )
            self._streams[key] = stream
            has_right = offer is not None and offer.right is not None
            if has_right or singly:
                appeared.append(stream)
        # On the loop: no prober may record a look at a stream before this has recorded the stream.
        tell(appeared, self._journal)

    def _wake(self, earlier: Stream, entry: ListedStream, offer: Offer | None) -> None:
        """Bring a stream of an earlier run to life; other fixtures may make another offer of it."""
        earlier.url = entry.url
        earlier.live = True
        earlier.due = min(earlier.due, self._journal.now())  # a stranger may date it ahead
        self._streams[earlier.key] = earlier
        was = earlier.offer.right if earlier.offer is not None else None
        if (offer.right if offer is not None else None) != was:
            earlier.offer = offer
            self._journal.write(
                StreamResolved(url=earlier.key, offer=offer, at=self._journal.now())
            )

    def _offers(self, unknown: Sequence[ListedStream]) -> list[Offer | None]:
        """Resolve titles; hostile ones, and their groups, take seconds a megabyte."""
        resolutions = self._resolver.resolve_all(
            Listing(title=without_pseudonyms(entry.title or ""), group=entry.group)
            for entry in unknown
        )
        return [
            _offer(entry.place, entry.title, resolution)
            for entry, resolution in zip(unknown, resolutions, strict=True)
        ]


def listed_of(streams: Iterable[ListedStream]) -> list[Listed]:
    """Return streams as they are compared, reading by reading."""
    return [Listed(entry.place, entry.title) for entry in streams]


def _offer(key: str, title: str | None, resolution: Resolution) -> Offer | None:
    if not title:
        return None
    return Offer(
        url=RedactedUrl(key),
        title=title,
        right=resolution.right,
        probability=resolution.probability,
        why=resolution.why,
    )


def tell(streams: Iterable[Stream], journal: Journal) -> None:
    """Record that streams appeared, once: at once, or when each is first looked at."""
    news = [stream for stream in streams if not stream.told]
    for stream in news:
        stream.told = True
    journal.write_all(
        StreamAppeared(
            url=stream.key,
            title=stream.title,
            source=stream.source,
            host=stream.host,
            at=stream.first_seen,
            offer=stream.offer,
        )
        for stream in news
    )
