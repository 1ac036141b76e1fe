"""The loop that holds probes against all places of the references, compiled and cached.

Its plain twin, for little input, is NumPy's; tests hold both to the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cautery.fingerprint._code_kernels import differing, ones
from cautery.fingerprint._memory_kernels import u32, u64
from cautery.kernels import instruction, kernel

TOGETHER = 4
"""Probes that meet a place with one look at its words: what is looked at lies across two lines of
the cache nearly always, which takes longer than to compare it with one probe."""
_PLACES = 32
"""Places summed at once: two vectors of 512 bits, or four of 256."""
_BLOCK = 1024
"""Places that all probes are held against while their words lie in the nearest cache."""


@instruction()
def _sums_under(ir, types):  # type: ignore[no-untyped-def]
    """Sum the bits of some words of four probes at 32 places; return where one is in its limit.

    All but the count are addresses: of the first place's word, of the words' numbers, of their
    values (words, 4), of the four limits, and of where the sums go (4, 32) if a place is flagged.
    Written as vectors, since numba's own arithmetic widens to 64 bits. Bits are counted by bytes,
    and bytes added up at the end alone: a processor that counts no bits of vectors counts those of
    bytes by a table, and would take as long again to add up each word's.
    """

    def sums_under(_typing, _place, _at, _values, _count, _limits, _sums):  # type: ignore[no-untyped-def]
        def generated(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            place, at, values, count, limits, sums = arguments
            word, long = ir.IntType(32), ir.IntType(64)
            vector = ir.VectorType(word, _PLACES)
            by_bytes = ir.VectorType(ir.IntType(8), 4 * _PLACES)
            name = f"llvm.ctpop.v{4 * _PLACES}i8"
            counted = builder.module.globals.get(name) or ir.Function(
                builder.module, ir.FunctionType(by_bytes, [by_bytes]), name
            )
            undefined = ir.Constant(vector, ir.Undefined)
            firsts = ir.Constant(vector, [0] * _PLACES)
            nothing = ir.Constant(by_bytes, [0] * (4 * _PLACES))

            def loaded(address: Any, kind: Any) -> Any:
                return builder.load(builder.inttoptr(address, kind.as_pointer()), align=4)

            def everywhere(value: Any) -> Any:
                alone = builder.insert_element(undefined, value, word(0))
                return builder.shuffle_vector(alone, undefined, firsts)

            def added_up(total: Any) -> Any:
                words = builder.bitcast(total, vector)
                for bits, mask in ((8, 0x00FF00FF), (16, 0x0000FFFF)):
                    masks = ir.Constant(vector, [mask] * _PLACES)
                    shifts = ir.Constant(vector, [bits] * _PLACES)
                    high = builder.and_(builder.lshr(words, shifts), masks)
                    words = builder.add(builder.and_(words, masks), high)
                return words

            before = builder.block
            loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
            builder.branch(loop)
            builder.position_at_end(loop)
            j = builder.phi(long)
            totals = [builder.phi(by_bytes) for _ in range(TOGETHER)]
            j.add_incoming(long(0), before)
            apart = builder.shl(loaded(builder.add(at, builder.shl(j, long(3))), long), long(2))
            met = loaded(builder.add(place, apart), vector)
            row = builder.add(values, builder.mul(j, long(4 * TOGETHER)))
            sums_now = []
            for p, total in enumerate(totals):
                total.add_incoming(nothing, before)
                value = everywhere(loaded(builder.add(row, long(4 * p)), word))
                apart_here = builder.bitcast(builder.xor(met, value), by_bytes)
                bits = builder.call(counted, [apart_here])
                sums_now.append(builder.add(total, bits))
                total.add_incoming(sums_now[p], loop)
            following = builder.add(j, long(1))
            j.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
            builder.position_at_end(done)
            unders = []
            sums_now = [added_up(total) for total in sums_now]
            for p, total in enumerate(sums_now):
                limit = everywhere(loaded(builder.add(limits, long(4 * p)), word))
                unders.append(builder.icmp_unsigned("<=", total, limit))
            while len(unders) > 1:
                pairs = zip(unders[::2], unders[1::2], strict=True)
                unders = [builder.or_(one, other) for one, other in pairs]
            flags = builder.zext(builder.bitcast(unders[0], ir.IntType(_PLACES)), long)
            with builder.if_then(builder.icmp_unsigned("!=", flags, long(0)), likely=False):
                for p, total in enumerate(sums_now):
                    to = builder.add(sums, long(4 * _PLACES * p))
                    builder.store(total, builder.inttoptr(to, vector.as_pointer()), align=4)
            return flags

        sizes = (types.int64,) * 6
        return types.uint64(*sizes), generated

    return sums_under


@instruction()
def _lowest(ir, types):  # type: ignore[no-untyped-def]
    """Return the number of the lowest set flag; there must be one."""

    def lowest(_typing, _flags):  # type: ignore[no-untyped-def]
        def generated(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            return builder.cttz(arguments[0], ir.IntType(1)(1))

        return types.int64(types.uint64), generated

    return lowest


@kernel(nogil=True)
def _others(place, at, probe, first, end, total, limit):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Add the bits that differ in some words at one place; the first three are addresses.

    To leave the loop early saves little, but a loop that may be left is not made one of gathers,
    which take longer.
    """
    for j in range(first, end):
        there = u32(place + 4 * np.int64(u64(at + 8 * j)))
        total += np.int64(ones(there ^ u32(probe + 4 * j)))
        if total > limit:
            break
    return total


