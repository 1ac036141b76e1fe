"""What tests of shared references use: sound, shelves that fail, and feeds of eight-second segments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cautery.adapters.reference_shelf import FolderShelf
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import AwayError, StorageError
from cautery.identify import ReferenceInfo
from cautery.lab.readers import ReadersHere
from cautery.model import ClockOffset, Decoded, Limits, Response
from cautery.workflows.nodes.hearing import HearPorts
from cautery.workflows.nodes.reach import StoreReach

KEY = b"k" * 32
RATE = 8000
T0 = 1_800_000_000.0
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAMP_S = 500.0


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
            raise AwayError("the shelf answers 503", hint="It answers again.")

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


class World:
    """Two feeds of segments of 4 s, of which a test says which are there, and when."""

    def __init__(self) -> None:
        self.now = NOON
        self.first, self.last = 0, 0

    def shows(self, first: int, last: int) -> None:
        """Have these segments in the playlists; the newest has just come."""
        self.first, self.last = first, last
        self.now = NOON + timedelta(seconds=4 * last)

    def clock_now(self) -> datetime:
        return self.now

    async def fetch(self, url: str, *, limits: Limits, **_: object) -> Response:
        await asyncio.sleep(0)
        name = url.rsplit("/", 1)[1]
        if name.endswith(".m3u8"):
            lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{self.first}"]
            for at in range(self.first, self.last):
                lines += ["#EXTINF:4,", f"{name.removesuffix('.m3u8')}-{at}.ts"]
            body = "\n".join([*lines, ""]).encode()
        else:
            body = f"{name.removesuffix('.ts')};".encode()
        return Response(
            url=url, hops=(url,), status=200, headers=(), body=body,
            asked_at=self.now, answered_at=self.now, address="192.0.2.1",
        )  # fmt: skip

    async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
        parts = [part.split("-") for part in data.decode().split(";") if part]
        heard = [
            music(int(name[2:]), 120)[int(at) * 4 * RATE : (int(at) + 1) * 4 * RATE]
            for name, at in parts
        ]
        return Decoded(
            audio=np.concatenate(heard),
            audio_s=STAMP_S + 4 * int(parts[0][1]),
            luma=np.empty((0, 36, 64), np.uint8),
            luma_s=np.empty(0),
            duration_s=4.0 * len(parts),
        )


class Clock:
    def __init__(self, world: World) -> None:
        self.now = world.clock_now

    def offset(self) -> ClockOffset:
        return ClockOffset(seconds=0.0, uncertainty_s=0.1, method="of the test")


def hear_ports(  # noqa: PLR0917 - what a home meets
    name: str,
    tmp_path: Path,
    shelf: Any,
    world: World,
    engine: Any,
    server: Any,
    tell: Callable[[str], None],
) -> HearPorts:
    (tmp_path / "vault").mkdir(exist_ok=True)
    return HearPorts(
        node=name,
        folder=tmp_path / name,
        shelf=shelf,
        key=KEY,
        fetcher=world,  # type: ignore[arg-type]
        readers=ReadersHere(),
        streams=None,  # type: ignore[arg-type]
        decoder=world,  # type: ignore[arg-type]
        engine=engine,
        clock=Clock(world),
        vault=FolderVault(tmp_path / "vault"),
        server=server,
        reach=StoreReach(lambda: None),
        tell=tell,
    )
