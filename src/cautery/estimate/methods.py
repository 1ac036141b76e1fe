"""Six ways to size a network, each from one kind of source, each with its bias drawn, not ignored.

What each assumes is in :mod:`cautery.estimate.priors`. A method without its source says so, and
why; it never guesses. Classical ground: Chapman 1951 and Chao 1987 for two looks with unequal
chances, Jeffreys' prior for sampled shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cautery.estimate.counting import SIZE, counted
from cautery.estimate.evidence import LEAST_ANSWERS, Evidence, by_paying, by_sharing
from cautery.estimate.panels import by_panels
from cautery.estimate.prices import in_eur, price_level, sold_level
from cautery.estimate.priors import CHANNEL_MIX, PRIORS, Priors
from cautery.estimate.sized import FloatArray, Sized, said_nothing, sized_from_logs
from cautery.messages import message
from cautery.model import SizingSources

_TERMS = 2.0
"""Relative variance of a sum of payments, times how many came: 1 for their number, 1 for how much
each was, as terms of 1 to 12 months are paid at once; judgement."""
METHODS = ("panels", "recapture", "payments", "names", "survey", "visits")


def by_recapture(
    sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS
) -> Sized:
    """Size by lines seen in two looks at a peak evening.

    Notes
    -----
    Lincoln-Petersen's ``first * second / both`` (Chapman's correction against few recaptures)
    holds when all lines are caught alike; with variation ``cv`` of the chance between lines it is
    too low by ``1 + cv ** 2`` (Chao 1987), which is drawn from its prior.
    """
    bias = message("bias.recapture")
    rows = [recapture for recapture in sources.recaptures if recapture.both > 0]
    if not rows:
        why = message(f"no-estimate.{'not-twice' if sources.recaptures else 'no-looks'}")
        return said_nothing("recapture", "lines", why, bias=bias)
    countries = sorted({row.country for row in rows})
    common = (
        np.log1p(priors["CAPTURE_CV"].draw(rng, SIZE) ** 2)
        + np.log(priors["EDGE_COVERAGE"].draw(rng, SIZE))
        - np.log(priors["PEAK_CONCURRENCY"].draw(rng, SIZE))
        - np.log(priors["ACTIVE_PHANTOMS"].draw(rng, SIZE))
    )
    estimates, variance = np.empty(len(countries)), np.empty(len(countries))
    for place, country in enumerate(countries):
        looks = [row for row in rows if row.country == country]
        logs = [
            np.log((look.first + 1) * (look.second + 1) / (look.both + 1)) - np.log(look.coverage)
            for look in looks
        ]
        counting = [
            (1 - look.both / (look.first + 1))
            * (1 - look.both / (look.second + 1))
            / (look.both + 0.5)
            for look in looks
        ]
        variance[place] = np.sum(counting) / len(looks) ** 2
        estimates[place] = np.mean(logs) - variance[place] / 2
    return sized_from_logs(
        estimates + common[:, None],
        method="recapture",
        about="lines",
        countries=countries,
        own_variance=variance + priors["COUNTRY_PEAK"].log_moments()[1] ** 2,
        bias=bias,
        rng=rng,
        priors=priors,
    )


def by_payments(
    sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS
) -> Sized:
    """Size by money into known accounts over the share of test purchases that ended there.

    Raises
    ------
    InputError
        If a currency has no rate.
    """
    bias = message("bias.payments")
    paid = [payment for payment in sources.payments if in_eur(payment.total, sources.rates) > 0]
    if not paid:
        return said_nothing("payments", "revenue", message("no-estimate.no-payment"), bias=bias)
    countries = sorted({payment.country for payment in paid})
    channels = sorted({payment.channel for payment in paid})
    euros = np.zeros((len(countries), len(channels)))
    for payment in paid:
        euros[countries.index(payment.country), channels.index(payment.channel)] += in_eur(
            payment.total, sources.rates
        )
    unbought: list[str] = []
    factor = np.empty((SIZE, len(channels)))
    for place, channel in enumerate(channels):
        purchases = [purchase for purchase in sources.purchases if purchase.channel == channel]
        tried, hits = (
            sum(batch.purchases for batch in purchases),
            sum(batch.known for batch in purchases),
        )
        if not tried:
            unbought.append(channel)
        alpha, beta = priors["ACCOUNT_COVERAGE"].parameters
        coverage = rng.beta(alpha + hits, beta + tried - hits, SIZE)
        coverage *= priors["KNOWN_ACCOUNTS"].draw(rng, SIZE)
        factor[:, place] = 1 / coverage
    # Draws by which one way to pay is nearly all, or nothing, are unlikely: weigh by the mix.
    mix = euros.sum(axis=0) * factor
    mix /= mix.sum(axis=1, keepdims=True)
    likely = np.log(mix) @ [CHANNEL_MIX.get(channel, 2.0) for channel in channels]
    weight = np.exp(likely - likely.max())
    factor = factor[rng.choice(SIZE, SIZE, p=weight / weight.sum())]
    whole = factor @ euros.T
    common = (
        np.log1p(-priors["CREDITS"].draw(rng, SIZE))
        - np.log1p(-priors["REFUNDS"].draw(rng, SIZE))
        - np.log1p(-priors["OFF_BOOK"].draw(rng, SIZE))
    )
    counts = np.array([sum(o.payments for o in paid if o.country == c) for c in countries], float)
    return sized_from_logs(
        np.log(whole) + common[:, None],
        method="payments",
        about="revenue",
        countries=countries,
        own_variance=priors["COUNTRY_PAYMENTS"].log_moments()[1] ** 2
        + _TERMS / np.maximum(counts, 1),
        bias=bias,
        rng=rng,
        priors=priors,
        notes=tuple(message("sizing.no-purchase", channel=channel) for channel in unbought),
    )


def by_names(sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS) -> Sized:
    """Size by sampled households that looked up the service's names."""
    bias = message("bias.names")
    countries, share, variance = _shares(
        [(name.country, name.hits, name.sampled, name.households) for name in sources.names]
    )
    if not countries:
        return said_nothing("names", "households", message("no-estimate.no-names"), bias=bias)
    common = -np.log1p(-priors["VPN"].draw(rng, SIZE))
    return sized_from_logs(
        share + common[:, None],
        method="names",
        about="households",
        countries=countries,
        own_variance=variance + priors["COUNTRY_NAMES"].log_moments()[1] ** 2,
        bias=bias,
        rng=rng,
        priors=priors,
    )


