"""The decoder's child process: bytes in on stdin, arrays out on stdout, and nothing else.

Started by :class:`cautery.adapters.decoder.ChildDecoder`, never by hand. After start-up it can
open no file and no socket (RLIMIT_NOFILE), gain no privilege, grow no further than its memory
limit, and its CPU time is bounded per job, or per part of a long one. Whatever media do to it,
the parent goes on. A child for one long file has that file as its descriptor 3, read-only.

Framing, both ways: 4 bytes length and JSON, 8 bytes length and payload, little-endian. A job for
parts is answered by one message a part and one that says ``end``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import io
import json
import math
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from cautery.adapters._decoder_media import Part, parts
from cautery.adapters._decoder_sound import FilterResampler
from cautery.adapters._decoder_source import Refusal
from cautery.adapters._decoder_still import still

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 1, 38, 4
_PIPE_BYTES = 1 << 20
_FILE = 3
"""The descriptor of the one file that a child for a long file may read."""


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
    for _ in parts(made, "matroska", pictures=True, part_s=0.05, most_s=1.0):
        pass
    still(made, "matroska", at_s=0.0)
    resampler = FilterResampler(44099)
    resampler.room(4096)
    resampler.flush()
    with contextlib.suppress(Refusal):
        nothing = io.BytesIO(b"RIFF\x00\x00\x00\x00WAVE")
        list(parts(nothing, "wav", pictures=True, part_s=1.0, most_s=1.0))


def _confine(memory_mb: int, files: int) -> None:
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
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


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


def _allow(seconds: float) -> None:
    """Let the process use so many CPU seconds more."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    soft = math.ceil(used + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _work(head: dict[str, Any], data: BinaryIO) -> Iterator[Part]:
    _allow(head["seconds"])
    name = head["container"]
    if head["job"] == "still":
        yield still(data, name, at_s=head["at_s"])
        return
    for part in parts(
        data,
        name,
        pictures=head["pictures"],
        part_s=head["part_s"] or math.inf,
        most_s=head["most_s"],
    ):
        yield part
        _allow(head["seconds"])
    if head["part_s"]:
        yield {"end": True}, b""


def _widen(pipe: BinaryIO) -> None:
    """Let a probe's bytes fit the pipe, if the system allows: both sides wake less often."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def main(memory_mb: int, file: int) -> None:
    """Serve jobs until stdin ends; ``file`` is the inherited descriptor of a long file, or -1."""
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    long: BinaryIO | None = None
    if file >= 0:
        if file != _FILE:
            os.dup2(file, _FILE)
            os.close(file)
        long = open(_FILE, "rb", buffering=0, closefd=False)  # noqa: SIM115 - till the end
    _widen(jobs)
    _widen(answers)
    av.logging.set_level(None)
    _warm()
    _confine(memory_mb, _FILE if long is None else _FILE + 1)
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
            for said, payload in _work(head, io.BytesIO(data) if long is None else long):
                _answer(answers, said, payload)
        except Refusal as refusal:
            refused = {"refused": str(refusal), "encrypted": refusal.encrypted}
            _answer(answers, refused, b"")
        except MemoryError:
            _answer(answers, {"refused": "it needs more memory than allowed"}, b"")
