"""Read a graph of CASE as a package: two walks, so that the order of its objects says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from cautery.errors import InputError
from cautery.exchange.case.copies import check_copies
from cautery.exchange.case.fields import Fields
from cautery.exchange.case.foreign import (
    RELATIONSHIPS,
    foreign_item,
    foreign_links,
    stated_at,
    stated_by,
)
from cautery.exchange.case.graph_file import GraphFile, Node
from cautery.exchange.case.index import ORGANISATION, Index, is_part, is_within, nested
from cautery.exchange.case.literals import all_of, kinds_of, text_of, time_of
from cautery.exchange.case.own_items import Link, ReadFacets, facets_of, own_item, own_link
from cautery.exchange.case.terms import (
    KINDS,
    PACKAGE,
    RELATION,
    SAID_AGAIN,
)
from cautery.exchange.loss import WHOLE
from cautery.exchange.markings import joined
from cautery.exchange.shape import MOST_ITEMS, NOTHING, Assumed, Reading
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Package, Relation
from cautery.model.marking import Marking, Pap, Tlp, strictest

_INVESTIGATIONS = frozenset({"case-investigation:Investigation", "uco-core:Bundle"})
_OBJECT = "uco-core:object"
_MOST_MARKINGS = 1000
"""Different markings of a partner's objects that are kept apart; most files have a few."""


