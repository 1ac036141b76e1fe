"""What the facts of a case say that the network of a host is: whom a notice would address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from cautery.model import AddresseeKind
from cautery.model.records import AssetFacts
from cautery.plan.guard.network_kind import NetworkKind, sharing_kind

_KINDS: Mapping[str, AddresseeKind] = {
    NetworkKind.CDN: AddresseeKind.CDN,
    "waf": AddresseeKind.CDN,  # it stands before the origin, as a CDN does
    NetworkKind.CLOUD: AddresseeKind.HOSTING,
    NetworkKind.HOSTING: AddresseeKind.HOSTING,
}
"""By the kind of a published range, or of a network."""


def addressee_kind_of(facts: object) -> AddresseeKind | None:
    """Return what the network of a host's first address is; ``None``: the facts do not say.

    The published range that holds the address says it, else the name of who announces it. Any
    record but that of a look-up says nothing.
    """
    if not isinstance(facts, AssetFacts):
        return None
    for shared in facts.shared:
        if facts.addresses and _within(facts.addresses[0], shared.cidr):
            return _KINDS.get(shared.kind)
    sharing = None if facts.organisation is None else sharing_kind(facts.organisation)
    return None if sharing is None else _KINDS.get(sharing)


def _within(address: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
