"""Tables that Cautery wrote, read again: each column must be there, and each cell must fit.

What a partner adds in columns or sheets of his own is counted as left out. A row that is gone is
told by the counts of the package's own row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from cautery.errors import InputError
from cautery.exchange.loss import WHOLE, Loss
from cautery.exchange.shape import MOST_ITEMS, Reading
from cautery.exchange.table.columns import EVERY, KIND, PACKAGE, RELATION, Column, columns_of
from cautery.exchange.table.sheet import Place, Sheet, is_blank, refused_at
from cautery.exchange.table.values import REQUIRED, Cell, words
from cautery.model.exchange import Interval, Item, ItemKey, ItemKind, Package, Relation
from cautery.model.marking import Marking

_OURS = frozenset({KIND, "Stated by", "Stated at (UTC)", "TLP"})
_OURS_OF_LINKS = frozenset({KIND, "Relation", "Stated at (UTC)", "TLP"})
_NOUNS = {"marking": Marking, "interval": Interval, "source": ItemKey, "target": ItemKey}


def is_ours(titles: Iterable[Cell]) -> bool:
    """Tell whether a title row is one that Cautery wrote."""
    title_set = {title for title in titles if isinstance(title, str)}
    return title_set >= _OURS or title_set >= _OURS_OF_LINKS


def read_own(sheets: Iterable[Sheet], file: str) -> Reading:
    """Return the package that tables of ours hold.

    Raises
    ------
    InputError
        With file, sheet, row and column, if a column is missing, a cell does not fit, the row of
        the package is missing or counts other rows, or what they say is no package.
    """
    gathered = _Gathered()
    for sheet in sheets:
        _read_sheet(sheet, file, gathered)
    if gathered.about is None:
        raise InputError(f"{file}: no row has the kind {PACKAGE!r}")
    place, about = gathered.about
    for noun, nouns in (("items", gathered.items), ("relations", gathered.relations)):
        if (count := about.pop(noun)) != len(nouns):
            raise InputError(
                f"{place}: it counts {count:,} {noun}, and the file has {len(nouns):,}",
                hint="Were rows lost on the way? If they were left out on purpose, correct the "
                "count.",
            )
    with refused_at(file):
        package = Package(**about, items=tuple(gathered.items), relations=tuple(gathered.relations))
    return Reading(package=package, left_out=tuple(gathered.left_out))


@dataclass(slots=True)
class _Gathered:
    """What has been read so far; equal markings are one object."""

    about: tuple[Place, dict[str, Any]] | None = None
    items: list[Item] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    left_out: list[Loss] = field(default_factory=list)
    nouns: dict[tuple[Cell, ...], Any] = field(default_factory=dict)


def _read_sheet(sheet: Sheet, file: str, gathered: _Gathered) -> None:
    rows = iter(sheet.rows)
    number, first = next(rows, (1, ()))
    titles = _titles(first, Place(file, sheet.name, number))
    plans: dict[str, _Plan] = {}
    foreign = [place for title, place in titles.items() if title not in EVERY and title != KIND]
    extra = dict.fromkeys(foreign, 0)
    for number, row in rows:
        if is_blank(row):
            continue
        place = Place(file, sheet.name, number)
        kind = words(row[titles[KIND]]) if titles[KIND] < len(row) else ""
        if (plan := plans.get(kind)) is None:
            plan = plans[kind] = _plan(kind, titles, place)
        for column in foreign:
            extra[column] += column < len(row) and row[column] != ""
        _read_row(kind, plan, row, place, gathered)
        if len(gathered.items) + len(gathered.relations) > MOST_ITEMS:
            raise InputError(f"{file}: it has more than {MOST_ITEMS:,} items and relations")
    gathered.left_out += (
        Loss(
            noun=sheet.name or "row",
            field=words(first[place]) or "a column without a title",
            count=count,
            altered=0,
            example=f"column {place + 1}",
            why="this column is not one of Cautery's",
        )
        for place, count in extra.items()
        if count
    )


def _titles(first: Sequence[Cell], place: Place) -> dict[str, int]:
    titles: dict[str, int] = {}
    for column, title in enumerate(first):
        name = words(title) or f"\0{column}"
        if name in titles:
            raise InputError(f"{place}: the column {name!r} stands twice")
        titles[name] = column
    return titles


_Field = tuple[str, Column, int]
"""A field of a noun, its column, and the place of this in a row."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How rows of a kind are read: each column with its place, nouns within the noun together."""

    plain: tuple[_Field, ...]
    within: tuple[tuple[str, tuple[_Field, ...]], ...]
    empty: tuple[tuple[str, int], ...]
    """Columns of other nouns: their cells must be empty."""


