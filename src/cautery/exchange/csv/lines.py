"""CSV of any spreadsheet: commas, semicolons or tabs; UTF-8 or UTF-16."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Sequence
from itertools import islice

from cautery.errors import InputError
from cautery.exchange.shape import MOST_BYTES
from cautery.exchange.table.columns import KIND
from cautery.exchange.table.own import is_ours
from cautery.exchange.table.sheet import FIRST_ROWS, MOST_ROWS, MOST_TITLES, MOST_VALUES
from cautery.exchange.table.titles import meaning_of

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = ",;\t"
_MOST_CELL = 1 << 22
"""Characters: of a text of ours, each written as an escape, it has a million."""
_limit_lock = threading.Lock()


def decoded(raw: bytes, file: str) -> str:
    """Return the text of a table.

    Raises
    ------
    InputError
        If it is too large, or neither UTF-8 nor UTF-16 with its mark.
    """
    if len(raw) > MOST_BYTES:
        raise InputError(f"{file}: it is larger than {MOST_BYTES:,} bytes")
    coding = "utf-16" if raw[:2] in _UTF_16 else "utf-8-sig"
    try:
        return raw.decode(coding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}: byte {error.start:,} is not {'UTF-16' if coding == 'utf-16' else 'UTF-8'}",
            hint="Save it from the spreadsheet as “CSV UTF-8”, or as XLSX.",
        ) from error


def rows_of(text: str, file: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows of a table with their numbers, as a spreadsheet counts them.

    Raises
    ------
    InputError
        With the row, if a quote has no end, or there are too many columns, rows or values.
    """
    if "\0" in text:
        raise InputError(f"{file}: it holds the byte 0, so it is no table of text")
    return _rows(text, _separator(text), file)


def looks_like_a_table(head: bytes) -> bool:
    """Tell whether the first bytes of a file are a table that has a subject in a column."""
    text = head.decode("utf-16" if head[:2] in _UTF_16 else "utf-8-sig", errors="ignore")
    if text.lstrip()[:1] in ("{", "[", "<") or "\0" in text:
        return False
    return any(_known(text, separator) for separator in _SEPARATORS)


def _rows(text: str, separator: str, file: str) -> Iterator[tuple[int, Sequence[str]]]:
    values = number = 0
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    try:
        while (row := _next_row(reader)) is not None:
            number += 1
            if len(row) > MOST_TITLES:
                raise InputError(
                    f"{file}: row {number} has {len(row):,} columns, more than {MOST_TITLES}"
                )
            values += len(row) - row.count("")
            if number > MOST_ROWS or values > MOST_VALUES:
                raise InputError(
                    f"{file}: it has more than {MOST_ROWS:,} rows or {MOST_VALUES:,} filled cells"
                )
            yield number, row
    except csv.Error as error:
        raise InputError(f"{file}: row {number + 1}: {error}") from error


def _next_row(reader: Iterator[list[str]]) -> list[str] | None:
    """Return the next row, whose cells may be long; ``None`` after the last one.

    The limit is the whole process's, so that it is raised for no longer than one row takes: two
    tables read side by side would otherwise leave it raised for everyone.
    """
    with _limit_lock:
        before = csv.field_size_limit(_MOST_CELL)
        try:
            return next(reader, None)
        finally:
            csv.field_size_limit(before)


def _lines(text: str) -> Iterator[str]:
    """Yield lines with their ends; a separator of lines in Unicode ends none."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _separator(text: str) -> str:
    """Return what parts the cells: the sign that makes most known titles of the first rows."""
    return max(_SEPARATORS, key=lambda separator: _known(text, separator))


def _known(text: str, separator: str) -> int:
    """Return how many titles are known in that row of the first ones which has most of them."""
    try:
        rows = [row for _, row in islice(_rows(text, separator, ""), FIRST_ROWS)]
    except InputError:
        return 0
    return max((_titles_in(row) for row in rows), default=0)


def _titles_in(row: Sequence[str]) -> int:
    if is_ours(row):
        return len(row)
    return sum(meaning_of(title)[0] is not None for title in row if title != KIND)
