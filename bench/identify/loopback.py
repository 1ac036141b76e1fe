"""The loopback row of ``identify.py``: probes a minute and core, from fetching to what was heard.

A server in a process of its own, which is not counted, offers live HLS streams on loopback, each at
an address of its own: AAC 96k stereo in MPEG-TS, half of the streams with 720p pictures beside the
sound. Half of them are of the references, half of other music. A probe is what ``cautery watch``
does: its HTTP client, its reading of playlists, its decoder in a child process (counted), and its
search in the index of full size. Nothing is sealed: that is the disk's time. It has the goal's 10 s
(two segments) or the watch's own 12 (three).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import cost
import footage
import numpy as np
import system
from media import Library, at_once, cache

from cautery.adapters.clock import SystemClock
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.dns import DnsNames
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.http import SuspectClient
from cautery.formats.hls import MediaPlaylist, read_hls
from cautery.formats.mpegts import without_pictures
from cautery.identify.observe import observe
from cautery.lab.readers import ReadersHere
from cautery.model import NetworkPolicy, Observation
from cautery.workflows.media.fetching import fetch_newest, newest
from cautery.workflows.watch.probing.looks import PROBE_S

if TYPE_CHECKING:
    from settings import Run

    from cautery.identify.ladder import Effort
    from cautery.identify.references.held import References

SEGMENTS_S = {10.0: 5, PROBE_S: 4}
"""Seconds of a segment by those of a probe, which takes whole segments."""
STREAM_S = 25
"""Of which a stream has what whole segments there are."""
_AT_ONCE = 4
_ROUNDS = 3
_WARMING = 6
_EFFORTS: tuple[tuple[Effort, int], ...] = (("quick", _ROUNDS), ("full", 1))
_GOALS = "2,700 (3,500)"
_SERVER = """
import sys
from aiohttp import web
app = web.Application()
app.router.add_static("/", sys.argv[1])
web.run_app(app, host="0.0.0.0", port=int(sys.argv[2]), print=None, access_log=None)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream and its truth; ``channel`` is ``None`` where no reference holds it.

    Parameters
    ----------
    seconds : float
        Of a probe of it.
    """

    number: int
    seconds: float
    channel: str | None
    pictures: bool
    path: str
    start_s: float

    @property
    def folder(self) -> Path:
        """Where its playlist and segments lie."""
        of = "matched" if self.channel else "other"
        name = f"{of}-{self.number:03d}-{'av' if self.pictures else 'a'}-{self.seconds:g}s"
        return cache() / "loopback" / name

    @property
    def segment_s(self) -> int:
        """Seconds of its segments."""
        return SEGMENTS_S[self.seconds]

    def url(self, port: int) -> str:
        """Return where it is served: at an address of its own, as streams are."""
        return f"http://127.0.1.{self.number + 1}:{port}/{self.folder.name}/live.m3u8"


def planned(library: Library, count: int, seconds: float) -> list[Stream]:
    """Draw streams: half of references, half not; of each half, every other one with pictures."""
    pieces = [(one, piece) for one in library.channels for piece in one.pieces
              if piece.seconds > STREAM_S + 1]  # fmt: skip
    others = [one for one in library.role("test-negative")
              if one.kind == "music" and one.seconds > STREAM_S + 1]  # fmt: skip
    streams = []
    for number in range(count):
        rng = np.random.default_rng([15, number])
        pictures = number // 2 % 2 == 0
        if number % 2 == 0:
            channel, piece = pieces[int(rng.integers(len(pieces)))]
            source, room_s = library.sources[piece.source], piece.seconds - STREAM_S
            start_s = piece.source_s + float(rng.uniform(0, room_s))
            name: str | None = channel.id
        else:
            source, name = others[int(rng.integers(len(others)))], None
            start_s = float(rng.uniform(0, source.seconds - STREAM_S))
        streams.append(
            Stream(number=number, seconds=seconds, channel=name, pictures=pictures,
                   path=source.path, start_s=round(start_s, 2))
        )  # fmt: skip
    return streams


def _scenery(film: Path, segment_s: int) -> Path:
    """Return real pictures at 720p, coded once as television is, 2.5 Mbit/s, in segments."""
    out = cache() / "loopback" / f"scenery-{segment_s}s.ts"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        part = out.with_suffix(".part.ts")
        ffmpeg(
            "-stream_loop", "-1", "-i", film, "-an", "-t", STREAM_S, "-vf", "scale=1280:720,fps=25",
            "-c:v", "libx264", "-preset", "veryfast", "-b:v", "2500k", "-maxrate", "2500k",
            "-bufsize", "5000k", "-g", 25 * segment_s, "-keyint_min", 25 * segment_s,
            "-sc_threshold", "0", "-pix_fmt", "yuv420p", part,
        )  # fmt: skip
        part.rename(out)
    return out


def make(stream: Stream, scenery: Path) -> None:
    if (stream.folder / "live.m3u8").exists():
        return
    stream.folder.mkdir(parents=True, exist_ok=True)
    shown = ["-i", scenery, "-map", "0:a", "-map", "1:v", "-c:v", "copy"] if stream.pictures else []
    whole_s = STREAM_S // stream.segment_s * stream.segment_s
    ffmpeg(
        "-ss", stream.start_s, "-t", whole_s, "-i", stream.path, *(shown or ["-vn"]),
        "-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2", "-t", whole_s,
        "-f", "hls", "-hls_time", stream.segment_s, "-hls_list_size", "0",
        "-hls_flags", "omit_endlist", "-hls_segment_filename", stream.folder / "%03d.ts",
        stream.folder / "making.m3u8",
    )  # fmt: skip
    (stream.folder / "making.m3u8").rename(stream.folder / "live.m3u8")


def ffmpeg(*told: object) -> None:
    command = ["nice", "-n", "10", "ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, told)]
    subprocess.run(command, check=True)


@contextlib.contextmanager
def served() -> Iterator[int]:
    port = 8734
    folder = str(cache() / "loopback")
    server = subprocess.Popen([sys.executable, "-c", _SERVER, folder, str(port)])
    try:
        yield port
    finally:
        server.terminate()
        server.wait()


def decoders() -> tuple[int, ...]:
    """Return the process ids of this process's decoders."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            if (
                parent == os.getpid()
                and b"_decoder_child" in status.with_name("cmdline").read_bytes()
            ):
                found.append(int(status.parent.name))
    return tuple(found)


