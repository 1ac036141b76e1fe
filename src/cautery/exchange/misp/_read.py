"""MISP events as packages: our own objects field by field, anybody's attributes as far as we know.

A file is walked twice: for the heads of its events, which may stand behind what they mark, and for
what is in them. Relations are joined at the end, so that their order says nothing.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cautery.errors import InputError
from cautery.exchange.json_walk import Path, shown, walk
from cautery.exchange.loss import Loss
from cautery.exchange.misp._copies import check_copies
from cautery.exchange.misp._fields import KINDS, PACKAGE, RELATION
from cautery.exchange.misp._foreign import found_in, merged
from cautery.exchange.misp._heads import (
    LISTS,
    Head,
    attributes_of,
    heads_of,
    is_deleted,
    is_open,
    split,
    text_at,
)
from cautery.exchange.misp._own import has_binned_subject, item_of, link_of
from cautery.exchange.misp._relations import Relations
from cautery.exchange.shape import MOST_ITEMS, NOTHING, Assumed, Reading
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Package, Relation
from cautery.model.marking import Marking, strictest

_MOST_PAIRS = 1_000
"""Pairs of a name and an address in one object."""
_HEAD_WORDS = frozenset(
    [
        "uuid",
        "info",
        "date",
        "timestamp",
        "publish_timestamp",
        "published",
        "analysis",
        "threat_level_id",
        "distribution",
        "Orgc",
        "Org",
        "orgc_id",
        "org_id",
        "Tag",
        "EventTag",
        "id",
        "attribute_count",
        "locked",
        "proposal_email_lock",
        "disable_correlation",
        "extends_uuid",
        "protected",
        "event_creator_email",
        "sharing_group_id",
        "sighting_timestamp",
        "CryptographicKey",
    ]
)
"""What of an event's head is read, or says nothing of its subject."""


def read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    """Return what the events of a file say.

    Raises
    ------
    InputError
        If the file cannot be read; of a refused file nothing is kept.
    """
    heads = heads_of(raw, file, assumed)
    reader = _Reader(heads, file, assumed)
    for path, value in walk(raw, file, is_open, is_checked=True):
        outer, inner = split(path)
        if outer in heads and inner:
            reader.take(heads[outer], path, inner, value)
    package = reader.package()
    first = next(iter(heads.values()))
    if len(heads) == 1 and first.is_ours:
        check_copies(raw, first, package, reader.own, reader.tally, binned=reader.binned)
    return Reading(package=package, left_out=reader.left_out())


