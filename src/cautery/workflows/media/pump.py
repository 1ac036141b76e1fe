"""Fingerprint references up to the live edge, and keep their newest bytes on the tape.

First the whole DVR window of each reference feed is taken in, then whatever is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from cautery.errors import CauteryError, InputError, SourceError
from cautery.formats.hls import MediaPlaylist, Segment
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.volumes import AnyReferences
from cautery.model import Decoded, Limits, Mandate, OwnLocation, hide_at_birth
from cautery.model.ports import Decoder, Engine, Readers, Streams, VerifiedFetcher
from cautery.workflows.media.fetching import fetch_segments, is_playlist, read_media_playlist
from cautery.workflows.media.ref_files import in_files, take_file
from cautery.workflows.media.sent import SentStream
from cautery.workflows.media.tape import Tape
from cautery.workflows.media.unchanged import ReadOnce

BATCH_S = 48.0
"""Media seconds decoded at once: enough to spread the cost of opening, little to wait for."""
MAX_FILE_BYTES = 1_500_000_000
RECORDING = Limits(max_bytes=64 << 20, total_s=120.0)
"""Of a work on a server: what the decoder takes at once. A longer one is an ended playlist there,
or a file here."""
_STALL_S = 30.0
"""A playlist that has had nothing new for this long, or for three of its target durations, stalls:
a server that is slow for a moment is none of an analyst's business."""
_APART_S = 30.0
"""Sound and pictures that are served apart share a clock; further apart than this, they do not."""
_NO_STAMPS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where one reference comes from."""

    info: ReferenceInfo
    location: OwnLocation
    pictures: bool

    def __post_init__(self) -> None:
        hide_at_birth(self)

    @property
    def fetched(self) -> bool:
        """Whether we ask for it, instead of being sent it."""
        return _begins(self.location, "http://", "https://")

    @property
    def live(self) -> bool:
        """Whether more is to come: of a URL, unless it is a work's; that is taken in once."""
        return _is_url(self.location) and self.info.kind != "work"


def no_references() -> InputError:
    """Return what is said of a mandate against which nothing can be compared."""
    return InputError(
        "the mandate names no reference media, so nothing can be identified",
        hint="Add clean_feed to an [[event]] or [[fixtures]], or reference to a [[channel]] or "
        "[[work]].",
    )


