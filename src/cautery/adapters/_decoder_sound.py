"""Inside the decoder's child: frames of any codec, rate and layout become 8 kHz mono.

Frames are joined in FFmpeg's own sample queue, so that mixing and resampling work on a second or
more at a time. One rule for every rate: a low-pass as a matrix that turns a block of input into a
block of output, so that BLAS does the work. Rates whose ratio to 8 kHz is too odd for a small
matrix go through FFmpeg's own resampler.
"""

from __future__ import annotations

import math
from typing import Any

import av
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

RATE_HZ = 8000
_ZERO_CROSSINGS = 5
"""Half-width of the windowed sinc in output samples; with the Kaiser window below the stop band
lies 60 dB down, far under what re-encoding leaves."""
_KAISER_BETA = 5.65
_CUTOFF = 0.94
"""Share of the output's Nyquist frequency that is kept: 3760 Hz, landmarks end at 3800."""
_BLOCK = 12
"""Output samples a block at least: with fewer, BLAS starves; with more, zeros are multiplied
(measured at 48 kHz: 8 to 32 samples, least at 12 to 14)."""
_LARGEST_MATRIX = 1_000_000
_CHUNK = 1 << 16
_GAINS = {"LFE": 0.0, "FC": math.sqrt(2)}
_REAR_GAIN = math.sqrt(0.5)
"""Weights against left and right, after ITU-R BS.775: so a feed in 5.1 sounds in mono as its own
stereo downmix does, and speech, which sits in the centre, is not lost."""
Floats = NDArray[np.float32]
_EMPTY: Floats = np.empty(0, np.float32)


