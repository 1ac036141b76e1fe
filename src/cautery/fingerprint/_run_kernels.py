"""Loops that make, merge and check runs, compiled and cached. Each has a plain twin in tests.

Shapes and ranges are checked by the callers: a search reads runs through their addresses, so
that one call sweeps any number of them.

An *item* is a hash and its posting in one integer, ``hash << 24 | reference << 12 | frame``.
"""

from __future__ import annotations

import numpy as np

from cautery.fingerprint._memory_kernels import put_u8, put_u32, u8, u32, u64
from cautery.kernels import kernel

HASH_BITS = 22
FRAME_BITS = 12
POSTING_BITS = 24
LANES = 12
"""Keys in a record of the table: two words of 64 bits, a 32-bit start and 12 counts of 8 bits."""
MOST_COUNT = 255
TABLE, RESTS, POSTINGS, HOT, BITS, PLAIN, HOTS, START = range(8)
"""Columns of a run's row: four addresses, bits of the key, postings under plain and under hot
keys, first frame of the slice."""
DIGIT = 11
"""Bits sorted at once."""
_AT_ONCE = 8
"""Postings of a key written without asking how many it has: most have fewer."""


@kernel(plain=True, nogil=True)
def _add_u8(address):  # type: ignore[no-untyped-def]
    put_u8(address, np.int64(u8(address)) + 1)


