"""All methods together: one posterior, countries that add up, and who disagrees.

The methods share ARPU, users per payer and lines per payer, so they are not averaged as if each
were a world of its own: :class:`~cautery.estimate.sized.Shared` holds the factors once. A method
that the rest contradict beyond all priors is named, and then every method is trusted less, until
the contradiction is one that chance could make (a random-effects model; DerSimonian and Laird
1986): nobody knows which of them is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.errors import InputError
from cautery.estimate.sized import Draws, PriceLevel, Shared, Sized, interval
from cautery.messages import message, say
from cautery.model import Estimate
from cautery.model.message import Message

CONTRADICTS = 3.0
"""Standard deviations from the rest at which a method is said to contradict it: 1 in 370 by
chance for one method, 1 in 60 for six."""
TOLERABLE = 2.0
"""What the greatest contradiction comes down to when the methods are trusted less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A method against the rest: ``factor`` times what the rest would let it see."""

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
class Reconciled:
    """What all sources say together.

    Parameters
    ----------
    between : float
        Standard deviation, in logarithms, by which every method was trusted less; 0 when they
        agree.
    alone : bool
        Whether only one method spoke: nothing could be reconciled with it.
    scope : Message or None
        What the estimate is of, where that is not simply the network sized by its own sources.
    """

    countries: tuple[str, ...]
    draws: Draws
    sized: tuple[Sized, ...]
    disagreements: tuple[Disagreement, ...]
    between: float
    alone: bool
    price: PriceLevel | None = None
    scope: Message | None = None

    def estimate(
        self, quantity: str, *, country: str | None = None, coverage: float = 0.90
    ) -> Estimate:
        """Return an interval of users, payers or revenue, in total or for one country.

        Raises
        ------
        InputError
            If the country was not sized, or the coverage is no probability.
        """
        spoke = [sized.method for sized in self.sized if sized.reason is None]
        return interval(
            self.draws.of(quantity),
            self.countries,
            quantity,
            country=country,
            coverage=coverage,
            method=message("method.reconciled", sources=spoke),
            note=self.scope,
        )

    def paid_by_each(self, people: str) -> tuple[float, float, float]:
        """Return EUR a month that each of the users, or payers, pays: 90 % interval and middle."""
        spending = self.draws.revenue.sum(axis=1) / self.draws.of(people).sum(axis=1)
        low, middle, high = np.quantile(spending, [0.05, 0.5, 0.95]).tolist()
        return low, middle, high

    def probability_below(self, quantity: str, value: float) -> float:
        """Return the share of the posterior total that lies below a value."""
        return float((self.draws.of(quantity).sum(axis=1) < value).mean())


def reconcile(sized: Sequence[Sized], *, rng: np.random.Generator) -> Reconciled:
    """Bring the methods of one network together.

    Parameters
    ----------
    sized : sequence of Sized
        From the same sources. Those that say nothing take no part.

    Raises
    ------
    InputError
        If no method says anything.
    """
    spoke = [source for source in sized if source.reason is None]
    if not spoke:
        silent = (
            f"{source.method}: {say(source.reason)}"
            for source in sized
            if source.reason is not None
        )
        why = "; ".join(silent) or "no method"
        raise InputError(f"nothing to reconcile: {why}", hint="Give at least one source.")
    countries = tuple(sorted({country for source in spoke for country in source.countries}))
    before = Shared.of(countries)
    apart = _against_the_rest(spoke, before, 0.0)
    contradictions = tuple(
        disagreement for disagreement in apart if abs(disagreement.deviations) > CONTRADICTS
    )
    between = _between(spoke, before) if contradictions else 0.0
    return Reconciled(
        countries=countries,
        draws=before.posterior(spoke, between=between).draw(rng),
        sized=tuple(sized),
        disagreements=contradictions,
        between=math.sqrt(between),
        alone=len(spoke) == 1,
        price=next((source.price for source in spoke if source.price is not None), None),
    )


def _against_the_rest(
    spoke: Sequence[Sized], before: Shared, between: float
) -> tuple[Disagreement, ...]:
    """Return each method's common distance from what the rest predict of it."""
    disagreements = []
    for source in spoke:
        peers = [peer for peer in spoke if peer is not source]
        # Countries of which the rest say nothing cannot contradict.
        covered = {country for peer in peers for country in peer.countries}
        shared = [place for place, country in enumerate(source.countries) if country in covered]
        if not shared:
            continue
        names = [source.countries[place] for place in shared]
        mean, cov = before.posterior(peers, between=between).seen(source.about, names)
        cov = cov + source.log_cov[np.ix_(shared, shared)] + between
        weight = np.linalg.solve(cov, np.ones(len(shared)))
        precision = float(weight.sum())
        level = float(weight @ (source.log_mean[shared] - mean)) / precision
        disagreements.append(
            Disagreement(
                method=source.method,
                factor=math.exp(min(max(level, -60.0), 60.0)),
                deviations=level * math.sqrt(precision),
            )
        )
    return tuple(disagreements)


def _between(spoke: Sequence[Sized], before: Shared) -> float:
    """Return the variance between methods at which the worst contradiction is tolerable."""

    def worst(between: float) -> float:
        return max(
            abs(disagreement.deviations)
            for disagreement in _against_the_rest(spoke, before, between)
        )

    low, high = 0.0, 0.01
    while worst(high) > TOLERABLE and high < 1e4:
        low, high = high, high * 4
    # 20 halvings leave a millionth of the bracket.
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if worst(middle) > TOLERABLE else (low, middle)
    return high
