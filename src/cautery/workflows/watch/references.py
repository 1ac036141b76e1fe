"""Keep the references heard up to the live edge, and their bytes at hand for the proof.

First the whole DVR window of each reference feed is taken in, then whatever is new. The bytes lie
on a tape outside the case; what a verdict rests on is copied from it into the vault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cautery.errors import CauteryError, InputError, SourceError
from cautery.identify.references import ReferenceInfo, References
from cautery.model import Decoded, Mandate
from cautery.model.ports import Decoder, Engine, Fetcher
from cautery.watch.hls import MediaPlaylist, Segment
from cautery.workflows.watch.fetching import fetch_segments, read_media_playlist
from cautery.workflows.watch.journal import Journal

BATCH_S = 48.0
"""Media seconds decoded at once: enough to spread the cost of opening, little to wait for."""
MAX_FILE_BYTES = 1_500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where one reference comes from."""

    info: ReferenceInfo
    location: str
    pictures: bool

    @property
    def live(self) -> bool:
        """Whether it is a URL; files are taken in once."""
        return _is_url(self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes of a reference on the tape, and the reference time that they cover.

    ``media_s`` is the bytes' own time at ``start_s``.
    """

    path: Path
    start_s: float
    end_s: float
    media_s: float


@dataclass(slots=True)
class Tape:
    """The last minutes of each reference as bytes, in a folder of their own."""

    folder: Path
    window_s: float
    _pieces: dict[str, list[Piece]] = field(default_factory=dict)
    _count: int = 0

    def keep(
        self, reference: str, data: bytes, *, start_s: float, end_s: float, media_s: float
    ) -> None:
        """Add bytes, and let go of those that left the window."""
        self._count += 1
        path = self.folder / f"{self._count}.media"
        path.write_bytes(data)
        pieces = self._pieces.setdefault(reference, [])
        pieces.append(Piece(path=path, start_s=start_s, end_s=end_s, media_s=media_s))
        while pieces and pieces[0].end_s < end_s - self.window_s:
            pieces.pop(0).path.unlink(missing_ok=True)

    def at(self, reference: str, moment_s: float) -> Piece | None:
        """Return the piece that covers a reference time."""
        return next(
            (one for one in self._pieces.get(reference, []) if one.start_s <= moment_s < one.end_s),
            None,
        )


def feeds_of(mandate: Mandate) -> tuple[Feed, ...]:
    """List the references of a mandate.

    Pictures are kept for events (the clean feed's pictures are the right, the licensees' graphics
    tell them apart), works and files; a linear channel is recognised by its sound.

    A file has no live edge: its times are its own, from 0, so whatever it stands for is searched
    whole, as a work is, and never forgotten. Only feeds are searched in a window around now.
    """
    feeds: list[Feed] = []
    for event in mandate.events:
        if event.clean_feed is not None:
            info = ReferenceInfo(
                id=f"event:{event.id}",
                event=event.id,
                clean=True,
                territory=None,
                kind="event" if _is_url(event.clean_feed) else "work",
            )
            feeds.append(Feed(info=info, location=event.clean_feed, pictures=True))
    for channel in mandate.channels:
        if channel.reference is not None:
            info = ReferenceInfo(
                id=channel.id,
                event=channel.event,
                clean=False,
                territory=channel.territory,
                kind="channel" if _is_url(channel.reference) else "work",
            )
            pictures = channel.event is not None or not _is_url(channel.reference)
            feeds.append(Feed(info=info, location=channel.reference, pictures=pictures))
    for work in mandate.works:
        if work.reference is not None:
            info = ReferenceInfo(id=work.id, event=None, clean=False, territory=None, kind="work")
            feeds.append(Feed(info=info, location=work.reference, pictures=True))
    if not feeds:
        raise InputError(
            "the mandate gives no reference media, so nothing can be identified",
            hint="Add clean_feed to an [[event]] or reference to a [[channel]] or [[work]].",
        )
    return tuple(feeds)


class Pump:
    """Takes reference media in, and goes on while the watch lasts."""

    def __init__(
        self,
        references: References,
        tape: Tape,
        *,
        fetcher: Fetcher,
        decoder: Decoder,
        engine: Engine,
        journal: Journal,
    ) -> None:
        self._references = references
        self._tape = tape
        self._fetcher = fetcher
        self._decoder = decoder
        self._engine = engine
        self._journal = journal
        self._next: dict[str, int] = {}
        self._edge_s: dict[str, float] = {}
        self._playlist: dict[str, str] = {}
        self.heard_s: dict[str, float] = {}

    async def fill(self, feeds: Iterable[Feed]) -> None:
        """Take in every file and every DVR window; a feed that fails is recorded, not fatal."""
        await asyncio.gather(*(self._try(feed) for feed in feeds))

    async def follow(self, feed: Feed) -> None:
        """Take in what is new of a live feed, for ever."""
        while True:
            wait_s = await self._try(feed)
            await asyncio.sleep(wait_s)

    async def _try(self, feed: Feed) -> float:
        try:
            if feed.live:
                return await self._take_live(feed)
            await self._take_file(feed)
        except (CauteryError, OSError) as error:
            self._journal.fail("reference", feed.info.id, error)
        return 3.0

    async def _take_file(self, feed: Feed) -> None:
        path = Path(feed.location)
        if path.suffix == ".ref":
            await self._engine.run(self._references.adopt, feed.info.id, path)
            return
        data = await asyncio.to_thread(_whole, path)
        decoded = await self._decoder.decode(data, pictures=feed.pictures)
        await self._engine.run(partial(self._references.add, feed.info.id, decoded, at_s=0.0))
        self._tape.keep(
            feed.info.id,
            data,
            start_s=0.0,
            end_s=decoded.duration_s,
            media_s=media_start_s(decoded),
        )
        self.heard_s[feed.info.id] = decoded.duration_s

    async def _take_live(self, feed: Feed) -> float:
        playlist, asked_s = await self._read(feed)
        reference = feed.info.id
        known = self._next.get(reference)
        fresh = [one for one in playlist.segments if known is None or one.sequence >= known]
        if not fresh:
            return max((playlist.target_s or 2.0) / 2, 0.5)
        held = sum(one.duration_s for one in fresh)
        start_s = asked_s - held
        if known is not None and fresh[0].sequence == known:
            start_s = self._edge_s[reference]
        batch: list[Segment] = []
        for at, one in enumerate(fresh):
            batch.append(one)
            batch_s = sum(each.duration_s for each in batch)
            if batch_s >= BATCH_S or at == len(fresh) - 1:
                await self._hear(feed, tuple(batch), start_s)
                start_s += batch_s
                batch = []
        self._next[reference] = fresh[-1].sequence + 1
        self._edge_s[reference] = start_s
        return max((playlist.target_s or 2.0) / 2, 0.5)

    async def _read(self, feed: Feed) -> tuple[MediaPlaylist, float]:
        url = self._playlist.get(feed.info.id, feed.location)
        answers, playlist, sound = await read_media_playlist(url, fetcher=self._fetcher)
        if sound is not None:
            raise SourceError("a reference whose sound is served apart; give the muxed rendition")
        self._playlist[feed.info.id] = answers[-1].url
        return playlist, answers[-1].answered_at.timestamp()

    async def _hear(self, feed: Feed, batch: tuple[Segment, ...], start_s: float) -> None:
        data, lost_s = await fetch_segments(batch, fetcher=self._fetcher, journal=None, exhibits=[])
        start_s += lost_s
        decoded = await self._decoder.decode(data, pictures=feed.pictures)
        await self._engine.run(partial(self._references.add, feed.info.id, decoded, at_s=start_s))
        seconds = sum(one.duration_s for one in batch) - lost_s
        self._tape.keep(
            feed.info.id,
            data,
            start_s=start_s,
            end_s=start_s + seconds,
            media_s=media_start_s(decoded),
        )
        self.heard_s[feed.info.id] = self.heard_s.get(feed.info.id, 0.0) + seconds


def media_start_s(decoded: Decoded) -> float:
    """Return the first media time of decoded sound or, without sound, pictures."""
    if decoded.audio.size or not decoded.luma_s.size:
        return decoded.audio_s
    return float(decoded.luma_s[0])


def _is_url(location: str) -> bool:
    return location.startswith(("http://", "https://"))


def _whole(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path}: over {MAX_FILE_BYTES:,} bytes")
    return path.read_bytes()
