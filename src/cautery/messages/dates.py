"""Names of months and weekdays, in the language in use."""

from __future__ import annotations

from datetime import date

from cautery.messages.language import tr


def month_name(day: date) -> str:
    """Return a month's name in full.

    Examples
    --------
    >>> month_name(date(2024, 11, 26)), month_short(date(2024, 11, 26))
    ('November', 'Nov')
    >>> weekday_name(date(2024, 11, 26)), weekday_short(date(2024, 11, 26))
    ('Tuesday', 'Tue')
    """
    names = (
        tr("January"), tr("February"), tr("March"), tr("April"),
        # Translators: the month in full, and also its short form
        tr("May"),
        tr("June"), tr("July"), tr("August"), tr("September"), tr("October"), tr("November"),
        tr("December"),
    )  # fmt: skip
    return names[day.month - 1]


def month_short(day: date) -> str:
    """Return a month's name as it stands where there is little room."""
    names = (
        tr("Jan"), tr("Feb"), tr("Mar"), tr("Apr"), tr("May"), tr("Jun"), tr("Jul"), tr("Aug"),
        tr("Sep"), tr("Oct"), tr("Nov"), tr("Dec"),
    )  # fmt: skip
    return names[day.month - 1]


def weekday_name(day: date) -> str:
    """Return a weekday's name in full."""
    names = (
        tr("Monday"), tr("Tuesday"), tr("Wednesday"), tr("Thursday"), tr("Friday"),
        tr("Saturday"), tr("Sunday"),
    )  # fmt: skip
    return names[day.weekday()]


def weekday_short(day: date) -> str:
    """Return a weekday's name as it stands where there is little room."""
    names = (
        tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun"),
    )  # fmt: skip
    return names[day.weekday()]
