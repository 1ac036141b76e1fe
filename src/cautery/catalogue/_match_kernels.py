"""Loops of matching, compiled and cached. Each has a plain twin in tests."""

from __future__ import annotations

import numpy as np
from numba import njit

_BOUNDARY = 0


@njit(cache=True)
def letter(byte):
    """Return a byte of folded text as one of 64 letters."""
    if 97 <= byte <= 122:
        return byte - 96
    if 48 <= byte <= 57:
        return byte - 21
    return 37 + byte % 27


@njit(cache=True)
def write_grams(text, first, past, out):
    """Write the different runs of three letters of ``text[first:past]``, sorted; count them."""
    count = 0
    before, last = _BOUNDARY, _BOUNDARY
    length = past - first
    for at in range(length + 1):
        now = letter(text[first + at]) if at < length else _BOUNDARY
        if at > 0:
            if count == len(out):
                break
            gram = (before << 12) | (last << 6) | now
            place = count
            while place > 0 and out[place - 1] > gram:
                place -= 1
            if place == 0 or out[place - 1] != gram:
                for move in range(count, place, -1):
                    out[move] = out[move - 1]
                out[place] = gram
                count += 1
        before, last = last, now
    return count


@njit(cache=True)
def grams_of(letters_from, letters):
    """Return the runs of three letters of every name: where each begins, and all of them."""
    row_size = 64
    total = len(letters_from) - 1
    starts = np.zeros(total + 1, np.int32)
    out = np.empty(max(1, len(letters) + total), np.int32)
    row = np.empty(row_size, np.int32)
    filled = 0
    for name in range(total):
        count = write_grams(letters, letters_from[name], letters_from[name + 1], row)
        for at in range(count):
            out[filled + at] = row[at]
        filled += count
        starts[name + 1] = filled
    return starts, out[:filled]


@njit(cache=True)
def postings_of(row_from, values, total):
    """Turn rows of values into, for each value, the rows that have it."""
    counts = np.zeros(total + 1, np.int32)
    for value in values:
        counts[value + 1] += 1
    starts = np.cumsum(counts).astype(np.int32)
    fill = starts[:-1].copy()
    rows = np.empty(len(values), np.int32)
    for row in range(len(row_from) - 1):
        for at in range(row_from[row], row_from[row + 1]):
            value = values[at]
            place = fill[value]
            if place > starts[value] and rows[place - 1] == row:
                continue
            rows[place] = row
            fill[value] = place + 1
    # A row that has a value twice is listed once: close the gaps.
    begins = np.zeros(total + 1, np.int32)
    filled = 0
    for value in range(total):
        for at in range(starts[value], fill[value]):
            rows[filled] = rows[at]
            filled += 1
        begins[value + 1] = filled
    return begins, rows[:filled].copy()
