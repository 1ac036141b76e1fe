"""The decoder in a child process that may die without harm.

Reaches: nothing; bytes come from the caller, arrays go back. The child can open neither files nor
sockets, nor reach another process (see :mod:`cautery.adapters._confine`).
Lawful basis: it only reads what a mandate's fetch has already sealed.
Manners: limits of memory, time and output; a child that meets one is ended, and the next begins.
Format: whatever containers :mod:`cautery.adapters._sniff` names, decoded by FFmpeg through PyAV.
"""

from __future__ import annotations

import asyncio
import math
import os
import stat
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cautery.adapters._confine import Confinement
from cautery.adapters._decoder_process import Child
from cautery.adapters._sniff import container_of
from cautery.errors import DecodeError, EncryptedError, InputError
from cautery.formats.mpegts import without_pictures
from cautery.model.media import AUDIO_RATE_HZ, LUMA_RATE_HZ, LUMA_SHAPE, STRIP_SHAPE, Decoded

_LONG_BYTES = 16 << 20
"""A file up to this size is handed to a running child; a longer one gets a child of its own, whose
start (0.6 s of CPU) it is worth."""
_LEAD_BYTES = 4 << 20
"""Read of a long file to tell what it is: past the picture that an ID3 tag may carry."""
_LONGEST_S = 86_400.0
"""Media seconds decoded of one file at most: a day."""
MOST_STRIP = 150
"""Pictures of one strip: 12 s at 12.5 a second, 26 MB."""
_MOST_TIME_S = 1e11
"""Media times lie within: time stamps of 64 bits may say anything."""
_APART_S = 600.0
"""Seconds from the first to the last sound or picture of a part, besides its own: pictures may lie
minutes behind their sound in a file. Judgement."""
_SLOWEST = 2.0
"""CPU and wall seconds that a media second of a long file may take, besides the job's own."""


