"""The columns of our tables: each field of an item, a relation and a package has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from cautery.exchange.table import values
from cautery.exchange.table.values import REQUIRED, Codec, word
from cautery.model.exchange import Item, ItemKind, Package, Relation, RelationKind
from cautery.model.intervention import Lever
from cautery.model.marking import Pap, Tlp
from cautery.model.operation import LedCategory, StatementKind
from cautery.model.verdict import Finding

KIND = "Kind"
RELATION, PACKAGE = "relation", "package"
"""In the column Kind, beside the kinds of items."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a noun, as a column.

    Parameters
    ----------
    title : str
        What its first row says.
    path : str
        The field, as ``marking.tlp``.
    codec : Codec
        How it stands in a cell.
    width : int
        Letters that a spreadsheet shows of it.
    """

    title: str
    path: str
    codec: Codec
    width: int = 14


_BY = Column("Stated by", "by", values.NAME)
_TEXT = Column("What is said", "text", values.TEXT, 48)
_TAKEN_BACK = Column("Taken back", "revoked", values.YES_OR_NO, 10)
_PROBABILITY = Column("Probability (0-1)", "probability", values.NUMBER)
_RATIO = Column("Likelihood ratio (log10)", "log10_lr", values.NUMBER)
_EXHIBITS = Column("Exhibits (SHA-256)", "exhibits", values.EXHIBITS, 30)
_MARKING = (
    Column("TLP", "marking.tlp", word(Tlp, blank=REQUIRED), 18),
    Column("PAP", "marking.pap", word(Pap, blank=REQUIRED)),
    Column("Handling codes", "marking.handling", values.HANDLING),
    Column("Text of H3", "marking.h3_text", values.PERHAPS_TEXT),
    Column("Source (A, B, C, X)", "marking.source", values.PERHAPS_TEXT, 10),
    Column("Accuracy (1-4)", "marking.accuracy", values.WHOLE, 10),
)


def _at(path: str) -> Column:
    return Column("Stated at (UTC)", path, values.TIME, 28)


def _time(title: str, path: str) -> Column:
    return Column(f"{title} (UTC)", path, values.PERHAPS_TIME, 28)


ITEM = (
    Column("Subject", "id", values.NAME, 48),
    Column("Name", "name", values.PERHAPS_TEXT, 24),
    _TEXT,
    Column("Finding", "finding", word(Finding)),
    _time("Valid from", "valid_from"),
    _time("Valid until", "valid_until"),
    _TAKEN_BACK,
    Column("Lever", "lever", word(Lever), 10),
    Column("Order", "order", values.PERHAPS_TEXT, 20),
    Column("Territory", "territory", values.PERHAPS_TEXT, 10),
    Column("Country", "country", values.PERHAPS_TEXT, 10),
    Column("Role", "role", values.PERHAPS_TEXT),
    Column("Category of the person", "category", word(LedCategory)),
    _time("First seen", "first_seen"),
    _time("Last seen", "last_seen"),
    Column("Fact or assessment", "statement", word(StatementKind, blank=REQUIRED)),
    Column("Confidence (0-100)", "confidence", values.WHOLE),
    _PROBABILITY,
    _RATIO,
    Column("Low", "interval.low", values.NUMBER),
    Column("Middle", "interval.mid", values.NUMBER),
    Column("High", "interval.high", values.NUMBER),
    Column("Coverage (0-1)", "interval.coverage", values.NUMBER),
    Column("Unit", "interval.unit", values.PERHAPS_TEXT),
    Column("Method", "interval.method", values.PERHAPS_TEXT, 24),
    _EXHIBITS,
    _BY,
    _at("at"),
    *_MARKING,
)
LINK = (
    Column("Relation", "kind", word(RelationKind, blank=REQUIRED)),
    Column("From: kind", "source.kind", word(ItemKind, blank=REQUIRED)),
    Column("From: subject", "source.id", values.NAME, 48),
    Column("From: stated by", "source.by", values.NAME),
    Column("To: kind", "target.kind", word(ItemKind, blank=REQUIRED)),
    Column("To: subject", "target.id", values.NAME, 48),
    Column("To: stated by", "target.by", values.NAME),
    _TEXT,
    _TAKEN_BACK,
    _PROBABILITY,
    _RATIO,
    _EXHIBITS,
    _at("at"),
    *_MARKING,
)
ABOUT = (
    Column("Subject", "id", values.NAME, 48),
    Column("Name", "name", values.TEXT, 32),
    _BY,
    _at("made_at"),
    *_MARKING,
    Column("Items", "items", Codec(len, values.whole_number, REQUIRED), 10),
    Column("Relations", "relations", Codec(len, values.whole_number, REQUIRED), 10),
)
"""The two counts tell a reader that no row was lost on the way."""
EVERY = tuple(dict.fromkeys(column.title for columns in (ITEM, LINK, ABOUT) for column in columns))
"""The titles of all columns, each once: those of a table that holds everything."""

Row = tuple[str | float, ...]


def columns_of(kind: str) -> tuple[Column, ...]:
    """Return the columns of the rows of a kind: those of an item, unless it names another noun."""
    return {RELATION: LINK, PACKAGE: ABOUT}.get(kind, ITEM)


def package_row(package: Package) -> Row:
    """Return the row about a package as a whole, without its kind."""
    return next(_rows((package,), ABOUT))


def item_rows(items: Iterable[Item]) -> Iterator[Row]:
    """Return the rows of items, without their kinds."""
    return _rows(items, ITEM)


def relation_rows(relations: Iterable[Relation]) -> Iterator[Row]:
    """Return the rows of relations, without their kind."""
    return _rows(relations, LINK)


def _rows(nouns: Iterable[Any], columns: tuple[Column, ...]) -> Iterator[Row]:
    getters = [(_getter(column.path), column.codec.write) for column in columns]
    for noun in nouns:
        cells = [(get(noun), write) for get, write in getters]
        yield tuple("" if value is None else write(value) for value, write in cells)


def _getter(path: str) -> Any:
    """Return what reads a field; of an interval that is not there, ``None``."""
    noun, _, field = path.partition(".")
    if noun != "interval":
        return attrgetter(path)

    def of_interval(item: Item) -> Any:
        return None if item.interval is None else getattr(item.interval, field)

    return of_interval
