"""Pictures to a temporal signature.

What moves when, in 4x4 cells folded left on right to 4x2: indifferent to mirror, letterbox,
crop, logo, colour, frame rate and size (docs/reference/sources.md, F40). ``sliding``
proposes places by it; ``placement`` judges them by finer cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe
from cautery.model.picture_part import WHOLE, Part
from cautery.model.verdict import NoMatch

Floats = NDArray[np.float32]
Cells = NDArray[np.float16]
Times = NDArray[np.float64]
ROWS, COLUMNS = 12, 16
CELLS = ROWS * COLUMNS
"""Kept of each picture: means of 3x4 of its 36x64 luma values, as float16 (384 bytes)."""
HOLE_S = 1.0
"""Longer gaps between pictures say nothing about motion: they count as none."""
_SLOW_S, _TURN_S = 0.15, 0.08
"""A picture that lasts longer than the first, but no hole, is shown until the second before the
next one: what another picture rate makes of it. Between others, motion is taken to go on."""
PARTS: tuple[Part, ...] = (
    (0.0, 0.0, 1.0, 0.5), (0.0, 0.5, 1.0, 0.5), (0.0, 0.25, 1.0, 0.5),
    (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0), (0.25, 0.25, 0.5, 0.5),
)  # fmt: skip
"""Of a reference, that a probe may show alone: its halves, its middle."""
FOLDED = 8
_CLIP = 4.0
_LEAST_MOTION = 0.03
"""Luma levels (of 255), median absolute change per 80 ms, under which what moves is the codec. One
picture frozen for 10 s and re-encoded, plainly or filmed off a screen, stays under it at 0.00 to
0.01; at 300 kbit/s, where the codec goes on mending it, at about 0.03."""
_LEAST_MOVING = 0.35
"""Share of instants that must move; less is a slate with a blinking part, or a frozen picture."""
LONGEST = 1024
"""Instants of a probe that are searched, 82 s; what comes after is left out."""
SHORT = 256
"""Instants of a short probe, 20 s."""
_BLOCKS = ((1024, 2048), (4160, 5184), (7616, 8640))
"""Of references of at most so many instants, the instants of a Fourier transform: 82, 330 and 600 s
of reference with a probe before them; all are products of 2, 3 and 5."""
_SHORT_BLOCKS = ((7616, 1024),)
"""The same for short probes: to transform many views of a probe costs more than many blocks do."""


@dataclass(frozen=True, eq=False)
class Slides:
    """Fourier transforms of a reference's overlapping blocks, for every probe that comes.

    Parameters
    ----------
    longest : int
        Most instants of a probe.
    block : int
        Instants of a transform.
    spectra : ndarray, shape (blocks, rows of ``change``, frequencies), complex64
        A probe is multiplied with it frequency by frequency.
    """

    longest: int
    block: int
    spectra: NDArray[np.complex64]

    @property
    def hop(self) -> int:
        """Places that a block gives."""
        return self.block - self.longest

    @classmethod
    def of(cls, change: Floats, longest: int) -> Slides:
        """Transform a reference's changes."""
        # Overlap-save: of a block's circular correlation the first ``hop`` places are free of
        # wrap-around, and ``sliding._products`` keeps these alone. Half a probe of padding comes
        # first because a probe may begin that much before the reference.
        rows, length = change.shape
        sizes = _SHORT_BLOCKS if longest == SHORT else _BLOCKS
        fitting = [size for most, size in sizes if length <= most]
        block = fitting[0] if fitting else _BLOCKS[-1][1]
        hop = block - longest
        count = -(-(length + longest // 2) // hop)
        padded = np.zeros((rows, (count - 1) * hop + block), np.float32)
        padded[:, longest // 2 : longest // 2 + length] = change
        blocks = [padded[:, k * hop : k * hop + block] for k in range(count)]
        return cls(
            longest, block, scipy.fft.rfft(np.stack(blocks)).astype(np.complex64, copy=False)
        )


@dataclass(frozen=True, eq=False)
class Signature:
    """Temporal differences on an even grid of time, whitened by cell, instants evened.

    Parameters
    ----------
    change : ndarray, shape (8, instants), float32
        Instant ``i`` lies at ``start_s + i / rate_hz``; no unit.
    motion : float
        Median absolute change of the livelier half of the cells per instant, luma levels.
    moving : float
        Share of instants with any motion.
    speed : float
        That was undone.
    """

    change: Floats
    start_s: float
    rate_hz: float
    motion: float
    moving: float
    speed: float = 1.0

    @property
    def silent(self) -> NoMatch | None:
        """Why this signature has no opinion, or ``None`` if it has one."""
        if self.change.shape[1] < 4 * self.rate_hz:
            return NoMatch.FEW_PICTURES
        if self.motion < _LEAST_MOTION or self.moving < _LEAST_MOVING:
            return NoMatch.STILL
        return None

    def slides(self, longest: int) -> Slides:
        """Return what this is searched by, for probes of at most so many instants; kept."""
        if longest not in self._slides:
            self._slides[longest] = Slides.of(self.change, longest)
        return self._slides[longest]

    @cached_property
    def _slides(self) -> dict[int, Slides]:
        return {}

    def at_speed(self, speed: float) -> Signature:
        """Return about what the signature is with a speed undone, of one with none undone."""
        count = self.change.shape[1]
        at = np.arange(int((count - 1) * speed) + 1) / speed
        change = np.stack([np.interp(at, np.arange(count), row) for row in self.change])
        return replace(self, change=change.astype(np.float32), speed=speed)

    def turned(self, *, upended: bool, negative: bool) -> Signature:
        """Return the signature of pictures upside down, or with dark and light exchanged."""
        change = self.change
        if upended:
            change = change.reshape(FOLDED // 2, 2, -1)[::-1].reshape(FOLDED, -1)
        return replace(self, change=-change if negative else change)

    def backwards(self) -> Signature:
        """Return what moves in the opposite order: other content that moves as much."""
        return replace(self, change=self.change[:, ::-1])

    @cached_property
    def energy(self) -> Times:
        """Running energy, shape (instants + 1,)."""
        squares = (self.change.astype(np.float64) ** 2).sum(axis=0)
        return np.concatenate(([0.0], np.cumsum(squares)))


def cells_of(luma: NDArray[np.uint8]) -> Cells:
    """Return the means of 12x16 cells.

    Parameters
    ----------
    luma : ndarray, shape (pictures, 36, 64), uint8

    Returns
    -------
    ndarray, shape (pictures, 192), float16

    Raises
    ------
    InputError
        On any other shape.
    """
    if luma.ndim != 3 or luma.shape[1] % ROWS or luma.shape[2] % COLUMNS:
        raise InputError(f"luma: want (pictures, 36, 64), got shape {luma.shape}")
    count, rows, columns = luma.shape
    cut = luma.reshape(count, ROWS, rows // ROWS, COLUMNS, columns // COLUMNS)
    means: Cells = cut.mean(axis=(2, 4), dtype=np.float32).reshape(count, CELLS).astype(np.float16)
    return means


def lasting(times: Times) -> tuple[Times, NDArray[np.int64]]:
    """Return (times, numbers) of pictures between which motion goes on evenly.

    The given ones, and each that lasts long a second time, at its end.
    """
    gap = np.diff(times)
    slow = np.flatnonzero((gap > _SLOW_S) & (gap <= HOLE_S))
    if not len(slow):
        return times, np.arange(len(times))
    number = np.insert(np.arange(len(times)), slow + 1, slow)
    return np.insert(times, slow + 1, times[slow + 1] - _TURN_S), number


def signature(
    cells: Cells,
    times: Times,
    recipe: Recipe,
    *,
    speed: float = 1.0,
    part: Part = WHOLE,
) -> Signature:
    """Return the signature of cell means at any, even uneven, picture rate.

    Parameters
    ----------
    cells : ndarray, shape (pictures, 192), float16
    times : ndarray, shape (pictures,), float64
        Seconds, rising.
    speed : float
        Undo this speed: a picture at ``t`` counts as at ``t * speed``.
    part : tuple of float
        Of the picture, to look at.
    """
    rate = recipe.luma_rate_hz
    if len(times) < 4:
        start_s = float(times[0]) if len(times) else 0.0
        return Signature(np.zeros((FOLDED, 0), np.float32), start_s, rate, 0.0, 0.0, speed)
    first = float(times[0])
    at = (times - first) * speed
    grid = np.arange(int(at[-1] * rate) + 1) / rate
    folded = _folded(cells, part)
    even = np.stack([np.interp(grid, at, folded[:, k]) for k in range(FOLDED)])
    right = np.clip(np.searchsorted(at, grid), 1, len(at) - 1)
    hole = (at[right] - at[right - 1]) > HOLE_S
    step = np.abs(np.diff(even, axis=1))
    step[:, hole[1:]] = 0
    # Bars and frames hold still whatever moves between them.
    livelier = np.sort(step, axis=0)[FOLDED // 2 :]
    motion = float(np.median(livelier.mean(axis=0))) if step.size else 0.0
    moving = float((step.max(axis=0) > _LEAST_MOTION).mean()) if step.size else 0.0
    shown_times, number = lasting(times)
    if len(number) > len(times):
        shown_times = (shown_times - first) * speed
        even = np.stack([np.interp(grid, shown_times, folded[number, k]) for k in range(FOLDED)])
        # Between two instants a turn this short is half missed: over 5 s, one in five places was.
        even[:, 1:-1] = (even[:, :-2] + 2 * even[:, 1:-1] + even[:, 2:]) / 4
    change = np.zeros_like(even)
    change[:, 1:-1] = even[:, 2:] - even[:, :-2]
    change[:, hole] = 0
    return Signature(_whitened(change), first, rate, motion, moving, speed)


def _folded(cells: Cells, part: Part) -> Floats:
    """Return 4x4 means of a part of the picture, folded left on right: (pictures, 8)."""
    top, left, high, wide = part
    down, across = shares(top, high, ROWS, 4), shares(left, wide, COLUMNS, 4)
    across = np.asarray((across[:2] + across[:1:-1]) / 2, np.float32)
    weights = np.einsum("ir,jc->ijrc", down, across).reshape(FOLDED, CELLS)
    parts = [cells[k : k + 4096].astype(np.float32) @ weights.T for k in range(0, len(cells), 4096)]
    return np.concatenate(parts)


def shares(begin: float, size: float, count: int, parts: int) -> Floats:
    """Return the weights of ``count`` cells in each part of a stretch, shape (parts, count)."""
    edges = (begin + size * np.linspace(0, 1, parts + 1)) * count
    cell = np.arange(count)
    shared = np.minimum(edges[1:, None], cell + 1) - np.maximum(edges[:-1, None], cell)
    weights = np.clip(shared, 0, None)
    normalised: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised


def _whitened(change: NDArray[np.float64]) -> Floats:
    """Bring cells to one strength, then instants nearly so; then clip what still stands out.

    Without it a ticker's or a background's motion outweighs the pitch's, and one cut all else.
    """
    size = np.sqrt(np.median(change**2, axis=1))
    # 9 luma levels, as ``detail._CUT``: a cut says nothing of how much a cell moves.
    size = size + np.sqrt((np.clip(change, -9, 9) ** 2).mean(axis=1))
    change = change / (size + 0.3 * size.mean() + 0.02)[:, None]
    instant = np.sqrt((change**2).mean(axis=0))
    change = change / np.sqrt(instant + 0.5 * float(np.median(instant)) + 1e-3)
    limit = _CLIP * (1.4826 * float(np.median(np.abs(change))) + _LEAST_MOTION)
    clipped: Floats = np.clip(change, -limit, limit).astype(np.float32)
    return clipped