class MatrixResampler:
    """Streaming rational resampler to 8 kHz for one input rate."""

    def __init__(self, rate_hz: int) -> None:
        shared = math.gcd(rate_hz, RATE_HZ)
        up, down = RATE_HZ // shared, rate_hz // shared
        times = max(1, math.ceil(_BLOCK / up))
        self._out, self._hop = up * times, down * times
        ratio = max(1.0, rate_hz / RATE_HZ)
        half = math.ceil(_ZERO_CROSSINGS * ratio)
        self._width = self._hop + 2 * half
        centre = np.arange(self._out) * (down / up) + half
        distance = (np.arange(self._width)[:, None] - centre[None, :]) / ratio
        inside = np.abs(distance) <= _ZERO_CROSSINGS
        window = np.i0(
            _KAISER_BETA * np.sqrt(np.where(inside, 1 - (distance / _ZERO_CROSSINGS) ** 2, 0))
        ) / np.i0(_KAISER_BETA)
        taps = np.where(inside, np.sinc(_CUTOFF * distance) * window, 0.0)
        taps /= taps.sum(axis=0, keepdims=True)
        # Windows of a block overlap, and BLAS takes no overlapping rows: pieces of a hop do not.
        self._pieces = [
            np.ascontiguousarray(taps[at : at + self._hop], dtype=np.float32)
            for at in range(0, self._width, self._hop)
        ]
        self._held: Floats = np.zeros(half, np.float32)
        self._owed = 0.0
        self._per_in = RATE_HZ / rate_hz

    @staticmethod
    def fits(rate_hz: int) -> bool:
        """Tell whether the rate's matrix is small enough."""
        shared = math.gcd(rate_hz, RATE_HZ)
        up, down = RATE_HZ // shared, rate_hz // shared
        return up * (down + 2 * _ZERO_CROSSINGS * (down // up + 1)) <= _LARGEST_MATRIX

    def push(self, samples: Floats) -> Floats:
        """Take input, return the output that is complete."""
        self._owed += len(samples) * self._per_in
        self._held = np.concatenate((self._held, samples))
        blocks = (len(self._held) - self._width) // self._hop + 1
        if blocks < 1:
            return _EMPTY
        made: Floats = np.zeros((blocks, self._out), np.float32)
        for number, piece in enumerate(self._pieces):
            rows = as_strided(
                self._held[number * self._hop :],
                (blocks, len(piece)),
                (4 * self._hop, 4),
                writeable=False,
            )
            made += rows @ piece
        self._held = self._held[blocks * self._hop :]
        self._owed -= made.size
        return made.reshape(-1)

    def flush(self) -> Floats:
        """Return what is still owed, the input padded with silence."""
        owed = round(self._owed)
        made = self.push(np.zeros(self._width + self._hop, np.float32))
        return made[: max(0, owed)]


class FilterResampler:
    """FFmpeg's own resampler, for rates that stand in no small ratio to 8 kHz."""

    def __init__(self, rate_hz: int) -> None:
        self._rate = rate_hz
        self._inner: Any = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)

    def push(self, samples: Floats) -> Floats:
        """Take input, return the output that is complete."""
        if not len(samples):
            return _EMPTY
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
        frame.sample_rate = self._rate
        return self._joined(self._inner.resample(frame))

    def flush(self) -> Floats:
        """Return what the filter still holds."""
        return self._joined(self._inner.resample(None))

    @staticmethod
    def _joined(frames: list[Any]) -> Floats:
        parts = [frame.to_ndarray().reshape(-1) for frame in frames]
        return np.concatenate(parts).astype(np.float32) if parts else _EMPTY


def mono(frame: Any) -> Floats:
    """Return a frame's channels mixed down, full scale 1.0, always finite."""
    gains = _gains(frame.layout)
    if frame.format.name == "fltp":  # AAC, MP3, AC-3, Opus, Vorbis: no copy but the sum
        size = frame.samples
        rows = [np.frombuffer(plane, np.float32, count=size) for plane in frame.planes]
    else:
        raw = frame.to_ndarray()
        if not frame.format.is_planar:
            raw = raw.reshape(-1, len(gains)).T
        values = raw.astype(np.float32)
        if raw.dtype == np.uint8:
            values = (values - 128) / 128
        elif raw.dtype.kind in "iu":
            values /= float(np.iinfo(raw.dtype).max) + 1
        rows = list(values)
    whole = sum(gains)
    mixed: Floats = rows[0] * np.float32(gains[0] / whole)
    for row, gain in zip(rows[1:], gains[1:], strict=True):
        if gain:
            mixed += row * np.float32(gain / whole)
    if not np.isfinite(mixed @ mixed):
        mixed = np.nan_to_num(mixed, nan=0.0, posinf=0.0, neginf=0.0).clip(-4.0, 4.0)
    return mixed


def _gains(layout: Any) -> list[float]:
    count = layout.nb_channels or 1
    if count < 3:
        return [1.0] * count
    names = [channel.name for channel in layout.channels]
    if len(names) != count:
        return [1.0] * count
    return [_GAINS.get(name, 1.0 if name in {"FL", "FR"} else _REAR_GAIN) for name in names]


class Sound:
    """The sound of a capture on one axis: gaps filled, rates joined, length bounded.

    Parameters
    ----------
    most_s : float
        Seconds kept at most.
    """

    def __init__(self, *, most_s: float) -> None:
        self._most = int(most_s * RATE_HZ)
        self._parts: list[Floats] = []
        self._resampler: MatrixResampler | FilterResampler | None = None
        self._kind: tuple[int, int, str] | None = None
        self._queue: Any = None
        self._taken = 0.0
        self._popped = 0
        self.made = 0
        self.start_s: float | None = None
        self.end_s: float | None = None
        """Media time after the last sample taken."""

    @property
    def full(self) -> bool:
        """Whether no more is kept."""
        return self.made >= self._most or self._taken >= self._most

    @property
    def waiting(self) -> int:
        """Samples made and not yet popped."""
        return self.made - self._popped

    @property
    def popped_s(self) -> float | None:
        """Media time of the next sample to be popped."""
        return None if self.start_s is None else self.start_s + self._popped / RATE_HZ

    def silence(self, seconds: float) -> None:
        """Fill a gap."""
        self._end_run()
        self._advance(seconds)
        self._keep(np.zeros(max(0, round(self._taken) - self.made), np.float32))

    def take(self, frame: Any, at_s: float) -> None:
        """Take one frame; ``at_s`` matters for the first only."""
        if self.start_s is None:
            self.start_s = self.end_s = at_s
        kind = (frame.sample_rate, frame.layout.nb_channels, frame.format.name)
        if kind != self._kind:
            self._begin_run(kind)
        frame.pts = None  # the queue would insist on its own count
        self._queue.write(frame)
        self._advance(frame.samples / kind[0])
        if self._queue.samples >= _CHUNK:
            self._drain()

    def pop(self, most: int) -> Floats:
        """Take out up to ``most`` of the samples made."""
        whole = np.concatenate(self._parts) if self._parts else _EMPTY
        taken, rest = whole[:most], whole[most:]
        self._parts = [rest] if len(rest) else []
        self._popped += len(taken)
        return taken

    def finish(self) -> None:
        """Make what is still in the queue and the filter."""
        self._end_run()

    def _advance(self, seconds: float) -> None:
        self._taken += seconds * RATE_HZ
        if self.start_s is not None:
            self.end_s = self.start_s + self._taken / RATE_HZ

    def _begin_run(self, kind: tuple[int, int, str]) -> None:
        rate_hz = kind[0]
        if self._kind is None or rate_hz != self._kind[0]:
            self._end_run()
            fits = MatrixResampler.fits(rate_hz)
            self._resampler = MatrixResampler(rate_hz) if fits else FilterResampler(rate_hz)
        else:
            self._drain()  # the same rate, other channels: the filter goes on
        self._queue, self._kind = av.AudioFifo(), kind

    def _drain(self) -> None:
        if self._resampler is None or not self._queue.samples:
            return
        self._keep(self._resampler.push(mono(self._queue.read())))

    def _end_run(self) -> None:
        if self._resampler is not None:
            self._drain()
            self._keep(self._resampler.flush())
        self._resampler = self._kind = self._queue = None

    def _keep(self, samples: Floats) -> None:
        samples = samples[: self._most - self.made].clip(-4.0, 4.0)
        self.made += len(samples)
        if len(samples):
            self._parts.append(samples)
