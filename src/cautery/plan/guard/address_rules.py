"""The guard's rules for addresses, IPv4 and IPv6 alike."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence

from cautery.errors import InputError
from cautery.model import ADDRESS_LISTS, CoHosted, DedicatedFact, host_of
from cautery.plan.guard.network_kind import NetworkKind, kind_of_network
from cautery.plan.guard.ruling import Ruling
from cautery.plan.guard.targets import Network, embedded_ranges
from cautery.plan.guard.tenant_rules import (
    about,
    customers_of,
    judge_dedication,
    judge_history,
    judge_owner,
    judge_tenants,
    newest,
    seen_of_late,
    states,
)
from cautery.plan.guard.well_known import well_known, well_known_within

# RFC 6890 registries: what no provider may be asked to block. Documentation ranges are left out,
# as nobody is reached there.
_NEVER_TEXT = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 "
    "224.0.0.0/4 240.0.0.0/4 ::/128 ::1/128 fc00::/7 fe80::/10 ff00::/8"
)
_NEVER = tuple(ipaddress.ip_network(text) for text in _NEVER_TEXT.split())
_SHARING = {
    "cdn": "a content delivery network",
    "waf": "a web firewall",
    "cloud": "a cloud, whose addresses pass from tenant to tenant",
    "service": "a public service",
    "institution": "a university, bank or hospital, which leases hosts to nobody",
}
_NETWORKS = {
    NetworkKind.HOSTING: "a hoster: one address may carry many customers",
    NetworkKind.ACCESS: "an access provider: addresses may pass from line to line",
}
_KINDS = {
    "public-dns": "a public DNS resolver",
    "root-server": "a root server of the DNS",
    "parking": "a parking server: the former tenant has left",
    "sinkhole": "a sinkhole of the authorities or of researchers",
}
_LISTS = {"public-dns": "public-dns-v4", "parking": "parking-domain", "sinkhole": "sinkholes"}
MOST_TOLD = 10
MOST_SHARED = 10_000
"""Most shared ranges of a range that are looked at, and providers that are told by name."""
MOST_NAMES = 20_000
"""Most names of a range that are looked at: enough to refuse it, few enough to stay quick."""


def judge_address(
    ruling: Ruling,
    *,
    suspects: Collection[str],
    lawful: Collection[str],
    dedicated: DedicatedFact | None,
    allow: Sequence[str],
) -> None:
    """Apply every rule to an address or range; all objections are told, not only the first."""
    target, facts = ruling.target, ruling.facts
    ruling.needs("ranges")
    if facts.knows_hosting():
        ruling.needs("passive-dns")
    ruling.consults("certificates")
    if target.network is not None:
        _judge_range(ruling, target.network, suspects, allow)
        return
    address = target.address
    if address is None:
        raise InputError(f"{target.text} is not an address")
    # What leads to an IPv4 host by way of an IPv6 address hits whoever is on that host.
    places = [str(candidate) for candidate in (address, target.embedded) if candidate is not None]
    if target.embedded is not None:
        ruling.note("embedded-ipv4", f"{address} leads to {target.embedded}, which is judged too")
    for place in places:
        _judge_place(ruling, place, allow)
    listed = [facts.dedicated(place) for place in places]
    listed = [fact if states(fact) else None for fact in listed]
    stated = [
        dedicated if about(dedicated, place) and states(dedicated) else None for place in places
    ]
    evidence = newest((*stated, *listed))
    if evidence is not None and evidence in listed and evidence not in stated:
        ruling.consults("dedicated")
    own_names = set(suspects) | customers_of(evidence)
    cohosted = [tenant for place in places for tenant in facts.names_on(place)]
    current = seen_of_late(ruling, cohosted)
    ruling.on_address.update(tenant.name for tenant in current)
    judge_tenants(ruling, current, own_names)
    judge_history(ruling, cohosted, current, own_names, evidence)
    for place in places:
        judge_owner(ruling, place, evidence)
        if any(
            (host_of(location) if "://" in location else location) == place for location in lawful
        ):
            ruling.at_least = max(ruling.at_least, 1)
            ruling.refuse("lawful-content", f"{place} also carries lawful content")
    judge_dedication(ruling, evidence, current, own_names)


def judge_url_address(ruling: Ruling, allow: Sequence[str]) -> None:
    """Refuse the URL on an address that nobody can be asked to act on."""
    for address in (ruling.target.address, ruling.target.embedded):
        if address is not None:
            _judge_public(ruling, str(address), allow)


def _judge_public(ruling: Ruling, text: str, allow: Sequence[str]) -> None:
    if _never(ipaddress.ip_address(text), allow):
        ruling.narrowable = ruling.overridable = False
        ruling.refuse(
            "not-public", f"{text} is private, local or reserved: blocking it has no effect"
        )


def _judge_place(ruling: Ruling, text: str, allow: Sequence[str]) -> None:
    """Judge where an address lies: reserved, protected, in a shared range, in whose network."""
    facts = ruling.facts
    _judge_public(ruling, text, allow)
    reserved = well_known(ipaddress.ip_address(text))
    for kind in sorted({*reserved, *ruling.kinds_of_address(text)}):
        ruling.kinds.add(kind)
        ruling.high = None
        what = _KINDS.get(kind, f"of a protected kind: {kind}")
        ruling.refuse(kind, f"{text} is {what}", fact=_LISTS.get(kind))
    shared = facts.shared(text)
    if shared is not None and shared.kind != "hosting":
        ruling.high = None
        ruling.kinds.add(shared.kind)
        what = _SHARING.get(shared.kind, "shared infrastructure")
        ruling.refuse(
            "shared-range",
            f"{text} is in {shared.cidr} of {shared.provider}, {what} ({shared.kind})",
            fact=shared.fact,
        )
    network = ruling.network_of(text)
    if network is None:
        return
    table = "asn-ipv6" if ":" in text else "asn-ipv4"
    kind_of = kind_of_network(network)
    who = f"AS{network.asn} ({network.organisation})"
    if kind_of is None:
        return
    if kind_of in _NETWORKS:
        what = _NETWORKS[kind_of]
        ruling.note(f"{kind_of}-network", f"{text} is announced by {who}, {what}", fact=table)
        return
    ruling.high = None
    ruling.kinds.add(kind_of.value)
    what = _SHARING[kind_of]
    ruling.refuse(f"{kind_of}-network", f"{text} is announced by {who}, {what}", fact=table)


def _judge_range(
    ruling: Ruling,
    network: Network,
    suspects: Collection[str],
    allow: Sequence[str],
) -> None:
    """Judge a range by all that lies in it, not by its ends; with it what it leads to in IPv4."""
    ruling.high = None
    ruling.refuse(
        "wider-than-host",
        f"{network} holds {network.num_addresses:,} addresses; only single hosts are blocked",
    )
    current: list[CoHosted] = []
    for part in (network, *embedded_ranges(network)):
        if part is not network:
            ruling.note("embedded-ipv4", f"{network} leads to {part}, which is judged too")
        if _never_within(part, allow):
            ruling.narrowable = ruling.overridable = False
            ruling.refuse(
                "not-public",
                f"{part} holds private, local or reserved addresses: blocking them has no effect",
            )
        current += _judge_part(ruling, part)
    judge_tenants(ruling, current[:MOST_NAMES], suspects)


def _judge_part(ruling: Ruling, network: Network) -> list[CoHosted]:
    """Tell what is shared or protected in a range; return the names that are there."""
    facts = ruling.facts
    first, last = str(network.network_address), str(network.broadcast_address)
    ruling.consults(*ADDRESS_LISTS)
    for kind in sorted({*facts.kinds_within(first, last), *well_known_within(network)}):
        ruling.kinds.add(kind)
        what = _KINDS.get(kind, f"of a protected kind: {kind}")
        ruling.refuse(kind, f"an address in {network} is {what}", fact=_LISTS.get(kind))
    shared = facts.shared_within(first, last, most=MOST_SHARED)
    ruling.kinds.update(entry.kind for entry in shared)
    owners = {(entry.provider, entry.kind): entry for entry in reversed(shared)}
    for _, entry in sorted(owners.items())[:MOST_TOLD]:
        ruling.refuse(
            "shared-range",
            f"{network} overlaps {entry.cidr} of {entry.provider} ({entry.kind})",
            fact=entry.fact,
        )
    if len(owners) > MOST_TOLD:
        ruling.refuse(
            "shared-range",
            f"{network} overlaps ranges of {len(owners) - MOST_TOLD} more providers",
            fact="ranges",
        )
    return seen_of_late(ruling, facts.names_within(first, last, most=MOST_NAMES))


def _never_within(network: Network, allow: Sequence[str]) -> bool:
    """Tell whether any of a range is nobody's to block; what a lab allows must hold all of it."""
    if any(_inside(network, ipaddress.ip_network(block, strict=False)) for block in allow):
        return False
    return any(
        reserved.version == network.version and network.overlaps(reserved) for reserved in _NEVER
    )


def _inside(network: Network, wide: Network) -> bool:
    return network.version == wide.version and (
        wide.network_address <= network.network_address  # type: ignore[operator]
        and network.broadcast_address <= wide.broadcast_address  # type: ignore[operator]
    )


def _never(address: ipaddress.IPv4Address | ipaddress.IPv6Address, allow: Sequence[str]) -> bool:
    if any(address in ipaddress.ip_network(block, strict=False) for block in allow):
        return False
    return any(address in network for network in _NEVER)
