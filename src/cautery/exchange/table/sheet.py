"""A table as it was read: its title row, its rows with their numbers, and words for its faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cautery.errors import InputError
from cautery.exchange.table.values import Cell

MOST_TITLES = 200
"""Columns of a table that is read; ours have some fifty."""
MOST_ROWS = 1_048_576
"""As a spreadsheet has."""
MOST_VALUES = 6_000_000
"""Filled cells of a file: 250,000 rows of ours have half as many; each takes 60 bytes or more."""
FIRST_ROWS = 20
"""Among which the titles of a partner's table stand, below words about it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of cells; a row may be shorter than the title row.

    Parameters
    ----------
    name : str
        Of the sheet; empty: the file is one table.
    rows : iterable of (int, sequence of cells)
        Each with its number, as a spreadsheet counts them.
    """

    name: str
    rows: Iterable[tuple[int, Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a row of a sheet of a file."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        sheet = f"sheet {self.sheet!r}, " if self.sheet else ""
        return f"{self.file}: {sheet}row {self.row}"


@contextmanager
def refused_at(place: object, column: str = "") -> Iterator[None]:
    """Name the place of what is refused within.

    Raises
    ------
    InputError
        What was raised within, with its place before it.
    """
    try:
        yield
    except InputError as error:
        where = f"{place}, column {column!r}" if column else str(place)
        raise InputError(f"{where}: {error}", hint=error.hint) from error


def is_blank(row: Sequence[Cell]) -> bool:
    """Tell whether a row has nothing in it."""
    return not any(cell != "" for cell in row)
