"""Prices, terms, connections and trials as storefronts write them, in the languages of the EU."""

# ruff: noqa: RUF001 - Greek letters and dashes stand in the patterns
from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from cautery.formats._offer_words import (
    ADVERBS,
    CHANNELS,
    CUSTOMERS,
    DAYS,
    FREE,
    HOURS,
    MONTHS,
    NONE,
    PER,
    SEATS,
    SHORT,
    TITLES,
    TRIALS,
    WEEKS,
    YEARS,
)

_SYMBOLS = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "ευρώ": "EUR", "£": "GBP",
    "gbp": "GBP",
    "$": "USD", "us$": "USD", "usd": "USD", "zł": "PLN", "zl": "PLN", "pln": "PLN", "kč": "CZK",
    "kc": "CZK", "czk": "CZK", "ft": "HUF", "huf": "HUF", "lei": "RON", "ron": "RON", "лв": "BGN",
    "lv": "BGN",
    "bgn": "BGN", "sek": "SEK", "dkk": "DKK", "nok": "NOK", "kr": "", "chf": "CHF", "₺": "TRY",
    "try": "TRY", "₴": "UAH", "uah": "UAH", "₽": "RUB", "rub": "RUB", "cad": "CAD", "c$": "CAD",
    "ca$": "CAD", "aud": "AUD", "a$": "AUD",
}  # fmt: skip
"""Symbol or code to ISO 4217. ``kr`` alone is ambiguous: the page's language decides, or a code."""

_KRONER = {"da": "DKK", "nb": "NOK", "nn": "NOK", "no": "NOK", "sv": "SEK", "is": "ISK"}
_CURRENCY = "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))
_AMOUNT = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3}){1,2}(?:[.,]\d{2})?|\d{1,6}(?:[.,]\d{1,2})?"
_DASH = r"(?:[.,][-–—])?"
_PRICE = re.compile(
    rf"(?i)(?<![\w.,])(?P<whole>\d{{1,4}})\s?(?P<amid>[€£$])(?P<cents>\d{{2}})(?![\d.,])"
    rf"|(?<![\w.,])(?P<before>{_CURRENCY})\s{{0,3}}(?P<a>{_AMOUNT})(?![\d])"
    rf"|(?<![\w.,])(?P<b>{_AMOUNT}){_DASH}\s{{0,3}}(?P<after>{_CURRENCY})(?!\w)"
)
_YEAR_OF = re.compile(r"(?:19|20)\d\d")
_TERM = re.compile(
    r"(?i)(?:(?<![\d.,])(?P<n>\d{1,3})(?:-il)?[\s\-+x.]{0,3}"
    rf"|(?P<per>/\s?|\b(?:{PER})[\s.-]{{1,3}})|\b)"
    rf"(?:(?P<month>{MONTHS})|(?P<year>{YEARS})|(?P<week>{WEEKS})|(?P<day>{DAYS}))(?!\w)"
)
_ADVERB = re.compile(
    r"(?i)\b(?:" + "|".join(f"(?P<{name}>{words})" for name, words in ADVERBS.items()) + r")(?!\w)"
)
_CONNECTIONS = re.compile(
    rf"(?i)(?<![\w.,])(\d{{1,2}})\s{{0,2}}(?:simultaneous\s|gleichzeitige\s|concurrent\s)?(?:{SEATS})(?!\w)"
    rf"|(?<!\w)(?:{SEATS})\s{{0,2}}[:=x×]?\s{{0,2}}(\d{{1,2}})(?![\w.,€$£])"
)
_NEGATION = re.compile(rf"(?i)(?<!\w)(?:{NONE})\s{{1,3}}$")
_LENGTH = rf"(?P<n>\d{{1,3}})\s?-?(?:(?P<hour>{HOURS})|(?P<day>{DAYS}))(?!\w)"
_TRIAL_AFTER = re.compile(
    rf"(?i)(?<![\w.,]){_LENGTH}(?:\W{{0,3}}(?:{FREE})(?!\w)|[^\n\d]{{0,25}}?(?<!\w)(?:{TRIALS})(?!\w))"
)
_TRIAL_BEFORE = re.compile(
    rf"(?i)(?<!\w)(?:(?:{FREE})\W{{0,3}}|(?:{TRIALS})(?!\w)[^\n\d]{{0,25}}?(?<!\w)){_LENGTH}"
)
_TRIAL_WORD = re.compile(
    rf"(?i)(?<!\w)(?:(?:{FREE})[ -]{{1,2}}(?:{TRIALS})|(?:{TRIALS})[ -]{{1,2}}(?:{FREE}))(?!\w)"
)
_CLAIM = re.compile(
    r"(?i)(?:(?<=\D)|^)(?P<n>\d{1,3}(?:[ .,\u00a0\u202f]\d{3}){1,3}|\d{2,8})"
    r"\s?(?P<k>k|m|mio)?\s?\+?\s{0,2}"
    r"(?:[a-zà-ÿ]{2,14}\s){0,2}?"
    rf"(?:(?P<customers>{CUSTOMERS})|(?P<channels>{CHANNELS})|(?:{TITLES}))(?!\w)"
)
_LIFETIME = re.compile(r"(?i)\blifetime\b|\bà vie\b|\blebenslang|\bde por vida\b|\ba vita\b")
_GOES_ON = re.compile(
    r"(?i)\s{0,3}(?:/|per\b|par\b|pro\b|por\b|al\b|na\b|za\b|i\b|p[åa]\b|a\b|for\b|f[üo]r\b)"
)
_HALF = re.compile(rf"(?i)\s*(?:{_CURRENCY}|[.,]?\d{{1,6}}(?:[.,]\d{{1,2}})?)\s*")
_CURRENCY_ALONE = re.compile(rf"(?i)(?:{_CURRENCY})(?!\w)(?!\s{{0,3}}\d)")
_MOST_PRICES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An offer: an amount, its currency (ISO 4217) and for how long.

    ``currency`` is ``None`` for a ``kr`` of which nothing tells the country.
    ``months`` is ``None`` when the page does not say near the price; a day is 1/30 of a month.
    """

    amount: Decimal
    currency: str | None
    months: float | None
    connections: int | None
    quoted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A number that a service boasts of: ``customers``, ``channels`` or ``titles``."""

    what: str
    number: int
    quoted: str


