"""What an object of each type says of an item, in STIX's places or in the extension beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from cautery.exchange.stix.fields import EXHIBIT
from cautery.exchange.stix.observables import observable_of, target_of
from cautery.exchange.stix.patterns import pattern_of
from cautery.exchange.stix.windows import window_of
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import Item
from cautery.model.times import iso as written

Stix = dict[str, Any]
iso = lru_cache(maxsize=4096)(written)
"""An item and what belongs to it bear the same few times."""


def references_to(exhibits: Sequence[ExhibitId]) -> list[Stix]:
    """Return the external references that name exhibits by their digests."""
    return [
        {
            "source_name": EXHIBIT,
            "external_id": exhibit,
            "hashes": {"SHA-256": exhibit.removeprefix("sha256:")},
        }
        for exhibit in exhibits
    ]


def add_span(
    thing: Stix, first: str, begin: datetime | None, last: str, end: datetime | None
) -> None:
    """Add a beginning and an end, where there are any."""
    if begin is not None:
        thing[first] = iso(begin)
    if end is not None:
        thing[last] = iso(end)


def _infrastructure(item: Item, fields: Stix, _refs: list[str]) -> Stix:
    thing = _named(item, fields) | _described(item)
    add_span(thing, "first_seen", item.first_seen, "last_seen", item.last_seen)
    _add_window(fields, item)
    return thing


def _indicator(item: Item, fields: Stix, _refs: list[str]) -> Stix:
    assert item.valid_until is not None
    begin, end = window_of(item.valid_from, item.valid_until, item.at)
    if (begin, end) != (item.valid_from, item.valid_until):
        _add_window(fields, item)
    words = item.text
    if not words:
        words = f"Blocked under {item.order or 'an order'} until {iso(item.valid_until)}."
        fields["worded"] = False
    return _named(item, fields) | {
        "description": words,
        "pattern": pattern_of(target_of(item)),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": iso(begin),
        "valid_until": iso(end),
    }


def _course_of_action(item: Item, fields: Stix, _refs: list[str]) -> Stix:
    _add_window(fields, item)
    _add_seen(fields, item)
    return _named(item, fields) | _described(item)


def _person(item: Item, fields: Stix, refs: list[str]) -> Stix:
    return _course_of_action(item, fields, refs) | {"identity_class": "individual"}


def _observed_data(item: Item, fields: Stix, _refs: list[str]) -> Stix:
    _add_unnamed(fields, item)
    if item.text:
        fields["text"] = item.text
    first = item.first_seen or min(item.at, item.last_seen or item.at)
    observable = observable_of(item)
    assert observable is not None
    return {
        "first_observed": iso(first),
        "last_observed": iso(max(first, item.last_seen or first)),
        "number_observed": 1,
        "object_refs": [observable.id],
    }


def _note(item: Item, fields: Stix, refs: list[str]) -> Stix:
    _add_unnamed(fields, item)
    if not item.text:
        fields["worded"] = False
    return {"content": item.text or _summary(item), "object_refs": refs}


BODIES: Mapping[str, Callable[[Item, Stix, list[str]], Stix]] = {
    "infrastructure": _infrastructure,
    "indicator": _indicator,
    "intrusion-set": _infrastructure,
    "identity": _person,
    "course-of-action": _course_of_action,
    "observed-data": _observed_data,
    "note": _note,
}
"""What a type says of an item, the extension beside it, and what a note is about; a body adds to
the extension what the type has no place for."""


def _named(item: Item, fields: Stix) -> Stix:
    name = item.name or item.id
    if item.name is not None:
        if item.name == name:
            fields["named"] = True
        else:  # a name of no letters
            fields["name_given"] = item.name
    return {"name": name}


def _described(item: Item) -> Stix:
    return {"description": item.text} if item.text else {}


def _summary(item: Item) -> str:
    if item.interval is None:
        return f"{item.kind} {item.id}"
    number = item.interval
    return (
        f"{item.id}: {number.mid:g} {number.unit} ({number.low:g} to {number.high:g}, "
        f"{number.coverage:.0%} interval; {number.method})"
    )


def _add_unnamed(fields: Stix, item: Item) -> None:
    """Add what a type that has neither a name nor times of validity has no place for."""
    _add_window(fields, item)
    _add_seen(fields, item)
    if item.name is not None:
        fields["name_given"] = item.name


def _add_window(fields: Stix, item: Item) -> None:
    add_span(fields, "valid_from", item.valid_from, "valid_until", item.valid_until)


def _add_seen(fields: Stix, item: Item) -> None:
    add_span(fields, "first_seen", item.first_seen, "last_seen", item.last_seen)
