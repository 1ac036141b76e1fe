"""What real sources would say of a world's size in a month: counts, each with its bias and noise.

The equations are those of :mod:`cautery.estimate.priors`; the draws of the biases are the world's
own (:class:`Biases`), and no estimator knows them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from scipy.optimize import brentq

from cautery.errors import InputError
from cautery.estimate.priors import PRIORS
from cautery.lab.operations.biases import CHANNELS
from cautery.lab.operations.chance import chance
from cautery.lab.operations.spec import FloatArray, OperationWorld
from cautery.model import (
    Money,
    NameSample,
    PanelCount,
    PaymentCount,
    PriceSeen,
    RecaptureCount,
    SharingAnswer,
    SizingSources,
    SurveyAnswer,
    VisitCount,
)

CURRENCY = {"GB": "GBP", "SE": "SEK", "CH": "CHF", "BG": "BGN", "RO": "RON"}
"""Where cards and banks do not pay in EUR in 2024."""

TICKET_EUR = 24.0
"""A mean payment: some months at once (terms of 1, 3, 6 and 12 months). Judgement."""

_SAMPLE_SIZES = (800, 2_000)
"""People asked by a survey in one country; judgement."""

_PAYERS_ASKED = (40, 150)
"""Payers asked in one country how many watch on their line; judgement."""

TERMS = (1, 3, 6, 12)
"""Months that are sold at once."""

_ORDERS = (40, 400)
"""Orders of a month at a storefront whose orders are known; judgement."""

_STEEPEST = 60.0
"""Of the choice of terms: beyond, everybody takes the same one."""

_SHOPS_KNOWN = 0.4
"""Of the storefronts, those whose orders are known; judgement."""

_LOGGED = 0.5
"""Of the panels, those that log when a line was last in use; judgement."""

_SAMPLED = (0.03, 0.12)
"""Households of the sampled access provider, over the country's; judgement."""


def sizing_sources(
    world: OperationWorld, month: date, *, rng: np.random.Generator | None = None
) -> SizingSources:
    """Return what every source would say of a month.

    A seized panel holds its past as well (when each line was made and ends), so the dumps speak of
    months before the day too; of those after it they say nothing.

    Parameters
    ----------
    month : date
        The first day of one of ``world.months``.
    rng : Generator or None
        The noise of sampling; ``None``: the world's own, so that the same month is the same.

    Raises
    ------
    InputError
        If the world has no such month.
    """
    if month not in world.months:
        raise InputError(
            f"{month.isoformat()} is not a month of this world",
            hint=f"Give a month from {world.months[0].isoformat()} to "
            f"{world.months[-1].isoformat()}, as its first day.",
        )
    index = world.months.index(month)
    noise = chance(world.seed, "sources", index) if rng is None else rng
    payers = world.truth.payers[index].astype(float)
    users = world.truth.users[index].astype(float)
    return SizingSources(
        month=month,
        panels=_panels(world, month, payers, noise) if month <= world.moment.date() else (),
        recaptures=_recaptures(world, month, payers, noise),
        payments=_payments(world, month, world.truth.revenue_eur[index], noise),
        purchases=world.purchase_counts,
        names=_names(world, month, payers, noise),
        surveys=_surveys(world, month, users, noise),
        visits=_visits(world, month, payers, noise),
        prices=_prices(world, month, noise),
        sharing=_sharing(world, month, payers, noise),
        rates=dict(world.rates),
    )


def _panels(
    world: OperationWorld, month: date, payers: FloatArray, rng: np.random.Generator
) -> tuple[PanelCount, ...]:
    """Count lines in the dumps that could be read: paid-looking, trial, expired."""
    biases, by = world.biases, world.biases.by_name
    weight = biases.panel_share[:, None] * biases.panel_mix
    weight /= weight.sum(axis=0, keepdims=True)
    looking = rng.poisson(weight * payers * by["LINES_PER_PAYER"] / (1 - by["DORMANT"]))
    clean = max(0.05, 1 - by["TRIAL"] - by["EXPIRED"])
    trial = rng.poisson(looking * by["TRIAL"] / clean)
    expired = rng.poisson(looking * by["EXPIRED"] / clean)
    share = biases.panel_share * biases.panel_traffic * by["TRAFFIC_COMMON"]
    panels = [asset.id for asset in world.supply.assets if asset.role == "panel"]
    place = {panel: n for n, panel in enumerate(panels)}
    apart = rng.spawn(1)[0]  # what is drawn next does not depend on the logs
    in_use = apart.binomial(looking, (1 - by["DORMANT"]) * by["ACTIVE_SEEN"])
    logged = apart.random(len(panels)) < _LOGGED
    return tuple(
        PanelCount(
            panel=panel.partition(":")[2],
            country=country,
            on=month + timedelta(days=27),
            paid=int(looking[place[panel], c]),
            trial=int(trial[place[panel], c]),
            expired=int(expired[place[panel], c]),
            traffic_share=float(f"{min(1.0, share[place[panel]]):.4g}"),
            active=int(in_use[place[panel], c]) if logged[place[panel]] else None,
        )
        for panel in world.seized_panels
        for c, country in enumerate(world.countries)
    )


