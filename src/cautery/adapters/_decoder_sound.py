"""Inside the decoder's child: frames of any codec and rate become 8 kHz mono.

One rule for every rate: a low-pass as a dense matrix that turns a block of input into a block
of output, so that BLAS does the work. Rates whose ratio to 8 kHz is too odd for a small matrix
go through FFmpeg's own resampler.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

RATE_HZ = 8000
_ZERO_CROSSINGS = 5
"""Half-width of the windowed sinc in output samples; with the Kaiser window below the stop band
lies 60 dB down, far under what re-encoding leaves."""
_KAISER_BETA = 5.65
_CUTOFF = 0.94
"""Share of the output's Nyquist frequency that is kept: 3760 Hz, landmarks end at 3800."""
_LARGEST_MATRIX = 1_000_000
_CHUNK = 1 << 18
Floats = NDArray[np.float32]
_EMPTY: Floats = np.empty(0, np.float32)


class MatrixResampler:
    """Streaming rational resampler to 8 kHz for one input rate."""

    def __init__(self, rate_hz: int) -> None:
        shared = math.gcd(rate_hz, RATE_HZ)
        up, down = RATE_HZ // shared, rate_hz // shared
        times = max(1, math.ceil(8 / up))
        self._out, self._hop = up * times, down * times
        ratio = max(1.0, rate_hz / RATE_HZ)
        self._half = math.ceil(_ZERO_CROSSINGS * ratio)
        width = self._hop + 2 * self._half
        centre = np.arange(self._out) * (down / up) + self._half
        distance = (np.arange(width)[:, None] - centre[None, :]) / ratio
        inside = np.abs(distance) <= _ZERO_CROSSINGS
        window = np.i0(
            _KAISER_BETA * np.sqrt(np.where(inside, 1 - (distance / _ZERO_CROSSINGS) ** 2, 0))
        ) / np.i0(_KAISER_BETA)
        taps = np.where(inside, np.sinc(_CUTOFF * distance) * window, 0.0)
        taps /= taps.sum(axis=0, keepdims=True)
        self._matrix = np.ascontiguousarray(taps, dtype=np.float32)
        self._held: Floats = np.zeros(self._half, np.float32)
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
        width = self._matrix.shape[0]
        blocks = (len(self._held) - width) // self._hop + 1
        if blocks < 1:
            return _EMPTY
        views = sliding_window_view(self._held, width)[: blocks * self._hop : self._hop]
        made: Floats = (views @ self._matrix).reshape(-1)
        self._held = self._held[blocks * self._hop :]
        self._owed -= len(made)
        return made

    def flush(self) -> Floats:
        """Return what is still owed, the input padded with silence."""
        owed = round(self._owed)
        made = self.push(np.zeros(self._matrix.shape[0] + self._hop, np.float32))
        return made[: max(0, owed)]


class FilterResampler:
    """FFmpeg's own resampler, for rates that stand in no small ratio to 8 kHz."""

    def __init__(self, rate_hz: int) -> None:
        import av  # noqa: PLC0415 - heavy, and only the child has it

        self._av = av
        self._rate = rate_hz
        self._inner: Any = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)

    def push(self, samples: Floats) -> Floats:
        """Take input, return the output that is complete."""
        if not len(samples):
            return _EMPTY
        frame = self._av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
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
    """Return one frame's channels mixed down, full scale 1.0, always finite.

    Of more than two channels the first three count: left, right, centre (speech).
    """
    name = frame.format.name
    channels = len(frame.layout.channels) or 1
    if name == "fltp":  # AAC, MP3, AC-3, Opus, Vorbis: no copy but the sum
        used = min(channels, 3)
        size = frame.samples
        planes = frame.planes
        total = np.frombuffer(planes[0], np.float32, count=size)
        for index in range(1, used):
            total = total + np.frombuffer(planes[index], np.float32, count=size)
        mixed: Floats = total * np.float32(1 / used)
    else:
        raw = frame.to_ndarray()
        if not frame.format.is_planar:
            raw = raw.reshape(-1, channels).T
        values = raw[:3].astype(np.float32)
        if raw.dtype == np.uint8:
            values = (values - 128) / 128
        elif raw.dtype.kind in "iu":
            values /= float(np.iinfo(raw.dtype).max) + 1
        mixed = values.mean(axis=0, dtype=np.float32)
    if not np.isfinite(mixed.sum()):
        mixed = np.nan_to_num(mixed, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(mixed, -4.0, 4.0)


class Sound:
    """The whole sound of a capture on one axis: gaps filled, rates joined, length bounded."""

    def __init__(self, *, most_s: float) -> None:
        self._most = int(most_s * RATE_HZ)
        self._parts: list[Floats] = []
        self._made = 0
        self._resampler: MatrixResampler | FilterResampler | None = None
        self._rate = 0
        self._wait: list[Floats] = []
        self._waiting = 0
        self._taken_s = 0.0
        self.start_s: float | None = None

    @property
    def end_s(self) -> float | None:
        """Media time after the last sample taken."""
        return None if self.start_s is None else self.start_s + self._taken_s

    @property
    def full(self) -> bool:
        """Whether no more is kept."""
        return self._made >= self._most or self._taken_s * RATE_HZ >= self._most

    def silence(self, seconds: float) -> None:
        """Fill a gap."""
        self._drain(end=True)
        want = round((self._taken_s + seconds) * RATE_HZ) - self._made
        self._keep(np.zeros(max(0, want), np.float32))
        self._taken_s += seconds

    def take(self, frame: Any, at_s: float) -> None:
        """Take one frame; ``at_s`` matters for the first only."""
        if self.start_s is None:
            self.start_s = at_s
        if frame.sample_rate != self._rate:
            self._drain(end=True)
            self._rate = frame.sample_rate
            kind = MatrixResampler if MatrixResampler.fits(self._rate) else FilterResampler
            self._resampler = kind(self._rate)
        samples = mono(frame)
        self._wait.append(samples)
        self._waiting += len(samples)
        self._taken_s += len(samples) / self._rate
        if self._waiting >= _CHUNK:
            self._drain(end=False)

    def finish(self) -> Floats:
        """Return all of it."""
        self._drain(end=True)
        return np.concatenate(self._parts)[: self._most] if self._parts else _EMPTY

    def _drain(self, *, end: bool) -> None:
        if self._resampler is None:
            return
        if self._wait:
            self._keep(self._resampler.push(np.concatenate(self._wait)))
            self._wait, self._waiting = [], 0
        if end:
            self._keep(self._resampler.flush())
            self._resampler, self._rate = None, 0

    def _keep(self, samples: Floats) -> None:
        self._made += len(samples)
        self._parts.append(samples)
