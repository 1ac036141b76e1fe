"""What each entity showed, and since when; who was not seen for long is forgotten."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

KEPT_DAYS = 60
"""An entity that nobody has seen for so long, to twice as long, is forgotten."""
MOST_ENTITIES = 4_000_000
"""Entities that are remembered; beyond, those not seen lately are forgotten sooner."""
MOST_MARKS = 64
"""Marks of one entity that are kept: the first ones."""


class Memory:
    """Entities in two generations: seen lately, and earlier.

    Attributes
    ----------
    lately, earlier : dict of str to array of int
        By entity, pairs of a mark and of the first day on which it was public (an ordinal).
    turned : int
        Day on which the younger generation began, an ordinal.
    """

    def __init__(self) -> None:
        self.lately: dict[str, array[int]] = {}
        self.earlier: dict[str, array[int]] = {}
        self.turned = 0

    def turn(self, on: int) -> None:
        """Begin a new generation if it is time, and forget the one before the last."""
        is_full = len(self.lately) > MOST_ENTITIES // 2
        if is_full or on - self.turned >= KEPT_DAYS:
            self.earlier, self.lately, self.turned = self.lately, {}, on

    def of(self, entity: str) -> array[int] | None:
        """Return what an entity showed, if anybody remembers."""
        return self.lately.get(entity) or self.earlier.get(entity)

    def put(self, entity: str, pairs: array[int]) -> None:
        """Keep what an entity showed, as of now."""
        self.earlier.pop(entity, None)
        self.lately[entity] = pairs

    def drop(self, entity: str) -> None:
        """Forget an entity."""
        self.lately.pop(entity, None)
        self.earlier.pop(entity, None)


def joined(before: array[int] | None, marks: Mapping[int, int]) -> array[int]:
    """Return pairs of marks and first days with further ones, the earliest first."""
    first = dict(pairs_of(before)) if before else {}
    for number, on in marks.items():
        first[number] = min(on, first.get(number, on))
    ordered = sorted(first.items(), key=lambda pair: (pair[1], pair[0]))[:MOST_MARKS]
    return array("i", [word for pair in ordered for word in pair])


def pairs_of(pairs: array[int]) -> Iterator[tuple[int, int]]:
    """Return the pairs of a mark and its first day."""
    return zip(pairs[::2], pairs[1::2], strict=True)
