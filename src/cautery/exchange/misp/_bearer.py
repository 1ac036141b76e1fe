"""Objects and attributes of MISP while they are made, with the uuids of what they say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any
from uuid import UUID

from cautery.exchange.misp._fields import EXHIBIT, Place
from cautery.exchange.misp._templates import template
from cautery.model.operation import StatementKind

INHERITED = "5"
"""Distribution of what goes where its event goes."""
CATEGORIES = {
    "hostname": "Network activity",
    "ip-dst": "Network activity",
    "url": "Network activity",
    "sha256": "External analysis",
}
"""Of the types that MISP has in several."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Bearer:
    """An object of MISP while its attributes are added."""

    def __init__(self, uuid: UUID, name: str, stamp: str) -> None:
        self._uuid = uuid
        self.value: dict[str, Any] = {
            **template(name),
            "uuid": str(uuid),
            "timestamp": stamp,
            "distribution": INHERITED,
            "Attribute": [],
        }

    def add(self, relation: str, kind: str, value: str, *, word: str = "") -> dict[str, Any]:
        """Add an attribute; a word tells it from others of the same relation."""
        attribute = attribute_of(self._uuid, relation, kind, value, word=word)
        self.value["Attribute"].append(attribute)
        return attribute

    def add_fields(
        self, noun: object, places: Iterable[Place], *, always: tuple[Place, ...] = ()
    ) -> None:
        """Add an attribute for each field that says something."""
        for place in places:
            value = getattr(noun, place.field)
            if place in always or not (value in _NOTHING or value is False or value is _USUAL):
                self.add(place.relation, place.type, place.spell(value))

    def add_exhibits(self, exhibits: Iterable[str]) -> None:
        """Add the digests; MISP finds other events that have them."""
        for exhibit in exhibits:
            digest = EXHIBIT.spell(exhibit)
            self.add(EXHIBIT.relation, EXHIBIT.type, digest, word=digest)


_NOTHING: tuple[object, ...] = (None, "")
_USUAL = StatementKind.ASSESSMENT
"""What an item is unless it says otherwise."""


def attribute_of(
    uuid: UUID, relation: str, kind: str, value: str, *, word: str = ""
) -> dict[str, Any]:
    """Return an attribute that nobody acts on."""
    attribute: dict[str, Any] = {
        "uuid": below(uuid, f"{relation} {word}" if word else relation),
        "object_relation": relation,
        "type": kind,
        "value": value,
        "to_ids": False,
        "disable_correlation": kind != "sha256",
    }
    if kind == "sha256":
        attribute["category"] = CATEGORIES["sha256"]
    return attribute


def below(uuid: UUID, words: str) -> str:
    """Return the UUID (version 5) of a part of what has a UUID: as ``uuid.uuid5``, but faster."""
    digest = sha1(uuid.bytes + words.encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF000 << 64) & ~(0xC000 << 48) | 5 << 76 | 0x8000 << 48
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def seconds(moment: datetime) -> str:
    """Return a time as MISP's timestamps have it."""
    return str((moment - _EPOCH) // timedelta(seconds=1))
