"""What a look costs, by what it needs, and what it costs to hear a reference.

The references are a night's: N channels of which the last seven minutes are held, four of them
feeds of one event, with pictures. A dozen of the channels are the lab's sound, fingerprinted; the
landmarks of the others are drawn from these, word by word, at times of their own, so that words are
as common as they are in the dozen, and their bit-error codes are drawn by chance. A real league's
channels differ more from each other than the lab's do: its words are rarer, and its search cheaper.

A server in a process of its own, which is not counted, offers HLS streams on loopback: sound at
96 kbit/s beside pictures at 720p, 25 a second, 2.5 Mbit/s. A look fetches the newest 12 s through
the watch's own client, has its playlist read and its media decoded in children (counted), and
searches. Its captures are not sealed here: that is a cost of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import wave
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from trees import cpu_s, tree
from units import Cost, cost_of

sys.path.append(str(Path(__file__).parents[1] / "identify"))
import loopback
import system

from cautery.adapters.clock import SystemClock
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient, SuspectClient
from cautery.adapters.reading import ReadingPool
from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.identify.ladder import Effort
from cautery.identify.likelihood import above
from cautery.identify.observe import observe
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.live_folder import LiveFolder
from cautery.lab.match import Match
from cautery.lab.pictures import FPS, HEIGHT, WIDTH, Canvas
from cautery.lab.sounds import RATE_HZ, Sound, Voice, crowd, level, music, speech
from cautery.model import Decoded, Limits, NetworkPolicy, Observation
from cautery.workflows.media.fetching import Fetched, fetch_newest
from cautery.workflows.watch.probing.hearing import REFERENCE_WINDOW_S
from cautery.workflows.watch.probing.looks import PROBE_S
from cautery.workflows.watch.sources.jobs import MODULES

NOW = datetime(2026, 11, 30, 20, tzinfo=UTC)
MADE, FEEDS = 12, 4
MATCH_S = 40
SEGMENT_S = 4
TURNS = 15
"""Looks of each kind; the first :data:`WARMING` do not count."""
WARMING = 2
SEGMENT = Limits(max_bytes=16_000_000, total_s=12.0)
NO_LUMA = np.empty((0, 36, 64), np.uint8)
SERVERS: set[int] = set()
"""Children that are not counted."""
UNMATCHED = "unmatched"
KINDS = ("sound settles", "pictures needed", UNMATCHED)


def programme(number: int) -> Sound:
    """Return seven minutes of a channel's sound: talk, music, or a match."""
    rng = np.random.default_rng([17, number])
    if number % 3 == 0:
        sound = music(rng, REFERENCE_WINDOW_S, beat_s=0.4 + 0.02 * number, bright=0.5)
    elif number % 3 == 1:
        sound = speech(rng, REFERENCE_WINDOW_S, Voice.of(rng))
    else:
        sound = crowd(rng, REFERENCE_WINDOW_S)
        sound += level(speech(rng, REFERENCE_WINDOW_S, Voice.of(rng))[: len(sound)], 0.2)
    return np.asarray(sound[: int(REFERENCE_WINDOW_S * RATE_HZ)], np.float32)


def painted(number: int, out: Path) -> Path:
    """Encode a minute of a match that the lab paints."""
    import av  # noqa: PLC0415

    made, canvas = Match(300 + number, MATCH_S * FPS), Canvas()
    with av.open(str(out), "w") as film:
        stream = film.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(MATCH_S * FPS):
            made.paint(index, canvas)
            frame = av.VideoFrame.from_ndarray(canvas.planes, format="yuv420p")
            frame.pts = index
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return out


def resampled(sound: Sound) -> Sound:
    """Return sound as references hear it, 8 kHz."""
    from scipy.signal import resample_poly  # noqa: PLC0415

    return np.asarray(resample_poly(sound, 8000, RATE_HZ), np.float32)


