"""Which field of an item or relation is which attribute of its object, and of which type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cautery.exchange.misp._texts import moment_of, number_of, plain, spelled, truth_of, words_of
from cautery.model.exchange import Interval, ItemKind, RelationKind
from cautery.model.intervention import Lever
from cautery.model.marking import HandlingCode
from cautery.model.operation import LedCategory, StatementKind
from cautery.model.verdict import Finding

OBJECTS: Mapping[ItemKind, str] = {
    ItemKind.STREAM: "iptv-stream",
    ItemKind.HOST: "iptv-host",
    ItemKind.ADDRESS: "iptv-address",
    ItemKind.PANEL: "iptv-panel",
    ItemKind.PLAYLIST: "iptv-playlist",
    ItemKind.FEED: "iptv-feed",
    ItemKind.STOREFRONT: "iptv-storefront",
    ItemKind.RESELLER: "iptv-reseller",
    ItemKind.ASSET: "iptv-asset",
    ItemKind.NETWORK: "iptv-network",
    ItemKind.PERSON: "iptv-person",
    ItemKind.BLOCK: "block-order",
    ItemKind.ORDER: "court-order",
    ItemKind.EXHIBIT: "sealed-exhibit",
    ItemKind.ESTIMATE: "interval-estimate",
    ItemKind.STATEMENT: "agency-statement",
}
"""The object of each kind of item; its template is ``objects/NAME/definition.json``."""
RELATION = "supply-relation"
"""The object of a relation that says more than a reference of MISP can."""
PACKAGE = "exchange-package"
"""The object that says what the event is of."""
SUBJECTS: Mapping[str, str] = {
    "hostname": "hostname",
    "ip": "ip-dst",
    "url": "url",
    "digest": "sha256",
    "subject": "text",
}
"""Relation of the attribute that names the subject, and its type."""
WITHDRAWN = "withdrawn-target"
"""Relation of the text that names what is blocked no more, so that no tool acts on it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands, and how it is spelled and read."""

    field: str
    relation: str
    type: str
    spell: Callable[[Any], str]
    read: Callable[[Any], Any]


def _truth(value: bool) -> str:  # noqa: FBT001 - spelled like the others
    return "1" if value else "0"


def _enum(kind: Any) -> Callable[[Any], Any]:
    return lambda value: kind(words_of(value))


def _number(field: str, relation: str) -> Place:
    return Place(field, relation, "float", repr, number_of)


def _words(field: str, relation: str) -> Place:
    return Place(field, relation, "text", plain, words_of)


def _moment(field: str, relation: str) -> Place:
    return Place(field, relation, "datetime", spelled, moment_of)


def _word(field: str, relation: str, kind: Any) -> Place:
    return Place(field, relation, "text", str, _enum(kind))


def _whole(value: Any) -> int:
    number = number_of(value)
    if number != int(number):
        raise ValueError("it is not a whole number")
    return int(number)


def _digest(value: Any) -> str:
    return f"sha256:{words_of(value).lower().removeprefix('sha256:')}"


AT = _moment("at", "stated-at")
TEXT = _words("text", "text")
REVOKED = Place("revoked", "revoked", "boolean", _truth, truth_of)
PROBABILITY = _number("probability", "probability")
LOG10_LR = _number("log10_lr", "log10-likelihood-ratio")
EXHIBIT = Place(
    "exhibits", "exhibit", "sha256", lambda value: value.removeprefix("sha256:"), _digest
)
H3_TEXT = _words("h3_text", "handling-text")
HANDLING = _word("handling", "handling-code", HandlingCode)
"""Each code is a tag and an attribute: a MISP in which the user may make no tags drops the tag."""
BY = _words("by", "stated-by")

ITEM_PLACES = (
    AT,
    TEXT,
    _words("name", "name"),
    _moment("first_seen", "first-seen"),
    _moment("last_seen", "last-seen"),
    _moment("valid_from", "valid-from"),
    _moment("valid_until", "valid-until"),
    REVOKED,
    _word("statement", "statement", StatementKind),
    _words("role", "role"),
    _word("category", "person-category", LedCategory),
    _word("finding", "finding", Finding),
    Place("confidence", "confidence", "counter", str, _whole),
    PROBABILITY,
    LOG10_LR,
    _word("lever", "lever", Lever),
    _words("order", "order"),
    _words("territory", "territory"),
    _words("country", "country"),
)
"""Fields of an item but for its subject, ``by``, the marking, the interval and the exhibits."""
INTERVAL_PLACES = (
    _number("low", "interval-low"),
    _number("mid", "interval-mid"),
    _number("high", "interval-high"),
    _number("coverage", "interval-coverage"),
    _words("unit", "interval-unit"),
    _words("method", "interval-method"),
)
RELATION_PLACES = (AT, TEXT, REVOKED, PROBABILITY, LOG10_LR)
KIND = _word("kind", "relation", RelationKind)
PACKAGE_PLACES = (
    _words("id", "package"),
    _words("name", "name"),
    _words("by", "sender"),
    _moment("made_at", "made-at"),
)
KINDS: Mapping[str, ItemKind] = {name: kind for kind, name in OBJECTS.items()}


def interval_of(values: Mapping[str, Any]) -> Interval | None:
    """Return the interval that an object's attributes state, by their relations.

    Raises
    ------
    ValueError
        If a value is broken, or one of the six is missing.
    """
    if not any(place.relation in values for place in INTERVAL_PLACES):
        return None
    return Interval(**fields_of(values, INTERVAL_PLACES, required=True))


def fields_of(
    values: Mapping[str, Any], places: Iterable[Place], *, required: bool = False
) -> dict[str, Any]:
    """Return the fields that an object's attributes state, by their relations.

    Raises
    ------
    ValueError
        If a value is broken or, where all are required, missing; the text names the relation.
    """
    fields: dict[str, Any] = {}
    for place in places:
        if (value := values.get(place.relation)) is None:
            if required:
                raise ValueError(f"its {place.relation} is missing")
            continue
        try:
            fields[place.field] = place.read(value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"its {place.relation} is broken: {str(error)[:200]}") from error
    return fields
