"""Six ways to size a network, each from one kind of source, each with its bias drawn, not ignored.

What each assumes is in :mod:`cautery.estimate.priors`. A method without its source says so, and
why; it never guesses. Classical ground: Chapman 1951 and Chao 1987 for two looks with unequal
chances, Jeffreys' prior for sampled shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from cautery.errors import InputError
from cautery.estimate import priors
from cautery.estimate.prices import in_eur, price_level
from cautery.estimate.sized import FloatArray, Sized, said_nothing, sized_from_logs
from cautery.messages import message
from cautery.model import PanelCount, SizingSources

_SIZE = 4000
"""Draws of a method's biases; their moments are then good to 2 %."""
_LEAST = 100
"""Draws that must be possible before the impossible are drawn again."""
_TERMS = 2.0
"""Relative variance of a sum of payments, times how many came: 1 for their number, 1 for how much
each was, as terms of 1 to 12 months are paid at once; judgement."""
_FAINT = 0.1
"""Shape of the prior of a counted mean: nearly flat in its logarithm, so that a dozen countries
where nothing was seen do not add up to something."""
METHODS = ("panels", "recapture", "payments", "names", "survey", "visits")


def by_panels(sources: SizingSources, *, rng: np.random.Generator) -> Sized:
    """Size by the paid lines of seized panels over their share of the network's traffic."""
    bias = message("bias.panels")
    shares = _traffic_shares(sources.panels)
    if not shares:
        why = message(f"no-estimate.{'no-share' if sources.panels else 'no-dump'}")
        return said_nothing("panels", "lines", why, bias=bias)
    last = {panel.panel: panel.on for panel in sorted(sources.panels, key=lambda panel: panel.on)}
    paid: Counter[str] = Counter()
    for panel in sources.panels:
        # Of two dumps of one panel the later one holds the earlier one's lines.
        if panel.panel in shares and panel.on == last[panel.panel]:
            paid[panel.country] += panel.paid
    countries = sorted(paid)
    if not sum(paid.values()):
        return said_nothing("panels", "lines", message("no-estimate.no-paid-line"), bias=bias)
    share = np.array(list(shares.values()))
    error = priors.PANEL_TRAFFIC.draw(rng, (_SIZE, len(share))) @ (share / share.sum())
    seized = share.sum() / error / priors.TRAFFIC_COMMON.draw(rng, _SIZE)
    # The seized part is never more than the whole: draws that say so are drawn again.
    possible = seized[seized <= 1]
    seized = rng.choice(possible, _SIZE) if len(possible) > _LEAST else np.minimum(seized, 1.0)
    live = np.log1p(-priors.DORMANT.draw(rng, _SIZE)) - np.log(seized)
    lines, counting = _counted(np.array([paid[country] for country in countries], float))
    # Panels that were not seized may be popular elsewhere: sampling from finitely many panels.
    panels = share.sum() ** 2 / (share**2).sum()
    mix = np.expm1(priors.PANEL_MIX.parameters[1] ** 2) * max(0.0, 1 - seized.mean()) / panels
    left = len({panel.panel for panel in sources.panels}) - len(shares)
    return sized_from_logs(
        lines + live[:, None],
        method="panels",
        about="lines",
        countries=countries,
        own_variance=mix + counting,
        bias=bias,
        price=price_level(sources),
        rng=rng,
        notes=(message("sizing.no-traffic-share", panels=left),) if left else (),
    )


def by_recapture(sources: SizingSources, *, rng: np.random.Generator) -> Sized:
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
        np.log1p(priors.CAPTURE_CV.draw(rng, _SIZE) ** 2)
        + np.log(priors.EDGE_COVERAGE.draw(rng, _SIZE))
        - np.log(priors.PEAK_CONCURRENCY.draw(rng, _SIZE))
        - np.log(priors.ACTIVE_PHANTOMS.draw(rng, _SIZE))
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
        own_variance=variance + priors.COUNTRY_PEAK.parameters[1] ** 2,
        bias=bias,
        price=price_level(sources),
        rng=rng,
    )


def by_payments(sources: SizingSources, *, rng: np.random.Generator) -> Sized:
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
    factor = np.empty((_SIZE, len(channels)))
    for place, channel in enumerate(channels):
        purchases = [purchase for purchase in sources.purchases if purchase.channel == channel]
        tried, hits = (
            sum(batch.purchases for batch in purchases),
            sum(batch.known for batch in purchases),
        )
        if not tried:
            unbought.append(channel)
        alpha, beta = priors.ACCOUNT_COVERAGE.parameters
        coverage = rng.beta(alpha + hits, beta + tried - hits, _SIZE)
        coverage *= priors.KNOWN_ACCOUNTS.draw(rng, _SIZE)
        factor[:, place] = 1 / coverage
    # Draws by which one way to pay is nearly all, or nothing, are unlikely: weigh by the mix.
    mix = euros.sum(axis=0) * factor
    mix /= mix.sum(axis=1, keepdims=True)
    likely = np.log(mix) @ [priors.CHANNEL_MIX.get(channel, 2.0) for channel in channels]
    weight = np.exp(likely - likely.max())
    factor = factor[rng.choice(_SIZE, _SIZE, p=weight / weight.sum())]
    whole = factor @ euros.T
    common = (
        np.log1p(-priors.CREDITS.draw(rng, _SIZE))
        - np.log1p(-priors.REFUNDS.draw(rng, _SIZE))
        - np.log1p(-priors.OFF_BOOK.draw(rng, _SIZE))
    )
    counts = np.array([sum(o.payments for o in paid if o.country == c) for c in countries], float)
    return sized_from_logs(
        np.log(whole) + common[:, None],
        method="payments",
        about="revenue",
        countries=countries,
        own_variance=priors.COUNTRY_PAYMENTS.parameters[1] ** 2 + _TERMS / np.maximum(counts, 1),
        bias=bias,
        price=price_level(sources),
        rng=rng,
        notes=tuple(message("sizing.no-purchase", channel=channel) for channel in unbought),
    )


