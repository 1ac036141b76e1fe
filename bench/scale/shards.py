"""Searching references that several nodes hear: memory, mapping, and the time of a probe's sound.

    python bench/scale/shards.py [--channels 2500] [--seconds 420] [--probes 60] [--folder DIR]
        [--json FILE]

Builds volumes of ``--channels`` references each: eight are synthetic music as it sounds, the others
stretches of their landmarks at other pitches, and drawn codes. Then three questions, each in a
process of its own:

- one volume in one folder: what ADR 0011 measured;
- the same references in four folders, merged by one process: what a node does for one case;
- four volumes, as a watch asks them (``identify.ladder.listening``): 10,000 channels.

Each is asked twice: one task after the other, which gives its CPU and that of the slowest volume of
each step, so of a machine with a free core for each; and side by side on the cores of this one.

Probes are 10 s of music with noise at a third of its loudness, half of them of a reference and half
of none; these climb all rungs. Media are decoded outside of what is timed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.adapters.engine import ThreadEngine
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.audio import Landmarks
from cautery.identify.ladder import listening
from cautery.identify.references.folders import Folders, Part
from cautery.identify.references.hearing import Hearing
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.live_folder import LiveFolder
from cautery.identify.references.volumes import split, together
from cautery.identify.sound import Heard
from cautery.identify.steps import Search, side_by_side
from cautery.model import Decoded

RATE, T0 = 8000, 1_800_000_000.0
REAL, STEP_S, PROBE_S, LATE_S = 8, 60, 10, 30.0
Sound = NDArray[np.float32]


def music(seed: int, seconds: float) -> Sound:
    """Return decaying tones over a little noise, nine a second."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(int(seconds * RATE)).astype(np.float32) * np.float32(0.003)
    for _ in range(int(seconds * 9)):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * RATE)
        t = np.arange(min(length, len(out) - start)) / RATE
        tone = 0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        out[start : start + len(t)] += tone.astype(np.float32)
    return out


def infos_of(volume: int, channels: int) -> tuple[ReferenceInfo, ...]:
    """Return the references of one volume."""
    return tuple(ReferenceInfo(id=f"v{volume}-{at:04d}") for at in range(channels))


def build(path: Path, volume: int, channels: int, seconds: int, folders: int) -> None:
    """Write one volume's references into so many folders, as homes would have."""
    infos = infos_of(volume, channels)
    heard = split(infos, folders)
    path.mkdir(parents=True)
    pool = _pool(volume, seconds)
    for at, part in enumerate(heard):
        place = path / str(at)
        with LiveFolder(place, DEFAULT_RECIPE, infos, float(seconds), origin_s=T0) as live:
            for first in range(0, seconds, STEP_S):
                for info in part:
                    _fill(live, int(info.id[-4:]), volume,
                          first, min(STEP_S, seconds - first), pool)  # fmt: skip
                live.roll()


def _pool(volume: int, seconds: int) -> list[tuple[Landmarks, int, NDArray[np.uint32], int]]:
    """Return what hearing the real references gives."""
    made = []
    for at in range(REAL):
        fresh = Hearing(DEFAULT_RECIPE, 0).extend(music(1000 * volume + at, seconds))
        made.append((fresh.marks, fresh.frame, fresh.words, fresh.word))
    return made


