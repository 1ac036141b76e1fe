"""Bad workbooks: archives that lie, cells that are far away, and what runs."""

from __future__ import annotations

from tests.exchange.hostile import EITHER, Row
from tests.exchange.test_workbook_archives import altered, lying, packed, parts


def _with_far_cell() -> bytes:
    return altered(lambda sheet: sheet.replace(b'r="A2"', b'r="XFD1048576"', 1))


def _with_fault() -> bytes:
    return altered(lambda sheet: sheet.replace(b't="s"', b't="e"', 3))


def _with_entities() -> bytes:
    return altered(lambda sheet: b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet)


ROWS = (
    Row(fault="a sheet that states a smaller size", file=lying, refused="not a workbook"),
    Row(fault="a cell in the last row and column", file=_with_far_cell, refused="span over"),
    Row(fault="cells with errors", file=_with_fault, refused="holds an error such as #REF!"),
    Row(fault="entities", file=_with_entities, refused="declares entities"),
    Row(
        fault="2,100 parts",
        file=lambda: packed(parts() | {f"p{number}": b"" for number in range(2_100)}),
        refused="more than 2,000 parts",
    ),
    Row(
        fault="macros",
        file=lambda: packed(parts() | {"xl/vbaProject.bin": b"macro"}),
        refused=None,
    ),
    Row(
        fault="no strings",
        file=lambda: packed(parts() | {"xl/sharedStrings.xml": b""}),
        refused=EITHER,
    ),
)
