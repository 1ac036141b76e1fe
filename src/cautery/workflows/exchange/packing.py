"""A package as columns of bytes and back: how a reading crosses from the child that read it.

Nothing is trusted that comes out of a process that has read hostile bytes: what is unpacked here
passes every check of the nouns again, or is an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from cautery.errors import InputError
from cautery.exchange.loss import Loss
from cautery.exchange.shape import MOST_ITEMS, Reading
from cautery.formats.packing import Packer, Unpacker
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import (
    Interval,
    Item,
    ItemKind,
    Package,
    Relation,
    RelationKind,
)
from cautery.model.intervention import Lever
from cautery.model.marking import Marking
from cautery.model.operation import LedCategory, StatementKind
from cautery.model.verdict import Finding
from cautery.model.wire import from_json, to_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = np.iinfo(np.int64).min
"""The number of a moment that is not there."""
_ABSENT = -1
"""The number of a value that is not there."""
_TEXTS = ("id", "by", "text", "name", "role", "order", "territory", "country")
_TIMES = ("at", "first_seen", "last_seen", "valid_from", "valid_until")
_SHARES = ("probability", "log10_lr")
_OF_RELATION = (
    "kind", "source", "target", "marking", "at", "text", "revoked", *_SHARES, "exhibits",
)  # fmt: skip
_WORDS: tuple[tuple[str, type[StrEnum]], ...] = (
    ("kind", ItemKind),
    ("statement", StatementKind),
    ("category", LedCategory),
    ("finding", Finding),
    ("lever", Lever),
)
_SEVERAL: tuple[tuple[str, type[Any]], ...] = (("marking", Marking), ("interval", Interval))

T = TypeVar("T")


def packed_reading(reading: Reading) -> bytes:
    """Return a reading as bytes: texts by column, numbers as arrays, small things as JSON."""
    package, packer = reading.package, Packer()
    packer.json(
        {
            "id": package.id,
            "name": package.name,
            "by": package.by,
            "made_at": to_json(package.made_at),
            "marking": to_json(package.marking),
            "left_out": to_json(reading.left_out),
        }
    )
    items = package.items
    for name in _TEXTS:
        packer.texts(_column(items, name))
    for name, _ in (*_WORDS, *_SEVERAL):
        _pack_codes(packer, _column(items, name))
    for name in _TIMES:
        _pack_times(packer, _column(items, name))
    for name in _SHARES:
        _pack_shares(packer, _column(items, name))
    packer.numbers([item.revoked for item in items], np.int32)
    packer.numbers(
        [_ABSENT if item.confidence is None else item.confidence for item in items], np.int32
    )
    _pack_exhibits(packer, _column(items, "exhibits"))
    _pack_relations(packer, package)
    return packer.packed()


def unpacked_reading(data: bytes) -> Reading:
    """Return what :func:`packed_reading` packed.

    Raises
    ------
    ValueError
        If it is no such thing, or has what no package may have.
    """
    unpacker = Unpacker(data)
    head = unpacker.json()
    try:
        items = _items(unpacker)
        relations = _relations(unpacker, items)
        unpacker.end()
        package = Package(
            id=_text(head["id"]),
            name=_text(head["name"]),
            by=_text(head["by"]),
            made_at=from_json(datetime, head["made_at"]),
            marking=from_json(Marking, head["marking"]),
            items=items,
            relations=relations,
        )
        return Reading(package=package, left_out=from_json(tuple[Loss, ...], head["left_out"]))
    except (InputError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise ValueError("not what the process was asked for") from error


def _column(rows: Iterable[object], name: str) -> list[Any]:
    return list(map(attrgetter(name), rows))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text that is not valid")  # noqa: TRY004 - of a child, not of the caller
    return value


def _pack_codes(packer: Packer, values: Sequence[Any]) -> None:
    """Add values of which few are different: those, and the number of each."""
    numbers: dict[Any, int] = {}
    codes = [
        _ABSENT if value is None else numbers.setdefault(value, len(numbers)) for value in values
    ]
    # One JSON text each: intervals of 250,000 estimates would be one deep list otherwise.
    packer.json([to_json(value) for value in numbers])
    packer.numbers(codes, np.int32)


def _pack_times(packer: Packer, moments: Sequence[datetime | None]) -> None:
    packer.numbers(
        [_NEVER if moment is None else (moment - _EPOCH) // _MICROSECOND for moment in moments],
        np.int64,
    )


def _pack_shares(packer: Packer, shares: Sequence[float | None]) -> None:
    packer.numbers([math.nan if share is None else share for share in shares], np.float64)


def _pack_exhibits(packer: Packer, exhibits: Sequence[tuple[ExhibitId, ...]]) -> None:
    packer.numbers(list(map(len, exhibits)), np.int32)
    packer.texts([exhibit for item_exhibits in exhibits for exhibit in item_exhibits])


def _pack_relations(packer: Packer, package: Package) -> None:
    relations = package.relations
    places = {item.key: place for place, item in enumerate(package.items)}
    _pack_codes(packer, _column(relations, "kind"))
    for name in ("source", "target"):
        packer.numbers([places[key] for key in _column(relations, name)], np.int32)
    _pack_codes(packer, _column(relations, "marking"))
    _pack_times(packer, _column(relations, "at"))
    packer.texts(_column(relations, "text"))
    packer.numbers(_column(relations, "revoked"), np.int32)
    for name in _SHARES:
        _pack_shares(packer, _column(relations, name))
    _pack_exhibits(packer, _column(relations, "exhibits"))


def _items(unpacker: Unpacker) -> tuple[Item, ...]:
    columns: dict[str, Sequence[Any]] = {name: unpacker.texts() for name in _TEXTS}
    if len(columns["id"]) > MOST_ITEMS:
        raise ValueError("more items than were asked for")
    for name, words in _WORDS:
        columns[name] = _codes(unpacker, words)
    for name, noun in _SEVERAL:
        columns[name] = _codes(unpacker, partial(from_json, noun))
    for name in _TIMES:
        columns[name] = _times(unpacker)
    for name in _SHARES:
        columns[name] = _shares(unpacker)
    columns["revoked"] = _numbers(unpacker, np.int32).astype(bool).tolist()
    columns["confidence"] = [
        None if number == _ABSENT else number for number in _numbers(unpacker, np.int32).tolist()
    ]
    columns["exhibits"] = _exhibits(unpacker)
    names = tuple(columns)
    return tuple(
        Item(**dict(zip(names, row, strict=True))) for row in zip(*columns.values(), strict=True)
    )


def _relations(unpacker: Unpacker, items: Sequence[Item]) -> tuple[Relation, ...]:
    keys = [item.key for item in items]

    def keys_of() -> list[Any]:
        places = _numbers(unpacker, np.int32).tolist()
        if any(place < 0 for place in places):
            raise ValueError("a relation that is not valid")
        return [keys[place] for place in places]

    columns = (
        _codes(unpacker, RelationKind),
        keys_of(),
        keys_of(),
        _codes(unpacker, partial(from_json, Marking)),
        _times(unpacker),
        unpacker.whole_texts(),
        _numbers(unpacker, np.int32).astype(bool).tolist(),
        _shares(unpacker),
        _shares(unpacker),
        _exhibits(unpacker),
    )
    return tuple(
        Relation(**dict(zip(_OF_RELATION, row, strict=True))) for row in zip(*columns, strict=True)
    )


def _codes(unpacker: Unpacker, make_value: Callable[[Any], T]) -> list[T | None]:
    values: list[T | None] = [make_value(value) for value in unpacker.json()]
    codes = _numbers(unpacker, np.int32).tolist()
    if any(code < _ABSENT for code in codes):
        raise ValueError("a value that is not valid")
    values.append(None)  # at the place of _ABSENT
    return [values[code] for code in codes]


def _times(unpacker: Unpacker) -> list[datetime | None]:
    return [
        None if number == _NEVER else _EPOCH + number * _MICROSECOND
        for number in _numbers(unpacker, np.int64).tolist()
    ]


def _shares(unpacker: Unpacker) -> list[float | None]:
    return [
        None if math.isnan(share) else share for share in _numbers(unpacker, np.float64).tolist()
    ]


def _exhibits(unpacker: Unpacker) -> list[tuple[ExhibitId, ...]]:
    counts, digests = _numbers(unpacker, np.int32).tolist(), unpacker.whole_texts()
    if any(count < 0 for count in counts) or sum(counts) != len(digests):
        raise ValueError("exhibits of an unexpected number")
    by_item, start = [], 0
    for count in counts:
        by_item.append(tuple(map(ExhibitId, digests[start : start + count])) if count else ())
        start += count
    return by_item


def _numbers(unpacker: Unpacker, kind: type[np.int32 | np.int64 | np.float64]) -> np.ndarray:
    """Return a column with a number for each item or relation; what it becomes is far larger."""
    numbers = unpacker.numbers(kind)
    if len(numbers) > MOST_ITEMS:
        raise ValueError("more items than were asked for")
    return numbers
