"""Items and relations of the objects that Cautery made: each field from its one place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.exchange.stix.bodies import BODIES
from cautery.exchange.stix.fields import (
    Thing,
    exhibits_in,
    flag_in,
    moment_in,
    names,
    number_in,
    other_references,
    text_in,
    whole_in,
    word_in,
)
from cautery.exchange.stix.index import Seen
from cautery.exchange.stix.kinds import INDICATOR, TYPES, WITH_SEEN
from cautery.exchange.stix.observables import target_of
from cautery.exchange.stix.patterns import pattern_of
from cautery.exchange.stix.windows import window_of
from cautery.model import Finding, Lever, Marking
from cautery.model.exchange import Interval, Item, ItemKey, ItemKind, Relation, RelationKind
from cautery.model.operation import LedCategory, StatementKind

_NOTHING = Seen()
_COMMON = names(
    "type spec_version id created_by_ref created modified revoked confidence object_marking_refs "
    "granular_markings external_references extensions"
)
_OF_TYPE = {
    "infrastructure": names("name description first_seen last_seen"),
    "intrusion-set": names("name description first_seen last_seen"),
    "indicator": names(
        "name description pattern pattern_type pattern_version valid_from valid_until"
    ),
    "identity": names("name description identity_class"),
    "course-of-action": names("name description"),
    "observed-data": names("first_observed last_observed number_observed object_refs"),
    "note": names("content object_refs"),
    "relationship": names("relationship_type source_ref target_ref description"),
}
"""What is read of an object of ours; what else stands in it was added by somebody."""


def item_of(
    thing: Thing, fields: Thing, *, by: str, marking: Marking, sightings: Seen | None
) -> Item:
    """Return the item that an object of ours is.

    Parameters
    ----------
    thing : mapping
        The object.
    fields : mapping
        What its extension of ours holds.
    by : str
        Name of its provider.
    marking : Marking
        Its marking.
    sightings : Seen or None
        What sightings say of it.

    Raises
    ------
    InputError
        If a field is missing or is not what it must be.
    """
    kind = word_in(fields, "kind", ItemKind)
    if kind is None or TYPES[kind] != thing["type"]:
        raise InputError(f"a {kind or 'thing of no kind'} of Cautery is no {thing['type']}")
    sightings = sightings or _NOTHING
    at = _stated_at(fields)
    subject = text_in(fields, "subject")
    if subject is None:
        raise InputError("its extension has no subject")
    first_seen, last_seen = _seen_in(thing, fields, sightings)
    valid_from, valid_until = _window_in(thing, fields, at)
    return Item(
        kind=kind,
        id=subject,
        by=by,
        marking=marking,
        at=at,
        text=_words_in(thing, fields),
        name=_name_in(thing, fields),
        first_seen=first_seen,
        last_seen=last_seen,
        valid_from=valid_from,
        valid_until=valid_until,
        revoked=flag_in(thing, "revoked"),
        statement=word_in(fields, "statement", StatementKind) or StatementKind.ASSESSMENT,
        role=text_in(fields, "role"),
        category=word_in(fields, "category", LedCategory),
        finding=word_in(fields, "finding", Finding),
        confidence=whole_in(thing, "confidence"),
        probability=number_in(fields, "probability"),
        log10_lr=number_in(fields, "log10_lr"),
        interval=_interval_in(fields),
        lever=word_in(fields, "lever", Lever),
        order=text_in(fields, "order"),
        territory=text_in(fields, "territory"),
        country=text_in(fields, "country"),
        exhibits=tuple(sorted({*exhibits_in(thing), *sightings.exhibits})),
    )


def relation_of(
    thing: Thing, fields: Thing, *, source: ItemKey, target: ItemKey, marking: Marking
) -> Relation:
    """Return the relation that a relationship of ours is."""
    kind = word_in(fields, "relation", RelationKind)
    if kind is None:
        raise InputError("its extension has no relation")
    return Relation(
        kind=kind,
        source=source,
        target=target,
        marking=marking,
        at=_stated_at(fields),
        text=text_in(thing, "description") or "",
        revoked=flag_in(thing, "revoked"),
        probability=number_in(fields, "probability"),
        log10_lr=number_in(fields, "log10_lr"),
        exhibits=exhibits_in(thing),
    )


def check_copies(thing: Thing, item: Item) -> None:
    """Refuse an object of ours of which somebody changed what follows from the item.

    A pattern that looks for something else than the block's target must not be read as the block.

    Raises
    ------
    InputError
        If the pattern, or the times or the file of an observation, are not the item's.
    """
    if thing["type"] == INDICATOR:
        if thing.get("pattern") != pattern_of(target_of(item)):
            raise InputError("its pattern is not that of its subject")
    elif thing["type"] == "observed-data":
        copy = BODIES["observed-data"](item, {}, [])
        for name in ("first_observed", "last_observed"):
            if moment_in(thing, name) != moment_in(copy, name):
                raise InputError(f"its {name} is not that of its extension")
        if thing.get("object_refs") != copy["object_refs"]:
            raise InputError("its object_refs are not the file of its subject")


def additions(thing: Thing, extension_id: str) -> set[str]:
    """Return the names of what somebody added to an object of ours."""
    added = thing.keys() - _COMMON - _OF_TYPE.get(thing["type"], frozenset())
    if other_references(thing):
        added.add("external_references")
    if len(thing["extensions"]) > 1:
        added.update(f"extensions.{name}" for name in thing["extensions"].keys() - {extension_id})
    return added


def _stated_at(fields: Thing) -> datetime:
    at = moment_in(fields, "stated_at")
    if at is None:
        raise InputError("its extension has no stated_at")
    return at


def _name_in(thing: Thing, fields: Thing) -> str | None:
    own_name = text_in(fields, "name_given")
    if own_name is not None:
        return own_name
    return text_in(thing, "name") if flag_in(fields, "named") else None


def _words_in(thing: Thing, fields: Thing) -> str:
    if not flag_in(fields, "worded", default=True):
        return ""
    place = {"note": "content", "observed-data": ""}.get(thing["type"], "description")
    return (text_in(thing, place) if place else text_in(fields, "text")) or ""


def _seen_in(
    thing: Thing, fields: Thing, sightings: Seen
) -> tuple[datetime | None, datetime | None]:
    if thing["type"] == INDICATOR:
        return sightings.first, sightings.last
    place = thing if thing["type"] in WITH_SEEN else fields
    return moment_in(place, "first_seen"), moment_in(place, "last_seen")


def _window_in(
    thing: Thing, fields: Thing, at: datetime
) -> tuple[datetime | None, datetime | None]:
    exact = moment_in(fields, "valid_from"), moment_in(fields, "valid_until")
    if thing["type"] != INDICATOR:
        return exact
    stands = moment_in(thing, "valid_from"), moment_in(thing, "valid_until")
    begin, end = exact
    # Somebody may have changed the indicator's own times since: these hold, then.
    return exact if end is not None and window_of(begin, end, at) == stands else stands


def _interval_in(fields: Thing) -> Interval | None:
    interval: Any = fields.get("interval")
    if interval is None:
        return None
    if not isinstance(interval, dict):
        raise InputError("interval is no object")
    low, mid, high, coverage = (
        number_in(interval, name) for name in ("low", "mid", "high", "coverage")
    )
    if low is None or mid is None or high is None or coverage is None:
        raise InputError("interval has no low, mid, high or coverage")
    unit, method = text_in(interval, "unit"), text_in(interval, "method")
    if unit is None or method is None:
        raise InputError("interval has no unit, or no method")
    return Interval(low=low, mid=mid, high=high, coverage=coverage, unit=unit, method=method)
