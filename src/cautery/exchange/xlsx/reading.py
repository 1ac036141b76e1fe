"""A workbook as sheets of cells: ours, or a partner's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from cautery.errors import InputError
from cautery.exchange.loss import Loss
from cautery.exchange.shape import NOTHING, Assumed, Reading
from cautery.exchange.table.foreign import read_foreign
from cautery.exchange.table.own import is_ours, read_own, sheet_left_out
from cautery.exchange.table.sheet import (
    MOST_TITLES,
    MOST_VALUES,
    Place,
    Sheet,
    is_blank,
    refused_at,
)
from cautery.exchange.table.values import Cell, whole_number, words
from cautery.exchange.table.words import CONTINUED
from cautery.exchange.xlsx.archive import looked_through
from cautery.exchange.xlsx.limits import CONTINUED_TITLES

_POINTER = re.compile(re.escape(CONTINUED) + r"([0-9]{1,7})\]")
_Rows = Iterator[tuple[int, Sequence[Cell]]]


def read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    """Read a workbook of ours, or of a partner.

    Raises
    ------
    InputError
        With file, sheet, row and column, if it cannot be read, or python-calamine is missing.
    """
    library = calamine()
    left_out = looked_through(raw, file)
    with _refusals(library, file):
        workbook = library.load_workbook(io.BytesIO(raw))
        sheets = {
            sheet.name: _Cells(workbook.get_sheet_by_name(sheet.name))
            for sheet in workbook.sheets_metadata
            if sheet.typ == library.SheetTypeEnum.WorkSheet
        }
    if any(is_ours(sheet.titles) for sheet in sheets.values()):
        reading = _own(sheets, file)
    else:
        tables = (Sheet(name, _bounded(sheet, name, file)) for name, sheet in sheets.items())
        reading = read_foreign(tables, file, assumed)
    return Reading(package=reading.package, left_out=left_out + reading.left_out)


def calamine() -> ModuleType:
    """Return the library that reads workbooks.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import python_calamine  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            "a workbook needs the library python-calamine", hint="pip install 'cautery[exchange]'"
        ) from error
    return python_calamine


class _Cells:
    """The rows of a sheet, which can be gone through more than once."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._first = (sheet.start or (0, 0))[0]
        self.titles: Sequence[Cell] = next(iter(sheet.to_python(nrows=1)), ())

    def __iter__(self) -> _Rows:
        return enumerate(self._sheet.iter_rows(), self._first + 1)


@contextmanager
def _refusals(library: ModuleType, file: str) -> Iterator[None]:
    """Turn what the library raises into a sentence."""
    try:
        yield
    except library.PasswordError as error:
        raise InputError(f"{file}: it is encrypted", hint="Save it without a password.") from error
    except library.CalamineError as error:
        raise InputError(f"{file}: it is not a workbook that can be read: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's own, which has no public name
            raise
        raise InputError(f"{file}: it is not a workbook that can be read") from error


def _own(sheets: dict[str, _Cells], file: str) -> Reading:
    long: dict[int, str] = {}
    ours: list[Sheet] = []
    others: list[Loss] = []
    for name, sheet in sheets.items():
        rows = _bounded(sheet, name, file)
        if is_ours(sheet.titles):
            ours.append(Sheet(name, rows))
        elif tuple(sheet.titles) == CONTINUED_TITLES:
            long |= _continued(rows, name, file)
        elif count := sum(1 for _, row in rows if not is_blank(row)):
            others.append(sheet_left_out(name, count))
    reading = read_own((Sheet(one.name, _joined(one, long, file)) for one in ours), file)
    if long:
        raise InputError(f"{file}: the text {CONTINUED}{min(long)}] belongs to no cell")
    return Reading(package=reading.package, left_out=(*others, *reading.left_out))


def _continued(rows: _Rows, name: str, file: str) -> dict[int, str]:
    """Return the long texts by their numbers; each piece must be there, in its order."""
    pieces: dict[int, list[str]] = {}
    for number, row in rows:
        if is_blank(row) or tuple(row) == CONTINUED_TITLES:
            continue
        with refused_at(Place(file, name, number)):
            text, part = whole_number(row[0]), whole_number(row[1])
            if part != len(pieces.setdefault(text, [])) + 1:
                raise InputError(f"part {part} of text {text} is not where it belongs")
            piece = words(row[2])
            if not piece.startswith("'"):
                raise InputError("a piece of a text begins with an apostrophe")
        pieces[text].append(piece[1:])
    return {number: "".join(parts) for number, parts in pieces.items()}


def _joined(sheet: Sheet, long: dict[int, str], file: str) -> _Rows:
    """Yield rows with the long texts in their cells; each is used once."""
    for number, row in sheet.rows:
        begun = [
            column
            for column, cell in enumerate(row)
            if isinstance(cell, str) and cell.startswith(CONTINUED)
        ]
        whole = list(row)
        for column in begun:
            match = _POINTER.fullmatch(str(row[column]))
            text = None if match is None else long.pop(int(match[1]), None)
            if text is None:
                raise InputError(
                    f"{Place(file, sheet.name, number)}, column {column + 1}: "
                    f"{str(row[column])[:40]!r} is not in the sheet Continued"
                )
            whole[column] = text
        yield number, whole


def _bounded(sheet: _Cells, name: str, file: str) -> _Rows:
    values = 0
    for number, row in sheet:
        if len(row) > MOST_TITLES and not is_blank(row[MOST_TITLES:]):
            raise InputError(f"{Place(file, name, number)}: more than {MOST_TITLES} columns")
        values += len(row) - row.count("")
        if values > MOST_VALUES:
            raise InputError(f"{file}: sheet {name!r} has more than {MOST_VALUES:,} filled cells")
        yield number, row