def _plan(kind: str, titles: dict[str, int], place: Place) -> _Plan:
    if kind not in (RELATION, PACKAGE, *ItemKind):
        row_kinds = ", ".join((PACKAGE, RELATION, *ItemKind))
        raise InputError(
            f"{place}, column {KIND!r}: {kind[:40]!r} is no kind of row",
            hint=f"One of: {row_kinds}.",
        )
    columns = columns_of(kind)
    for column in columns:
        if column.title not in titles:
            raise InputError(f"{place}: the table has no column {column.title!r}")
    at = [(column.path.rpartition(".")[2], column, titles[column.title]) for column in columns]
    names = {column.title for column in columns}
    grouped = groupby(at, key=lambda field: field[1].path.partition(".")[0])
    groups = [(noun, tuple(cells)) for noun, cells in grouped]
    return _Plan(
        plain=tuple(cells[0] for noun, cells in groups if noun not in _NOUNS),
        within=tuple((noun, cells) for noun, cells in groups if noun in _NOUNS),
        empty=tuple(
            (title, column)
            for title, column in titles.items()
            if title in EVERY and title not in names
        ),
    )


def _read_row(
    kind: str, plan: _Plan, row: Sequence[Cell], place: Place, gathered: _Gathered
) -> None:
    for title, column in plan.empty:
        if column < len(row) and row[column] != "":
            raise InputError(f"{place}, column {title!r}: a {kind} has nothing there")
    fields = _values(plan.plain, row, place)
    for noun, cells in plan.within:
        key = (noun, *(row[column] if column < len(row) else "" for _, _, column in cells))
        if key not in gathered.nouns:
            gathered.nouns[key] = _noun(noun, cells, row, place)
        fields[noun] = gathered.nouns[key]
    if kind == PACKAGE:
        if gathered.about is not None:
            raise InputError(f"{place}: a second row has the kind {PACKAGE!r}")
        gathered.about = place, fields
        return
    with refused_at(place):
        if kind == RELATION:
            gathered.relations.append(Relation(**fields))
        else:
            gathered.items.append(Item(kind=ItemKind(kind), **fields))


def _noun(noun: str, cells: tuple[_Field, ...], row: Sequence[Cell], place: Place) -> Any:
    """Return a noun within a noun: a marking, a key; an interval may be missing as a whole."""
    fields = _values(cells, row, place)
    if noun == "interval":
        missing = [column.title for name, column, _ in cells if fields[name] is None]
        if len(missing) == len(cells):
            return None
        if missing:
            raise InputError(f"{place}, column {missing[0]!r}: an interval needs it")
    with refused_at(place, cells[0][1].title):
        return _NOUNS[noun](**fields)


def _values(cells: tuple[_Field, ...], row: Sequence[Cell], place: Place) -> dict[str, Any]:
    width = len(row)
    values: dict[str, Any] = {}
    for name, column, at in cells:
        cell = row[at] if at < width else ""
        if cell != "":
            try:
                values[name] = column.codec.read(cell)
            except InputError as error:
                rule = f"{place}, column {column.title!r}: {error}"
                raise InputError(rule, hint=error.hint) from error
        elif column.codec.blank is REQUIRED:
            raise InputError(f"{place}, column {column.title!r}: it must not be empty")
        else:
            values[name] = column.codec.blank
    return values


def sheet_left_out(name: str, rows: int) -> Loss:
    """Return what says that a sheet of somebody else's, beside ours, was not read."""
    return Loss(
        noun="sheet",
        field=WHOLE,
        count=rows,
        altered=0,
        example=name,
        why="this sheet is not one of Cautery's",
    )
