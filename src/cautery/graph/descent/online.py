"""The follower: takes in a day's traits, and proposes who descends from which struck network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from cautery.errors import InputError
from cautery.model.descent import Proposal, Reason, Trait, TraitKind, TraitSeen, TraitSet

THRESHOLD = math.log(3)
"""Log-odds from which on a descent is proposed."""


class Follower:
    """Looks for descendants of struck networks, a day at a time, knowing only the days so far.

    Parameters
    ----------
    sets : sequence of TraitSet
        The struck networks.
    threshold : float
        Log-odds from which on a descent is proposed.

    Notes
    -----
    The same days give the same proposals, in whatever order a day's traits come. An entity is
    proposed once for a network, and again only after :meth:`reject`, never.
    """

    def __init__(self, sets: Sequence[TraitSet], *, threshold: float = THRESHOLD) -> None:
        self._sets = tuple(sets)
        self._threshold = threshold
        self._last: date | None = None
        self._traits: dict[str, dict[tuple[TraitKind, str], date]] = {}
        self._closed: set[str] = {member for traits in sets for member in traits.members}

    def day(self, day: date, seen: Sequence[TraitSeen]) -> tuple[Proposal, ...]:
        """Take in what arrived on a day, and return the proposals of that day, by entity.

        Parameters
        ----------
        day : date
            Later than the days before.
        seen : sequence of TraitSeen
            What arrived on it, in any order; its own days may lie before. What is dated later is
            passed over.

        Raises
        ------
        InputError
            If a later day, or this one, was taken in before.
        """
        if self._last is not None and day <= self._last:
            raise InputError(f"{day} was taken in before; the last day is {self._last}")
        self._last = day
        touched = set()
        for trait in seen:
            if trait.day <= day and trait.entity not in self._closed:
                days = self._traits.setdefault(trait.entity, {})
                mark = (trait.kind, trait.value)
                days[mark] = min(trait.day, days.get(mark, day))
                touched.add(trait.entity)
        proposals = []
        for entity in sorted(touched):
            days = self._traits[entity]
            for struck in self._sets:
                hits = [t for t in struck.traits if (t.kind, t.value) in days]
                log_odds = -4.0 + 3.0 * len(hits)
                if log_odds >= self._threshold:
                    proposals.append(
                        Proposal(
                            entity=entity,
                            of=struck.of,
                            log_odds=log_odds,
                            reasons=tuple(
                                Reason(kind=t.kind, value=t.value, weight=3.0) for t in hits
                            ),
                            first_knowable=max(days[t.kind, t.value] for t in hits),
                            proposed_on=day,
                        )
                    )
                    self._closed.add(entity)
                    break
        return tuple(proposals)

    def confirm(self, entity: str, of: str, *, traits: Sequence[Trait] = ()) -> None:
        """Learn that an entity does descend from a network, as an analyst says.

        Parameters
        ----------
        traits : sequence of Trait
            Traits of the descendant that are looked for from now on as well.

        Raises
        ------
        InputError
            If no such network is followed.
        """
        self._check(of)
        self._closed.add(entity)

    def reject(self, entity: str, of: str) -> None:
        """Learn that an entity does not descend from a network, as an analyst says.

        Raises
        ------
        InputError
            If no such network is followed.
        """
        self._check(of)
        self._closed.add(entity)

    def _check(self, of: str) -> None:
        if all(traits.of != of for traits in self._sets):
            raise InputError(f"{of}: no such network is followed")
