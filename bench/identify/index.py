"""The full-size index of ``identify.py``: 2,500 channels of ten minutes.

The real channels are in it as they are. The others are made of the real ones' power spectrograms,
stretched in time and in frequency by 16 to 35 %, rotated, with peaks that jitter and of which one
in twenty is dropped: the skew of their hashes and codes is that of real sound. Each is one file in
the cache, valid as long as the fingerprint of a sample and the media stay what they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import system
from kernels import warped
from media import RATE_HZ, Library, RealChannel, cache

CHANNELS = 2500
_SLOW, _FAST = (0.7, 0.84), (1.19, 1.35)
"""Beyond the speeds that are searched (15 %), and some: nearer ones would be true copies of their
source at a speed. A probe at another speed may come as near to them: ``speed_rows``."""
_DROPPED = 0.05
_SAMPLE_S = 60
"""Of the first channel: what its fingerprint is names the state of the fingerprint's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One channel of the index and the file that holds its fingerprint."""

    id: str
    real: bool
    path: Path

    def load(self) -> system.Fingerprint:
        """Return its fingerprint."""
        with np.load(self.path) as held:
            return system.Fingerprint(**{name: held[name] for name in held.files})


def entries(
    library: Library, count: int, tell: Callable[[], None], width: int
) -> tuple[Entry, ...]:
    """Return the index's channels, the real ones first, made if they are not there."""
    folder = cache() / "index" / _key(library)
    folder.mkdir(parents=True, exist_ok=True)
    real = [Entry(id=one.id, real=True, path=folder / f"{one.id}.npz") for one in library.channels]
    warps: list[list[int]] = [[] for _ in real]
    for number in range(count - len(real)):
        warps[number % len(real)].append(number)
    made = [
        Entry(id=f"warp-{number:04d}", real=False, path=folder / f"warp-{number:04d}.npz")
        for number in range(count - len(real))
    ]
    jobs = []
    for entry, channel, mine in zip(real, library.channels, warps, strict=True):
        missing = [number for number in mine if not made[number].path.exists()]
        if missing or not entry.path.exists():
            jobs.append((library, channel, missing, folder))
        for _ in range(len(mine) + 1 - len(missing) - (not entry.path.exists())):
            tell()
    if jobs:
        with ProcessPoolExecutor(width, mp_context=get_context("fork")) as pool:
            for job, _ in zip(jobs, pool.map(_fill, jobs), strict=True):
                for _ in range(len(job[2]) + 1):
                    tell()
    return (*real, *made)


def _key(library: Library) -> str:
    """Name the state of what makes fingerprints, and of the media."""
    first = library.channels[0]
    whole = hashlib.sha256(system.print_of_prints(library.sound(first)[: _SAMPLE_S * RATE_HZ]))
    whole.update(repr((_SLOW, _FAST, _DROPPED)).encode())
    for channel in library.channels:
        whole.update(repr(channel).encode())
    return whole.hexdigest()[:12]


def _fill(job: tuple[Library, RealChannel, list[int], Path]) -> None:
    library, channel, numbers, folder = job
    power = system.power(library.sound(channel))
    path = folder / f"{channel.id}.npz"
    if not path.exists():
        _save(path, system.fingerprint(power))
    for number in numbers:
        rng = np.random.default_rng([25, number])
        time, pitch = _stretches(rng)
        start = float(rng.uniform(0, len(power)))
        changed = warped(power, system.first_bin(), time, pitch, start)
        made = system.fingerprint(changed, jitter=rng, dropped=_DROPPED)
        _save(folder / f"warp-{number:04d}.npz", made)


def stretches(number: int) -> tuple[float, float]:
    """Return by how much the time and the pitch of a warped channel are stretched."""
    return _stretches(np.random.default_rng([25, number]))


def _stretches(rng: np.random.Generator) -> tuple[float, float]:
    time, pitch = (float(rng.uniform(*(_SLOW if rng.random() < 0.5 else _FAST))) for _ in range(2))
    return time, pitch


def _save(path: Path, made: system.Fingerprint) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        np.savez(out, allow_pickle=False, **made.arrays())
    part.rename(path)
