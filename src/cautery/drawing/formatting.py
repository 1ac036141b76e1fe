"""How pages and reports write unknowns, numbers, shares and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

from cautery.messages import tr

DASH, MINUS, THIN = "\u2013", "\u2212", "\u202f"
"""What stands for an unknown, the sign of a negative number, the space within numbers."""


def number(value: float | Decimal | None, digits: int = 3) -> str:
    """Return a number with ``digits`` significant digits at least, and all before the point.

    Examples
    --------
    >>> number(0.01234), number(24), number(98765.4)
    ('0.0123', '24', '98\u202f765')
    """
    if value is None:
        return DASH
    try:
        value = float(value)
    except OverflowError:  # a record may hold a whole number of any length
        return tr("no number")
    if not math.isfinite(value):
        return tr("no number")
    if value == 0:
        return "0"
    decimals = min(12, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{decimals}f}".replace(",", THIN).replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float | None) -> str:
    """Return a share of one as percent, two significant digits, whole from ten on.

    Examples
    --------
    >>> percent(0.0742), percent(0.934), percent(1.0)
    ('7.4\u202f%', '93\u202f%', '100\u202f%')
    """
    return DASH if share is None else f"{number(100 * share, 2)}{THIN}%"


def both(names: Sequence[str]) -> str:
    """Return names that all hold.

    Examples
    --------
    >>> both(["A. Legal", "B. Desk"]), either(["FR", "IT", "ES"])
    ('A. Legal and B. Desk', 'FR or IT or ES')
    """
    return reduce(lambda first, last: tr("%(first)s and %(last)s", first=first, last=last), names)


def either(names: Sequence[str]) -> str:
    """Return names of which one holds."""
    return reduce(lambda first, last: tr("%(first)s or %(last)s", first=first, last=last), names)


def counted(count: int, noun: str, many: str | None = None) -> str:
    """Return a count with its noun in plain ASCII, for a terminal and a log.

    Examples
    --------
    >>> counted(1, "stream"), counted(1200, "step")
    ('1 stream', '1,200 steps')
    """
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def numbered(noun: str, numbers: Sequence[int]) -> str:
    """Return numbers after their noun.

    Examples
    --------
    >>> numbered("line", [3]), numbered("line", [3, 4])
    ('line 3', 'lines 3, 4')
    """
    return f"{noun if len(numbers) == 1 else noun + 's'} {', '.join(map(str, numbers))}"