def prices(lines: list[str], *, language: str | None = None) -> tuple[Price, ...]:
    """Find prices in the lines of a page; the term may stand a line or two before or after."""
    results: list[Price] = []
    krone = _KRONER.get((language or "")[:2].lower()) or _krone_named(lines)
    for index, line in enumerate(lines):
        marks = list(_PRICE.finditer(line))
        for position, mark in enumerate(marks):
            sign = (mark["amid"] or mark["before"] or mark["after"]).lower()
            if mark["before"] and sign in ("euro", "try") and _YEAR_OF.fullmatch(mark["a"]):
                continue  # a championship
            digits = f"{mark['whole']}.{mark['cents']}" if mark["amid"] else mark["a"] or mark["b"]
            amount = _amount(digits)
            if amount is None or not 0 < amount < 100_000:
                continue
            currency: str | None = _SYMBOLS[sign]
            if sign == "kr":
                currency = krone
            left = marks[position - 1].end() if position else 0
            right = marks[position + 1].start() if position + 1 < len(marks) else len(line)
            found_months = _months_near(
                lines, index, line[mark.end() : right], line[left : mark.start()]
            )
            following = _until_price(lines[index + 1 : index + 5])
            seats = _CONNECTIONS.search(" ".join((line[left:right], *following))[:400])
            results.append(
                Price(
                    amount=amount,
                    currency=currency,
                    months=found_months,
                    connections=int(seats[1] or seats[2]) if seats else None,
                    quoted=line[max(0, mark.start() - 40) : mark.end() + 40].strip(),
                )
            )
            if len(results) >= _MOST_PRICES:
                return tuple(results)
    return tuple(results)