def read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    """Return what a JSON-LD file says.

    Raises
    ------
    InputError
        If it cannot be read, says two things of one object, or bears a marking that is not known.
    """
    graph = GraphFile(raw, file)
    taken = _Taken(index=Index(graph, assumed), assumed=assumed)
    for top in graph.nodes():
        taken.take(top, is_top=True)
        if KINDS.keys().isdisjoint(kinds_of(top)):  # an item of ours has its parts in it, no object
            for node in nested(top):
                taken.take(node, is_top=False)
    taken.count_unused()
    taken.link()
    package = taken.package(sha256(raw).hexdigest())
    if taken.is_ours:
        check_copies(graph, taken.index, package, taken.own, taken.tally)
    return Reading(package=package, left_out=taken.tally.losses())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What a file says of itself as a whole."""

    id: str
    name: str
    by: str
    made_at: datetime | None
    marking: Marking | None


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What was read of a graph so far."""

    index: Index
    assumed: Assumed
    header: _Header | None = None
    is_ours: bool = False
    items: dict[ItemKey, Item] = field(default_factory=dict)
    own: dict[ItemKey, Item] = field(default_factory=dict)
    """What objects of our classes say."""
    named: dict[str, ItemKey] = field(default_factory=dict)
    """Items by the ids of their objects."""
    borne: set[Marking] = field(default_factory=set)
    """Markings of a partner's objects, also of those that are left out."""
    links: list[Link] = field(default_factory=list)
    relations: dict[tuple[Any, ...], Relation] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def take(self, node: Node, *, is_top: bool) -> None:
        """Take an object as what its class says."""
        kinds = kinds_of(node)
        if not SAID_AGAIN.isdisjoint(kinds) or is_part(kinds, is_top=is_top):
            return
        if not is_top and any(map(is_within, kinds)):
            return  # with its object
        own_class = next((kind for kind in kinds if kind in KINDS), None)
        if own_class is None and PACKAGE not in kinds and RELATION not in kinds:
            self._note_marking(node)
        fields = Fields(node, self.index.file)
        kind = own_class or next(iter(kinds), "an object without a class")
        try:
            if PACKAGE in kinds:
                self._take_package(fields)
            elif own_class is not None:
                self._take_own(own_class, fields)
            elif not RELATIONSHIPS.isdisjoint(kinds):
                self._take_relationship(kind, fields, is_ours=RELATION in kinds)
            elif not _INVESTIGATIONS.isdisjoint(kinds):
                self._take_investigation(kind, fields)
            else:
                self._take_foreign(kind, fields)
        except InputError as error:
            raise self._named(error, fields.name) from error

    def _note_marking(self, node: Mapping[str, Any]) -> None:
        """Let the marking of a partner's object count for the whole, whatever becomes of it.

        Of what is left out nobody needs to know what it forbids: not understood is TLP:RED.
        """
        values = all_of(node.get("uco-core:objectMarking"))
        if not values:
            return
        try:
            marking = self.index.marking(values)
        except InputError:
            marking = Marking(tlp=Tlp.RED, pap=Pap.RED)
        self.borne.add(replace(marking, source=None, accuracy=None))
        if len(self.borne) > _MOST_MARKINGS:
            self.borne = {joined(*self.borne)}

    def count_unused(self) -> None:
        """Count persons, and the organisations and facets that no object names."""
        for name, node in self.index.parts():
            kinds = kinds_of(node)
            is_said_again = not SAID_AGAIN.isdisjoint(kinds) or any(
                kind.startswith("uco-marking:") for kind in kinds
            )
            is_person = ORGANISATION not in kinds and any(
                kind.startswith("uco-identity:") for kind in kinds
            )
            if is_person:
                self._note_marking(node)
            if is_person or not (is_said_again or name in self.index.used):
                self.tally.note(kinds[0], WHOLE, name)

    def link(self) -> None:
        """Join the items by what the graph's relationships say."""
        for link in self.links:
            ends = []
            for end in (link.source, link.target):
                if end in self.named:
                    ends.append(self.named[end])
                elif not self.index.has(end):
                    raise InputError(
                        f"{self.index.file}: {link.name[:200]}: it names {end[:200]}, which is not "
                        f"in the file"
                    )
            if len(ends) < 2:
                self.tally.note("uco-core:Relationship", "of what is left out", link.name)
                continue
            relation = Relation(kind=link.kind, source=ends[0], target=ends[1], **link.rest)
            if relation.key in self.relations:
                if self.is_ours:
                    raise InputError(f"{self.index.file}: {link.name[:200]}: it stands twice")
                self.tally.note("uco-core:Relationship", "said again", link.name)
                continue
            self.relations[relation.key] = relation

    def package(self, digest: str) -> Package:
        """Return all that was read."""
        if len(self.items) + len(self.relations) > MOST_ITEMS:
            raise InputError(f"{self.index.file}: it has over {MOST_ITEMS} items and relations")
        header = self.header or _Header(id=digest, name="", by="", made_at=None, marking=None)
        statements: list[Item | Relation] = [*self.items.values(), *self.relations.values()]
        made_at = (
            header.made_at or self.assumed.at or max((one.at for one in statements), default=None)
        )
        marking = header.marking
        if marking is None or not self.is_ours:
            parts = [one.marking for one in statements]
            parts += [one for one in (marking, self.assumed.marking) if one is not None]
            marking = strictest([*parts, *self.borne])
        else:
            marking = joined(marking, *self.borne)
        if made_at is None or marking is None:
            raise InputError(f"{self.index.file}: it holds nothing that Cautery knows")
        try:
            return Package(
                id=header.id,
                name=header.name or ("" if self.is_ours else self.index.file),
                by=header.by or self.assumed.by or self.index.file,
                made_at=made_at,
                marking=marking,
                items=tuple(self.items.values()),
                relations=tuple(self.relations.values()),
            )
        except InputError as error:
            raise self._named(error, header.id) from error

    def _take_own(self, kind: str, fields: Fields) -> None:
        facets = facets_of(fields, self.index)
        item = own_item(KINDS[kind], fields, facets, self.index)
        if item.key in self.items:
            raise InputError(f"{item.key} stands twice in the package")
        self.own[item.key] = item
        self._add(fields.name, item)
        self._count_rest(kind, fields, facets)

    def _take_relationship(self, kind: str, fields: Fields, *, is_ours: bool) -> None:
        facets = facets_of(fields, self.index)
        if is_ours:
            self._join(own_link(fields, facets, self.index))
        else:
            for link in foreign_links(fields, self.index, self.assumed):
                self._join(link)
        self._count_rest(kind, fields, facets)

    def _take_package(self, fields: Fields) -> None:
        if self.is_ours:
            raise InputError("the file has two packages; one can be read")
        self.is_ours = True
        fields.take(_OBJECT, "case-investigation:focus")
        self.header = _Header(
            id=fields.needed("cautery:packageId", text_of),
            name=fields.one("uco-core:name", text_of) or "",
            by=fields.needed("uco-core:createdBy", self.index.organisation),
            made_at=fields.needed("uco-core:objectCreatedTime", time_of),
            marking=fields.needed(
                "uco-core:objectMarking", lambda value: self.index.marking([value])
            ),
        )
        self._count_rest(PACKAGE, fields, None)

    def _take_investigation(self, kind: str, fields: Fields) -> None:
        """Take what a partner's file says of itself; the first investigation or bundle does."""
        if self.header is not None:
            self.tally.note(kind, WHOLE, fields.name)
            return
        fields.take(_OBJECT)
        made_at = None
        if self.assumed.at is not None or "uco-core:objectCreatedTime" in fields.left:
            made_at = stated_at(fields, self.assumed)
        values = fields.many("uco-core:objectMarking", lambda value: value)
        self.header = _Header(
            id=fields.name,
            name=fields.one("uco-core:name", text_of) or "",
            by=stated_by(fields, self.index, self.assumed),
            made_at=made_at,
            marking=self.index.marking(values) if values else None,
        )
        self._count_rest(kind, fields, None)

    def _take_foreign(self, kind: str, fields: Fields) -> None:
        facets = facets_of(fields, self.index)
        item = foreign_item(fields, facets, self.index, self.assumed, self.tally.note)
        if item is None:
            if fields.left or facets.others:
                self.tally.note(kind, WHOLE, fields.name)
            return
        earlier = self.items.get(item.key)
        if earlier is not None:  # two objects of one subject: what holds of both
            item = replace(earlier, marking=joined(earlier.marking, item.marking))
            self.tally.note(kind, "said again", fields.name)
        self._add(fields.name, item)
        self._count_rest(kind, fields, facets)

    def _add(self, name: str, item: Item) -> None:
        self.items[item.key] = item
        self.named[name] = item.key
        self._check_many()

    def _join(self, link: Link) -> None:
        self.links.append(link)
        self._check_many()

    def _check_many(self) -> None:
        if len(self.items) + len(self.links) > MOST_ITEMS:
            raise InputError(f"it has over {MOST_ITEMS} items and relations")

    def _count_rest(self, kind: str, fields: Fields, facets: ReadFacets | None) -> None:
        """Count what an object says that has no place in an item."""
        for name in fields.left:
            self.tally.note(kind, name, fields.name)
        if facets is None:
            return
        for facet in (facets.saying, facets.interval, facets.confidence):
            for name in facet.left if facet is not None else ():
                self.tally.note(kind, name, fields.name)
        for named, facet in facets.others:
            for name in facet.left:
                self.tally.note(named, name, fields.name)

    def _named(self, error: InputError, name: str) -> InputError:
        """Return an error with the file and the object, unless it says both."""
        words = str(error)
        if words.startswith(f"{self.index.file}: "):
            return error
        return InputError(f"{self.index.file}: {name[:200]}: {words}", hint=error.hint)


def recognises(head: bytes) -> bool:
    """Tell whether the first bytes of a file look like a graph of CASE or UCO."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and any(
        word in head
        for word in (b"ontology.caseontology.org", b"ontology.unifiedcyberontology.org")
    )
