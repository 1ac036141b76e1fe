"""What signed roots covered of a ledger when it was compared with them.

A comparison holds for the rows that were read then. Who can write to the database, and to nothing
else, can show the true rows to it and others to whoever reads next. So of each row that a root
covered its digest is kept, and its kind: what is read afterwards must be the same, and all of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import takewhile

_DIGEST_BYTES = 16
"""Of the leaf's hash: another leaf that has them costs 2^128 tries."""


class CoveredRows:
    """Digests and kinds of the rows of a ledger that signed roots cover; 24 bytes for each.

    Parameters
    ----------
    since : int
        The number of the first: those before it were compared by another process, or earlier.
    """

    def __init__(self, since: int = 0) -> None:
        self.since = self.until = since
        self._digests = bytearray()
        self._of_kind: dict[str, array[int]] = {}

    def add(self, kind: str, leaf_hash: bytes) -> None:
        """Note the next row; it counts once :attr:`until` lies behind it."""
        number = self.since + len(self._digests) // _DIGEST_BYTES
        self._digests += leaf_hash[:_DIGEST_BYTES]
        self._of_kind.setdefault(kind, array("Q")).append(number)

    def holds(self, index: int) -> bool:
        """Tell whether a root covered the row of a number."""
        return self.since <= index < self.until

    def is_same(self, index: int, leaf_hash: bytes) -> bool:
        """Tell whether the row of a number that a root covered is still the one that it covered."""
        begin = (index - self.since) * _DIGEST_BYTES
        return self._digests[begin : begin + _DIGEST_BYTES] == leaf_hash[:_DIGEST_BYTES]

    def numbers(self, since: int, kinds: Sequence[str]) -> Iterator[int]:
        """Yield the numbers of rows that a root covered: of some kinds, or all of them."""
        if not kinds:
            return iter(range(max(since, self.since), self.until))
        known = (self._of_kind[kind] for kind in dict.fromkeys(kinds) if kind in self._of_kind)
        rising = (_from(numbers, since) for numbers in known)
        return takewhile(lambda number: number < self.until, merge(*rising))


def _from(numbers: array[int], since: int) -> Iterator[int]:
    return (numbers[place] for place in range(bisect_left(numbers, since), len(numbers)))
