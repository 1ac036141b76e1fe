"""What it costs to add recordings to a library of references, and where a library ends.

    python bench/identify/append.py
    python bench/identify/append.py --held 4000 --held-s 2700 --added 10   # needs 10 GB of disk

The library is made without media: marks by chance, as many a second as those of music, and code
words by chance. What is added are real files of tones and noise, 8 kHz mono, which cost less to
decode than anything that people have: the ratio is an upper one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.identify import ReferenceInfo, References
from cautery.identify.references.joining import join
from cautery.identify.references.opening import load
from cautery.identify.references.saved import save

RATE_HZ = 8000
HASH_BITS = 22
GROUP = 50
"""Synthetic references made at a time: all of a library at once would take its size in memory."""


@dataclass(frozen=True)
class Cost:
    """Of one command: CPU seconds, seconds, the largest process, and its open files."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    files: int

    def __str__(self) -> str:
        return (
            f"{self.cpu_s:.1f} s CPU, {self.wall_s:.1f} s, peak {self.peak_mib:.0f} MiB, "
            f"at most {self.files} descriptors"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--held", type=int, default=1000)
    parser.add_argument("--held-s", type=float, default=240.0)
    parser.add_argument("--added", type=int, default=60)
    parser.add_argument("--added-s", type=float, default=240.0)
    parser.add_argument("--folder", type=Path, help="where the files go, for a while")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        folder = Path(made)
        files = [folder / f"new-{number:04}.wav" for number in range(asked.added)]
        for number, file in enumerate(files):
            write(file, tune(number, asked.added_s))
        measure("warm", build(files[:1], folder / "warm.ref"))
        alone = measure(f"build of {asked.added}", build(files, folder / "alone.ref"))
        a_second = marks_a_second(folder / "alone.ref")
        held, begun = folder / "held.ref", time.process_time()
        library(held, asked.held, asked.held_s, a_second)
        size, hours = held.stat().st_size, asked.held * asked.held_s / 3600
        print(
            f"library: {asked.held} references, {hours:.1f} h, {a_second:.0f} marks/s, "
            f"{size / 1e6:.1f} MB, {size / 1e6 / hours:.2f} MB/h of sound; put together from files "
            f"of {GROUP} in {time.process_time() - begun:.1f} s CPU, with their making",
            flush=True,
        )
        more = measure(f"append of {asked.added}", build([*files, "--append"], held))
        assert len(load(held).infos) == asked.held + asked.added
        print(f"append / build: {more.cpu_s / alone.cpu_s:.3f} of the CPU")


def build(what: Sequence[Path | str], out: Path) -> list[str]:
    command = [sys.executable, "-m", "cautery", "references", "build"]
    return [*command, *map(str, what), "-o", str(out)]


def measure(name: str, command: list[str]) -> Cost:
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with counting(child.pid) as most:
        _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, f"{name}: {status}"
    cost = Cost(
        usage.ru_utime + usage.ru_stime,
        time.perf_counter() - begun,
        usage.ru_maxrss / 1024,
        most[0],
    )
    print(f"{name}: {cost}", flush=True)
    return cost


@contextmanager
def counting(pid: int) -> Iterator[list[int]]:
    """Look 20 times a second at how many descriptors a process has open."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            try:
                most[0] = max(most[0], len(os.listdir(f"/proc/{pid}/fd")))  # noqa: PTH208
            except OSError:
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def tune(seed: int, seconds: float) -> np.ndarray:
    chance = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    steps = np.minimum((at * 4).astype(int), int(seconds * 4))
    sound = 0.01 * chance.standard_normal(len(at))
    for _ in range(4):
        tones = chance.uniform(250, 3200, int(seconds * 4) + 1)[steps]
        sound += 0.15 * np.sin(2 * np.pi * np.cumsum(tones) / RATE_HZ)
    return sound


def write(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((sound * 30000).astype("<i2").tobytes())


def marks_a_second(path: Path) -> float:
    references = load(path)
    marks = sum(len(run) for runs in references.works.runs().values() for run in runs)
    spans = [references.span(info.id) or (0.0, 0.0) for info in references.infos]
    return marks / sum(end_s - start_s for start_s, end_s in spans)


def library(out: Path, count: int, seconds: float, a_second: float) -> None:
    """Write a library of references by chance, in groups, and put them together."""
    room = out.with_name("groups")
    room.mkdir()
    paths = []
    for first in range(0, count, GROUP):
        paths.append(room / f"{first:05}.ref")
        save(by_chance(first, min(GROUP, count - first), seconds, a_second), paths[-1])
    join(None, paths, out, recipe=DEFAULT_RECIPE, room=room)
    shutil.rmtree(room)


def by_chance(first: int, count: int, seconds: float, a_second: float) -> References:
    rng = np.random.default_rng(first)
    infos = [ReferenceInfo(id=f"held-{first + k:05}", kind="work") for k in range(count)]
    made = References(DEFAULT_RECIPE, infos)
    frames = int(seconds * DEFAULT_RECIPE.frames_per_s)
    for number, track in enumerate(made.tracks):
        at = np.sort(rng.integers(0, frames, round(seconds * a_second))).astype(np.int32)
        words = rng.integers(0, 1 << HASH_BITS, len(at)).astype(np.uint32)
        made.put(number, Landmarks(words, at), 0, works=True)
        codes = rng.integers(0, 1 << 32, frames // WORD_FRAMES, dtype=np.uint32)
        track.codes.adopt(0, codes)
        track.first_s, track.end_s = 0.0, seconds
    return made


if __name__ == "__main__":
    main()
