"""How far each prior moves each estimate: a prior is put at its low and at its high end in turn.

The prior's middle is moved there and its width kept, so that what sources say still counts: a
factor that sources identify hardly moves the estimate, wherever its prior stands; one that no
source identifies carries the estimate along in full (Oakley and O'Hagan, "Probabilistic sensitivity
analysis of complex models", JRSS B 2004, on why a factor is not simply fixed).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cautery.estimate.bias import Prior
from cautery.estimate.contradictions import precision_against_rest
from cautery.estimate.evidence import Evidence
from cautery.estimate.methods import ESTIMATORS, evidence_of
from cautery.estimate.priors import PRIORS, Priors
from cautery.estimate.reconcile import Reconciled
from cautery.estimate.shared import FACTORS, Shared, Word
from cautery.estimate.sized import IDENTIFIED, QUANTITIES
from cautery.model import SizingSources

_SPREAD = ("COUNTRY_", "KNOWN_ACCOUNTS", "PANEL_", "STOREFRONT_")
"""Priors drawn anew for each country, channel, panel or shop: they widen
an interval and move no middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """One prior, and where an estimate's middle goes with it.

    Parameters
    ----------
    low, high : float
        The ends of the prior: 5 % and 95 %.
    at_low, at_high : float
        The estimate's middle with the prior's middle there.
    identified : float
        Share of the prior's variance that the sources take away, 0 to 1.
    """

    name: str
    words: str
    basis: str
    low: float
    high: float
    at_low: float
    at_high: float
    identified: float

    @property
    def is_identified(self) -> bool:
        """Whether sources say more of the factor than its prior."""
        return self.identified >= IDENTIFIED

    @property
    def reach(self) -> float:
        """How far apart the two ends are: the logarithm of their ratio, without its sign."""
        return abs(math.log(self.at_high / self.at_low))


Tornado = Mapping[str, tuple[Swing, ...]]
"""For each quantity its swings, the widest first."""


def tornado(
    sources: SizingSources, reconciled: Reconciled, *, seed: int = 0, priors: Priors = PRIORS
) -> Tornado:
    """Move each prior in turn, and see where users, payers and revenue go.

    Parameters
    ----------
    reconciled : Reconciled
        What these sources gave; its middles are moved.
    seed : int
        Of the Monte Carlo: every prior is moved under the same draws.
    """
    state = _State.of(sources, seed, priors)
    middle = {quantity: reconciled.estimate(quantity).mid for quantity in QUANTITIES}
    base = state.totals(priors)
    swings: dict[str, list[Swing]] = {quantity: [] for quantity in QUANTITIES}
    for name in sorted(state.used):
        if name.startswith(_SPREAD):
            continue
        prior = priors[name]
        low, high = prior.ends()
        ends = [state.totals({**priors, name: moved}, name) for moved in _moved(prior, low, high)]
        identified = state.identified(name, prior)
        for quantity in QUANTITIES:
            at_low, at_high = (
                middle[quantity] * math.exp(end[quantity] - base[quantity]) for end in ends
            )
            swings[quantity].append(
                Swing(
                    name=name,
                    words=prior.name,
                    basis=prior.basis,
                    low=low,
                    high=high,
                    at_low=at_low,
                    at_high=at_high,
                    identified=identified,
                )
            )
    return {
        quantity: tuple(sorted(moved, key=lambda swing: (-swing.reach, swing.name)))
        for quantity, moved in swings.items()
    }


def _moved(prior: Prior, low: float, high: float) -> Iterator[Prior]:
    """Yield the prior with its middle at its low and at its high end."""
    if prior.distribution == "beta":
        alpha, beta = prior.parameters
        middle = alpha / (alpha + beta)
        for end in (low, high):
            yield prior.moved(math.log(end / (1 - end)) - math.log(middle / (1 - middle)))
    else:
        middle_log = prior.log_moments()[0]
        for end in (low, high):
            yield prior.moved(math.log(end) - middle_log)


class _Noted(dict[str, Prior]):
    """Priors that note which of them were asked for."""

    def __init__(self, priors: Priors) -> None:
        super().__init__(priors)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Prior:
        self.names.add(name)
        return super().__getitem__(name)


