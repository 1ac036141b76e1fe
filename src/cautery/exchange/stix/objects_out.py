"""The objects of STIX 2.1 that a package becomes: the same package, the same objects in one order.

First come the extension-definitions, the marking-definitions and the identities, then the reports
that hold all together, then each item with what belongs to it, then the relations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cautery.exchange.naming import uuid_of
from cautery.exchange.stix import extension
from cautery.exchange.stix.bodies import BODIES, Stix, add_span, iso, references_to
from cautery.exchange.stix.kinds import (
    INDICATOR,
    REVERSED,
    TYPES,
    WITH_SEEN,
    WITH_SIGHTING,
    relationship_type,
)
from cautery.exchange.stix.markings import definitions_of, refs_of
from cautery.exchange.stix.observables import Observable, fits, observable_of, target_of
from cautery.exchange.stix.windows import versions_of
from cautery.model.exchange import Item, ItemKey, ItemKind, Package, Relation, RelationKind

OF_A_REPORT = 2000
"""Objects of one report: tools draw a report of more than some thousand not at all (F100)."""


def stix_objects(package: Package, *, beside_indicators: bool = False) -> Iterator[Stix]:
    """Yield the objects of a package; each id occurs once.

    Parameters
    ----------
    package : Package
        What is to leave.
    beside_indicators : bool
        Whether an observable stands beside each indicator. Some converters then keep the
        observable and forget the indicator's end and marking, so only who needs it gets it.
    """
    yield from _Out(package, beside_indicators=beside_indicators).objects()


class _Out:
    """A package on its way out, with the ids of its objects."""

    def __init__(self, package: Package, *, beside_indicators: bool) -> None:
        self._package = package
        self._beside_indicators = beside_indicators
        self._providers: dict[str, str] = {}
        self._observables: set[str] = set()
        self._items = {item.key: item for item in package.items}
        self._ids = {key: self._id(TYPES[key.kind], "item", *key_words(key)) for key in self._items}
        self._first = min((_versions(item)[0] for item in package.items), default=package.made_at)
        self._about: dict[ItemKey, list[str]] = {}
        for relation in package.relations:
            if relation.kind is RelationKind.ABOUT:
                self._about.setdefault(relation.source, []).append(self._ids[relation.target])

    def objects(self) -> Iterator[Stix]:
        """Yield the objects."""
        yield from extension.definitions()
        yield from self._markings()
        yield from self._identities()
        yield from self._reports()
        for item in self._package.items:
            yield from self._of_item(item)
        for relation in self._package.relations:
            yield self._relationship(relation)

    def _id(self, kind: str, *words: str) -> str:
        return f"{kind}--{uuid_of(self._package.id, *words)}"

    def _identity(self, by: str) -> str:
        provider = self._providers.get(by)
        if provider is None:
            provider = self._providers[by] = self._id("identity", "by", by)
        return provider

    def _markings(self) -> Iterator[Stix]:
        marks = {self._package.marking}
        marks.update(item.marking for item in self._package.items)
        marks.update(relation.marking for relation in self._package.relations)
        definitions: dict[str, Mapping[str, Any]] = {}
        for marking in marks:
            definitions.update(definitions_of(marking))
        for name in sorted(definitions):
            yield dict(definitions[name])

    def _identities(self) -> Iterator[Stix]:
        providers = {self._package.by, *(item.by for item in self._package.items)}
        for by in sorted(providers):
            yield {
                "type": "identity",
                "spec_version": "2.1",
                "id": self._identity(by),
                "created": iso(self._begin),
                "modified": iso(self._made_at),
                "name": by,
                "identity_class": "organization",
                "object_marking_refs": refs_of(self._package.marking),
            }

    @property
    def _begin(self) -> datetime:
        return min(self._first, self._package.made_at)

    @property
    def _made_at(self) -> datetime:
        return self._package.made_at

    def _reports(self) -> Iterator[Stix]:
        package = self._package
        parts = list(_parts([self._ids[item.key] for item in package.items])) or [[]]
        name = package.name.strip() or package.id
        for number, refs in enumerate(parts, start=1):
            yield {
                "type": "report",
                "spec_version": "2.1",
                "id": self._id("report", "report", str(number)),
                "created_by_ref": self._identity(package.by),
                "created": iso(self._begin),
                "modified": iso(package.made_at),
                "name": name if len(parts) == 1 else f"{name} ({number} of {len(parts)})",
                "published": iso(package.made_at),
                "object_refs": [self._identity(package.by), *refs],
                "object_marking_refs": refs_of(package.marking),
                "extensions": {
                    extension.PACKAGE.id: {
                        "extension_type": extension.PROPERTY,
                        "package": package.id,
                        "title": package.name,
                        "made_at": iso(package.made_at),
                    }
                },
            }

    def _observable(self, item: Item) -> Observable | None:
        if item.kind is not ItemKind.BLOCK:
            return observable_of(item)
        target = target_of(item)
        return target if self._beside_indicators and fits(target) else None

    def _of_item(self, item: Item) -> Iterator[Stix]:
        kind = TYPES[item.kind]
        head = self._head(item, kind)
        fields = extension.of_item(item)
        yield (
            head
            | BODIES[kind](item, fields, self._note_refs(item))
            | {"extensions": {extension.ID_OF_KIND[item.kind]: fields}}
        )
        if kind in WITH_SIGHTING and _is_sighted(item):
            yield self._sighting(item)
        observable = self._observable(item)
        if observable is None:
            return
        name = observable.id
        if name not in self._observables:  # it belongs to nobody, so the marking is the whole's
            self._observables.add(name)
            yield {
                "type": observable.type,
                "spec_version": "2.1",
                "id": name,
                **observable.properties,
                "object_marking_refs": refs_of(self._package.marking),
            }
        if kind in WITH_SIGHTING:
            yield self._consists_of(item, name)

    def _note_refs(self, item: Item) -> list[str]:
        """Return what a note of an item is about: what it is about, or else who states it."""
        return sorted(set(self._about.get(item.key, ()))) or [self._identity(item.by)]

    def _head(self, item: Item, kind: str) -> Stix:
        created, modified = _versions(item)
        head: Stix = {
            "type": kind,
            "spec_version": "2.1",
            "id": self._ids[item.key],
            "created_by_ref": self._identity(item.by),
            "created": iso(created),
            "modified": iso(modified),
        }
        if item.revoked:
            head["revoked"] = True
        if item.confidence is not None:
            head["confidence"] = item.confidence
        if item.exhibits and kind not in WITH_SIGHTING:
            head["external_references"] = references_to(item.exhibits)
        head["object_marking_refs"] = refs_of(item.marking)
        return head

    def _sighting(self, item: Item) -> Stix:
        created, modified = _versions(item)
        thing: Stix = {
            "type": "sighting",
            "spec_version": "2.1",
            "id": self._id("sighting", "sighting", *key_words(item.key)),
            "created_by_ref": self._identity(item.by),
            "created": iso(created),
            "modified": iso(modified),
        }
        add_span(thing, "first_seen", item.first_seen, "last_seen", item.last_seen)
        thing["sighting_of_ref"] = self._ids[item.key]
        thing["where_sighted_refs"] = [self._identity(item.by)]
        if item.exhibits:
            thing["external_references"] = references_to(item.exhibits)
        thing["object_marking_refs"] = refs_of(item.marking)
        return thing

    def _consists_of(self, item: Item, observable: str) -> Stix:
        """Return what ties an item to its observable; a reader concludes it from the two."""
        created, modified = _versions(item)
        is_indicator = TYPES[item.kind] == INDICATOR
        thing: Stix = {
            "type": "relationship",
            "spec_version": "2.1",
            "id": self._id("relationship", "observable", *key_words(item.key)),
            "created_by_ref": self._identity(item.by),
            "created": iso(created),
            "modified": iso(modified),
            "relationship_type": "based-on" if is_indicator else "consists-of",
            "source_ref": self._ids[item.key],
            "target_ref": observable,
            "object_marking_refs": refs_of(item.marking),
        }
        if item.revoked:
            thing["revoked"] = True
        return thing

    def _relationship(self, relation: Relation) -> Stix:
        source, target = self._ids[relation.source], self._ids[relation.target]
        word = relationship_type(relation.kind, relation.source.kind, relation.target.kind)
        fields = extension.of_relation(relation)
        _, modified = versions_of(None, relation.at, revoked=relation.revoked)
        ends = (target, source) if word in REVERSED else (source, target)
        if relation.kind is RelationKind.RESOLVES_TO:
            resolved = self._resolved(relation)
            if resolved is not None:
                word, ends = "resolves-to", resolved
                fields |= {"source_item": source, "target_item": target}
        thing: Stix = {
            "type": "relationship",
            "spec_version": "2.1",
            "id": self._id(
                "relationship",
                str(relation.kind),
                *key_words(relation.source),
                *key_words(relation.target),
            ),
            "created_by_ref": self._identity(relation.source.by),
            "created": iso(relation.at),
            "modified": iso(modified),
        }
        if relation.revoked:
            thing["revoked"] = True
        thing |= {"relationship_type": word, "source_ref": ends[0], "target_ref": ends[1]}
        if relation.text:
            thing["description"] = relation.text
        if relation.exhibits:
            thing["external_references"] = references_to(relation.exhibits)
        thing["object_marking_refs"] = refs_of(relation.marking)
        thing["extensions"] = {extension.RELATION.id: fields}
        return thing

    def _resolved(self, relation: Relation) -> tuple[str, str] | None:
        """Return the name and the address of a relation; ``None``: it is not between two such."""
        name = self._observable(self._items[relation.source])
        address = self._observable(self._items[relation.target])
        if name is None or address is None or name.type != "domain-name":
            return None
        return (name.id, address.id) if address.type in ("ipv4-addr", "ipv6-addr") else None


def key_words(key: ItemKey) -> tuple[str, str, str]:
    """Return the words that an id is made of."""
    return str(key.kind), key.id, key.by


def _versions(item: Item) -> tuple[datetime, datetime]:
    first = item.valid_from if item.kind is ItemKind.BLOCK else item.first_seen
    if first is not None and item.kind is not ItemKind.BLOCK:
        first = min(first, item.at)
    return versions_of(first, item.at, revoked=item.revoked)


def _is_sighted(item: Item) -> bool:
    if item.exhibits:
        return True
    has_place = TYPES[item.kind] in WITH_SEEN
    return not has_place and not (item.first_seen is None and item.last_seen is None)


def _parts(refs: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(refs), OF_A_REPORT):
        yield refs[start : start + OF_A_REPORT]
