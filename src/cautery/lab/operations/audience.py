"""The truth of who watches and pays, by month and country, before any source looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cautery.estimate.priors import PRIORS, arpu_level
from cautery.lab.operations.card import value
from cautery.lab.operations.chance import chance
from cautery.lab.operations.shapes import COUNTRIES, MONTHS, SEASON, Shape
from cautery.lab.operations.spec import Drawn, FloatArray, IntArray

POPULATION_M = {
    "IT": 59.0,
    "HR": 3.9,
    "NL": 17.9,
    "RO": 19.1,
    "SE": 10.6,
    "CH": 9.0,
    "GB": 68.3,
    "BG": 6.4,
    "FR": 68.4,
    "DE": 83.4,
    "ES": 48.6,
    "GR": 10.4,
}
"""Millions of people, about 2024, rounded [M]: it sets proportions only."""

PEOPLE_PER_HOUSEHOLD = 2.3
"""Mean size of a household in the Union, about [M]."""

RATE = {
    "IT": 0.025,
    "HR": 0.032,
    "NL": 0.082,
    "RO": 0.008,
    "SE": 0.072,
    "GB": 0.066,
    "BG": 0.017,
    "ES": 0.060,
    "GR": 0.017,
}
"""Users of illegal IPTV among people, 2021 [S8]; elsewhere the Union's 4.5 %."""

RATE_ELSEWHERE = 0.045


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audience:
    """Users, payers and revenue by month and country, and what they were made of."""

    users: IntArray
    payers: IntArray
    revenue_eur: FloatArray
    arpu: FloatArray
    households: IntArray
    drawn: dict[str, float]
    by_country: dict[str, FloatArray]
    raids: tuple[int, ...]


def draw_audience(
    shape: Shape,
    card: tuple[Drawn, ...],
    left: FloatArray,
    *,
    seed: int,
    scale: float,
    off: Mapping[str, float],
) -> Audience:
    """Draw the truth: a network's share of a market, by country, over growth and season.

    The equations are those of :mod:`cautery.estimate.priors`: users are payers times sharing,
    revenue is payers times the ARPU.

    Parameters
    ----------
    left : ndarray, shape (months,), float64
        Share of the network that stands in each month: 1 up to the day's, less after it.
    off : mapping of str to float
        By which factor a prior's draw is off in this world.
    """
    rng = chance(seed, "audience")
    people = np.array([POPULATION_M[country] * 1e6 for country in COUNTRIES])
    market = people * np.array([RATE.get(country, RATE_ELSEWHERE) for country in COUNTRIES])
    weights = market * np.array([shape.home.get(country, 1.0) for country in COUNTRIES])
    weights *= np.exp(0.4 * rng.standard_normal(len(COUNTRIES)))  # a network has its countries
    if shape.users is None:
        total = market.sum() * float(PRIORS["NETWORK_SHARE"].draw(rng))
    else:
        low, high = np.log(shape.users)
        total = float(np.exp(rng.uniform(low, high)))
    users_now = np.minimum(total * weights / weights.sum(), 0.5 * people) * scale
    share = users_now.sum() / (market.sum() * scale)
    parameters = {
        "NETWORK_SHARE": float(min(share, 0.95)),
    } | {
        name: float(PRIORS[name].draw(rng)) * off.get(name, 1.0)
        for name in ("USERS_PER_PAYER", "NETWORK_ARPU")
    }
    by_country = {
        name: PRIORS[name].draw(rng, len(COUNTRIES)) for name in ("COUNTRY_SHARING", "COUNTRY_ARPU")
    }
    # A payer watches as well: the prior's far tail, under one, is cut off (1 world in 200).
    by_country["COUNTRY_SHARING"] = np.maximum(
        by_country["COUNTRY_SHARING"], 1 / parameters["USERS_PER_PAYER"]
    )
    per_payer = parameters["USERS_PER_PAYER"] * by_country["COUNTRY_SHARING"]
    raids = tuple(sorted(rng.choice(20, size=3, replace=False).tolist()))  # months
    course = _course(card, raids, rng)
    payers = rng.poisson((course * left)[:, None] * users_now / per_payer)
    users = rng.poisson(payers * np.maximum(per_payer - 1, 0)) + payers
    arpu = parameters["NETWORK_ARPU"] * by_country["COUNTRY_ARPU"]
    arpu = arpu * np.array([arpu_level(country) for country in COUNTRIES])
    return Audience(
        users=users.astype(np.int64),
        payers=payers.astype(np.int64),
        revenue_eur=np.round(payers * arpu, 2),
        arpu=arpu,
        households=np.maximum(1, np.round(people / PEOPLE_PER_HOUSEHOLD * scale)).astype(np.int64),
        drawn=parameters,
        by_country=by_country,
        raids=raids,
    )


def _course(card: tuple[Drawn, ...], hit: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Return payers over those of October 2024, by month: growth, season, small raids."""
    year = np.arange(len(MONTHS)) / 12
    trend = (1 + value(card, "growth a year")) ** (year - 21 / 12)
    season = np.array(
        [SEASON.get(month.month, 1.0) if month.year == 2024 else 1.0 for month in MONTHS]
    )
    raids = np.ones(len(MONTHS))
    for month in hit:
        raids[month] *= 0.94  # a national action on some edges: judgement
        raids[month + 1] *= 0.98
    noise = np.exp(0.015 * rng.standard_normal(len(MONTHS)))
    return np.asarray(trend * season * raids * noise)
