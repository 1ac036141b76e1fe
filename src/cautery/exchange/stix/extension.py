"""Cautery's extensions of STIX 2.1: which there are, and the fields of an item that they hold.

STIX has a place for times, markings and confidence. It has none for a finding, a likelihood ratio,
an interval, a lever or a role in the supply, so each object of ours bears one extension, whose
JSON schema lies in ``schemas/``. A field that STIX has a place for stands in that place only, so
that nobody changes one of two copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cautery.exchange.naming import uuid_of
from cautery.model.exchange import Interval, Item, ItemKind, Relation
from cautery.model.times import iso

PUBLISHED = "2026-11-30T00:00:00.000Z"
"""When the extensions were defined."""
VERSION = "1.0.0"
PROPERTY = "property-extension"
_SCHEMAS = "https://cautery.invalid/stix/1"
"""A name, not an address: nobody can own a host below ``.invalid`` (RFC 6761), or fetch from it."""
MAKER = f"identity--{uuid_of('identity', 'Cautery')}"


@dataclass(frozen=True, slots=True)
class Extension:
    """One of Cautery's extensions.

    Parameters
    ----------
    name : str
        Last part of its schema's name.
    about : str
        What it conveys, in a sentence.
    """

    name: str
    about: str

    @property
    def id(self) -> str:
        """Its id; it never changes."""
        return f"extension-definition--{uuid_of('extension', self.name)}"


ITEM = Extension("item", "One thing that a case says: who states it, when, and how certain it is.")
STREAM = Extension("stream", "A URL that re-broadcasts live content, with the finding about it.")
PANEL = Extension("panel", "A panel that runs subscriptions of an unlicensed service.")
PLAYLIST = Extension("playlist", "A list of an unlicensed service's channels.")
FEED = Extension("feed", "A source from which a service takes its channels.")
NETWORK = Extension("network", "A criminal network: hosts that one hand runs, with a probability.")
BLOCK_ORDER = Extension("block-order", "An order to block, or a target blocked under it.")
RELATION = Extension("relation", "How two things of a case belong together, and how certainly.")
PACKAGE = Extension("package", "The case that a bundle was made of.")
EXTENSIONS = (ITEM, STREAM, PANEL, PLAYLIST, FEED, NETWORK, BLOCK_ORDER, RELATION, PACKAGE)
_OF_KIND = {
    ItemKind.STREAM: STREAM,
    ItemKind.PANEL: PANEL,
    ItemKind.PLAYLIST: PLAYLIST,
    ItemKind.FEED: FEED,
    ItemKind.NETWORK: NETWORK,
    ItemKind.BLOCK: BLOCK_ORDER,
    ItemKind.ORDER: BLOCK_ORDER,
}
ID_OF_KIND = {kind: _OF_KIND.get(kind, ITEM).id for kind in ItemKind}
"""Which extension an item of a kind bears."""
ITEM_IDS = frozenset(ID_OF_KIND.values())


def definitions() -> Iterator[dict[str, Any]]:
    """Yield who defines the extensions, and the definitions."""
    yield {
        "type": "identity",
        "spec_version": "2.1",
        "id": MAKER,
        "created": PUBLISHED,
        "modified": PUBLISHED,
        "name": "Cautery",
        "description": "The program that made this bundle.",
        "identity_class": "system",
    }
    for extension in EXTENSIONS:
        yield {
            "type": "extension-definition",
            "spec_version": "2.1",
            "id": extension.id,
            "created_by_ref": MAKER,
            "created": PUBLISHED,
            "modified": PUBLISHED,
            "name": f"cautery-{extension.name}",
            "description": f"{extension.about} Cautery ships the schema: "
            f"src/cautery/exchange/stix/schemas/{extension.id}.json.",
            "schema": f"{_SCHEMAS}/{extension.name}.json",
            "version": VERSION,
            "extension_types": [PROPERTY],
        }


def of_item(item: Item) -> dict[str, Any]:
    """Return what the extension holds of an item: all that STIX has no place for in any object."""
    fields: dict[str, Any] = {
        "extension_type": PROPERTY,
        "kind": str(item.kind),
        "subject": item.id,
        "stated_at": iso(item.at),
        "statement": str(item.statement),
    }
    for name in ("role", "category", "finding", "lever", "order", "territory", "country"):
        value = getattr(item, name)
        if value is not None:
            fields[name] = str(value)
    _add_numbers(fields, item)
    if item.interval is not None:
        fields["interval"] = _interval(item.interval)
    return fields


def of_relation(relation: Relation) -> dict[str, Any]:
    """Return what the extension holds of a relation."""
    fields: dict[str, Any] = {
        "extension_type": PROPERTY,
        "relation": str(relation.kind),
        "stated_at": iso(relation.at),
    }
    _add_numbers(fields, relation)
    return fields


def extension_in(
    thing: Mapping[str, Any], ids: frozenset[str]
) -> tuple[str, Mapping[str, Any]] | None:
    """Return the extension of ours that an object bears, of these, with its id."""
    extensions = thing.get("extensions")
    if not isinstance(extensions, dict):
        return None
    for name, fields in extensions.items():
        if name in ids and isinstance(fields, dict):
            return name, fields
    return None


def _add_numbers(fields: dict[str, Any], of_it: Item | Relation) -> None:
    for name in ("probability", "log10_lr"):
        value = getattr(of_it, name)
        if value is not None:
            fields[name] = value


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "low": interval.low,
        "mid": interval.mid,
        "high": interval.high,
        "coverage": interval.coverage,
        "unit": interval.unit,
        "method": interval.method,
    }
