"""Values in cells, and out of them: times as ISO text in UTC, so that no program shifts them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cautery.errors import InputError
from cautery.exchange.table.words import cell_of, text_of
from cautery.model.evidence import ExhibitId
from cautery.model.marking import HandlingCode
from cautery.model.times import iso, to_utc

Cell = str | float | int | bool | date | datetime | time | timedelta
"""As a reader of spreadsheets gives it; ``""``: it is empty."""
REQUIRED = object()
"""In place of what an empty cell means: it must not be empty."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value is written into a cell, and read.

    Parameters
    ----------
    write : callable
        Value to cell; it is never asked for ``None``.
    read : callable
        A cell that is not empty to its value; it raises :class:`~cautery.errors.InputError`.
    blank : object
        What an empty cell means; ``REQUIRED``: it is refused.
    """

    write: Callable[[Any], str | float]
    read: Callable[[Cell], Any]
    blank: Any = None


def words(cell: Cell) -> str:
    """Return a cell as text: a whole number without its point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    return str(cell)


def text(cell: Cell) -> str:
    """Return the text of a cell of ours."""
    return text_of(words(cell))


@lru_cache(maxsize=1 << 14)
def moment(cell: Cell) -> datetime:
    """Return a time in UTC; a cell of a date and time is in UTC, as the column's title says.

    Raises
    ------
    InputError
        If it is none, or nobody knows its zone.
    """
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC) if cell.tzinfo is None else to_utc("time", cell)
    cell_text = words(cell).strip()
    try:
        return to_utc("time", datetime.fromisoformat(cell_text))
    except ValueError as error:
        raise InputError(
            f"{cell_text[:40]!r} is not a valid time", hint="Write it as 2026-11-30T12:00:00Z."
        ) from error


def number(cell: Cell) -> float:
    """Return a number, written with a point.

    Raises
    ------
    InputError
        If it is none.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    cell_text = text(cell).strip()
    if not _NUMBER.fullmatch(cell_text):
        raise InputError(f"{cell_text[:40]!r} is not a number", hint="Write it as 0.75.")
    return float(cell_text)


def whole_number(cell: Cell) -> int:
    """Return a whole number.

    Raises
    ------
    InputError
        If it is none.
    """
    cell_text = words(cell).strip()
    if isinstance(cell, bool) or not _WHOLE.fullmatch(cell_text):
        raise InputError(f"{cell_text[:40]!r} is not a whole number")
    return int(cell_text)


def yes_or_no(cell: Cell) -> bool:
    """Return what a cell of yes or no says.

    Raises
    ------
    InputError
        If it says neither.
    """
    cell_text = words(cell).strip().lower()
    if cell_text not in ("yes", "no"):
        raise InputError(f"{cell_text[:40]!r} is neither yes nor no")
    return cell_text == "yes"


def word_of(kinds: type[StrEnum]) -> Callable[[Cell], StrEnum]:
    """Return the reader of a cell that holds one of some words."""
    by_word: dict[Cell, StrEnum] = {str(kind): kind for kind in kinds}

    def read(cell: Cell) -> StrEnum:
        member = by_word.get(cell)
        if member is None:
            raise InputError(
                f"{words(cell)[:40]!r} is not one of its words",
                hint=f"One of: {', '.join(map(str, by_word))}.",
            )
        return member

    return read


def exhibits(cell: Cell) -> tuple[ExhibitId, ...]:
    """Return digests that stand in a cell with spaces between them."""
    return tuple(ExhibitId(digest) for digest in words(cell).split(" "))


def handling(cell: Cell) -> frozenset[HandlingCode]:
    """Return handling codes that stand in a cell with spaces between them.

    Raises
    ------
    InputError
        If one is unknown.
    """
    read = word_of(HandlingCode)
    return frozenset(HandlingCode(read(code)) for code in words(cell).split(" "))


def _number_cell(value: float) -> str | float:
    """Return a number as it is, or as text where the 16 digits of a workbook would alter it."""
    return value if float(f"{value:.16G}") == value else repr(value)


def word(kinds: type[StrEnum], *, blank: Any = None) -> Codec:
    """Return the codec of one of some words."""
    return Codec(str, word_of(kinds), blank)


NAME = Codec(cell_of, text, REQUIRED)
"""Text that must not be empty."""
TEXT = Codec(lambda value: cell_of(value) if value else "", text, "")
"""Text that may be empty, and is never missing."""
PERHAPS_TEXT = Codec(cell_of, text)
"""Text that may be missing; the empty one is written as two quotes."""
TIME = Codec(iso, moment, REQUIRED)
PERHAPS_TIME = Codec(iso, moment)
YES_OR_NO = Codec(lambda value: "yes" if value else "no", yes_or_no, REQUIRED)
NUMBER = Codec(_number_cell, number)
WHOLE = Codec(int, whole_number)
EXHIBITS = Codec(" ".join, exhibits, ())
HANDLING = Codec(lambda codes: " ".join(sorted(codes)), handling, frozenset())