def references(channels: int, made: list[Sound], film: system.Film) -> References:
    """Return a night's references; those that were made come first, then the drawn ones."""
    infos = [
        ReferenceInfo(id=f"feed-{number}", event="match", kind="event" if not number else "channel",
                      clean=number == 0)
        for number in range(FEEDS)
    ]  # fmt: skip
    infos += [ReferenceInfo(id=f"channel-{number}") for number in range(FEEDS, channels)]
    held = References(system.RECIPE, infos, window_s=REFERENCE_WINDOW_S)
    held.set_origin(0.0)
    sounds = [resampled(one) for one in made]
    for number, sound in enumerate(sounds):
        pictured = number < FEEDS
        held.add(
            infos[number].id,
            Decoded(
                audio=sound, audio_s=0.0, duration_s=REFERENCE_WINDOW_S,
                luma=film.luma if pictured else film.luma[:0],
                luma_s=film.times + REFERENCE_WINDOW_S - MATCH_S if pictured else film.times[:0],
            ),
            at_s=0.0,
        )  # fmt: skip
    prints = [system.fingerprint(system.power(sound)) for sound in sounds]
    rng = np.random.default_rng(5)
    frames = int(REFERENCE_WINDOW_S * held.recipe.frames_per_s)
    for number in range(len(sounds), channels):
        words = rng.permutation(prints[number % len(prints)].words)
        at = np.sort(rng.integers(0, frames, len(words))).astype(np.int32)
        held.put(number, Landmarks(words, at), 0, works=False)
        track = held.tracks[number]
        track.codes.adopt(0, rng.integers(0, 1 << 32, frames // WORD_FRAMES, dtype=np.uint32))
        track.first_s, track.end_s = 0.0, REFERENCE_WINDOW_S
    return held


def media(folder: Path) -> tuple[list[Sound], dict[str, loopback.Stream], system.Film]:
    """Make the sounds, a stream of each kind, and the event's pictures."""
    os.environ["CAUTERY_BENCH_CACHE"] = str(folder)
    made = [programme(number) for number in range(MADE)]
    films = [painted(number, folder / f"match-{number}.mp4") for number in range(2)]
    sceneries = [folder / f"match-{number}.ts" for number in range(2)]
    for film, scenery in zip(films, sceneries, strict=True):
        # What stands at the end of the references' seven minutes is what streams show.
        loopback.ffmpeg(
            "-i", film, "-ss", MATCH_S - loopback.STREAM_S, "-vf", "scale=1280:720", "-an",
            "-c:v", "libx264", "-preset", "veryfast", "-b:v", "2500k", "-minrate", "2500k",
            "-maxrate", "2500k", "-bufsize", "2500k", "-x264-params", "nal-hrd=cbr",
            "-g", FPS * SEGMENT_S, "-keyint_min", FPS * SEGMENT_S, "-sc_threshold", "0",
            "-pix_fmt", "yuv420p", scenery,
        )  # fmt: skip
    streams = {}
    strange = programme(MADE)
    for number, (kind, sound) in enumerate(
        zip(KINDS, (made[FEEDS], made[1], strange), strict=True)
    ):
        path = folder / f"{number}.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE_HZ)
            out.writeframes((np.clip(sound, -1, 1) * 32000).astype("<i2").tobytes())
        streams[kind] = loopback.Stream(
            number=number, seconds=PROBE_S, channel=kind, pictures=True, path=str(path),
            start_s=REFERENCE_WINDOW_S - loopback.STREAM_S,
        )  # fmt: skip
        loopback.make(streams[kind], sceneries[kind == UNMATCHED])
    return made, streams, system.film(films[0].read_bytes())


class Looks:
    """What a watch does with a stream, without its records and captures."""

    def __init__(self, held: References, client: SuspectClient, readers: ReadingPool,
                 decoder: ChildDecoder) -> None:  # fmt: skip
        self._held, self._client, self._readers = held, client, readers
        self._decoder = decoder
        self.witnesses: set[str] = set()
        """Kinds of those that the last look names."""

    async def look(self, stream: loopback.Stream, port: int, kind: str) -> int:
        """Look once; return the bytes fetched."""
        fetched = await fetch_newest(
            stream.url(port), fetcher=self._client, readers=self._readers, seconds=stream.seconds
        )
        seen = await self._searched(fetched, pictures=False, effort="quick")
        if kind != "sound settles":
            seen = await self._searched(fetched, pictures=True, effort="full")
        self.witnesses = {one.kind for one in seen.witnesses if above(one)}
        return len(fetched.data)

    async def _searched(self, fetched: Fetched, *, pictures: bool, effort: Effort) -> Observation:
        decoded = await self._decoder.decode(fetched.data, pictures=pictures)
        return await asyncio.to_thread(
            observe, decoded, self._held, media_at_s=REFERENCE_WINDOW_S - 20, at=NOW, effort=effort
        )


async def measured(what: str, unit: str, turns: int, work: Callable[[], Awaitable[int]]) -> Cost:
    """Do something several times; return the CPU of the tree for each, and the bytes fetched."""
    seconds, fetched = [], 0
    for turn in range(turns + WARMING):
        began = cpu_s(SERVERS)
        fetched = await work()
        if turn >= WARMING:
            seconds.append(cpu_s(SERVERS) - began)
    return cost_of(what, unit, seconds, network_bytes=fetched, script="costs.py looks")


async def looks(sizes: list[int], folder: Path) -> list[Cost]:
    """Measure looks of each kind against each size of index, then the hearing of a reference."""
    made, streams, film = media(folder)
    costs = []
    policy = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1000.0)
    names, clock = DnsNames(None), SystemClock()
    async with AsyncExitStack() as stack:
        port = stack.enter_context(loopback.served())
        SERVERS.update(one.pid for one in tree(os.getpid())[1:])
        client = await stack.enter_async_context(SuspectClient(policy, names, clock))
        own = await stack.enter_async_context(PoliteClient(policy, names, clock))
        decoder = await stack.enter_async_context(ChildDecoder(workers=1))
        readers = await stack.enter_async_context(ReadingPool(MODULES, workers=1))
        await loopback.wait_for(
            loopback.Prober(references(FEEDS, made[:FEEDS], film), client, decoder),
            next(iter(streams.values())), port,
        )  # fmt: skip
        for size in sizes:
            before = tree(os.getpid())[0].own_bytes
            held = references(size, made, film)
            looking = Looks(held, client, readers, decoder)
            for kind, stream in streams.items():
                once = partial(looking.look, stream, port, kind)
                costs.append(await measured(f"look.{kind}.{size}", "look", TURNS, once))
                names = ", ".join(sorted(looking.witnesses)) or "none"
                costs[-1] = replace(costs[-1], note=f"witnesses: {names}")
            held_bytes = tree(os.getpid())[0].own_bytes - before
            costs.append(
                cost_of(
                    f"references.{size}", "channel held", [], script="costs.py looks",
                    memory_bytes=held_bytes // size,
                )
            )  # fmt: skip
            if size == max(sizes):
                costs.append(published(made, folder))
                costs += await Hearing(held, own, decoder, port).costs(streams["sound settles"])
    return costs


class Hearing:
    """What is done for a reference that is followed."""

    def __init__(
        self, held: References, own: PoliteClient, decoder: ChildDecoder, port: int
    ) -> None:
        self._held, self._own, self._decoder, self._port = held, own, decoder, port
        self._at_s = dict[str, float]()

    async def costs(self, stream: loopback.Stream) -> list[Cost]:
        """Measure a minute of references of three kinds."""
        shown = stream.folder / "002.ts"
        sound = stream.folder / "sound.ts"
        loopback.ffmpeg("-i", shown, "-map", "0:a", "-c", "copy", sound)
        return [
            await measured(
                f"hear.{name}", "channel and minute", 5,
                partial(self._minute, stream, file, name=reference, pictures=pictures),
            )
            for name, file, pictures, reference in (
                ("sound alone is served", sound, False, "channel-100"),
                ("pictures served, sound heard", shown, False, "channel-101"),
                ("pictures needed", shown, True, "feed-0"),
            )
        ]  # fmt: skip

    async def _minute(
        self, stream: loopback.Stream, file: Path, *, name: str, pictures: bool
    ) -> int:
        """Ask for the playlist and the newest segment, 15 times; return the bytes that came."""
        url, got = stream.url(self._port), 0
        for _ in range(60 // SEGMENT_S):
            listed = await self._own.fetch(url, limits=SEGMENT)
            answer = await self._own.fetch(url.replace("live.m3u8", file.name), limits=SEGMENT)
            got += len(listed.body) + len(answer.body)
            decoded = await self._decoder.decode(answer.body, pictures=pictures)
            at_s = self._at_s.get(name, REFERENCE_WINDOW_S)
            await asyncio.to_thread(self._held.add, name, decoded, at_s=at_s)
            self._at_s[name] = at_s + decoded.duration_s
        return got


def published(made: list[Sound], folder: Path) -> Cost:
    """Measure the bytes that a live folder writes, each of which every node fetches once."""
    infos = [ReferenceInfo(id=f"channel-{number}") for number in range(len(made))]
    sounds = [resampled(one) for one in made]
    written, step, minutes = dict[str, int](), 10 * 8000, 3
    began = time.process_time()
    with LiveFolder(folder / "live.ref", system.RECIPE, infos, REFERENCE_WINDOW_S) as live:
        for first in range(0, minutes * 60 * 8000, step):
            for info, sound in zip(infos, sounds, strict=True):
                part = sound[first : first + step]
                live.references.add(
                    info.id,
                    Decoded(audio=part, audio_s=0.0, luma=NO_LUMA, luma_s=np.empty(0),
                            duration_s=len(part) / 8000),
                    at_s=first / 8000,
                )  # fmt: skip
            live.roll()
            for one in (folder / "live.ref").glob("*.slice"):
                written[one.name] = one.stat().st_size
    spent = (time.process_time() - began) / len(made) / minutes
    return cost_of(
        "publish, sound", "channel and minute", [spent], script="costs.py looks",
        network_bytes=sum(written.values()) // len(made) // minutes,
        note="heard, rolled every 10 s, sealed every minute",
    )  # fmt: skip
