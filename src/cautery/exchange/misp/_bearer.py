"""Objects and attributes of MISP while they are made, with the uuids of what they say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import UUID

from cautery.exchange.misp._fields import EXHIBIT, H3_TEXT, HANDLING, TEXT, Place
from cautery.exchange.misp._templates import template
from cautery.model.marking import Marking
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
            is_usual = value is None or value is False or value is _USUAL
            if place in always or not (is_usual or (place is TEXT and not value)):
                self.add(place.relation, place.type, place.spell(value))

    def add_handling(self, marking: Marking) -> None:
        """Add the handling codes and the words of H3; TLP, PAP and evaluation are tags alone."""
        for code in sorted(marking.handling):
            self.add(HANDLING.relation, HANDLING.type, code.value, word=code.value)
        self.add_fields(marking, (H3_TEXT,))

    def add_exhibits(self, exhibits: Iterable[str]) -> None:
        """Add the digests; MISP finds other events that have them."""
        for exhibit in exhibits:
            digest = EXHIBIT.spell(exhibit)
            self.add(EXHIBIT.relation, EXHIBIT.type, digest, word=digest)


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
    """Return the UUID (version 5) of a part of what has a UUID: as ``uuid.uuid5``, but faster.

    Examples
    --------
    >>> from uuid import NAMESPACE_URL, uuid5
    >>> below(NAMESPACE_URL, "valid-until") == str(uuid5(NAMESPACE_URL, "valid-until"))
    True
    """
    text = sha1(uuid.bytes + words.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


@lru_cache(maxsize=1024)
def seconds(moment: datetime) -> str:
    """Return a time as MISP's timestamps have it."""
    return str((moment - _EPOCH) // timedelta(seconds=1))