def _fill(  # noqa: PLR0917 - where, whose, and which stretch
    live: LiveFolder, number: int, volume: int, first_s: int, length_s: int, pool: list[Any]
) -> None:
    """Put a stretch of one reference: a real one's own, or drawn."""
    references, per_s = live.references, DEFAULT_RECIPE.frames_per_s
    track = references.tracks[number]
    low, high = round(first_s * per_s), round((first_s + length_s) * per_s)
    if number < REAL:
        marks, frame, words, word = pool[number]
        at = marks.frames + frame
        inside = (at >= low) & (at < high)
        fresh = Landmarks(marks.words[inside], (at[inside] - low).astype(np.int32))
        begin, end = -(-low // 4), -(-high // 4)
        codes, begin = words[max(begin - word, 0) : end - word], max(begin, word)
    else:
        rng = np.random.default_rng([volume, number, first_s])
        source, frame = pool[int(rng.integers(REAL))][:2]
        # A stretch from elsewhere, whose landmarks share their first peaks as those of sound do, at
        # another pitch: else it would be found as what it is.
        turned = source.frames + frame + int(rng.integers(len(source.frames)))
        turned %= int(source.frames[-1]) + frame + 1
        order = np.flatnonzero(turned < high - low)
        order = order[np.argsort(turned[order], kind="stable")]
        shift = np.uint32(int(rng.integers(1, 1 << 8)) << 14)
        fresh = Landmarks(source.words[order] ^ shift, turned[order].astype(np.int32))
        begin, end = -(-low // 4), -(-high // 4)
        codes = rng.integers(0, 1 << 32, end - begin, dtype=np.uint32)
    with references.lock:
        references.put(number, fresh, low, works=False)
        at_word, kept = track.codes.put(begin, codes)
        assert references.unsaved is not None
        references.unsaved.code(number, at_word, kept)
    track.first_s = T0 if track.first_s is None else track.first_s
    track.end_s = T0 + first_s + length_s


@dataclass(frozen=True)
class Mapped:
    """A volume as one process holds it, and what it took."""

    folders: Folders
    seconds: float
    cpu_s: float


def opened(path: Path, volume: int, channels: int, seconds: int) -> Mapped:
    """Map all folders of a volume."""
    infos = infos_of(volume, channels)
    count = len(list(path.iterdir()))
    parts = {
        str(at): Part(path / str(at), frozenset(info.id for info in part))
        for at, part in enumerate(split(infos, count))
    }
    begun, cpu = time.perf_counter(), time.process_time()
    folders = Folders(DEFAULT_RECIPE, infos, float(seconds), origin_s=T0, parts=parts)
    folders.refresh()
    assert not folders.faults, folders.faults
    return Mapped(folders, time.perf_counter() - begun, time.process_time() - cpu)


def private_mib() -> float:
    """Return the memory that is this process's alone, but for pages of files."""
    with Path("/proc/self/smaps_rollup").open() as lines:
        own = (int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))
        return sum(own) / 1024


def probes(count: int, volumes: int, seconds: int) -> Iterator[tuple[Sound, float, str]]:
    """Yield sound, when it became available, and the reference it is of."""
    rng = np.random.default_rng([7, 7])  # its noise is that of no reference
    for at in range(count):
        start = int(rng.integers(60, seconds - 60))
        own = at % 2 == 0
        seed = 1000 * (at // 2 % volumes) + at // 2 // volumes % REAL if own else 900_000 + at
        whole = music(seed, seconds) if own else music(seed, PROBE_S)
        sound = whole[start * RATE : (start + PROBE_S) * RATE] if own else whole
        noise = rng.standard_normal(len(sound)).astype(np.float32)
        noisy = sound + noise * np.float32(sound.std() / 3)
        named = f"v{seed // 1000}-{seed % 1000:04d}" if own else ""
        yield noisy, T0 + start + LATE_S, named


@dataclass
class Times:
    """What one probe took: milliseconds."""

    cpu_ms: float = 0.0
    longest_ms: float = 0.0
    """Of each step the slowest volume's: what a core for each volume would take."""
    wall_ms: float = 0.0
    """With the volumes side by side on this machine's cores."""


def in_steps(search: Search[Heard]) -> tuple[Heard, Times]:
    """Run a search one task after the other, and time each."""
    taken, answers = Times(), None
    try:
        while True:
            begun = time.thread_time()
            tasks = search.send(answers)
            between = 1000 * (time.thread_time() - begun)
            answers, each = [], []
            for task in tasks:
                begun = time.thread_time()
                answers.append(task())
                each.append(1000 * (time.thread_time() - begun))
            taken.cpu_ms += between + sum(each)
            taken.longest_ms += between + max(each)
    except StopIteration as end:
        return end.value, taken


def serve(pipe: Connection, places: Sequence[tuple[Path, int]], asked: argparse.Namespace) -> None:
    """Hold volumes, and ask all probes of them."""
    before = private_mib()
    held = [opened(path, volume, asked.channels, asked.seconds) for path, volume in places]
    volumes = [one.folders.references for one in held]
    for one in volumes:
        one.stack(works=False), one.tops(works=False), one.snapshot(works=False)
    figures: dict[str, Any] = {
        "map_s": sum(one.seconds for one in held), "map_cpu_s": sum(one.cpu_s for one in held),
        "private_mib": private_mib() - before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "wrong": 0,
    }  # fmt: skip
    references, engine = together(volumes), ThreadEngine()
    rows = []
    with asyncio.Runner() as runner:
        for audio, at_s, name in probes(asked.probes + 4, len(places), asked.seconds):
            decoded = Decoded(
                audio=audio, audio_s=0.0, luma=np.empty((0, 36, 64), np.uint8),
                luma_s=np.empty(0), duration_s=len(audio) / RATE,
            )  # fmt: skip
            heard, taken = in_steps(listening(decoded, references, media_at_s=at_s))
            begun = time.perf_counter()
            again = runner.run(
                side_by_side(engine, listening(decoded, references, media_at_s=at_s))
            )
            taken.wall_ms = 1000 * (time.perf_counter() - begun)
            assert [one.reference for one in again.matches] == [
                one.reference for one in heard.matches
            ]
            figures["wrong"] += (heard.matches[0].reference if heard.matches else "") != name
            rows.append((bool(name), *astuple(taken)))
    engine.close()
    of_a_reference = np.array([row[0] for row in rows[4:]])
    numbers = np.array([row[1:] for row in rows[4:]])
    for column, unit in enumerate(field.name for field in fields(Times)):
        for what, chosen in (
            ("", of_a_reference | True),
            ("matched_", of_a_reference),
            ("unmatched_", ~of_a_reference),
        ):
            percentiles = np.percentile(numbers[chosen, column], (50, 95))
            figures[what + unit] = percentiles.round(1).tolist()
    pipe.send(figures)


def asked_of(places: Sequence[tuple[Path, int]], asked: argparse.Namespace) -> dict[str, Any]:
    """Ask all probes in a process of its own, and return the figures."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    worker = spawn.Process(target=serve, args=(there, places, asked), daemon=True)
    worker.start()
    there.close()
    figures: dict[str, Any] = here.recv()
    worker.join(30)
    return figures


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--channels", type=int, default=2500)
    arguments.add_argument("--seconds", type=int, default=420)
    arguments.add_argument("--probes", type=int, default=60)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--json", type=Path)
    asked = arguments.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="cautery-shards-"))
    figures: dict[str, Any] = {"load": os.getloadavg()}
    try:
        for volume in range(4):
            whole = folder / f"whole-{volume}"
            if not whole.exists():
                begun = time.process_time()
                build(whole, volume, asked.channels, asked.seconds, 1)
                size = sum(path.stat().st_size for path in whole.rglob("*")) / (1 << 20)
                print(
                    f"volume {volume}: {size:.0f} MiB, {time.process_time() - begun:.0f} s of CPU"
                )
        if not (folder / "in-4").exists():
            build(folder / "in-4", 0, asked.channels, asked.seconds, 4)
        four = [(folder / f"whole-{volume}", volume) for volume in range(4)]
        cases = {
            "one volume, one folder": four[:1],
            "one volume, four folders merged": [(folder / "in-4", 0)],
            "four volumes": four,
        }
        for name, places in cases.items():
            figures[name] = asked_of(places, asked)
            print(name, json.dumps(figures[name]), flush=True)
        base = figures["one volume, one folder"]
        for name in list(cases)[1:]:
            of = {
                unit: figures[name][unit][1] / base[unit][1]
                for unit in ("cpu_ms", "longest_ms", "wall_ms")
            }
            print(f"{name}: p95 of one volume's:", *(f"{unit} {of[unit]:.2f}" for unit in of))
    finally:
        if asked.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
