"""Published claims: read as people write them, put into our units, and said in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from cautery.errors import InputError
from cautery.estimate.prices import in_eur
from cautery.estimate.sized import QUANTITIES
from cautery.messages import message
from cautery.model import Estimate, Money
from cautery.model.message import Message
from cautery.model.sizing import Claim

_HINT = 'Write it like this: "22e6 users", "250e6 EUR/month", "3 billion EUR a year".'
_SCALES = {
    "": 1.0,
    **dict.fromkeys(("k", "thousand"), 1e3),
    **dict.fromkeys(("m", "mn", "mio", "mln", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 1e9),
}
_COUNTED = {
    **dict.fromkeys(("user", "users", "viewers", "people"), "users"),
    **dict.fromkeys(("payer", "payers", "subscriber", "subscribers", "customers"), "payers"),
}
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "EURO": "EUR", "EUROS": "EUR"}
_PER_MONTH = {
    "day": 365.25 / 12,
    "week": 365.25 / 84,
    "month": 1.0,
    "quarter": 1 / 3,
    "year": 1 / 12,
}
_PERIODS = {
    **{month: month for month in _PER_MONTH},
    "monthly": "month",
    "yearly": "year",
    "annually": "year",
    "annum": "year",
    "weekly": "week",
    "daily": "day",
    "quarterly": "quarter",
}
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d{1,4})?", re.IGNORECASE)
_POINT_OR_THOUSANDS = re.compile(r"[+-]?\d{1,3}\.\d{3}")
"""Half of Europe writes 22.000 for twenty-two thousand: a thousandfold slip if it is not asked."""
_WORD = re.compile(r"US\$|[^\W\d_]+|[€£$/]")
_LONGEST = 200
_PEOPLE = 8.2e9
"""People alive: United Nations, World Population Prospects 2024."""
_PRODUCT_EUR = 1e14
"""About the yearly product of the world: no income of anyone is larger, in any common currency."""


def parse_claim(text: str, *, source: str | None = None) -> Claim:
    """Read a claim such as ``22e6 users``, ``EUR 250 million a month`` or ``3e9 EUR/year``.

    Raises
    ------
    InputError
        If it is no number with a unit; if it is money without currency or period; if the number is
        negative, not finite, or larger than the world has people or money.
    """
    quote = text[:60]
    if len(text) > _LONGEST:
        raise InputError(f"claim {quote!r}...: longer than {_LONGEST} letters", hint=_HINT)
    plain = " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())
    if re.search(r"\b(?:inf|infinity|nan)\b", plain, re.IGNORECASE):
        raise InputError(f"claim {quote!r}: a size must be a finite number", hint=_HINT)
    numbers = _NUMBER.findall(plain)
    if len(numbers) != 1:
        raise InputError(f"claim {quote!r}: a claim must hold exactly one number", hint=_HINT)
    before, _, after = plain.partition(numbers[0])
    units = f"{before} {after}"
    words = _WORD.findall(units)
    if re.sub(r"\s", "", units) != "".join(words):
        raise InputError(f"claim {quote!r}: {units.strip()!r} is not a unit", hint=_HINT)
    scale, quantity, currency, period = _unit(words, quote)
    if scale == 1 and _POINT_OR_THOUSANDS.fullmatch(numbers[0]):
        plain_number = numbers[0].replace(".", "")
        raise InputError(
            f"claim {quote!r}: does the point in {numbers[0]} separate thousands or decimals?",
            hint=f"If it separates thousands, write {plain_number}.",
        )
    value = float(numbers[0].replace(",", "")) * scale
    if not math.isfinite(value):
        raise InputError(f"claim {quote!r}: a size must be a finite number", hint=_HINT)
    if value <= 0:
        raise InputError(f"claim {quote!r}: a size must be more than zero", hint=_HINT)
    if quantity != "revenue" and value > _PEOPLE:
        raise InputError(
            f"claim {quote!r}: there are more {quantity} than people alive", hint=_HINT
        )
    if quantity == "revenue" and value > _PRODUCT_EUR:
        raise InputError(
            f"claim {quote!r}: this is more than the world earns in a year", hint=_HINT
        )
    return Claim(
        text=text, quantity=quantity, value=value, currency=currency, period=period, source=source
    )


def _unit(words: Sequence[str], quote: str) -> tuple[float, str, str | None, str | None]:
    """Return scale, quantity, currency and period; every word must be understood, once."""
    scale = quantity = currency = period = None
    for word in words:
        low = word.lower()
        if low in ("/", "a", "an", "per", "of", "in", "each"):
            continue
        if low in _SCALES and scale is None:
            scale = _SCALES[low]
        elif low in _COUNTED and quantity is None:
            quantity = _COUNTED[low]
        elif low in _PERIODS and period is None:
            period = _PERIODS[low]
        elif word.upper() in _SIGNS and currency is None:
            currency = _SIGNS[word.upper()]
        elif len(word) == 3 and word.isascii() and word.isupper() and currency is None:
            currency = word
        elif low in ("eur", "gbp", "usd", "chf") and currency is None:
            currency = word.upper()
        else:
            raise InputError(f"claim {quote!r}: {word!r} is not a known unit", hint=_HINT)
    if quantity is None and currency is None:
        rule = "money needs a currency" if period else "a number needs a unit"
        raise InputError(f"claim {quote!r}: {rule}", hint=_HINT)
    if quantity is not None and (currency is not None or period is not None):
        raise InputError(
            f"claim {quote!r}: a claim of {quantity} cannot have money or a period", hint=_HINT
        )
    if quantity is None and period is None:
        raise InputError(f"claim {quote!r}: money needs a period, such as /month", hint=_HINT)
    return scale or 1.0, quantity or "revenue", currency, period


def claimed_size(claim: Claim, rates: Mapping[str, float] | None = None) -> float:
    """Return a claim in our units: a count, or EUR a month.

    Raises
    ------
    InputError
        If the quantity or period is unknown, or its currency has no rate.
    """
    if claim.quantity not in QUANTITIES:
        raise InputError(
            f"claim {claim.text!r}: {claim.quantity!r} is not a quantity that is sized"
        )
    if claim.quantity != "revenue":
        return claim.value
    if claim.period not in _PER_MONTH:
        raise InputError(
            f"claim {claim.text!r}: {claim.period!r} is not a known period", hint=_HINT
        )
    money = Money(amount=Decimal(repr(claim.value)), currency=claim.currency or "")
    return in_eur(money, dict(rates or {})) * _PER_MONTH[claim.period]


def in_words(value: float, quantity: str) -> Message:
    """Return a size as people say it: ``22 million users``, ``EUR 250 million a month``."""
    return message(f"size.{quantity}", size=number_in_words(value))


def number_in_words(value: float) -> Message:
    """Return a number to three figures: ``1.06 billion``, ``22 million``, ``8,400``."""
    for least, unit in ((1e9, "billion"), (1e6, "million")):
        if value >= least * 0.9995:
            return message(f"size.{unit}", number=float(f"{value / least:.3g}"))
    return message("size.number", number=float(f"{value:.3g}"))


def span(estimate: Estimate) -> Message:
    """Return an interval in words: ``1.2 to 3.4 million``, ``986,000 to 10.1 million``."""
    low, high = number_in_words(estimate.low), number_in_words(estimate.high)
    is_one_unit = low.id == high.id
    return message("size.span", low=low.values["number"] if is_one_unit else low, high=high)
