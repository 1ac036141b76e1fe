"""Prices, terms, connections and trials as storefronts write them, in the languages of the EU."""

# ruff: noqa: RUF001 - Greek words stand in the patterns
from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_SYMBOLS = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "ευρώ": "EUR", "£": "GBP",
    "gbp": "GBP",
    "$": "USD", "us$": "USD", "usd": "USD", "zł": "PLN", "zl": "PLN", "pln": "PLN", "kč": "CZK",
    "kc": "CZK", "czk": "CZK", "ft": "HUF", "huf": "HUF", "lei": "RON", "ron": "RON", "лв": "BGN",
    "bgn": "BGN", "sek": "SEK", "dkk": "DKK", "nok": "NOK", "kr": "SEK", "chf": "CHF", "₺": "TRY",
    "try": "TRY", "₴": "UAH", "uah": "UAH", "₽": "RUB", "rub": "RUB", "cad": "CAD", "c$": "CAD",
    "ca$": "CAD", "aud": "AUD", "a$": "AUD",
}  # fmt: skip
"""Symbol or code to ISO 4217. ``kr`` alone is ambiguous: the page's language decides."""

_KRONER = {"da": "DKK", "nb": "NOK", "nn": "NOK", "no": "NOK", "sv": "SEK", "is": "ISK"}
_CURRENCY = "|".join(re.escape(one) for one in sorted(_SYMBOLS, key=len, reverse=True))
_AMOUNT = r"\d{1,3}(?:[ .,\u00a0\u202f]\d{3}){1,2}(?:[.,]\d{2})?|\d{1,6}(?:[.,]\d{1,2})?"
_PRICE = re.compile(
    rf"(?i)(?<![\w.,])(?P<before>{_CURRENCY})\s{{0,3}}(?P<a>{_AMOUNT})(?![\d])"
    rf"|(?<![\w.,])(?P<b>{_AMOUNT})\s{{0,3}}(?P<after>{_CURRENCY})(?!\w)"
)
_MONTH = (
    r"months?|mos?\b|mths?|mois|mes(?:es|i|e)?|monat(?:e|en|s)?|maand(?:en)?|m[åa]nad(?:er)?|"
    r"m[åa]ned(?:er)?|miesi[ęa]c[aey]?|miesi[ęe]cy|m[ěe]s[íi]c[ůue]?|mesiac(?:e|ov)?|h[óo]nap|"
    r"lun[iăa]|месец[аи]?|μήν(?:ες|α|ας)|kuukau(?:si|tta)|mjesec[ai]?|mesec[aie]?|m[êe]s"
)
_YEAR = (
    r"years?|yrs?\b|ans?\b|ann[ée]es?|a[ñn]os?|ann[oi]\b|jahr(?:e|en|s)?|jaar|jaren|[åa]r\b|anos?\b|"
    r"rok(?:u|i)?\b|lata?\b|let\b|[ée]v(?:e|es)?\b|ani?\b|годин[аи]|χρόν(?:ος|ια)|vuo(?:si|tta)"
)
_WEEK = (
    r"weeks?|semaines?|semanas?|settiman[ae]|wochen?|weken|veck(?:a|or)|uger?|"
    r"tygod(?:nie|ni|zie[ńn])"
)
_DAY = r"days?|jours?|d[íi]as?|giorn[oi]|tage?|dagen|dagar?|dni|dn[íi]|zile|nap\b"
_HOUR = (
    r"hours?|hrs?\b|h\b|heures?|horas?|or[ae]\b|stunden?|uur\b|uren|"
    r"timm(?:ar|e)|timer|godzin[ay]?|hodin"
)
_TERM = re.compile(
    rf"(?i)(?P<n>\d{{1,3}})?[\s\-+x]{{0,3}}\b(?:(?P<month>{_MONTH})|(?P<year>{_YEAR})|(?P<week>{_WEEK})"
    rf"|(?P<day>{_DAY}))(?!\w)"
)
_ADVERB = re.compile(
    r"(?i)\b(?:(?P<month>monthly|mensuel(?:le)?|mensual|mensile|monatlich|maandelijks)"
    r"|(?P<quarter>quarterly|trimestr\w+|vierteljährlich)"
    r"|(?P<half>semestr\w+|half[- ]?year\w*|halbjährlich)"
    r"|(?P<year>yearly|annual(?:ly)?|annuel(?:le)?|anual|annuale|jährlich|jaarlijks))\b"
)
_CONNECTIONS = re.compile(
    r"(?i)\b(\d{1,2})\s{0,2}(?:simultaneous\s|gleichzeitige\s|concurrent\s)?"
    r"(?:connections?|connexions?|conexi[oó]n(?:es)?|connessioni?|conness\w+|verbindung(?:en)?|"
    r"devices?|screens?|[ée]crans?|dispositivos?|dispositivi?|ger[äa]te?|appareils?|apparaten|"
    r"sk[äa]rmar?|enheter|urz[ąa]dze\w+|połącze\w+|pantallas?|schermi?|multi-?room)"
)
_TRIAL = re.compile(
    rf"(?i)\b(?:free\s|gratis\s|kostenlos\w*\s)?(?P<n>\d{{1,3}})\s?-?(?:(?P<hour>{_HOUR})|(?P<day>{_DAY}))"
    r"[\s\-]{0,3}(?:free\s|de\s|gratis\s|gratuit\s|kostenlos\w*\s)?"
    r"(?:trial|tests?|essai|prueba|prova|probe\w*|proef\w*|gratis|gratuit|testversion|próba|teste)"
    r"|\b(?P<word>free trial|essai gratuit|prueba gratis|prova gratuita|kostenlos\w* test\w*|"
    r"gratis (?:proef\w*|test)|test gratuit|teste gr[áa]tis|darmowy test)"
)
_CLAIM = re.compile(
    r"(?i)(?:(?<=\D)|^)(?P<n>\d{1,3}(?:[ .,\u00a0\u202f]\d{3}){1,3}|\d{2,8})"
    r"\s?(?P<k>k|m|mio)?\s?\+?\s{0,2}"
    r"(?:[a-zà-ÿ]{2,14}\s){0,2}?"
    r"(?P<what>customers?|clients?|clientes?|clienti|kunden|klanten|kunder|subscribers?|abonn[ée]s?|"
    r"users?|utilisateurs?|channels?|cha[iî]nes?|canales|canali|canais|kan[äa]le|sender|zenders|kanaler|"
    r"kana[łl][óo]w|movies|films?|vods?|series|pel[íi]culas|filme)\b"
)
_CUSTOMERS = re.compile(r"(?i)custom|client|kund|klant|subscr|abonn|user|utilis")
_CHANNELS = re.compile(r"(?i)chan|cha[iî]n|cana|kan|sender|zender")
_LIFETIME = re.compile(r"(?i)\blifetime\b|\bà vie\b|\blebenslang|\bde por vida\b|\ba vita\b")
_GOES_ON = re.compile(
    r"(?i)\s{0,3}(?:/|per\b|par\b|pro\b|por\b|al\b|na\b|za\b|i\b|p[åa]\b|a\b|for\b|f[üo]r\b)"
)
_HALF = re.compile(rf"(?i)\s*(?:{_CURRENCY}|[.,]?\d{{1,6}}(?:[.,]\d{{1,2}})?)\s*")
_MOST_PRICES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An offer: an amount, its currency (ISO 4217) and for how long.

    ``months`` is ``None`` when the page does not say near the price; a day is 1/30 of a month.
    """

    amount: Decimal
    currency: str
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
    found: list[Price] = []
    for index, line in enumerate(lines):
        marks = list(_PRICE.finditer(line))
        for position, mark in enumerate(marks):
            amount = _amount(mark["a"] or mark["b"])
            if amount is None or not 0 < amount < 100_000:
                continue
            sign = (mark["before"] or mark["after"]).lower()
            currency = _SYMBOLS[sign]
            if sign == "kr" and language:
                currency = _KRONER.get(language[:2].lower(), "SEK")
            left = marks[position - 1].end() if position else 0
            right = marks[position + 1].start() if position + 1 < len(marks) else len(line)
            found_months = _months_near(
                lines, index, line[mark.end() : right], line[left : mark.start()]
            )
            following = _until_price(lines[index + 1 : index + 5])
            seats = _CONNECTIONS.search(" ".join((line[left:right], *following))[:400])
            found.append(
                Price(
                    amount=amount,
                    currency=currency,
                    months=found_months,
                    connections=int(seats[1]) if seats else None,
                    quoted=line[max(0, mark.start() - 40) : mark.end() + 40].strip(),
                )
            )
            if len(found) >= _MOST_PRICES:
                return tuple(found)
    return tuple(found)


def term_months(text: str) -> float | None:
    """Return the length of the first term in ``text``, in months.

    Examples
    --------
    >>> term_months("12 mois"), term_months("/ Jahr"), term_months("nothing")
    (12.0, 12.0, None)
    """
    if found := _TERM.search(text[:400]):
        count = float(found["n"] or 1)
        if not 0 < count <= 400:
            return None
        if found["month"]:
            return count
        if found["year"]:
            return 12 * count
        return round(count * (7 / 30 if found["week"] else 1 / 30), 3)
    if found := _ADVERB.search(text[:400]):
        return {"month": 1.0, "quarter": 3.0, "half": 6.0, "year": 12.0}[found.lastgroup or "month"]
    return None


def trial_hours(text: str) -> float | None:
    """Return the length of the trial offered, in hours; 0: a trial of unsaid length."""
    found = _TRIAL.search(text)
    if found is None:
        return None
    if found["word"]:
        longer = next((one for one in _TRIAL.finditer(text) if one["n"]), None)
        if longer is None:
            return 0.0
        found = longer
    return float(found["n"]) * (1.0 if found["hour"] else 24.0)


def connections(text: str) -> tuple[int, ...]:
    """Return the numbers of connections on sale, ascending."""
    return tuple(sorted({int(found[1]) for found in _CONNECTIONS.finditer(text)}))


def claims(text: str) -> tuple[Claim, ...]:
    """Return what a service boasts of."""
    found: dict[tuple[str, int], Claim] = {}
    for match in _CLAIM.finditer(text):
        number = int(re.sub(r"\D", "", match["n"]))
        number *= {"k": 1_000, "m": 1_000_000, "mio": 1_000_000}.get((match["k"] or "").lower(), 1)
        what = "titles"
        if _CUSTOMERS.match(match["what"]):
            what = "customers"
        elif _CHANNELS.match(match["what"]):
            what = "channels"
        found.setdefault((what, number), Claim(what=what, number=number, quoted=match[0].strip()))
        if len(found) >= 50:
            break
    return tuple(found.values())


def is_half_a_price(text: str) -> bool:
    """Tell whether a line is a bare amount or a bare currency, the other half being elsewhere."""
    return _HALF.fullmatch(text) is not None


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
    kept = []
    for line in lines:
        if _PRICE.search(line):
            break
        kept.append(line)
    return kept


def _amount(text: str) -> Decimal | None:
    digits = re.sub(r"[ \u00a0\u202f]", "", text)
    # The last mark with one or two digits after it is the decimal one; others part thousands.
    if found := re.fullmatch(r"([\d.,]*?)[.,](\d{1,2})", digits):
        digits = re.sub(r"[.,]", "", found[1]) + "." + found[2]
    else:
        digits = re.sub(r"[.,]", "", digits)
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None
