"""A shaking or wandering picture held still: where each picture lies on the others of its shot.

The path is found in the probe alone, so that it cannot bend towards a reference. What is left is
the part that all pictures of a shot show.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.video import Times

_REACH = 4
"""Pixels of 64 between two pictures: half the picture's width a second."""
_CUT = 22.0
"""Luma levels, mean, by which two pictures of one shot never differ."""
_ROOM = 24
_SMOOTH = 13
"""Pictures, one second: slower is a camera that turns."""
_LEAST_SHAKE = 0.35
"""Pixels, root mean square, under which a picture does not shake."""
_FEW = 4
"""Of so many pictures, one is followed to see whether any of them needs to be."""
_LEAST_LEFT = 0.65
"""Of height and width; beyond what all pictures show, its edge stands for what lies there."""

Windows = NDArray[np.float32]


def steady_windows(luma: NDArray[np.uint8]) -> list[Windows]:
    """Return what to take of each picture so that it holds still; empty if it does not shake.

    Parameters
    ----------
    luma : ndarray, shape (pictures, rows, columns), uint8

    Returns
    -------
    list of ndarray, shape (pictures, 4), float32
        Windows (top, left, height, width), pixels: all motion of the picture undone, and that
        which is faster than a camera turns.
    """
    from cautery.fingerprint import _steady_kernels  # noqa: PLC0415 - numba loads late

    if len(luma) < 4:
        return []
    pictures = luma.astype(np.float32)
    # Most pictures hold still: a few of them say so.
    sampled, _ = _steady_kernels.followed(pictures[::_FEW], _REACH, _CUT)
    if np.sqrt((sampled**2).mean()) < _LEAST_SHAKE / 2:
        return []
    shifts, begins = _steady_kernels.followed(pictures, _REACH, _CUT)
    edges = [*np.flatnonzero(begins).tolist(), len(luma)]
    shots = [slice(a, b) for a, b in pairwise(edges)]
    for shot in shots:
        if shot.stop - shot.start > 2:
            shifts[shot] -= shifts[shot].mean(axis=0)
            np.clip(shifts[shot], -_ROOM, _ROOM, out=shifts[shot])
            for _ in range(2):
                _steady_kernels.steadied(pictures[shot], shifts[shot], _ROOM)
    jitter = shifts.copy()
    for shot in shots:
        shifts[shot] -= (shifts[shot].max(axis=0) + shifts[shot].min(axis=0)) / 2
        jitter[shot] -= _slow(shifts[shot])
    paths = [path for path in (shifts, jitter) if np.sqrt((path**2).mean()) >= _LEAST_SHAKE]
    return [_windows(path, luma.shape[1:]) for path in paths]


def held_still(luma: NDArray[np.uint8], windows: Windows) -> NDArray[np.uint8]:
    """Return the windows of pictures, each in full size."""
    from cautery.fingerprint import _steady_kernels  # noqa: PLC0415 - numba loads late

    out = np.empty_like(luma)
    _steady_kernels.windowed(luma.astype(np.float32), windows, out)
    return out


def _slow(path: Times) -> Times:
    """Return a path without what is faster than a second."""
    if len(path) < _SMOOTH:
        return np.broadcast_to(path.mean(axis=0), path.shape)
    half = _SMOOTH // 2
    padded = np.pad(path, ((half, half), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate((np.zeros((1, 2)), padded)), axis=0)
    smooth: Times = (sums[_SMOOTH:] - sums[:-_SMOOTH]) / _SMOOTH
    return smooth


def _windows(path: Times, shape: tuple[int, ...]) -> Windows:
    size = np.array(shape, np.float64)
    # A picture's corner lies at ``path``: what all show reaches from the last begin to the first
    # end.
    begin, end = path.max(axis=0), (path + size).min(axis=0)
    middle, span = (begin + end) / 2, np.maximum(end - begin, _LEAST_LEFT * size)
    corner = middle - span / 2 - path
    windows: Windows = np.concatenate((corner, np.broadcast_to(span, path.shape)), axis=1).astype(
        np.float32
    )
    return windows
