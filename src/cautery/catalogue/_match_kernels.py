"""Loops of matching, compiled and cached. Each has a plain twin in tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cautery.kernels import kernel

_BOUNDARY = 0


@kernel(plain=True, nogil=True)
def letter(byte):
    """Return a byte of folded text as one of 64 letters."""
    byte = np.int64(byte)  # in eight bits NumPy would lose what is shifted
    # Six bits a letter: a to z are 1 to 26, digits 27 to 36, other bytes share 37 to 63; 0 is the
    # boundary of a name.
    if 97 <= byte <= 122:
        return byte - 96
    if 48 <= byte <= 57:
        return byte - 21
    return 37 + byte % 27


@kernel(plain=True, nogil=True)
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


def _steps_of_grams(letters_from, letters):
    """Return how many steps they take: each run of letters is put among those before it."""
    return 10 * (letters_from.size + letters.size)


@kernel(plain=_steps_of_grams, nogil=True)
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


def postings_of(
    row_from: npt.NDArray[np.int32], values: npt.NDArray[np.int32], total: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Turn rows of values into, for each value, the rows that have it: where they begin, and all.

    Sorting does as well as a loop here, and there is nothing to compile.
    """
    sizes = np.diff(row_from)
    rows = np.repeat(np.arange(sizes.size, dtype=np.int64), sizes)
    pairs = np.unique((values[: rows.size].astype(np.int64) << 32) | rows)
    counts = np.bincount(pairs >> 32, minlength=total)
    begins = np.zeros(total + 1, np.int32)
    np.cumsum(counts, out=begins[1:])
    return begins, (pairs & 0xFFFFFFFF).astype(np.int32)
