"""The values of struck networks that are looked for, and which of them a seen value is."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from cautery.graph.descent.background import key_of
from cautery.graph.descent.likeness import FUZZY, NEAR, SAME, core_name
from cautery.model.descent import Trait, TraitKind

SMOOTH = 0.5
"""Of a network's entities, added to each value's count: what a case saw is a part of what was."""


class Mark(NamedTuple):
    """A value of one network, at one level of likeness.

    Parameters
    ----------
    network : int
        Number of the network.
    kind : TraitKind
        Of the value.
    value : str
        As the network had it.
    level : int
        ``SAME``, or ``NEAR`` for kinds whose values may be alike.
    key : int
        Under which entities that show it are counted.
    since : int
        Entities of the kind that were seen before likeness to this value was counted.
    """

    network: int
    kind: TraitKind
    value: str
    level: int
    key: int
    since: int


class Marks:
    """All marks, by number; numbers never change."""

    def __init__(self) -> None:
        self.all: list[Mark] = []
        self.traits: list[tuple[int, Trait, int]] = []
        self._numbers: dict[tuple[TraitKind, str, int], list[int]] = {}
        self._times: dict[tuple[int, TraitKind, str], int] = {}
        self._total: defaultdict[tuple[int, TraitKind], float] = defaultdict(float)
        self._alike = {kind: likeness() for kind, likeness in FUZZY.items()}

    def add(self, network: int, trait: Trait, *, since: int) -> None:
        """Look for a trait of a network from now on.

        Parameters
        ----------
        since : int
            Entities of the trait's kind that were seen before.
        """
        kind = trait.kind
        value = _canonical(kind, trait.value)
        if not value:
            return
        self.traits.append((network, trait, since))
        place = (network, kind, value)
        self._total[network, kind] += trait.times + (0 if place in self._times else SMOOTH)
        if place in self._times:
            self._times[place] += trait.times
            return
        self._times[place] = trait.times
        levels = (SAME, NEAR) if kind in FUZZY else (SAME,)
        for level in levels:
            key = key_of(kind, f"{value}\0{level}" if kind in FUZZY else value)
            self._numbers.setdefault((kind, value, level), []).append(len(self.all))
            counted_from = since if kind in FUZZY else 0
            self.all.append(Mark(network, kind, value, level, key, counted_from))
        if kind in FUZZY:
            self._alike[kind].add(value)

    def found(self, kind: TraitKind, value: str) -> tuple[list[int], set[int]]:
        """Return the marks that a value bears, of all networks, and the keys to count it under."""
        if kind not in FUZZY:
            return self._numbers.get((kind, value, SAME), []), {key_of(kind, value)}
        numbers: list[int] = []
        for near_value, level in self._alike[kind].found(_canonical(kind, value)).items():
            numbers += self._numbers[kind, near_value, level]
        keys = {self.all[number].key for number in numbers}
        return sorted(numbers), keys or {key_of(kind, value)}

    def has(self, network: int, kind: TraitKind) -> bool:
        """Tell whether a network has a trait of a kind."""
        return (network, kind) in self._total

    def share(self, mark: Mark) -> float:
        """Return the share of a network's entities with a trait of the kind that show the value."""
        place = (mark.network, mark.kind)
        times = self._times[mark.network, mark.kind, mark.value] + SMOOTH
        return times / self._total[place]


def _canonical(kind: TraitKind, value: str) -> str:
    """Return the form in which values of a kind are compared; empty: it says nothing."""
    return core_name(value) if kind is TraitKind.SITE_NAME else value
