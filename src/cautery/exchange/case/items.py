"""Items and relations as objects of a graph, with their facets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cautery.exchange.case.literals import number_literal, ref, time_literal, typed
from cautery.exchange.case.terms import (
    CLASSES,
    INTERVAL,
    RELATION,
    SAYING,
    SUBJECTS,
    TARGET,
    facet_of,
    times_valid,
    words_of,
)
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import Interval, Item, ItemKey, ItemKind, Relation, RelationKind
from cautery.model.marking import Marking

Node = dict[str, Any]
_NUMBERS = ("probability", "log10_lr")
_WORDS = ("statement", "role", "category", "finding", "lever", "order", "territory", "country")
_TIMES = ("first_seen", "last_seen")
PROPERTIES = {
    name: f"cautery:{property_}"
    for name, property_ in (
        ("first_seen", "firstSeen"),
        ("last_seen", "lastSeen"),
        ("revoked", "revoked"),
        ("statement", "statementKind"),
        ("role", "role"),
        ("category", "personCategory"),
        ("finding", "finding"),
        ("lever", "lever"),
        ("order", "underOrder"),
        ("territory", "territory"),
        ("country", "country"),
        ("probability", "probability"),
        ("log10_lr", "log10LikelihoodRatio"),
    )
}
"""Of a field of an item: its property in the facet of what an item says."""
INTERVALS = ("low", "mid", "high", "coverage", "unit", "method")
"""Fields of an interval: each is a property of its facet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes items and relations.

    Parameters
    ----------
    name : callable
        (noun, word, ...) to the id of an object.
    by : callable
        Who states it, to a reference.
    marked : callable
        A marking, to a reference.
    shown_by : callable
        Digests, to references.
    """

    name: Callable[..., str]
    by: Callable[[str], Node]
    marked: Callable[[Marking], Node]
    shown_by: Callable[[Iterable[ExhibitId]], list[Node]]

    def item(self, item: Item) -> Node:
        """Return an item as an object."""
        name = self.item_name(item.key)
        own_class, general = CLASSES[item.kind]
        node: Node = {
            "@id": name,
            "@type": [general, own_class],
            "uco-core:createdBy": self.by(item.by),
            "uco-core:objectCreatedTime": time_literal(item.at),
            "uco-core:objectMarking": self.marked(item.marking),
        }
        saying = self._saying(item, name)
        facets = [saying]
        self._say_subject(item, node, facets)
        if item.text:
            node[words_of(item.kind)] = item.text
        if item.name is not None:
            node["uco-core:name"] = item.name
        first, last = times_valid(item.kind)
        place = saying if first.startswith("cautery:") else node
        if item.valid_from is not None:
            place[first] = time_literal(item.valid_from)
        if item.valid_until is not None:
            place[last] = time_literal(item.valid_until)
        if item.confidence is not None:
            facets.append(
                {
                    "@id": beside(name, "ConfidenceFacet"),
                    "@type": "uco-core:ConfidenceFacet",
                    "uco-core:confidence": typed("nonNegativeInteger", str(item.confidence)),
                }
            )
        if item.interval is not None:
            facets.append(_interval(item.interval, name))
        node["uco-core:hasFacet"] = facets
        return node

    def relation(self, relation: Relation) -> Node:
        """Return a relation as an object."""
        source, target = self.item_name(relation.source), self.item_name(relation.target)
        name = self.name("Relationship", str(relation.kind), source, target)
        node: Node = {
            "@id": name,
            "@type": ["uco-core:Relationship", RELATION],
            "uco-core:source": ref(source),
            "uco-core:target": ref(target),
            "uco-core:kindOfRelationship": str(relation.kind),
            "uco-core:isDirectional": relation.kind is not RelationKind.SHARES,
            "uco-core:objectCreatedTime": time_literal(relation.at),
            "uco-core:objectMarking": self.marked(relation.marking),
        }
        if relation.text:
            node["uco-core:description"] = relation.text
        saying: Node = {PROPERTIES["revoked"]: True} if relation.revoked else {}
        self._say_numbers(relation, saying)
        if saying:
            named = {"@id": beside(name, "SayingFacet"), "@type": SAYING}
            node["uco-core:hasFacet"] = [named | saying]
        return node

    def item_name(self, key: ItemKey) -> str:
        """Return the id of an item's object."""
        noun = CLASSES[key.kind][0].removeprefix("cautery:")
        return self.name(noun, key.id, key.by)

    def _saying(self, item: Item, name: str) -> Node:
        saying: Node = {"@id": beside(name, "SayingFacet"), "@type": SAYING}
        for field in _WORDS:
            value = getattr(item, field)
            if value is not None:
                saying[PROPERTIES[field]] = str(value)
        for field in _TIMES:
            value = getattr(item, field)
            if value is not None:
                saying[PROPERTIES[field]] = time_literal(value)
        if item.revoked:
            saying[PROPERTIES["revoked"]] = True
        self._say_numbers(item, saying)
        return saying

    def _say_numbers(self, one: Item | Relation, saying: Node) -> None:
        for field in _NUMBERS:
            value = getattr(one, field)
            if value is not None:
                saying[PROPERTIES[field]] = number_literal(value)
        if one.exhibits:
            saying["cautery:shownBy"] = self.shown_by(one.exhibits)

    def _say_subject(self, item: Item, node: Node, facets: list[Node]) -> None:
        """Name the subject in the words of UCO where it has any, and in ours else."""
        if item.kind is ItemKind.EXHIBIT:
            node["case-investigation:exhibitNumber"] = item.id
            node["uco-core:object"] = self.shown_by([ExhibitId(item.id)])
            return
        if item.kind is ItemKind.ORDER:
            node["case-investigation:authorizationIdentifier"] = item.id
            return
        is_observable = CLASSES[item.kind][1] == "uco-observable:ObservableObject"
        found = facet_of(item.kind, item.id)
        if found is None or item.kind is ItemKind.ASSET or not is_observable:
            node["cautery:subject"] = item.id
        if found is None or not (is_observable or item.kind is ItemKind.BLOCK):
            return
        named, value = found
        property_, general = SUBJECTS[named]
        facet = {
            "@id": beside(node["@id"], named.partition(":")[2]),
            "@type": named,
            property_: value,
        }
        if is_observable:
            node["@type"].append(general)
            facets.append(facet)
        else:
            node["uco-action:object"] = {
                "@id": beside(node["@id"], "Target"),
                "@type": [general, TARGET],
                "uco-core:hasFacet": [facet],
            }


def beside(name: str, noun: str) -> str:
    """Return the id of a part of an object: another noun, and the object's own UUID."""
    return f"kb:{noun}{name[-37:]}"


def _interval(interval: Interval, name: str) -> Node:
    node: Node = {"@id": beside(name, "IntervalFacet"), "@type": INTERVAL}
    for field in INTERVALS:
        value = getattr(interval, field)
        node[f"cautery:{field}"] = value if isinstance(value, str) else number_literal(value)
    return node
