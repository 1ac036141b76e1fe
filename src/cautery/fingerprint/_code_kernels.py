"""Loops over spectra and code words, compiled and cached. Each has a plain twin in tests.

Shapes are checked by the callers. Of the twins in NumPy, which serve little input, none is longer
than it must be: the loops are what is quick.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cautery.kernels import instruction, kernel


@instruction(lambda word: int(word).bit_count())
def ones(_ir, types):  # type: ignore[no-untyped-def]
    """Count the set bits of a word; LLVM makes vector instructions of it."""

    def ones(_typing, _word):  # type: ignore[no-untyped-def]
        def generated(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            return builder.ctpop(arguments[0])

        return types.uint32(types.uint32), generated

    return ones


@kernel(nogil=True, fastmath=True)
def banded(power, first, weights, starts):  # type: ignore[no-untyped-def]
    """Sum weighted runs of bins: band ``b`` takes ``weights[starts[b]:starts[b + 1]]``."""
    frames, bands = power.shape[0], len(first)
    energies = np.empty((frames, bands), np.float32)
    for t in range(frames):
        for b in range(bands):
            size = starts[b + 1] - starts[b]
            # Slices, in which an index can't be negative, are what becomes vector instructions.
            bins = power[t, first[b] : first[b] + size]
            shares = weights[starts[b] : starts[b] + size]
            total = np.float32(0)
            for k in range(size):
                total += bins[k] * shares[k]
            energies[t, b] = total
    return energies


@kernel(nogil=True)
def _word(bands, now, before, floor, steady):  # type: ignore[no-untyped-def]
    """Return the code word of two fractional frames; 0: nothing."""
    frames, count = bands.shape
    if before < 0 or now > frames - 1:
        return np.uint32(0)
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
    return word if energy > floor and moved > steady * energy else np.uint32(0)


def _few_words(bands: Any, at: Any, apart: float, floor: Any, steady: Any) -> Any:
    codes = np.zeros(len(at), np.uint32)
    inside = np.flatnonzero((at - apart >= 0) & (at <= len(bands) - 1))

    def between(when: Any) -> Any:
        i = when.astype(np.int64)
        share = (when - i).astype(np.float32)[:, None]
        return bands[i] + share * (bands[np.minimum(i + 1, len(bands) - 1)] - bands[i])

    new, old = between(at[inside]), between(at[inside] - apart)
    change = new - old
    # Sums from the first band to the last, as the loop has them; NumPy's own takes pairs.
    energy = np.add.accumulate(new + old, axis=1)[:, -1]
    moved = np.add.accumulate(np.abs(change[:, :-1] - change[:, 1:]), axis=1)[:, -1]
    bits = np.packbits(change[:, :-1] > change[:, 1:], axis=1, bitorder="little").view("<u4")
    codes[inside] = np.where((energy > floor) & (moved > steady * energy), bits[:, 0], 0)
    return codes


def _few_said(bands: Any, length: int, phases: int, tempo: float, floor: Any, steady: Any) -> Any:  # noqa: PLR0917
    codes = np.zeros((phases, length), np.uint32)
    number = np.zeros((phases, length), np.int64)
    counts = np.zeros(phases, np.int64)
    for p in range(phases):
        at = (p + phases * np.arange(1, length + 1)) / tempo
        row = _few_words(bands, at, phases / tempo, floor, steady)
        said = np.flatnonzero(row)
        counts[p] = len(said)
        codes[p, : len(said)], number[p, : len(said)] = row[said], said + 1
    return codes, number, counts


@kernel(plain=lambda _bands, at, *_: len(at), twin=_few_words, nogil=True)
def words(bands, at, apart, floor, steady):  # type: ignore[no-untyped-def]
    """Code words at fractional frames ``at`` against the frames ``apart`` before; 0: nothing."""
    codes = np.empty(len(at), np.uint32)
    for j in range(len(at)):
        codes[j] = _word(bands, at[j], at[j] - apart, floor, steady)
    return codes


@kernel(plain=lambda _bands, length, phases, *_: phases * length, twin=_few_said, nogil=True)
def said(bands, length, phases, tempo, floor, steady):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Words that say something, of some ``phases``, at frames ``(p + phases * j) / tempo``.

    Returns them, which ``j`` in [1, length] each is, and how many of each phase there are.
    """
    codes = np.empty((phases, length), np.uint32)
    number = np.empty((phases, length), np.int64)
    counts = np.zeros(phases, np.int64)
    apart = phases / tempo
    for p in range(phases):
        for j in range(1, length + 1):
            at = (p + phases * j) / tempo
            word = _word(bands, at, at - apart, floor, steady)
            if word:
                codes[p, counts[p]], number[p, counts[p]] = word, j
                counts[p] += 1
    return codes, number, counts


def dithered(stack: Any, first: int) -> None:
    """Replace nothing (0) by words that are like nobody's: a hash of where they lie."""
    nothing = np.flatnonzero(stack == 0)
    # Increment and first multiplier of SplitMix64 (Steele et al., OOPSLA 2014).
    x = (nothing + first).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    stack[nothing] = x >> np.uint64(32)


