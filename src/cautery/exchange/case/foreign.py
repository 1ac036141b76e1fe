"""Read a partner's objects: names, addresses, URLs, certificates and digests; never a person.

What else stands in an object or a graph is counted, and not dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address

from cautery.errors import InputError
from cautery.exchange.case.fields import Fields
from cautery.exchange.case.index import Index
from cautery.exchange.case.literals import node_of, text_of, time_of, whole_of
from cautery.exchange.case.own_items import Link, ReadFacets
from cautery.exchange.shape import Assumed
from cautery.model.exchange import Item, ItemKind, RelationKind
from cautery.model.marking import Marking

RELATIONSHIPS = frozenset({"uco-core:Relationship", "uco-observable:ObservableRelationship"})
_CONTENT = "uco-observable:ContentDataFacet"
_CERTIFICATE = "uco-observable:X509CertificateFacet"
_KINDS = {
    "".join(letter for letter in kind if letter.isalpha()): kind
    for kind in (
        RelationKind.SERVES,
        RelationKind.RESOLVES_TO,
        RelationKind.PART_OF,
        RelationKind.RELATED_TO,
    )
}
"""Kinds of relationship that mean to a partner what they mean to us, by their letters."""
Count = Callable[[str, str, str], None]
"""(class, field, id of the object): something has no place in a package."""


def foreign_item(
    fields: Fields, facets: ReadFacets, index: Index, assumed: Assumed, count: Count
) -> Item | None:
    """Return what a partner's object is about; ``None``: nothing that a package has.

    Raises
    ------
    InputError
        If it is such a thing, and cannot be read.
    """
    subjects = list(_subjects(facets, index, fields, count))
    if not subjects:
        return None
    kind, subject = subjects[0]
    for other, _ in subjects[1:]:
        count("a further facet", other, fields.name)
    return Item(
        kind=kind,
        id=subject,
        by=stated_by(fields, index, assumed),
        marking=_marking(fields, index),
        at=stated_at(fields, assumed),
        text="\n".join(fields.many("uco-core:description", text_of)),
        name=fields.one("uco-core:name", text_of),
        confidence=facets.confidence.one("uco-core:confidence", whole_of),
    )


def foreign_links(fields: Fields, index: Index, assumed: Assumed) -> Iterator[Link]:
    """Yield what a partner's relationship joins: one target with each of its sources.

    Raises
    ------
    InputError
        If it has no end.
    """
    word = fields.one("uco-core:kindOfRelationship", text_of) or ""
    kind = _KINDS.get("".join(filter(str.isalpha, word.lower())), RelationKind.RELATED_TO)
    sources = fields.many("uco-core:source", node_of)
    target = fields.needed("uco-core:target", node_of)
    if not sources:
        raise fields.wrong("uco-core:source", "it is missing")
    words = fields.many("uco-core:description", text_of)
    if kind is RelationKind.RELATED_TO and word:
        words.insert(0, word)
    fields.take("uco-core:isDirectional")
    rest = {
        "marking": _marking(fields, index),
        "at": stated_at(fields, assumed),
        "text": "\n".join(words),
    }
    for source in sources:
        yield Link(name=fields.name, kind=kind, source=source, target=target, rest=rest)


def stated_by(fields: Fields, index: Index, assumed: Assumed) -> str:
    """Return who states an object: an organisation it names, or whom the import names."""
    named = fields.one("uco-core:createdBy", index.organisation)
    return named or assumed.by or index.file


def stated_at(fields: Fields, assumed: Assumed) -> datetime:
    """Return when an object was stated, or when the file was received.

    Raises
    ------
    InputError
        If neither is known.
    """
    created = fields.one("uco-core:objectCreatedTime", time_of)
    modified = fields.many("uco-core:modifiedTime", time_of)
    newest = max([*modified, *([created] if created else [])], default=assumed.at)
    if newest is None:
        raise fields.wrong("uco-core:objectCreatedTime", "it is missing")
    return newest


def _subjects(
    facets: ReadFacets, index: Index, fields: Fields, count: Count
) -> Iterator[tuple[ItemKind, str]]:
    for named, value in facets.subjects:
        yield _of_subject(named, value, fields)
    for kind, facet in facets.others:
        if kind == _CONTENT:
            yield from _digests(facet, index, fields, count)
        elif kind == _CERTIFICATE:
            for part in facet.many("uco-observable:thumbprintHash", index.part):
                method, value = index.hash_of(part)
                if method in ("SHA256", "SHA-256"):
                    yield ItemKind.ASSET, f"certificate:{value.lower()}"
                else:
                    count("uco-types:Hash", method, fields.name)


def _of_subject(named: str, value: str, fields: Fields) -> tuple[ItemKind, str]:
    if named == "uco-observable:URLFacet":
        return ItemKind.ASSET, f"url:{value}"
    if named == "uco-observable:DomainNameFacet":
        return ItemKind.HOST, value.rstrip(".").lower()
    try:
        return ItemKind.ADDRESS, str(ip_address(value))
    except ValueError as error:
        raise fields.wrong(
            "uco-observable:addressValue", f"{value[:60]!r} is no address"
        ) from error


def _digests(
    facet: Fields, index: Index, fields: Fields, count: Count
) -> Iterator[tuple[ItemKind, str]]:
    parts = facet.many("uco-observable:hash", index.part)
    payload = facet.one("uco-observable:dataPayload", text_of)
    content: dict[str, object] = {"uco-observable:hash": parts}
    if payload is not None:
        content["uco-observable:dataPayload"] = payload
        count(_CONTENT, "uco-observable:dataPayload", fields.name)
    try:
        digest = index.sha256_of(content)
    except InputError as error:
        raise fields.wrong("uco-observable:hash", str(error)) from error
    for part in parts:
        method, _ = index.hash_of(part)
        if method not in ("SHA256", "SHA-256"):
            count("uco-types:Hash", method[:30], fields.name)
    if digest is not None:
        yield ItemKind.EXHIBIT, digest


def _marking(fields: Fields, index: Index) -> Marking:
    values = fields.many("uco-core:objectMarking", lambda value: value)
    try:
        return index.marking(values)
    except InputError as error:
        raise fields.wrong("uco-core:objectMarking", str(error)) from error
