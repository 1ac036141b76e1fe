"""One method's word on a network's size, and the model by which methods speak to one another.

Every method says something of one of four things, by country: live lines, payers, users or
revenue. In logarithms each of these is the payers plus factors that the methods share: lines a
payer, users a payer, ARPU. So methods that lean on one factor are not taken for independent
(docs/adr/0009-sizing.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.estimate import priors
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.message import Message

FloatArray = NDArray[np.float64]

QUANTITIES = {"users": "users", "payers": "payers", "revenue": "EUR/month"}
"""What is sized, and its unit."""
ABOUT = ("lines", "payers", "users", "revenue")
DRAWS = 8000
COVERAGES = (0.90, 0.99)
_FLAT = 1e-6
"""Precision of the payers before any source: none."""
_LEAST = 1e-6
"""Least variance of a country's logarithm: a tenth of a percent, so that no count is exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Samples of a posterior: users, payers and EUR a month, each of shape (draws, countries)."""

    users: FloatArray
    payers: FloatArray
    revenue: FloatArray

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLevel:
    """What price pages say of the network's ARPU: mean and standard deviation of its logarithm."""

    log_mean: float
    log_sd: float
    pages: int
    list_price_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """The result of one method; if there is none, ``reason`` says why.

    Parameters
    ----------
    about : str
        One of ``ABOUT``: what the method sees.
    log_mean, log_cov : ndarray, shape (countries,) and (countries, countries)
        Of the logarithm of what it sees, all its own biases inside.
    bias : Message
        Which way the source leans, and what was assumed of it.
    draws : Draws or None
        Samples of users, payers and revenue, the shared factors drawn from their priors.
    """

    method: str
    about: str
    countries: tuple[str, ...]
    log_mean: FloatArray
    log_cov: FloatArray
    bias: Message
    price: PriceLevel | None = None
    draws: Draws | None = None
    reason: Message | None = None
    notes: tuple[Message, ...] = ()
    whole: bool = False
    """Whether it counts all services together, not this network."""

    def estimate(
        self, quantity: str, *, country: str | None = None, coverage: float = 0.90
    ) -> Estimate | None:
        """Return an interval in total or for one country; ``None`` when the method says nothing."""
        if self.draws is None or (country is not None and country not in self.countries):
            return None
        return interval(
            self.draws.of(quantity),
            self.countries,
            quantity,
            country=country,
            coverage=coverage,
            method=message("method.source", source=self.method),
            note=self.bias,
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
    price: PriceLevel | None,
    rng: np.random.Generator,
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
        price=price,
        notes=tuple(notes),
    )
    return replace(sized, draws=Shared.of(sized.countries).posterior([sized]).draw(rng, DRAWS // 2))


@dataclass(frozen=True, slots=True)
class Shared:
    """The unknowns that methods share, as one Gaussian in logarithms.

    In order: payers of each country, ARPU's rest of each, sharing's rest of each; then the
    network's ARPU, users per payer, lines per payer.
    """

    countries: tuple[str, ...]
    mean: FloatArray
    precision: FloatArray

    @classmethod
    def of(cls, countries: Sequence[str]) -> Shared:
        """Return the state before any source: flat in the level of payers, priors in the rest."""
        count = len(countries)
        arpu, sharing = priors.COUNTRY_ARPU.log_moments(), priors.COUNTRY_SHARING.log_moments()
        network = [
            prior.log_moments()
            for prior in (priors.NETWORK_ARPU, priors.USERS_PER_PAYER, priors.LINES_PER_PAYER)
        ]
        mean = np.concatenate(
            [
                np.full(count, math.log(1e5)),
                np.full(count, arpu[0]),
                np.full(count, sharing[0]),
                [moments[0] for moments in network],
            ]
        )
        precision = np.concatenate(
            [
                np.full(count, _FLAT),
                np.full(count, arpu[1] ** -2),
                np.full(count, sharing[1] ** -2),
                [moments[1] ** -2 for moments in network],
            ]
        )
        whole = np.diag(precision)
        apart = np.eye(count) - np.full((count, count), 1 / max(count, 1))
        whole[:count, :count] += apart * priors.COUNTRY_SPREAD**-2
        return cls(tuple(countries), mean, whole)

    def rows(self, about: str, countries: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return the matrix and offset by which a method sees the unknowns.

        Raises
        ------
        InputError
            If ``about`` is none of ``ABOUT``.
        """
        if about not in ABOUT:
            raise InputError(f"no method sees {about!r}")
        count = len(self.countries)
        matrix = np.zeros((len(countries), len(self.mean)))
        offset = np.zeros(len(countries))
        for row, country in enumerate(countries):
            place = self.countries.index(country)
            matrix[row, place] = 1
            if about == "revenue":
                matrix[row, count + place] = matrix[row, 3 * count] = 1
                offset[row] = math.log(priors.arpu_level(country))
            elif about == "users":
                matrix[row, 2 * count + place] = matrix[row, 3 * count + 1] = 1
            elif about == "lines":
                matrix[row, 3 * count + 2] = 1
        return matrix, offset

    def posterior(self, sized: Sequence[Sized], *, between: float = 0.0) -> Shared:
        """Learn from methods; prices are learnt once, however many methods carry them.

        Parameters
        ----------
        between : float
            Variance added to every method's level, where methods disagree beyond their priors.
        """
        precision: FloatArray = self.precision.copy()
        pull = precision @ self.mean
        for level in {source.price for source in sized if source.price is not None}:
            place = 3 * len(self.countries)
            precision[place, place] += level.log_sd**-2
            pull[place] += level.log_mean * level.log_sd**-2
        for source in sized:
            if source.countries:
                matrix, offset = self.rows(source.about, source.countries)
                weight = np.linalg.inv(source.log_cov + between)
                precision += matrix.T @ weight @ matrix
                pull += matrix.T @ weight @ (source.log_mean - offset)
        mean = np.asarray(np.linalg.solve(precision, pull), dtype=np.float64)
        return Shared(self.countries, mean, precision)

    def seen(self, about: str, countries: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return mean and covariance of the logarithm of what a method would see."""
        matrix, offset = self.rows(about, countries)
        return matrix @ self.mean + offset, matrix @ np.linalg.solve(self.precision, matrix.T)

    def draw(self, rng: np.random.Generator, size: int = DRAWS) -> Draws:
        """Draw from the Gaussian and return to counts and euros."""
        factor = np.linalg.cholesky(self.precision)
        noise = rng.standard_normal((size, len(self.mean))) @ np.linalg.inv(factor)
        state = np.clip(self.mean + noise, -60.0, 60.0)

        def of(about: str) -> FloatArray:
            matrix, offset = self.rows(about, self.countries)
            return np.asarray(np.exp(state @ matrix.T + offset))

        return Draws(users=of("users"), payers=of("payers"), revenue=of("revenue"))


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