@dataclass(slots=True)
class _Reader:
    heads: Mapping[Path, Head]
    file: str
    assumed: Assumed
    tally: Tally = field(default_factory=Tally)
    items: dict[ItemKey, Item] = field(default_factory=dict)
    own: dict[ItemKey, Item] = field(default_factory=dict)
    """What objects of our templates say, before anything else in the file says more of it."""
    binned: set[str] = field(default_factory=set)
    """Objects of ours whose subject somebody deleted in MISP: the writer says no item so."""
    of_uuids: dict[str, ItemKey] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    relations: Relations = field(default_factory=Relations)

    def take(self, head: Head, path: Path, inner: Path, value: Any) -> None:
        name = str(inner[0])
        if len(inner) == 1 and name not in LISTS:
            if name not in _HEAD_WORDS:
                self.tally.note("Event", name, shown(path))
            return
        if name not in ("Attribute", "Object"):
            if isinstance(value, dict) and isinstance(value.get("Tag"), list):
                head.note(value, f"{self.file}: {shown(path)}")
            self.tally.note("Event", name, shown(path))
            return
        if not isinstance(value, dict):
            raise InputError(f"{self.file}: {shown(path)}: this is no {name.lower()} of MISP")
        uuid = text_at(value, "uuid").lower()
        where = f"{self.file}: {shown(path)} {uuid[:36]}".rstrip()
        if uuid and self._is_known(uuid, value, where):
            self.tally.note(name, "uuid", where, "it stands there twice, letter by letter")
        elif name == "Attribute":
            self._take_attribute(value, head, where, uuid)
        else:
            self._take_object(value, head, where, uuid)
        if len(self.items) + len(self.relations) > MOST_ITEMS:
            raise InputError(
                f"{self.file}: it has over {MOST_ITEMS:,} items and relations",
                hint="Export fewer events, or those of one tag or time.",
            )

    def _is_known(self, uuid: str, value: dict[str, Any], where: str) -> bool:
        """Tell whether the same thing came before.

        Raises
        ------
        InputError
            If another thing with its uuid did.
        """
        content = hash(marshal.dumps(value, 2))  # the fastest way to write it out
        if self.contents.setdefault(uuid, content) != content:
            raise InputError(f"{where}: another thing in the file has this uuid")
        return uuid in self.of_uuids

    def _take_attribute(
        self, value: Mapping[str, Any], head: Head, where: str, uuid: str
    ) -> tuple[ItemKey, ...]:
        found = found_in(value, head, where, self.tally)
        for item in found.items:
            self._keep(item, uuid, where)
        keys = tuple(item.key for item in found.items)
        if found.resolves:
            self.relations.resolve(found.items[0], keys[1])
        return keys

    def _take_object(self, value: Mapping[str, Any], head: Head, where: str, uuid: str) -> None:
        name = text_at(value, "name")
        if name == PACKAGE:
            return
        if name == RELATION:
            self.relations.links.append(link_of(value, head, where, self.tally))
            return
        if name in KINDS:
            item = item_of(value, head, where, self.tally)
            if item.key in self.items and head.is_ours:
                raise InputError(f"{where}: {item.key} stands twice in the event")
            if has_binned_subject(value):
                self.binned.add(uuid)
            else:
                self.own[item.key] = item
            self._keep(item, uuid, where)
        else:
            self._take_foreign_object(value, head, where, uuid, name)
        self.relations.take_references(value, head, where, uuid)

    def _take_foreign_object(
        self, value: Mapping[str, Any], head: Head, where: str, uuid: str, name: str
    ) -> None:
        keys: list[ItemKey] = []
        is_gone = is_deleted(value)
        for attribute in attributes_of(value, where):
            inner = {**attribute, "deleted": True} if is_gone else attribute
            own = text_at(attribute, "uuid").lower()
            place = f"{where}, attribute {own[:36]}"
            keys += self._take_attribute(inner, head, place, own)
        if keys:
            self.of_uuids.setdefault(uuid, keys[0])
        else:
            self.tally.note("Object", name, where)
        if name not in ("domain-ip", "ip-port"):
            return
        hosts = [key for key in keys if key.kind == "host"]
        addresses = [key for key in keys if key.kind == "address"]
        if len(hosts) * len(addresses) > _MOST_PAIRS:
            raise InputError(f"{where}: it pairs over {_MOST_PAIRS} names and addresses")
        for host in hosts:
            for address in addresses:
                self.relations.resolve(self.items[host], address)

    def _keep(self, item: Item, uuid: str, where: str) -> None:
        if (before := self.items.get(item.key)) is not None:
            item = merged(before, item)
            self.tally.note(str(item.kind), "uuid", where, "two things name one subject: joined")
        self.items[item.key] = item
        if uuid:
            self.of_uuids.setdefault(uuid, item.key)

    def package(self) -> Package:
        """Return all that was read."""
        return self._package(self.relations.joined(self.items, self.of_uuids, self.tally))

    def left_out(self) -> tuple[Loss, ...]:
        """Return what has no place in a package, counted."""
        for head in self.heads.values():
            for name in head.marks.others:
                self.tally.note("Tag", name.partition(":")[0], shown(head.path))
        return self.tally.losses()

    def _package(self, relations: tuple[Relation, ...]) -> Package:
        heads = list(self.heads.values())
        first = heads[0]
        if any(head.is_ours for head in heads):
            ids = {head.of_package.get("id") for head in heads}
            if len(ids) > 1:
                raise InputError(f"{self.file}: its events are of several packages")
        parts = [item.marking for item in self.items.values()]
        parts += [relation.marking for relation in relations]
        parts += {marking for head in heads for marking in head.borne}
        makers = {head.by for head in heads}
        more = f" and {len(heads) - 1} more" if len(heads) > 1 and not first.is_ours else ""
        name = first.of_package.get("name", "") if first.is_ours else text_at(first.values, "info")
        made_at = max(head.at for head in heads)
        marking = self._whole(first, parts)
        try:
            return Package(
                id=first.of_package.get("id") or f"misp:{first.uuid or self.file}{more}",
                name=f"{name}{more}",
                by=makers.pop() if len(makers) == 1 else self.assumed.by or self.file,
                made_at=made_at,
                marking=marking,
                items=tuple(self.items.values()),
                relations=relations,
            )
        except InputError as error:
            raise InputError(f"{self.file}: {error}", hint=error.hint) from error

    def _whole(self, first: Head, parts: list[Marking]) -> Marking:
        """Return the marking of the package: as it says, and none of its items is stricter."""
        said = [
            head.marking(head.marks, head.h3_text, f"{self.file}: {shown(head.path)}")
            for head in self.heads.values()
            if head.marks.tlp is not None or self.assumed.marking is not None or not parts
        ]
        if len(said) == 1 and first.is_ours and all(_is_level(said[0], part) for part in parts):
            return said[0]
        joint = strictest((*said, *parts))
        assert joint is not None
        return joint


def _is_level(whole: Marking, part: Marking) -> bool:
    """Tell whether a marking covers another, but for the words of H3."""
    joint = strictest((whole, part))
    assert joint is not None
    return (joint.tlp, joint.pap, joint.handling) == (whole.tlp, whole.pap, whole.handling)
