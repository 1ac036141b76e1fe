"""How the operation's page writes large numbers, intervals, money and dates."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

from cautery.drawing.escaping import clean
from cautery.drawing.formatting import DASH, MINUS, THIN, number
from cautery.messages import say, term, tr, tr_n
from cautery.messages.dates import month_name, month_short
from cautery.pages.operation.view.figures import Interval


def big(value: float) -> str:
    """Return a large number as people say it, three digits at most.

    Examples
    --------
    >>> big(22e6), big(1_234_000), big(40_250), big(560)
    ('22\u202fM', '1.23\u202fM', '40.2\u202fk', '560')
    """
    if not math.isfinite(value):
        return tr("no number")
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
        return tr("%(bounds)s (at least, at most)", bounds=bounds(interval))
    return f"{bounds(interval)} ({number(100 * interval.coverage, 2)}{THIN}%)"


def bounds(interval: Interval) -> str:
    """Return an interval's bounds alone, for a column whose head says the coverage.

    Examples
    --------
    >>> bounds(Interval(low=60_000, mid=90_000, high=135_000))
    '60\u202fk to 135\u202fk'
    """
    return tr("%(low)s to %(high)s", low=big(interval.low), high=big(interval.high))


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
    """Return a date with its month in full.

    Examples
    --------
    >>> day(date(2024, 11, 26)), short_day(date(2024, 11, 26))
    ('26 November 2024', '26 Nov 2024')
    """
    if moment is None:
        return DASH
    return tr(
        "%(day)s %(month)s %(year)s",
        day=str(moment.day),
        month=month_name(moment),
        year=f"{moment:%Y}",
    )


def short_day(moment: date) -> str:
    """Return a date with its month in short."""
    return tr(
        "%(day)s %(month)s %(year)s",
        day=str(moment.day),
        month=month_short(moment),
        year=f"{moment:%Y}",
    )


def utc(moment: datetime | None) -> str:
    """Return date and time to the minute, labelled."""
    return DASH if moment is None else f"{short_day(moment)}, {moment:%H:%M} UTC"


def since(span: timedelta) -> str:
    """Return how long after the moment something was, in hours or days."""
    hours = span.total_seconds() / 3600
    if hours < 0:
        return tr("before the moment")
    if hours < 72:
        return tr_n(
            "%(count)s hour after the moment",
            "%(count)s hours after the moment",
            round(hours),
            number,
        )
    days = round(hours / 24)
    return tr_n("%(count)s day after the moment", "%(count)s days after the moment", days, number)


def quantity(name: str) -> str:
    """Return what is estimated, in words; an unknown name stays as it is.

    Examples
    --------
    >>> quantity("payers"), quantity("streams")
    ('payers', 'streams')
    """
    return say(term("quantity", name))


def unit(name: str) -> str:
    """Return a unit in words; an unknown unit stays as it is."""
    return say(term("unit", name))


def place_kind(kind: str) -> str:
    """Return what a place that money went through is; an unknown kind stays as it is."""
    return say(term("money-place", kind))
