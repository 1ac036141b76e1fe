"""What this machine does for Cautery: time, readers, the decoder, worker processes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from cautery.model.evidence import Json
from cautery.model.media import Decoded
from cautery.model.times import ClockOffset

T = TypeVar("T")


class Clock(Protocol):
    """Time, with its known distance from UTC."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...

    def offset(self) -> ClockOffset:
        """Return how far this clock may be from UTC."""
        ...


class Readers(Protocol):
    """Readers of bytes from outside, at work where they can be ended and do no harm."""

    async def read(self, job: str, asked: Json, data: bytes) -> bytes:
        """Do a job of reading that this program knows by its name; return what it packs.

        Raises
        ------
        LimitError
            If it took more time or memory than such bytes may.
        SourceError
            If its reader understands nothing, or died of the bytes.
        """
        ...


class Decoder(Protocol):
    """Media bytes to arrays, in a child process that may die without harm."""

    async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
        """Decode sound, and small pictures if asked.

        Raises
        ------
        DecodeError
            If nothing could be decoded, or a limit was met, or the child died.
        """
        ...

    def parts(
        self, path: Path, *, pictures: bool, part_s: float = 60.0
    ) -> AsyncGenerator[Decoded, None]:
        """Decode a file of any length in parts that follow one another on one media axis.

        Raises
        ------
        InputError
            If it is no ordinary file that can be read.
        DecodeError
            As for :meth:`decode`.
        """
        ...

    async def still(self, data: bytes, *, at_s: float) -> bytes:
        """Return the picture shown at media time ``at_s`` as a PNG.

        Raises
        ------
        DecodeError
            If there is no picture there.
        """
        ...


class Engine(Protocol):
    """Where heavy work runs: threads or processes here, a cluster later.

    A task may run in another process, even on another machine: what is meant for every engine is
    an importable function of plain values, with large things named by where they lie.
    """

    async def run(self, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` away from the event loop and return its result.

        Raises
        ------
        CauteryError
            If the engine lost the task, or was closed. What the task raises comes through.
        """
        ...

    async def run_at(self, shard: int, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` where shard number ``shard`` is at home.

        All tasks of a shard run in one place, so that what the first maps the next one finds.

        Raises
        ------
        CauteryError
            As for :meth:`run`.
        """
        ...
