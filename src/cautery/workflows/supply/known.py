"""What an analyst knows of a map's assets: a table of demand, needs and costs."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection
from pathlib import Path

from cautery.errors import InputError
from cautery.packed import bounded, chunks_of
from cautery.workflows.files.lines import as_utf8, lines_of, rows_of
from cautery.workflows.supply.infer import Given

_COLUMNS = ("demand", "needs", "cost")
_MOST_BYTES, _MOST_LINES = 16_000_000, 100_000
"""Of a table of a map's assets, whose rows are held at once."""
_LONGEST = 4096
_NOBODY = "nobody"
"""As a cost: nobody can act on it."""


def read_known(path: Path, *, names: Collection[str]) -> Given:
    """Read a table of ``asset`` and any of ``demand``, ``needs`` and ``cost``.

    Parameters
    ----------
    names : collection of str
        The map's assets; a host may be named without its ``host:``.

    Raises
    ------
    InputError
        If a column, an asset or a figure is not valid; the line is named.
    """
    try:
        chunks = bounded(
            chunks_of(path), most_bytes=_MOST_BYTES, most_lines=_MOST_LINES, named=path.name
        )
        rows = rows_of(lines_of(as_utf8(chunks, path.name), longest=_LONGEST), path.name)
        lines = list(enumerate(rows, start=2))
    except csv.Error as error:
        raise InputError(f"{path.name} is no CSV: {error}") from error
    columns = [fieldname for fieldname in rows.fieldnames or () if fieldname != "asset"]
    strange = [column for column in columns if column not in _COLUMNS]
    if "asset" not in (rows.fieldnames or ()) or not columns or strange:
        raise InputError(
            f"{path.name}: its columns are {', '.join(rows.fieldnames or ()) or 'none'}",
            hint="Want asset and any of demand, needs, cost.",
        )
    known_names = set(names)
    figures: dict[str, dict[str, float | None]] = {column: {} for column in _COLUMNS}
    for number, row in lines:
        name = (row["asset"] or "").strip()
        asset = next(
            (candidate for candidate in (name, f"host:{name}") if candidate in known_names), None
        )
        if asset is None:
            raise InputError(f"{path.name}, line {number}: {name!r} is not an asset of the map")
        for column in columns:
            text = (row[column] or "").strip()
            if text:
                where = f"{path.name}, line {number}, {column}"
                figures[column][asset] = _figure(text, column, where)
    demand = {name: value for name, value in figures["demand"].items() if value is not None}
    return Given(
        demand=demand or None,
        needed={name: int(value) for name, value in figures["needs"].items() if value is not None},
        costs=figures["cost"],
    )


def _figure(text: str, column: str, where: str) -> float | None:
    if column == "cost" and text.lower() == _NOBODY:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{where}: {text[:40]!r} is no number of 0 or more")
    if column == "needs" and (value != int(value) or value < 1):
        raise InputError(f"{where}: {text[:40]!r} is no count of edges")
    return value
