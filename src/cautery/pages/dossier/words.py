"""How a dossier writes numbers, times and error rates in the language of its reader."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from cautery.messages import language, text_of, tr
from cautery.messages.values import plain

_MARKS = {"en": (".", ","), "fr": (",", "\u202f"), "it": (",", "."), "es": (",", "\u202f")}
"""Decimal mark and mark between thousands, by language."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def written(number: str) -> str:
    """Return a number that is written in English with the marks of the language in use.

    Examples
    --------
    >>> from cautery.messages import in_language
    >>> with in_language("it"):
    ...     written("12,345.6")
    '12.345,6'
    """
    decimal, thousands = _MARKS.get(language().partition("-")[0], _MARKS["en"])
    return number.translate({ord("."): decimal, ord(","): thousands})


def style(value: float) -> str:
    """Write a number of a sentence; see :data:`cautery.messages.values.Style`."""
    return written(plain(value))


def rate_key(what: str) -> tuple[str, dict[str, str]]:
    """Return what an error rate is of, with its numbers as places, and these numbers.

    So a rate keeps its translation when it is measured anew with other numbers.

    Examples
    --------
    >>> rate_key("sound missed, one 10-s probe")
    ('sound missed, one %(n1)s-s probe', {'n1': '10'})
    """
    numbers: dict[str, str] = {}

    def place(number: re.Match[str]) -> str:
        name = f"n{len(numbers) + 1}"
        numbers[name] = number[0]
        return f"%({name})s"

    return _NUMBER.sub(place, what.replace("%", "%%")), numbers


def rate_name(what: str) -> str:
    """Return what an error rate is of, in the language in use."""
    text, numbers = rate_key(what)
    return text_of(text) % {name: written(number) for name, number in numbers.items()}


def second(at: datetime) -> str:
    """Return a time in UTC to the second, rounded down.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 5, 1, 12, 0, 0, 500000, tzinfo=UTC)
    >>> second(at), second_after(at)
    ('2026-05-01 12:00:00', '2026-05-01 12:00:01')
    """
    return f"{at:%Y-%m-%d %H:%M:%S}"


def second_after(at: datetime) -> str:
    """Return a time in UTC to the second, rounded up: a bound that may only grow."""
    return second(at if at.microsecond == 0 else at + timedelta(seconds=1))


def by_this_clock(at: datetime) -> str:
    """Return a time, and whose it is: no outside proof stands beside it."""
    return tr("%(time)s UTC, by this machine's clock", time=second(at))
