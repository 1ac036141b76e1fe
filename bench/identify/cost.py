"""The cost rows of ``identify.py``: CPU time on one core, ratios from alternating runs, medians."""

from __future__ import annotations

import functools
import io
import subprocess
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import av
import numpy as np
import probes
import system
from media import Library, cache

if TYPE_CHECKING:
    from index import Entry
    from settings import Run

_STREET = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
"""Ten pictures a second, most of which are therefore shown twice or thrice and cost next to nothing
to decode."""
_CARTOON = cache() / "packages" / "video" / "bigbuckbunny.mp4"
"""25 pictures a second, all of which move."""
_TURNS = 7
_FILE_S = 120
_PROBES = 60
_WARMING = 3
"""Probes before the first one that counts."""


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def alternately(*works: Callable[[], object], turns: int = _TURNS) -> list[list[float]]:
    """Run calls in turn, each once unmeasured before; return CPU seconds by call."""
    for work in works:
        work()
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(turns):
        for work, mine in zip(works, taken, strict=True):
            mine.append(cpu_s(work))
    return taken


def stream(library: Library) -> bytes:
    """Return two minutes of a reference as AAC 96k stereo 48 kHz in MPEG-TS."""
    path = cache() / "cost.ts"
    if not path.exists():
        source = next(one for one in library.role("reference") if one.seconds > _FILE_S + 10)
        command = ["ffmpeg", "-v", "error", "-y", "-i", source.path, "-t", str(_FILE_S), "-vn",
                   "-ac", "2", "-ar", "48000", "-c:a", "aac", "-b:a", "96k", str(path)]  # fmt: skip
        subprocess.run(command, check=True)
    return path.read_bytes()


def footage(source: Path, height: int) -> bytes | None:
    """Return 30 s of a film, over again if it is shorter, as H.264 of 25 pictures a second."""
    path = cache() / f"cost-{source.stem}-{height}.ts"
    if not source.exists():
        return None
    if not path.exists():
        command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(source),
                   "-t", "30", "-an",
                   "-vf", f"scale={height * 16 // 9}:{height},fps=25", "-c:v", "libx264",
                   "-preset", "veryfast", "-crf", "24", str(path)]  # fmt: skip
        subprocess.run(command, check=True)
    return path.read_bytes()


def bare(data: bytes, kind: str = "audio") -> None:
    """Decode and drop every frame, with PyAV alone."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.best(kind)
        stream.codec_context.thread_type = "NONE"
        for _ in container.decode(stream):
            pass


def rows(run: Run) -> list[str]:
    """Measure what identification costs."""
    data = stream(run.library)
    lines = ["| cost, one core | measured | must |", "| --- | --- | --- |"]
    lines += _decoding(data, run)
    lines += _picturing(run)
    lines += _searching(run)
    return lines


def _decoding(data: bytes, run: Run) -> list[str]:
    spectrogram = system.power(system.decoded(data))
    decode, path, codes = alternately(
        lambda: bare(data),
        lambda: system.audio_path(data),
        lambda: system.codes(spectrogram),
    )
    ratio = median(p / d for p, d in zip(path, decode, strict=True))
    on_top = median(c / d for c, d in zip(codes, decode, strict=True))
    per_core = _FILE_S / (median(path) + median(codes))
    run.note("cost.path", ratio)
    run.note("cost.codes", on_top)
    run.note("cost.channels", per_core)
    return [
        f"| full audio path / bare PyAV decode ({_FILE_S} s, {_TURNS} turns) | {ratio:.2f} | 2.0 |",
        f"| bit-error codes on top / bare decode | {on_top:.2f} | 0.5 |",
        f"| live channels fingerprinted per core, codes included | {per_core:,.0f} | 900 |",
    ]


def _picturing(run: Run) -> list[str]:
    """Measure pictures to cells, all that is done besides bare decoding of the same film."""
    lines = []
    for source, height in product((_STREET, _CARTOON), (720, 360)):
        data = footage(source, height)
        if data is None:
            lines.append(f"| cells of pictures | not measured: no {source.name} | 5 % |")
            continue
        decode, cells = alternately(
            functools.partial(bare, data, "video"), functools.partial(system.film, data)
        )
        share = median(c / d for c, d in zip(cells, decode, strict=True)) - 1
        run.note(f"cost.cells.{source.stem}.{height}", share)
        lines.append(
            f"| cells of pictures, {height} lines of {source.name}, on top of bare decode "
            f"({_TURNS} turns) | {100 * share:.1f} % | 5 % |"
        )
    return lines


def _searching(run: Run) -> list[str]:
    entries = run.entries()
    held = system.references((one.id, one.load()) for one in entries)
    marks, codes = system.held_bytes(held)
    lines = [
        f"| index of {len(entries):,} x 10 min, landmarks | {marks / 2**20:.0f} MiB | 480 MiB |",
        f"| its bit-error codes | {codes / 2**20:.0f} MiB | apart |",
    ]
    run.note("cost.index_bytes", marks)
    cell = probes.planned(run.library, run.asked.set, "aac64", _PROBES)
    probes.make(run.library, cell, lambda: None, run.asked.jobs)
    sounds = [probes.sound_of(run.library, one) for one in cell]
    single: list[float] = []
    every: list[float] = []
    scan: list[float] = []
    for number, sound in enumerate(sounds):
        taken = [cpu_s(work) for work in system.searches(held, sound)]
        if number >= _WARMING:
            for kept, one in zip((single, every, scan), taken, strict=True):
                kept.append(one)
    for name, kept, must in (
        ("10-s probe against all of it, single pass", single, "2 ms"),
        ("all grids", every, "25 ms"),
        ("bit-error scan of all channels over 330 s of lag", scan, "1,000 ms"),
    ):
        lines.append(f"| {name} (N = {len(kept)}) | {1000 * median(kept):.2f} ms | {must} |")
        run.note(f"cost.{name}", median(kept))
    asked = [system.ask(held, sound).cpu_s for sound in sounds]
    lines.append(
        "| fingerprint and whole search of an aac64 10-s probe | "
        f"{1000 * np.median(asked):.1f} ms | - |"
    )
    return [*lines, *_upkeep(run, entries)]


def _upkeep(run: Run, entries: tuple[Entry, ...]) -> list[str]:
    """Insert four minutes of every channel in 6-s segments and seal them; the share of a core."""
    coming = system.segments(one.load() for one in entries)
    share = cpu_s(lambda: system.upkeep(coming)) / system.UPKEEP_S
    run.note("cost.upkeep", share)
    said = f"{100 * share:.2f} % of a core"
    return [f"| upkeep of the landmark index at {len(entries):,} channels | {said} | 0.5 % |"]
