"""Parts of a probe's picture that show something of their own: insets, halves, what has a frame.

Where two pictures meet, neighbouring pixels differ all the time and do not change together, along
a whole straight line. So rectangles with such sides are looked for, each side weighed by how
unusual it is in this picture. One picture alone has hardly any.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.video import Floats
from cautery.model.picture_part import Part, shared

_CUT = 20.0
"""Luma levels from which a change counts for no more."""
_FLOOR = 0.15
"""Of a change's square, luma levels: a codec's rounding."""
_LEAST = 0.3
"""Of width and height; smaller parts have too few pixels to be compared."""
_SHAPE = 2.2
"""Of width against height, in shares of the picture: half a picture, squeezed, has 2."""
_MOST_AREA = 0.8
_HALVED = 2.5
"""How unusual a line down the middle must be for both halves to be returned, in standard
deviations: it is the one line that is expected."""
_APART = 0.6
"""Overlap over union under which two rectangles are two."""


def regions(luma: NDArray[np.uint8], *, least: float, most: int) -> list[Part]:
    """Return parts with edges of their own, (top, left, height, width) in shares, clearest first.

    Parameters
    ----------
    luma : ndarray, shape (pictures, rows, columns), uint8
    least : float
        How unusual the weakest side must be, in standard deviations.
    most : int
        Returned at most.
    """
    from cautery.fingerprint import _region_kernels  # noqa: PLC0415 - numba loads late

    count, high, wide = luma.shape
    if count < 2:
        return []
    levels = luma.astype(np.float32)
    change = np.clip(np.diff(levels, axis=0), -_CUT, _CUT)
    upright, level = np.zeros((high + 1, wide + 1)), np.zeros((high + 1, wide + 1))
    upright[1:, 1:wide] = np.cumsum(_unlike(levels, change), axis=0)
    turned = _unlike(levels.transpose(0, 2, 1), change.transpose(0, 2, 1)).T
    level[1:high, 1:] = np.cumsum(turned, axis=1)
    strength, right, lower = _region_kernels.edged(
        upright, level, round(_LEAST * high), round(_LEAST * wide), _SHAPE, _MOST_AREA
    )
    found: list[tuple[int, int, int, int]] = []
    middle = wide // 2
    if upright[high, middle] / np.sqrt(high) >= _HALVED:
        found += [(0, 0, high, middle), (0, middle, high, wide)]
    for at in np.argsort(-strength, axis=None, kind="stable"):
        top, left = divmod(int(at), strength.shape[1])
        if strength[top, left] < least or len(found) == most:
            break
        box = top, left, int(lower[top, left]), int(right[top, left])
        if all(shared(box, other) < _APART for other in found):
            found.append(box)
    return [
        (top / high, left / wide, (bottom - top) / high, (end - left) / wide)
        for top, left, bottom, end in found
    ]


def _unlike(levels: Floats, change: Floats) -> Floats:
    """Return how much each column differs from the next one, row by row: (rows, columns - 1).

    More than its neighbours do, in standard deviations: by a step in brightness, by changes that
    do not go together, and by more change on one side.
    """
    step = np.log1p(np.abs(np.diff(levels, axis=2)).mean(axis=0))
    left, right = change[:, :, :-1], change[:, :, 1:]
    energy = (change**2).sum(axis=0) + _FLOOR * len(change)
    apart = 1 - (left * right).sum(axis=0) / np.sqrt(energy[:, :-1] * energy[:, 1:])
    uneven = np.abs(np.diff(np.log(energy), axis=1))
    total = np.zeros_like(step)
    for one in (step, apart, uneven):
        around = np.pad(one, ((0, 0), (1, 1)), mode="edge")
        over = one - (around[:, :-2] + around[:, 2:]) / 2
        total += np.clip(over / (np.sqrt((over**2).mean()) + 1e-6), -2, 3)
    unlike: Floats = (total / np.sqrt(3)).astype(np.float32)
    return unlike
