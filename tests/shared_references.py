"""What tests of shared references use: sound, shelves that fail, and feeds of eight-second segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from cautery.adapters.reference_shelf import FolderShelf
from cautery.errors import StorageError
from cautery.identify import ReferenceInfo
from cautery.model import Decoded

KEY = b"k" * 32
RATE = 8000
T0 = 1_800_000_000.0


@cache
def music(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(int(seconds * RATE)).astype(np.float32) * 0.003
    for _ in range(int(seconds * 9)):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * RATE)
        t = np.arange(min(length, len(out) - start)) / RATE
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out


def sound(audio: np.ndarray, start: float, seconds: float, *, stamp_s: float = 0.0) -> Decoded:
    return Decoded(
        audio=audio[int(start * RATE) : int((start + seconds) * RATE)],
        audio_s=stamp_s,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=seconds,
    )


def infos(count: int) -> tuple[ReferenceInfo, ...]:
    return tuple(ReferenceInfo(id=f"ch{at}") for at in range(count))


@dataclass
class FailingShelf:
    """A folder's shelf that is away while ``away``, and fails after so many writes."""

    path: Path
    away: bool = False
    writes_left: int = 1 << 30
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._shelf = FolderShelf(self.path)

    @property
    def name(self) -> str:
        return "the shelf"

    def _reach(self) -> None:
        if self.away:
            raise StorageError("the shelf answers 503", hint="It answers again.")

    def _write(self, name: str) -> None:
        self._reach()
        if not self.writes_left:
            raise StorageError("the shelf is full", hint="")
        self.writes_left -= 1
        self.written.append(name)

    def version(self, name: str) -> str | None:
        self._reach()
        return self._shelf.version(name)

    def get(self, name: str, *, most: int) -> tuple[str, bytes] | None:
        self._reach()
        return self._shelf.get(name, most=most)

    def replace(self, name: str, data: bytes, *, version: str | None) -> str | None:
        self._write(name)
        return self._shelf.replace(name, data, version=version)

    def put(self, name: str, path: Path) -> None:
        self._write(name)
        self._shelf.put(name, path)

    def take(self, name: str, path: Path, *, size: int) -> None:
        self._reach()
        self._shelf.take(name, path, size=size)

    def names(self, prefix: str) -> tuple[str, ...]:
        self._reach()
        return self._shelf.names(prefix)

    def remove(self, names: Iterable[str]) -> None:
        self._reach()
        self._shelf.remove(names)