@kernel(plain=True, nogil=True)
def _sum_of_bytes(word):  # type: ignore[no-untyped-def]
    # Eight bytes to four sums of 16 bits, which the multiplication adds up in the highest.
    pairs = (word & np.uint64(0x00FF00FF00FF00FF)) + (
        (word >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    )
    return np.int64((pairs * np.uint64(0x0001000100010001)) >> np.uint64(48))


@kernel(plain=True, nogil=True)
def _low_bytes(count):  # type: ignore[no-untyped-def]
    return (np.uint64(1) << np.uint64(8 * count)) - np.uint64(1)


@kernel(plain=True, nogil=True)
def place(low, high, lane):  # type: ignore[no-untyped-def]
    """Return (first posting, number of postings) of one key of a record."""
    counts = low >> np.uint64(32)
    before = min(lane, 4)
    after = max(lane - 4, 0)
    start = (
        np.int64(low & np.uint64(0xFFFFFFFF))
        + _sum_of_bytes(counts & _low_bytes(before))
        + _sum_of_bytes(high & _low_bytes(after))
    )
    packed_count = counts >> np.uint64(8 * lane) if lane < 4 else high >> np.uint64(8 * after)
    return start, np.int64(packed_count & np.uint64(255))


@kernel(plain=True, nogil=True)
def slices_of(frames, ends, starts):  # type: ignore[no-untyped-def]
    """Return the slices of landmarks, in any order and perhaps several times."""
    slices = np.empty(len(frames), np.int64)
    count = k = 0
    for p in range(len(ends)):
        while k < ends[p]:
            number = (np.int64(frames[k]) + starts[p]) >> FRAME_BITS
            if not count or slices[count - 1] != number:
                slices[count] = number
                count += 1
            k += 1
    return slices[:count].copy()


@kernel(plain=True, nogil=True)
def items_of(words, frames, ends, references, starts, number, items):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Fill ``items`` with the landmarks of slice ``number``; return how many they are.

    Part ``p`` of the landmarks ends at ``ends[p]``, is of ``references[p]`` and begins at frame
    ``starts[p]``.
    """
    k = count = 0
    for p in range(len(ends)):
        reference = np.int64(references[p]) << FRAME_BITS
        while k < ends[p]:
            frame = np.int64(frames[k]) + starts[p]
            if frame >> FRAME_BITS == number:
                posting = reference | frame & ((1 << FRAME_BITS) - 1)
                items[count] = np.int64(words[k]) << POSTING_BITS | posting
                count += 1
            k += 1
    return count


@kernel(plain=lambda items, _spare: 4 * len(items) + (2 << DIGIT), nogil=True)
def sort(items, spare):  # type: ignore[no-untyped-def]
    """Sort items by hash in place, equal ones as they came: two passes of a radix sort."""
    mask = (1 << DIGIT) - 1
    low = np.zeros(1 << DIGIT, np.int64)
    high = np.zeros(1 << DIGIT, np.int64)
    for item in items:
        low[(item >> POSTING_BITS) & mask] += 1
        high[(item >> (POSTING_BITS + DIGIT)) & mask] += 1
    a = b = 0
    for digit in range(1 << DIGIT):
        low[digit], a = a, a + low[digit]
        high[digit], b = b, b + high[digit]
    for item in items:
        digit = (item >> POSTING_BITS) & mask
        spare[low[digit]] = item
        low[digit] += 1
    for k in range(len(items)):
        item = spare[k]
        digit = (item >> (POSTING_BITS + DIGIT)) & mask
        items[high[digit]] = item
        high[digit] += 1


@kernel(plain=True, nogil=True)
def _lay(items, total, bits, table, rests, postings, plain, hot, many_hot):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Lay the first ``total`` items down, sorted and of all postings of their keys.

    Fills the counts of the table, and from ``plain`` on the rests and postings; those of hot keys
    go to ``hot`` instead. Returns how many are plain and hot then.
    """
    shift = HASH_BITS - bits
    key_shift = POSTING_BITS + shift
    counts = table.ctypes.data + 4
    to = postings.ctypes.data
    first = 0
    while first < total:
        # Up to the next hot key no posting needs to be asked about. Items are sorted: equal keys
        # 255 apart are a key with more postings than a byte counts.
        until = first
        while until < total - MOST_COUNT and (
            items[until] >> key_shift != items[until + MOST_COUNT] >> key_shift
        ):
            until += 1
        crowded = until < total - MOST_COUNT
        if not crowded:
            until = total
        apart = plain - first
        for k in range(first, until):
            item = items[k]
            # A record is 16 bytes, 4 of them its start: 16 * record + 4 + lane is 4 + 4 * record +
            # key.
            key = np.uint64(item >> key_shift)
            record = key // np.uint64(LANES)
            _add_u8(counts + np.int64(np.uint64(4) * record + key))
            # Four bytes are written for three, the fourth is zero: postings are written in rising
            # order, so that the next one mends it. ``unpacked`` and the search read in the same
            # way.
            put_u32(to + 3 * (k + apart), item & ((1 << POSTING_BITS) - 1))
        if shift:
            for k in range(first, until):
                rests[k + apart] = (items[k] >> POSTING_BITS) & ((1 << shift) - 1)
        plain += until - first
        first = until
        if crowded:
            key = items[first] >> key_shift
            while first < total and items[first] >> key_shift == key:
                hot[many_hot] = items[first]
                many_hot += 1
                first += 1
    return plain, many_hot


@kernel(plain=True, nogil=True)
def _done(table, rests, postings, plain, hot):  # type: ignore[no-untyped-def]
    """Fill the starts of the table and put the hot postings last; return a run's arrays."""
    start = 0
    for at in range(0, len(table), 2):
        counts = table[at] >> np.uint64(32)
        table[at] |= np.uint64(start)
        start += _sum_of_bytes(counts) + _sum_of_bytes(table[at + 1])
    hot_words = np.empty(len(hot), np.uint32)
    for k in range(len(hot)):
        hot_words[k] = hot[k] >> POSTING_BITS
        put_u32(postings.ctypes.data + 3 * (plain + k), hot[k] & ((1 << POSTING_BITS) - 1))
    if len(rests) > plain:
        rests = rests[:plain].copy()
    return table, rests, postings, hot_words


@kernel(plain=True, nogil=True)
def packed(items, bits, table, rests, postings):  # type: ignore[no-untyped-def]
    """Lay sorted items down: (table, rests of hashes, 3-byte postings, hashes of the hot).

    The first three are filled where the caller has made room for them.
    """
    n = len(items)
    table[:] = 0
    postings[3 * n] = 0
    hot = np.empty(n, np.int64)
    plain, many_hot = _lay(items, n, bits, table, rests, postings, 0, hot, 0)
    return _done(table, rests, postings, plain, hot[:many_hot])


@kernel(nogil=True)
def _longer(items):  # type: ignore[no-untyped-def]
    longer = np.empty(2 * len(items), np.int64)
    longer[: len(items)] = items
    return longer


@kernel(nogil=True)
def merged(rows, bits, table, rests, postings):  # type: ignore[no-untyped-def]
    """Make one run of several, as ``packed``: 2,048 hashes at a time, which stay in the cache."""
    n = 0
    for r in range(len(rows)):
        n += rows[r, PLAIN] + rows[r, HOTS]
    table[:] = 0
    postings[3 * n] = 0
    hot = np.empty(n, np.int64)
    plain = many_hot = 0
    at = np.zeros(len(rows), np.int64)
    hots = np.zeros(len(rows), np.int64)
    tally = np.empty(1 << DIGIT, np.int64)
    items = np.empty(1 << DIGIT, np.int64)
    block = items
    for high in range(1 << (HASH_BITS - DIGIT)):
        tally[:] = 0
        count = np.int64(0)
        for r in range(len(rows)):
            row = rows[r]
            shift = HASH_BITS - row[BITS]
            counts = row[TABLE] + 4
            first = count
            # The shift is at most 8 bits (``run._LEAST_BITS``), fewer than DIGIT: a block of 2,048
            # hashes begins and ends where a key does.
            for key in range((high << DIGIT) >> shift, ((high + 1) << DIGIT) >> shift):
                key_count = np.int64(
                    u8(counts + np.int64(np.uint64(key) // np.uint64(LANES)) * 4 + key)
                )
                if count + MOST_COUNT + _AT_ONCE > len(items):
                    items = _longer(items)
                # So many at once, wanted or not: to guess at a loop's end costs more.
                for k in range(_AT_ONCE):
                    items[count + k] = key
                for k in range(_AT_ONCE, key_count):
                    items[count + k] = key
                count += key_count
            apart = at[r] - first
            at[r] += count - first
            for k in range(first, count):
                word = items[k] << shift
                if shift:
                    word |= np.int64(u8(row[RESTS] + k + apart))
                posting = np.int64(u32(row[POSTINGS] + 3 * (k + apart)))
                items[k] = word << POSTING_BITS | posting & ((1 << POSTING_BITS) - 1)
                tally[word & ((1 << DIGIT) - 1)] += 1
            while hots[r] < row[HOTS]:
                word = np.int64(u32(row[HOT] + 4 * hots[r]))
                if word >> DIGIT != high:
                    break
                if count == len(items):
                    items = _longer(items)
                posting = np.int64(u32(row[POSTINGS] + 3 * (row[PLAIN] + hots[r])))
                items[count] = word << POSTING_BITS | posting & ((1 << POSTING_BITS) - 1)
                tally[word & ((1 << DIGIT) - 1)] += 1
                count += 1
                hots[r] += 1
        if len(block) < len(items) or high == 0:
            block = np.empty_like(items)
        before = 0
        for digit in range(1 << DIGIT):
            tally[digit], before = before, before + tally[digit]
        for k in range(count):
            digit = (items[k] >> POSTING_BITS) & ((1 << DIGIT) - 1)
            block[tally[digit]] = items[k]
            tally[digit] += 1
        plain, many_hot = _lay(block, count, bits, table, rests, postings, plain, hot, many_hot)
    return _done(table, rests, postings, plain, hot[:many_hot])


@kernel(plain=lambda row, items: (1 << row[BITS]) + len(items), nogil=True)
def unpacked(row, items):  # type: ignore[no-untyped-def]
    """Fill ``items`` with those of a run: by hash, but the hot ones last."""
    bits, postings = row[BITS], row[POSTINGS]
    shift = HASH_BITS - bits
    at = 0
    for record in range((1 << bits) // LANES + 1):
        low, high = u64(row[TABLE] + 16 * record), u64(row[TABLE] + 16 * record + 8)
        counts = low >> np.uint64(32)
        for lane in range(LANES):
            if lane == 4:
                counts = high
            word = (record * LANES + lane) << shift
            for _ in range(np.int64(counts & np.uint64(255))):
                low_bits = np.int64(u8(row[RESTS] + at)) if shift else 0
                posting = np.int64(u32(postings + 3 * at)) & ((1 << POSTING_BITS) - 1)
                items[at] = (word | low_bits) << POSTING_BITS | posting
                at += 1
            counts >>= np.uint64(8)
    for k in range(row[HOTS]):
        word = np.int64(u32(row[HOT] + 4 * k))
        posting = np.int64(u32(postings + 3 * (at + k))) & ((1 << POSTING_BITS) - 1)
        items[at + k] = word << POSTING_BITS | posting
