"""Who contradicts whom: each source against the rest, and the sources against what is usual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.estimate.evidence import Evidence
from cautery.estimate.priors import Priors
from cautery.estimate.shared import FACTORS, Shared, Word, spelt
from cautery.messages import message
from cautery.model.message import Message

CONTRADICTS = 3.0
"""Standard deviations from the rest at which a source is said to contradict it: 1 in 370 by
chance for one source, 1 in 50 for eight."""
UNUSUAL = 0.65
"""How likely the wide part of a prior must have become before it is said that the sources leave
what is usual. Before any source it is a quarter: the odds have then risen ninefold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A source against the rest: ``factor`` times what the rest would let it see."""

    method: str
    factor: float
    deviations: float

    @property
    def words(self) -> Message:
        """Say it."""
        return message(
            "sizing.disagreement",
            source=self.method,
            factor=float(f"{self.factor:.2g}"),
            deviations=round(abs(self.deviations), 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """Sources put a shared factor where its prior hardly expects it.

    Parameters
    ----------
    factor : str
        The constant's name of the prior.
    value : float
        The factor by the sources; ``low`` to ``high`` is the usual part of its prior, 90 %.
    """

    factor: str
    value: float
    low: float
    high: float
    sources: tuple[str, ...]

    @property
    def words(self) -> Message:
        """Say it."""
        return message(
            f"unusual.{spelt(self.factor)}",
            value=float(f"{self.value:.2g}"),
            low=float(f"{self.low:.2g}"),
            high=float(f"{self.high:.2g}"),
            sources=list(self.sources),
        )


def precision_against_rest(word: Word, rest: Shared) -> tuple[float, float]:
    """Return how far a method lies from what the rest predict of it, and the precision of that.

    Parameters
    ----------
    rest : Shared
        Of all countries, after all sources but this.
    """
    mean, cov = rest.seen(word.about, word.countries)
    weight = np.linalg.solve(cov + word.log_cov, np.ones(len(word.countries)))
    precision = float(weight.sum())
    return float(weight @ (word.log_mean - mean)) / precision, precision


def against_the_rest(
    words: dict[str, Word], evidence: Sequence[Evidence], before: Shared
) -> tuple[Disagreement, ...]:
    """Return each source's distance from what the rest predict of it.

    Parameters
    ----------
    before : Shared
        The state before any source, with no allowance for errors beyond the priors: else nobody
        would contradict anybody.
    """
    disagreements = []
    for method, word in words.items():
        peers = [peer for name, peer in words.items() if name != method]
        # Countries of which the rest say nothing cannot contradict.
        covered = {country for peer in peers for country in peer.countries}
        places = [place for place, country in enumerate(word.countries) if country in covered]
        if places:
            common = Word(
                about=word.about,
                countries=tuple(word.countries[place] for place in places),
                log_mean=word.log_mean[places],
                log_cov=word.log_cov[np.ix_(places, places)],
            )
            apart, precision = precision_against_rest(common, before.posterior(peers, evidence))
            disagreements.append(_disagreement(method, apart, math.sqrt(precision)))
    for level in evidence:
        other_levels = [other for other in evidence if other is not level]
        mean, sd = before.posterior(list(words.values()), other_levels).factor(level.factor)
        apart = level.log_mean - mean
        disagreements.append(_disagreement(level.source, apart, 1 / math.hypot(sd, level.log_sd)))
    return tuple(disagreements)


def unusual(
    after: Shared, priors: Priors, words: dict[str, Word], evidence: Sequence[Evidence]
) -> tuple[Unusual, ...]:
    """Return the shared factors that sources put outside of the usual part of their priors."""
    factors = []
    for factor in FACTORS:
        if after.wide(factor) < UNUSUAL:
            continue
        usual = priors[factor].components()[0]
        sources = tuple(level.source for level in evidence if level.factor == factor)
        factors.append(
            Unusual(
                factor=factor,
                value=math.exp(after.factor(factor)[0]),
                low=math.exp(usual.log_mean - 1.645 * usual.log_sd),
                high=math.exp(usual.log_mean + 1.645 * usual.log_sd),
                sources=sources or tuple(words),
            )
        )
    return tuple(factors)


def _disagreement(source: str, level: float, per_unit: float) -> Disagreement:
    return Disagreement(
        method=source,
        factor=math.exp(min(max(level, -60.0), 60.0)),
        deviations=level * per_unit,
    )
