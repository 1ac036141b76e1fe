"""The loop that adds up a probe's relief at the peaks of many references, compiled and cached.

It has a plain twin, which gives the same bits.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

GRID = 4
"""Frames of a place: 64 ms."""
LANES = 16
"""Places of which the best is told; rows are filled up to a multiple of it, so that whole vectors
are added."""


def _steps(_keys, bounds, _begins, numbers, *_):  # type: ignore[no-untyped-def]
    return 2 * int((bounds[:, numbers + 1] - bounds[:, numbers]).sum()) + 20 * len(numbers)


def _few_stood(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    keys, bounds, begins, numbers, rows, low, high, few, least, sums, references, places
):
    length, told = rows.shape[1], 0
    for number in numbers:
        held = np.flatnonzero(bounds[:, number] < bounds[:, number + 1])
        if not len(held):
            continue
        first, last = begins[held].min(), begins[held].max() + 4096
        size = ((last - first) // GRID + length + LANES - 1) // LANES * LANES
        total = np.zeros(size, np.int16)
        count = np.zeros((length + size) // LANES + 1, np.int32)
        for r in held:
            mine = keys[bounds[r, number] : bounds[r, number + 1]].astype(np.int64)
            at = (begins[r] - first + ((mine >> 8) & 4095)) // GRID
            for where, step in zip(at, mine & 255, strict=True):
                total[where : where + length] += rows[step]
            np.add.at(count, (length + at) // LANES + 1, 1)
        count = np.cumsum(count, dtype=np.int32)
        lowest = first // GRID - (length - 1)
        begin, end = max(0, low - lowest), min(size, high - lowest)
        blocks = np.arange(begin // LANES, -(-end // LANES))
        parts = total.reshape(-1, LANES)[blocks]
        highest = np.maximum(parts.max(axis=1, initial=0), 0)
        met = np.maximum(few, count[blocks + length // LANES + 1] - count[blocks + 1])
        value = highest.astype(np.float32) / np.sqrt(met.astype(np.float32))
        where = blocks * LANES + (parts == highest[:, None]).argmax(axis=1)
        over = np.flatnonzero((value > least) & (begin <= where) & (where < end))
        over = over[: max(0, len(sums) - told)]
        kept = slice(told, told + len(over))
        sums[kept], references[kept], places[kept] = value[over], number, where[over] + lowest
        told += len(over)
    return told


@kernel(plain=_steps, twin=_few_stood, nogil=True)
def stood(keys, bounds, begins, numbers, rows, low, high, few, least, sums, references, places):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Sum a probe's relief at each reference's peaks, at all places of the grid.

    A key is ``reference << 20 | frame << 8 | step``; run ``r`` has those of reference ``n`` in
    ``keys[bounds[r, n]:bounds[r, n + 1]]``, frames from ``begins[r]`` on. ``rows`` is the relief by
    step and, backwards, by place, and place ``p`` of a reference is the offset ``GRID * p``.
    Writes the highest sums over the root of the number of peaks (``few`` at least), of each 16
    places in [low, high) one, if it is over ``least``, to ``sums``, with its reference and place.
    Returns how many it has written; what finds no room any more is dropped.
    """
    length = rows.shape[1]
    told = 0
    for number in numbers:
        first, last = np.int64(1 << 60), np.int64(-(1 << 60))
        for r in range(len(begins)):
            if bounds[r, number] < bounds[r, number + 1]:
                first, last = min(first, begins[r]), max(last, begins[r] + 4096)
        if first >= last:
            continue
        size = ((last - first) // GRID + length + LANES - 1) // LANES * LANES
        # A peak's places overlap those of the one before, which are still on their way to memory:
        # four peaks are added up apart, so that none waits for another.
        totals = np.zeros((4, size), np.int16)
        count = np.zeros((length + size) // LANES + 1, np.int32)
        for r in range(len(begins)):
            apart = begins[r] - first
            for k in range(bounds[r, number], bounds[r, number + 1]):
                key = np.int64(keys[k])
                at = (apart + ((key >> 8) & 4095)) // GRID
                row, part = rows[key & 255], totals[k & 3, at : at + length]
                for p in range(length):
                    part[p] += row[p]
                count[(length + at) // LANES + 1] += 1
        for block in range(1, len(count)):
            count[block] += count[block - 1]
        # Sum ``p`` is of the place ``p + lowest``.
        lowest = first // GRID - (length - 1)
        begin, end = max(0, low - lowest), min(size, high - lowest)
        for block in range(begin // LANES, -(-end // LANES)):
            at = block * LANES
            a, b = totals[0, at : at + LANES], totals[1, at : at + LANES]
            c, d = totals[2, at : at + LANES], totals[3, at : at + LANES]
            highest = np.int16(0)
            for p in range(LANES):
                a[p] += b[p] + c[p] + d[p]
                highest = a[p] if a[p] > highest else highest  # noqa: FURB136 - this vectorises
            # Peaks are counted to a block, which is near enough to propose a place.
            met = max(few, count[block + length // LANES + 1] - count[block + 1])
            value = np.float32(highest) / np.sqrt(np.float32(met))
            if value <= least:
                continue
            where = at
            while totals[0, where] != highest:
                where += 1
            if begin <= where < end and told < len(sums):
                sums[told], references[told], places[told] = value, number, where + lowest
                told += 1
    return told
