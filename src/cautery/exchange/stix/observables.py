"""The cyber-observable of an item, such as the domain-name of a host, with STIX's own ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid5

from cautery.canonical import canonical
from cautery.model.exchange import Item, ItemKind
from cautery.model.intervention import Lever

_SCO_NAMESPACE = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""STIX 2.1, section 2.9: of the ids of cyber-observables, and of nothing else."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_TAGGED = re.compile(r"(?:^|\.)..--")
"""A label that only the encoding of international names may have; it is not checked here."""
_URL = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._~!$&'()*+,;=:@\[\]-]+"
    r"(?:[/?#](?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_WITH_PORT = re.compile(r"(.+):[0-9]{1,5}")
_LONGEST_NAME = 253
_SIX = 6
_OBSERVED_KINDS = frozenset(ItemKind) - {
    ItemKind.NETWORK,
    ItemKind.PERSON,
    ItemKind.ORDER,
    ItemKind.ESTIMATE,
    ItemKind.STATEMENT,
    ItemKind.BLOCK,
    ItemKind.ASSET,
}
_OF_LEVER = {Lever.URL: "url", Lever.NAME: "domain-name"}


@dataclass(frozen=True, slots=True)
class Observable:
    """A cyber-observable: its type and its value."""

    type: str
    value: str

    @property
    def id(self) -> str:
        """Its id, which everybody who names it computes alike."""
        return f"{self.type}--{uuid5(_SCO_NAMESPACE, canonical(self._named_by()).decode())}"

    @property
    def properties(self) -> dict[str, Any]:
        """What it says of itself."""
        return self._named_by()

    def _named_by(self) -> dict[str, Any]:
        if self.type == "file" and self.value.startswith("sha256:"):
            return {"hashes": {"SHA-256": self.value.removeprefix("sha256:")}}
        if self.type == "file":
            return {"name": self.value}
        return {"value": self.value}


def observable_of(item: Item) -> Observable | None:
    """Return what can be observed of an item; ``None``: its id is nothing that STIX can hold."""
    if item.kind is ItemKind.EXHIBIT:
        return Observable("file", item.id)
    if item.kind is ItemKind.ASSET and item.id.startswith("url:"):
        return _of_text(item.id.removeprefix("url:"), lenient=False)
    return _of_text(item.id, lenient=False) if item.kind in _OBSERVED_KINDS else None


def target_of(block: Item) -> Observable:
    """Return what an indicator of a block looks for: as wide as its lever."""
    if block.lever in _OF_LEVER:
        return Observable(_OF_LEVER[block.lever], block.id)
    observable = _of_text(block.id, lenient=True)
    assert observable is not None
    return observable


def fits(observable: Observable) -> bool:
    """Tell whether a value is one that STIX allows as an observable of its type."""
    return _of_text(observable.value, lenient=False) == observable


def _of_text(text: str, *, lenient: bool) -> Observable | None:
    if "://" in text:
        return Observable("url", text) if lenient or _URL.fullmatch(text) else None
    address = _address(text)
    if address is not None:
        return address
    host = text if lenient else _without_port(text)
    if lenient or (
        len(host) <= _LONGEST_NAME and _NAME.fullmatch(host) and not _TAGGED.search(host)
    ):
        return Observable("domain-name", host)
    return _address(host)


def _address(text: str) -> Observable | None:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    mask = text.partition("/")[2]
    if "%" in text or not (mask.isdecimal() or not mask):  # a zone holds on one machine only
        return None
    if network.version == _SIX and "." in text:  # STIX knows the last 32 bits as hex digits only
        return Observable("ipv6-addr", str(network).removesuffix("/128"))
    return Observable(f"ipv{network.version}-addr", text)


def _without_port(text: str) -> str:
    parts = _WITH_PORT.fullmatch(text)
    return parts[1].strip("[]") if parts else text
