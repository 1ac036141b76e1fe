"""A workbook of a package: a sheet for each kind of noun, all of its cells text or plain numbers.

No cell is a formula, a link or a date, whatever a text looks like. A text that is too long for a
cell stands in pieces in a sheet of its own, and the cell says which. Columns that no row fills are
hidden, not left out, so that the reader can tell them from lost ones.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from cautery.errors import InputError
from cautery.exchange.table.columns import (
    KIND,
    PACKAGE,
    RELATION,
    Row,
    columns_of,
    item_rows,
    package_row,
    relation_rows,
)
from cautery.exchange.table.words import CONTINUED
from cautery.exchange.xlsx.limits import CONTINUED_TITLES, LONGEST_CELL, MOST_SHEET_ROWS
from cautery.model.exchange import ItemKind, Package

SHEETS = {
    PACKAGE: "About",
    ItemKind.STREAM: "Streams",
    ItemKind.BLOCK: "Targets",
    ItemKind.ORDER: "Orders",
    ItemKind.HOST: "Hosts",
    ItemKind.ADDRESS: "Addresses",
    ItemKind.PANEL: "Panels",
    ItemKind.PLAYLIST: "Playlists",
    ItemKind.FEED: "Feeds",
    ItemKind.STOREFRONT: "Storefronts",
    ItemKind.RESELLER: "Resellers",
    ItemKind.ASSET: "Assets",
    ItemKind.NETWORK: "Networks",
    ItemKind.PERSON: "Persons",
    ItemKind.EXHIBIT: "Exhibits",
    ItemKind.ESTIMATE: "Estimates",
    ItemKind.STATEMENT: "Statements",
    RELATION: "Relations",
}
"""What the sheet of each kind is called, in the order of the workbook."""
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a stamp of the file, the same in all of them
_KIND_WIDTH = 12
_PIECE = 1 << 20


def write(package: Package) -> Iterator[bytes]:
    """Write a package as a workbook.

    Raises
    ------
    InputError
        If xlsxwriter is not installed.
    """
    try:
        import xlsxwriter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            "a workbook needs the library xlsxwriter", hint="pip install 'cautery[exchange]'"
        ) from error
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    workbook = xlsxwriter.Workbook(out, options)
    workbook.set_properties({"created": _MADE})
    _Book(workbook, package.marking.words).fill(package)
    workbook.close()
    content = out.getbuffer()
    for start in range(0, len(content), _PIECE):
        yield bytes(content[start : start + _PIECE])


class _Book:
    """A workbook that is being written."""

    def __init__(self, workbook: Any, marking: str) -> None:
        self._workbook, self._marking = workbook, marking
        # Text stays text, and no program takes it for a formula when somebody edits the cell.
        self._text = workbook.add_format({"num_format": "@", "quote_prefix": True})
        self._title = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._long: list[str] = []

    def fill(self, package: Package) -> None:
        by_kind = {
            kind: tuple(items) for kind, items in groupby(package.items, key=lambda item: item.kind)
        }
        for kind in SHEETS:
            if kind == PACKAGE:
                self._sheets(kind, [package_row(package)])
            elif kind == RELATION:
                self._sheets(kind, relation_rows(package.relations))
            else:
                self._sheets(kind, item_rows(by_kind.get(ItemKind(kind), ())))
        self._continued()

    def _sheets(self, kind: str, rows: Iterable[Row]) -> None:
        """Write rows of a kind, into as many sheets as they need."""
        part, left = 1, iter(rows)
        while (first := next(left, None)) is not None:
            name = SHEETS[kind] if part == 1 else f"{SHEETS[kind]} {part}"
            self._sheet(name, kind, first, left)
            part += 1

    def _sheet(self, name: str, kind: str, first: Row, rows: Iterator[Row]) -> None:
        columns = columns_of(kind)
        sheet = self._begun(name, [KIND, *(column.title for column in columns)])
        used = [False] * len(columns)
        number, row = 1, first
        while True:
            sheet.write_string(number, 0, str(kind), self._text)
            for place, cell in enumerate(row):
                if cell != "":
                    used[place] = True
                    self._write(sheet, number, place + 1, cell)
            if number == MOST_SHEET_ROWS - 1 or (after := next(rows, None)) is None:
                break
            number, row = number + 1, after
        sheet.autofilter(0, 0, number, len(columns))
        sheet.set_column(0, 0, _KIND_WIDTH)
        for place, column in enumerate(columns):
            hidden = {} if used[place] else {"hidden": True}
            sheet.set_column(place + 1, place + 1, column.width, self._text, hidden)

    def _begun(self, name: str, titles: Iterable[str]) -> Any:
        sheet = self._workbook.add_worksheet(name)
        for place, title in enumerate(titles):
            sheet.write_string(0, place, title, self._title)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.repeat_rows(0)
        sheet.set_header(f"&L&A&R{self._marking}")
        return sheet

    def _write(self, sheet: Any, row: int, place: int, cell: str | float) -> None:
        if not isinstance(cell, str):
            sheet.write_number(row, place, cell)
            return
        if len(cell) > LONGEST_CELL:
            self._long.append(cell)
            cell = f"{CONTINUED}{len(self._long)}]"
        sheet.write_string(row, place, cell, self._text)

    def _continued(self) -> None:
        if not self._long:
            return
        sheet = self._begun("Continued", CONTINUED_TITLES)
        row = 0
        for number, text in enumerate(self._long, 1):
            for part, start in enumerate(range(0, len(text), LONGEST_CELL), 1):
                row += 1
                sheet.write_number(row, 0, number)
                sheet.write_number(row, 1, part)
                # With a mark before it: a piece may begin anywhere in the text.
                sheet.write_string(row, 2, f"'{text[start : start + LONGEST_CELL]}", self._text)
