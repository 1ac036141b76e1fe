"""Pictures to a signature of finer cells: what moves when, and where.

Of a picture in a picture in which little moves, the coarse signature of its part of the whole says
too little: before a moving background it lies among hundreds of other places. 8x12 cells that are
not folded find it, at twelve times the cost, so that they are asked last, of a few hours at most.
"""

from __future__ import annotations

import numpy as np

from cautery.fingerprint.placement import Placement, changes
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.video import COLUMNS, ROWS, WHOLE, Cells, Floats, Signature, Times, shares

_ROWS, _COLUMNS = 8, 12
_CUT = 9.0
"""Luma levels from which a change counts for no more: a cut says nothing of how much moves."""
_CLIP = 2.0
_CHUNK = 4096
"""Instants, five minutes, whose changes are evened together."""


def detail_of(
    change: Floats,
    shape: tuple[int, int],
    *,
    start_s: float,
    rate_hz: float,
    inset: tuple[float, float, float] = WHOLE,
    mirrored: bool = False,
) -> Signature:
    """Return the signature of a part of changes.

    Parameters
    ----------
    change : ndarray, shape (instants, rows * columns), float32
        From :func:`cautery.fingerprint.placement.changes`.
    shape : tuple of int
        Those rows and columns.
    inset : tuple of float
        Part of the picture to look at: (top, left, size), shares of the whole.
    mirrored : bool
        Turn it left to right.
    """
    top, left, size = inset
    down, across = shares(top, size, shape[0], _ROWS), shares(left, size, shape[1], _COLUMNS)
    if mirrored:
        across = across[::-1]
    read = np.matmul(np.matmul(down, change.reshape(-1, *shape)), across.T)
    flat = read.reshape(len(change), _ROWS * _COLUMNS)
    even = np.ascontiguousarray(_evened(flat).T) if len(flat) else flat.T
    return Signature(even, start_s, rate_hz, np.inf, 1.0)


def detail(cells: Cells, times: Times, recipe: Recipe) -> Signature:
    """Return the signature of a reference's cell means, shape (pictures, 192), whole."""
    rate = recipe.luma_rate_hz
    start_s = float(times[0])
    at = start_s + np.arange(int((times[-1] - start_s) * rate) + 1) / rate
    parts = [
        detail_of(
            changes(cells, times, at[k : k + _CHUNK])[0],
            (ROWS, COLUMNS), start_s=start_s, rate_hz=rate,
        ).change
        for k in range(0, len(at), _CHUNK)
    ]  # fmt: skip
    return Signature(np.concatenate(parts, axis=1), start_s, rate, np.inf, 1.0)


def _evened(change: Floats) -> Floats:
    """Bring cells, then instants to one strength, and clip low: when something moves says most.

    Harder than where places are judged, for among hundreds of hours all else is chance.
    """
    size = np.sqrt((np.clip(change, -_CUT, _CUT) ** 2).mean(axis=0))
    size += np.sqrt(np.median(change**2, axis=0))
    change = change / (size + 0.1 * size.mean() + 0.02)
    change = change - change.mean(axis=1, keepdims=True)
    size = np.sqrt((change**2).mean(axis=1))
    change = change / (size + 0.5 * float(np.median(size)) + 0.01)[:, None]
    clipped: Floats = np.clip(change, -_CLIP, _CLIP).astype(np.float32)
    return clipped


def laid(inset: tuple[float, float, float], *, mirrored: bool) -> Placement:
    """Return how a part of a probe's picture lies on a reference that it shows whole."""
    top, left, size = inset
    way = -1 if mirrored else 1
    across, down = left + size / 2 - 0.5, top + size / 2 - 0.5
    return Placement(way / size, -way * across / size, 1 / size, -down / size)
