"""How alike pictures are under a placement, compiled and cached.

Its plain twin is in tests. Shapes are checked by the callers.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

_SUMS = {"reassoc", "contract"}
"""Sums may be taken in any order; what is no number stays none."""


@kernel(nogil=True, fastmath=_SUMS)
def alike(suspect, clean, at_y, at_x):  # type: ignore[no-untyped-def]
    """Return the mean correlation of pairs of pictures, the suspect's read between its pixels.

    ``at_y[r]`` and ``at_x[c]`` are the row and the column of the suspect's under the clean one's;
    those outside it do not count. At least one must lie inside.
    """
    pictures, rows, columns = clean.shape
    score = 0.0
    for p in range(pictures):
        count = 0
        a = b = aa = bb = ab = 0.0
        for r in range(rows):
            y = at_y[r]
            if y < -0.5 or y > rows - 0.5:
                continue
            y = min(max(y, 0.0), rows - 1.0)
            top = min(int(y), rows - 2)
            down = y - top
            for c in range(columns):
                x = at_x[c]
                if x < -0.5 or x > columns - 0.5:
                    continue
                x = min(max(x, 0.0), columns - 1.0)
                left = min(int(x), columns - 2)
                across = x - left
                upper = suspect[p, top, left] * (1 - across) + suspect[p, top, left + 1] * across
                lower = (
                    suspect[p, top + 1, left] * (1 - across)
                    + suspect[p, top + 1, left + 1] * across
                )
                value, clean_value = upper * (1 - down) + lower * down, clean[p, r, c]
                count += 1
                a += value
                b += clean_value
                aa += value * value
                bb += clean_value * clean_value
                ab += value * clean_value
        norm = np.sqrt(max(aa - a * a / count, 0.0) * max(bb - b * b / count, 0.0))
        score += (ab - a * b / count) / max(norm, 1e-6)
    return score / pictures
