"""Loops that add up a probe's relief at the peaks of references, compiled and cached.

As plain Python they give the same bits.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

GRID = 4
"""Frames of a place: 64 ms."""
TURNED, TURN = 24, 8
"""Frames by which a probe is turned at least, what sounds on is over by then; and from turn to
turn."""
BURST = 15
"""Frames whose peaks are one event, a quarter of a second."""
LANES = 16
"""Places of which the best is told."""
LENGTH = 80
"""Places of a probe, 5.12 s; a shorter one is filled up. A constant, so that its vectors are added
without a loop."""


def _steps(_keys, bounds, _begins, numbers, *_):  # type: ignore[no-untyped-def]
    return 2 * int((bounds[:, numbers + 1] - bounds[:, numbers]).sum()) + 20 * len(numbers)


def _few_stood(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    keys, bounds, begins, numbers, rows, filled, low, high, few, least, sums, references, places
):
    length, told = LENGTH, 0
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
        met = np.maximum(few, count[blocks + filled // LANES + 1] - count[blocks + 1])
        value = highest.astype(np.float32) / np.sqrt(met.astype(np.float32))
        where = blocks * LANES + (parts == highest[:, None]).argmax(axis=1)
        over = np.flatnonzero((value > least) & (begin <= where) & (where < end))
        over = over[: max(0, len(sums) - told)]
        kept = slice(told, told + len(over))
        sums[kept], references[kept], places[kept] = value[over], number, where[over] + lowest
        told += len(over)
    return told


@kernel(plain=_steps, twin=_few_stood, nogil=True)
def stood(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    keys, bounds, begins, numbers, rows, filled, low, high, few, least, sums, references, places
):
    """Sum a probe's relief at each reference's peaks, at all places of the grid.

    A key is ``reference << 20 | frame << 8 | step``; run ``r`` has those of reference ``n`` in
    ``keys[bounds[r, n]:bounds[r, n + 1]]``, frames from ``begins[r]`` on. ``rows`` is the relief by
    step and, backwards, by place, of which the last ``filled`` are the probe's; place ``p`` of a
    reference is the offset ``GRID * p``.
    Writes the highest sums over the root of the number of peaks (``few`` at least), of each 16
    places in [low, high) one, if it is over ``least``, to ``sums``, with its reference and place.
    Returns how many it has written; what finds no room any more is dropped.
    """
    told = 0
    for number in numbers:
        first, last = np.int64(1 << 60), np.int64(-(1 << 60))
        for r in range(len(begins)):
            if bounds[r, number] < bounds[r, number + 1]:
                first, last = min(first, begins[r]), max(last, begins[r] + 4096)
        if first >= last:
            continue
        size = ((last - first) // GRID + LENGTH + LANES - 1) // LANES * LANES
        # A peak's places overlap those of the one before, which are still on their way to memory:
        # four peaks are added up apart, so that none waits for another.
        totals = np.zeros((4, size), np.int16)
        count = np.zeros((LENGTH + size) // LANES + 1, np.int32)
        # Sum ``p`` is of the place ``p + lowest``.
        lowest = first // GRID - (LENGTH - 1)
        begin, end = max(0, low - lowest), min(size, high - lowest)
        for r in range(len(begins)):
            apart = begins[r] - first
            for k in range(bounds[r, number], bounds[r, number + 1]):
                key = np.int64(keys[k])
                at = (apart + ((key >> 8) & 4095)) // GRID
                # No sum that is told, nor its block's count, has this peak.
                if at < begin - LENGTH - LANES or at >= end + 2 * LANES:
                    continue
                row, part = rows[key & 255], totals[k & 3, at : at + LENGTH]
                for p in range(LENGTH):
                    part[p] += row[p]
                count[(LENGTH + at) // LANES + 1] += 1
        for block in range(1, len(count)):
            count[block] += count[block - 1]
        for block in range(begin // LANES, -(-end // LANES)):
            at = block * LANES
            a, b = totals[0, at : at + LANES], totals[1, at : at + LANES]
            c, d = totals[2, at : at + LANES], totals[3, at : at + LANES]
            highest = np.int16(0)
            for p in range(LANES):
                a[p] += b[p] + c[p] + d[p]
                highest = a[p] if a[p] > highest else highest  # noqa: FURB136 - this vectorises
            # Peaks are counted to a block, which is near enough to propose a place.
            met = max(few, count[block + filled // LANES + 1] - count[block + 1])
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


def _in_runs(_keys, bounds, begins, number, *_):  # type: ignore[no-untyped-def]
    return int((bounds[:, number + 1] - bounds[:, number]).sum()) + len(begins)


@kernel(plain=_in_runs, nogil=True)
def within(keys, bounds, begins, number, first, last):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return (frames from ``first``, steps) of a reference's peaks from there to before ``last``.

    ``keys``, ``bounds`` and ``begins`` are those of :func:`stood`.
    """
    count = 0
    for filling in range(2):
        if filling:
            frames, steps = np.empty(count, np.int64), np.empty(count, np.int64)
            count = 0
        for r in range(len(begins)):
            if begins[r] >= last or begins[r] + 4096 <= first:
                continue
            for k in range(bounds[r, number], bounds[r, number + 1]):
                key = np.int64(keys[k])
                at = begins[r] + ((key >> 8) & 4095)
                if first <= at < last:
                    if filling:
                        frames[count], steps[count] = at - first, key & 255
                    count += 1
    return frames, steps


