"""The child process that disguises media of decoys: a segment in on stdin, a segment out on stdout.

Started by :class:`cautery.adapters.decoy_encoder.DecoyEncoder`, never by hand. Before it is given a
byte it is closed in as the decoder's child is (:mod:`cautery.adapters._decoder_child`): it can open
no file and no socket, and start nothing. So a recipe that asks a filter for a file gets none, even
if the list of allowed filters had a hole. Pictures or sound without a filter are copied as they
are: decoding and encoding is what costs.
"""

from __future__ import annotations

import io
import math
import resource
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, BinaryIO, NoReturn

import av
import numpy as np
from av.error import FFmpegError
from av.filter import Graph

from cautery.adapters._child_pipes import read_head, read_payload, widen, write_answer
from cautery.adapters._child_serving import serve
from cautery.adapters._confine import confine
from cautery.errors import InputError
from cautery.model.disguises import DISGUISES, FilterStep

_MOST_PIXELS = 1920 * 1088
_X264 = "scenecut=0:threads=1:lookahead-threads=1:sync-lookahead=0"


class _Chain:
    """One chain of filters over one stream, fed frame by frame.

    Parameters
    ----------
    steps : sequence of FilterStep
        The filters.
    stream : stream
        Whose frames come in.
    """

    def __init__(self, steps: Sequence[FilterStep], stream: Any) -> None:
        self._graph = Graph()
        self._graph.threads = 1
        self._is_sound = stream.type == "audio"
        first: Any = (
            self._graph.add_abuffer(template=stream)
            if self._is_sound
            else self._graph.add_buffer(template=stream)
        )
        last = self._graph.add("abuffersink" if self._is_sound else "buffersink")
        chain = [first, *(self._graph.add(step.name, step.arguments or None) for step in steps)]
        if not self._is_sound:
            chain.append(self._graph.add("format", "pix_fmts=yuv420p"))
        self._graph.link_nodes(*chain, last).configure()

    def frames(self, frame: Any) -> Iterator[Any]:
        """Yield what comes out after one frame; ``None`` is the end."""
        self._graph.push(frame)
        while True:
            try:
                yield self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


class _Track:
    """One stream on its way out: copied, or filtered and encoded again.

    Packets are kept until all streams are there: a container takes none after its first packet.
    """

    def __init__(self, out: Any, stream: Any, steps: Sequence[FilterStep]) -> None:
        self._out, self._stream = out, stream
        self.packets: list[Any] = []
        self._starts: float | None = None
        self._chain = _Chain(steps, stream) if steps else None
        self._encoder: Any = None
        self._copy = None if steps else out.add_stream_from_template(stream)
        if self._chain is not None and stream.type == "audio":
            context = stream.codec_context
            self._encoder = out.add_stream("aac", rate=context.sample_rate, layout=context.layout)
            self._encoder.bit_rate = 96_000
            self._encoder.options = {"aac_coder": "fast"}
            self._encoder.codec_context.thread_count = 1
            self._resampler = av.AudioResampler(
                "fltp", context.layout, context.sample_rate, self._encoder.codec_context.frame_size
            )

    def take(self, packet: Any) -> None:
        """Take one packet."""
        if self._chain is None:
            if packet.dts is not None:
                packet.stream = self._copy
                self.packets.append(packet)
            return
        for frame in packet.decode():
            for ready in self._chain.frames(frame):
                self._encode(ready)

    def finish(self) -> None:
        """Write what is left."""
        if self._chain is None:
            return
        for frame in self._chain.frames(None):
            self._encode(frame)
        if self._encoder is not None:
            if self._stream.type == "audio":
                for ready in self._resampler.resample(None):
                    self._keep(self._encoder.encode(ready))
            self._keep(self._encoder.encode(None))

    def _encode(self, frame: Any) -> None:
        if self._stream.type == "audio":
            if self._starts is None:
                self._starts = float(frame.pts * frame.time_base)
            for ready in self._resampler.resample(frame):
                self._keep(self._encoder.encode(ready))
            return
        if self._encoder is None:
            if frame.width * frame.height > _MOST_PIXELS:
                raise InputError(f"its pictures are {frame.width} x {frame.height}: too large")
            self._encoder = self._picture_encoder(frame)
        frame.pict_type = 0
        self._keep(self._encoder.encode(frame))

    def _keep(self, packets: Sequence[Any]) -> None:
        # What an encoder of sound puts before its first sample would overlap the segment before.
        self.packets += [
            packet
            for packet in packets
            if self._starts is None or float(packet.pts * packet.time_base) > self._starts - 0.005
        ]

    def _picture_encoder(self, frame: Any) -> Any:
        rate = self._stream.average_rate or Fraction(25)
        encoder = self._out.add_stream("libx264", rate=rate)
        encoder.width, encoder.height = frame.width & ~1, frame.height & ~1
        encoder.pix_fmt = "yuv420p"
        encoder.codec_context.time_base = frame.time_base
        encoder.codec_context.thread_count = 1
        encoder.options = {
            "preset": "ultrafast",
            "crf": "28",
            "bf": "0",
            "x264-params": f"keyint={10 * math.ceil(rate)}:{_X264}",
        }
        return encoder


