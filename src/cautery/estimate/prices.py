"""What price pages say of a network's ARPU, and sums in EUR."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from cautery.errors import InputError
from cautery.estimate.evidence import Evidence, PriceLevel
from cautery.estimate.priors import PRIORS, Priors
from cautery.model import Money, SizingSources

LEAST_SALES = 20
"""Fewer sales than this say nothing of what is paid. Judgement."""


def price_level(sources: SizingSources, priors: Priors = PRIORS) -> PriceLevel | None:
    """Return what price pages say of ARPU; ``None`` without a page.

    Longer terms are brought to one month by the usual discount, and weigh less.

    Raises
    ------
    InputError
        If a currency has no rate.
    """
    if not sources.prices:
        return None
    off = priors["LONG_TERM_DISCOUNT"].log_moments()[0]
    monthly: list[float] = []
    for page in sources.prices:
        rebate = np.exp(off) * min(page.months - 1, 11) / 11
        monthly.append(in_eur(page.price, sources.rates) / page.months / (1 - rebate))
    logs = np.log(monthly)
    storefronts = len({page.storefront for page in sources.prices})
    realised, sd = priors["REALISED"].log_moments()
    # A median of n normal values varies as 1.25 sd / sqrt(n).
    spread = 1.25 * priors["STOREFRONT_PRICE"].log_moments()[1] / np.sqrt(storefronts)
    return PriceLevel(
        source="prices",
        factor="NETWORK_ARPU",
        log_mean=float(np.median(logs)) + realised,
        log_sd=float(np.hypot(sd, spread)),
        pages=len(monthly),
        list_price_eur=float(np.exp(np.median(logs))),
    )


def sold_level(sources: SizingSources, priors: Priors = PRIORS) -> Evidence | None:
    """Return what is said of ARPU by the prices that were paid, weighted by how often each was.

    Shops differ, and only those of some are known: the error is that of a weighted mean over shops.

    Raises
    ------
    InputError
        If a currency has no rate.
    """
    takings: defaultdict[str, float] = defaultdict(float)
    months: Counter[str] = Counter()
    sales = 0
    for page in sources.prices:
        if page.sales:
            takings[page.storefront] += page.sales * in_eur(page.price, sources.rates)
            months[page.storefront] += page.sales * page.months
            sales += page.sales
    if sales < LEAST_SALES:
        return None
    weight = np.array(list(months.values()), float)
    shops = weight.sum() ** 2 / (weight**2).sum()
    realised, sd = priors["SOLD_REALISED"].log_moments()
    shop_sd = priors["STOREFRONT_PRICE"].log_moments()[1]
    error = [sd, shop_sd / np.sqrt(shops), 1 / np.sqrt(sales)]
    return Evidence(
        source="sales",
        factor="NETWORK_ARPU",
        log_mean=float(np.log(sum(takings.values()) / weight.sum())) + realised,
        log_sd=float(np.linalg.norm(error)),
    )


LEAST_RATE, GREATEST_RATE = 1e-6, 1e3
"""EUR for one unit: the Iranian rial of 2024 is worth 2e-5, the Kuwaiti dinar 3; beyond, it is a
slip of the pen. Judgement."""


def check_rate(currency: str, rate: float) -> float:
    """Return a rate, EUR for one unit of a currency, if it can be one.

    Raises
    ------
    InputError
        If it is not positive and finite, or that of no currency.
    """
    if not (np.isfinite(rate) and rate > 0):
        raise InputError(
            f"a rate of {rate} EUR for one {currency}: a rate must be positive and finite"
        )
    if not LEAST_RATE <= rate <= GREATEST_RATE:
        raise InputError(
            f"a rate of {rate:g} EUR for one {currency}: no currency is worth that",
            hint="Give EUR for one unit, such as USD=0.92.",
        )
    return rate


def in_eur(money: Money, rates: dict[str, float] | None) -> float:
    """Return an amount in EUR.

    Raises
    ------
    InputError
        If the currency has no rate, or one that cannot be.
    """
    if money.currency == "EUR":
        return float(money.amount)
    rate = (rates or {}).get(money.currency)
    if rate is None:
        raise InputError(
            f"no exchange rate for {money.currency}: sums are in EUR, and a rate belongs to a day",
            hint="Give EUR for one unit in rates.csv (currency,eur); for a claim, --rate USD=0.92.",
        )
    return float(money.amount) * check_rate(money.currency, rate)
