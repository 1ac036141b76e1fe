"""What a source says of a factor that all methods share, and of nothing else.

A survey among payers measures how far lines are shared; price pages measure what a month costs.
Neither counts anybody, but without them users per payer and ARPU rest on their priors alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cautery.estimate.priors import PRIORS, Priors
from cautery.messages import message
from cautery.model import SizingSources
from cautery.model.message import Message

LEAST_ANSWERS = 30
"""Fewer answers than this are no survey: three answers say nothing, but look exact. The rule of
thumb by which a mean of skew counts is near normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A source's word on one shared factor.

    Parameters
    ----------
    source : str
        Which source: ``sharing``, ``surveys``, ``prices``, ``sales``.
    factor : str
        The constant's name of the factor's prior: ``USERS_PER_PAYER``.
    log_mean, log_sd : float
        Of the factor's logarithm, the source's own bias inside.
    """

    source: str
    factor: str
    log_mean: float
    log_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLevel(Evidence):
    """What price pages say of ARPU."""

    pages: int
    list_price_eur: float


def by_sharing(
    sources: SizingSources, priors: Priors = PRIORS
) -> tuple[tuple[Evidence, ...], tuple[Message, ...]]:
    """Return what payers say of those who share their lines, and what was left out, and why.

    Countries are taken together: how they differ is in the priors already (COUNTRY_SHARING).
    """
    answers = sum(row.answers for row in sources.sharing)
    if not answers:
        return (), ()
    if answers < LEAST_ANSWERS:
        return (), (message("sizing.few-answers", answers=answers, fewest=LEAST_ANSWERS),)
    people = _mean((row.people, row.answers) for row in sources.sharing)
    homes = _mean((row.households, row.answers) for row in sources.sharing)
    bias, bias_sd = priors["SHARING_TOLD"].log_moments()
    looking, looking_sd = priors["LOOKING_EACH"].log_moments()
    countries = len({row.country for row in sources.sharing})
    local = priors["COUNTRY_SHARING"].log_moments()[1] / np.sqrt(countries)
    return (
        Evidence(
            source="sharing",
            factor="USERS_PER_PAYER",
            log_mean=people[0] - bias,
            log_sd=float(np.linalg.norm([people[1], bias_sd, local])),
        ),
        Evidence(
            source="sharing",
            factor="HOUSEHOLDS_LOOKING",
            log_mean=homes[0] + looking,
            log_sd=float(np.hypot(homes[1], looking_sd)),
        ),
    ), ()


def by_paying(sources: SizingSources, priors: Priors = PRIORS) -> tuple[Evidence, ...]:
    """Return what users say of who pays: users over those of them who pay."""
    rows = [row for row in sources.surveys if row.paying is not None]
    yes, paying = sum(row.yes for row in rows), sum(row.paying or 0 for row in rows)
    if yes < LEAST_ANSWERS:
        return ()
    # Half an answer each way (Jeffreys), so that none or all is not exact.
    share = (paying + 0.5) / (yes + 1)
    bias, bias_sd = priors["PAYING_TOLD"].log_moments()
    local = priors["COUNTRY_SHARING"].log_moments()[1] / np.sqrt(len({row.country for row in rows}))
    counting = np.sqrt((1 - share) / share / (yes + 1))
    return (
        Evidence(
            source="surveys",
            factor="USERS_PER_PAYER",
            log_mean=bias - float(np.log(share)),
            log_sd=float(np.linalg.norm([counting, bias_sd, local])),
        ),
    )


def _mean(answers: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """Return the logarithm of the mean answer, and its standard error.

    One more answer is taken, one above the greatest, so that answers all alike are not exact.
    """
    counted = list(answers)
    counted.append((max(value for value, _ in counted) + 1, 1))
    values, counts = np.array(counted, float).T
    mean = float(np.average(values, weights=counts))
    variance = float(np.average((values - mean) ** 2, weights=counts))
    return float(np.log(mean)), float(np.sqrt(variance / counts.sum()) / mean)
