"""The loops over placements and over lags, compiled and cached.

Their plain twins are in tests. Shapes are checked by the callers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SUMS = {"reassoc", "contract"}
"""Sums may be taken in any order; what is no number stays none."""


@njit(cache=True, nogil=True, fastmath=_SUMS)
def changed(held, after, after_share, before, before_share, known):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return what cells show between two pictures later less what they show earlier.

    ``after[i]`` and ``before[i]`` name the picture before each moment of instant i, the shares how
    far the next one counts; zero where an instant is not known.
    """
    one = np.float32(1)
    out = np.zeros((len(after), held.shape[1]), np.float32)
    for i in range(len(after)):
        if known[i]:
            a, b = after[i], before[i]
            c, d = after_share[i], before_share[i]
            for cell in range(held.shape[1]):
                later = held[a, cell] * (one - c) + held[a + 1, cell] * c
                out[i, cell] = later - (held[b, cell] * (one - d) + held[b + 1, cell] * d)
    return out


@njit(cache=True, nogil=True, fastmath=_SUMS)
def level(change, least):  # type: ignore[no-untyped-def]
    """Bring cells to about one strength in place, less what all share; return each instant's."""
    instants, cells = change.shape
    size = np.zeros(cells)
    for i in range(instants):
        for cell in range(cells):
            size[cell] += change[i, cell] * change[i, cell]
    size = np.sqrt(size / instants)
    scale = (1 / (size + size.mean() + least)).astype(np.float32)
    strength = np.empty(instants, np.float32)
    for i in range(instants):
        total = 0.0
        for cell in range(cells):
            change[i, cell] *= scale[cell]
            total += change[i, cell]
        mean, square = np.float32(total / cells), 0.0
        for cell in range(cells):
            change[i, cell] -= mean
            square += change[i, cell] * change[i, cell]
        strength[i] = np.sqrt(square / cells)
    return strength


@njit(cache=True, nogil=True, fastmath=_SUMS)
def clip(change, size, most):  # type: ignore[no-untyped-def]
    """Divide each instant by its size in place, and cut at ``most`` times the root mean square."""
    instants, cells = change.shape
    total = 0.0
    for i in range(instants):
        for cell in range(cells):
            change[i, cell] /= size[i]
            total += change[i, cell] * change[i, cell]
    limit = np.float32(most * np.sqrt(total / (instants * cells)))
    for i in range(instants):
        for cell in range(cells):
            change[i, cell] = min(max(change[i, cell], -limit), limit)


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


@njit(cache=True, nogil=True)
def _taps(scale, shift, count, first, part):  # type: ignore[no-untyped-def]
    """Fill the reference's cell left of each of the probe's (-1: none), and the share beyond it."""
    for i in range(len(first)):
        at = (((i + 0.5) / len(first) - 0.5) * scale + shift + 0.5) * count - 0.5
        if at < -0.5 or at > count - 0.5:
            first[i] = -1
            continue
        low = min(max(int(np.floor(at)), 0), count - 2)
        first[i] = low
        part[i] = min(max(at - low, 0.0), 1.0)


@njit(cache=True, nogil=True, fastmath=True)
def _under(shared, own, ours, where, least):  # type: ignore[no-untyped-def]
    """Return the correlation under one placement, the reference read between its cells."""
    high, wide = ours.shape
    row, column = np.empty(high, np.int64), np.empty(wide, np.int64)
    down, across = np.zeros(high), np.zeros(wide)
    _taps(where[2], where[3], high, row, down)
    _taps(where[0], where[1], wide, column, across)
    dot = a = b = 0.0
    for r in range(high):
        s = row[r]
        if s < 0:
            continue
        d = down[r]
        for x in range(wide):
            y = column[x]
            if y < 0:
                continue
            e = across[x]
            k00, k01, k10, k11 = (1 - d) * (1 - e), (1 - d) * e, d * (1 - e), d * e
            mine = shared[r, x]
            dot += k00 * mine[s, y] + k01 * mine[s, y + 1]
            dot += k10 * mine[s + 1, y] + k11 * mine[s + 1, y + 1]
            a += ours[r, x]
            g, h = own[s, y], own[s, y + 1]
            i, j = own[s + 1, y], own[s + 1, y + 1]
            b += k00 * k00 * g[s, y] + k01 * k01 * h[s, y + 1]
            b += k10 * k10 * i[s + 1, y] + k11 * k11 * j[s + 1, y + 1]
            b += 2 * (k00 * k01 * g[s, y + 1] + k00 * k10 * g[s + 1, y])
            b += 2 * (k00 * k11 * g[s + 1, y + 1] + k01 * k10 * h[s + 1, y])
            b += 2 * (k01 * k11 * h[s + 1, y + 1] + k10 * k11 * i[s + 1, y + 1])
    all_ours = all_theirs = 0.0
    for r in range(high):
        for x in range(wide):
            all_ours += ours[r, x]
            all_theirs += own[r, x, r, x]
    return dot / ((least * all_ours + (1 - least) * a) * max(b, least * all_theirs) + 1e-9) ** 0.5


@njit(cache=True, nogil=True)
def settle(shared, own, ours, where, steps, least):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Move ``where`` (scale and shift across, then down) uphill in place; return the correlation.

    One number at a time, by ever smaller ``steps``. ``own`` is the product of the reference's
    cells with each other over time, the others as in :func:`best_placement`.
    """
    best = _under(shared, own, ours, where, least)
    for step in steps:
        for _ in range(4):
            before = best
            for k in range(4):
                here = where[k]
                for way in (-1, 1):
                    where[k] = here + way * step
                    score = _under(shared, own, ours, where, least)
                    if score > best:
                        best = score
                        break
                    where[k] = here
            if best < before + 1e-3:
                break
    return best


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
