"""Proposals that no signed run has named yet: as many as a run may name, and no more bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cautery.model import Digest, Entry
from cautery.model.records import DescendantProposed

MOST_WAITING = 20_000
"""Records that wait; a run names as many at most. Judgement."""
MOST_BYTES = 64 << 20
"""Of their records. A proposal has some 2 KiB. Judgement."""


@dataclass(slots=True)
class ProposalsWaiting:
    """Holds proposals until a run names them; the oldest of too many go.

    Parameters
    ----------
    dropped : int
        How many went without being named.
    """

    dropped: int = 0
    _by_leaf: dict[Digest, tuple[Entry, DescendantProposed]] = field(default_factory=dict)
    _bytes: int = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._by_leaf)

    def add(self, leaf: Digest, entry: Entry, proposed: DescendantProposed) -> None:
        """Hold a proposal by the leaf hash of its record."""
        if leaf in self._by_leaf:
            self.dropped += 1
            return
        self._by_leaf[leaf] = entry, proposed
        self._bytes += len(entry.leaf)
        while len(self._by_leaf) > MOST_WAITING or self._bytes > MOST_BYTES:
            oldest, _ = self._by_leaf.pop(next(iter(self._by_leaf)))
            self._bytes -= len(oldest.leaf)
            self.dropped += 1

    def named(self, leaves: Iterable[Digest]) -> Iterator[tuple[Entry, DescendantProposed]]:
        """Yield those that a run names; the others never will be, and go."""
        for leaf in leaves:
            if (held := self._by_leaf.pop(leaf, None)) is not None:
                yield held
        self.dropped += len(self._by_leaf)
        self._by_leaf.clear()
        self._bytes = 0
