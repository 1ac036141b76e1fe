"""The words of a graph: namespaces, classes and properties of UCO, CASE and our own.

Names are written here as a graph of ours writes them: ``uco-core:name``. The ontology of our own
words is ``ontology/cautery.ttl``; none of these addresses is ever fetched. Those of UCO and CASE
are in docs/reference/sources.md, F105.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from cautery.model.exchange import ItemKind

_UCO = "https://ontology.unifiedcyberontology.org/uco/"
NAMESPACES: Mapping[str, str] = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "cautery": "https://cautery.invalid/ontology/case#",
    "kb": "https://cautery.invalid/kb/",
    "uco-action": f"{_UCO}action/",
    "uco-core": f"{_UCO}core/",
    "uco-identity": f"{_UCO}identity/",
    "uco-marking": f"{_UCO}marking/",
    "uco-observable": f"{_UCO}observable/",
    "uco-types": f"{_UCO}types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""By prefix; a graph of ours defines these in its context, and nothing else."""

PACKAGE = "cautery:Package"
"""The investigation, as a package: it makes a graph one of ours."""
RELATION = "cautery:Relation"
SEALING = "cautery:Sealing"
"""An action of custody: its exhibits were sealed."""
EXCHANGE = "cautery:Exchange"
"""An action of custody: the package was made."""
CONTENT = "cautery:ExhibitContent"
"""Bytes of which only the digest is in the graph."""
TARGET = "cautery:Target"
"""What a block is aimed at, as an observable; the block itself says it, too."""
SAYING = "cautery:SayingFacet"
"""What an item or a relation says beyond the words of UCO."""
INTERVAL = "cautery:IntervalFacet"
LEVEL = "cautery:Marking"
"""A marking definition of ours: all of a marking stands in its statements."""

CLASSES: Mapping[ItemKind, tuple[str, str]] = {
    ItemKind.STREAM: ("cautery:Stream", "uco-observable:ObservableObject"),
    ItemKind.HOST: ("cautery:Host", "uco-observable:ObservableObject"),
    ItemKind.ADDRESS: ("cautery:Address", "uco-observable:ObservableObject"),
    ItemKind.PANEL: ("cautery:Panel", "uco-observable:ObservableObject"),
    ItemKind.PLAYLIST: ("cautery:Playlist", "uco-observable:ObservableObject"),
    ItemKind.FEED: ("cautery:Feed", "uco-observable:ObservableObject"),
    ItemKind.STOREFRONT: ("cautery:Storefront", "uco-observable:ObservableObject"),
    ItemKind.RESELLER: ("cautery:Reseller", "uco-observable:ObservableObject"),
    ItemKind.ASSET: ("cautery:Asset", "uco-observable:ObservableObject"),
    ItemKind.NETWORK: ("cautery:CriminalNetwork", "uco-core:Grouping"),
    ItemKind.PERSON: ("cautery:PersonOfInterest", "uco-identity:Person"),
    ItemKind.BLOCK: ("cautery:Block", "uco-action:Action"),
    ItemKind.ORDER: ("cautery:BlockOrder", "case-investigation:Authorization"),
    ItemKind.EXHIBIT: ("cautery:Exhibit", "case-investigation:ProvenanceRecord"),
    ItemKind.ESTIMATE: ("cautery:Estimate", "uco-core:Assertion"),
    ItemKind.STATEMENT: ("cautery:Statement", "uco-core:Assertion"),
}
"""By kind: our class, and what it is to a tool that does not know ours."""
KINDS: Mapping[str, ItemKind] = {own: kind for kind, (own, _) in CLASSES.items()}

_VALID = {
    ItemKind.BLOCK: ("uco-action:startTime", "uco-action:endTime"),
    ItemKind.ORDER: ("uco-core:startTime", "uco-core:endTime"),
}
_OWN_VALID = ("cautery:validFrom", "cautery:validUntil")
SAID_AGAIN = frozenset({SEALING, EXCHANGE, TARGET, CONTENT, LEVEL})
"""Classes of ours whose objects say again what stands in the items."""


def times_valid(kind: ItemKind) -> tuple[str, str]:
    """Return the properties for the moments between which an item may be acted on."""
    return _VALID.get(kind, _OWN_VALID)


def words_of(kind: ItemKind) -> str:
    """Return the property for what an item says in words."""
    is_assertion = CLASSES[kind][1] == "uco-core:Assertion"
    return "uco-core:statement" if is_assertion else "uco-core:description"


SUBJECTS: Mapping[str, tuple[str, str]] = {
    "uco-observable:URLFacet": ("uco-observable:fullValue", "uco-observable:URL"),
    "uco-observable:DomainNameFacet": ("uco-observable:value", "uco-observable:DomainName"),
    "uco-observable:IPv4AddressFacet": (
        "uco-observable:addressValue",
        "uco-observable:IPv4Address",
    ),
    "uco-observable:IPv6AddressFacet": (
        "uco-observable:addressValue",
        "uco-observable:IPv6Address",
    ),
}
"""By facet that names a subject: its property, and the class of what has it."""


def facet_of(kind: ItemKind, subject: str) -> tuple[str, str] | None:
    """Return the facet that names a subject to a tool that does not know our words, and its value.

    ``None``: UCO has none for it.

    Examples
    --------
    >>> facet_of(ItemKind.STREAM, "https://a.example/1.m3u8")
    ('uco-observable:URLFacet', 'https://a.example/1.m3u8')
    >>> facet_of(ItemKind.BLOCK, "198.51.100.7")
    ('uco-observable:IPv4AddressFacet', '198.51.100.7')
    >>> facet_of(ItemKind.ASSET, "url:https://a.example/")
    ('uco-observable:URLFacet', 'https://a.example/')
    >>> facet_of(ItemKind.ASSET, "wallet:1A")
    """
    if kind is ItemKind.ASSET:
        word, _, value = subject.partition(":")
        return ("uco-observable:URLFacet", value) if word == "url" and value else None
    if "://" in subject:
        return "uco-observable:URLFacet", subject
    if kind is ItemKind.HOST:
        return "uco-observable:DomainNameFacet", subject
    try:
        version = ip_address(subject).version
    except ValueError:
        return ("uco-observable:DomainNameFacet", subject) if _is_name(subject) else None
    return f"uco-observable:IPv{version}AddressFacet", subject


def _is_name(subject: str) -> bool:
    """Tell whether a subject has the form of a name in the DNS."""
    return "." in subject and all(
        part and part.replace("-", "").isalnum() and part.isascii() for part in subject.split(".")
    )
