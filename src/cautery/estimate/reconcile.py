"""All methods together: one posterior, countries that add up, and who disagrees.

The methods share ARPU, users per payer, households and lines per payer, so they are not averaged
as if each were a world of its own: :class:`~cautery.estimate.shared.Shared` holds the factors once.
How far sources err beyond their priors is learnt from how well they agree (a random-effects model;
DerSimonian and Laird 1986): all of them are trusted less when they contradict one another, for
nobody knows which is wrong; and those that do are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.errors import InputError
from cautery.estimate.contradictions import (
    CONTRADICTS,
    Disagreement,
    Unusual,
    against_the_rest,
    unusual,
)
from cautery.estimate.evidence import Evidence, PriceLevel
from cautery.estimate.priors import PRIORS, Priors
from cautery.estimate.shared import Shared
from cautery.estimate.sized import Draws, Sized, drawn, interval
from cautery.messages import message, say
from cautery.messages.joining import joined
from cautery.model import Estimate
from cautery.model.message import Message

EXACT = ((0.0, 1.0),)
"""No error beyond the priors: with an allowance for it, nobody would contradict anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What all sources say together.

    Parameters
    ----------
    between : float
        Standard deviation, in logarithms, by which sources err beyond their priors: what is
        expected of it after how well they agree.
    unusual : tuple of Unusual
        Shared factors that the sources put outside of the usual part of their priors.
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
    unusual: tuple[Unusual, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    scope: Message | None = None

    @property
    def price(self) -> PriceLevel | None:
        """What price pages say, if there are any."""
        return next((level for level in self.evidence if isinstance(level, PriceLevel)), None)

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
        spoke += sorted({level.source for level in self.evidence})
        rests = self.draws.rests_on(quantity)
        return interval(
            self.draws.of(quantity),
            self.countries,
            quantity,
            country=country,
            coverage=coverage,
            method=message("method.reconciled", sources=spoke),
            note=joined(note for note in (self.scope, rests) if note is not None),
        )

    def paid_by_each(self, people: str) -> tuple[float, float, float]:
        """Return EUR a month that each of the users, or payers, pays: 90 % interval and middle."""
        spending = self.draws.revenue.sum(axis=1) / self.draws.of(people).sum(axis=1)
        low, middle, high = np.quantile(spending, [0.05, 0.5, 0.95]).tolist()
        return low, middle, high

    def probability_below(self, quantity: str, value: float) -> float:
        """Return the share of the posterior total that lies below a value."""
        return float((self.draws.of(quantity).sum(axis=1) < value).mean())


def reconcile(
    sized: Sequence[Sized], *, rng: np.random.Generator, priors: Priors = PRIORS
) -> Reconciled:
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
    evidence = tuple(dict.fromkeys(level for source in spoke for level in source.evidence))
    words = {source.method: source.word for source in spoke}
    after = Shared.of(countries, priors).posterior([source.word for source in spoke], evidence)
    exact = Shared.of(countries, priors, between=EXACT)
    apart = against_the_rest(words, evidence, exact)
    return Reconciled(
        countries=countries,
        draws=drawn(after, priors, rng=rng),
        sized=tuple(sized),
        disagreements=tuple(
            disagreement for disagreement in apart if abs(disagreement.deviations) > CONTRADICTS
        ),
        between=after.between(),
        alone=len(spoke) == 1,
        unusual=unusual(after, priors, words, evidence),
        evidence=evidence,
    )
