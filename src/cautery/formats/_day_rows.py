"""Rows of a table of days, each with its line: a fault says on which line it stands."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache

from cautery.cells import plain_cell, require_few_columns
from cautery.errors import InputError
from cautery.packed import text_lines

MOST_BYTES = 200_000_000
YEARS = range(2000, 2100)
"""Before, nobody streamed; a year after them is a slip of the pen. Judgement."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Row = Mapping[str, str]


def each_row(
    chunks: Iterable[bytes],
    columns: tuple[str, ...],
    most_rows: int,
    keep: Callable[[Row, int], None],
    *,
    may_have: tuple[str, ...] = (),
) -> None:
    """Hand over each row with its line.

    Parameters
    ----------
    columns, may_have : tuple of str
        Those that must be there, and those that may; others are passed over.
    most_rows : int
        Rows.
    keep : callable
        Takes a row, and its line; what it refuses is refused with the line.

    Raises
    ------
    InputError
        With the line, if it is no such table, or ``keep`` refuses a row.
    """
    reader = csv.DictReader(
        # Empty ones count: they are no rows, and take their time.
        text_lines(chunks, most_bytes=MOST_BYTES, most_lines=2 * most_rows + 1),
        strict=True,
    )
    try:
        places = _columns_of(reader, columns, may_have)
        width, count = len(reader.fieldnames or ()), 0
        for cells in reader.reader:  # a dict of all columns would take as long as all the rest
            if not cells:
                continue
            count += 1
            if count > most_rows or len(cells) > width:
                _require(count <= most_rows, f"more than {most_rows:,} rows")
                _require(len(cells) <= width, "the row has more fields than the header")
            cells.extend([""] * (width - len(cells)))
            keep(
                {name: plain_cell(cells[place].strip()) for name, place in places},
                reader.reader.line_num,
            )
    except UnicodeError as error:
        raise InputError(f"line {reader.reader.line_num + 1}: not UTF-8 text") from error
    except (csv.Error, InputError) as error:
        hint = error.hint if isinstance(error, InputError) else None
        raise InputError(f"line {max(1, reader.reader.line_num)}: {error}", hint=hint) from error


@lru_cache(maxsize=1 << 14)
def day_of(field: str, text: str) -> date:
    """Read a day, as 2024-10-26.

    Raises
    ------
    InputError
        If it is none, or of a year in which nobody streamed.
    """
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise InputError(
            f"{field} {text[:40]!r} is not a valid day", hint="Write it as 2024-10-26."
        )
    if day.year not in YEARS:
        raise InputError(f"{field} {text}: the year must be from {YEARS[0]} to {YEARS[-1]}")
    return day


def _columns_of(
    reader: csv.DictReader[str], columns: tuple[str, ...], may_have: tuple[str, ...]
) -> list[tuple[str, int]]:
    """Return the columns that are read, each with its place in a row."""
    require_few_columns(reader, "the table")
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    missing = [column for column in columns if column not in names]
    _require(
        not missing, f"no column {', '.join(missing)}", f"The columns must be: {','.join(columns)}."
    )
    _require(len(set(names)) == len(names), "the header has the same column twice")
    return [(name, names.index(name)) for name in (*columns, *may_have) if name in names]


def _require(holds: bool, rule: str, hint: str | None = None) -> None:  # noqa: FBT001
    if not holds:
        raise InputError(rule, hint=hint)
