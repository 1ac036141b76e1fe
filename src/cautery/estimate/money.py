"""Audience and revenue from claims, reconciled with prices that were seen.

Claims of sellers and of press releases are upper talk, not counts: they become intervals, and
the note says what they rest on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Estimate

ARPU_EUR = (2.5, 5.2, 7.0)
"""EUR a user and month really paid, low to high: EUIPO and AAPA
(docs/reference/sources.md, F9 and F10)."""
LIVE_SHARE = (0.4, 0.6, 0.8)
"""Share of claimed lines that are paying customers: 20-60 % of a panel's lines are trial or
expired (docs/reference/sources.md, F17: a judgement)."""
_NUMBER = re.compile(
    r"(?<!\d)(\d++(?:[.,' ]*+\d++)*)(?:[.,'\s]*+(k|m|thousand|million|mio))?\b", re.IGNORECASE
)
_FACTORS = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "mio": 1e6}


def audience_from_claims(claims: Sequence[str], *, service: str) -> Estimate | None:
    """Return the paying customers of a service from its own claims; ``None`` without a number.

    Parameters
    ----------
    claims : sequence of str
        Sentences of storefronts, such as "more than 12,000 happy customers".

    Notes
    -----
    Several claims are reconciled by their hull: the interval runs from the least claim's low
    end to the greatest claim's high end, with the geometric mean in between.
    """
    numbers = sorted(n for claim in claims if (n := claimed(claim)) is not None and n >= 1)
    if not numbers:
        return None
    middle = math.exp(sum(math.log(number) for number in numbers) / len(numbers))
    return Estimate(
        quantity=message("quantity.customers-of", service=service),
        unit="customers",
        low=numbers[0] * LIVE_SHARE[0],
        mid=middle * LIVE_SHARE[1],
        high=numbers[-1],
        method=message("method.claimed-customers"),
        note=(
            message("estimate.claim", customers=round(numbers[0]))
            if len(numbers) == 1
            else message(
                "estimate.claims",
                claims=len(numbers),
                fewest=round(numbers[0]),
                most=round(numbers[-1]),
            )
        ),
    )


def revenue(
    audience: Estimate, *, list_price_eur: float | None = None, service: str = "the service"
) -> Estimate:
    """Return monthly revenue: customers times what a user really pays.

    Parameters
    ----------
    audience : Estimate
        In customers.
    list_price_eur : float or None
        EUR a month as advertised. It caps what a user pays: discounts go down from it.

    Raises
    ------
    InputError
        If the audience is not in customers, or the price is not positive.
    """
    if audience.unit != "customers":
        raise InputError(f"revenue needs an audience in customers, not in {audience.unit}")
    low, mid, high = ARPU_EUR
    price = message("price.not-seen")
    if list_price_eur is not None:
        if not (math.isfinite(list_price_eur) and list_price_eur > 0):
            raise InputError(f"a list price of {list_price_eur} EUR is not valid")
        agrees = low <= list_price_eur
        # Resellers' and long terms take 60-70 % off (docs/reference/sources.md, F12).
        low, high = min(low, list_price_eur * 0.3), min(high, list_price_eur)
        mid = min(mid, (low + high) / 2) if mid > high else mid
        price = message(f"price.{'agrees' if agrees else 'below'}", price=f"{list_price_eur:g}")
    return Estimate(
        quantity=message("quantity.revenue-of", service=service),
        unit="EUR/month",
        low=audience.low * low,
        mid=audience.mid * mid,
        high=audience.high * high,
        method=message("method.paid-by-each", low=f"{low:.2f}", high=f"{high:.2f}"),
        note=message("estimate.price-and-audience", price=price, audience=audience.method),
    )


def claimed(text: str) -> float | None:
    """Return the greatest whole number that a sentence claims, with its k or million.

    A number with ``.`` or ``,`` before exactly three digits is grouped, not decimal.
    """
    numbers: list[float] = []
    for digits, unit in _NUMBER.findall(text[:10_000]):
        plain = re.sub(r"[' ]", "", digits).strip(".,")
        plain = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", plain)
        plain = plain.replace(",", ".")
        if plain.count(".") > 1 or len(plain) > 15:
            continue
        numbers.append(float(plain) * _FACTORS.get(unit.lower(), 1.0))
    return max(numbers, default=None)
