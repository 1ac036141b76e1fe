"""Loops over peaks, landmarks and postings, compiled and cached. Each has a plain twin in tests.

Shapes are checked by the callers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

HASH_BITS = 22
FRAME_BITS = 20
FRAME_MASK = (1 << FRAME_BITS) - 1
BIN_FRAMES = 4
"""Vote bins are 64 ms wide and each vote counts in two: windows of 128 ms, overlapping."""


@njit(cache=True, nogil=True)
def strongest_peaks(power, near_t, near_f, rank_t, rank_limit, floor):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    frames, bins = power.shape
    most = frames * 16 + 64
    at = np.empty(most, np.int32)
    where = np.empty(most, np.int32)
    strength = np.empty(most, np.float32)
    found = 0
    for t in range(frames):
        for f in range(1, bins - 1):
            p = power[t, f]
            if p <= floor or p < power[t, f + 1] or p <= power[t, f - 1]:
                continue
            if t > 0 and p <= power[t - 1, f]:
                continue
            if t + 1 < frames and p < power[t + 1, f]:
                continue
            best = True
            for u in range(max(0, t - near_t), min(frames, t + near_t + 1)):
                for g in range(max(0, f - near_f), min(bins, f + near_f + 1)):
                    if power[u, g] > p:
                        best = False
                        break
                if not best:
                    break
            if best and found < most:
                at[found], where[found], strength[found] = t, f, p
                found += 1
    keep = np.zeros(found, np.bool_)
    start = 0
    for i in range(found):
        while at[start] < at[i] - rank_t:
            start += 1
        stronger = 0
        j = start
        while j < found and at[j] <= at[i] + rank_t:
            if strength[j] > strength[i]:
                stronger += 1
            j += 1
        keep[i] = stronger < rank_limit
    return at[:found][keep], where[:found][keep]


@njit(cache=True, nogil=True)
def _mixed(word):  # type: ignore[no-untyped-def]
    x = np.uint32(word) * np.uint32(2654435761)
    x ^= x >> np.uint32(15)
    return np.uint32(x * np.uint32(2246822519))


@njit(cache=True, nogil=True)
def landmarks(frame, step, pairs, least, most):  # type: ignore[no-untyped-def]
    """Peaks (rising float frames, log frequency in steps) to (hash, anchor frame)."""
    n = len(frame)
    words = np.empty(n * pairs, np.uint32)
    times = np.empty(n * pairs, np.int32)
    found = 0
    best = np.empty(pairs, np.uint32)
    rank = np.empty(pairs, np.uint32)
    for i in range(n):
        f1 = int(np.rint(step[i]))
        if f1 < 0 or f1 > 255:
            continue
        held = 0
        t1 = int(np.rint(frame[i]))
        for j in range(i + 1, n):
            gap = int(np.rint(frame[j])) - t1
            if gap < least:
                continue
            if gap > most:
                break
            df = int(np.rint(step[j])) - f1
            if df < -63 or df > 63:
                continue
            word = np.uint32((f1 << 14) | ((df + 64) << 7) | (gap - least))
            mixed = _mixed(word)
            if held < pairs:
                at = held
                held += 1
            elif mixed < rank[held - 1]:
                at = held - 1
            else:
                continue
            while at > 0 and rank[at - 1] > mixed:
                rank[at], best[at] = rank[at - 1], best[at - 1]
                at -= 1
            rank[at], best[at] = mixed, word
        for k in range(held):
            words[found], times[found] = best[k], t1
            found += 1
    return words[:found], times[:found]


@njit(cache=True, nogil=True)
def sealed(words, postings, bits):  # type: ignore[no-untyped-def]
    """Sort by the top ``bits`` of the hash: (offsets, words, postings)."""
    shift = HASH_BITS - bits
    offsets = np.zeros((1 << bits) + 1, np.int32)
    for i in range(len(words)):
        offsets[(words[i] >> shift) + 1] += 1
    for i in range(1 << bits):
        offsets[i + 1] += offsets[i]
    put = offsets[:-1].copy()
    sorted_words = np.empty(len(words) if shift else 0, np.uint32)
    sorted_postings = np.empty(len(words), np.uint32)
    for i in range(len(words)):
        key = words[i] >> shift
        at = put[key]
        put[key] += 1
        sorted_postings[at] = postings[i]
        if shift:
            sorted_words[at] = words[i]
    return offsets, sorted_words, sorted_postings


@njit(cache=True, nogil=True)
def gathered(words, offsets, bits, kept, postings, hot, out_i, out_p, start):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Append (probe landmark, posting) for every hit; hashes with over ``hot`` hits are skipped."""
    shift = HASH_BITS - bits
    at = start
    room = len(out_i)
    for i in range(len(words)):
        key = words[i] >> shift
        first, last = offsets[key], offsets[key + 1]
        before = at
        for k in range(first, last):
            if shift and kept[k] != words[i]:
                continue
            if at >= room:
                return at
            if at - before >= hot:
                at = before
                break
            out_i[at], out_p[at] = i, postings[k]
            at += 1
    return at


@njit(cache=True, nogil=True)
def voted(order_i, postings, times, base, low, high, least, size):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Offset histogram, one vote per probe landmark and bin.

    ``order_i`` rises. Offsets are ``reference frame - probe frame - base`` (mod 2^20), counted
    if in [low, high). Returns (reference, bin, votes) of bins with at least ``least`` votes.
    """
    mask = size - 1
    keys = np.full(size, -1, np.int64)
    count = np.zeros(size, np.int32)
    last = np.full(size, -1, np.int32)
    used = 0
    for k in range(len(order_i)):
        i = order_i[k]
        posting = np.int64(postings[k])
        reference = posting >> FRAME_BITS
        offset = (posting - times[i] - base) & FRAME_MASK
        if offset >= (1 << (FRAME_BITS - 1)):
            offset -= 1 << FRAME_BITS
        if offset < low or offset >= high:
            continue
        bin_ = (offset - low) // BIN_FRAMES + 1
        for b in (bin_, bin_ - 1):
            key = reference << 32 | b
            slot = (key * 11400714819323198485 >> 20) & mask
            while keys[slot] != -1 and keys[slot] != key:
                slot = (slot + 1) & mask
            if keys[slot] == -1:
                if used * 4 >= size * 3:
                    continue
                keys[slot] = key
                used += 1
            if last[slot] != i:
                last[slot] = i
                count[slot] += 1
    chosen = np.flatnonzero(count >= least)
    return keys[chosen] >> 32, keys[chosen] & 0xFFFFFFFF, count[chosen]
