"""``audience.csv``: how many watched an event on a channel, minute by minute, as intervals."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from cautery.cells import plain_cell, require_few_columns
from cautery.errors import InputError
from cautery.packed import pieces_of, small_file, text_lines

COLUMNS = ("event", "channel", "minute", "viewers_low", "viewers_mid", "viewers_high")
MOST_BYTES = 100_000_000
MOST_ROWS = 1_000_000
MOST_CURVES = 10_000
_LONGEST_NAME = 200
_MOST_MINUTE = 100_000
"""Ten weeks; a longer event is none."""
_PEOPLE = 8.2e9
"""People alive: United Nations, World Population Prospects 2024."""
_HINT = f"The columns must be: {','.join(COLUMNS)}."

Row = tuple[int, float, float, float]
"""Minute, then viewers: low, middle, high."""


def read_audience(path: Path) -> Mapping[tuple[str, str], list[Row]]:
    """Return the rows of each event and channel, in the order of the file.

    Raises
    ------
    InputError
        With file, line and rule, if a cell is none of its kind, a minute stands twice, or there are
        more rows, curves or bytes than fit.
    """
    content = small_file(path, most=MOST_BYTES, of="an audience", hint="Split it by events.")
    curves: dict[tuple[str, str], list[Row]] = {}
    minutes: dict[tuple[str, str], set[int]] = {}
    for number, (key, row) in _rows(content, path):
        rows = curves.setdefault(key, [])
        if len(curves) > MOST_CURVES:
            raise InputError(f"{path}: more than {MOST_CURVES:,} events and channels")
        minutes_seen = minutes.setdefault(key, set())
        if row[0] in minutes_seen:
            raise InputError(
                f"{path}, line {number}: minute {row[0]} of {key[0][:40]!r} on {key[1][:40]!r} "
                "occurs twice and would be counted twice"
            )
        minutes_seen.add(row[0])
        rows.append(row)
    if not curves:
        raise InputError(f"{path}: no row", hint=_HINT)
    return curves


def _rows(content: bytes, path: Path) -> Iterator[tuple[int, tuple[tuple[str, str], Row]]]:
    # Line by line: one rare letter would make all of the others four bytes wide.
    text = text_lines(
        pieces_of(content), most_bytes=MOST_BYTES, most_lines=2 * MOST_ROWS, named=str(path)
    )
    reader = csv.DictReader(text, strict=True)
    try:
        require_few_columns(reader, str(path))
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        places = {name: names.index(name) for name in COLUMNS if name in names}
        missing = [name for name in COLUMNS if name not in names]
        if missing or len(set(names)) < len(names):
            what = f"no column {', '.join(missing)}" if missing else "the same column twice"
            raise InputError(f"{path}: {what}", hint=_HINT)
        count = 0
        for cells in reader.reader:  # a dict of all columns would take as long as all the rest
            if not cells:
                continue
            count += 1
            if count > MOST_ROWS:
                raise InputError(f"{path}: more than {MOST_ROWS:,} rows")
            number = reader.reader.line_num
            if len(cells) > len(names):
                raise InputError(f"{path}, line {number}: more cells than columns")
            cells.extend([""] * (len(names) - len(cells)))
            try:
                yield number, _row({name: cells[place] for name, place in places.items()})
            except InputError as error:
                raise InputError(f"{path}, line {number}: {error}", hint=error.hint) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.reader.line_num}: {error}") from error


def _row(cells: Mapping[str, str]) -> tuple[tuple[str, str], Row]:
    event, channel = [_name(column, cells[column].strip()) for column in COLUMNS[:2]]
    minute = cells["minute"].strip()
    whole = minute.isascii() and minute.isdigit() and len(minute) <= 9
    if not (whole and int(minute) <= _MOST_MINUTE):
        raise InputError(
            f"minute {minute[:40]!r}: it must be a whole number from 0 to {_MOST_MINUTE:,}"
        )
    low, mid, high = [_viewers(column, cells[column]) for column in COLUMNS[3:]]
    if not low <= mid <= high:
        raise InputError(
            f"viewers {low:g}, {mid:g}, {high:g}: they must be low, middle and high in this order"
        )
    return (event, channel), (int(minute), low, mid, high)


@lru_cache(maxsize=3 * MOST_CURVES)
def _name(column: str, cell: str) -> str:
    name = plain_cell(cell)
    if not name or len(name) > _LONGEST_NAME:
        raise InputError(f"{column}: it must be a text of at most {_LONGEST_NAME} characters")
    return name


def _viewers(column: str, cell: str) -> float:
    text = cell.strip()
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"{column} {text[:40]!r}: it must be a number") from error
    if not (math.isfinite(value) and 0 <= value <= _PEOPLE):
        raise InputError(f"{column} {text[:40]!r}: it must be from 0 to the number of people alive")
    return value
