"""Small worlds of numbers, drawn from the priors by their equations: no lab, no files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from cautery.estimate import priors as p
from cautery.model import Money
from cautery.model.sizing import (
    NameSample,
    PanelCount,
    PaymentCount,
    PriceSeen,
    PurchaseCount,
    RecaptureCount,
    SharingAnswer,
    SizingSources,
    SurveyAnswer,
    VisitCount,
)

MONTH = date(2024, 10, 1)
COUNTRIES = ("BG", "DE", "ES", "FR", "HR", "IT", "NL", "PL", "RO", "SE", "SK", "UK")
CHANNELS = ("bank", "card", "crypto", "wallet-service")


@dataclass(frozen=True)
class SmallWorld:
    """The truth of a small world, by country."""

    users: np.ndarray
    payers: np.ndarray
    revenue: np.ndarray
    sources: SizingSources


@pytest.fixture(scope="session")
def small_world():
    """Draw a small world by its seed."""
    return draw_small_world


def draw_small_world(seed: int, *, size: float | None = None, seized: int = 8, panels: int = 12):
    """Draw a world of some 3,000 to 60,000 payers."""
    rng = np.random.default_rng([seed, 77])
    count = len(COUNTRIES)
    total = size or float(np.exp(rng.uniform(np.log(3e3), np.log(6e4))))
    payers = np.maximum(20, np.round(total * rng.dirichlet(np.full(count, 2.0))))
    users = payers * np.maximum(p.USERS_PER_PAYER.draw(rng) * p.COUNTRY_SHARING.draw(rng, count), 1)
    network = float(p.NETWORK_ARPU.draw(rng))
    level = np.array([p.arpu_level(one) for one in COUNTRIES])
    revenue = payers * network * level * p.COUNTRY_ARPU.draw(rng, count)
    lines = payers * float(p.LINES_PER_PAYER.draw(rng))
    households = np.round(payers / rng.uniform(0.005, 0.05, count))
    sources = SizingSources(
        month=MONTH,
        panels=_panels(rng, lines, seized, panels),
        recaptures=_recaptures(rng, lines),
        payments=(found := _payments(rng, revenue))[0],
        purchases=found[1],
        names=_names(rng, payers, households, looking := float(p.HOUSEHOLDS_LOOKING.draw(rng))),
        surveys=_surveys(rng, users, households),
        visits=_visits(rng, payers),
        prices=_prices(rng, network),
        sharing=_sharing(rng, users / payers, looking),
        rates={"GBP": 1.19},
    )
    return SmallWorld(users, payers, revenue, sources)


def _panels(rng, lines, seized, panels):
    share = rng.dirichlet(np.full(panels, 3.0))
    weight = share * p.PANEL_MIX.draw(rng, (len(lines), panels))
    held = lines[:, None] * weight / weight.sum(axis=1, keepdims=True)
    looking = rng.poisson(held / (1 - p.DORMANT.draw(rng)))
    trial, expired = float(p.TRIAL.draw(rng)), float(p.EXPIRED.draw(rng))
    said = share * p.PANEL_TRAFFIC.draw(rng, panels) * p.TRAFFIC_COMMON.draw(rng)
    return tuple(
        PanelCount(
            panel=f"panel-{j}",
            country=COUNTRIES[i],
            on=MONTH,
            paid=int(looking[i, j]),
            trial=int(looking[i, j] * trial / (1 - trial - expired)),
            expired=int(looking[i, j] * expired / (1 - trial - expired)),
            traffic_share=float(min(said[j], 1.0)),
        )
        for i in range(len(COUNTRIES))
        for j in range(seized)
    )


def _recaptures(rng, lines):
    common = p.PEAK_CONCURRENCY.draw(rng) * p.ACTIVE_PHANTOMS.draw(rng)
    coverage = rng.uniform(0.3, 0.8)
    active = rng.poisson(lines * common * coverage * p.COUNTRY_PEAK.draw(rng, len(lines)))
    cv, mean = float(p.CAPTURE_CV.draw(rng)), rng.uniform(0.25, 0.45)
    spread = mean * (1 - mean) / (cv * mean) ** 2 - 1
    said = float(min(1.0, coverage * p.EDGE_COVERAGE.draw(rng)))
    rows = []
    for country, here in zip(COUNTRIES, active, strict=True):
        chance = rng.beta(mean * spread, (1 - mean) * spread, here)
        looks = rng.random((2, here)) < chance
        rows.append(
            RecaptureCount(
                country=country,
                on=MONTH,
                first=int(looks[0].sum()),
                second=int(looks[1].sum()),
                both=int(looks.all(axis=0).sum()),
                coverage=said,
            )
        )
    return tuple(rows)


def _payments(rng, revenue):
    mix = rng.dirichlet([p.CHANNEL_MIX[one] for one in CHANNELS])
    coverage = p.ACCOUNT_COVERAGE.draw(rng, len(CHANNELS))
    seen = mix * coverage * p.KNOWN_ACCOUNTS.draw(rng, len(CHANNELS))
    seen = seen * (1 - p.OFF_BOOK.draw(rng)) * (1 - p.REFUNDS.draw(rng))
    seen = seen / (1 - p.CREDITS.draw(rng))
    local = p.COUNTRY_PAYMENTS.draw(rng, len(revenue))
    payments = tuple(
        PaymentCount(
            country=country,
            month=MONTH,
            channel=channel,
            payments=max(1, int(value * part / 25)),
            total=Money(amount=Decimal(f"{value * part:.2f}"), currency="EUR"),
        )
        for country, value in zip(COUNTRIES, revenue * local, strict=True)
        for channel, part in zip(CHANNELS, seen, strict=True)
    )
    bought = rng.integers(5, 25, len(CHANNELS))
    purchases = tuple(
        PurchaseCount(channel=channel, purchases=int(n), known=int(rng.binomial(n, share)))
        for channel, n, share in zip(CHANNELS, bought, coverage, strict=True)
    )
    return payments, purchases


def _names(rng, payers, households, looking):
    share = payers * looking * p.COUNTRY_NAMES.draw(rng, len(payers))
    share = np.minimum(1, share * (1 - p.VPN.draw(rng)) / households)
    sampled = (households * rng.uniform(0.1, 0.4)).astype(int)
    return tuple(
        NameSample(
            country=country,
            month=MONTH,
            households=int(home),
            sampled=int(n),
            hits=int(rng.binomial(n, one)),
        )
        for country, home, n, one in zip(COUNTRIES, households, sampled, share, strict=True)
    )


def _surveys(rng, users, households):
    share = users / p.NETWORK_SHARE.draw(rng) * p.SURVEY_RECALL.draw(rng)
    share = share * p.COUNTRY_SURVEY.draw(rng, len(users))
    share = np.minimum(0.95, share / (households * p.ADULTS_PER_HOUSEHOLD.draw(rng)))
    return tuple(
        SurveyAnswer(
            country=c, on=MONTH, asked=1000, yes=int(rng.binomial(1000, one)), households=int(home)
        )
        for c, one, home in zip(COUNTRIES, share, households, strict=True)
    )


def _sharing(rng, per_payer, looking):
    homes = max(looking / float(p.LOOKING_EACH.draw(rng)), 1.0)
    told = float(p.SHARING_TOLD.draw(rng))
    rows = {}
    for country, mean in zip(COUNTRIES, per_payer, strict=True):
        people = 1 + rng.poisson(max(mean * told, 1.0) - 1, 80)
        households = np.minimum(1 + rng.poisson(homes - 1, 80), people)
        for pair in zip(people.tolist(), households.tolist(), strict=True):
            rows[country, *pair] = rows.get((country, *pair), 0) + 1
    return tuple(
        SharingAnswer(country=country, on=MONTH, people=many, households=homes, answers=count)
        for (country, many, homes), count in sorted(rows.items())
    )


def _visits(rng, payers):
    mean = payers * p.JOINING.draw(rng) / p.CONVERSION.draw(rng)
    mean = mean * p.COUNTRY_VISITS.draw(rng, len(payers))
    return tuple(
        VisitCount(country=country, month=MONTH, visits=int(rng.poisson(one)))
        for country, one in zip(COUNTRIES, mean, strict=True)
    )


def _prices(rng, network):
    month = network / p.REALISED.draw(rng)
    off = float(p.LONG_TERM_DISCOUNT.draw(rng))
    return tuple(
        PriceSeen(
            storefront=f"shop-{shop}",
            on=MONTH,
            months=months,
            price=Money(
                amount=Decimal(f"{one * months * (1 - off * (months - 1) / 11):.2f}"),
                currency="EUR",
            ),
        )
        for shop, one in enumerate(month * p.STOREFRONT_PRICE.draw(rng, 12))
        for months in (1, 12)
    )
