"""Cells of a table that leaves as CSV: no text from outside runs in a spreadsheet, or steers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator

from cautery.errors import InputError

_SIGNS = (
    r"=+\-@\t\r\n|%"
    # Full width, small forms, superscripts and subscripts, the minus sign: taken for ASCII.
    r"\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207c\u207a\u207b\u208c\u208a\u208b\u2212"
)
_BEGINS = rf"'*[\x22\s]*[{_SIGNS}]"
NUMBER = r"^[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]{1,4})?%?$"
_FORMULA, _NUMBER = re.compile(_BEGINS), re.compile(NUMBER)
"""How a formula begins for a spreadsheet (OWASP, "CSV Injection")."""
_LATER = re.compile(r"(?<=[;\t\r\n])[^;\t\r\n]+")
"""Cells of their own for a spreadsheet that parts at semicolons, as in many countries, or tabs.

It does not see our quotes then, for they stand inside of its cells: a line's end parts as well.
"""
MOST_COLUMNS = 1_000
"""Of a table that is read by the names of its columns; no table of ours has a hundred."""
MARK = "'"
"""Before such a cell: spreadsheets then read it as text."""
MARKED = (rf"^{MARK}({_BEGINS})", rf"([;\t\r\n]){MARK}({_BEGINS})")
"""A mark before the whole cell, then those within it, without look-around: for other engines."""


def safe_cell(text: str) -> str:
    """Return a cell's text that no spreadsheet runs; a number stays a number.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(A1)"), safe_cell("-3.5"), safe_cell("Arena 1")
    ("'=HYPERLINK(A1)", '-3.5', 'Arena 1')
    >>> safe_cell("x;=HYPERLINK(A1)")
    "x;'=HYPERLINK(A1)"
    """
    return _marked(_LATER.sub(lambda found: _marked(found[0]), text))


def _marked(text: str) -> str:
    return MARK + text if _FORMULA.match(text) and not _NUMBER.match(text) else text


def plain_cell(text: str) -> str:
    """Take back what :func:`safe_cell` did, where such a CSV is read again.

    Examples
    --------
    >>> plain_cell("'=HYPERLINK(A1)"), plain_cell("'s Heerenberg")
    ('=HYPERLINK(A1)', "'s Heerenberg")
    """
    if MARK not in text:
        return text
    return _LATER.sub(lambda found: _bare(found[0]), _bare(text))


def _bare(text: str) -> str:
    bare = text.removeprefix(MARK)
    return bare if bare != text and _marked(bare) == text else text


def csv_cell(text: str) -> str:
    r"""Return a cell of a CSV to write: it runs nowhere, and what steers a terminal is escaped.

    Lines stay lines. Escapes keep apart what differs: a file is read again by programs.

    Examples
    --------
    >>> csv_cell("=1"), csv_cell("a\x1b[2Jb")
    ("'=1", 'a\\u001b[2Jb')
    """
    return safe_cell("\n".join(map(escaped, text.split("\n"))))


def table_of(rows: Iterable[Iterable[object]]) -> bytes:
    r"""Return rows as CSV (RFC 4180) that leaves: each text of them by :func:`csv_cell`.

    Examples
    --------
    >>> table_of([("what", "bytes"), ("=1", 7), (None, 0.5)])
    b"what,bytes\r\n'=1,7\r\n,0.5\r\n"
    """
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [cell if isinstance(cell, int | float | None) else csv_cell(str(cell)) for cell in row]
        for row in rows
    )
    return out.getvalue().encode()


def escaped(line: str) -> str:
    """Return a line in which each sign that steers is written as JSON escapes it."""
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)


def require_few_columns(rows: csv.DictReader[str], named: str) -> None:
    """Refuse a table of thousands of columns: each line that lacks them costs as many steps.

    Raises
    ------
    InputError
        If its first line names more than :data:`MOST_COLUMNS`.
    csv.Error
        If its first line cannot be read.
    """
    count = len(rows.fieldnames or ())
    if count > MOST_COLUMNS:
        raise InputError(
            f"{named}: its first line names {count:,} columns, more than {MOST_COLUMNS:,}",
            hint="Leave out the columns that are not needed.",
        )


def rows_of(
    rows: csv.DictReader[str], wanted: Iterable[str], *, named: str
) -> Iterator[dict[str, str]]:
    """Yield the cells of some columns of each row, empty where it ends before them.

    A dict of all columns would take as long as all the rest, in a table of a thousand.

    Raises
    ------
    InputError
        If there are too many columns, or a row has more cells than there are columns.
    csv.Error
        If a line cannot be read.
    """
    require_few_columns(rows, named)
    names = rows.fieldnames or ()
    places = [(name, names.index(name)) for name in wanted if name in names]
    for cells in rows.reader:
        if len(cells) > len(names):
            raise InputError("the row has more fields than the header")
        if cells:
            yield {name: cells[place] if place < len(cells) else "" for name, place in places}