@dataclass(frozen=True, slots=True)
class _State:
    """Each method's word under the priors as they are, and which priors it uses."""

    sources: SizingSources
    seed: int
    words: tuple[Word | None, ...]
    names: tuple[frozenset[str], ...]
    evidence: tuple[Evidence, ...]
    evidence_asks: frozenset[str]
    countries: tuple[str, ...]
    between: tuple[tuple[float, float], ...]
    exact: Shared

    @classmethod
    def of(cls, sources: SizingSources, seed: int, priors: Priors) -> _State:
        words, names = [], []
        for place in range(len(ESTIMATORS)):
            noted = _Noted(priors)
            words.append(_word(sources, place, seed, noted))
            names.append(frozenset(noted.names - set(FACTORS)))
        noted = _Noted(priors)
        evidence = evidence_of(sources, noted)
        spoke = [word for word in words if word is not None]
        countries = tuple(sorted({country for word in spoke for country in word.countries}))
        after = Shared.of(countries, priors).posterior(spoke, evidence)
        weights: dict[float, float] = {}
        for part, weight in zip(after.components, after.weights.tolist(), strict=True):
            weights[part.between] = weights.get(part.between, 0.0) + weight
        likely = max(weights, key=lambda between: weights[between])
        return cls(
            sources=sources,
            seed=seed,
            words=tuple(words),
            names=tuple(names),
            evidence=evidence,
            evidence_asks=frozenset(noted.names),
            countries=countries,
            # One error beyond the priors, the likeliest, is enough to see what moves the middle.
            between=((likely, 1.0),),
            exact=Shared.of(countries, priors, between=((likely, 1.0),)),
        )

    @property
    def used(self) -> set[str]:
        """Names of the priors on which anything here rests."""
        spoke = [
            names for word, names in zip(self.words, self.names, strict=True) if word is not None
        ]
        return set(FACTORS) | set(self.evidence_asks) | set().union(*spoke)

    def totals(self, priors: Priors, moved: str | None = None) -> dict[str, float]:
        """Return the logarithm of each total's middle, with one prior moved."""
        words = [
            word
            if moved is None or moved not in names
            else _word(self.sources, place, self.seed, priors)
            for place, (word, names) in enumerate(zip(self.words, self.names, strict=True))
        ]
        evidence = (
            evidence_of(self.sources, priors) if moved in self.evidence_asks else self.evidence
        )
        before = Shared.of(self.countries, priors, between=self.between)
        after = before.posterior([word for word in words if word is not None], evidence)
        return {
            quantity: float(np.logaddexp.reduce(after.seen(quantity, self.countries)[0]))
            for quantity in QUANTITIES
        }

    def identified(self, name: str, prior: Prior) -> float:
        """Return the share of a prior's variance that sources take away."""
        spoke = [word for word in self.words if word is not None]
        if name in FACTORS:
            after = self.exact.posterior(spoke, self.evidence).factor(name)[1]
            return _share(1 - (after / self.exact.factor(name)[1]) ** 2)
        variance = self._of_logarithm(prior)
        for word, names in zip(self.words, self.names, strict=True):
            if word is not None and name in names:
                rest = self.exact.posterior(_but(spoke, word), self.evidence)
                return _share(variance * _precision(word, rest))
        for level in self.evidence:
            if variance < level.log_sd**2 and name in self.evidence_asks:
                others = [other for other in self.evidence if other is not level]
                sd = self.exact.posterior(spoke, others).factor(level.factor)[1]
                return _share(variance / (sd**2 + level.log_sd**2))
        return 0.0

    @staticmethod
    def _of_logarithm(prior: Prior) -> float:
        """Return the variance by which a prior enters, of the value or of one less it."""
        sd = prior.log_moments()[1]
        if prior.distribution != "beta":
            return sd**2
        return min(sd, prior.log_moments(complement=True)[1]) ** 2


def _word(sources: SizingSources, place: int, seed: int, priors: Priors) -> Word | None:
    """Return what one method says, always under the same draws."""
    rng = np.random.default_rng([seed, place])
    sized = ESTIMATORS[place](sources, rng=rng, priors=priors)
    return None if sized.reason is not None else sized.word


def _but(words: Sequence[Word], silent: Word) -> list[Word]:
    return [word for word in words if word is not silent]


def _precision(word: Word, rest: Shared) -> float:
    return precision_against_rest(word, rest)[1]


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
