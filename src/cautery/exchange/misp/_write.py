"""Packages as MISP events: one event a package, since MISP never lets a uuid change its event.

An event, its objects and its attributes have the uuid of what they say, so that a later export
replaces them in a MISP that has them. Its attributes are merged one by one there, and one that is
missing stays: so a block says in each export whether it is revoked, and its target stands twice
when it is: deleted as what tools act on, and as a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from cautery.exchange.misp._bearer import Bearer, below, seconds
from cautery.exchange.misp._fields import (
    AT,
    BY,
    INTERVAL_PLACES,
    ITEM_PLACES,
    KIND,
    OBJECTS,
    PACKAGE,
    PACKAGE_PLACES,
    RELATION,
    RELATION_PLACES,
    REVOKED,
)
from cautery.exchange.misp._subject import span_of, subject_of
from cautery.exchange.misp._tags import tags_of
from cautery.exchange.misp._texts import plain
from cautery.exchange.naming import uuid_of
from cautery.model.exchange import Item, ItemKey, ItemKind, Package, Relation
from cautery.model.marking import HandlingCode, Marking, Tlp

_DISTRIBUTION = {Tlp.CLEAR: "3", Tlp.GREEN: "1"}
"""All communities; this community only. Of any other marking: the organisation alone (0)."""
_KEPT = frozenset({HandlingCode.H2, HandlingCode.H3})
"""Not to be passed on without the provider's permission, or under conditions that MISP cannot
read: MISP obeys the distribution, and no tag of ours."""
_TOGETHER = 256
"""Objects in one piece of bytes."""


def write(package: Package) -> Iterator[bytes]:
    """Yield a package as one MISP event in JSON."""
    yield from _pieces(*event_of(package))


def event_of(package: Package) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return the event that a package becomes, without its objects, and these."""
    return _head(package), _objects(package)


def _head(package: Package) -> dict[str, Any]:
    return {
        "uuid": str(uuid_of(package.id, "event")),
        "info": package.name.strip() or package.id,
        "date": package.made_at.date().isoformat(),
        "timestamp": seconds(package.made_at),
        "published": False,
        "analysis": "2",
        "threat_level_id": "4",
        "distribution": _distribution(package.marking),
        "Orgc": {"name": package.by, "uuid": str(uuid_of("", "organisation", package.by))},
        "Tag": [*tags_of(package.marking)],
        "Attribute": [],
    }


def _distribution(marking: Marking) -> str:
    return "0" if marking.handling & _KEPT else _DISTRIBUTION.get(marking.tlp, "0")


def _pieces(head: dict[str, Any], objects: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
    yield f'{{"Event":{encode(head)[:-1]},"Object":['.encode()
    joint = ""
    remaining = iter(objects)
    while together := tuple(islice(remaining, _TOGETHER)):
        yield (joint + ",".join(map(encode, together))).encode()
        joint = ","
    yield b"]}}\n"


def _objects(package: Package) -> Iterator[dict[str, Any]]:
    stamp = seconds(package.made_at)
    bearer = Bearer(uuid_of(package.id, PACKAGE), PACKAGE, stamp)
    bearer.add_fields(package, PACKAGE_PLACES, always=PACKAGE_PLACES)
    bearer.add_handling(package.marking)
    yield bearer.value
    of_items = {item.key: _uuid(package, item.key) for item in package.items}
    items = {item.key: item for item in package.items}
    references: dict[ItemKey, list[dict[str, Any]]] = {}
    full: list[Relation] = []
    for relation in package.relations:
        is_plain = _is_plain(relation, items[relation.source])
        if is_plain or relation.revoked:
            reference = _reference(relation, of_items, stamp, is_plain=is_plain)
            references.setdefault(relation.source, []).append(reference)
        if not is_plain:
            full.append(relation)
    for item in package.items:
        found = _item(item, package, of_items[item.key], stamp)
        if item.key in references:
            found["ObjectReference"] = references.pop(item.key)
        yield found
    for relation in full:
        yield _relation(relation, of_items, stamp)


def _is_plain(relation: Relation, source: Item) -> bool:
    """Tell whether a reference of MISP says all of a relation: its marking and time are known."""
    return (
        not relation.revoked
        and not relation.exhibits
        and relation.probability is None
        and relation.log10_lr is None
        and relation.at == source.at
        and relation.marking == source.marking
    )


def _reference(
    relation: Relation, uuids: Mapping[ItemKey, UUID], stamp: str, *, is_plain: bool
) -> dict[str, Any]:
    source, target = uuids[relation.source], uuids[relation.target]
    reference: dict[str, Any] = {
        "uuid": below(source, f"{relation.kind} {target}"),
        "object_uuid": str(source),
        "referenced_uuid": str(target),
        "relationship_type": str(relation.kind),
        "timestamp": stamp,
    }
    if not is_plain:
        reference["deleted"] = True
    elif relation.text:
        reference["comment"] = plain(relation.text)
    return reference


def _item(item: Item, package: Package, uuid: UUID, stamp: str) -> dict[str, Any]:
    bearer = Bearer(uuid, OBJECTS[item.kind], stamp)
    bearer.value.update(span_of(item))
    bearer.value["Attribute"] += subject_of(item, package, uuid, stamp)
    bearer.add_fields(item, ITEM_PLACES, always=(AT,))
    if item.kind is ItemKind.BLOCK and not item.revoked:
        bearer.add(REVOKED.relation, REVOKED.type, "0")
    if item.by != package.by:
        bearer.add(BY.relation, BY.type, BY.spell(item.by))
    bearer.add_handling(item.marking)
    if item.interval is not None:
        bearer.add_fields(item.interval, INTERVAL_PLACES, always=INTERVAL_PLACES)
    bearer.add_exhibits(item.exhibits)
    return bearer.value


def _relation(relation: Relation, uuids: Mapping[ItemKey, UUID], stamp: str) -> dict[str, Any]:
    source, target = uuids[relation.source], uuids[relation.target]
    uuid = UUID(below(source, f"{RELATION} {relation.kind} {target}"))
    bearer = Bearer(uuid, RELATION, stamp)
    kind = bearer.add(KIND.relation, KIND.type, str(relation.kind))
    kind["Tag"] = [*tags_of(relation.marking)]
    bearer.add("source", "uuid", str(source))
    bearer.add("target", "uuid", str(target))
    bearer.add_fields(relation, RELATION_PLACES, always=(AT, REVOKED))
    bearer.add_handling(relation.marking)
    bearer.add_exhibits(relation.exhibits)
    if not relation.revoked:  # so that MISP's graph shows it
        bearer.value["ObjectReference"] = [
            {
                "uuid": below(uuid, end),
                "object_uuid": str(uuid),
                "referenced_uuid": str(referenced),
                "relationship_type": words,
                "timestamp": stamp,
            }
            for end, referenced, words in (
                ("source", source, "derived-from"),
                ("target", target, "references"),
            )
        ]
    return bearer.value


def _uuid(package: Package, key: ItemKey) -> UUID:
    return uuid_of(package.id, str(key.kind), key.id, key.by)
