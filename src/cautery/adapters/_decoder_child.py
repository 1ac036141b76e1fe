"""The decoder's child process: bytes in on stdin, arrays out on stdout, and nothing else.

Started by :class:`cautery.adapters.decoder.ChildDecoder`, never by hand. After start-up it can
open no file and no socket (RLIMIT_NOFILE), gain no privilege, grow no further than its memory
limit, and its CPU time is bounded per job. Whatever media do to it, the parent goes on.

Framing, both ways: 4 bytes length and JSON, 8 bytes length and payload, little-endian.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import math
import os
import resource
import signal
import struct
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from cautery.adapters._decoder_sound import RATE_HZ, FilterResampler, Sound

ROWS, COLUMNS = 36, 64
PICTURES_PER_S = 12.5
_JUMP_S = 10.0
"""A time stamp further than this from where the stream stood is a discontinuity, not a gap."""
_JITTER_S = 0.06
_MOST_PIXELS = 4096 * 2304
_STILL_WIDTH = 640
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 1, 38, 4
_READ_ERRORS_BORNE = 50
Bytes = NDArray[np.uint8]


class Refusal(Exception):  # noqa: N818 - it is an answer, not an accident
    """Nothing could be made of the bytes; the message goes to the analyst."""


@dataclass
class Timeline:
    """Maps time stamps to one rising axis across wraps and discontinuities."""

    offsets: list[float] = field(default_factory=lambda: [0.0])
    jumps: int = 0

    def place(self, stamp_s: float, expected_s: float | None) -> float:
        """Return where ``stamp_s`` lies, given where its stream should go on."""
        if expected_s is None:
            return stamp_s + self.offsets[-1]
        best = min(self.offsets, key=lambda one: abs(stamp_s + one - expected_s))
        if abs(stamp_s + best - expected_s) <= _JUMP_S:
            return stamp_s + best
        self.jumps += 1
        if len(self.offsets) < 64:
            self.offsets.append(expected_s - stamp_s)
        return expected_s


@dataclass
class Damage:
    """Counts what was met and survived."""

    packets: int = 0
    reads: int = 0
    gaps: int = 0
    notes: list[str] = field(default_factory=list)

    def said(self, timeline: Timeline) -> list[str]:
        """Return it in words."""
        words = list(self.notes[:8])
        if self.packets:
            words.append(f"{self.packets} damaged packets or frames")
        if self.reads:
            words.append(f"{self.reads} damaged stretches of the container")
        if self.gaps:
            words.append(f"{self.gaps} gaps filled with silence")
        if timeline.jumps:
            words.append(f"{timeline.jumps} jumps of the time stamps")
        return words


class Cells:
    """Pictures reduced to 36x64 cell means of luma, at most 12.5 a second by time stamp.

    Planar 8-bit luma is averaged by two matrix products, over every second row of tall
    pictures; anything else goes through swscale's AREA.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], tuple[Any, Any, int]] = {}
        self._slot: int | None = None
        self.pictures: list[Bytes] = []
        self.times: list[float] = []

    def wants(self, at_s: float) -> bool:
        """Tell whether the slot of this time is still free."""
        slot = math.floor(at_s * PICTURES_PER_S + 1e-3)
        if self._slot is not None and slot <= self._slot:
            return False
        self._slot = slot
        return True

    def take(self, frame: Any, at_s: float) -> None:
        """Reduce and keep one picture."""
        self.pictures.append(self.reduce(frame))
        self.times.append(at_s)

    def reduce(self, frame: Any) -> Bytes:
        """Return the cell means of one picture."""
        width, height = frame.width, frame.height
        name = frame.format.name
        planar = name.startswith(("yuv", "nv", "gray")) and not name.startswith("yuyv")
        narrow = width < COLUMNS or height < ROWS
        if narrow or not planar or any(part.bits != 8 for part in frame.format.components):
            small = frame.reformat(COLUMNS, ROWS, "gray", interpolation="AREA")
            shrunk: Bytes = small.to_ndarray().reshape(ROWS, COLUMNS).copy()
            return shrunk
        plane = frame.planes[0]
        every = 2 if height >= 4 * ROWS else 1
        if (width, height) not in self._made:
            if len(self._made) > 8:
                self._made.clear()
            rows = _means(len(range(0, height, every)), ROWS)
            self._made[width, height] = (rows, _means(width, COLUMNS).T.copy(), every)
        rows, columns, every = self._made[width, height]
        luma = np.frombuffer(plane, np.uint8, count=plane.line_size * height)
        luma = luma.reshape(height, plane.line_size)[::every, :width]
        cells = (rows @ luma.astype(np.float32)) @ columns
        rounded: Bytes = np.rint(cells).astype(np.uint8)
        return rounded