def cpu_s(children: Sequence[int]) -> float:
    """Return the CPU seconds of this process and of its decoders, to a hundredth each."""
    ticks = 0
    for pid in children:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class _Shares:
    """CPU seconds of the stages of probes taken one at a time."""

    fetch: float = 0.0
    decode: float = 0.0
    search: float = 0.0
    count: int = 0


class Prober:
    """What the watch does with a stream, without its records."""

    def __init__(self, held: References, client: SuspectClient, decoder: ChildDecoder) -> None:
        self._held, self._client, self._decoder = held, client, decoder
        self._engine = ThreadEngine(2)
        self.children: tuple[int, ...] = ()

    async def probe(
        self, stream: Stream, port: int, effort: Effort, shares: _Shares | None = None
    ) -> Observation:
        """Fetch, decode and search; ``shares`` takes the stages' costs if nothing else runs."""
        began = cpu_s(self.children) if shares else 0.0
        fetched = await fetch_newest(
            stream.url(port), fetcher=self._client, readers=ReadersHere(), seconds=stream.seconds
        )
        fetched_at = cpu_s(self.children) if shares else 0.0
        decoded = await self._decoder.decode(fetched.data, pictures=False)
        decoded_at = cpu_s(self.children) if shares else 0.0
        seen = await self._engine.run(self._searched, decoded, fetched.at, effort)
        if shares:
            shares.fetch += fetched_at - began
            shares.decode += decoded_at - fetched_at
            shares.search += cpu_s(self.children) - decoded_at
            shares.count += 1
        return seen

    def _searched(self, decoded: object, at: datetime, effort: Effort) -> Observation:
        return observe(decoded, self._held, media_at_s=None, at=at, effort=effort)  # type: ignore[arg-type]