def _recaptures(
    world: OperationWorld, month: date, payers: FloatArray, rng: np.random.Generator
) -> tuple[RecaptureCount, ...]:
    """Look twice at some edges on a peak evening.

    Each line has its own chance to be caught: boxes left on are caught twice, casual viewers
    hardly ever. Over lines the chance has mean ``m`` and variation ``cv``, so both looks catch a
    line with ``m^2 (1 + cv^2)``.
    """
    by = world.biases.by_name
    active = payers * by["LINES_PER_PAYER"] * by["ACTIVE_PHANTOMS"] * by["coverage"]
    peak = np.minimum(1.0, by["PEAK_CONCURRENCY"] * world.biases.by_country["COUNTRY_PEAK"])
    active_lines = rng.poisson(active * peak)
    mean = by["capture"]
    twice = min(0.95 * mean, mean**2 * (1 + by["CAPTURE_CV"] ** 2))
    cells = np.array([twice, mean - twice, mean - twice])
    cells = np.append(cells, max(0.0, 1 - cells.sum()))
    caught = np.stack([rng.multinomial(int(n), cells / cells.sum()) for n in active_lines])
    coverage = round(float(min(1.0, by["coverage"] * by["EDGE_COVERAGE"])), 4)
    return tuple(
        RecaptureCount(
            country=country,
            on=peak_evening(month),
            first=int(recaptured + first),
            second=int(recaptured + second),
            both=int(recaptured),
            coverage=coverage,
        )
        for country, (recaptured, first, second, _) in zip(
            world.countries, caught.tolist(), strict=True
        )
    )


def peak_evening(month: date) -> date:
    """Return the evening that edges were looked at: a final of 2024, or the third Saturday."""
    if month == date(2024, 7, 1):
        return date(2024, 7, 14)  # the final of Euro 2024
    if month == date(2024, 8, 1):
        return date(2024, 8, 10)  # the last evening but one of Paris 2024
    return month + timedelta(days=(5 - month.weekday()) % 7 + 14)


def _payments(
    world: OperationWorld, month: date, revenue: FloatArray, rng: np.random.Generator
) -> tuple[PaymentCount, ...]:
    """Sum what came into known accounts: coverage, refunds, resellers' credits in between."""
    biases, by = world.biases, world.biases.by_name
    base = revenue * biases.by_country["COUNTRY_PAYMENTS"]
    base = base * (1 - by["OFF_BOOK"]) * (1 - by["REFUNDS"]) / (1 - by["CREDITS"])
    rows = []
    for channel in CHANNELS:
        observed = base * biases.channel_mix[channel] * biases.channel_coverage[channel]
        observed = observed * biases.channel_known[channel]
        counts = rng.poisson(observed / TICKET_EUR)
        # Tickets vary by four fifths of their mean (terms of 1 to 12 months).
        sums = rng.gamma(np.maximum(counts, 1) / 0.64, TICKET_EUR * 0.64)
        for country, count, total in zip(
            world.countries, counts.tolist(), sums.tolist(), strict=True
        ):
            currency = "EUR" if channel == "crypto" else CURRENCY.get(country, "EUR")
            paid = 0.0 if count == 0 else total / world.rates.get(currency, 1.0)
            rows.append(
                PaymentCount(
                    country=country,
                    month=month,
                    channel=channel,
                    payments=count,
                    total=Money(amount=Decimal(f"{paid:.2f}"), currency=currency),
                )
            )
    return tuple(rows)


def _names(
    world: OperationWorld, month: date, payers: FloatArray, rng: np.random.Generator
) -> tuple[NameSample, ...]:
    """Sample households of one access provider that looked up the service's names."""
    biases, by = world.biases, world.biases.by_name
    share = payers / biases.households * by["HOUSEHOLDS_LOOKING"]
    share = share * biases.by_country["COUNTRY_NAMES"] * (1 - by["VPN"])
    sampled = (biases.households * rng.uniform(*_SAMPLED, len(payers))).astype(np.int64) + 1
    hits = rng.binomial(sampled, np.minimum(0.95, share))
    return tuple(
        NameSample(
            country=country, month=month, households=int(home), sampled=int(n), hits=int(hit)
        )
        for country, home, n, hit in zip(
            world.countries, biases.households, sampled, hits, strict=True
        )
    )


def _surveys(
    world: OperationWorld, month: date, users: FloatArray, rng: np.random.Generator
) -> tuple[SurveyAnswer, ...]:
    """Ask people whether they use any such service; some deny, some forget."""
    biases, by = world.biases, world.biases.by_name
    adults = biases.households * by["ADULTS_PER_HOUSEHOLD"]
    share = users / by["NETWORK_SHARE"] * by["SURVEY_RECALL"] / adults
    share = np.minimum(0.95, share * biases.by_country["COUNTRY_SURVEY"])
    sample = np.minimum(rng.integers(*_SAMPLE_SIZES, len(users)), biases.households)
    yes = rng.binomial(sample, share)
    per_payer = by["USERS_PER_PAYER"] * biases.by_country["COUNTRY_SHARING"]
    # What is drawn next does not depend on this question.
    paying = rng.spawn(1)[0].binomial(yes, np.minimum(1.0, by["PAYING_TOLD"] / per_payer))
    return tuple(
        SurveyAnswer(
            country=country,
            on=month,
            asked=int(n),
            yes=int(positive),
            households=int(home),
            paying=int(payers),
        )
        for country, n, positive, home, payers in zip(
            world.countries, sample, yes, biases.households, paying, strict=True
        )
    )