class ChildDecoder:
    """A pool of children, closed in, that fulfils :class:`cautery.model.ports.Decoder`.

    Parameters
    ----------
    workers : int
        Children, each decoding one capture at a time; started when first needed.
    memory_mb : int
        Resident memory that a child may grow to.
    seconds : float
        Wall and CPU seconds that one job may take, from when a child takes it.
    max_media_s : float
        Media seconds decoded at most; the rest is left, with a warning.
    max_bytes : int
        Largest capture taken.
    without_seccomp : bool
        Start children also where system calls can't be filtered, as ``$CAUTERY_ALLOW_UNCONFINED``
        asks.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        memory_mb: int = 240,
        seconds: float = 20.0,
        max_media_s: float = 900.0,
        max_bytes: int = 64 << 20,
        without_seccomp: bool = False,
    ) -> None:
        if workers < 1 or memory_mb < 96 or not seconds > 0 or not max_media_s > 0:
            raise InputError("a decoder needs at least one worker, 96 MB and positive limits")
        self._limits = (memory_mb, seconds, max_media_s, max_bytes)
        self._without_seccomp = without_seccomp
        # Last in, first out: a child that is never needed is never started.
        self._idle: asyncio.LifoQueue[Child] = asyncio.LifoQueue()
        self._children = [Child(memory_mb, without_seccomp=without_seccomp) for _ in range(workers)]
        for child in self._children:
            self._idle.put_nowait(child)
        self._closed = False

    async def start(self) -> Confinement:
        """Start a child and return how it is closed in; the others will be as this one is.

        Raises
        ------
        ConfinementError
            If a child can't be closed in on this machine as it must be.
        DecodeError
            If none starts.
        """
        child = await self._idle.get()
        try:
            return await child.start()
        finally:
            self._idle.put_nowait(child)

    async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
        """Decode sound, and small pictures if asked.

        If they are not, those of a transport stream do not even reach the child: to open a stream
        FFmpeg decodes some of everything in it, which at 720p costs thrice what its sound does.

        Raises
        ------
        DecodeError
            If it is no media (the message says what it looks like), nothing could be decoded,
            a limit was met, or the child died.
        """
        _, _, most_s, most_bytes = self._limits
        if not pictures and len(data) <= most_bytes:
            data = without_pictures(data)
        head, payload = await self._job(
            data, {"job": "decode", "pictures": pictures, "part_s": None, "most_s": most_s}
        )
        try:
            return _decoded(head, payload, most_s)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DecodeError("the decoder's answer is not valid") from error

    async def parts(
        self, path: Path, *, pictures: bool, part_s: float = 60.0
    ) -> AsyncGenerator[Decoded, None]:
        """Decode a file of any length in parts, in bounded memory.

        The parts follow one another on one media axis; each repeats the codecs and what damage
        was met so far. One of the children is taken until the last part was read or the
        iterator is closed, so close it (``contextlib.aclosing``) if you leave early.

        Parameters
        ----------
        part_s : float
            Media seconds of a part; the last may be up to twice as long.

        Raises
        ------
        InputError
            If it is no ordinary file that can be read.
        DecodeError
            As for :meth:`decode`, or if the file changes meanwhile.
        """
        if not 1 <= part_s <= 600:
            raise InputError("a part must have 1 to 600 seconds")
        if self._closed:
            raise DecodeError("the decoder is closed")
        memory_mb, seconds, _, _ = self._limits
        file = await asyncio.to_thread(_opened, path)
        try:
            before = os.fstat(file)
            lead = await asyncio.to_thread(os.pread, file, _LEAD_BYTES, 0)
            head: dict[str, Any] = {
                "job": "decode",
                "pictures": pictures,
                "part_s": part_s,
                "most_s": _LONGEST_S,
                "container": container_of(lead),
                "seconds": seconds + _SLOWEST * part_s,
            }
            small = before.st_size <= _LONG_BYTES
            data = await asyncio.to_thread(_whole, file, before.st_size) if small else b""
            # Also where the file gets a child of its own: so no more of them decode than there are
            # workers.
            pooled = await self._idle.get()
            child = (
                pooled if small else Child(memory_mb, file, without_seccomp=self._without_seccomp)
            )
            messages = child.stream(
                head,
                data,
                seconds=head["seconds"],
                most=_most(2 * part_s),
                parts=math.ceil(_LONGEST_S / part_s) + 1,
            )
            try:
                async for answer, payload in messages:
                    _unchanged(path, before, os.fstat(file))
                    try:
                        part = _decoded(_answered(answer), payload, 2 * part_s)
                    except (KeyError, TypeError, ValueError, OverflowError) as error:
                        raise DecodeError("the decoder's answer is not valid") from error
                    yield part
            finally:
                await messages.aclose()
                if child is not pooled:
                    await child.end()
                self._idle.put_nowait(pooled)
        finally:
            os.close(file)

    async def still(self, data: bytes, *, at_s: float) -> bytes:
        """Return the picture shown at media time ``at_s`` as a PNG at most 640 wide.

        Raises
        ------
        DecodeError
            If there is no picture there, or as for :meth:`decode`.
        """
        if not math.isfinite(at_s):
            raise InputError("at_s must be finite")
        _, png = await self._job(data, {"job": "still", "at_s": at_s})
        if not png.startswith(b"\x89PNG"):
            raise DecodeError("the decoder's answer is not valid")
        return png

    async def strip(self, data: bytes, *, times: Sequence[float]) -> NDArray[np.uint8]:
        """Return the pictures shown at some media times, rising.

        Returns
        -------
        ndarray, shape (times, 180, 320, 3), uint8
            RGB.

        Raises
        ------
        DecodeError
            If there is no picture, or as for :meth:`decode`.
        """
        if not 0 < len(times) <= MOST_STRIP or not all(map(math.isfinite, times)):
            raise InputError(f"a strip has 1 to {MOST_STRIP} moments")
        _, payload = await self._job(data, {"job": "strip", "times": list(times)})
        shape = (len(times), *STRIP_SHAPE, 3)
        if len(payload) != math.prod(shape):
            raise DecodeError("the decoder's answer is not valid")
        return np.frombuffer(payload, np.uint8).reshape(shape)

    async def aclose(self) -> None:
        """End all children; jobs under way fail."""
        self._closed = True
        for child in self._children:
            await child.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _job(self, data: bytes, head: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        _, seconds, most_s, max_bytes = self._limits
        if self._closed:
            raise DecodeError("the decoder is closed")
        if len(data) > max_bytes:
            raise DecodeError(f"{len(data)} bytes; at most {max_bytes} are decoded")
        head |= {"container": container_of(data), "seconds": seconds}
        child = await self._idle.get()
        try:
            answer, payload = await child.work(head, data, seconds=seconds, most=_most(most_s))
        finally:
            self._idle.put_nowait(child)
        return _answered(answer), payload


def _answered(head: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that is none of refusal."""
    if "refused" in head:
        kind = EncryptedError if head.get("encrypted") else DecodeError
        raise kind(str(head["refused"])[:500])
    return head


