"""Writes painted or copied media as segments, and reads segments back for a copy to be made.

The only module that touches PyAV. H.264 baseline-ish ``ultrafast`` pictures and AAC sound; a
folder of segments with ``media.json`` beside them, complete or absent.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.lab.encode_options import Coding
from cautery.lab.sounds import RATE_HZ, Sound
from cautery.model.media import ByteArray


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment: its file and its length in seconds."""

    file: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Rendered:
    """A folder of finished segments in order."""

    folder: Path
    pieces: tuple[Piece, ...]
    init: str | None

    @property
    def seconds(self) -> float:
        """Length of all segments."""
        return sum(piece.seconds for piece in self.pieces)

    @classmethod
    def load(cls, folder: Path) -> Rendered | None:
        """Return what lies finished in a folder, or nothing."""
        index = folder / "media.json"
        if not index.is_file():
            return None
        media = parsed_json(index.read_text(encoding="utf-8"))
        pieces = tuple(Piece(piece["file"], piece["seconds"]) for piece in media["pieces"])
        return cls(folder, pieces, media["init"])


class Writer:
    """Encodes pictures and sound into a folder; the folder appears only when all is done.

    Parameters
    ----------
    key : bytes or None
        AES-128 key by which the segments are encrypted. It is done before the folder appears: two
        worlds that are rendered at once must not encrypt the same segments twice.
    """

    def __init__(self, folder: Path, coding: Coding, *, key: bytes | None = None) -> None:
        self._final, self._coding, self._key = folder, coding, key
        self._folder = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        suffix = "m4s" if coding.fmp4 else "ts"
        options = {
            "hls_time": str(coding.segment_s),
            "hls_list_size": "0",
            "hls_flags": "independent_segments",
            "hls_segment_filename": str(self._folder / f"%05d.{suffix}"),
        }
        if coding.fmp4:
            options |= {"hls_segment_type": "fmp4", "hls_fmp4_init_filename": "init.mp4"}
        index = str(self._folder / "index.m3u8")
        self._out = av.open(index, "w", format="hls", options=options)
        self._out.flags |= 0x0400  # AVFMT_FLAG_BITEXACT: the same bytes on every run
        gop = coding.fps * coding.segment_s
        self._video: Any = self._out.add_stream("libx264", rate=coding.fps)
        self._video.width, self._video.height = coding.width, coding.height
        self._video.pix_fmt = "yuv420p"
        self._video.options = {
            "preset": "ultrafast",
            "crf": str(coding.crf),
            "x264-params": f"scenecut=0:keyint={gop}:min-keyint={gop}:threads=1",
        }
        self._audio: Any = self._out.add_stream("aac", rate=coding.audio_hz, layout=coding.layout)
        self._audio.bit_rate = coding.audio_bps
        self._audio.options = {"aac_coder": "fast"}
        self._resampler = av.AudioResampler("fltp", coding.layout, coding.audio_hz, 1024)
        self._pictures = self._samples = 0

    def picture(self, planes: ByteArray) -> None:
        """Encode one planar 4:2:0 picture of the world's size."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        if (self._coding.width, self._coding.height) != (frame.width, frame.height):
            frame = frame.reformat(self._coding.width, self._coding.height)
        frame.pts, frame.time_base = self._pictures, Fraction(1, self._coding.fps)
        self._pictures += 1
        self._out.mux(self._video.encode(frame))

    def sound(self, samples: Sound) -> None:
        """Encode the next stretch of sound."""
        if not samples.size:
            return
        whole: NDArray[np.int16] = (np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._samples, Fraction(1, RATE_HZ)
        self._samples += len(samples)
        for ready in self._resampler.resample(frame):
            self._out.mux(self._audio.encode(ready))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._out.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        for ready in self._resampler.resample(None):
            self._out.mux(self._audio.encode(ready))
        for stream in (self._video, self._audio):
            self._out.mux(stream.encode(None))
        self._out.close()
        self._finish()

    def _finish(self) -> None:
        index = self._folder / "index.m3u8"
        pieces, seconds = [], 0.0
        for line in index.read_text(encoding="utf-8").splitlines():
            if line.startswith("#EXTINF:"):
                seconds = float(line.removeprefix("#EXTINF:").split(",")[0])
            elif line and not line.startswith("#"):
                pieces.append({"file": Path(line).name, "seconds": seconds})
        index.unlink()
        if self._key is not None:
            _encrypt((self._folder / str(piece["file"]) for piece in pieces), self._key)
        init = "init.mp4" if self._coding.fmp4 else None
        body = json.dumps({"pieces": pieces, "init": init}, indent=0)
        (self._folder / "media.json").write_text(body, encoding="utf-8")
        try:
            self._folder.rename(self._final)
        except OSError:  # somebody else finished the same world first; theirs is as good
            if Rendered.load(self._final) is None:
                raise
            shutil.rmtree(self._folder, ignore_errors=True)


def open_cut(media: Rendered, begin_s: float, end_s: float) -> tuple[bytes, float]:
    """Return the bytes of the segments that hold ``begin_s..end_s``, and their first second.

    Raises
    ------
    InputError
        If nothing of it was rendered.
    """
    at, first, parts = 0.0, None, []
    for piece in media.pieces:
        if at + piece.seconds > begin_s and at < end_s:
            first = at if first is None else first
            parts.append((media.folder / piece.file).read_bytes())
        at += piece.seconds
    if first is None:
        raise InputError(f"{media.folder.name}: there are no media between {begin_s} and {end_s} s")
    return b"".join(parts), first


def frames_of(source: Any, first_s: float) -> Iterator[tuple[float, Any]]:
    """Yield decoded pictures with their content time; ``first_s`` is that of the first."""
    with av.open(source) as container:
        stream: Any = container.streams.video[0]
        stream.thread_type = "NONE"
        base: float | None = None
        for frame in container.decode(stream):
            base = frame.time if base is None else base
            yield first_s + frame.time - base, frame


def sound_of(source: Any, first_s: float | None = None) -> tuple[Sound, float]:
    """Return all sound at :data:`RATE_HZ` and the content time of its first sample.

    ``first_s`` is the content time of the first picture; ``None``: the sound starts at zero.
    """
    parts: list[Sound] = []
    with av.open(source) as container:
        stream: Any = container.streams.audio[0]
        begin = 0.0
        if first_s is not None:
            video: Any = container.streams.video[0]
            begin = first_s - float(video.start_time * video.time_base)
            begin += float(stream.start_time * stream.time_base)
        resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
        for frame in container.decode(stream):
            parts += [ready.to_ndarray()[0] for ready in resampler.resample(frame)]
        parts += [ready.to_ndarray()[0] for ready in resampler.resample(None)]
    return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), begin


def _encrypt(paths: Iterable[Path], key: bytes) -> None:
    """Encrypt every segment, with its sequence number as IV (RFC 8216, section 5.2)."""
    from cryptography.hazmat.primitives import padding  # noqa: PLC0415 - heavy: renderers only
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - heavy: renderers only
        Cipher,
        algorithms,
        modes,
    )

    for number, path in enumerate(paths):
        pad = padding.PKCS7(128).padder()
        clear = pad.update(path.read_bytes()) + pad.finalize()
        seal = Cipher(algorithms.AES(key), modes.CBC(number.to_bytes(16, "big"))).encryptor()
        path.write_bytes(seal.update(clear) + seal.finalize())
