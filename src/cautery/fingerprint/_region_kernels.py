"""The loop over all rectangles of a small picture, compiled and cached.

Its plain twin is in tests. Shapes are checked by the caller.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

_ALIKE, _LIKELIER = 1.12, 1.5
"""An inset has nearly always the shape of the whole picture: within a pixel or two of it, a
rectangle counts for more."""


@kernel(nogil=True)
def edged(upright, level, least_high, least_wide, most_shape, most_area):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return (strength, right edge, lower edge) of the best rectangle from each upper left corner.

    ``upright[y, x]`` is the running sum, down to row y, of how much column x - 1 differs from
    column x; ``level[y, x]`` of how much row y - 1 differs from row y, as far as column x. What
    lies on the picture's own edge needs no evidence. A rectangle is as strong as the weakest of
    its sides; its sides together break ties.
    """
    high, wide = upright.shape[0] - 1, upright.shape[1] - 1
    best = np.zeros((high, wide), np.float32)
    right, lower = np.zeros((high, wide), np.int64), np.zeros((high, wide), np.int64)
    long = 1 / np.sqrt(np.maximum(np.arange(max(high, wide) + 1), 1))
    for top in range(high - least_high + 1):
        for left in range(wide - least_wide + 1):
            for end in range(left + least_wide, wide + 1):
                across = (end - left) / wide
                above = (level[top, end] - level[top, left]) * long[end - left]
                for bottom in range(top + least_high, high + 1):
                    down = (bottom - top) / high
                    if across > most_shape * down or down > most_shape * across:
                        continue
                    if across * down > most_area:
                        break
                    weakest, total, sides = np.inf, 0.0, 0
                    if left > 0:
                        side = (upright[bottom, left] - upright[top, left]) * long[bottom - top]
                        weakest, total, sides = side, side, 1
                    if end < wide:
                        side = (upright[bottom, end] - upright[top, end]) * long[bottom - top]
                        weakest, total, sides = min(weakest, side), total + side, sides + 1
                    if top > 0:
                        weakest, total, sides = min(weakest, above), total + above, sides + 1
                    if bottom < high:
                        side = (level[bottom, end] - level[bottom, left]) * long[end - left]
                        weakest, total, sides = min(weakest, side), total + side, sides + 1
                    strength = weakest + 0.25 * total / sides
                    if max(across, down) < _ALIKE * min(across, down):
                        strength *= _LIKELIER
                    if strength > best[top, left]:
                        best[top, left], right[top, left], lower[top, left] = strength, end, bottom
    return best, right, lower
