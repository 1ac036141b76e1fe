"""One method's word on a network's size: users, payers and revenue, in total and by country.

Every method says something of one of five things, by country: live lines, payers, users,
households that look up, or revenue. By itself it becomes the other four through factors that the
methods share, drawn from their priors (:mod:`cautery.estimate.shared`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.estimate.evidence import Evidence
from cautery.estimate.priors import PRIORS, Priors
from cautery.estimate.shared import DRAWS, FACTORS, Shared, Word, spelt
from cautery.messages import message
from cautery.messages.joining import joined
from cautery.model import Estimate
from cautery.model.message import Message

FloatArray = NDArray[np.float64]

QUANTITIES = {"users": "users", "payers": "payers", "revenue": "EUR/month"}
"""What is sized, and its unit."""
IDENTIFIED = 0.5
"""Share of a prior's variance that sources must take away; then they say more of the factor than
the prior does, and it counts as identified."""
MAINLY = 0.5
"""Share of an estimate's variance that goes with one factor; then it rests mainly on that."""
_LEAST = 1e-6
"""Least variance of a country's logarithm: a tenth of a percent, so that no count is exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Samples of a posterior: users, payers and EUR a month, each of shape (draws, countries).

    Parameters
    ----------
    unidentified : mapping of str to str
        For a quantity, the prior that no source narrows and on which most of its width rests.
    """

    users: FloatArray
    payers: FloatArray
    revenue: FloatArray
    unidentified: Mapping[str, str] = field(default_factory=dict)

    def of(self, quantity: str) -> FloatArray:
        """Return the samples of one quantity.

        Raises
        ------
        InputError
            If it is none of ``QUANTITIES``.
        """
        if quantity not in QUANTITIES:
            raise InputError(
                f"{quantity!r} is not a quantity that is sized",
                hint=f"Use one of {', '.join(QUANTITIES)}.",
            )
        samples: FloatArray = getattr(self, quantity)
        return samples

    def rests_on(self, quantity: str) -> Message | None:
        """Say on which unidentified factor a quantity rests, if on one."""
        factor = self.unidentified.get(quantity)
        return None if factor is None else message(f"not-identified.{spelt(factor)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """The result of one method; if there is none, ``reason`` says why.

    Parameters
    ----------
    about : str
        What the method sees: one of :data:`cautery.estimate.shared.ABOUT`.
    log_mean, log_cov : ndarray, shape (countries,) and (countries, countries)
        Of the logarithm of what it sees, all its own biases inside.
    bias : Message
        Which way the source leans, and what was assumed of it.
    evidence : tuple of Evidence
        What other sources of the same network say of shared factors. A method alone does not use
        it; together it is learnt once, however many methods carry it.
    draws : Draws or None
        Samples of users, payers and revenue, the shared factors drawn from their priors.
    """

    method: str
    about: str
    countries: tuple[str, ...]
    log_mean: FloatArray
    log_cov: FloatArray
    bias: Message
    evidence: tuple[Evidence, ...] = ()
    draws: Draws | None = None
    reason: Message | None = None
    notes: tuple[Message, ...] = ()
    whole: bool = False
    """Whether it counts all services together, not this network."""

    @property
    def word(self) -> Word:
        """What it sees, for the joint model."""
        return Word(
            about=self.about,
            countries=self.countries,
            log_mean=self.log_mean,
            log_cov=self.log_cov,
        )

    def estimate(
        self, quantity: str, *, country: str | None = None, coverage: float = 0.90
    ) -> Estimate | None:
        """Return an interval in total or for one country; ``None`` when the method says nothing."""
        if self.draws is None or (country is not None and country not in self.countries):
            return None
        rests = self.draws.rests_on(quantity)
        return interval(
            self.draws.of(quantity),
            self.countries,
            quantity,
            country=country,
            coverage=coverage,
            method=message("method.source", source=self.method),
            note=joined([self.bias] if rests is None else [self.bias, rests]),
            adds_up=False,
        )


def said_nothing(method: str, about: str, reason: Message, *, bias: Message) -> Sized:
    """Return a method that has no source, with the reason."""
    return Sized(
        method=method,
        about=about,
        countries=(),
        log_mean=np.empty(0),
        log_cov=np.empty((0, 0)),
        bias=bias,
        reason=reason,
    )


def sized_from_logs(
    logs: FloatArray,
    *,
    method: str,
    about: str,
    countries: Sequence[str],
    own_variance: FloatArray,
    bias: Message,
    rng: np.random.Generator,
    priors: Priors = PRIORS,
    notes: Sequence[Message] = (),
) -> Sized:
    """Make a method's word from Monte Carlo draws of its biases.

    Parameters
    ----------
    logs : ndarray, shape (draws, countries)
        Logarithm of what the method sees, the biases that countries share drawn.
    own_variance : ndarray, shape (countries,)
        Of the logarithm: each country's own noise, counting included.
    """
    centred = logs - logs.mean(axis=0)
    sized = Sized(
        method=method,
        about=about,
        countries=tuple(countries),
        log_mean=logs.mean(axis=0),
        log_cov=centred.T @ centred / len(logs) + np.diag(np.maximum(own_variance, _LEAST)),
        bias=bias,
        notes=tuple(notes),
    )
    before = Shared.of(sized.countries, priors)
    return replace(
        sized,
        draws=drawn(before.posterior([sized.word]), priors, rng=rng, size=DRAWS // 2),
    )


def drawn(after: Shared, priors: Priors, *, rng: np.random.Generator, size: int = DRAWS) -> Draws:
    """Draw from the state and return to counts and euros; say what rests on no source."""
    states = after.draw(rng, size)

    def of(about: str) -> FloatArray:
        matrix, offset = after.rows(about, after.countries)
        return np.asarray(np.exp(states @ matrix.T + offset))

    payers = of("payers")
    # Whoever pays watches: the far tail of sharing, under one user a payer, is cut off.
    draws = Draws(users=np.maximum(of("users"), payers), payers=payers, revenue=of("revenue"))
    return replace(draws, unidentified=_unidentified(draws, states, after, priors))


def _unidentified(
    draws: Draws, states: FloatArray, after: Shared, priors: Priors
) -> dict[str, str]:
    """Return, for a quantity, the shared factor that no source narrows and on which it rests.

    It rests on it if most of its variance goes with it: the squared correlation of the logarithms.
    """
    factors = {}
    for factor in FACTORS:
        values = states[:, after.place(factor)]
        if values.var() < (1 - IDENTIFIED) * priors[factor].log_moments()[1] ** 2:
            continue
        for quantity in QUANTITIES:
            total = np.log(np.maximum(draws.of(quantity).sum(axis=1), 1e-300))
            if total.std() > 0 and np.corrcoef(total, values)[0, 1] ** 2 >= MAINLY:
                factors[quantity] = factor
    return factors


def interval(
    draws: FloatArray,
    countries: Sequence[str],
    quantity: str,
    *,
    country: str | None,
    coverage: float,
    method: Message,
    note: Message | None,
    adds_up: bool = True,
) -> Estimate:
    """Return the equal-tailed interval of draws, in total or for one country.

    The middle is the mean of the draws, kept inside, so that countries add up to the total; else
    the median, which speaks better for one method of a wide and skew interval.

    Raises
    ------
    InputError
        If the country was not sized, or the coverage is no probability.
    """
    if not 0 < coverage < 1:
        raise InputError(f"coverage {coverage} must be between 0 and 1")
    if country is not None and country not in countries:
        raise InputError(
            f"{country} was not sized", hint=f"Sized countries: {', '.join(countries)}."
        )
    column = draws.sum(axis=1) if country is None else draws[:, list(countries).index(country)]
    low, high = np.quantile(column, [(1 - coverage) / 2, (1 + coverage) / 2])
    what = message(f"quantity.{quantity}")
    return Estimate(
        quantity=what
        if country is None
        else message("quantity.in-country", quantity=what, country=country),
        unit=QUANTITIES[quantity],
        low=float(low),
        mid=float(np.clip(column.mean() if adds_up else np.median(column), low, high)),
        high=float(high),
        method=method,
        coverage=coverage,
        note=note,
    )
