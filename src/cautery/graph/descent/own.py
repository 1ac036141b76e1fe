"""Entities that are held to be the networks' own: what they show is not common for that."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from cautery.graph.descent.marks import Marks

SURE = 0.9
"""Probability from which on an entity is held to be a network's own; judgement."""
_STEPS = 1024
"""Probabilities are counted in binary steps, whose sums are the same in every order."""


class Own(NamedTuple):
    """An entity that is held to be a network's.

    Parameters
    ----------
    network : int
        Number of the network.
    probability : float
        That it is, as it is counted.
    pairs : array of int
        As :class:`Memory` keeps it.
    """

    network: int
    probability: float
    pairs: array[int]


class Owned:
    """Whose an entity is, and how many show each value.

    Each counts by its probability, and only if that is nine in ten at least: or else what many
    strangers take up on one day would be held to be the network's, and the next day's strangers
    with it.

    Parameters
    ----------
    marks : Marks
        What is looked for.
    """

    def __init__(self, marks: Marks) -> None:
        self.by_entity: dict[str, Own] = {}
        self._marks = marks
        self._count: dict[int, float] = {}

    def take(self, entity: str, entry: Own) -> None:
        """Hold an entity to be a network's, from now on or as of now."""
        self.give_back(entity)
        counted = round(entry.probability * _STEPS) / _STEPS if entry.probability >= SURE else 0.0
        rounded = entry._replace(probability=counted)
        self.by_entity[entity] = rounded
        self._add(rounded, 1)

    def give_back(self, entity: str) -> Own | None:
        """Hold an entity to be nobody's; return what it was."""
        entry = self.by_entity.pop(entity, None)
        if entry is not None:
            self._add(entry, -1)
        return entry

    def others(self, entity: str, key: int) -> float:
        """Return how many of them show a value beside an entity that shows it itself."""
        itself = self.by_entity.get(entity)
        return self._count.get(key, 0.0) - (0.0 if itself is None else itself.probability)

    def _add(self, entry: Own, sign: int) -> None:
        marks = self._marks.all
        for key in {marks[number].key for number in entry.pairs[::2] if number >= 0}:
            self._count[key] = self._count.get(key, 0.0) + sign * entry.probability
