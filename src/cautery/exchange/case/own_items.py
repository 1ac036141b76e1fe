"""Read the objects of our own classes: each field of an item stands where the writer puts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cautery.exchange.case.fields import Fields
from cautery.exchange.case.index import Index
from cautery.exchange.case.items import INTERVALS, PROPERTIES
from cautery.exchange.case.literals import (
    flag_of,
    kinds_of,
    node_of,
    number_of,
    text_of,
    time_of,
    whole_of,
)
from cautery.exchange.case.terms import (
    INTERVAL,
    SAYING,
    SUBJECTS,
    facet_of,
    times_valid,
    words_of,
)
from cautery.model.exchange import Interval, Item, ItemKind, RelationKind
from cautery.model.intervention import Lever
from cautery.model.operation import LedCategory, StatementKind
from cautery.model.verdict import Finding

_CONFIDENCE = "uco-core:ConfidenceFacet"
_NAMES = {
    ItemKind.EXHIBIT: "case-investigation:exhibitNumber",
    ItemKind.ORDER: "case-investigation:authorizationIdentifier",
}
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFacets:
    """The facets of an object.

    Parameters
    ----------
    saying, interval, confidence : Fields
        Those that say more of an item; empty where there is none.
    subjects : tuple of (str, str)
        Facets that name a subject, with its name.
    others : tuple of Fields
        All further facets; of each the class is :func:`class_of`.
    """

    saying: Fields
    interval: Fields | None
    confidence: Fields
    subjects: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, Fields], ...]


def facets_of(fields: Fields, index: Index) -> ReadFacets:
    """Take the facets of an object.

    Raises
    ------
    InputError
        If one of them is not in the file, or cannot be read.
    """
    file = index.file
    own_facets: dict[str, Fields] = {}
    subjects: list[tuple[str, str]] = []
    other_facets: list[tuple[str, Fields]] = []
    for node in fields.many("uco-core:hasFacet", index.part):
        kinds = kinds_of(node)
        facet = Fields(node, file)
        subject_class = next((kind for kind in kinds if kind in SUBJECTS), None)
        own_class = next((kind for kind in kinds if kind in (SAYING, INTERVAL, _CONFIDENCE)), None)
        if subject_class is not None:
            value = facet.one(SUBJECTS[subject_class][0], text_of)
            if value is not None:
                subjects.append((subject_class, value))
        if own_class is not None and own_class not in own_facets:
            own_facets[own_class] = facet
        else:
            other_facets.append((str(next(iter(kinds), "a facet without a type")), facet))
    return ReadFacets(
        saying=own_facets.get(SAYING, Fields(_NOTHING, file)),
        interval=own_facets.get(INTERVAL),
        confidence=own_facets.get(_CONFIDENCE, Fields(_NOTHING, file)),
        subjects=tuple(subjects),
        others=tuple(other_facets),
    )


def own_item(kind: ItemKind, fields: Fields, facets: ReadFacets, index: Index) -> Item:
    """Return an item that one of ours wrote.

    Raises
    ------
    InputError
        If it lacks what an item has, or says two things.
    """
    saying = facets.saying
    first, last = times_valid(kind)
    place = saying if first.startswith("cautery:") else fields
    return Item(
        kind=kind,
        id=_subject(kind, fields, facets, index),
        by=fields.needed("uco-core:createdBy", index.organisation),
        marking=_marking(fields, index),
        at=fields.needed("uco-core:objectCreatedTime", time_of),
        text=fields.one(words_of(kind), text_of) or "",
        name=fields.one("uco-core:name", text_of),
        first_seen=saying.one(PROPERTIES["first_seen"], time_of),
        last_seen=saying.one(PROPERTIES["last_seen"], time_of),
        valid_from=place.one(first, time_of),
        valid_until=place.one(last, time_of),
        revoked=saying.one(PROPERTIES["revoked"], flag_of) or False,
        statement=saying.word(PROPERTIES["statement"], StatementKind) or StatementKind.ASSESSMENT,
        role=saying.one(PROPERTIES["role"], text_of),
        category=saying.word(PROPERTIES["category"], LedCategory),
        finding=saying.word(PROPERTIES["finding"], Finding),
        confidence=facets.confidence.one("uco-core:confidence", whole_of),
        probability=saying.one(PROPERTIES["probability"], number_of),
        log10_lr=saying.one(PROPERTIES["log10_lr"], number_of),
        interval=None if facets.interval is None else _interval(facets.interval),
        lever=saying.word(PROPERTIES["lever"], Lever),
        order=saying.one(PROPERTIES["order"], text_of),
        territory=saying.one(PROPERTIES["territory"], text_of),
        country=saying.one(PROPERTIES["country"], text_of),
        exhibits=tuple(sorted(set(saying.many("cautery:shownBy", index.digest)))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation between two objects of a graph, before anybody knows what they are.

    Parameters
    ----------
    name : str
        Id of the relation's object.
    kind : RelationKind
        How.
    source, target : str
        Ids of the two objects.
    rest : mapping of str to object
        The other fields of the relation.
    """

    name: str
    kind: RelationKind
    source: str
    target: str
    rest: Mapping[str, Any]