def _means(size: int, cells: int) -> NDArray[np.float32]:
    """Return the matrix that averages ``size`` samples into ``cells``, edges shared exactly."""
    edges = np.linspace(0, size, cells + 1)
    index = np.arange(size)
    shared = np.minimum(edges[1:, None], index + 1) - np.maximum(edges[:-1, None], index)
    made = np.clip(shared, 0, None)
    matrix: NDArray[np.float32] = (made / made.sum(axis=1, keepdims=True)).astype(np.float32)
    return matrix


def _open(data: bytes, name: str) -> Any:
    try:
        return av.open(io.BytesIO(data), format=name, metadata_errors="ignore")
    except (FFmpegError, ValueError, MemoryError, OSError) as error:
        raise Refusal(f"the {name} container can't be opened: {_why(error)}") from error


def _why(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]


def _stream(container: Any, kind: str) -> Any:
    best = container.streams.best(kind)
    if best is None or best.codec_context is None:
        return None
    if kind == "video" and "attached_pic" in str(best.disposition).lower():
        return None
    context = best.codec_context
    context.thread_type = "NONE"
    context.thread_count = 1
    if kind == "video":
        context.options = {"max_pixels": str(_MOST_PIXELS)}
    return best


def _packets(container: Any, streams: list[Any], damage: Damage) -> Any:
    """Yield packets, going on after damaged stretches as long as the demuxer does."""
    while True:
        try:
            yield from container.demux(*streams)
        except (FFmpegError, ValueError, IndexError) as error:
            # IndexError: a damaged table announces streams that were not there at the start.
            damage.reads += 1
            if damage.reads == 1:
                damage.notes.append(f"container: {_why(error)}")
            if damage.reads >= _READ_ERRORS_BORNE:
                return
            continue
        return


def _frames(packet: Any, damage: Damage) -> list[Any]:
    try:
        return list(packet.decode())
    except (FFmpegError, ValueError) as error:
        damage.packets += 1
        if damage.packets == 1:
            damage.notes.append(f"{packet.stream.type}: {_why(error)}")
        return []


def _stamp(frame: Any) -> float | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return float(frame.pts * frame.time_base)


def _codec(stream: Any) -> str:
    context = stream.codec_context
    name = context.codec.name
    if stream.type == "video":
        rate = float(stream.average_rate or 0)
        return f"{name} {context.width}x{context.height} {rate:.2f}"
    return f"{name} {context.sample_rate}/{context.channels}"


def decode(
    data: bytes, name: str, *, pictures: bool, most_s: float
) -> tuple[dict[str, Any], bytes]:
    """Return the answer's head and its arrays for one capture."""
    with _open(data, name) as container:
        damage, timeline, cells = Damage(), Timeline(), Cells()
        sound = Sound(most_s=most_s)
        audio, video = _stream(container, "audio"), _stream(container, "video")
        used = [one for one in (audio, video if pictures else None) if one is not None]
        if not used and video is None:
            raise Refusal(f"the {name} container holds neither sound nor pictures")
        last_s: float | None = None
        first_s: float | None = None
        for packet in _packets(container, used, damage) if used else ():
            for frame in _frames(packet, damage):
                stamp = _stamp(frame)
                if packet.stream is audio:
                    _hear(frame, stamp, sound, timeline, damage)
                elif stamp is not None:
                    at_s = timeline.place(stamp, last_s if last_s is not None else sound.end_s)
                    first_s = at_s if first_s is None else first_s
                    if last_s is None or at_s > last_s:
                        last_s = at_s
                        if cells.wants(at_s):
                            cells.take(frame, at_s)
            picture_s = 0.0 if last_s is None or first_s is None else last_s - first_s
            if sound.full or picture_s > most_s:
                damage.notes.append(f"cut after {most_s:g} s")
                break
        samples = sound.finish()
        codecs = [_codec(one) for one in (video, audio) if one is not None]
        if audio is None:
            damage.notes.append("no sound")
    if not len(samples) and not cells.pictures and (used or damage.packets):
        said = "; ".join(damage.said(timeline)) or "no frame came out"
        raise Refusal(f"nothing could be decoded of {', '.join(codecs) or name}: {said}")
    luma = np.stack(cells.pictures) if cells.pictures else np.empty((0, ROWS, COLUMNS), np.uint8)
    times = np.array(cells.times, np.float64)
    start_s = sound.start_s if sound.start_s is not None else (first_s or 0.0)
    end_s = max(start_s + len(samples) / RATE_HZ, last_s if last_s is not None else start_s)
    head = {
        "samples": len(samples),
        "audio_s": start_s,
        "pictures": len(times),
        "duration_s": end_s - min(start_s, first_s if first_s is not None else start_s),
        "codecs": codecs,
        "warnings": damage.said(timeline),
    }
    return head, samples.astype(np.float32).tobytes() + luma.tobytes() + times.tobytes()


