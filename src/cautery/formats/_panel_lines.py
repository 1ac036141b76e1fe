"""A panel's table of lines as CSV, row by row: for the derivative of seized material.

The same table as :mod:`cautery.formats.panel_dump` counts; here each line becomes a row under
pseudonyms, beside what dumps and logs say of it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from cautery.errors import SourceError
from cautery.formats._buffer import Buffer
from cautery.formats._panel_tables import Plan, choose
from cautery.formats._seized import SeizedRow, unread
from cautery.formats._sql import Chosen
from cautery.formats._table_lines import table_lines
from cautery.formats._tally import Tally
from cautery.formats._text import begin
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model import Authority

_SEPARATORS = ",;\t|"
_NULLS = frozenset(("null", "\\n", "none"))


def read_panel_lines(
    chunks: Iterable[bytes], *, authority: Authority
) -> Iterator[SeizedRow | ReadWarning]:
    """Yield one row for each line of the table.

    Parameters
    ----------
    authority : Authority
        Under whose mandate it is read.

    Raises
    ------
    SourceError
        If the header names neither a user nor a box, or no end of its time.
    """
    assert isinstance(authority, Authority)
    _, stream = begin(chunks, expected_format="a table of lines")
    buffer, tally = Buffer(stream), Tally()
    table: tuple[str, int, Chosen[Plan]] | None = None
    for line in table_lines(buffer, tally):
        if isinstance(line, ReadWarning):
            yield line
            continue
        number, text = line
        if table is None:
            table = lines_header(text)
            if table is None:
                raise SourceError(
                    "not a table of lines: its header must name username or mac, and exp_date"
                )
            continue
        separator, width, choice = table
        fields = _fields(text, separator)
        if len(fields) != width:
            yield from unread(tally, number, message("unread.not-a-row"), text)
            continue
        cells = zip(choice.plan.fields, (fields[place] for place in choice.places), strict=True)
        values = {name: value for name, value in cells if value.lower() not in _NULLS}
        yield SeizedRow(kind=choice.plan.kind, values=values, line=number)
    if table is None:
        raise SourceError("not a table of lines: it has no header")
    yield from tally.rest()


def lines_header(text: str) -> tuple[str, int, Chosen[Plan]] | None:
    """Return separator, width, and the columns that are read; ``None``: no header of lines."""
    head = text.removeprefix("\ufeff")[:4096]
    separator = max(_SEPARATORS, key=head.count)
    names = [field.strip().strip('"').lower() for field in _fields(head, separator)]
    choice = choose("users", names) if len(names) > 2 else None
    return None if choice is None or choice.plan.kind != "line" else (separator, len(names), choice)


def _fields(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return []