def own_link(fields: Fields, facets: ReadFacets, index: Index) -> Link:
    """Return a relation that one of ours wrote.

    Raises
    ------
    InputError
        If it lacks what a relation has.
    """
    kind = fields.word("uco-core:kindOfRelationship", RelationKind)
    if kind is None:
        raise fields.wrong("uco-core:kindOfRelationship", "it is missing")
    fields.take("uco-core:isDirectional")
    saying = facets.saying
    return Link(
        name=fields.name,
        kind=kind,
        source=fields.needed("uco-core:source", node_of),
        target=fields.needed("uco-core:target", node_of),
        rest={
            "marking": _marking(fields, index),
            "at": fields.needed("uco-core:objectCreatedTime", time_of),
            "text": fields.one("uco-core:description", text_of) or "",
            "revoked": saying.one(PROPERTIES["revoked"], flag_of) or False,
            "probability": saying.one(PROPERTIES["probability"], number_of),
            "log10_lr": saying.one(PROPERTIES["log10_lr"], number_of),
            "exhibits": tuple(sorted(set(saying.many("cautery:shownBy", index.digest)))),
        },
    )


def _marking(fields: Fields, index: Index) -> Any:
    """Return the one marking of an object of ours: it always has one."""
    return fields.needed("uco-core:objectMarking", lambda value: index.marking([value]))


def _subject(kind: ItemKind, fields: Fields, facets: ReadFacets, index: Index) -> str:
    """Return what an item is about, wherever it stands; it must not say two things."""
    subject = fields.one("cautery:subject", text_of)
    facet_subjects = facets.subjects
    if kind in _NAMES:
        subject = fields.needed(_NAMES[kind], text_of)
        if kind is ItemKind.EXHIBIT:
            content = fields.needed("uco-core:object", index.digest)
            if content != subject:
                raise fields.wrong("uco-core:object", f"its SHA-256 is {content}, not {subject}")
        return subject
    if kind is ItemKind.BLOCK:
        facet_subjects = fields.one("uco-action:object", lambda value: _target(value, index)) or ()
    if subject is None:
        if len(facet_subjects) != 1:
            raise fields.wrong("cautery:subject", "it is missing")
        subject = facet_subjects[0][1]
    if (expected := facet_of(kind, subject)) and [expected] != list(facet_subjects):
        is_written = facet_subjects or kind not in (ItemKind.PERSON, ItemKind.NETWORK)
        if facet_subjects and is_written:
            raise fields.wrong(
                "uco-core:hasFacet",
                f"it names {facet_subjects[0][1][:200]}, and the object {subject[:200]}",
            )
    return subject


def _target(value: object, index: Index) -> tuple[tuple[str, str], ...]:
    if isinstance(value, dict) and len(value) > 1:
        return facets_of(Fields(value, index.file), index).subjects
    return ()


def _interval(facet: Fields) -> Interval:
    values: dict[str, Any] = {
        name: facet.needed(f"cautery:{name}", text_of if name in ("unit", "method") else number_of)
        for name in INTERVALS
    }
    return Interval(**values)
