"""How pages and reports write unknowns, numbers, shares and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

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
    value = float(value)
    if not math.isfinite(value):
        return "no number"
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


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "stream"), plural(1200, "step"), plural(2, "entry", "entries")
    ('1 stream', '1\u202f200 steps', '2 entries')
    """
    return f"{number(count, 12)} {noun if count == 1 else many or noun + 's'}"


def part_of(part: int, count: int, noun: str, many: str | None = None) -> str:
    """Return how many of a count are meant, with its noun; nothing is not "0 of 0".

    Examples
    --------
    >>> part_of(9, 12, "place"), part_of(1, 1, "flow"), part_of(0, 0, "flow")
    ('9 of 12 places', '1 of 1 flow', 'no flow')
    """
    return f"{number(part, 12)} of {plural(count, noun, many)}" if count else f"no {noun}"


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