async def _all(
    prober: Prober,
    streams: Sequence[Stream],
    port: int,
    effort: Effort,
    tell: Callable[[int], None],
) -> tuple[float, list[Observation]]:
    """Probe all streams, some at once; return the CPU seconds, and what each gave."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(stream: Stream) -> Observation:
        async with turn:
            seen = await prober.probe(stream, port, effort)
        tell(1)
        return seen

    began = cpu_s(prober.children)
    seen = await asyncio.gather(*(one(stream) for stream in streams))
    return cpu_s(prober.children) - began, seen


@contextlib.asynccontextmanager
async def _prober(held: References) -> AsyncIterator[Prober]:
    policy = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1000.0)
    async with (
        SuspectClient(policy, DnsNames(None), SystemClock()) as client,
        ChildDecoder(workers=2) as decoder,
    ):
        yield Prober(held, client, decoder)


def rows(run: Run) -> list[str]:
    """Measure probes a minute and core."""
    film = footage.found().get("tree.avi")
    if film is None:
        return ["Not measured: no footage (see _identify_footage.py)."]
    streams = [
        one
        for seconds in SEGMENTS_S
        for one in planned(run.library, run.sizes["loopback"], seconds)
    ]
    scenery = {one: _scenery(film, one) for one in SEGMENTS_S.values()}
    progress, tell = run.bar("streams", len(streams))
    with progress:
        for _ in at_once(lambda one: make(one, scenery[one.segment_s]), streams, run.asked.jobs):
            tell(1)
    entries = run.entries()
    held = system.references((one.id, one.load()) for one in entries)
    with served() as port:
        return asyncio.run(_measured(run, held, streams, port, len(entries)))


async def _measured(
    run: Run, held: References, streams: Sequence[Stream], port: int, channels: int
) -> list[str]:
    about = (
        f"{len(streams)} streams, half of them with 720p pictures, "
        f"{channels:,} x 10 min searched whole (no lag window), {_AT_ONCE} probes in hand; CPU of "
        "the prober and its decoders, user and system; not the server's."
    )
    lines = [
        about,
        "",
        f"| probes | N | of the references, named right | a minute and core (goal {_GOALS}) |",
        "| --- | --- | --- | --- |",
    ]
    plans: list[tuple[str, Sequence[Stream], Effort, int]] = []
    for seconds in SEGMENTS_S:
        mine = [one for one in streams if one.seconds == seconds]
        matched = [one for one in mine if one.channel]
        plans.append((f"{seconds:g} s, matched, sound alone", matched, "full", _ROUNDS))
    for effort, rounds in _EFFORTS:
        plans.append((f"{seconds:g} s, half matched, half not, {effort}", mine, effort, rounds))
    progress, tell = run.bar("loopback", sum(len(of) * rounds for _, of, _, rounds in plans))
    async with _prober(held) as prober:
        await wait_for(prober, streams[0], port)
        await asyncio.gather(*(prober.probe(one, port, "full") for one in streams[:_WARMING]))
        prober.children = decoders()  # all of them, once there was work for each
        with progress:
            for title, of, effort, rounds in plans:
                costs, right, asked = [], 0, 0
                for _ in range(rounds):
                    taken, seen = await _all(prober, of, port, effort, tell)
                    costs.append(taken / len(of))
                    right += sum(_right(a, b) for a, b in zip(of, seen, strict=True) if a.channel)
                    asked += sum(one.channel is not None for one in of)
                rate = 60 / median(costs)
                run.note(f"loopback.{title}", rate)
                lines.append(f"| {title} | {len(of) * rounds} | {right} of {asked} | {rate:,.0f} |")
        lines.append("")
        for seconds in SEGMENTS_S:
            matched = [one for one in streams if one.channel and one.seconds == seconds]
            lines.append(await _alone(run, prober, matched, port))
    return lines


async def _alone(run: Run, prober: Prober, matched: Sequence[Stream], port: int) -> str:
    """Measure the stages of probes one at a time, and the bare decoding of the same."""
    shares, bare = _Shares(), []
    for stream in matched:
        await prober.probe(stream, port, "full", shares)
        bare.append(cost.cpu_s(functools.partial(cost.bare, _newest(stream))))
    each = [1000 * one / shares.count for one in (shares.fetch, shares.decode, shares.search)]
    alone = 1000 * float(np.mean(bare))
    seconds = f"{matched[0].seconds:g} s"
    run.note(f"loopback.shares.{seconds}", each)
    run.note(f"loopback.bare.{seconds}", alone)
    return (
        f"- {seconds}, one at a time, matched (N = {shares.count}): fetch {each[0]:.1f} ms, decode "
        f"{each[1]:.1f} ms, search {each[2]:.1f} ms; bare PyAV decode of the same sound "
        f"{alone:.1f} ms, so that a probe costs {sum(each) / alone:.2f} of it."
    )


def _newest(stream: Stream) -> bytes:
    """Return the segments that a probe fetches, without pictures."""
    playlist = read_hls(
        [(stream.folder / "live.m3u8").read_bytes()], base="http://127.0.0.1/live.m3u8"
    )
    assert isinstance(playlist, MediaPlaylist)
    chosen, _ = newest(playlist, stream.seconds, edge_s=0.0)
    names = [one.url.rpartition("/")[2] for one in chosen]
    return without_pictures(b"".join((stream.folder / one).read_bytes() for one in names))


def _right(stream: Stream, seen: Observation) -> bool:
    return bool(seen.witnesses) and seen.witnesses[0].reference == stream.channel


async def wait_for(prober: Prober, stream: Stream, port: int) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + 20
    while True:
        try:
            await prober.probe(stream, port, "quick")
        except Exception:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)
        else:
            return
