"""The weighing of one entity against the struck networks, with what is known so far."""

from __future__ import annotations

import math
from array import array
from datetime import date

from cautery.graph.descent.background import Background
from cautery.graph.descent.likeness import NEAR
from cautery.graph.descent.marks import Mark, Marks
from cautery.graph.descent.memory import pairs_of
from cautery.graph.descent.odds import Level, Odds, Shown, log_sum
from cautery.graph.descent.own import SURE, Own, Owned
from cautery.model.descent import Reason, TraitKind, probability

ALIKE = math.log(9)
"""Networks whose odds differ by less than a factor of nine are proposed as either; judgement."""
LEAST_EVIDENCE = math.log(10)
"""What an entity shows must be ten times as likely of a descendant as of a plain stranger: in the
days after an act so many newcomers descend that being new would all but do. Judgement."""
ALONE = 2
"""Strangers that may show a value which is still held to be a network's alone; judgement."""
FIRST_RATE = 20.0
"""Newcomers a day before any day was seen."""
_LOUD = 2.0
"""An entity is weighed against a network if it shows a value at least so much more common there."""
KINDS = tuple(TraitKind)
_PREPARED = frozenset(
    {TraitKind.SITE_NAME, TraitKind.CERTIFICATE, TraitKind.HOSTER, TraitKind.NAME_SERVER}
)
"""What a name in reserve shows before it serves anybody."""