def differing(stack: Any, place: Any, probe: Any, at: Any) -> Any:
    """Bits that differ, word by word, at one place or at each of some, shape (places, 1)."""
    return np.bitwise_count(stack[place + at] ^ probe).astype(np.int32)


def _few_apart(stack: Any, place: Any, probe: Any, at: Any) -> Any:
    return differing(stack, place, probe, at).sum(axis=-1, dtype=np.int64)


@kernel(plain=True, twin=_few_apart, nogil=True)
def _apart(stack, place, probe, at):  # type: ignore[no-untyped-def]
    """Bits that differ at one place; the numbers ``at`` rise."""
    count = len(probe)
    total = np.uint32(0)
    if count and at[count - 1] - at[0] == count - 1:  # no word is left out: vectors can be loaded
        row = stack[place + at[0] : place + at[0] + count]
        for j in range(count):
            total += ones(row[j] ^ probe[j])
    else:
        for j in range(count):
            total += ones(stack[place + at[j]] ^ probe[j])
    return np.int64(total)


@kernel(plain=lambda _stack, places, *_: 8 * len(places), nogil=True)
def distances(stack, places, probe, at):  # type: ignore[no-untyped-def]
    """Bits that differ at each place: probe word ``j`` meets ``stack[place + at[j]]``."""
    bits = np.empty(len(places), np.int32)
    for i in range(len(places)):
        bits[i] = _apart(stack, places[i], probe, at)
    return bits


def sampled(stack: Any, step: int, places: int, words: int) -> Any:
    """Words from each of some places ``step`` apart, shape (words, places)."""
    return np.ascontiguousarray(sliding_window_view(stack, words)[::step][:places].T)


@kernel(nogil=True)
def _doubled_median(counts, size):  # type: ignore[no-untyped-def]
    """Twice the median of ``size`` numbers, of which ``counts[v]`` are ``v``."""
    lower, cumulative = -1, 0
    for v in range(len(counts)):
        cumulative += counts[v]
        if lower < 0 and 2 * cumulative >= size:
            lower = v
        if 2 * cumulative > size:
            return lower + v
    return 0


def _few_usual(sample, probe, at):  # type: ignore[no-untyped-def]
    bits = np.bitwise_count(sample[at] ^ probe[:, None]).sum(axis=0, dtype=np.int64)
    middle = np.median(bits)
    return middle, np.median(np.abs(bits - middle))


@kernel(
    plain=lambda sample, probe, _at: len(probe) * sample.shape[1] // 300,
    twin=_few_usual,
    nogil=True,
)
def usual(sample, probe, at):  # type: ignore[no-untyped-def]
    """Median of the bits that differ at the places of a sample, and of what they lie off it."""
    bits = np.zeros(sample.shape[1], np.uint32)
    for j in range(len(probe)):
        row, word = sample[at[j]], probe[j]
        for i in range(len(bits)):
            bits[i] += ones(row[i] ^ word)
    counts = np.zeros(32 * len(probe) + 1, np.int64)
    for bit in bits:
        counts[bit] += 1
    twice = _doubled_median(counts, len(bits))
    off = np.zeros(64 * len(probe) + 1, np.int64)  # twice as much, so that halves count
    for distance in bits:
        off[abs(2 * np.int64(distance) - twice)] += 1
    return twice / 2, _doubled_median(off, len(bits)) / 4


@kernel(plain=lambda _stack, places, *_: 8 * len(places), nogil=True)
def met(stack, places, phases, probes, at):  # type: ignore[no-untyped-def]
    """Bits that differ at each place, where the probe has the words of that place's phase.

    ``probes`` and ``at`` hold an array a phase; of a place that is -1 the number is 0.
    """
    bits = np.zeros(len(places), np.int64)
    for i in range(len(places)):
        if places[i] >= 0:
            bits[i] = _apart(stack, places[i], probes[phases[i]], at[phases[i]])
    return bits


@kernel(plain=lambda _stack, _base, _middle, reach, *_: 16 * reach + 8, nogil=True)
def best_near(stack, base, middle, reach, probes, at, length, mean, sigma, measured):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Best offset within ``reach`` of ``middle``, and its score; -inf beyond what is held.

    ``base`` is where word 0 of the piece would lie; ``probes`` and ``at`` hold an array a phase,
    of ``length`` words if all of them said something. ``mean`` and ``sigma`` bits go with
    ``measured`` words. Of equal scores the first offset counts.
    """
    phases = len(probes)
    best, highest = middle - reach, -np.inf
    for offset in range(middle - reach, middle + reach + 1):
        phase = -offset % phases
        place = base + (offset + phase) // phases
        if 0 <= place <= len(stack) - length - phases and len(probes[0]):
            bits = _apart(stack, place, probes[phase], at[phase])
            share = len(probes[phase]) / measured
            score = (mean * share - bits) / (sigma * np.sqrt(max(share, 1e-3)))
            if score > highest:
                best, highest = offset, score
    return best, highest
