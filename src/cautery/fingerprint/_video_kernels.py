"""The loops over placements and over lags, compiled and cached.

Their plain twins are in tests. Shapes are checked by the callers.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
def best_placement(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    shared, ours, theirs, columns, rows, pairs, least
):
    """Return (correlation, number) of the placement under which two pictures change most alike.

    ``shared[r, x, s, y]`` is the product of probe cell (r, x) and reference cell (s, y) over time,
    ``ours`` and ``theirs`` their energies; ``columns[c, x]`` and ``rows[k, r]`` name the column
    and row of the reference under the probe's, -1: none; ``pairs[n]`` is (c, k), sorted by c.
    """
    high, wide = ours.shape
    all_ours, all_theirs = least * ours.sum(), least * theirs.sum()
    dots = np.empty((high, theirs.shape[0]))
    mine, other = np.empty(high), np.empty(theirs.shape[0])
    best, number, done = -1.0, 0, -1
    for n in range(pairs.shape[0]):
        c, k = pairs[n, 0], pairs[n, 1]
        if c != done:  # what all row placements under these columns share
            done = c
            dots[:] = 0.0
            mine[:] = 0.0
            other[:] = 0.0
            for x in range(wide):
                y = columns[c, x]
                if y < 0:
                    continue
                for s in range(theirs.shape[0]):
                    other[s] += theirs[s, y]
                for r in range(high):
                    mine[r] += ours[r, x]
                    for s in range(theirs.shape[0]):
                        dots[r, s] += shared[r, x, s, y]
        dot = a = b = 0.0
        for r in range(high):
            s = rows[k, r]
            if s >= 0:
                dot += dots[r, s]
                a += mine[r]
                b += other[s]
        # A placement that leaves nearly all motion out proves nothing by what is left.
        score = dot / ((all_ours + (1 - least) * a) * max(b, all_theirs) + 1e-9) ** 0.5
        if score > best:
            best, number = score, n
    return best, number


@njit(cache=True, nogil=True, fastmath=True)
def strongest(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    dot, first, energy, covered, count, strength, place
):
    """Fill ``strength`` and ``place`` with the strongest local maxima; return how many.

    ``dot[i]`` belongs to place ``first + i``: the reference's instant under the probe's first.
    ``energy`` and ``covered`` are running energies of reference and probe, ``count`` the probe's
    instants.
    """
    length, most, found = len(energy) - 1, len(strength), 0
    least = 0.02 * covered[count] + 1e-6
    for i in range(1, len(dot) - 1):
        # Energies change slowly: where the product has no top, their quotient has none worth while.
        if not (dot[i] > 0 and dot[i] >= dot[i - 1] and dot[i] > dot[i + 1]):
            continue
        p = first + i
        theirs = energy[min(max(p + count, 0), length)] - energy[min(max(p, 0), length)]
        mine = covered[min(max(length - p, 0), count)] - covered[min(max(-p, 0), count)]
        here = dot[i] / np.sqrt(max(theirs, least) * max(mine, least))
        if found < most or here > strength[most - 1]:
            at = min(found, most - 1)
            while at > 0 and strength[at - 1] < here:
                strength[at], place[at] = strength[at - 1], place[at - 1]
                at -= 1
            strength[at], place[at] = here, p
            found = min(found + 1, most)
    return found
