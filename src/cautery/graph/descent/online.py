"""The follower: takes in a day's traits, and proposes who descends from which struck network."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from datetime import date

from cautery.errors import InputError
from cautery.graph.descent.background import BITS, Background
from cautery.graph.descent.marks import Marks
from cautery.graph.descent.memory import Memory, joined
from cautery.graph.descent.odds import Odds, Shown
from cautery.graph.descent.own import Own, Owned
from cautery.graph.descent.weighing import ALIKE, KINDS, Scales
from cautery.graph.descent.weights import Weights, learnt_weights
from cautery.model.descent import Proposal, Trait, TraitKind, TraitSeen, TraitSet

THRESHOLD = math.log(3 / 7)
"""Log-odds from which on a descent is proposed: three in ten; ADR 0085."""
_HALF_LIFE_D = 14
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}


class Follower:
    """Looks for descendants of struck networks, a day at a time, knowing only the days so far.

    Parameters
    ----------
    sets : sequence of TraitSet
        The struck networks.
    threshold : float
        Log-odds from which on a descent is proposed.
    weights : Weights or None
        ``None``: those of ``weights.toml``.
    bits : int
        Size of the filters of :class:`Background`.

    Raises
    ------
    InputError
        If two sets are of one network.

    Notes
    -----
    The same days give the same proposals, in whatever order a day's traits come. An entity is
    proposed once; only if an analyst rejects that, it may be proposed for another network. Days
    before the act are worth taking in: they say what is common.
    """

    def __init__(
        self,
        sets: Sequence[TraitSet],
        *,
        threshold: float = THRESHOLD,
        weights: Weights | None = None,
        bits: int = BITS,
    ) -> None:
        self.threshold = threshold
        self.background = Background(bits)
        self.marks = Marks()
        self.odds = Odds(weights or learnt_weights())
        self.memory = Memory()
        self.owned = Owned(self.marks)
        self.scales = Scales(self.marks, self.background, self.odds, self.owned)
        self.sets: list[TraitSet] = []
        self.last: date | None = None
        self.later = 0
        """Traits dated after the day on which they came, which were passed over."""
        self.confirmed: set[str] = set()
        self._siblings: set[str] = set()
        """Held to be a network's although it was never proposed: it served before the act, or was
        only prepared then. If it serves after the act alone, it is a descendant."""
        self._members: set[str] = set()
        for traits in sets:
            self.follow(traits)

    def follow(self, traits: TraitSet) -> None:
        """Follow a further network from now on.

        Raises
        ------
        InputError
            If it is followed already.
        """
        if any(followed.of == traits.of for followed in self.sets):
            raise InputError(f"{traits.of}: this network is followed already")
        self.sets.append(traits)
        self.scales.acted_on.append(traits.acted_on.toordinal())
        self._members.update(traits.members)
        for trait in traits.traits:
            self._look_for(len(self.sets) - 1, trait)

    def day(self, day: date, traits: Iterable[TraitSeen]) -> tuple[Proposal, ...]:
        """Take in what arrived on a day, and return the proposals of that day, by entity.

        Parameters
        ----------
        day : date
            Later than the days before.
        traits : iterable of TraitSeen
            What arrived on it, in any order; its own days may lie before. What is dated later is
            passed over, and counted in ``later``.

        Raises
        ------
        InputError
            If a later day, or this one, was taken in before.
        """
        if self.last is not None and day <= self.last:
            raise InputError(
                f"{day} was taken in before: the last day is {self.last}",
                hint="Days are taken in once, in order.",
            )
        self.memory.turn(day.toordinal())
        marks_of: dict[str, dict[int, int]] = {}
        counted: set[tuple[str, TraitKind, int]] = set()
        for trait in traits:
            if trait.day > day:
                self.later += 1
            elif trait.entity not in self._members and trait.entity not in self.confirmed:
                numbers, keys = self.marks.found(trait.kind, trait.value)
                counted.update((trait.entity, trait.kind, key) for key in keys)
                on = trait.day.toordinal()
                marks = marks_of.setdefault(trait.entity, {})
                for number in numbers or (-1 - _NUMBERS[trait.kind],):
                    marks[number] = min(on, marks.get(number, on))
        self._learn_rate(day, self.background.add(sorted(counted)))
        for entity, marks in marks_of.items():
            self._remember(entity, joined(self._shown(entity), marks))
        # All are judged before any is taken as a network's, or their names' order would matter.
        proposals: list[Proposal] = []
        entries: dict[str, Own] = {}
        proposed = self.owned.by_entity.keys() - self._siblings
        for entity in sorted(marks_of.keys() - proposed):
            pairs = self._shown(entity)
            if pairs is None:
                continue
            if (proposal := self._judged(entity, pairs, day)) is not None:
                proposals.append(proposal)
                entries[entity] = Own(self._number(proposal.of), proposal.probability, pairs)
            elif (
                entity not in self._siblings
                and (sibling := self.scales.sibling(entity, pairs)) is not None
            ):
                entries[entity] = sibling
        for entity, entry in entries.items():
            self._take(entity, entry)
        proposed_now = {proposal.entity for proposal in proposals}
        self._siblings = (self._siblings | entries.keys()) - proposed_now
        return tuple(proposals)

    def confirm(self, entity: str, of: str, *, traits: Iterable[Trait] = ()) -> None:
        """Learn that an entity does descend from a network, as an analyst says.

        Parameters
        ----------
        traits : iterable of Trait
            Traits of the descendant that are looked for from now on as well.

        Raises
        ------
        InputError
            If no such network is followed.
        """
        network = self._number(of)
        pairs = self._shown(entity)
        if pairs is not None:
            self.odds.teach(self.scales.against(entity, network, pairs), descends=True)
            self._take(entity, Own(network, 1.0, pairs))
        self._siblings.discard(entity)
        self.confirmed.add(entity)
        for trait in traits:
            self._look_for(network, trait)

    def reject(self, entity: str, of: str) -> None:
        """Learn that an entity does not descend from a network, as an analyst says.

        Raises
        ------
        InputError
            If no such network is followed.
        """
        network = self._number(of)
        pairs = self._shown(entity)
        if pairs is not None:
            self.odds.teach(self.scales.against(entity, network, pairs), descends=False)
        if (entry := self.owned.give_back(entity)) is not None:
            self.memory.put(entity, entry.pairs)
        self._siblings.discard(entity)
        self.confirmed.discard(entity)
        self.scales.rejected.setdefault(entity, set()).add(network)

    def evidence(self, entity: str, of: str) -> tuple[Shown, ...]:
        """Return what an entity is known to show against a network, by kind.

        Raises
        ------
        InputError
            If no such network is followed.
        """
        network, pairs = self._number(of), self._shown(entity)
        return () if pairs is None else self.scales.against(entity, network, pairs)

    def standing(self, entity: str) -> float:
        """Return today's log-odds that an entity descends from a struck network."""
        pairs = self._shown(entity)
        return -math.inf if pairs is None else self.scales.weighed(entity, pairs)[0]

    def _take(self, entity: str, entry: Own) -> None:
        self.owned.take(entity, entry)
        self.memory.drop(entity)

    def _number(self, of: str) -> int:
        for number, traits in enumerate(self.sets):
            if traits.of == of:
                return number
        raise InputError(f"{of}: no such network is followed")

    def _look_for(self, network: int, trait: Trait) -> None:
        self.marks.add(network, trait, since=self.background.by_kind[trait.kind])

    def _learn_rate(self, day: date, new: int) -> None:
        """Follow how many newcomers there are a day, with a half-life."""
        days = 1 if self.last is None else (day - self.last).days
        part = 0.5 ** (days / _HALF_LIFE_D)
        self.scales.newcomers = part * self.scales.newcomers + (1 - part) * new / days
        self.last = day

    def _shown(self, entity: str) -> array[int] | None:
        entry = self.owned.by_entity.get(entity)
        return self.memory.of(entity) if entry is None else entry.pairs

    def _remember(self, entity: str, pairs: array[int]) -> None:
        if (entry := self.owned.by_entity.get(entity)) is not None:
            self.owned.take(entity, entry._replace(pairs=pairs))
        else:
            self.memory.put(entity, pairs)

    def _judged(self, entity: str, pairs: array[int], day: date) -> Proposal | None:
        if not self.scales.may_descend(entity, pairs, self.threshold):
            return None
        odds, ranked = self.scales.weighed(entity, pairs)
        if odds < self.threshold:
            return None
        best, weight = ranked[0]
        return Proposal(
            entity=entity,
            of=self.sets[best].of,
            log_odds=odds,
            reasons=self.scales.reasons(entity, best, pairs),
            first_knowable=self.scales.first_knowable(entity, best, pairs, self.threshold, day),
            proposed_on=day,
            either=tuple(
                self.sets[network].of
                for network, other_weight in ranked[1:]
                if weight - other_weight < ALIKE
            ),
        )
