"""Tables of partners: columns are recognised by their titles, and what is not is counted.

A day without a time is its midnight in UTC, so an end is read at its earliest: a block that ends
too soon harms nobody. A table without markings is refused, unless one is stated for all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

from cautery.cells import plain_cell
from cautery.errors import InputError
from cautery.exchange.loss import WHOLE
from cautery.exchange.markings import PAP_OF
from cautery.exchange.shape import MOST_ITEMS, Assumed, Reading
from cautery.exchange.table.sheet import FIRST_ROWS, Place, Sheet, is_blank, refused_at
from cautery.exchange.table.subjects import subjects_of
from cautery.exchange.table.titles import SUBJECTS, meaning_of
from cautery.exchange.table.values import Cell, whole_number, words
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, ItemKind, Package, Relation, RelationKind
from cautery.model.marking import Marking, Pap, Tlp, strictest
from cautery.model.times import to_utc

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_TIMES = ("valid_from", "valid_until", "first_seen", "last_seen")
_WORDS = ("name", "role", "order")
_KINDS = {
    ItemKind.HOST: {*ItemKind} - {ItemKind.PERSON, ItemKind.ADDRESS, ItemKind.EXHIBIT},
    ItemKind.ADDRESS: {ItemKind.BLOCK, ItemKind.PANEL, ItemKind.FEED, ItemKind.ADDRESS},
    ItemKind.ASSET: {ItemKind.STREAM, ItemKind.PLAYLIST, ItemKind.STOREFRONT, ItemKind.BLOCK},
    ItemKind.STREAM: {ItemKind.STREAM, ItemKind.PLAYLIST, ItemKind.BLOCK},
    ItemKind.EXHIBIT: {ItemKind.EXHIBIT},
}
"""What a column of kinds can make of what a cell looks like."""
_JOINS = {
    (ItemKind.HOST, ItemKind.ADDRESS): RelationKind.RESOLVES_TO,
    (ItemKind.HOST, ItemKind.STREAM): RelationKind.SERVES,
    (ItemKind.HOST, ItemKind.ASSET): RelationKind.SERVES,
    (ItemKind.HOST, ItemKind.EXHIBIT): RelationKind.SHOWN_BY,
    (ItemKind.ADDRESS, ItemKind.EXHIBIT): RelationKind.SHOWN_BY,
    (ItemKind.STREAM, ItemKind.EXHIBIT): RelationKind.SHOWN_BY,
    (ItemKind.ASSET, ItemKind.EXHIBIT): RelationKind.SHOWN_BY,
}
"""How two subjects of one row belong together."""


def has_subject(titles: Iterable[Cell]) -> bool:
    """Tell whether a title row has a column that names what its rows are about."""
    return any(isinstance(title, str) and meaning_of(title)[0] in SUBJECTS for title in titles)


def read_foreign(sheets: Iterable[Sheet], file: str, assumed: Assumed) -> Reading:
    """Return what tables of a partner say.

    Raises
    ------
    InputError
        With file, sheet, row and column, if no table has a known subject, a cell is not what its
        title says, one subject has two contents, or something has no marking or time.
    """
    gathered = _Gathered(file=file, assumed=assumed)
    for sheet in sheets:
        _read_sheet(sheet, gathered)
    if not gathered.tables:
        raise InputError(
            f"{file}: no row among the first {FIRST_ROWS} of a sheet names a known column",
            hint="Name one of: url, stream, domain, ip, target, sha256.",
        )
    return gathered.reading()


@dataclass(frozen=True, slots=True)
class _Titles:
    """The columns of a table that mean something, and those that do not."""

    by_meaning: dict[str, tuple[int, str, bool]]
    """By its meaning: place, title, whether in UTC."""
    unknown: dict[int, str]


class _Gathered:
    """What has been read so far."""

    def __init__(self, *, file: str, assumed: Assumed) -> None:
        self.file, self.assumed, self.tables = file, assumed, 0
        self.items: dict[ItemKey, tuple[Item, Place]] = {}
        self.relations: dict[tuple[RelationKind, ItemKey, ItemKey], Relation] = {}
        self.tally = Tally()
        self.versions: dict[int, Place] = {}
        """Versions of TLP that the words of cells are of, each with its first place."""
        self.borne: set[Marking] = set()
        """Markings of rows that are left out."""

    def add(self, item: Item, place: Place) -> ItemKey:
        """Keep an item; the same subject again must say the same.

        Raises
        ------
        InputError
            If it says something else, or there are too many.
        """
        first_item, first_place = self.items.setdefault(item.key, (item, place))
        if first_item != item:
            raise InputError(
                f"{place}: {item.kind} {item.id[:200]} has another content in row {first_place.row}"
            )
        if len(self.items) + len(self.relations) > MOST_ITEMS:
            raise InputError(f"{self.file}: it has more than {MOST_ITEMS:,} items and relations")
        return item.key

    def note_marking(self, cells: dict[str, tuple[Cell, str, bool]], place: Place) -> None:
        """Let the marking of a row that is left out count for the whole of the table."""
        if "tlp" in cells or self.assumed.marking is not None:
            marking = _marking(cells, place, self)
            self.borne.add(replace(marking, source=None, accuracy=None))

    def reading(self) -> Reading:
        """Return the package; under TLP 1, amber is what TLP 2.0 calls AMBER+STRICT.

        Raises
        ------
        InputError
            If words of TLP 1 and of TLP 2.0 stand in one file, or nobody knows when it was made.
        """
        if len(self.versions) > 1:
            raise InputError(
                f"{self.versions[2]}, column 'TLP': a word of TLP 2.0, but row "
                f"{self.versions[1].row} has TLP:WHITE of TLP 1",
                hint="Write all markings in TLP 2.0.",
            )
        items = [item for item, _ in self.items.values()]
        relations = list(self.relations.values())
        if 1 in self.versions:
            items = [replace(item, marking=_of_tlp_1(item.marking)) for item in items]
            relations = [replace(item, marking=_of_tlp_1(item.marking)) for item in relations]
        made_at = self.assumed.at or max((item.at for item in items), default=None)
        borne = map(_of_tlp_1, self.borne) if 1 in self.versions else self.borne
        marking = strictest([*(item.marking for item in items), *borne]) or self.assumed.marking
        left_out = self.tally.losses()
        if made_at is None or marking is None or not (items or left_out):
            raise InputError(f"{self.file}: no row under its titles can be read")
        package = Package(
            id=self.file,
            name=self.file,
            by=self.assumed.by or self.file,
            made_at=made_at,
            marking=marking,
            items=tuple(items),
            relations=tuple(relations),
        )
        return Reading(package=package, left_out=left_out)


def _of_tlp_1(marking: Marking) -> Marking:
    return replace(marking, tlp=Tlp.AMBER_STRICT) if marking.tlp is Tlp.AMBER else marking


def _read_sheet(sheet: Sheet, gathered: _Gathered) -> None:
    titles: _Titles | None = None
    above: list[tuple[int, Sequence[Cell]]] = []
    for number, row in sheet.rows:
        if is_blank(row):
            continue
        place = Place(gathered.file, sheet.name, number)
        if titles is not None:
            _read_row(row, titles, place, gathered)
        elif has_subject(row):
            titles = _titles_of(row, place)
            gathered.tables += 1
        else:
            above.append((number, row))
            if number > FIRST_ROWS:
                break
    noun = f"sheet {sheet.name}" if sheet.name else "table"
    if titles is None and above:
        gathered.tally.note(
            noun, WHOLE, f"row {above[0][0]}", "no column names what its rows are about"
        )
        return
    why = "they belong to no row"
    for number, _ in above:
        gathered.tally.note(noun, "words above the titles", f"row {number}", why)


def _titles_of(row: Sequence[Cell], place: Place) -> _Titles:
    by_meaning: dict[str, tuple[int, str, bool]] = {}
    unknown: dict[int, str] = {}
    for column, cell in enumerate(row):
        title = words(cell).strip()
        meaning, is_utc = meaning_of(title)
        if meaning is None:
            unknown[column] = title or f"column {column + 1}"
        elif meaning in by_meaning:
            raise InputError(
                f"{place}: the columns {by_meaning[meaning][1]!r} and {title!r} mean the same",
                hint="Rename the one that is not to be read.",
            )
        else:
            by_meaning[meaning] = column, title, is_utc
    return _Titles(by_meaning, unknown)


def _read_row(row: Sequence[Cell], titles: _Titles, place: Place, gathered: _Gathered) -> None:
    noun = f"sheet {place.sheet}" if place.sheet else "table"
    for column, title in enumerate(row[len(titles.by_meaning) + len(titles.unknown) :]):
        if title != "":
            raise InputError(f"{place}: it has more cells than the row of titles ({column + 1})")
    for column, title in titles.unknown.items():
        if column < len(row) and row[column] != "":
            gathered.tally.note(noun, title, place, "no column of this meaning is known")
    cells = {
        meaning: (row[column], title, is_utc)
        for meaning, (column, title, is_utc) in titles.by_meaning.items()
        if column < len(row) and row[column] != ""
    }
    subjects = _subjects(cells, place)
    if not subjects:
        if cells:
            gathered.note_marking(cells, place)
            gathered.tally.note(noun, WHOLE, place, "the row names no subject")
        return
    kind = _text(cells, "kind").lower()
    if kind in ("person", "persona", "personne", "threat-actor", "threat actor", "individual"):
        gathered.note_marking(cells, place)
        gathered.tally.note(noun, WHOLE, place, "persons are not taken from partners' tables")
        return
    fields = _fields(cells, place, gathered)
    keys = [
        gathered.add(_item(subject_kind, name, kind, fields, place), place)
        for subject_kind, name in subjects
    ]
    _join(keys, fields, gathered)


def _subjects(cells: dict[str, tuple[Cell, str, bool]], place: Place) -> list[tuple[ItemKind, str]]:
    subjects: list[tuple[ItemKind, str]] = []
    for meaning in SUBJECTS:
        if meaning in cells:
            cell, title, _ = cells[meaning]
            with refused_at(place, title):
                subjects += subjects_of(meaning, plain_cell(words(cell)).strip())
    return list(dict.fromkeys(subjects))


def _item(
    subject_kind: ItemKind, name: str, kind: str, fields: dict[str, Any], place: Place
) -> Item:
    """Return the item of a subject; a column of kinds may say more than the value shows."""
    try:
        stated = ItemKind(kind) if kind else subject_kind
    except ValueError:
        stated = subject_kind
    if stated not in _KINDS[subject_kind]:
        stated = subject_kind
    if stated is not subject_kind and subject_kind is ItemKind.ASSET:
        name = name.removeprefix("url:")
    with refused_at(place):
        return Item(kind=stated, id=name, **fields)


def _join(keys: list[ItemKey], fields: dict[str, Any], gathered: _Gathered) -> None:
    for source, target in product(keys, keys):
        if kind := _JOINS.get((source.kind, target.kind)):
            relation = Relation(
                kind=kind, source=source, target=target, marking=fields["marking"], at=fields["at"]
            )
            gathered.relations.setdefault(relation.key, relation)


def _fields(
    cells: dict[str, tuple[Cell, str, bool]], place: Place, gathered: _Gathered
) -> dict[str, Any]:
    assumed = gathered.assumed
    fields: dict[str, Any] = {name: _moment(cells, name, place) for name in _TIMES}
    fields |= {name: _text(cells, name) or None for name in _WORDS}
    at = _moment(cells, "at", place) or assumed.at
    if at is None:
        raise InputError(f"{place}: nobody knows when it was stated", hint="Add a column Date.")
    country = _text(cells, "country")
    if country and not _COUNTRY.fullmatch(country):
        gathered.tally.note("table", "country", place, "it is not of two letters (ISO 3166-1)")
        country = ""
    confidence = None
    if "confidence" in cells:
        with refused_at(place, cells["confidence"][1]):
            confidence = whole_number(cells["confidence"][0])
    return fields | {
        "at": at,
        "by": _text(cells, "by") or assumed.by or gathered.file,
        "text": _text(cells, "text"),
        "country": country.upper() or None,
        "confidence": confidence,
        "marking": _marking(cells, place, gathered),
    }


def _text(cells: dict[str, tuple[Cell, str, bool]], meaning: str) -> str:
    return plain_cell(words(cells[meaning][0])).strip() if meaning in cells else ""


def _moment(
    cells: dict[str, tuple[Cell, str, bool]], meaning: str, place: Place
) -> datetime | None:
    if meaning not in cells:
        return None
    cell, title, is_utc = cells[meaning]
    with refused_at(place, title):
        return _time_of(cell, is_utc=is_utc)


def _time_of(cell: Cell, *, is_utc: bool) -> datetime:
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
    cell_text = words(cell).strip()
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(cell_text)
    except ValueError as error:
        raise InputError(
            f"{cell_text[:40]!r} is not a valid date", hint="Write it as 2026-01-31."
        ) from error
    if moment.tzinfo is None and (is_utc or _DAY.fullmatch(cell_text)):
        return moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise InputError(
            f"{cell_text[:40]!r} has no time zone",
            hint="Write it with a Z, or name the zone in the title, as in “Valid until (UTC)”.",
        )
    return to_utc("time", moment)


def _marking(
    cells: dict[str, tuple[Cell, str, bool]], place: Place, gathered: _Gathered
) -> Marking:
    """Return what a row may be used for: by its own words, or by what is stated for the file."""
    assumed = gathered.assumed.marking
    if "tlp" in cells:
        with refused_at(place, cells["tlp"][1]):
            tlp = _tlp(_text(cells, "tlp"), place, gathered)
    elif assumed is not None:
        tlp = assumed.tlp
    else:
        raise InputError(
            f"{place}: it bears no marking",
            hint="Add a column TLP, or state one for the whole file with --marking.",
        )
    pap = assumed.pap if assumed is not None else PAP_OF[tlp]
    if "pap" in cells:
        with refused_at(place, cells["pap"][1]):
            pap = _pap(_text(cells, "pap"))
    return replace(assumed or Marking(tlp=tlp, pap=pap), tlp=tlp, pap=pap)


def _tlp(cell: str, place: Place, gathered: _Gathered) -> Tlp:
    colour = re.sub(r"[\s:_-]+", " ", cell.upper()).removeprefix("TLP").strip()
    if colour == "WHITE":
        gathered.versions.setdefault(1, place)
        return Tlp.CLEAR
    if colour in ("CLEAR", "AMBER+STRICT", "AMBER STRICT"):
        gathered.versions.setdefault(2, place)
    try:
        return Tlp(f"TLP:{colour.replace(' ', '+')}")
    except ValueError as error:
        raise InputError(
            f"{cell[:40]!r} is no marking", hint=f"One of: {', '.join(Tlp)}."
        ) from error


def _pap(cell: str) -> Pap:
    colour = re.sub(r"[\s:_-]+", " ", cell.upper()).removeprefix("PAP").strip()
    try:
        return Pap(f"PAP:{'CLEAR' if colour == 'WHITE' else colour}")
    except ValueError as error:
        raise InputError(
            f"{cell[:40]!r} is no marking", hint=f"One of: {', '.join(Pap)}."
        ) from error
