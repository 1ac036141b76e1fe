"""The attribute that names what an object is about: what MISP's tools search, export and block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from cautery.exchange.misp._bearer import CATEGORIES, INHERITED, attribute_of, below, seconds
from cautery.exchange.misp._fields import SUBJECTS, WITHDRAWN
from cautery.exchange.misp._tags import tags_of
from cautery.exchange.misp._templates import entries
from cautery.exchange.misp._texts import observable, plain, spelled
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Pap

ROLES = "iptv-supply"
"""Our taxonomy of roles."""
_SEEN, _EXPIRED = "0", "2"
"""Types of MISP's sightings."""
_RELATIONS = {kind: relation for relation, kind in SUBJECTS.items()}


def subject_of(item: Item, package: Package, uuid: UUID, stamp: str) -> Iterator[dict[str, Any]]:
    """Yield the attribute that names the subject, and its text when nobody may act on it."""
    kind = "" if item.kind is ItemKind.PERSON else observable(item.id)
    value = item.id.removeprefix("sha256:") if kind == "sha256" else item.id
    subject: dict[str, Any] = {
        "uuid": below(uuid, "subject"),
        "object_relation": _RELATIONS[kind] if kind else "subject",
        "category": CATEGORIES.get(kind, "Other"),
        "type": kind or "text",
        "value": value if kind else plain(item.id),
        "to_ids": bool(kind) and may_act(item, package),
        "disable_correlation": not kind,
        "distribution": INHERITED,
        "timestamp": stamp,
        "Tag": [*tags_of(item.marking), *_role_tags(item)],
        **span_of(item),
    }
    if sightings := _sightings(item, package, uuid):
        subject["Sighting"] = sightings
    if item.kind is not ItemKind.BLOCK:
        yield subject
        return
    subject["deleted"] = item.revoked
    yield subject
    if item.revoked:
        yield {
            **attribute_of(uuid, WITHDRAWN, "text", plain(item.id)),
            "Tag": subject["Tag"],
            "timestamp": stamp,
        }


def may_act(item: Item, package: Package) -> bool:
    """Tell whether a consumer may act on an item: block it, for its ``to_ids`` says so.

    It is a block in force at the moment of the package, not taken back, and its marking permits
    acts that the other side can notice (PAP:GREEN or PAP:CLEAR).
    """
    return (
        item.kind is ItemKind.BLOCK
        and not item.revoked
        and item.valid_until is not None
        and (item.valid_from is None or item.valid_from <= package.made_at)
        and package.made_at < item.valid_until
        and item.marking.pap in (Pap.CLEAR, Pap.GREEN)
    )


def span_of(item: Item) -> dict[str, str]:
    """Return MISP's ``first_seen`` and ``last_seen``: of what ends, its beginning and its end."""
    first, last = item.valid_from, item.valid_until
    if last is None:
        first, last = item.first_seen, item.last_seen
    elif item.revoked:  # it ended when it was taken back
        last = max(min(last, item.at), first or min(last, item.at))
    span = {"first_seen": first, "last_seen": last}
    return {name: spelled(moment) for name, moment in span.items() if moment is not None}


def _sightings(item: Item, package: Package, uuid: UUID) -> list[dict[str, str]]:
    """Return when it was seen last, by its first exhibit, and when a block expired."""
    found = []
    if item.last_seen is not None and item.exhibits:
        source = f"exhibit {item.exhibits[0]}"
        found.append((_SEEN, item.last_seen, source))
    if item.kind is ItemKind.BLOCK and item.valid_until is not None:
        if item.revoked:
            found.append((_EXPIRED, item.at, "withdrawn"))
        elif item.valid_until <= package.made_at:
            found.append((_EXPIRED, item.valid_until, "ended"))
    return [
        {
            "uuid": below(uuid, f"sighting {kind} {seconds(moment)} {source}"),
            "type": kind,
            "date_sighting": seconds(moment),
            "source": source,
        }
        for kind, moment, source in found
    ]


def _role_tags(item: Item) -> list[dict[str, str]]:
    if item.role is None or item.role not in entries(ROLES, "role"):
        return []
    return [{"name": f'{ROLES}:role="{item.role}"'}]