class Scales:
    """Weighs entities by their marks.

    Parameters
    ----------
    marks : Marks
        What is looked for.
    background : Background
        How common it is.
    odds : Odds
        What it is worth.
    owned : Owned
        Entities that are held to be the networks'.

    Attributes
    ----------
    acted_on : list of int
        By network, the day of the act, an ordinal.
    rejected : dict of str to set of int
        By entity, the networks that an analyst said it does not descend from.
    newcomers : float
        A day, lately.
    """

    def __init__(self, marks: Marks, background: Background, odds: Odds, owned: Owned) -> None:
        self.marks, self.background, self.odds, self.owned = marks, background, odds, owned
        self.acted_on: list[int] = []
        self.rejected: dict[str, set[int]] = {}
        self.newcomers = FIRST_RATE

    def may_descend(self, entity: str, pairs: array[int], threshold: float) -> bool:
        """Tell, at little cost, whether the odds may reach a threshold; most strangers' cannot."""
        served = self._served(pairs, None)
        bounds = []
        spoken_for = False
        for network in self._networks(entity, pairs, served):
            evidence = self.odds.evidence(self.against(entity, network, pairs))
            spoken_for = spoken_for or evidence >= LEAST_EVIDENCE
            bounds.append(self._prior(network, served) + evidence)
        return spoken_for and self.odds.calibrated(log_sum(bounds)) >= threshold

    def weighed(
        self,
        entity: str,
        pairs: array[int],
        *,
        until: int | None = None,
        without: TraitKind | None = None,
        before: bool = False,
    ) -> tuple[float, list[tuple[int, float]]]:
        """Return the log-odds of a descent, and each network's weight, largest first.

        The odds are those of the likeliest network, and of those that are about as likely.

        Parameters
        ----------
        until : int or None
            Only what was public on this day (an ordinal) counts.
        without : TraitKind or None
            A kind that is left out.
        before : bool
            Weigh it against the networks that it served before, as if it came just after the act.
        """
        served = self._served(pairs, until)
        against = {
            network: [
                trait
                for trait in self.against(entity, network, pairs, until=until)
                if trait.kind is not without
            ]
            for network in self._networks(entity, pairs, served, before=before)
        }
        if not against:
            return -math.inf, []
        priors = {network: self._prior(network, served) for network in against}
        descents, strangers = self.odds.weighed(against, priors)
        ranked = sorted(descents.items(), key=lambda pair: (-pair[1], pair[0]))
        alike = [weight for _, weight in ranked if ranked[0][1] - weight < ALIKE]
        other_weights = [weight for _, weight in ranked[len(alike) :]]
        log_odds = log_sum(alike) - log_sum([strangers, *other_weights])
        return self.odds.calibrated(log_odds), ranked

    def sibling(self, entity: str, pairs: array[int]) -> Own | None:
        """Return whose an entity is that served before the act, and that the case does not know.

        It is no descendant; but what it shows is not common among strangers, either.
        """
        if self._served(pairs, None) >= max(self.acted_on, default=0):
            return None
        odds, ranked = self.weighed(entity, pairs, before=True)
        chance = probability(odds)
        return Own(ranked[0][0], chance, pairs) if chance >= SURE else None

    def against(
        self, entity: str, network: int, pairs: array[int], *, until: int | None = None
    ) -> tuple[Shown, ...]:
        """Return, by kind, the loudest of an entity's marks of a network, or that it has others."""
        loudest: dict[TraitKind, Shown] = {}
        for number, on in pairs_of(pairs):
            if until is not None and on > until:
                continue
            if number < 0:
                kind = KINDS[-1 - number]
                trait = Shown(kind, None, 0.0, -1)
            else:
                mark = self.marks.all[number]
                kind = mark.kind
                is_its = mark.network == network
                trait = self._trait(entity, number) if is_its else Shown(kind, None, 0.0, -1)
            loudest_yet = loudest.get(kind)
            if loudest_yet is None or _loudness(trait) > _loudness(loudest_yet):
                loudest[kind] = trait
        return tuple(
            loudest[kind] for kind in KINDS if kind in loudest and self.marks.has(network, kind)
        )

    def reasons(self, entity: str, network: int, pairs: array[int]) -> tuple[Reason, ...]:
        """Return what each kind adds to the log-odds: what they are less without it."""
        whole, _ = self.weighed(entity, pairs)
        reasons = []
        for trait in self.against(entity, network, pairs):
            lesser, _ = self.weighed(entity, pairs, without=trait.kind)
            value = self.marks.all[trait.mark].value if trait.mark >= 0 else ""
            reasons.append(Reason(kind=trait.kind, value=value, weight=round(whole - lesser, 3)))
        return tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.kind)))

    def first_knowable(
        self, entity: str, network: int, pairs: array[int], threshold: float, day: date
    ) -> date:
        """Return the first day on which what was public sufficed, values as common as they are."""
        acted_on = self.acted_on[network]
        for on in sorted({max(on, acted_on) for on in pairs[1::2]}):
            if self.weighed(entity, pairs, until=on)[0] >= threshold:
                return min(day, date.fromordinal(on))
        return day

    def _strangers(self, entity: str, mark: Mark) -> float:
        """Return how many others show a mark, but for those that are held to be the network's."""
        return max(0.0, self.background.bearers(mark.key) - 1 - self.owned.others(entity, mark.key))

    def _ratio(self, entity: str, mark: Mark) -> float:
        """Return the share of a mark in its network by its share among all strangers so far."""
        among = self.background.by_kind[mark.kind] - mark.since
        return self.marks.share(mark) * (among + 1) / (self._strangers(entity, mark) + 0.5)

    def _trait(self, entity: str, number: int) -> Shown:
        """Return what a mark says: whether strangers show it, too, and how rare it is."""
        mark = self.marks.all[number]
        if mark.level == NEAR:
            level = Level.NEAR
        else:
            level = Level.SAME if self._strangers(entity, mark) > ALONE else Level.ALONE
        return Shown(mark.kind, level, self._ratio(entity, mark), number)

    def _networks(
        self, entity: str, pairs: array[int], served: int, *, before: bool = False
    ) -> list[int]:
        """Return the networks that an entity is worth weighing against.

        Whoever served before the act has not grown back after it.
        """
        rejected = self.rejected.get(entity, ())
        networks = {
            self.marks.all[number].network
            for number in pairs[::2]
            if number >= 0 and self._ratio(entity, self.marks.all[number]) >= _LOUD
        }
        return sorted(
            network
            for network in networks
            if network not in rejected and (served < self.acted_on[network]) == before
        )

    def _served(self, pairs: array[int], until: int | None) -> int:
        """Return the day from which on an entity serves, as an ordinal; else its last known day."""
        kinds = [
            (on, self._kind(number))
            for number, on in pairs_of(pairs)
            if until is None or on <= until
        ]
        serving = [on for on, kind in kinds if kind not in _PREPARED]
        return min(serving) if serving else max(on for on, _ in kinds)

    def _kind(self, number: int) -> TraitKind:
        return KINDS[-1 - number] if number < 0 else self.marks.all[number].kind

    def _prior(self, network: int, served: int) -> float:
        """Return the log of how many descendants are expected for each newcomer of that day."""
        rate = self.odds.rate(max(0, served - self.acted_on[network]))
        return math.log(rate / max(1.0, self.newcomers))


def _loudness(trait: Shown) -> tuple[bool, bool, float]:
    """Order traits of one kind: the network's before others, the same before near, by ratio."""
    return trait.level is not None, trait.level is not Level.NEAR, trait.ratio
