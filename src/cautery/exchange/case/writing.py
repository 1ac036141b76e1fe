"""Write a package as one graph of CASE: each object on a line of its own, always in one order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cautery.exchange.case.items import Writer, beside
from cautery.exchange.case.literals import ref, time_literal, typed
from cautery.exchange.case.markings import marking_node, words_of
from cautery.exchange.case.terms import CONTENT, EXCHANGE, NAMESPACES, PACKAGE, SEALING
from cautery.exchange.naming import uuid_of
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Marking

Node = dict[str, Any]
_MANY = 1000
"""Objects of one piece."""
_LINE = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True
)
"""Writes what :func:`cautery.canonical.canonical` does of texts and flags, in half the time; every
number is a text here."""


def write(package: Package) -> Iterator[bytes]:
    """Yield the pieces of a JSON-LD file."""
    yield b'{"@context":' + _LINE.encode(dict(NAMESPACES)).encode() + b',\n"@graph":[\n'
    lines: list[bytes] = []
    between = b""
    for node in nodes_of(package):
        lines.append(between + _LINE.encode(node).encode())
        between = b",\n"
        if len(lines) == _MANY:
            yield b"".join(lines)
            lines.clear()
    yield b"".join(lines) + b"\n]}\n"


def nodes_of(package: Package) -> Iterator[Node]:
    """Yield the objects of a package's graph."""
    yield from _Graph(package).nodes()


@dataclass(slots=True)
class _Graph:
    """The objects of a package; what several of them share is written once, after them."""

    package: Package
    named: dict[str, str] = field(default_factory=dict)
    """Who states something, and the id of the object that stands for them."""
    marked: dict[Marking, str] = field(default_factory=dict)
    contents: dict[ExhibitId, str] = field(default_factory=dict)

    def nodes(self) -> Iterator[Node]:
        package = self.package
        writer = Writer(name=self.name, by=self.by, marked=self.mark, shown_by=self.shown_by)
        ids: list[str] = []
        sealed: dict[str, list[Item]] = {}
        for item in package.items:
            node = writer.item(item)
            ids.append(node["@id"])
            if item.kind is ItemKind.EXHIBIT:
                sealed.setdefault(item.by, []).append(item)
            yield node
        for relation in package.relations:
            node = writer.relation(relation)
            ids.append(node["@id"])
            yield node
        sealings = [self.sealing(by, items, writer) for by, items in sealed.items()]
        exchange = self.exchange(sealings)
        for node in (*sealings, exchange):
            ids.append(node["@id"])
            yield node
        investigation = self.investigation()
        for digest, name in sorted(self.contents.items()):
            ids.append(name)
            yield self.content(digest, name)
        for marking, name in sorted(self.marked.items(), key=lambda pair: pair[1]):
            yield marking_node(marking, name, self.name)
        for by, name in sorted(self.named.items()):
            yield {"@id": name, "@type": "uco-identity:Organization", "uco-core:name": by}
        investigation["uco-core:object"] = [ref(name) for name in ids]
        yield investigation

    def name(self, noun: str, *words: str) -> str:
        """Return the id of an object: its noun, and a UUID of what names it in its case."""
        return f"kb:{noun}-{uuid_of(self.package.id, 'case', noun, *words)}"

    def by(self, who: str) -> Node:
        if who not in self.named:
            self.named[who] = self.name("Organization", who)
        return ref(self.named[who])

    def mark(self, marking: Marking) -> Node:
        if marking not in self.marked:
            self.marked[marking] = self.name("MarkingDefinition", *words_of(marking))
        return ref(self.marked[marking])

    def shown_by(self, exhibits: Iterable[ExhibitId]) -> list[Node]:
        for exhibit in exhibits:
            if exhibit not in self.contents:
                self.contents[exhibit] = self.name("ContentData", exhibit)
        return [ref(self.contents[exhibit]) for exhibit in exhibits]

    def content(self, digest: ExhibitId, name: str) -> Node:
        """Return sealed bytes by their digest; the bytes themselves are not in the graph."""
        return {
            "@id": name,
            "@type": ["uco-observable:ContentData", CONTENT],
            "uco-core:hasFacet": [
                {
                    "@id": beside(name, "ContentDataFacet"),
                    "@type": "uco-observable:ContentDataFacet",
                    "uco-observable:hash": [
                        {
                            "@id": beside(name, "Hash"),
                            "@type": "uco-types:Hash",
                            "uco-types:hashMethod": "SHA256",
                            "uco-types:hashValue": typed(
                                "hexBinary", digest.removeprefix("sha256:")
                            ),
                        }
                    ],
                }
            ],
        }

    def sealing(self, by: str, items: Sequence[Item], writer: Writer) -> Node:
        """Return the act by which a provider's exhibits came into custody."""
        return {
            "@id": self.name("InvestigativeAction", "sealing", by),
            "@type": ["case-investigation:InvestigativeAction", SEALING],
            "uco-core:name": "sealed",
            "uco-action:performer": self.by(by),
            "uco-action:startTime": time_literal(min(item.at for item in items)),
            "uco-action:endTime": time_literal(max(item.at for item in items)),
            "uco-action:result": [ref(writer.item_name(item.key)) for item in items],
        }

    def exchange(self, sealings: Iterable[Node]) -> Node:
        """Return the act by which the package was made."""
        informed = [ref(node["@id"]) for node in sealings]
        return {
            "@id": self.name("InvestigativeAction", "exchange"),
            "@type": ["case-investigation:InvestigativeAction", EXCHANGE],
            "uco-core:name": "prepared for exchange",
            "uco-action:performer": self.by(self.package.by),
            "uco-action:endTime": time_literal(self.package.made_at),
            **({"case-investigation:wasInformedBy": informed} if informed else {}),
        }

    def investigation(self) -> Node:
        package = self.package
        return {
            "@id": self.name("Investigation"),
            "@type": ["case-investigation:Investigation", PACKAGE],
            "case-investigation:focus": "unlicensed re-broadcasting",
            "cautery:packageId": package.id,
            "uco-core:name": package.name,
            "uco-core:createdBy": self.by(package.by),
            "uco-core:objectCreatedTime": time_literal(package.made_at),
            "uco-core:objectMarking": self.mark(package.marking),
        }
