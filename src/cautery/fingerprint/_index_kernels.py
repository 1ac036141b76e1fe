"""Loops that search runs, compiled and cached. Each has a plain twin in tests.

Runs are read through their addresses, so that one call sweeps any number of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cautery.fingerprint._memory_kernels import prefetch, u8, u32, u64
from cautery.fingerprint._run_kernels import (
    BITS,
    FRAME_BITS,
    HASH_BITS,
    HOT,
    HOTS,
    LANES,
    PLAIN,
    POSTING_BITS,
    POSTINGS,
    RESTS,
    START,
    TABLE,
    place,
)
from cautery.kernels import kernel

BIN_FRAMES = 4
"""Vote bins are 64 ms wide and each vote counts in two: windows of 128 ms, overlapping."""
BIN_BITS = 20
_LINE = 64
"""Bytes that memory gives at once, on every processor this runs on."""
_AHEAD = 8
"""Hashes whose postings are fetched ahead of being read: fewer come late, and to fetch those of
all hashes beforehand fetches what is never followed."""
_SPREAD = 40503
"""Odd, near 2^16 times the golden ratio (Knuth, TAOCP 3, 6.4): lays references apart."""


@kernel(plain=True, nogil=True)
def _among_hot(row, word):  # type: ignore[no-untyped-def]
    """Return (first posting, number of postings) of a hash under hot keys."""
    ends = (0, 0)
    for step in range(2):
        # Hot hashes are sorted: the first that is not below ``word``, then the first that is not
        # below ``word + 1``.
        below, above = 0, row[HOTS]
        while below < above:
            middle = (below + above) >> 1
            if np.int64(u32(row[HOT] + 4 * middle)) < word + step:
                below = middle + 1
            else:
                above = middle
        ends = (ends[1], below)
    return row[PLAIN] + ends[0], ends[1] - ends[0]


@kernel(plain=lambda rows, words, *_: 20 * len(rows) * len(words), nogil=True)
def located(rows, words, first_frame, last_frame, starts, counts):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Find where each hash's postings lie in each run: ``starts``, ``counts`` (runs, hashes).

    A run whose slice has no frame in ``[first_frame[i], last_frame[i])`` counts none for ``i``.
    """
    for r in range(len(rows)):
        row = rows[r]
        table, bits = row[TABLE], row[BITS]
        # Three passes over the hashes: each fetches the memory that the next one reads, so that it
        # does not wait.
        shift = HASH_BITS - bits
        begin, end = row[START], row[START] + (1 << FRAME_BITS)
        for i in range(len(words)):
            if end > first_frame[i] and begin < last_frame[i]:
                record = np.int64((np.uint64(words[i]) >> np.uint64(shift)) // np.uint64(LANES))
                prefetch(table + 16 * record)
        for i in range(len(words)):
            counts[r, i] = 0
            if end <= first_frame[i] or begin >= last_frame[i]:
                continue
            key = np.uint64(words[i]) >> np.uint64(shift)
            record = np.int64(key // np.uint64(LANES))
            low, high = u64(table + 16 * record), u64(table + 16 * record + 8)
            start, count = place(low, high, np.int64(key) - record * LANES)
            starts[r, i], counts[r, i] = start, count
            if shift:
                prefetch(row[RESTS] + start)
        if shift or row[HOTS]:
            for i in range(len(words)):
                if end <= first_frame[i] or begin >= last_frame[i]:
                    continue
                word = np.int64(words[i])
                start, count = np.int64(starts[r, i]), np.int64(counts[r, i])
                if not count:
                    if row[HOTS]:
                        starts[r, i], counts[r, i] = _among_hot(row, word)
                elif shift:
                    low_bits = word & ((1 << shift) - 1)
                    until = start + count
                    while start < until and np.int64(u8(row[RESTS] + start)) < low_bits:
                        start += 1
                    count = 0
                    while start + count < until and u8(row[RESTS] + start + count) == low_bits:
                        count += 1
                    starts[r, i], counts[r, i] = start, count


def affordable(counts: Any, per_word: int) -> Any:
    """Return which hashes to follow: all, or the rarest that keep to a mean of ``per_word``."""
    totals = counts.sum(axis=0, dtype=np.int64)
    # Of hashes that are as common as each other, the first.
    rarest_first = np.argsort(totals, kind="stable")
    use = np.empty(len(totals), np.bool_)
    use[rarest_first] = np.cumsum(totals[rarest_first]) <= len(totals) * per_word
    return use


def voted(
    rows: Any, words: Any, times: Any, *, base: int, low: int, high: int, least: int, per_word: int
) -> Any:
    """Count offsets, one vote per probe landmark and window.

    Offsets are ``reference frame - probe frame - base``, counted if in [low, high). Returns
    (reference, window, votes) of windows with at least ``least`` votes; window ``w`` spans the
    offsets within ``BIN_FRAMES`` of ``low + w * BIN_FRAMES``.
    """
    starts = np.empty((len(rows), len(words)), np.int32)
    counts = np.empty((len(rows), len(words)), np.int32)
    first_frame = times.astype(np.int64) + (base + low)
    located(rows, words, first_frame, first_frame + (high - low), starts, counts)
    counts[:, ~affordable(counts, per_word)] = 0
    room = int(counts.sum())
    # Twice as many cells as votes: references that share one seldom reach ``least`` together. One
    # more at each end, for the neighbours of the first and last, and one since the second pass
    # reads four bytes where it wants three.
    cells = np.zeros(_cells(room, 1 << 12) + 3, np.uint8)
    # One more than there are votes: what lies outside is written too, behind the last one.
    keys = np.empty(room + 1, np.uint32)
    ends = np.empty(len(words), np.int64)
    _filtered(rows, starts, counts, first_frame, high - low, cells, keys, ends)
    survivors = np.empty(2 * int(ends[-1]), np.uint32)
    passed = _passed(keys, ends, cells, least, survivors)
    slots = np.full(_cells(passed, 1 << 6), -1, np.int64)
    votes, last = np.empty(len(slots), np.int32), np.empty(len(slots), np.int32)
    _counted(survivors, ends, slots, votes, last)
    peaks = np.flatnonzero((slots != -1) & (votes >= least))
    return slots[peaks] >> BIN_BITS, slots[peaks] & ((1 << BIN_BITS) - 1), votes[peaks]


def _cells(entries: int, least: int) -> int:
    """Return the power of two, ``least`` or more, that is at least twice the entries."""
    return max(least, 1 << max(0, 2 * entries - 1).bit_length())


def _postings(_rows, _starts, counts, *_):  # type: ignore[no-untyped-def]
    return 2 * counts.size + 25 * int(counts.sum())


@kernel(plain=_postings, nogil=True)
def _filtered(rows, starts, counts, first_frame, span, cells, keys, ends):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Write the votes to ``keys``, those of hash ``i`` before ``ends[i]``, and count them.

    They are counted in a small filter, where references share cells, and so at least as much as
    there is; only where it reaches what is wanted are votes counted exactly.
    """
    n = len(first_frame)
    mask = np.uint64(len(cells) - 4)
    at = np.int64(0)
    span = np.uint64(span)
    for i in range(n):
        if i + _AHEAD < n:
            for r in range(len(rows)):
                pointer = rows[r, POSTINGS] + 3 * np.int64(starts[r, i + _AHEAD])
                for line in range(0, 3 * np.int64(counts[r, i + _AHEAD]), _LINE):
                    prefetch(pointer + line)
        for r in range(len(rows)):
            apart = rows[r, START] - first_frame[i]
            pointer = rows[r, POSTINGS] + 3 * np.int64(starts[r, i])
            for k in range(np.int64(counts[r, i])):
                posting = np.int64(u32(pointer + 3 * k)) & ((1 << POSTING_BITS) - 1)
                # An unsigned offset before the window is huge, so one comparison with ``span`` does
                # for both ends.
                offset = np.uint64((posting & ((1 << FRAME_BITS) - 1)) + apart)
                reference = np.uint64(posting >> FRAME_BITS)
                bin_ = offset // np.uint64(BIN_FRAMES)
                # No branch: a vote outside is overwritten by the next one.
                keys[at] = reference << np.uint64(BIN_BITS) | bin_
                inside = np.int64(offset < span)
                at += inside
                slot = np.int64((reference * np.uint64(_SPREAD) + bin_) & mask) + 1
                cell = np.int64(cells[slot])
                cells[slot] = cell + (inside & np.int64(cell < 255))
        ends[i] = at
    cells[0], cells[len(cells) - 2] = cells[len(cells) - 3], cells[1]


@kernel(plain=lambda keys, ends, *_: 10 * len(keys) + len(ends), nogil=True)
def _passed(keys, ends, cells, least, survivors):  # type: ignore[no-untyped-def]
    """Write the votes that pass the filter, twice if they count in both windows; renew ``ends``."""
    mask = np.uint64(len(cells) - 4)
    address = cells.ctypes.data
    k = survivor_count = 0
    for i in range(len(ends)):
        while k < ends[i]:
            vote = np.uint64(keys[k])
            k += 1
            reference = vote >> np.uint64(BIN_BITS)
            bin_ = vote & np.uint64((1 << BIN_BITS) - 1)
            three = u32(address + np.int64((reference * np.uint64(_SPREAD) + bin_) & mask))
            middle = np.int64((three >> np.uint32(8)) & np.uint32(255))
            before = middle + np.int64(three & np.uint32(255))
            after = middle + np.int64((three >> np.uint32(16)) & np.uint32(255))
            if before >= least:
                survivors[survivor_count] = vote
                survivor_count += 1
            if after >= least:
                survivors[survivor_count] = vote + np.uint64(1)
                survivor_count += 1
        ends[i] = survivor_count
    return survivor_count


@kernel(plain=lambda _survivors, ends, *_: 10 * int(ends[-1]) + len(ends), nogil=True)
def _counted(survivors, ends, slots, votes, last):  # type: ignore[no-untyped-def]
    """Count votes by reference and window in a table of ``slots``; -1 is an empty one."""
    mask = np.uint64(len(slots) - 1)
    k = 0
    for i in range(len(ends)):
        while k < ends[i]:
            key = np.int64(survivors[k])
            k += 1
            # A prime near 2^32 divided by the golden ratio, as ``_SPREAD``.
            slot = np.int64(np.uint64(key * 2654435761 >> 8) & mask)
            while slots[slot] != -1 and slots[slot] != key:
                slot = np.int64(np.uint64(slot + 1) & mask)
            if slots[slot] == -1:
                slots[slot], votes[slot], last[slot] = key, 1, i
            elif last[slot] != i:
                last[slot] = i
                votes[slot] += 1
