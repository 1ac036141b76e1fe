"""Loops over spectra and code words, compiled and cached. Each has a plain twin in tests.

Shapes are checked by the callers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

_BLOCK = 256
_LANES = 32
"""Two vectors' width."""


@intrinsic
def _ones(_typing: Any, _word: Any) -> Any:
    """Count the set bits of a word; LLVM makes vector instructions of it."""

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint32(types.uint32), generated


@intrinsic
def _or_under(_typing: Any, _flags: Any, _value: Any, _limit: Any) -> Any:
    """Or ``value <= limit`` into 32 bits of flags: numba's own arithmetic widens to 64."""

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        flags, value, limit = arguments
        is_under = builder.icmp_unsigned("<=", value, limit)
        return builder.or_(flags, builder.zext(is_under, flags.type))

    return types.uint32(types.uint32, types.uint32, types.uint32), generated


@njit(cache=True, nogil=True, fastmath=True)
def banded(power, first, weights, starts):  # type: ignore[no-untyped-def]
    """Sum weighted runs of bins: band ``b`` takes ``weights[starts[b]:starts[b + 1]]``."""
    frames, bands = power.shape[0], len(first)
    made = np.empty((frames, bands), np.float32)
    for t in range(frames):
        for b in range(bands):
            total = np.float32(0)
            size = starts[b + 1] - starts[b]
            for k in range(size):
                total += power[t, first[b] + k] * weights[starts[b] + k]
            made[t, b] = total
    return made


@njit(cache=True, nogil=True)
def words(bands, at, apart, floor, steady):  # type: ignore[no-untyped-def]
    """Code words at fractional frames ``at`` against the frames ``apart`` before; 0: nothing."""
    frames, count = bands.shape
    made = np.zeros(len(at), np.uint32)
    for j in range(len(at)):
        now, before = at[j], at[j] - apart
        if before < 0 or now > frames - 1:
            continue
        i, k = int(now), int(before)
        a, c = np.float32(now - i), np.float32(before - k)
        i2, k2 = min(i + 1, frames - 1), min(k + 1, frames - 1)
        word = np.uint32(0)
        energy = np.float32(0)
        moved = np.float32(0)
        last = np.float32(0)
        for b in range(count):
            new = bands[i, b] + a * (bands[i2, b] - bands[i, b])
            old = bands[k, b] + c * (bands[k2, b] - bands[k, b])
            energy += new + old
            change = new - old
            if b > 0:
                moved += abs(last - change)
                if last > change:
                    word |= np.uint32(1) << np.uint32(b - 1)
            last = change
        if energy > floor and moved > steady * energy:
            made[j] = word
    return made


@njit(cache=True, nogil=True)
def dithered(held, first):  # type: ignore[no-untyped-def]
    """Replace nothing (0) by words that are like nobody's: a hash of where they lie."""
    for i in range(len(held)):
        if held[i] == 0:
            x = np.uint64(first + i) * np.uint64(0x9E3779B97F4A7C15)
            x ^= x >> np.uint64(29)
            x *= np.uint64(0xBF58476D1CE4E5B9)
            held[i] = np.uint32(x >> np.uint64(32))


@njit(cache=True, nogil=True)
def distances(held, places, probe, at):  # type: ignore[no-untyped-def]
    """Bits that differ at each place: probe word ``j`` meets ``held[place + at[j]]``."""
    made = np.zeros(len(places), np.int32)
    for i in range(len(places)):
        total = np.uint32(0)
        for j in range(len(probe)):
            total += _ones(held[places[i] + at[j]] ^ probe[j])
        made[i] = total
    return made


@njit(cache=True, nogil=True)
def differing(held, place, probe, at):  # type: ignore[no-untyped-def]
    """Bits that differ, word by word, at one place."""
    made = np.empty(len(probe), np.int32)
    for j in range(len(probe)):
        made[j] = _ones(held[place + at[j]] ^ probe[j])
    return made


@njit(cache=True, nogil=True)
def near(held, firsts, lasts, probe, at, few_limit, limit, out, room):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Places in the spans [first, last) where the probe differs in at most ``limit`` bits.

    The first twelve words are summed for all places at once; only where they lie under
    ``few_limit`` are the others looked at. Returns how many places were found; at most ``room``
    are written to ``out`` (span, place, bits).
    """
    found = 0
    sums, flags = np.empty(_BLOCK, np.uint32), np.empty(_LANES, np.uint32)
    p0, p1, p2, p3, p4, p5 = probe[0], probe[1], probe[2], probe[3], probe[4], probe[5]
    p6, p7, p8, p9, p10, p11 = probe[6], probe[7], probe[8], probe[9], probe[10], probe[11]
    for span in range(len(firsts)):
        first, last = firsts[span], lasts[span]
        for start in range(first, last, _BLOCK):
            size = min(_BLOCK, last - start)
            h0, h1 = held[start + at[0] :][:size], held[start + at[1] :][:size]
            h2, h3 = held[start + at[2] :][:size], held[start + at[3] :][:size]
            h4, h5 = held[start + at[4] :][:size], held[start + at[5] :][:size]
            h6, h7 = held[start + at[6] :][:size], held[start + at[7] :][:size]
            h8, h9 = held[start + at[8] :][:size], held[start + at[9] :][:size]
            h10, h11 = held[start + at[10] :][:size], held[start + at[11] :][:size]
            for i in range(size):
                sums[i] = (
                    (_ones(h0[i] ^ p0) + _ones(h1[i] ^ p1) + _ones(h2[i] ^ p2))
                    + (_ones(h3[i] ^ p3) + _ones(h4[i] ^ p4) + _ones(h5[i] ^ p5))
                    + (_ones(h6[i] ^ p6) + _ones(h7[i] ^ p7) + _ones(h8[i] ^ p8))
                    + (_ones(h9[i] ^ p9) + _ones(h10[i] ^ p10) + _ones(h11[i] ^ p11))
                )
            for i in range(size, _BLOCK):
                sums[i] = np.uint32(0xFFFFFFFF)
            # Lane by lane, eight sums at once: few blocks have any, and none is looked at twice.
            for i in range(_LANES):
                under = _or_under(np.uint32(0), sums[i], few_limit)
                for k in range(_LANES, _BLOCK, _LANES):
                    under = _or_under(under, sums[i + k], few_limit)
                flags[i] = under
            for i in range(_LANES):
                if flags[i] == 0:
                    continue
                for k in range(i, _BLOCK, _LANES):
                    if sums[k] > few_limit:
                        continue
                    total = sums[k]
                    for j in range(12, len(probe)):
                        total += _ones(held[start + k + at[j]] ^ probe[j])
                    if total <= limit:
                        if found < room:
                            out[found, 0] = span
                            out[found, 1] = start + k
                            out[found, 2] = total
                        found += 1
    return found
