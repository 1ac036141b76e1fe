"""Loops over peaks and landmarks, compiled and cached. Each has a plain twin in tests.

Shapes are checked by the callers.
"""

from __future__ import annotations

import functools

import numpy as np

from cautery.kernels import kernel

_A_FRAME, _MORE = 16, 64
"""Room for peaks; what comes after is dropped."""


def _little_power_of(spectrum, lift, first, out):  # type: ignore[no-untyped-def]
    squares = np.square(spectrum[:, first : first + out.shape[1]].view(np.float32))
    np.add(squares[:, ::2], squares[:, 1::2], out=out)
    out *= lift


@kernel(plain=lambda _s, _l, _f, out: out.size // 500, twin=_little_power_of, nogil=True)
def power_of(spectrum, lift, first, out):  # type: ignore[no-untyped-def]
    """Squared magnitudes of the band from bin ``first`` on, lifted, into ``out``."""
    for t in range(out.shape[0]):
        for f in range(out.shape[1]):
            value = spectrum[t, first + f]
            out[t, f] = (value.real * value.real + value.imag * value.imag) * lift[f]


@kernel(nogil=True)
def _larger(a, b, out):  # type: ignore[no-untyped-def]
    for f in range(len(out)):
        out[f] = a[f] if a[f] > b[f] else b[f]  # noqa: FURB136 - this form vectorises


@kernel(nogil=True)
def _copy(row, out):  # type: ignore[no-untyped-def]
    for f in range(len(out)):  # a slice would take a second and a half to compile
        out[f] = row[f]


@kernel(nogil=True)
def _marked(row, highest, floor, marks):  # type: ignore[no-untyped-def]
    """Mark the cells of a row that are highest in their own and both neighbouring columns."""
    # Neither the first nor the last bin: ``audio.peaks_in`` reads a bin to each side of a peak.
    for f in range(1, len(row) - 1):
        p = row[f]
        marks[f] = (p >= highest[f]) & (p >= highest[f - 1]) & (p >= highest[f + 1]) & (p > floor)


def _few_peaks(power, near_t, near_f, rank_t, rank_limit, floor):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    frames, bins = power.shape
    around = np.zeros((frames + 2 * near_t, bins), np.float32)
    around[near_t : near_t + frames] = power
    highest = functools.reduce(np.maximum, (around[k : k + frames] for k in range(2 * near_t + 1)))
    at, where = np.nonzero((power >= highest) & (power > floor))
    at, where = (part[(where > 0) & (where < bins - 1)] for part in (at, where))
    peak = power[at, where]
    nearby = np.clip(where[:, None] + np.arange(-near_f, near_f + 1), 0, bins - 1)
    best = peak >= highest[at[:, None], nearby].max(axis=1, initial=0)
    best &= (peak >= highest[at, where - 1]) & (peak >= highest[at, where + 1])
    best &= (peak > power[at, where - 1]) & ((at == 0) | (peak > power[at - 1, where]))
    best = np.flatnonzero(best)[: frames * _A_FRAME + _MORE]
    at, where, peak = at[best].astype(np.int32), where[best].astype(np.int32), peak[best]
    first = np.searchsorted(at, at - rank_t)
    last = np.searchsorted(at, at + rank_t, side="right")
    keep = np.array(
        [(peak[first[i] : last[i]] > peak[i]).sum() < rank_limit for i in range(len(at))], np.bool_
    )
    return at[keep], where[keep]


@kernel(plain=lambda power, *_: power.size // 64, twin=_few_peaks, nogil=True)
def strongest_peaks(power, near_t, near_f, rank_t, rank_limit, floor):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Cells over ``floor`` that nothing within +-near exceeds, thinned to the strongest.

    Of equal neighbours the later in frequency and the earlier in time counts. Each column's
    running maximum over time comes from prefix and suffix maxima of blocks as long as its window
    (van Herk, Pattern Recognition Letters 13, 1992), a whole row at a time; the few cells that
    reach it in three columns are then compared along frequency.
    """
    frames, bins = power.shape
    room = frames * _A_FRAME + _MORE
    at = np.empty(room, np.int32)
    where = np.empty(room, np.int32)
    strength = np.empty(room, np.float32)
    count = 0
    reach = 2 * near_t + 1
    suffix = np.zeros((reach, bins), np.float32)
    block = np.zeros((reach, bins), np.float32)
    prefix = np.zeros(bins, np.float32)
    highest = np.zeros(bins, np.float32)
    marks = np.zeros((bins + 7) // 8 * 8, np.uint8)
    eights = marks.view(np.uint64)
    for end in range(frames + near_t):  # the window's last row
        j = end % reach
        if j == 0:
            prefix[:] = 0
        if end < frames:
            _copy(power[end], block[j])
            _larger(prefix, power[end], prefix)
        else:
            block[j] = 0
        t = end - near_t
        if t >= 0:
            if j + 1 < reach:
                _larger(prefix, suffix[j + 1], highest)
            else:
                _copy(prefix, highest)
            row = power[t]
            _marked(row, highest, floor, marks)
            for eight in range(len(eights)):
                if eights[eight] == 0:
                    continue
                for f in range(eight * 8, eight * 8 + 8):
                    # The last eight marks may reach past the row: no cell there is ever marked, and
                    # none may be read.
                    p = row[f] if marks[f] else np.float32(0)
                    if not marks[f] or p <= row[f - 1] or (t > 0 and p <= power[t - 1, f]):
                        continue
                    best = True
                    for g in range(max(0, f - near_f), min(bins, f + near_f + 1)):
                        best &= p >= highest[g]
                    if best and count < room:
                        at[count], where[count], strength[count] = t, f, p
                        count += 1
        if j + 1 == reach:
            block, suffix = suffix, block
            for u in range(reach - 2, -1, -1):
                _larger(suffix[u], suffix[u + 1], suffix[u])
    keep = np.zeros(count, np.bool_)
    start = 0
    for i in range(count):
        while at[start] < at[i] - rank_t:
            start += 1
        stronger = 0
        j = start
        while j < count and at[j] <= at[i] + rank_t:
            if strength[j] > strength[i]:
                stronger += 1
            j += 1
        keep[i] = stronger < rank_limit
    return at[:count][keep], where[:count][keep]


@kernel(plain=True, nogil=True)
def _mixed(word):  # type: ignore[no-untyped-def]
    # Two primes and a shift of xxHash32, in 64 bits.
    x = np.uint64(word) * np.uint64(2654435761)
    x ^= x >> np.uint64(15)
    return np.uint32(x * np.uint64(2246822519) & np.uint64(0xFFFFFFFF))


def _pairs(frame, _step, _pairs, _least, widest):  # type: ignore[no-untyped-def]
    partners = np.searchsorted(frame, frame + widest) - np.arange(len(frame))
    return 8 * int(partners.sum())


@kernel(plain=_pairs, nogil=True)
def landmarks(frame, step, pairs, least, widest):  # type: ignore[no-untyped-def]
    """Peaks (rising float frames, log frequency in steps) to (hash, anchor frame)."""
    n = len(frame)
    words = np.empty(n * pairs, np.uint32)
    times = np.empty(n * pairs, np.int32)
    count = 0
    best = np.empty(pairs, np.uint32)
    rank = np.empty(pairs, np.uint32)
    for i in range(n):
        f1 = int(np.rint(step[i]))
        if f1 < 0 or f1 > 255:
            continue
        partners = 0
        t1 = int(np.rint(frame[i]))
        for j in range(i + 1, n):
            gap = int(np.rint(frame[j])) - t1
            if gap < least:
                continue
            if gap > widest:
                break
            df = int(np.rint(step[j])) - f1
            if df < -63 or df > 63:
                continue
            # 8 bits of frequency, 7 of the interval, 7 of the gap: ``_run_kernels.HASH_BITS``.
            word = np.uint32((f1 << 14) | ((df + 64) << 7) | (gap - least))
            # Partners are chosen by a hash of the pair, not by distance: a further peak, as noise
            # brings it, displaces a pair only if its own hash is lower.
            mixed = _mixed(word)
            if partners < pairs:
                at = partners
                partners += 1
            elif mixed < rank[partners - 1]:
                at = partners - 1
            else:
                continue
            while at > 0 and rank[at - 1] > mixed:
                rank[at], best[at] = rank[at - 1], best[at - 1]
                at -= 1
            rank[at], best[at] = mixed, word
        for k in range(partners):
            words[count], times[count] = best[k], t1
            count += 1
    return words[:count], times[:count]
