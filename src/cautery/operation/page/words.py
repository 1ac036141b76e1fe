"""How the operation's page writes large numbers, intervals, money and dates."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

from cautery.drawing.escaping import clean
from cautery.drawing.words import DASH, MINUS, THIN, number, plural
from cautery.operation.page.view.figures import Interval


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
            digits = f"{value / scale:.3g}"
            return f"{digits}{THIN}{letter}".replace("-", MINUS)
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