def feeds_of(mandate: Mandate) -> tuple[Feed, ...]:
    """List the references of a mandate.

    Pictures are kept for events (the clean feed's pictures are the right, the licensees' graphics
    tell them apart), works and files; a linear channel is recognised by its sound.

    There may be none as long as calendars, which bring events, are still to be fetched.

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
    if not (feeds or mandate.calendars):
        raise no_references()
    return tuple(feeds)


class Pump:
    """Takes reference media in, and goes on while the watch lasts.

    Parameters
    ----------
    tape : Tape or None
        Where bytes are kept for the proof, if any is wanted.
    streams : Streams or None
        For feeds that are sent to us.
    fail : callable
        Called with ``"reference"``, the id, and what befell it.
    stamps_s : mapping of str to float
        By feed that was heard before, elsewhere, the reference time of its own stamp 0: it goes on
        on the same axis, and what comes in again is known to be the same.
    """

    def __init__(
        self,
        references: AnyReferences,
        tape: Tape | None,
        *,
        fetcher: VerifiedFetcher,
        readers: Readers,
        decoder: Decoder,
        engine: Engine,
        fail: Callable[[str, str, Exception], object],
        streams: Streams | None = None,
        stamps_s: Mapping[str, float] = _NO_STAMPS,
    ) -> None:
        self._references = references
        self._earlier_s = dict(stamps_s)
        self._tape = tape
        self._fetcher = fetcher
        self._readers = ReadOnce(readers)
        self._streams = streams
        self._decoder = decoder
        self._engine = engine
        self._fail = fail
        self._next: dict[tuple[str, str], int] = {}
        self._edge_s: dict[tuple[str, str], float] = {}
        self._grew_s: dict[str, float] = {}
        self._stalled: set[str] = set()
        self._playlist: dict[str, tuple[str, str | None]] = {}
        self._anchor_s: dict[str, float] = {}
        self._sent_streams: dict[str, SentStream] = {}
        self.heard_s: dict[str, float] = {}
        self.heard_until: dict[str, float] = {}
        """By feed, the epoch second until which its media are in the references."""
        self.ended: set[str] = set()
        """Feeds that say that nothing more comes."""

    async def fill(self, feeds: Iterable[Feed]) -> None:
        """Take in every file and every DVR window; a feed that fails is recorded, not fatal.

        What is sent to us has no past: it is followed only. A ``.ref`` file is read once, however
        many feeds it holds.
        """
        files, others = in_files(feeds)
        await asyncio.gather(
            *(take_file(path, names, self._references, engine=self._engine, fail=self._fail)
              for path, names in files.items()),
            *(self._try(feed) for feed in others if not _is_sent(feed.location)),
        )  # fmt: skip

    async def follow(self, feed: Feed) -> None:
        """Take in what is new of a live feed, for ever."""
        while True:
            wait_s = await self._try(feed)
            await asyncio.sleep(wait_s)

    async def _try(self, feed: Feed) -> float:
        try:
            if _is_sent(feed.location):
                await self._take_sent(feed)
            elif feed.live:
                return await self._take_live(feed)
            elif _is_url(feed.location):
                await self._take_recording(feed)
            else:
                await self._take_file(feed)
        except (CauteryError, OSError) as error:
            self._fail("reference", feed.info.id, error)
        return 3.0

    async def _take_sent(self, feed: Feed) -> None:
        if self._streams is None:
            raise SourceError("streams that are sent to us cannot be used here")
        name = feed.info.id
        sent_stream = self._sent_streams.setdefault(
            name,
            SentStream(
                name,
                pictures=feed.pictures,
                references=self._references,
                decoder=self._decoder,
                engine=self._engine,
                told=partial(self._fail, "reference", name),
                heard=partial(self._heard, name),
            ),
        )
        await sent_stream.follow(self._streams.listen(feed.location.reveal()))

    async def _take_file(self, feed: Feed) -> None:
        path = Path(feed.location.reveal())
        data = await asyncio.to_thread(_whole, path)
        decoded = await self._decoder.decode(data, pictures=feed.pictures)
        await self._add(feed.info.id, decoded, 0.0)
        self._heard(
            feed.info.id, data, 0.0, decoded.duration_s, media_start_s(decoded), decoded.duration_s
        )

    async def _take_recording(self, feed: Feed) -> None:
        """Take in a work that lies on a server, as an ended playlist or as a file, from 0 on."""
        first = await self._fetcher.fetch(feed.location.reveal(), limits=RECORDING)
        if first.status != 200:
            raise SourceError(f"the server answered {first.status} to the request for a recording")
        name = feed.info.id
        if not is_playlist(first):
            decoded = await self._decoder.decode(first.body, pictures=feed.pictures)
            await self._add(name, decoded, 0.0)
            end_s = decoded.duration_s
            self._heard(name, first.body, 0.0, end_s, media_start_s(decoded), end_s)
            return
        _, playlist, sound_url = await read_media_playlist(
            first.url, fetcher=self._fetcher, readers=self._readers, first=first
        )
        if not playlist.ended:
            raise SourceError(
                "the reference of a work must be a recording, but this playlist is live"
            )
        tracks = [(playlist, "both" if sound_url is None else "pictures")]
        if sound_url is not None:
            _, beside, _ = await read_media_playlist(
                sound_url, fetcher=self._fetcher, readers=self._readers
            )
            tracks.insert(0, (beside, "sound"))
        for track, what in tracks:
            start_s = 0.0
            for batch in _batches(track.segments):
                await self._hear(feed, batch, start_s, what=what)
                start_s += sum(segment.duration_s for segment in batch)

    async def _take_live(self, feed: Feed) -> float:
        """Take in what is new; where the sound is served apart, sound first: it ties the clock."""
        name = feed.info.id
        url, sound_url = self._playlist.get(name, (feed.location.reveal(), None))
        answers, playlist, apart = await read_media_playlist(
            url, fetcher=self._fetcher, readers=self._readers
        )
        sound_url = sound_url or apart
        (self.ended.add if playlist.ended else self.ended.discard)(name)
        self._playlist[name] = (answers[-1].url, sound_url)
        wait_s = max((playlist.target_s or 2.0) / 2, 0.5)
        asked_s = answers[-1].answered_at.timestamp()
        if sound_url is None:
            await self._take_new(feed, playlist, asked_s, what="both")
            return wait_s
        beside, tracks, _ = await read_media_playlist(
            sound_url, fetcher=self._fetcher, readers=self._readers
        )
        heard_s = beside[-1].answered_at.timestamp()
        await self._take_new(feed, tracks, heard_s, what="sound")
        if feed.pictures:
            await self._take_new(feed, playlist, asked_s, what="pictures")
        return wait_s

    async def _take_new(
        self, feed: Feed, playlist: MediaPlaylist, asked_s: float, *, what: str
    ) -> None:
        # We break no access control, not even of a feed that its owner names.
        if playlist.drm:
            raise SourceError(f"under DRM ({', '.join(playlist.drm)}); give it unencrypted")
        track = (feed.info.id, what)
        next_number = self._next.get(track)
        fresh = [
            segment
            for segment in playlist.segments
            if next_number is None or segment.sequence >= next_number
        ]
        if what != "pictures":  # they are beside the sound
            self._watch(feed.info.id, playlist, asked_s, grows=bool(fresh))
        if not fresh:
            if (
                playlist.segments
                and next_number is not None
                and playlist.segments[-1].sequence < next_number - 1
            ):
                self._next.pop(track)
                self._say(feed.info.id, "a new run begins: its playlist counts from another number")
            return
        if next_number is not None and (missed := fresh[0].sequence - next_number):
            self._say(feed.info.id, f"a new run begins: {missed} segments of its playlist are gone")
        start_s = asked_s - sum(segment.duration_s for segment in fresh)
        # Media that go on without a gap follow the playlist's durations. The moment of each fetch
        # says only to within a poll when a segment appeared, and would shift the reference's clock.
        if next_number is not None and fresh[0].sequence == next_number:
            start_s = self._edge_s[track]
        for batch in _batches(fresh):
            start_s = await self._hear(feed, batch, start_s, what=what)
            start_s += sum(segment.duration_s for segment in batch)
        self._next[track] = fresh[-1].sequence + 1
        self._edge_s[track] = start_s

    def _watch(self, name: str, playlist: MediaPlaylist, asked_s: float, *, grows: bool) -> None:
        """Say once that a playlist does not grow any more, and that it does again."""
        if grows or playlist.ended:
            self._grew_s[name] = asked_s
            if name in self._stalled:
                self._stalled.discard(name)
                self._say(name, "data arrive again")
            return
        still_s = asked_s - self._grew_s.setdefault(name, asked_s)
        if still_s >= max(_STALL_S, 3 * (playlist.target_s or 0.0)) and name not in self._stalled:
            self._stalled.add(name)
            self._say(name, f"it stalls: its playlist has had nothing new for {still_s:.0f} s")

    def _say(self, name: str, text: str) -> None:
        self._fail("reference", name, SourceError(text))

    async def _hear(
        self, feed: Feed, batch: tuple[Segment, ...], start_s: float, *, what: str
    ) -> float:
        """Take in a batch; return where it begins, which its own stamps may tell better."""
        name = feed.info.id
        data, lost_s = await fetch_segments(batch, fetcher=self._fetcher)
        start_s += lost_s
        decoded = await self._decoder.decode(data, pictures=feed.pictures and what != "sound")
        stamp_s = media_start_s(decoded)
        if what == "pictures":
            # Its own sound, if any, is not what is heard; its time stamps are the sound's.
            decoded = replace(decoded, audio=decoded.audio[:0])
            stamp_s = media_start_s(decoded)
            tied_s = self._anchor_s.get(name, start_s - stamp_s) + stamp_s
            start_s = tied_s if abs(tied_s - start_s) < _APART_S else start_s
        else:
            earlier_s = self._earlier_s.pop(name, None)
            if earlier_s is not None and abs(earlier_s + stamp_s - start_s) < _APART_S:
                start_s = earlier_s + stamp_s
            self._anchor_s[name] = start_s - stamp_s
        await self._add(name, decoded, start_s)
        seconds = sum(segment.duration_s for segment in batch) - lost_s
        if what != "pictures":
            self.heard_until[name] = start_s + seconds
        if what == "sound" and feed.pictures:  # the proof shows pictures: theirs are the bytes kept
            self.heard_s[name] = self.heard_s.get(name, 0.0) + seconds
            return start_s - lost_s
        new_s = 0.0 if what == "pictures" else seconds
        self._heard(name, data, start_s, start_s + seconds, stamp_s, new_s)
        return start_s - lost_s

    async def _add(self, name: str, decoded: Decoded, at_s: float) -> None:
        await self._engine.run(partial(self._references.add, name, decoded, at_s=at_s))

    def _heard(  # noqa: PLR0917 - a piece's times, in their order
        self, name: str, data: bytes, start_s: float, end_s: float, media_s: float, new_s: float
    ) -> None:
        self.heard_s[name] = self.heard_s.get(name, 0.0) + new_s
        self.heard_until[name] = max(self.heard_until.get(name, end_s), end_s)
        if self._tape is not None:
            self._tape.keep(name, data, start_s=start_s, end_s=end_s, media_s=media_s)


def _batches(segments: Sequence[Segment]) -> Iterator[tuple[Segment, ...]]:
    """Yield runs of segments of some :data:`BATCH_S`."""
    batch: list[Segment] = []
    for segment in segments:
        batch.append(segment)
        if sum(segment.duration_s for segment in batch) >= BATCH_S:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def media_start_s(decoded: Decoded) -> float:
    """Return the first media time of decoded sound or, without sound, pictures."""
    if decoded.audio.size or not decoded.luma_s.size:
        return decoded.audio_s
    return float(decoded.luma_s[0])


def _is_url(location: OwnLocation) -> bool:
    return _begins(location, "http://", "https://") or _is_sent(location)


def _is_sent(location: OwnLocation) -> bool:
    return _begins(location, "udp://", "srt://")


def _begins(location: OwnLocation, *schemes: str) -> bool:
    return location.reveal().lower().startswith(schemes)


def _whole(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes")
    return path.read_bytes()
