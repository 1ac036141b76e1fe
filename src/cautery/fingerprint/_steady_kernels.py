"""The loops that follow a shaking picture, compiled and cached.

Shapes are checked by the caller. A shift is where a picture's upper left corner lies, (rows,
columns), in pixels.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

_CALM = np.float32(1 / 36)
"""One over the square of the luma levels of difference from which a pixel counts for little: what
moves by itself."""
_FAR = 0.3
"""Of a picture, by which another one may be shifted and still be held against it."""
_WORN = 0.9
"""Of the difference of two shots, from which the last picture is taken instead."""
_BETTER = 0.97


@kernel(nogil=True)
def _sampled(picture, y, x):  # type: ignore[no-untyped-def]
    """Return a picture between its pixels; beyond its edges, what lies at them."""
    high, wide = picture.shape
    y, x = min(max(y, 0.0), high - 1.0), min(max(x, 0.0), wide - 1.0)
    row, column = min(int(y), high - 2), min(int(x), wide - 2)
    d, e = y - row, x - column
    upper = picture[row, column] * (1 - e) + picture[row, column + 1] * e
    lower = picture[row + 1, column] * (1 - e) + picture[row + 1, column + 1] * e
    return upper * (1 - d) + lower * d


@kernel(nogil=True, fastmath={"reassoc", "contract"})
def _unlike(now, then, rows, columns):  # type: ignore[no-untyped-def]
    """Return the mean absolute difference where both show, ``now`` shifted by whole pixels."""
    high, wide = now.shape
    total = np.float32(0)
    top, bottom = max(0, -rows), min(high, high - rows)
    left, right = max(0, -columns), min(wide, wide - columns)
    for y in range(top, bottom):
        for x in range(left, right):
            total += abs(now[y, x] - then[y + rows, x + columns])
    return total / max(1, (bottom - top) * (right - left))


@kernel(nogil=True, fastmath={"reassoc", "contract"})
def _fitted(now, then, shift, turns, stride):  # type: ignore[no-untyped-def]
    """Move a shift to where ``now`` fits on ``then`` best, between pixels (Lucas and Kanade).

    Of ``now``, every ``stride``-th row counts. Where ``then`` is no number, nothing is known.
    """
    high, wide = now.shape
    one = np.float32(1)
    for _ in range(turns):
        row, column = int(np.floor(shift[0])), int(np.floor(shift[1]))
        d, e = np.float32(shift[0] - row), np.float32(shift[1] - column)
        k00, k01, k10, k11 = (one - d) * (one - e), (one - d) * e, d * (one - e), d * e
        a = b = c = p = q = np.float32(0)
        top, bottom = max(1, -row), min(high - 1, then.shape[0] - 1 - row)
        left, right = max(1, -column), min(wide - 1, then.shape[1] - 1 - column)
        for y in range(top, bottom, stride):
            upper, lower = then[y + row], then[y + row + 1]
            for x in range(left, right):
                z = x + column
                theirs = k00 * upper[z] + k01 * upper[z + 1] + k10 * lower[z] + k11 * lower[z + 1]
                off = theirs - now[y, x]
                down = (now[y + 1, x] - now[y - 1, x]) * np.float32(0.5)
                across = (now[y, x + 1] - now[y, x - 1]) * np.float32(0.5)
                known = not np.isnan(off)
                off = off if known else np.float32(0)
                weight = one / (one + (off * off) * _CALM)
                weight = weight * weight if known else np.float32(0)
                a += weight * down * down
                b += weight * down * across
                c += weight * across * across
                p += weight * down * off
                q += weight * across * off
        a, c = a + one, c + one
        whole = a * c - b * b
        down, across = (c * p - b * q) / whole, (a * q - b * p) / whole
        shift[0] -= min(max(down, -1.0), 1.0)
        shift[1] -= min(max(across, -1.0), 1.0)
        if abs(down) + abs(across) < 0.01:
            break


@kernel(nogil=True)
def followed(pictures, reach, cut):  # type: ignore[no-untyped-def]
    """Return each picture's shift, and whether a new shot begins with it.

    Each is held against one picture of its shot, so that errors do not add up; where that one is
    too far off or too different, against the last one. Where that differs by more than ``cut``,
    too, a shot begins, at 0.
    """
    count, high, wide = pictures.shape
    shifts, begins = np.zeros((count, 2)), np.zeros(count, np.bool_)
    begins[0] = True
    key, at, off = 0, np.zeros(2), 0.0
    for k in range(1, count):
        far = abs(at[0]) > _FAR * high or abs(at[1]) > _FAR * wide
        if not far:
            off = _stepped(pictures[k], pictures[key], at, reach)
        if (far or off > _WORN * cut) and key < k - 1:
            key, at[:] = k - 1, 0.0
            off = _stepped(pictures[k], pictures[key], at, reach)
        if off > cut:
            begins[k], key, at[:] = True, k, 0.0
            continue
        shifts[k] = shifts[key] + at
    return shifts, begins


@kernel(nogil=True)
def _stepped(now, then, at, reach):  # type: ignore[no-untyped-def]
    """Move ``at`` to where ``now`` lies on ``then``; return the difference that is left."""
    start_row, start_column = round(at[0]), round(at[1])
    row, column = start_row, start_column
    best = _unlike(now, then, row, column)
    here = best
    for step in (2, 1):
        middle_row, middle_column = row, column
        far = reach if step == 2 else 1
        for r in range(-far, far + 1, step):
            for c in range(-far, far + 1, step):
                unlike = _unlike(now, then, middle_row + r, middle_column + c)
                if unlike < best:
                    best, row, column = unlike, middle_row + r, middle_column + c
    if best < _BETTER * here:  # else little tells the shifts apart
        at[0], at[1] = row, column
    _fitted(now, then, at, 5, 2)
    return best


@kernel(nogil=True)
def steadied(pictures, shifts, room):  # type: ignore[no-untyped-def]
    """Fit each picture of a shot on the mean of all of them, in place: what was off adds up.

    ``room`` is what the mean takes in around the first picture, in pixels.
    """
    count, high, wide = pictures.shape
    mean = np.zeros((high + 2 * room, wide + 2 * room), np.float32)
    known = np.zeros(mean.shape, np.float32)
    one = np.float32(1)
    for k in range(count):
        # Between its pixels a picture is read at the same place of each.
        row, column = int(np.ceil(shifts[k, 0])) + room, int(np.ceil(shifts[k, 1])) + room
        d, e = np.float32(row - room - shifts[k, 0]), np.float32(column - room - shifts[k, 1])
        k00, k01, k10, k11 = (one - d) * (one - e), (one - d) * e, d * (one - e), d * e
        top, bottom = max(0, row), min(mean.shape[0], int(shifts[k, 0]) + room + high - 1)
        left, right = max(0, column), min(mean.shape[1], int(shifts[k, 1]) + room + wide - 1)
        for y in range(top, bottom):
            upper, lower = pictures[k, y - row], pictures[k, y - row + 1]
            for x in range(left, right):
                z = x - column
                mean[y, x] += (
                    k00 * upper[z] + k01 * upper[z + 1] + k10 * lower[z] + k11 * lower[z + 1]
                )
                known[y, x] += one
    for y in range(mean.shape[0]):
        for x in range(mean.shape[1]):
            mean[y, x] = mean[y, x] / known[y, x] if known[y, x] > 0 else np.nan
    at = np.zeros(2)
    for k in range(count):
        at[0], at[1] = shifts[k, 0] + room, shifts[k, 1] + room
        _fitted(pictures[k], mean, at, 3, 1)
        shifts[k, 0], shifts[k, 1] = at[0] - room, at[1] - room


@kernel(nogil=True)
def windowed(pictures, windows, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with a window of each picture, (top, left, height, width), in full size."""
    high, wide = out.shape[1:]
    for k in range(len(pictures)):
        for y in range(high):
            row = windows[k, 0] + (y + 0.5) * windows[k, 2] / high - 0.5
            for x in range(wide):
                column = windows[k, 1] + (x + 0.5) * windows[k, 3] / wide - 0.5
                out[k, y, x] = round(_sampled(pictures[k], row, column))