def _most(seconds: float) -> int:
    """Return the bytes that the arrays of so many media seconds may have."""
    # A picture has 36 x 64 bytes and 8 of its time: 2,312.
    return int((seconds + 30) * (4 * AUDIO_RATE_HZ + LUMA_RATE_HZ * 2400)) + (8 << 20)


def _opened(path: Path) -> int:
    """Open an ordinary file for reading, never waiting for a pipe or a device."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    mode = os.fstat(file).st_mode
    if not stat.S_ISREG(mode):
        os.close(file)
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise InputError(f"{path}: {kind}, not a file")
    return file


def _whole(file: int, size: int) -> bytes:
    read: list[bytes] = []
    at = 0
    while at < size and (piece := os.pread(file, size - at, at)):
        read.append(piece)
        at += len(piece)
    return b"".join(read)


def _unchanged(path: Path, before: os.stat_result, now: os.stat_result) -> None:
    if (before.st_size, before.st_mtime_ns) != (now.st_size, now.st_mtime_ns):
        raise DecodeError(
            f"{path}: changed while it was read ({before.st_size:,} bytes before, "
            f"{now.st_size:,} now)"
        )


def _decoded(head: dict[str, Any], payload: bytes, most_s: float) -> Decoded:
    samples, pictures = int(head["samples"]), int(head["pictures"])
    rows, columns = LUMA_SHAPE
    sizes = (4 * samples, pictures * rows * columns, 8 * pictures)
    if min(sizes) < 0 or sum(sizes) != len(payload):
        raise ValueError("sizes disagree")
    audio = np.frombuffer(payload, np.float32, samples)
    luma = np.frombuffer(payload, np.uint8, sizes[1], sizes[0]).reshape(pictures, rows, columns)
    luma_s = np.frombuffer(payload[sizes[0] + sizes[1] :], np.float64, pictures)
    audio_s, duration_s = float(head["audio_s"]), float(head["duration_s"])
    if not (math.isfinite(audio_s) and 0 <= duration_s <= most_s + 60):
        raise ValueError("times are not valid")
    # NaN comes through both, and no array of flags is made.
    if samples and not np.isfinite(audio.min() + audio.max()):
        raise ValueError("sound is not valid")
    if pictures and not (np.isfinite(luma_s).all() and (np.diff(luma_s) > 0).all()):
        raise ValueError("picture times are not valid")
    # What compares them makes a row for each slot between the first and the last of them.
    heard = (audio_s, audio_s + samples / AUDIO_RATE_HZ) if samples else ()
    seen = (float(luma_s[0]), float(luma_s[-1])) if pictures else ()
    times = (*heard, *seen) or (audio_s,)
    if max(map(abs, times)) > _MOST_TIME_S or max(times) - min(times) > most_s + _APART_S:
        raise ValueError("sound and pictures lie too far apart")
    return Decoded(
        audio=audio,
        audio_s=audio_s,
        luma=luma,
        luma_s=luma_s,
        duration_s=duration_s,
        codecs=tuple(str(codec)[:80] for codec in head["codecs"][:8]),
        warnings=tuple(str(warning)[:300] for warning in head["warnings"][:16]),
    )
