"""Which range holds an address: sorted arrays, where the narrowest of overlapping ranges wins."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

V = TypeVar("V")
U64Array = NDArray[np.uint64]


class RangeTable(Generic[V]):
    """Inclusive integer ranges, flattened once into disjoint ones for look-up by bisection.

    Parameters
    ----------
    ranges : iterable of (int, int, V)
        First and last address as integers, and what the range says. They may overlap; the
        narrowest wins, of equal ones the first given.
    """

    def __init__(self, ranges: Iterable[tuple[int, int, V]]) -> None:
        ordered = sorted(
            ((start, end, order, value) for order, (start, end, value) in enumerate(ranges)),
            key=lambda range_: range_[:3],
        )
        starts: list[int] = []
        ends: list[int] = []
        self._values: list[V] = []
        position, count = 0, len(ordered)
        while position < count:
            start, reach, _, value = ordered[position]
            after = position + 1
            while after < count and ordered[after][0] <= reach:
                reach = max(reach, ordered[after][1])
                after += 1
            if after == position + 1:
                starts.append(start)
                ends.append(reach)
                self._values.append(value)
            else:
                for low, high, narrowest in _flattened(ordered[position:after]):
                    starts.append(low)
                    ends.append(high)
                    self._values.append(narrowest)
            position = after
        # Addresses of IPv6 fit no array of machine words.
        small = not ends or max(ends) < 2**64
        self._starts: Sequence[int] = array("Q", starts) if small else starts
        self._ends: Sequence[int] = array("Q", ends) if small else ends

    @classmethod
    def of_arrays(cls, starts: U64Array, ends: U64Array, values: Sequence[V]) -> RangeTable[V]:
        """Return the table of ranges that already lie in arrays, many times faster.

        Only where ranges overlap does Python look at each; hardly any do.
        """
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        fresh = np.ones(len(starts), dtype=bool)
        fresh[1:] = starts[1:] > np.maximum.accumulate(ends)[:-1]
        heads = np.flatnonzero(fresh)
        sizes = np.diff(np.append(heads, len(starts)))
        alone = heads[sizes == 1]
        flat = [
            span
            for head, size in zip(heads[sizes > 1], sizes[sizes > 1], strict=True)
            for span in _flattened(
                [
                    (int(starts[at]), int(ends[at]), int(order[at]), values[order[at]])
                    for at in range(head, head + size)
                ]
            )
        ]
        kept_values = [values[at] for at in order[alone].tolist()] + [value for _, _, value in flat]
        starts = np.append(starts[alone], np.array([low for low, _, _ in flat], dtype=np.uint64))
        ends = np.append(ends[alone], np.array([high for _, high, _ in flat], dtype=np.uint64))
        table: RangeTable[V] = cls(())
        if flat:
            order = np.argsort(starts, kind="stable")
            starts, ends = starts[order], ends[order]
            kept_values = [kept_values[at] for at in order.tolist()]
        table._starts = array("Q", starts.tobytes())
        table._ends = array("Q", ends.tobytes())
        table._values = kept_values
        return table

    def arrays(self) -> tuple[U64Array, U64Array, Sequence[V]]:
        """Return starts, ends and values of the disjoint ranges, of IPv4 only."""
        return (
            np.array(self._starts, dtype=np.uint64),
            np.array(self._ends, dtype=np.uint64),
            self._values,
        )

    def __len__(self) -> int:
        return len(self._values)

    def at(self, address: int) -> V | None:
        """Return what the narrowest range that holds ``address`` says, if any."""
        place = bisect_right(self._starts, address) - 1
        if place >= 0 and address <= self._ends[place]:
            return self._values[place]
        return None

    def within(self, low: int, high: int, most: int) -> tuple[V, ...]:
        """Return what ranges say that reach into ``low`` to ``high``, each once, in order."""
        place = max(bisect_right(self._starts, low) - 1, 0)
        unique: dict[V, None] = {}
        while place < len(self._values) and self._starts[place] <= high and len(unique) < most:
            if self._ends[place] >= low:
                unique[self._values[place]] = None
            place += 1
        return tuple(unique)

    def values(self) -> Sequence[V]:
        """Return what each of the disjoint ranges says."""
        return self._values


def _flattened(group: Sequence[tuple[int, int, int, V]]) -> list[tuple[int, int, V]]:
    """Sweep one group of overlapping ranges; the heap keeps the narrowest open one on top."""
    edges = sorted({edge for start, end, _, _ in group for edge in (start, end + 1)})
    open_ranges: list[tuple[int, int, int, V]] = []
    flat: list[tuple[int, int, V]] = []
    arriving = 0
    for low, above in pairwise(edges):
        while arriving < len(group) and group[arriving][0] <= low:
            start, end, order, value = group[arriving]
            heapq.heappush(open_ranges, (end - start, order, end, value))
            arriving += 1
        # Only the top has to be open: ended ranges below it are dropped when they come up.
        while open_ranges and open_ranges[0][2] < low:
            heapq.heappop(open_ranges)
        if not open_ranges:
            continue
        narrowest = open_ranges[0][3]
        if flat and flat[-1][1] == low - 1 and flat[-1][2] is narrowest:
            flat[-1] = (flat[-1][0], above - 1, narrowest)
        else:
            flat.append((low, above - 1, narrowest))
    return flat


def covered(
    starts: U64Array, ends: U64Array, by_starts: U64Array, by_ends: U64Array
) -> NDArray[np.float64]:
    """Return how many numbers of each inclusive range lie in the disjoint, sorted other ranges."""
    if not len(by_starts):
        return np.zeros(len(starts))
    # Exact below 2^53, which is enough for IPv4.
    lengths = by_ends.astype(np.float64) - by_starts + 1
    before = np.concatenate(([0.0], np.cumsum(lengths)))

    def below(points: NDArray[np.float64]) -> NDArray[np.float64]:
        place = np.searchsorted(by_starts, points, side="left")
        last = np.maximum(place - 1, 0)
        over = np.clip(points - by_starts[last], 0, lengths[last])
        return np.where(place > 0, before[last] + over, 0.0)

    total: NDArray[np.float64] = below(ends.astype(np.float64) + 1) - below(
        starts.astype(np.float64)
    )
    return total