def _hear(
    frame: Any, stamp: float | None, sound: Sound, timeline: Timeline, damage: Damage
) -> None:
    """Put one frame of sound where its time stamp says, filling gaps, dropping repeats."""
    end_s = sound.end_s
    if sound.full or frame.sample_rate <= 0 or frame.samples <= 0:
        return
    at_s = end_s or 0.0 if stamp is None else timeline.place(stamp, end_s)
    if end_s is not None:
        gap_s = at_s - end_s
        if gap_s > _JITTER_S:
            damage.gaps += 1
            sound.silence(gap_s)
        elif gap_s < -max(_JITTER_S, frame.samples / frame.sample_rate):
            return
    sound.take(frame, at_s)


def still(data: bytes, name: str, *, at_s: float) -> tuple[dict[str, Any], bytes]:
    """Return the picture shown at ``at_s`` as PNG bytes, at most 640 wide."""
    with _open(data, name) as container:
        damage, timeline = Damage(), Timeline()
        video = _stream(container, "video")
        if video is None:
            raise Refusal("there are no pictures")
        shown: Any = None
        shown_s: float | None = None
        for packet in _packets(container, [video], damage):
            done = False
            for frame in _frames(packet, damage):
                stamp = _stamp(frame)
                if stamp is None:
                    continue
                frame_s = timeline.place(stamp, shown_s)
                if shown is not None and frame_s > at_s + 1e-3:
                    done = True
                    break
                shown, shown_s = frame, frame_s
            if done:
                break
        if shown is None or shown_s is None:
            raise Refusal("no picture could be decoded")
        if not shown_s - 1.0 <= at_s <= shown_s + 2.0:
            raise Refusal(f"no picture at {at_s:.2f} s; the nearest lies at {shown_s:.2f} s")
        return {"at_s": shown_s}, _png(shown)


def _png(frame: Any) -> bytes:
    width = min(frame.width, _STILL_WIDTH)
    height = max(1, round(frame.height * width / frame.width))
    coder: Any = av.CodecContext.create("png", "w")
    coder.width, coder.height, coder.pix_fmt = width, height, "rgb24"
    coder.time_base = Fraction(1, 25)
    picture = frame.reformat(width, height, "rgb24", interpolation="AREA")
    picture.pts = 0
    return b"".join(bytes(one) for one in [*coder.encode(picture), *coder.encode(None)])


def _warm() -> None:
    """Do one of everything, so that whatever loads late is loaded while files can be opened."""
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as output:
        video: Any = output.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        audio: Any = output.add_stream("aac", rate=48000, layout="mono")
        for index in range(3):
            picture: Any = av.VideoFrame.from_ndarray(np.zeros((108, 128), np.uint8), "yuv420p")
            picture.pts = index
            output.mux(video.encode(picture))
            samples: Any = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), "fltp", "mono"
            )
            samples.sample_rate, samples.pts = 48000, 1024 * index
            output.mux(audio.encode(samples))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    decode(made.getvalue(), "matroska", pictures=True, most_s=1.0)
    still(made.getvalue(), "matroska", at_s=0.0)
    resampler = FilterResampler(44099)
    resampler.push(np.zeros(4096, np.float32))
    resampler.flush()
    with contextlib.suppress(Refusal):
        decode(b"RIFF\x00\x00\x00\x00WAVE", "wav", pictures=True, most_s=1.0)


def _confine(memory_mb: int) -> None:
    """Close the process in. What is set here can't be undone from inside."""
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    kernel.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    virtual, resident = (
        int(word) * resource.getpagesize()
        for word in Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
    )
    room = virtual + max(32 << 20, (memory_mb << 20) - resident)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _read(pipe: BinaryIO, size: int) -> bytes:
    got = pipe.read(size)
    if len(got) != size:
        raise EOFError
    return got


def _answer(pipe: BinaryIO, head: dict[str, Any], payload: bytes) -> None:
    said = json.dumps(head).encode()
    pipe.write(struct.pack("<I", len(said)) + said + struct.pack("<Q", len(payload)))
    pipe.write(payload)
    pipe.flush()


def _work(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    soft = math.ceil(used + head["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    if head["job"] == "still":
        return still(data, head["container"], at_s=head["at_s"])
    return decode(data, head["container"], pictures=head["pictures"], most_s=head["most_s"])


def main(memory_mb: int) -> None:
    """Serve jobs until stdin ends."""
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    av.logging.set_level(None)
    _warm()
    _confine(memory_mb)
    _answer(answers, {"ready": True}, b"")
    while True:
        try:
            (size,) = struct.unpack("<I", _read(jobs, 4))
            head = json.loads(_read(jobs, size))
            (size,) = struct.unpack("<Q", _read(jobs, 8))
            data = _read(jobs, size)
        except EOFError:
            return
        try:
            said, payload = _work(head, data)
        except Refusal as refusal:
            said, payload = {"refused": str(refusal)}, b""
        except MemoryError:
            said, payload = {"refused": "it needs more memory than allowed"}, b""
        _answer(answers, said, payload)