def by_survey(
    sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS
) -> Sized:
    """Size by people who say that they use such a service, times this network's share of them."""
    bias = message("bias.survey")
    countries, share, variance = _shares(
        [
            (survey.country, survey.yes, survey.asked, survey.households)
            for survey in sources.surveys
            if survey.asked >= LEAST_ANSWERS
        ]
    )
    small_surveys = sum(0 < survey.asked < LEAST_ANSWERS for survey in sources.surveys)
    if not countries:
        why = (
            message("no-estimate.few-asked", fewest=LEAST_ANSWERS)
            if small_surveys
            else message("no-estimate.no-survey")
        )
        return said_nothing("survey", "users", why, bias=bias)
    common = (
        np.log(priors["ANY_NETWORK_SHARE"].draw(rng, SIZE))
        + np.log(priors["ADULTS_PER_HOUSEHOLD"].draw(rng, SIZE))
        - np.log(priors["SURVEY_RECALL"].draw(rng, SIZE))
    )
    return sized_from_logs(
        share + common[:, None],
        method="survey",
        about="users",
        countries=countries,
        own_variance=variance
        + priors["COUNTRY_SURVEY"].log_moments()[1] ** 2
        + priors["COUNTRY_SHARE"].log_moments()[1] ** 2,
        bias=bias,
        rng=rng,
        priors=priors,
        notes=(message("sizing.few-asked", surveys=small_surveys, fewest=LEAST_ANSWERS),)
        if small_surveys
        else (),
    )


def by_visits(
    sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS
) -> Sized:
    """Size by visits to storefronts, their conversion, and the share of payers who are new."""
    bias = message("bias.visits")
    visits: Counter[str] = Counter()
    for visit in sources.visits:
        visits[visit.country] += visit.visits
    countries = sorted(country for country, count in visits.items() if count > 0)
    if not countries:
        return said_nothing("visits", "payers", message("no-estimate.no-visits"), bias=bias)
    common = np.log(priors["CONVERSION"].draw(rng, SIZE)) - np.log(
        priors["JOINING"].draw(rng, SIZE)
    )
    logs, counting = counted(np.array([visits[country] for country in countries], float))
    return sized_from_logs(
        logs + common[:, None],
        method="visits",
        about="payers",
        countries=countries,
        own_variance=counting + priors["COUNTRY_VISITS"].log_moments()[1] ** 2,
        bias=bias,
        rng=rng,
        priors=priors,
    )


ESTIMATORS = (by_panels, by_recapture, by_payments, by_names, by_survey, by_visits)
"""The six methods, in the order of ``METHODS``."""


def by_every_method(
    sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS
) -> tuple[Sized, ...]:
    """Size by all six methods; those without a source say so.

    Each carries what other sources say of the factors that all share: sharing and prices.
    """
    evidence = evidence_of(sources, priors)
    return tuple(
        replace(method(sources, rng=rng, priors=priors), evidence=evidence) for method in ESTIMATORS
    )


def evidence_of(sources: SizingSources, priors: Priors = PRIORS) -> tuple[Evidence, ...]:
    """Return what sources say of the factors that all methods share."""
    levels = (price_level(sources, priors), sold_level(sources, priors))
    return (
        *by_sharing(sources, priors)[0],
        *by_paying(sources, priors),
        *(level for level in levels if level is not None),
    )


def _shares(
    rows: Sequence[tuple[str, int, int, int]],
) -> tuple[list[str], FloatArray, FloatArray]:
    """Return countries, log of share x households, and its counting variance."""
    hits: Counter[str] = Counter()
    samples: Counter[str] = Counter()
    households: dict[str, int] = {}
    for country, hit, sample, count in rows:
        hits[country] += hit
        samples[country] += sample
        households[country] = max(households.get(country, 0), count)
    countries = sorted(
        country for country, sample in samples.items() if sample > 0 and households[country] > 0
    )
    sampled = np.array([samples[country] for country in countries], float)
    homes = np.array([households[country] for country in countries], float)
    logs, variance = counted(np.array([hits[country] for country in countries], float))
    return countries, logs - np.log(sampled) + np.log(homes), variance
