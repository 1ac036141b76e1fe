"""The odds that an entity descends from a network, from what it shows.

An entity descends from the network, or it is one of several kinds of stranger: a plain one, one
that uses the same popular suppliers, one that copies a brand's looks, one that sells the same
supply under its own label, or a shop that once sold for the network. Each of these keeps traits of
each kind at a rate of its own. So traits that go together count together: a copied name, theme and
price list are all explained by one copier, and no number of them outweighs him.

A kept value speaks as loudly as it is rare. A kind that is seen with another value speaks against.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from cautery.graph.descent.weights import DESCENDANT, STRANGER, Weights
from cautery.model.descent import TraitKind

TAUGHT = 40.0
"""Entities that the learnt rates stand for, against which an analyst's words are weighed."""
_BELIEVED = (9.0, 1.0)
"""Proposals confirmed and rejected that the threshold stands for before any analyst speaks."""
_MOST_SHIFT = 1.5
"""Nats by which confirmed and rejected proposals may move all odds."""
_LOWEST_RATE, _HIGHEST_RATE = 1e-5, 0.98


class Level(IntEnum):
    """How an entity's value is the network's."""

    ALONE = 0
    """The same, which hardly any stranger shows."""
    SAME = 1
    """The same, which strangers show, too: a supplier's, a theme on sale."""
    NEAR = 2
    """Nearly the same: a name, a price list, an order of channels."""


_UNLIKE = len(Level)


class Shown(NamedTuple):
    """What an entity shows of one kind, against one network.

    Parameters
    ----------
    kind : TraitKind
        Of the trait.
    level : Level or None
        How it is the network's; ``None``: it is another one.
    ratio : float
        Share of the network's entities that show the value, by the share of all entities.
    mark : int
        Number of the network's mark; -1: another value.
    """

    kind: TraitKind
    level: Level | None
    ratio: float
    mark: int


class Odds:
    """The learnt weights, and what analysts taught since.

    Parameters
    ----------
    weights : Weights
        Where it begins.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.strangers = tuple(weights.share)
        self.taught: dict[tuple[str, str, int], float] = {}
        """By kind of entity, of trait, and level (3: another value): at how many entities."""
        self.confirmed = self.rejected = 0
        self._rates: dict[str, dict[TraitKind, tuple[float, ...]]] = {}

    def rate(self, age_d: int) -> float:
        """Return how many descendants of a network are expected on a day after the act."""
        for until, rate in self.weights.appear:
            if age_d < until:
                return rate
        return self.weights.appear[-1][1]

    def evidence(self, traits: Sequence[Shown]) -> float:
        """Return the log-likelihood ratio of what is shown, of a descendant to a plain stranger."""
        return self._log_likelihood(DESCENDANT, traits) - self._log_likelihood(STRANGER, traits)

    def likelihoods(self, traits: Sequence[Shown]) -> dict[str, float]:
        """Return log-likelihoods of what is shown, by kind of entity, against chance alone."""
        return {
            what: self._log_likelihood(what, traits)
            for what in (DESCENDANT, STRANGER, *self.strangers)
        }

    def weighed(
        self, against: Mapping[int, Sequence[Shown]], priors: Mapping[int, float]
    ) -> tuple[dict[int, float], float]:
        """Weigh descent from each network, and all else, against a plain stranger.

        Parameters
        ----------
        against : mapping of int to sequence of Shown
            What an entity shows against each network.
        priors : mapping of int to float
            For each of them, log of how many descendants are expected for each newcomer.

        Returns
        -------
        dict of int to float
            Log-weight of descent from each network.
        float
            Log-weight of all kinds of strangers together.
        """
        descents: dict[int, float] = {}
        weights = [0.0]
        for network, traits in against.items():
            chance = self.likelihoods(traits)
            plain = chance[STRANGER]
            descents[network] = priors[network] + chance[DESCENDANT] - plain
            weights += [
                math.log(self.weights.share[what]) + chance[what] - plain for what in self.strangers
            ]
        return descents, log_sum(weights)

    def calibrated(self, log_odds: float) -> float:
        """Return log-odds as they hold: learnt slope and shift, and what analysts said."""
        before = math.log(_BELIEVED[0] / _BELIEVED[1])
        since = math.log((self.confirmed + _BELIEVED[0]) / (self.rejected + _BELIEVED[1]))
        moved = max(-_MOST_SHIFT, min(_MOST_SHIFT, since - before))
        return self.weights.slope * log_odds + self.weights.shift + moved

    def teach(self, traits: Sequence[Shown], *, descends: bool) -> None:
        """Learn from an analyst's word on one entity.

        A confirmed one counts for what descendants keep; a rejected one for what strangers have,
        each kind of stranger by how well it explains the entity.
        """
        chance = self.likelihoods(traits)
        if descends:
            self.confirmed += 1
            parts = {DESCENDANT: 1.0}
        else:
            self.rejected += 1
            weights = {
                what: math.log(self.weights.share[what]) + chance[what] for what in self.strangers
            }
            weights[STRANGER] = chance[STRANGER]
            total = log_sum(list(weights.values()))
            parts = {what: math.exp(weight - total) for what, weight in weights.items()}
        for what, part in parts.items():
            for trait in traits:
                on_purpose = self._on_purpose(what, trait)
                self._count(what, trait.kind, _UNLIKE, part * (1 - on_purpose))
                if trait.level is not None:
                    self._count(what, trait.kind, trait.level, part * on_purpose)
        self._rates.clear()

    def _count(self, what: str, kind: TraitKind, level: int, part: float) -> None:
        place = (what, kind.value, level)
        self.taught[place] = self.taught.get(place, 0.0) + part

    def _on_purpose(self, what: str, trait: Shown) -> float:
        """Return how surely a trait is there on purpose, and not by chance."""
        if trait.level is None:
            return 0.0
        rates = self._rates_of(what)[trait.kind]
        kept_rate = rates[trait.level] * trait.ratio
        return kept_rate / (kept_rate + rates[_UNLIKE])

    def _log_likelihood(self, what: str, traits: Sequence[Shown]) -> float:
        """Return the log-likelihood of what is shown, for a kind of entity, against chance."""
        rates = self._rates_of(what)
        likelihood = 1.0
        for kind, level, ratio, _ in traits:
            row = rates[kind]
            likelihood *= row[_UNLIKE] if level is None else row[level] * ratio + row[_UNLIKE]
        return math.log(likelihood)

    def _rates_of(self, what: str) -> dict[TraitKind, tuple[float, ...]]:
        """Return how often an entity has the network's value on purpose, near it, and neither."""
        rates = self._rates.get(what)
        if rates is None:
            rates = self._rates[what] = {kind: self._rate(what, kind) for kind in TraitKind}
        return rates

    def _rate(self, what: str, kind: TraitKind) -> tuple[float, ...]:
        learnt = self.weights.kept[what].get(kind, (0.0,) * _UNLIKE)
        counts = [
            TAUGHT * rate + self.taught.get((what, kind.value, level), 0.0)
            for level, rate in enumerate((*learnt, 1.0 - sum(learnt)))
        ]
        kept_rates = tuple(max(_LOWEST_RATE, count / sum(counts)) for count in counts[:_UNLIKE])
        return (*kept_rates, max(1.0 - _HIGHEST_RATE, 1.0 - sum(kept_rates)))


def log_sum(logs: Sequence[float]) -> float:
    """Return the logarithm of a sum of numbers whose logarithms are given."""
    highest = max(logs)
    return highest + math.log(sum(math.exp(log - highest) for log in logs))