def _few_near(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    stack, firsts, lasts, few_at, few, few_limits, at, probes, more, limits, out, place_counts
):
    for span in range(len(firsts)):
        places = np.arange(firsts[span], lasts[span])[:, None]
        for n in range(len(limits)):
            tile, lane = divmod(n, TOGETHER)
            sums = differing(stack, places, few[tile, :, lane], few_at[tile]).sum(axis=1)
            near_ones = sums <= few_limits[tile, lane]
            passed, bits = places[near_ones], sums[near_ones]
            for part, limit in ((slice(more), limits[n, 0]), (slice(more, None), limits[n, 1])):
                theirs = differing(stack, passed, probes[n, part], at[tile, part])
                bits = bits + theirs.sum(axis=1)
                passed, bits = passed[bits <= limit], bits[bits <= limit]
            under = np.arange(len(bits))
            rows = out[n, place_counts[n] :][: len(under)]
            rows[:, 0], rows[:, 1] = span, passed[under[: len(rows)], 0]
            rows[:, 2] = bits[under[: len(rows)]]
            place_counts[n] += len(under)


def _words_at_places(_stack, firsts, lasts, _few_at, few, *_):  # type: ignore[no-untyped-def]
    return int(np.maximum(lasts - firsts, 0).sum()) * few.size // 150


@kernel(plain=_words_at_places, twin=_few_near, nogil=True)
def near(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    stack, firsts, lasts, few_at, few, few_limits, at, probes, more, limits, out, place_counts
):
    """Places in the spans [first, last) where a probe differs in at most its limit of bits.

    Probes lie in tiles of ``TOGETHER``, which have their words at the same numbers; the last tile
    may be part empty. Word ``j`` of probe ``n`` of tile ``t`` meets ``stack[place + few_at[t, j]]``
    and is ``few[t, j, n % TOGETHER]``; ``stack`` goes on for 32 words behind the last place's.
    These few are summed at all places; only where they do not pass the probe's ``few_limits`` are
    its other words, ``probes[n]`` at ``at[t]``, looked at: the first ``more`` of them, and unless
    they bring it over ``limits[n, 0]`` all the others. Counts into ``place_counts[n]`` how many
    places there are, and writes as many as there is room for to ``out[n]`` (span, place, bits).
    """
    sums = np.empty((TOGETHER, _PLACES), np.uint32)
    to, words, count = sums.ctypes.data, stack.ctypes.data, few_at.shape[1]
    probes_at, others = probes.ctypes.data, at.shape[1]
    for span in range(len(firsts)):
        first, last = firsts[span], lasts[span]
        for block in range(first, last, _BLOCK):
            stop = min(last, block + _BLOCK)
            for tile in range(len(few)):
                numbers, values = few_at[tile].ctypes.data, few[tile].ctypes.data
                few_under, numbers_more = few_limits[tile].ctypes.data, at[tile].ctypes.data
                lanes = min(TOGETHER, len(limits) - TOGETHER * tile)
                for start in range(block, stop, _PLACES):
                    flags = _sums_under(words + 4 * start, numbers, values, count, few_under, to)
                    while flags:
                        k = _lowest(flags)
                        flags &= flags - np.uint64(1)
                        if start + k >= stop:
                            break
                        here = words + 4 * (start + k)
                        for lane in range(lanes):
                            if sums[lane, k] > few_limits[tile, lane]:
                                continue
                            n = TOGETHER * tile + lane
                            probe, total = probes_at + 4 * others * n, np.int64(sums[lane, k])
                            total = _others(here, numbers_more, probe, 0, more, total, limits[n, 0])
                            if total > limits[n, 0]:
                                continue
                            total = _others(
                                here, numbers_more, probe, more, others, total, limits[n, 1]
                            )
                            if total <= limits[n, 1]:
                                if place_counts[n] < out.shape[1]:
                                    out[n, place_counts[n], 0] = span
                                    out[n, place_counts[n], 1] = start + k
                                    out[n, place_counts[n], 2] = total
                                place_counts[n] += 1