def term_months(text: str) -> float | None:
    """Return the length of the first term in ``text``, in months.

    Examples
    --------
    >>> term_months("12 mois"), term_months("/ Jahr"), term_months("nothing")
    (12.0, 12.0, None)
    """
    adverb = _ADVERB.search(text[:400])
    if adverb is not None and adverb["half"]:
        return 6.0
    for match in _TERM.finditer(text[:400]):
        word = next(match[name] for name in ("month", "year", "week", "day") if match[name])
        if not match["n"] and not match["per"] and word.lower() in SHORT:
            continue
        count = float(match["n"] or 1)
        if not 0 < count <= 400:
            return None
        if match["month"]:
            return count
        if match["year"]:
            return 12 * count
        return round(count * (7 / 30 if match["week"] else 1 / 30), 3)
    if adverb is not None:
        return {"month": 1.0, "quarter": 3.0, "year": 12.0}[adverb.lastgroup or "month"]
    return None


def trial_hours(text: str) -> float | None:
    """Return the length of the trial offered, in hours; 0: a trial of unsaid length."""
    match = _TRIAL_AFTER.search(text) or _TRIAL_BEFORE.search(text)
    if match is None:
        words = _TRIAL_WORD.finditer(text)
        offered = any(
            not _NEGATION.search(text[max(0, word.start() - 20) : word.start()]) for word in words
        )
        return 0.0 if offered else None
    return float(match["n"]) * (1.0 if match["hour"] else 24.0)


def connections(text: str) -> tuple[int, ...]:
    """Return the numbers of connections on sale, ascending."""
    return tuple(sorted({int(match[1] or match[2]) for match in _CONNECTIONS.finditer(text)}))


def claims(text: str) -> tuple[Claim, ...]:
    """Return what a service boasts of."""
    by_figure: dict[tuple[str, int], Claim] = {}
    for match in _CLAIM.finditer(text):
        number = int(re.sub(r"\D", "", match["n"]))
        number *= {"k": 1_000, "m": 1_000_000, "mio": 1_000_000}.get((match["k"] or "").lower(), 1)
        what = next((group for group in ("customers", "channels") if match[group]), "titles")
        by_figure.setdefault(
            (what, number), Claim(what=what, number=number, quoted=match[0].strip())
        )
        if len(by_figure) >= 50:
            break
    return tuple(by_figure.values())


def is_half_a_price(text: str) -> bool:
    """Tell whether a line is a bare amount or a bare currency, the other half being elsewhere."""
    return _HALF.fullmatch(text) is not None


def begins_with_currency(text: str) -> bool:
    """Tell whether a line begins with a currency that no amount of its own follows."""
    return _CURRENCY_ALONE.match(text) is not None


def _krone_named(lines: list[str]) -> str | None:
    currencies = {code for line in lines for code in re.findall(r"\b(?:SEK|DKK|NOK)\b", line)}
    return currencies.pop() if len(currencies) == 1 else None


def _months_near(lines: list[str], index: int, after: str, before: str) -> float | None:
    """Look right, left, down if the sentence goes on there, up to the heading, and down."""
    if _LIFETIME.search(before + after):
        return None
    above = list(reversed(_until_price(list(reversed(lines[max(0, index - 3) : index])))))
    below = _until_price(lines[index + 1 : index + 3])
    near = [after[:60], before[-80:]]
    near += [text for text in below[:1] if _GOES_ON.match(text)]
    near += [*reversed(above), *below]
    return next((months for text in near if (months := term_months(text)) is not None), None)


def _until_price(lines: list[str]) -> list[str]:
    lines_before = []
    for line in lines:
        if _PRICE.search(line):
            break
        lines_before.append(line)
    return lines_before


def _amount(text: str) -> Decimal | None:
    digits = re.sub(r"[ '’\u00a0\u202f]", "", text)
    # The last mark with one or two digits after it is the decimal one; others part thousands.
    if match := re.fullmatch(r"([\d.,]*?)[.,](\d{1,2})", digits):
        digits = re.sub(r"[.,]", "", match[1]) + "." + match[2]
    else:
        digits = re.sub(r"[.,]", "", digits)
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None
