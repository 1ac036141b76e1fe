"""The decoder's child process: bytes in on stdin, arrays out on stdout, and nothing else.

Started by :class:`cautery.adapters.decoder.ChildDecoder`, never by hand. Before it is given a byte
of media it is closed in (:func:`cautery.adapters._confine.confine`): it can open no file and no
socket, reach no other process, start none, and grow no further than its memory limit; its CPU time
is bounded per job, or per part of a long one. Whatever media do to it, the parent goes on. A child
for one long file has that file as its descriptor 3, read-only.

Its first message says how it is closed in, or why it can't be. Framing, both ways: 4 bytes length
and JSON, 8 bytes length and payload, little-endian. A job for parts is answered by one message a
part and one that says ``end``.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import resource
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO, NoReturn

import av
import numpy as np

from cautery.adapters._child_pipes import read_head, read_payload, widen, write_answer
from cautery.adapters._child_serving import serve
from cautery.adapters._confine import confine
from cautery.adapters._decoder_media import Part, parts
from cautery.adapters._decoder_source import Refusal
from cautery.adapters._decoder_still import still, strip
from cautery.adapters._resampling import FilterResampler

_FILE = 3
"""The descriptor of the one file that a child for a long file may read."""


def _warm() -> None:
    """Do one of everything, so that whatever loads late is loaded while files can be opened."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as output:
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
    for _ in parts(buffer, "matroska", pictures=True, part_s=0.05, most_s=1.0):
        pass
    still(buffer, "matroska", at_s=0.0)
    strip(buffer, "matroska", times=(0.0,))
    # A prime rate needs too large a matrix, so the filter serves it and is loaded here.
    resampler = FilterResampler(44099)
    resampler.room(4096)
    resampler.flush()
    with contextlib.suppress(Refusal):
        # A file that is refused, since errors load what success does not need.
        nothing = io.BytesIO(b"RIFF\x00\x00\x00\x00WAVE")
        list(parts(nothing, "wav", pictures=True, part_s=1.0, most_s=1.0))


def _allow(seconds: float) -> None:
    """Let the process use so many CPU seconds more."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    soft = math.ceil(used + seconds) + 1
    # The soft limit alone: a hard one can only be lowered, and the next job needs more. The filter
    # lets this one call through (``_seccomp._OWN_CPU_LIMIT``).
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _work(head: dict[str, Any], data: BinaryIO) -> Iterator[Part]:
    _allow(head["seconds"])
    name = head["container"]
    if head["job"] == "still":
        yield still(data, name, at_s=head["at_s"])
        return
    if head["job"] == "strip":
        yield strip(data, name, times=head["times"])
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


def main(memory_mb: int, file: int, *, without_seccomp: bool) -> NoReturn:
    """Serve jobs until stdin ends.

    Parameters
    ----------
    memory_mb : int
        Resident memory that the process may grow to.
    file : int
        The inherited descriptor of a long file, or -1.
    without_seccomp : bool
        Go on where system calls can't be filtered.
    """
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    long: BinaryIO | None = None
    if file >= 0:
        if file != _FILE:
            os.dup2(file, _FILE)
            os.close(file)
        long = open(_FILE, "rb", buffering=0, closefd=False)  # noqa: SIM115 - till the end
    widen(jobs)
    widen(answers)
    av.logging.set_level(None)
    _warm()
    serve(
        answers,
        confined=partial(
            confine,
            memory_mb=memory_mb,
            keep=_FILE if long is None else _FILE + 1,
            without_seccomp=without_seccomp,
        ),
        job=partial(_serve, jobs, answers, long),
    )


def _serve(jobs: BinaryIO, answers: BinaryIO, long: BinaryIO | None) -> None:
    """Do the next job.

    Raises
    ------
    EOFError
        If there is none.
    """
    head, data = read_head(jobs), read_payload(jobs)
    try:
        for answer_head, payload in _work(head, io.BytesIO(data) if long is None else long):
            write_answer(answers, answer_head, payload)
    except Refusal as refusal:
        write_answer(answers, {"refused": str(refusal), "encrypted": refusal.encrypted})
    except MemoryError:
        write_answer(answers, {"refused": "it needs more memory than allowed"})