def disguised(
    segment: bytes,
    *,
    video: Sequence[FilterStep],
    audio: Sequence[FilterStep],
    starts_s: float = 0.0,
) -> bytes:
    """Return a segment as MPEG-TS, its streams filtered or copied.

    Its time stamps are all moved by so much that its pictures, or else its sound, are decoded from
    ``starts_s`` on: those of the media would say where they come from, and jump where they begin
    again.

    Raises
    ------
    InputError
        If a filter is not known to FFmpeg or does not take its options, or the media are damaged.
    """
    answer = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(segment), "r") as source,
            av.open(answer, "w", format="mpegts", options={"mpegts_copyts": "1"}) as out,
        ):
            wanted: list[Any] = [*source.streams.video[:1], *source.streams.audio[:1]]
            for stream in wanted:
                stream.codec_context.thread_count = 1
                stream.thread_type = "NONE"
            tracks = {
                stream.index: _Track(out, stream, audio if stream.type == "audio" else video)
                for stream in wanted
            }
            for packet in source.demux(*wanted):
                tracks[packet.stream.index].take(packet)
            for track in tracks.values():
                track.finish()
            packets: list[Any] = [packet for track in tracks.values() for packet in track.packets]
            _move(packets, by_s=starts_s - _decoded_at(next(iter(tracks.values())).packets[0]))
            out.mux(sorted(packets, key=_decoded_at))
    except (FFmpegError, ValueError, ArithmeticError, IndexError, StopIteration) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(str(why)[:300]) from error
    return answer.getvalue()


def _move(packets: Sequence[Any], *, by_s: float) -> None:
    """Move all time stamps."""
    for packet in packets:
        ticks = round(by_s / packet.time_base)
        packet.dts += ticks
        if packet.pts is not None:
            packet.pts += ticks


def _decoded_at(packet: Any) -> float:
    """Return when a packet is decoded, seconds."""
    return float(packet.dts * packet.time_base)


def trial_segment() -> bytes:
    """Return a second of grey pictures and a tone, on which a recipe can be tried."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as out:
        video: Any = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.codec_context.thread_count = 1
        video.options = {"preset": "ultrafast", "x264-params": _X264, "bf": "0"}
        audio: Any = out.add_stream("aac", rate=48000, layout="stereo")
        audio.codec_context.thread_count = 1
        tone = np.sin(np.arange(1024) * 0.05).astype(np.float32) * 0.2
        for index in range(25):
            planes = np.full((270, 320), 90 + index, np.uint8)
            picture: Any = av.VideoFrame.from_ndarray(planes, "yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            out.mux(video.encode(picture))
        for index in range(46):
            samples: Any = av.AudioFrame.from_ndarray(np.stack((tone, tone)), "fltp", "stereo")
            samples.sample_rate, samples.pts = 48000, 1024 * index
            out.mux(audio.encode(samples))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))
    return buffer.getvalue()


def main(memory_mb: int, file: int, *, without_seccomp: bool) -> NoReturn:
    """Serve jobs until stdin ends.

    Parameters
    ----------
    memory_mb : int
        Resident memory that the process may grow to.
    file : int
        Not used: this child is given no file.
    without_seccomp : bool
        Go on where system calls can't be filtered.
    """
    del file
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    widen(jobs)
    widen(answers)
    av.logging.set_level(None)
    trial = trial_segment()
    # All of ours, so that whatever loads late is loaded while files can be opened.
    for disguise in DISGUISES.values():
        disguised(trial, video=disguise.video, audio=disguise.audio)
    serve(
        answers,
        confined=partial(confine, memory_mb=memory_mb, keep=3, without_seccomp=without_seccomp),
        job=partial(_serve, jobs, answers, trial),
    )


def _serve(jobs: BinaryIO, answers: BinaryIO, trial: bytes) -> None:
    """Do the next job.

    Raises
    ------
    EOFError
        If there is none.
    """
    head, segment = read_head(jobs), read_payload(jobs)
    used = _cpu_s()
    soft = math.ceil(used + head["seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    try:
        segment_out = disguised(
            segment or trial,
            video=_steps(head["video"]),
            audio=_steps(head["audio"]),
            starts_s=head["starts_s"],
        )
        write_answer(answers, {"cpu_s": _cpu_s() - used}, segment_out)
    except InputError as error:
        write_answer(answers, {"refused": str(error)})
    except MemoryError:
        write_answer(answers, {"refused": "it needs more memory than allowed"})


def _cpu_s() -> float:
    """Return the processor's time that this process has used, seconds."""
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def _steps(chain: Sequence[Any]) -> tuple[FilterStep, ...]:
    # Checked again: this process believes nobody which filters are allowed.
    return tuple(
        FilterStep(name=name, options=tuple((key, value) for key, value in options))
        for name, options in chain
    )