def _near_steps(_relief, frames, _steps, offsets, *_):  # type: ignore[no-untyped-def]
    return len(frames) * len(offsets) + 1


@kernel(plain=_near_steps, nogil=True)
def near(relief, frames, steps, offsets, tempo, pitch, few):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return the sum of a probe's relief at some peaks over the root of their number, by offset.

    They count as ``few`` at least, and ``pitch`` is in steps.
    """
    length, height = relief.shape
    sums = np.empty(len(offsets))
    for k in range(len(offsets)):
        total, count = np.float64(0), 0
        for c in range(len(frames)):
            at, step = int(np.rint((frames[c] - offsets[k]) / tempo)), steps[c] + pitch
            if 0 <= at < length and 0 <= step < height:
                total += np.float64(relief[at, step])
                count += 1
        sums[k] = total / np.sqrt(np.float64(max(few, count)))
    return sums


def _chance_steps(relief, frames, *_):  # type: ignore[no-untyped-def]
    return len(frames) * (len(relief) // TURN + 2) + 1


@kernel(plain=_chance_steps, nogil=True)
def by_chance(relief, frames, steps, offset, tempo, pitch, few, mean):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return two mean squares of what a probe has at some peaks at an offset.

    Of the sums as in :func:`near`, less ``mean``, of the probe turned in time: by ``TURNED`` frames
    at least, either way, in steps of ``TURN``; 0 of a probe that is too short. And, by peak, of
    what those within one ``BURST`` have together.
    """
    length, height = relief.shape
    ats, its = np.empty(len(frames), np.int64), np.empty(len(frames), np.int64)
    together = np.zeros(length // BURST + 1)
    count = 0
    for c in range(len(frames)):
        at, step = int(np.rint((frames[c] - offset) / tempo)), steps[c] + pitch
        if 0 <= at < length and 0 <= step < height:
            ats[count], its[count] = at, step
            together[at // BURST] += np.float64(relief[at, step])
            count += 1
    most = np.float64(max(few, count))
    squares, turns = np.float64(0), 0
    for by in range(TURNED, length - TURNED + 1, TURN):
        total = np.float64(0)
        for c in range(count):
            total += np.float64(relief[(ats[c] + by) % length, its[c]])
        squares += (total / np.sqrt(most) - mean) ** 2
        turns += 1
    bursts = np.float64(0)
    for k in range(len(together)):
        bursts += together[k] ** 2
    return squares / max(1, turns), bursts / most
