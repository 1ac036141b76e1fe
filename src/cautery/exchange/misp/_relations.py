"""Relations of the things in a file, joined when all are there: their order says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cautery.errors import InputError
from cautery.exchange.misp._heads import Head, is_deleted, text_at
from cautery.exchange.misp._own import Link
from cautery.exchange.misp._texts import words_of
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Relation, RelationKind

_KINDS = frozenset(map(str, RelationKind))


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference of MISP from one uuid to another."""

    source: str
    target: str
    kind: str
    text: str
    where: str
    is_ours: bool


@dataclass(slots=True)
class Relations:
    """What of a file becomes relations."""

    links: list[Link] = field(default_factory=list)
    references: list[_Reference] = field(default_factory=list)
    resolving: dict[tuple[ItemKey, ItemKey], Item] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many there are at most."""
        return len(self.links) + len(self.references) + len(self.resolving)

    def resolve(self, host: Item, address: ItemKey) -> None:
        """Keep that a name leads to an address, under the marking of the name."""
        self.resolving[host.key, address] = host

    def take_references(self, value: Mapping[str, Any], head: Head, where: str, uuid: str) -> None:
        """Keep the references of an object.

        Raises
        ------
        InputError
            If they are none.
        """
        for reference in value.get("ObjectReference") or ():
            if not isinstance(reference, dict):
                raise InputError(f"{where}: its ObjectReference is no list of references")
            try:
                if is_deleted(reference):
                    continue
                comment = text_at(reference, "comment")
                text = words_of(comment) if head.is_ours else comment
            except ValueError as error:
                raise InputError(f"{where}: a reference is broken: {error}") from error
            self.references.append(
                _Reference(
                    uuid,
                    text_at(reference, "referenced_uuid").lower(),
                    text_at(reference, "relationship_type"),
                    text,
                    where,
                    head.is_ours,
                )
            )

    def joined(
        self, items: Mapping[ItemKey, Item], keys: Mapping[str, ItemKey], tally: Tally
    ) -> tuple[Relation, ...]:
        """Return the relations between items; of another event's, what leads nowhere is counted.

        Raises
        ------
        InputError
            If one of an event of ours leads nowhere, or stands there twice.
        """
        relations: dict[Any, Relation] = {}
        for link in self.links:
            relation = link.between(keys)
            if relation.key in relations:
                raise InputError(f"{link.where}: the same relation stands twice")
            relations[relation.key] = relation
        for (_, address), host in self.resolving.items():
            relation = _relation(RelationKind.RESOLVES_TO, host, address, "")
            relations.setdefault(relation.key, relation)
        for reference in self.references:
            source, target = keys.get(reference.source), keys.get(reference.target)
            if source is None or target is None:
                if reference.is_ours:
                    raise InputError(
                        f"{reference.where}: it refers to {reference.target[:36]!r}, "
                        "which no item of the file is"
                    )
                tally.note(
                    "ObjectReference", "referenced_uuid", reference.where, "it leads nowhere"
                )
                continue
            is_known = reference.kind in _KINDS
            relation = _relation(
                RelationKind(reference.kind) if is_known else RelationKind.RELATED_TO,
                items[source],
                target,
                reference.text if is_known else reference.text or reference.kind,
            )
            relations.setdefault(relation.key, relation)
        return tuple(relations.values())


def _relation(kind: RelationKind, source: Item, target: ItemKey, text: str) -> Relation:
    return Relation(
        kind=kind,
        source=source.key,
        target=target,
        marking=source.marking,
        at=source.at,
        text=text,
    )