def by_names(sources: SizingSources, *, rng: np.random.Generator) -> Sized:
    """Size by sampled households that looked up the service's names."""
    bias = message("bias.names")
    countries, share, variance = _shares(
        [(name.country, name.hits, name.sampled, name.households) for name in sources.names]
    )
    if not countries:
        return said_nothing("names", "payers", message("no-estimate.no-names"), bias=bias)
    common = -np.log(priors.HOUSEHOLDS_LOOKING.draw(rng, _SIZE)) - np.log1p(
        -priors.VPN.draw(rng, _SIZE)
    )
    return sized_from_logs(
        share + common[:, None],
        method="names",
        about="payers",
        countries=countries,
        own_variance=variance + priors.COUNTRY_NAMES.parameters[1] ** 2,
        bias=bias,
        price=price_level(sources),
        rng=rng,
    )


def by_survey(sources: SizingSources, *, rng: np.random.Generator) -> Sized:
    """Size by people who say that they use such a service, times this network's share of them."""
    bias = message("bias.survey")
    countries, share, variance = _shares(
        [
            (survey.country, survey.yes, survey.asked, survey.households)
            for survey in sources.surveys
        ]
    )
    if not countries:
        return said_nothing("survey", "users", message("no-estimate.no-survey"), bias=bias)
    common = (
        np.log(priors.ANY_NETWORK_SHARE.draw(rng, _SIZE))
        + np.log(priors.ADULTS_PER_HOUSEHOLD.draw(rng, _SIZE))
        - np.log(priors.SURVEY_RECALL.draw(rng, _SIZE))
    )
    return sized_from_logs(
        share + common[:, None],
        method="survey",
        about="users",
        countries=countries,
        own_variance=variance
        + priors.COUNTRY_SURVEY.parameters[1] ** 2
        + priors.COUNTRY_SHARE.parameters[1] ** 2,
        bias=bias,
        price=price_level(sources),
        rng=rng,
    )


def by_visits(sources: SizingSources, *, rng: np.random.Generator) -> Sized:
    """Size by visits to storefronts, their conversion, and the share of payers who are new."""
    bias = message("bias.visits")
    visits: Counter[str] = Counter()
    for visit in sources.visits:
        visits[visit.country] += visit.visits
    countries = sorted(country for country, count in visits.items() if count > 0)
    if not countries:
        return said_nothing("visits", "payers", message("no-estimate.no-visits"), bias=bias)
    common = np.log(priors.CONVERSION.draw(rng, _SIZE)) - np.log(priors.JOINING.draw(rng, _SIZE))
    logs, counting = _counted(np.array([visits[country] for country in countries], float))
    return sized_from_logs(
        logs + common[:, None],
        method="visits",
        about="payers",
        countries=countries,
        own_variance=counting + priors.COUNTRY_VISITS.parameters[1] ** 2,
        bias=bias,
        price=price_level(sources),
        rng=rng,
    )


def by_every_method(sources: SizingSources, *, rng: np.random.Generator) -> tuple[Sized, ...]:
    """Size by all six methods; those without a source say so."""
    return tuple(
        method(sources, rng=rng)
        for method in (by_panels, by_recapture, by_payments, by_names, by_survey, by_visits)
    )


def _traffic_shares(panels: Sequence[PanelCount]) -> dict[str, float]:
    """Return the share of each panel for which one is known; a panel has one, whatever the country.

    Raises
    ------
    InputError
        If two rows of a panel contradict each other.
    """
    stated: dict[tuple[date, str], float] = {}
    for panel in panels:
        share = panel.traffic_share
        if share and stated.setdefault((panel.on, panel.panel), share) != share:
            raise InputError(
                f"panel {panel.panel}: it has two different shares of traffic on {panel.on}",
                hint="Give one share for the whole panel, over all its countries.",
            )
    in_time = sorted(stated.items(), key=lambda item: item[0][0])
    return {panel: share for (_, panel), share in in_time}


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
    logs, variance = _counted(np.array([hits[country] for country in countries], float))
    return countries, logs - np.log(sampled) + np.log(homes), variance


def _counted(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the logarithm of what a count stands for.

    The posterior of a Poisson mean under a gamma prior of shape ``_FAINT`` has mean and variance
    ``n + _FAINT``; the log-normal with the same two keeps sums over countries right, however small
    the counts are.
    """
    variance = np.log1p(1 / (counts + _FAINT))
    return np.log(counts + _FAINT) - variance / 2, variance
