"""Segments of decoys with their disguises, made in a confined child.

Reaches: nothing; FFmpeg's filters, as PyAV has them, in a child that can open no file and no socket
(:mod:`cautery.adapters._decoy_child`).
Lawful basis: the media are the organisation's own, for the test of its own watch (ADR 0079).
Manners: one child; bounded time and memory for each segment; nothing is written to a disk.
Format: MPEG-TS with H.264 and AAC (RFC 8216, section 3.2); AES-128 as RFC 8216, section 5.2.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from cautery.adapters._decoder_process import Child
from cautery.errors import DecodeError, InputError
from cautery.model.disguises import Disguise, FilterStep

MOST_SEGMENT_BYTES = 32 << 20
_SECONDS = 20.0
"""For one segment: 180 lines take 20 ms a second of media, 1080 lines some 40 times as much."""
_TRIAL_S = 1.0
"""CPU for the trial of a recipe, which is of one second of media: slower ones could not be live."""
_TRIALS_S = 20.0
"""CPU for the trials of all recipes of an encoder."""
_MEMORY_MB = 1024


class DecoyEncoder:
    """Disguises segments; a context manager that ends its child.

    Parameters
    ----------
    without_seccomp : bool
        Work also where system calls can't be filtered.
    """

    def __init__(self, *, without_seccomp: bool = False) -> None:
        self._child = Child(_MEMORY_MB, without_seccomp=without_seccomp, module="_decoy_child")
        self._turn = asyncio.Lock()
        self._trials_left_s = _TRIALS_S

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._child.end()

    async def start(self) -> None:
        """Start the child, so that the first segment does not wait for it.

        Raises
        ------
        ConfinementError
            If it cannot be closed in.
        """
        async with self._turn:
            await self._child.start()

    async def disguised(self, segment: bytes, disguise: Disguise, *, starts_s: float) -> bytes:
        """Return a segment under a disguise, with time stamps from a moment on, in seconds.

        Raises
        ------
        DecodeError
            If it cannot be made.
        """
        answer, segment_out = await self._work(segment, disguise, starts_s=starts_s)
        if "refused" in answer:
            raise DecodeError(f"disguise {disguise.name}: {answer['refused']}")
        return segment_out

    async def try_out(self, disguise: Disguise) -> None:
        """Raise unless FFmpeg takes the filters of a disguise, and they are as fast as live media.

        Raises
        ------
        InputError
            If not, or if all recipes so far took too long together.
        """
        try:
            answer, _ = await self._work(b"", disguise, starts_s=0.0, cpu_s=_TRIAL_S)
        except DecodeError as error:
            raise InputError(
                f"disguise {disguise.name}: its trial took too much time or memory, and was ended",
                hint="It must disguise a second of media within a second. Take lighter filters.",
            ) from error
        if "refused" in answer:
            raise InputError(
                f"disguise {disguise.name}: FFmpeg does not take this recipe: {answer['refused']}",
                hint="Try it with ffmpeg -vf or -af on a file of your own first.",
            )
        took_s = float(str(answer["cpu_s"]))
        self._trials_left_s -= took_s
        if took_s > _TRIAL_S:
            raise InputError(
                f"disguise {disguise.name}: it takes {took_s:.1f} s for one second of media",
                hint="A decoy is live: take lighter filters.",
            )
        if self._trials_left_s < 0:
            raise InputError(
                f"disguise {disguise.name}: with it the trials of all recipes take more than "
                f"{_TRIALS_S:.0f} s",
                hint="Name fewer recipes, or lighter ones.",
            )

    async def _work(
        self, segment: bytes, disguise: Disguise, *, starts_s: float, cpu_s: float = _SECONDS
    ) -> tuple[dict[str, object], bytes]:
        if len(segment) > MOST_SEGMENT_BYTES:
            raise DecodeError("a segment of own media is larger than 32 MiB")
        head = {
            "seconds": cpu_s,
            "starts_s": starts_s,
            "video": _chain(disguise.video),
            "audio": _chain(disguise.audio),
        }
        async with self._turn:
            return await self._child.work(
                head, segment, seconds=_SECONDS, most=2 * MOST_SEGMENT_BYTES
            )


def _chain(steps: tuple[FilterStep, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(step.name, list(step.options)) for step in steps]
