"""Pictures to a temporal signature, and the search for it in a reference's.

What moves when, in 4x4 cells folded left on right to 4x2: indifferent to mirror, letterbox,
crop, logo, colour, frame rate and size (reference/identification.md, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe

Floats = NDArray[np.float32]
Times = NDArray[np.float64]
CELLS = 8
_CLIP = 4.0
"""Robust standard deviations; a cut is clipped to as much as strong motion."""
_LEAST_MOTION = 0.03
"""Luma levels (of 255), median absolute change of a cell per 80 ms, under which what moves is
the codec; set by frozen and re-encoded pictures in bench/identify_scores.py."""
_LEAST_MOVING = 0.35
"""Share of instants that must move; less is a slate with a blinking part, or a frozen picture."""
_HOLE_S = 1.0
"""Longer gaps between pictures say nothing about motion: they count as none."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Clipped temporal differences on an even grid of time.

    Parameters
    ----------
    change : ndarray, shape (8, instants), float32
        Luma levels per instant, clipped; instant ``i`` lies at ``start_s + i / rate_hz``.
    motion : float
        Median absolute change before clipping, levels.
    moving : float
        Share of instants with any motion.
    """

    change: Floats
    start_s: float
    rate_hz: float
    motion: float
    moving: float

    @property
    def silent(self) -> str | None:
        """Why this signature has no opinion, or ``None`` if it has one."""
        if self.change.shape[1] < 4 * self.rate_hz:
            return "too few pictures"
        if self.motion < _LEAST_MOTION or self.moving < _LEAST_MOVING:
            return "black, frozen or hardly any motion"
        return None


def cells_of(luma: NDArray[np.uint8]) -> Floats:
    """Return 4x4 cell means folded left on right.

    Parameters
    ----------
    luma : ndarray, shape (pictures, 36, 64), uint8

    Returns
    -------
    ndarray, shape (pictures, 8), float32

    Raises
    ------
    InputError
        On any other shape.
    """
    if luma.ndim != 3 or luma.shape[1] % 4 or luma.shape[2] % 4:
        raise InputError(f"luma: want (pictures, 36, 64), got shape {luma.shape}")
    count, rows, columns = luma.shape
    cells = luma.reshape(count, 4, rows // 4, 4, columns // 4).mean(axis=(2, 4), dtype=np.float32)
    folded: Floats = (cells[:, :, :2] + cells[:, :, :1:-1]) / 2
    return folded.reshape(count, CELLS)


def signature(cells: Floats, times: Times, recipe: Recipe, *, speed: float = 1.0) -> Signature:
    """Return the signature of cell means at any, even uneven, picture rate.

    Parameters
    ----------
    cells : ndarray, shape (pictures, 8), float32
    times : ndarray, shape (pictures,), float64
        Seconds, rising.
    speed : float
        Undo this speed: a picture at ``t`` counts as at ``t * speed``.
    """
    rate = recipe.luma_rate_hz
    if len(times) < 2:
        start_s = float(times[0]) if len(times) else 0.0
        return Signature(np.zeros((CELLS, 0), np.float32), start_s, rate, 0.0, 0.0)
    first = float(times[0])
    at = (times - first) * speed
    grid = np.arange(int(at[-1] * rate) + 1) / rate
    even = np.stack([np.interp(grid, at, cells[:, k]) for k in range(CELLS)])
    change = np.diff(even, axis=1).astype(np.float32)
    nearest = np.searchsorted(at, grid[1:])
    holes = np.diff(at)[np.clip(nearest - 1, 0, len(at) - 2)] > _HOLE_S
    change[:, holes] = 0
    size = np.abs(change)
    motion = float(np.median(size.mean(axis=0))) if size.size else 0.0
    moving = float((size.max(axis=0) > _LEAST_MOTION).mean()) if size.size else 0.0
    scale = 1.4826 * float(np.median(size)) if size.size else 0.0
    limit = _CLIP * max(scale, _LEAST_MOTION)
    return Signature(np.clip(change, -limit, limit), first + 0.5 / rate, rate, motion, moving)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Normalised correlation of a probe at every lag of a reference.

    Parameters
    ----------
    lags_s : ndarray, shape (lags,), float64
        Probe start minus the reference time it was compared with, rising.
    strength : ndarray, shape (lags,), float32
        -1 to 1.
    """

    lags_s: Times
    strength: Floats

    def best(self) -> tuple[float, float, float]:
        """Return (lag in seconds, strength, largest strength over 1 s away)."""
        if not len(self.strength):
            return 0.0, 0.0, 0.0
        at = int(np.argmax(self.strength))
        peak = float(self.strength[at])
        lag_s = float(self.lags_s[at])
        if 0 < at < len(self.strength) - 1:
            left, right = float(self.strength[at - 1]), float(self.strength[at + 1])
            bend = left - 2 * peak + right
            if bend < 0:
                step_s = float(self.lags_s[1] - self.lags_s[0])
                lag_s += 0.5 * (left - right) / bend * step_s
        far = np.abs(self.lags_s - self.lags_s[at]) > 1.0
        return lag_s, peak, float(self.strength[far].max()) if far.any() else 0.0


