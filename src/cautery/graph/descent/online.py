"""The follower: takes in a day's traits, and proposes who descends from which struck network."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from cautery.errors import InputError
from cautery.graph.descent.background import BITS, Background
from cautery.graph.descent.marks import Marks
from cautery.graph.descent.odds import Odds, Shown, Weights, learnt_weights, log_sum
from cautery.model.descent import Proposal, Reason, Trait, TraitKind, TraitSeen, TraitSet

THRESHOLD = math.log(3)
"""Log-odds from which on a descent is proposed: three in four; ADR 0085."""
ALIKE = math.log(9)
"""Two networks whose odds differ by less than a factor of nine are proposed as either; judgement."""
KEPT_DAYS = 60
"""An entity that nobody has seen for so long, to twice as long, is forgotten."""
MOST_ENTITIES = 4_000_000
"""Entities that are remembered; beyond, those not seen lately are forgotten sooner."""
_MOST_SHOWN = 64
"""Marks of one entity that are kept, each with its day."""
_LOUD = 2.0
"""An entity is weighed against a network if it shows a value at least so much more common there."""
_HALF_LIFE_D = 14
_FIRST_RATE = 20.0
"""Newcomers a day before any day was seen."""
_KINDS = tuple(TraitKind)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_PREPARED = frozenset(
    {TraitKind.SITE_NAME, TraitKind.CERTIFICATE, TraitKind.HOSTER, TraitKind.NAME_SERVER}
)
"""What a name in reserve shows before it serves anybody."""


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
        self.sets: list[TraitSet] = []
        self.last: date | None = None
        self.newcomers = _FIRST_RATE
        self.later = 0
        """Traits dated after the day on which they came, which were passed over."""
        self.lately: dict[str, array[int]] = {}
        self.earlier: dict[str, array[int]] = {}
        self.turned = 0
        self.proposed: dict[str, tuple[int, array[int]]] = {}
        self.rejected: dict[str, set[int]] = {}
        self.own: dict[int, int] = {}
        self._members: set[str] = set()
        self._acted_on: list[int] = []
        for traits in sets:
            self.follow(traits)

    def follow(self, traits: TraitSet) -> None:
        """Follow a further network from now on.

        Raises
        ------
        InputError
            If it is followed already.
        """
        if any(known.of == traits.of for known in self.sets):
            raise InputError(f"{traits.of}: this network is followed already")
        number = len(self.sets)
        self.sets.append(traits)
        self._acted_on.append(traits.acted_on.toordinal())
        self._members.update(traits.members)
        for trait in traits.traits:
            self._look_for(number, trait)

    def day(self, day: date, seen: Iterable[TraitSeen]) -> tuple[Proposal, ...]:
        """Take in what arrived on a day, and return the proposals of that day, by entity.

        Parameters
        ----------
        day : date
            Later than the days before.
        seen : iterable of TraitSeen
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
        self._turn(day)
        shown: dict[str, dict[int, int]] = {}
        counted: set[tuple[str, TraitKind, int]] = set()
        for trait in seen:
            if trait.day > day:
                self.later += 1
            elif trait.entity not in self._members:
                numbers, keys = self.marks.found(trait.kind, trait.value)
                counted.update((trait.entity, trait.kind, key) for key in keys)
                on = trait.day.toordinal()
                marks = shown.setdefault(trait.entity, {})
                for number in numbers or (-1 - _NUMBERS[trait.kind],):
                    marks[number] = min(on, marks.get(number, on))
        new = self.background.add(sorted(counted))
        self._learn_rate(day, new)
        for entity, marks in shown.items():
            self._remember(entity, marks)
        proposals = [self._judged(entity, day) for entity in sorted(shown)]
        return tuple(proposal for proposal in proposals if proposal is not None)

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
        shown = self._of_entity(entity)
        if shown is not None:
            self.odds.teach(self._against(network, shown), descends=True)
            self._propose(entity, network, shown)
        self._members.add(entity)
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
        shown = self._of_entity(entity)
        if shown is not None:
            self.odds.teach(self._against(network, shown), descends=False)
        if entity in self.proposed:
            _, counted = self.proposed.pop(entity)
            self._own(counted, -1)
            self.lately[entity] = counted
        self.rejected.setdefault(entity, set()).add(network)

    def evidence(self, entity: str, of: str) -> tuple[Shown, ...]:
        """Return what an entity is known to show against a network, by kind.

        Raises
        ------
        InputError
            If no such network is followed.
        """
        shown = self._of_entity(entity)
        return () if shown is None else self._against(self._number(of), shown)

    def standing(self, entity: str) -> float:
        """Return today's log-odds that an entity descends from a struck network."""
        shown = self._of_entity(entity)
        return -math.inf if shown is None else self._weighed(entity, shown)[0]

    def _number(self, of: str) -> int:
        for number, traits in enumerate(self.sets):
            if traits.of == of:
                return number
        raise InputError(f"{of}: no such network is followed")

    def _look_for(self, network: int, trait: Trait) -> None:
        self.marks.add(network, trait, since=self.background.by_kind[trait.kind])

    def _turn(self, day: date) -> None:
        """Forget, now and then, who was not seen for long."""
        on = day.toordinal()
        is_full = len(self.lately) > MOST_ENTITIES // 2
        if is_full or on - self.turned >= KEPT_DAYS:
            self.earlier, self.lately, self.turned = self.lately, {}, on

    def _learn_rate(self, day: date, new: int) -> None:
        """Follow how many newcomers there are a day, as of a half-life ago."""
        days = 1 if self.last is None else (day - self.last).days
        part = 0.5 ** (days / _HALF_LIFE_D)
        self.newcomers = part * self.newcomers + (1 - part) * new / days
        self.last = day

    def _of_entity(self, entity: str) -> array[int] | None:
        if entity in self.proposed:
            return self.proposed[entity][1]
        return self.lately.get(entity) or self.earlier.get(entity)

    def _remember(self, entity: str, marks: Mapping[int, int]) -> None:
        """Keep the first day of each mark: pairs of number and day, in one array."""
        known = self._of_entity(entity)
        kept = dict(zip(known[::2], known[1::2], strict=True)) if known else {}
        added = [number for number in marks if number not in kept]
        for number, on in marks.items():
            kept[number] = min(on, kept.get(number, on))
        ordered = sorted(kept.items(), key=lambda pair: (pair[1], pair[0]))[:_MOST_SHOWN]
        pairs = array("i", [word for pair in ordered for word in pair])
        if entity in self.proposed:
            network, _ = self.proposed[entity]
            self.proposed[entity] = (network, pairs)
            self._own(array("i", [word for number in added for word in (number, 0)]), 1)
            return
        self.earlier.pop(entity, None)
        self.lately[entity] = pairs

    def _against(
        self, network: int, shown: array[int], *, until: int | None = None
    ) -> tuple[Shown, ...]:
        """Return, by kind, the loudest of an entity's marks of a network, or that it has others."""
        loudest: dict[TraitKind, Shown] = {}
        kinds: set[TraitKind] = set()
        for number, on in zip(shown[::2], shown[1::2], strict=True):
            if until is not None and on > until:
                continue
            if number < 0:
                kinds.add(_KINDS[-1 - number])
                continue
            mark = self.marks.all[number]
            kinds.add(mark.kind)
            if mark.network == network:
                trait = Shown(mark.kind, mark.level, self._ratio(number), number)
                known = loudest.get(mark.kind)
                if known is None or (known.level, -known.ratio) > (trait.level, -trait.ratio):
                    loudest[mark.kind] = trait
        return tuple(
            loudest.get(kind) or Shown(kind, None, 0.0, -1)
            for kind in _KINDS
            if kind in kinds and self.marks.has(network, kind)
        )

    def _ratio(self, number: int) -> float:
        """Return the share of a mark in its network by its share among all others so far."""
        mark = self.marks.all[number]
        bearers = self.background.bearers(mark.key) - 1 - self.own.get(mark.key, 0)
        among = self.background.by_kind[mark.kind] - mark.since
        return self.marks.share(mark) * (among + 1) / (max(0, bearers) + 0.5)

    def _judged(self, entity: str, day: date) -> Proposal | None:
        if entity in self.proposed:
            return None
        shown = self.lately[entity]
        if not self._may_descend(entity, shown):
            return None
        odds, ranked = self._weighed(entity, shown)
        if odds < self.threshold:
            return None
        best = ranked[0][0]
        either = tuple(
            self.sets[network].of for network, weight in ranked[1:] if ranked[0][1] - weight < ALIKE
        )
        proposal = Proposal(
            entity=entity,
            of=self.sets[best].of,
            log_odds=odds,
            reasons=self._reasons(entity, best, shown),
            first_knowable=self._first_knowable(entity, best, shown, day),
            proposed_on=day,
            either=either,
        )
        self._propose(entity, best, shown)
        return proposal

    def _networks(self, entity: str, shown: array[int], served: int) -> list[int]:
        """Return the networks that an entity is worth weighing against.

        Whoever served before the act has not grown back after it.
        """
        rejected = self.rejected.get(entity, ())
        networks = {
            self.marks.all[number].network
            for number in shown[::2]
            if number >= 0 and self._ratio(number) >= _LOUD
        }
        return sorted(
            network
            for network in networks
            if network not in rejected and served >= self._acted_on[network]
        )

    def _may_descend(self, entity: str, shown: array[int]) -> bool:
        """Tell, at little cost, that the odds may reach the threshold; most strangers' cannot."""
        served = self._served(shown, None)
        networks = self._networks(entity, shown, served)
        most = [
            self.odds.at_most(self._against(network, shown), self._prior(network, served))
            for network in networks
        ]
        return log_sum(most) >= self.threshold if most else False

    def _weighed(
        self, entity: str, shown: array[int], *, until: int | None = None, without: int = -1
    ) -> tuple[float, list[tuple[int, float]]]:
        """Return the log-odds of a descent from any network, and each one's weight, largest first.

        Parameters
        ----------
        until : int or None
            Only what was public on this day (an ordinal) counts.
        without : int
            Number of a kind that is left out.
        """
        served = self._served(shown, until)
        networks = self._networks(entity, shown, served)
        if not networks:
            return -math.inf, []
        against = {
            network: [
                trait
                for trait in self._against(network, shown, until=until)
                if _NUMBERS[trait.kind] != without
            ]
            for network in networks
        }
        descents, strangers = self.odds.weighed(
            against, {network: self._prior(network, served) for network in against}
        )
        ranked = sorted(descents.items(), key=lambda pair: (-pair[1], pair[0]))
        alike = [weight for _, weight in ranked if ranked[0][1] - weight < ALIKE]
        rest = [weight for _, weight in ranked[len(alike) :]]
        odds = log_sum(alike) - log_sum([strangers, *rest])
        return self.odds.calibrated(odds), ranked

    def _served(self, shown: array[int], until: int | None) -> int:
        """Return the day from which on an entity serves, as an ordinal; else the last known one."""
        days = [
            on
            for number, on in zip(shown[::2], shown[1::2], strict=True)
            if (until is None or on <= until) and self._kind(number) not in _PREPARED
        ]
        return min(days) if days else max(shown[1::2])

    def _kind(self, number: int) -> TraitKind:
        return _KINDS[-1 - number] if number < 0 else self.marks.all[number].kind

    def _prior(self, network: int, served: int) -> float:
        """Return the log of how many descendants are expected for each newcomer of that day."""
        rate = self.odds.rate(served - self._acted_on[network])
        return math.log(rate / max(1.0, self.newcomers))

    def _reasons(self, entity: str, network: int, shown: array[int]) -> tuple[Reason, ...]:
        """Return what each kind adds to the log-odds: what they are less without it."""
        whole, _ = self._weighed(entity, shown)
        reasons = []
        for trait in self._against(network, shown):
            less, _ = self._weighed(entity, shown, without=_NUMBERS[trait.kind])
            value = self.marks.all[trait.mark].value if trait.mark >= 0 else ""
            reasons.append(Reason(kind=trait.kind, value=value, weight=round(whole - less, 3)))
        return tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.kind)))

    def _first_knowable(self, entity: str, network: int, shown: array[int], day: date) -> date:
        """Return the first day on which what was public would have sufficed, as common as it is now."""
        acted_on = self._acted_on[network]
        for on in sorted({max(on, acted_on) for on in shown[1::2]}):
            if self._weighed(entity, shown, until=on)[0] >= self.threshold:
                return min(day, date.fromordinal(on))
        return day

    def _propose(self, entity: str, network: int, shown: array[int]) -> None:
        """Count an entity as one of the network's: what it shows is not common for that."""
        if entity not in self.proposed:
            self._own(shown, 1)
        self.proposed[entity] = (network, shown)
        self.lately.pop(entity, None)
        self.earlier.pop(entity, None)

    def _own(self, shown: array[int], by: int) -> None:
        for key in {self.marks.all[number].key for number in shown[::2] if number >= 0}:
            self.own[key] = self.own.get(key, 0) + by
