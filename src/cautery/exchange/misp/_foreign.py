"""Attributes of anybody's event, read as items: names, addresses, URLs and digests of files.

Nobody's name, mail address or number is read: what names a person is counted, and stays out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any

from cautery.errors import InputError
from cautery.exchange.markings import joined
from cautery.exchange.misp._heads import Head, is_deleted, tags_in, text_at
from cautery.exchange.misp._tags import marks_of
from cautery.exchange.misp._texts import moment_of
from cautery.exchange.tally import Tally
from cautery.model.exchange import LONGEST_WORDS, Item, ItemKind
from cautery.model.host_names import ascii_name

Thing = tuple[ItemKind, str]

_HOST_NAME = re.compile(r"(?!.{254})(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PERSONS = frozenset(
    [
        "email",
        "email-src",
        "email-dst",
        "email-reply-to",
        "target-email",
        "target-user",
        "phone-number",
        "full-name",
        "first-name",
        "middle-name",
        "last-name",
        "date-of-birth",
        "passport-number",
        "whois-registrant-email",
        "whois-registrant-name",
        "whois-registrant-phone",
        "threat-actor",
        "iban",
        "bank-account-nr",
        "cc-number",
        "jabber-id",
        "twitter-id",
        "github-username",
    ]
)
_WHY_PERSONS = "it may name a person; people come under a pseudonym, or not at all"
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "domain": ("host",),
    "hostname": ("host",),
    "ip-src": ("address",),
    "ip-dst": ("address",),
    "url": ("url",),
    "sha256": ("file",),
    "domain|ip": ("host", "address"),
    "ip-src|port": ("address", "port"),
    "ip-dst|port": ("address", "port"),
    "hostname|port": ("host", "port"),
    "filename|sha256": ("filename", "file"),
}
"""What the parts of a value are, by the type of attribute."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one attribute says: its items, of which the first of two leads to the second."""

    items: tuple[Item, ...]
    resolves: bool = False


def found_in(value: Mapping[str, Any], head: Head, where: str, tally: Tally) -> Found:
    """Return the items that an attribute says; what it says else is counted.

    Raises
    ------
    InputError
        If its marking or a time cannot be read.
    """
    kind = text_at(value, "type")
    parts = _KNOWN.get(kind)
    if parts is None:
        head.note(value, where)
        tally.note(kind, "*", where, _WHY_PERSONS if kind in _PERSONS else "")
        return Found(())
    words = text_at(value, "value").strip()
    texts = words.split("|", 1) if len(parts) > 1 else [words]
    things: list[Thing] = []
    for part, text in zip(parts, texts, strict=False):
        if part in ("port", "filename"):
            tally.note(kind, part, where)
        elif (thing := _thing(part, text)) is None:
            tally.note(kind, "value", where, f"it is no {part}")
        else:
            things.append(thing)
    if not things:
        head.note(value, where)
    try:
        fields = _fields(value, head, where, tally)
        items = tuple(Item(kind=thing[0], id=thing[1], **fields) for thing in things)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    except InputError as error:
        words = str(error)
        raise InputError(
            words if words.startswith(where) else f"{where}: {words}", hint=error.hint
        ) from error
    return Found(items, resolves=kind == "domain|ip" and len(items) == 2)


def _thing(part: str, text: str) -> Thing | None:
    if part == "host":
        try:
            name = ascii_name(text.rstrip("."))
        except UnicodeError:
            return None
        return (ItemKind.HOST, name) if _HOST_NAME.fullmatch(name) else None
    if part == "address":
        try:
            if "/" in text:
                network = ip_network(text, strict=False)
                if network.num_addresses > 1:
                    return ItemKind.ASSET, f"range:{network}"
                text = str(network.network_address)
            return ItemKind.ADDRESS, str(ip_address(text))
        except ValueError:
            return None
    if part == "file":
        digest = text.lower()
        return (ItemKind.ASSET, f"file:sha256:{digest}") if _DIGEST.fullmatch(digest) else None
    return (ItemKind.ASSET, f"url:{text}") if text.isprintable() and text else None


def _fields(value: Mapping[str, Any], head: Head, where: str, tally: Tally) -> dict[str, Any]:
    marks = marks_of(tuple(tags_in(value, where)), is_first=head.is_first)
    for name in marks.others:
        tally.note("Tag", name.partition(":")[0], where)
    for name in ("Galaxy", "Sighting", "ShadowAttribute", "data"):
        if value.get(name):
            tally.note("Attribute", name, where)
    stamp = value.get("timestamp")
    first, last = (_moment(value, name) for name in ("first_seen", "last_seen"))
    if first is not None and last is not None and last < first:
        raise ValueError("its last_seen is before its first_seen")
    return {
        "by": head.by,
        "marking": head.marking(marks, None, where),
        "at": head.at if stamp in (None, "", "0", 0) else moment_of(stamp),
        "text": text_at(value, "comment")[:LONGEST_WORDS],
        "first_seen": first,
        "last_seen": last,
        "revoked": is_deleted(value),
    }


def _moment(value: Mapping[str, Any], name: str) -> Any:
    return None if value.get(name) in (None, "") else moment_of(value[name])


def merged(one: Item, other: Item) -> Item:
    """Return what two attributes say of one thing: under the stricter marking, over both spans."""
    newer, older = sorted((one, other), key=lambda item: item.at, reverse=True)
    firsts = [item.first_seen for item in (one, other) if item.first_seen is not None]
    lasts = [item.last_seen for item in (one, other) if item.last_seen is not None]
    return replace(
        newer,
        marking=joined(newer.marking, older.marking),
        text=newer.text or one.text or other.text,
        first_seen=min(firsts, default=None),
        last_seen=max(lasts, default=None),
        revoked=one.revoked and other.revoked,
    )
