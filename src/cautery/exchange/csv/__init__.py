"""CSV, one table of everything (RFC 4180): the column Kind says what a row is about.

The first row has the titles, the second is the package itself. The file begins with a byte order
mark: without one spreadsheets take UTF-8 for something else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain

from cautery.exchange.csv.lines import decoded, looks_like_a_table, rows_of
from cautery.exchange.shape import NOTHING, Assumed, Format, Reading
from cautery.exchange.table.columns import (
    EVERY,
    KIND,
    PACKAGE,
    RELATION,
    Row,
    columns_of,
    item_rows,
    package_row,
    relation_rows,
)
from cautery.exchange.table.foreign import read_foreign
from cautery.exchange.table.own import is_ours, read_own
from cautery.exchange.table.sheet import Sheet
from cautery.model.exchange import Package

_BOM = b"\xef\xbb\xbf"
_ROWS_A_PIECE = 2_000


def write(package: Package) -> Iterator[bytes]:
    """Write a package as one table: its own row, its items, its relations."""
    rows = chain(
        [_spread(PACKAGE, package_row(package))],
        (
            _spread(item.kind, row)
            for item, row in zip(package.items, item_rows(package.items), strict=True)
        ),
        (_spread(RELATION, row) for row in relation_rows(package.relations)),
    )
    yield _BOM
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow((KIND, *EVERY))
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % _ROWS_A_PIECE == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    """Read a table of ours, or of a partner.

    Raises
    ------
    InputError
        With file, row and column, if it cannot be read.
    """
    rows = rows_of(decoded(raw, file), file)
    first = next(rows, (1, ()))
    sheet = Sheet("", chain([first], rows))
    if is_ours(first[1]):
        return read_own([sheet], file)
    return read_foreign([sheet], file, assumed)


def _spread(kind: str, cells: Row) -> Iterable[str | float]:
    """Return the cells of a row at the places of all columns."""
    by_title = {column.title: cell for column, cell in zip(columns_of(kind), cells, strict=True)}
    return (str(kind), *(by_title.get(title, "") for title in EVERY))


FORMAT = Format(
    name="csv",
    title="CSV, one table",
    suffix=".csv",
    media_type="text/csv",
    write=write,
    read=read,
    recognises=looks_like_a_table,
    consumers={
        "Excel": "A CSV that is opened with a double click: cells of over 32,767 characters are "
        "cut, rows after 1,048,576 are dropped, and text that looks like a number or a date is "
        "changed. Import it with Data > From Text/CSV, or send XLSX.",
        "LibreOffice": "Cells of over 32,767 characters are kept; rows after 1,048,576 are "
        "dropped. Choose the column type Text for all columns when it asks.",
    },
)
