"""From any rate to 8 kHz: a low-pass as a matrix, which BLAS multiplies.

One rule for every rate: the matrix turns a block of input into a block of output. Rates whose
ratio to 8 kHz is too odd for a small matrix go through FFmpeg's own resampler.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import av
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

RATE_HZ = 8000
_ZERO_CROSSINGS = 5
"""Half-width of the windowed sinc in output samples; with the Kaiser window below the stop band
lies 60 dB down, far under what re-encoding leaves."""
# 0.1102 (A - 8.7) for A = 60 dB (Kaiser, "Nonrecursive digital filter design using the I0-sinh
# window function", ISCAS 1974).
_KAISER_BETA = 5.65
_CUTOFF = 0.94
"""Share of the output's Nyquist frequency that is kept: 3760 Hz, landmarks end at 3800."""
_BLOCK = 12
"""Output samples a block at least: with fewer, BLAS starves; with more, zeros are multiplied
(measured at 48 kHz: 8 to 32 samples, least at 12 to 14)."""
_LARGEST_MATRIX = 1_000_000
_CHUNK = 1 << 14
"""Samples that are resampled together."""
MOST_AT_ONCE = 1 << 16
_ON_THIS_THREAD: dict[str, Any] = (
    {"threads": 1} if int(av.__version__.partition(".")[0]) >= 19 else {}
)
"""The decoder's process can't start threads; PyAV asks for them from 19 on unless it is told."""
Floats = NDArray[np.float32]
_EMPTY: Floats = np.empty(0, np.float32)


class MatrixResampler:
    """Streaming rational resampler to 8 kHz for one input rate.

    Write samples where :meth:`room` says, then ask for what is :meth:`made` of them.
    """

    def __init__(self, rate_hz: int) -> None:
        taps, hop, half = _low_pass(rate_hz)
        width = len(taps)
        blocks = math.ceil(_CHUNK / hop)
        self._step = blocks * hop
        self._need = self._step - hop + width
        self._input: Floats = np.zeros(self._need + MOST_AT_ONCE, np.float32)
        self._filled = half
        # Windows of a block overlap, and BLAS takes no overlapping rows: pieces of a hop do not.
        self._pieces: list[tuple[Floats, Floats]] = []
        for at in range(0, width, hop):
            piece = taps[at : at + hop]
            rows = as_strided(self._input[at:], (blocks, len(piece)), (4 * hop, 4), writeable=False)
            self._pieces.append((rows, piece))
        self._owed = 0.0
        self._per_in = RATE_HZ / rate_hz

    @staticmethod
    def fits(rate_hz: int) -> bool:
        """Tell whether the rate's matrix is small enough."""
        shared = math.gcd(rate_hz, RATE_HZ)
        up, down = RATE_HZ // shared, rate_hz // shared
        return up * (down + 2 * _ZERO_CROSSINGS * (down // up + 1)) <= _LARGEST_MATRIX

    def room(self, count: int) -> Floats:
        """Return where the next samples go, ``MOST_AT_ONCE`` of them at most."""
        begin = self._filled
        self._filled = begin + count
        self._owed += count * self._per_in
        return self._input[begin : self._filled]

    def made(self) -> Floats | None:
        """Return the output of a whole chunk; ``None``: more must be written first."""
        if self._filled < self._need:
            return None
        chunk = self._product()
        # NaN times a zero of the matrix is NaN: one such sample would spoil all of its block.
        if not np.isfinite(chunk.sum()):
            np.nan_to_num(self._input, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            np.clip(self._input, -4.0, 4.0, out=self._input)
            chunk = self._product()
        remaining = self._filled - self._step
        self._input[:remaining] = self._input[self._step : self._filled]
        self._filled = remaining
        self._owed -= len(chunk)
        return chunk

    def flush(self) -> Floats:
        """Return what is still owed, the input padded with silence."""
        owed = max(0, round(self._owed))
        chunks: list[Floats] = []
        while sum(map(len, chunks)) < owed:
            self.room(min(MOST_AT_ONCE, max(1, self._need - self._filled)))[:] = 0
            if (chunk := self.made()) is not None:
                chunks.append(chunk)
        return np.concatenate(chunks)[:owed] if chunks else _EMPTY

    def _product(self) -> Floats:
        (rows, piece), *later_pieces = self._pieces
        chunk: Floats = rows @ piece
        for rows, piece in later_pieces:
            chunk += rows @ piece
        return chunk.reshape(-1)


@lru_cache(maxsize=4)
def _low_pass(rate_hz: int) -> tuple[Floats, int, int]:
    """Return a rate's low-pass, kept since captures share few rates.

    Returns
    -------
    taps : ndarray, shape (input samples, output samples), float32
        From a block of input to a block of output.
    hop : int
        Input samples from block to block.
    half : int
        Input samples before the first output.
    """
    shared = math.gcd(rate_hz, RATE_HZ)
    up, down = RATE_HZ // shared, rate_hz // shared
    times = max(1, math.ceil(_BLOCK / up))
    ratio = max(1.0, rate_hz / RATE_HZ)
    half = math.ceil(_ZERO_CROSSINGS * ratio)
    centre = np.arange(up * times) * (down / up) + half
    distance = (np.arange(down * times + 2 * half)[:, None] - centre[None, :]) / ratio
    inside = np.abs(distance) <= _ZERO_CROSSINGS
    window = np.i0(
        _KAISER_BETA * np.sqrt(np.where(inside, 1 - (distance / _ZERO_CROSSINGS) ** 2, 0))
    ) / np.i0(_KAISER_BETA)
    taps = np.where(inside, np.sinc(_CUTOFF * distance) * window, 0.0)
    # A constant stays constant: every phase of the filter has the gain 1 at 0 Hz.
    taps /= taps.sum(axis=0, keepdims=True)
    return taps.astype(np.float32), down * times, half


class FilterResampler:
    """FFmpeg's own resampler, for rates without a small ratio to 8 kHz."""

    def __init__(self, rate_hz: int) -> None:
        self._rate = rate_hz
        self._inner: Any = av.AudioResampler(
            format="flt", layout="mono", rate=RATE_HZ, **_ON_THIS_THREAD
        )
        self._input: Floats = np.zeros(_CHUNK + MOST_AT_ONCE, np.float32)
        self._filled = 0

    def room(self, count: int) -> Floats:
        """Return where the next samples go, ``MOST_AT_ONCE`` of them at most."""
        begin = self._filled
        self._filled = begin + count
        return self._input[begin : self._filled]

    def made(self) -> Floats | None:
        """Return the output of a whole chunk; ``None``: more must be written first."""
        return None if self._filled < _CHUNK else self._joined(self._pushed())

    def flush(self) -> Floats:
        """Return what is still owed."""
        last = self._pushed() if self._filled else []
        return self._joined(last + self._inner.resample(None))

    def _pushed(self) -> list[Any]:
        samples = np.nan_to_num(self._input[: self._filled], posinf=0.0, neginf=0.0)
        self._filled = 0
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
        frame.sample_rate = self._rate
        pushed: list[Any] = self._inner.resample(frame)
        return pushed

    @staticmethod
    def _joined(frames: list[Any]) -> Floats:
        parts = [frame.to_ndarray().reshape(-1) for frame in frames]
        return np.concatenate(parts).astype(np.float32) if parts else _EMPTY
