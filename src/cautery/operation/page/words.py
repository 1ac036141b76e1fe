"""How the operation's page writes numbers, intervals, money, dates and other people's words."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

from cautery.operation.page.view.figures import Interval

LONGEST = 4_000
"""Characters of any one text shown; what is longer is cut and its length said."""

DASH, MINUS, THIN = "\u2013", "\u2212", "\u202f"
"""What stands for an unknown, the sign of a negative number, the space within numbers."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder what a reader sees (Unicode UAX 9; "Trojan Source", 2021)."""


def clean(text: str, longest: int = LONGEST) -> str:
    r"""Return text that cannot deceive the reader or break the page: odd characters made visible.

    HTML escaping is the caller's.

    Examples
    --------
    >>> clean("Sport\x00 1")
    'Sport[U+0000] 1'
    """
    shown = text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
    return "".join(f"[U+{ord(one):04X}]" if _odd(one) else one for one in shown)


def clip(text: str) -> str:
    """Return an outside text at a length that a table can bear."""
    return clean(text, 400)


def _odd(one: str) -> bool:
    code = ord(one)
    return (
        (code < 0x20 and one not in "\n\t")
        or 0x7F <= code < 0xA0
        or one in _BIDI
        or 0xD800 <= code < 0xE000
        or code in (0xFFFE, 0xFFFF, 0xFEFF)
    )


def number(value: float | Decimal | None, digits: int = 3) -> str:
    """Return a number with ``digits`` significant digits at least, and all before the point.

    Examples
    --------
    >>> number(0.01234), number(24), number(98765.4)
    ('0.0123', '24', '98\u202f765')
    """
    if value is None:
        return DASH
    value = float(value)
    if not math.isfinite(value):
        return "no number"
    if value == 0:
        return "0"
    decimals = min(12, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{decimals}f}".replace(",", THIN).replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def big(value: float) -> str:
    """Return a large number as people say it, three digits at most.

    Examples
    --------
    >>> big(22e6), big(1_234_000), big(40_250), big(560)
    ('22\u202fM', '1.23\u202fM', '40.2\u202fk', '560')
    """
    if not math.isfinite(value):
        return "no number"
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale * 0.9995 and abs(value) >= 10_000:
            shown = f"{value / scale:.3g}"
            return f"{shown}{THIN}{letter}".replace("-", MINUS)
    return number(value)


def within(interval: Interval) -> str:
    """Return an interval in words, without its middle.

    Examples
    --------
    >>> within(Interval(low=4.1e6, mid=5e6, high=6.6e6, unit="users"))
    '4.1\u202fM to 6.6\u202fM (90\u202f%)'
    """
    if interval.coverage is None:
        return f"{bounds(interval)} (at least, at most)"
    return f"{bounds(interval)} ({number(100 * interval.coverage, 2)}{THIN}%)"


def bounds(interval: Interval) -> str:
    """Return an interval's bounds alone, for a column whose head says the coverage.

    Examples
    --------
    >>> bounds(Interval(low=60_000, mid=90_000, high=135_000))
    '60\u202fk to 135\u202fk'
    """
    return f"{big(interval.low)} to {big(interval.high)}"


def exact(amount: Decimal | None) -> str:
    """Return an amount with every digit that it has.

    Examples
    --------
    >>> exact(Decimal("1234567.50"))
    '1\u202f234\u202f567.50'
    """
    if amount is None:
        return DASH
    if not amount.is_finite() or abs(amount.adjusted()) > 30:
        return clean(str(amount))
    return f"{amount:,f}".replace(",", THIN).replace("-", MINUS)


def cents(amount: float) -> str:
    """Return an amount of money: small ones to the cent, large ones as people say them.

    Examples
    --------
    >>> cents(12.5), cents(411_000)
    ('12.50', '411\u202fk')
    """
    return f"{amount:.2f}" if abs(amount) < 1000 else big(amount)


def percent(share: float | None) -> str:
    """Return a share of one as percent, two significant digits, whole from ten on.

    Examples
    --------
    >>> percent(0.0742), percent(0.934), percent(1.0)
    ('7.4\u202f%', '93\u202f%', '100\u202f%')
    """
    return DASH if share is None else f"{number(100 * share, 2)}{THIN}%"


def day(moment: date | datetime | None) -> str:
    """Return a date as it is said."""
    return DASH if moment is None else f"{moment.day} {moment:%B %Y}"


def utc(moment: datetime | None) -> str:
    """Return date and time to the minute, labelled."""
    return DASH if moment is None else f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def since(span: timedelta) -> str:
    """Return how long after something: ``9 hours after``, ``34 days after``."""
    hours = span.total_seconds() / 3600
    if hours < 0:
        return "before"
    return (
        f"{plural(round(hours), 'hour') if hours < 72 else plural(round(hours / 24), 'day')} after"
    )


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "search", "searches"), plural(1200, "step")
    ('1 search', '1\u202f200 steps')
    """
    return f"{number(count, 12)} {noun if count == 1 else many or noun + 's'}"
