"""What objects of somebody else's become: hosts, addresses and other assets, never persons.

A foreign indicator says of a name, URL or address what may be assumed of it and until when; it
becomes that host, address or asset, not a block: no order of ours is behind it. A threat actor or
a person is left out and counted, since a name would come in by it.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator
from datetime import datetime
from hashlib import new as new_hash
from typing import Any

from cautery.errors import InputError
from cautery.exchange.loss import WHOLE
from cautery.exchange.stix import extension
from cautery.exchange.stix.fields import Thing, flag_in, moment_in, names, text_in, whole_in
from cautery.exchange.stix.index import Index, Seen
from cautery.exchange.stix.markings import TLP2_EXTENSION
from cautery.exchange.stix.observables import Observable
from cautery.exchange.stix.patterns import observables_in
from cautery.model import Marking
from cautery.model.exchange import LONGEST_ID, LONGEST_WORDS, Item, ItemKind, RelationKind

_CARRIERS = frozenset(
    {"marking-definition", "extension-definition", "identity", "sighting", "report", "relationship"}
)
"""Types that the first pass reads, or that tie others together."""
_META = frozenset({"type", "spec_version", "id", "object_marking_refs", "granular_markings"})
_SDO = _META | {"created_by_ref", "created", "modified", "revoked", "confidence"}
_READ_FIELDS = {
    "indicator": _SDO
    | {"name", "description", "pattern", "pattern_type", "valid_from", "valid_until"},
    "infrastructure": _SDO | {"name", "description", "first_seen", "last_seen"},
    "intrusion-set": _SDO | {"name", "description", "first_seen", "last_seen"},
    "domain-name": _META | {"value"},
    "url": _META | {"value"},
    "ipv4-addr": _META | {"value"},
    "ipv6-addr": _META | {"value"},
    "email-addr": _META | {"value"},
    "autonomous-system": _META | {"number"},
    "file": _META | {"hashes"},
    "x509-certificate": _META | {"hashes"},
}
"""What is read of each type that becomes an item."""
_MAPPED = frozenset({extension.PACKAGE.id, TLP2_EXTENSION})
_DEFINED = frozenset({*(definition.id for definition in extension.EXTENSIONS), TLP2_EXTENSION})
_SIGHTING = names(
    "type spec_version id created_by_ref created modified first_seen last_seen sighting_of_ref "
    "where_sighted_refs object_marking_refs granular_markings external_references"
)
_REPORT = names(
    "type spec_version id created_by_ref created modified name published object_marking_refs "
    "granular_markings object_refs"
)
"""What is read of a sighting and of a report; what else stands in it is counted."""
WHY_FIELD = "a package has no place for it"
_RELATIONS = {
    "resolves-to": RelationKind.RESOLVES_TO,
    "consists-of": RelationKind.RELATED_TO,
}
_ASSETS = {"url": "url", "email-addr": "email", "autonomous-system": "as", "file": "file"}
_ALGORITHMS = {"SHA-256": "sha256", "SHA-512": "sha512", "SHA-1": "sha1", "MD5": "md5"}


def is_carrier(kind: str) -> bool:
    """Tell whether objects of a type only tie others together."""
    return kind in _CARRIERS


def left_of_carrier(thing: Thing, index: Index) -> Iterator[tuple[str, str]]:
    """Yield what of an object that ties others together has no place: its field, and why."""
    kind, name = thing["type"], thing["id"]
    fields = set[str]()
    if kind == "sighting":
        if flag_in(thing, "revoked"):
            yield WHOLE, "it was taken back"
            return
        fields = set(thing) - _SIGHTING
        if thing.get("where_sighted_refs") not in (None, [thing.get("created_by_ref")]):
            fields.add("where_sighted_refs")
    elif kind == "report" and extension.extension_in(thing, _MAPPED) is None:
        if name != index.reports[0]["id"] or index.packages:
            yield WHOLE, "a package is one report"
            return
        fields = set(thing) - _REPORT
    elif kind == "extension-definition" and name not in _DEFINED:
        fields = {WHOLE}
    for field in fields:
        yield field, WHY_FIELD


def observable_in(thing: Thing) -> Observable | None:
    """Return the observable that an object is; ``None``: it is another thing, or has no value.

    Raises
    ------
    InputError
        If a field is not what it must be.
    """
    kind = thing["type"]
    if kind in ("domain-name", "url", "ipv4-addr", "ipv6-addr", "email-addr"):
        value = text_in(thing, "value")
        if not value:
            raise InputError("it has no value")
        return Observable(kind, value)
    if kind == "autonomous-system":
        number = whole_in(thing, "number")
        return None if number is None else Observable(kind, f"AS{number}")
    if kind in ("file", "x509-certificate"):
        hashes: Any = thing.get("hashes")
        digest = hashes.get("SHA-256") if isinstance(hashes, dict) else None
        return Observable(kind, f"sha256:{digest.lower()}") if isinstance(digest, str) else None
    return None


def subject_of(observable: Observable) -> tuple[ItemKind, str]:
    """Return the kind and id of the item that an observable becomes."""
    value = observable.value
    if observable.type == "domain-name":
        return ItemKind.HOST, value
    if observable.type in ("ipv4-addr", "ipv6-addr"):
        return ItemKind.ADDRESS, value
    if observable.type == "x509-certificate":
        return ItemKind.ASSET, f"certificate:{value.removeprefix('sha256:')}"
    return ItemKind.ASSET, f"{_ASSETS[observable.type]}:{value}"


def unread(thing: Thing) -> set[str]:
    """Return the names of what is not read of an object."""
    return set(thing) - _READ_FIELDS[thing["type"]]


def check_bytes(thing: Thing) -> None:
    """Refuse an artifact whose bytes are not those of its digest.

    Raises
    ------
    InputError
        If they differ, or cannot be read.
    """
    content, hashes = text_in(thing, "payload_bin"), thing.get("hashes")
    if content is None or not isinstance(hashes, dict):
        return
    try:
        payload = b64decode(content, validate=True)
    except (NotBase64Error, ValueError) as error:
        raise InputError("payload_bin is no base64") from error
    for name, algorithm in _ALGORITHMS.items():
        stated = hashes.get(name)
        if isinstance(stated, str):
            digest = new_hash(algorithm, payload, usedforsecurity=False).hexdigest()
            if stated.lower() != digest:
                raise InputError(
                    f"its bytes are not those that it names: {name} {ascii(stated)[1:-1][:140]}, "
                    f"and of the bytes {digest}"
                )


def relation_kind(word: str) -> RelationKind:
    """Return what a relationship of STIX is for us."""
    return _RELATIONS.get(word, RelationKind.RELATED_TO)


def subjects_of(thing: Thing) -> tuple[tuple[ItemKind, str], ...] | str:
    """Return the kinds and ids of the items that an object becomes, or why it becomes none.

    Raises
    ------
    InputError
        If a field is not what it must be.
    """
    kind = thing["type"]
    if kind == "indicator":
        return _of_indicator(thing)
    if kind in ("infrastructure", "intrusion-set"):
        name = text_in(thing, "name")
        if not name:
            raise InputError("it has no name")
        if kind == "intrusion-set":
            return _bounded(((ItemKind.NETWORK, name),))
        return _bounded(((ItemKind.ASSET, f"infrastructure:{name}"),))
    return (
        "it lacks what it is known by"
        if kind in _READ_FIELDS
        else "it is of no kind that a case holds"
    )


def items_of(
    thing: Thing,
    subjects: tuple[tuple[ItemKind, str], ...],
    *,
    by: str,
    marking: Marking,
    sightings: Seen | None,
    at: datetime,
) -> tuple[Item, ...]:
    """Return the items that an object becomes."""
    kind = thing["type"]
    is_named = kind == "indicator"
    first, last = moment_in(thing, "first_seen"), moment_in(thing, "last_seen")
    if sightings is not None:
        first = min(filter(None, (first, sightings.first)), default=None)
        last = max(filter(None, (last, sightings.last)), default=None)
    text = text_in(thing, "description") or ""
    if len(text) > LONGEST_WORDS:
        raise InputError(f"description has over {LONGEST_WORDS} characters")
    return tuple(
        Item(
            kind=item_kind,
            id=subject,
            by=by,
            marking=marking,
            at=moment_in(thing, "modified") or moment_in(thing, "created") or at,
            text=text,
            name=text_in(thing, "name") if is_named else None,
            first_seen=first,
            last_seen=last,
            valid_from=moment_in(thing, "valid_from"),
            valid_until=moment_in(thing, "valid_until"),
            revoked=flag_in(thing, "revoked"),
            confidence=whole_in(thing, "confidence"),
            exhibits=tuple(sorted(sightings.exhibits)) if sightings is not None else (),
        )
        for item_kind, subject in subjects
    )


def _of_indicator(thing: Thing) -> tuple[tuple[ItemKind, str], ...] | str:
    pattern = text_in(thing, "pattern")
    if pattern is None:
        raise InputError("it has no pattern")
    if thing.get("pattern_type", "stix") != "stix":
        return "its pattern is not in the language of STIX"
    observables = observables_in(pattern)
    if observables is None:
        return "its pattern says more than that a name, URL or address is one of some"
    return _bounded(tuple(dict.fromkeys(map(subject_of, observables))))


def _bounded(subjects: tuple[tuple[ItemKind, str], ...]) -> tuple[tuple[ItemKind, str], ...] | str:
    if any(len(subject) > LONGEST_ID for _, subject in subjects):
        return f"what it names has over {LONGEST_ID} characters"
    return subjects