def correlate(probe: Signature, reference: Signature, *, low_s: float, high_s: float) -> Alignment:
    """Slide a probe along a reference.

    Parameters
    ----------
    low_s, high_s : float
        Lags searched: probe start minus reference time, on the axes of the signatures.
    """
    pattern, track = probe.change, reference.change
    count, length = pattern.shape[1], track.shape[1]
    nothing = Alignment(np.empty(0), np.empty(0, np.float32))
    if count < 8 or length < count // 2:
        return nothing
    # The probe may hang over either end of the reference by half its length.
    over = count // 2
    rate = probe.rate_hz
    positions = np.arange(-over, length - count + over + 1)
    lags = probe.start_s - (reference.start_s + positions / rate)
    inside = (lags >= low_s) & (lags <= high_s)
    if not inside.any():
        return nothing
    first, last = int(positions[inside][0]), int(positions[inside][-1])
    size = int(last - first) + count
    piece = np.zeros((CELLS, size), np.float32)
    valid = np.zeros(size, np.float32)
    begin, end = max(0, first), min(length, first + size)
    piece[:, begin - first : end - first] = track[:, begin:end]
    valid[begin - first : end - first] = 1
    padded = _fast(size)
    dot = np.fft.irfft(
        (np.fft.rfft(piece, padded) * np.conj(np.fft.rfft(pattern, padded))).sum(axis=0), padded
    )[: last - first + 1]
    energy = np.concatenate(([0.0], np.cumsum((piece.astype(np.float64) ** 2).sum(axis=0))))
    here = energy[count:] - energy[:-count]
    mine = (pattern.astype(np.float64) ** 2).sum(axis=0)
    if first < 0 or end < first + size:
        whole = np.fft.irfft(
            np.fft.rfft(valid, padded) * np.conj(np.fft.rfft(mine, padded)), padded
        )[: last - first + 1]
    else:
        whole = np.full(last - first + 1, mine.sum())
    least = 0.02 * mine.sum() + 1e-6
    scale = np.sqrt(np.maximum(here, least) * np.maximum(whole, least))
    strength = (dot / scale).astype(np.float32)
    return Alignment(lags[inside][::-1], strength[::-1])


def agreement(
    probe: Signature, reference: Signature, *, lag_s: float, block_s: float = 2.0
) -> list[bool | None]:
    """Return for each block of the probe whether it agrees with the reference at a lag.

    ``None`` where the probe does not move enough, or the reference is missing.
    """
    rate = probe.rate_hz
    offset = (probe.start_s - lag_s - reference.start_s) * rate
    at = np.arange(probe.change.shape[1]) + offset
    inside = (at >= 0) & (at <= reference.change.shape[1] - 1)
    track = np.stack(
        [np.interp(at, np.arange(reference.change.shape[1]), row) for row in reference.change]
    )
    size = round(block_s * rate)
    blocks: list[bool | None] = []
    for start in range(0, probe.change.shape[1] - size // 2, size):
        here = slice(start, start + size)
        ours, theirs = probe.change[:, here], track[:, here]
        norm = float(np.sqrt((ours**2).sum() * (theirs**2).sum()))
        moves = float(np.abs(ours).mean()) >= _LEAST_MOTION / 2
        if not inside[here].all() or not moves:
            blocks.append(None)
        else:
            blocks.append(float((ours * theirs).sum()) > 0.2 * max(norm, 1e-6))
    return blocks


def _fast(size: int) -> int:
    """Return the next length with small factors (2, 3, 5), for the FFT."""
    best = 1 << (size - 1).bit_length()
    for five in (1, 5, 25, 125):
        for three in (1, 3, 9):
            value = five * three
            while value < size:
                value *= 2
            best = min(best, value)
    return best