def _sharing(
    world: OperationWorld, month: date, payers: FloatArray, rng: np.random.Generator
) -> tuple[SharingAnswer, ...]:
    """Ask payers how many people, and households, watch on their line."""
    biases, by = world.biases, world.biases.by_name
    per_payer = by["USERS_PER_PAYER"] * biases.by_country["COUNTRY_SHARING"]
    people = np.maximum(per_payer * by["SHARING_TOLD"], 1.0)
    homes = max(by["HOUSEHOLDS_LOOKING"] / by["LOOKING_EACH"], 1.0)
    payers_asked = np.minimum(rng.integers(*_PAYERS_ASKED, len(payers)), payers.astype(np.int64))
    answers: Counter[tuple[str, int, int]] = Counter()
    for country, mean, count in zip(
        world.countries, people.tolist(), payers_asked.tolist(), strict=True
    ):
        watching = 1 + rng.poisson(mean - 1, count)
        sharing = np.minimum(1 + rng.poisson(homes - 1, count), watching)
        answers.update(
            (country, *pair) for pair in zip(watching.tolist(), sharing.tolist(), strict=True)
        )
    return tuple(
        SharingAnswer(
            country=country, on=month, people=people_count, households=homes_, answers=count
        )
        for (country, people_count, homes_), count in sorted(answers.items())
    )


def _visits(
    world: OperationWorld, month: date, payers: FloatArray, rng: np.random.Generator
) -> tuple[VisitCount, ...]:
    """Count visits to storefronts: those who think of buying, not those who watch."""
    by = world.biases.by_name
    mean = payers * by["JOINING"] / by["CONVERSION"] * world.biases.by_country["COUNTRY_VISITS"]
    return tuple(
        VisitCount(country=country, month=month, visits=int(count))
        for country, count in zip(world.countries, rng.poisson(mean), strict=True)
    )


def _prices(world: OperationWorld, month: date, rng: np.random.Generator) -> tuple[PriceSeen, ...]:
    """Read price pages: one month at the list price, long terms with their discount."""
    by = world.biases.by_name
    shops = [asset.value for asset in world.supply.assets if asset.role == "storefront"][:40]
    base = by["NETWORK_ARPU"] / by["REALISED"] * PRIORS["STOREFRONT_PRICE"].draw(rng, len(shops))
    currencies = rng.choice(["EUR", "GBP", "USD", "SEK"], size=len(shops), p=[0.7, 0.15, 0.1, 0.05])
    apart = rng.spawn(1)[0]
    sold = _sold(by, base, apart)
    rows = []
    for shop, price, currency, sales in zip(
        shops, base.tolist(), currencies.tolist(), sold, strict=True
    ):
        for months in TERMS:
            eur = price * months * (1 - by["LONG_TERM_DISCOUNT"] * (months - 1) / 11)
            local_price = Decimal(f"{max(0.01, eur / world.rates.get(currency, 1.0)):.2f}")
            rows.append(
                PriceSeen(
                    storefront=shop,
                    on=month,
                    months=months,
                    price=Money(amount=local_price, currency=currency),
                    sales=sales.get(months),
                )
            )
    return tuple(rows)


def _sold(
    by: Mapping[str, float], base: FloatArray, rng: np.random.Generator
) -> list[dict[int, int]]:
    """Return how often each term was sold, of the storefronts whose orders are known.

    Customers choose terms so that all of them pay what the network's ARPU says: the longer the
    terms, the less a month.
    """
    terms = np.array(TERMS, float)
    monthly = 1 - by["LONG_TERM_DISCOUNT"] * (terms - 1) / 11
    mean = by["NETWORK_ARPU"] / by["SOLD_REALISED"] / (by["NETWORK_ARPU"] / by["REALISED"])

    def paid(tilt: float) -> float:
        odds = np.exp(-tilt * monthly) * terms  # months bought, not orders
        return float(odds @ monthly / odds.sum())

    reachable = min(max(mean, paid(_STEEPEST)), paid(-_STEEPEST))
    tilt = brentq(lambda value: paid(value) - reachable, -_STEEPEST, _STEEPEST)
    odds = np.exp(-tilt * monthly)
    known_shops = rng.random(len(base)) < _SHOPS_KNOWN
    orders = rng.integers(*_ORDERS, len(base))
    return [
        dict(zip(TERMS, rng.multinomial(int(count), odds / odds.sum()).tolist(), strict=True))
        if is_known
        else {}
        for is_known, count in zip(known_shops, orders, strict=True)
    ]
