"""The guard's rules for addresses, IPv4 and IPv6 alike."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from datetime import date
from heapq import nlargest

from cautery.errors import InputError
from cautery.messages import TEXTS, message
from cautery.model import ADDRESS_LISTS, CoHosted, DedicatedFact
from cautery.model.message import Message
from cautery.plan.guard.lawful import Lawful
from cautery.plan.guard.network_kind import NetworkKind, kind_of_network
from cautery.plan.guard.ruling import Ruling
from cautery.plan.guard.targets import Network, embedded_ranges
from cautery.plan.guard.tenant_rules import (
    about,
    customers_of,
    judge_dedication,
    judge_history,
    judge_own_names,
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
_LISTS = {"public-dns": "public-dns-v4", "parking": "parking-domain", "sinkhole": "sinkholes"}
MOST_TOLD = 10
MOST_SHARED = 200
"""Most shared ranges of a range that are looked at, and providers that are told by name."""
MOST_NAMES = 200
"""Most names of a range that are looked at. It is refused for its width whatever is in it, and a
list may hold a million ranges, each of which may hold all that the facts know."""

MOST_TENANTS = 5_000
"""Names on one address that are looked at one by one, at some 18 us each. On an address with more
are strangers, or nobody can tell that there are none: a free host, a parking server."""
MOST_OF_CROWD = 50


def judge_address(
    ruling: Ruling,
    *,
    suspects: Collection[str],
    here: Collection[str],
    lawful: Lawful,
    dedicated: DedicatedFact | None,
    evidence_date: date | None,
    allow: Sequence[str],
) -> None:
    """Apply every rule to an address or range; the ruling gets all objections, not only the first.

    Parameters
    ----------
    here : collection of str
        Names that our resolver led to the address; they are among the suspects.
    evidence_date : date or None
        Day of the newest evidence against the streams there; ``None``: it is not known.
    """
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
        ruling.note("embedded-ipv4", _embedded(address, target.embedded))
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
    cohosted = [
        tenant for place in places for tenant in _told(ruling, place, facts.names_on(place))
    ]
    current = seen_of_late(ruling, cohosted)
    ruling.on_address.update(tenant.name for tenant in current)
    judge_tenants(ruling, current, own_names)
    judge_own_names(ruling, current, own_names, here)
    judge_history(ruling, cohosted, current, own_names, evidence)
    dates = [evidence_date, None if evidence is None else evidence.evidence_date]
    oldest = min((day for day in dates if day is not None), default=None)
    for place in places:
        judge_owner(ruling, place, oldest)
        if lawful.on_address(place):
            ruling.at_least = max(ruling.at_least, 1)
            ruling.refuse("lawful-content", message("guard.lawful-content.address", address=place))
    judge_dedication(ruling, evidence, current, own_names, here)


def _told(ruling: Ruling, place: str, tenants: Sequence[CoHosted]) -> Sequence[CoHosted]:
    """Return the names on an address that are looked at one by one; refuse one with a crowd."""
    if len(tenants) <= MOST_TENANTS:
        return tenants
    ruling.high = None
    ruling.refuse(
        "co-hosted",
        message("guard.co-hosted.crowd", target=place, count=len(tenants)),
        fact=tenants[0].fact,
    )
    return nlargest(MOST_OF_CROWD, tenants, key=lambda tenant: tenant.last_seen)


def judge_url_address(ruling: Ruling, allow: Sequence[str]) -> None:
    """Refuse the URL on an address that nobody can be asked to act on."""
    for address in (ruling.target.address, ruling.target.embedded):
        if address is not None:
            _judge_public(ruling, str(address), allow)


def _judge_public(ruling: Ruling, text: str, allow: Sequence[str]) -> None:
    if _never(ipaddress.ip_address(text), allow):
        ruling.narrowable = ruling.overridable = False
        ruling.refuse("not-public", message("guard.not-public.address", address=text))


def _judge_place(ruling: Ruling, text: str, allow: Sequence[str]) -> None:
    """Judge where an address lies: reserved, protected, in a shared range, in whose network."""
    facts = ruling.facts
    _judge_public(ruling, text, allow)
    reserved = well_known(ipaddress.ip_address(text))
    for kind in sorted({*reserved, *ruling.kinds_of_address(text)}):
        ruling.kinds.add(kind)
        ruling.high = None
        ruling.refuse(
            kind,
            message("guard.kind.address", address=text, what=_kind(kind)),
            fact=_LISTS.get(kind),
        )
    shared = facts.shared(text)
    if shared is not None and shared.kind != "hosting":
        ruling.high = None
        ruling.kinds.add(shared.kind)
        ruling.refuse(
            "shared-range",
            message(
                "guard.shared-range.address",
                address=text,
                range=shared.cidr,
                provider=shared.provider,
                what=_sharing(shared.kind),
                kind=shared.kind,
            ),
            fact=shared.fact,
        )
    network = ruling.network_of(text)
    if network is None:
        return
    table = "asn-ipv6" if ":" in text else "asn-ipv4"
    kind_of = kind_of_network(network)
    if kind_of is None:
        return
    announced = message(
        "guard.network",
        address=text,
        asn=str(network.asn),
        organisation=network.organisation,
        what=_sharing(kind_of),
    )
    if kind_of in (NetworkKind.HOSTING, NetworkKind.ACCESS):
        ruling.note(f"{kind_of}-network", announced, fact=table)
        return
    ruling.high = None
    ruling.kinds.add(kind_of.value)
    ruling.refuse(f"{kind_of}-network", announced, fact=table)


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
        message(
            "guard.wider-than-host.range",
            range=str(network),
            addresses=f"{network.num_addresses:,}",  # of IPv6 more than a number of JSON holds
        ),
    )
    current: list[CoHosted] = []
    for part in (network, *embedded_ranges(network)):
        if part is not network:
            ruling.note("embedded-ipv4", _embedded(network, part))
        if _never_within(part, allow):
            ruling.narrowable = ruling.overridable = False
            ruling.refuse("not-public", message("guard.not-public.range", range=str(part)))
        current += _judge_part(ruling, part)
    judge_tenants(ruling, current[:MOST_NAMES], suspects)


def _judge_part(ruling: Ruling, network: Network) -> list[CoHosted]:
    """Tell what is shared or protected in a range; return the names that are there."""
    facts = ruling.facts
    first, last = str(network.network_address), str(network.broadcast_address)
    ruling.consults(*ADDRESS_LISTS)
    for kind in sorted({*facts.kinds_within(first, last), *well_known_within(network)}):
        ruling.kinds.add(kind)
        ruling.refuse(
            kind,
            message("guard.kind.range", range=str(network), what=_kind(kind)),
            fact=_LISTS.get(kind),
        )
    shared = facts.shared_within(first, last, most=MOST_SHARED)
    ruling.kinds.update(entry.kind for entry in shared)
    owners = {(entry.provider, entry.kind): entry for entry in reversed(shared)}
    for _, entry in sorted(owners.items())[:MOST_TOLD]:
        ruling.refuse(
            "shared-range",
            message(
                "guard.shared-range.range",
                range=str(network),
                shared=entry.cidr,
                provider=entry.provider,
                kind=entry.kind,
            ),
            fact=entry.fact,
        )
    if len(owners) > MOST_TOLD:
        ruling.refuse(
            "shared-range",
            message("guard.shared-range.more", range=str(network), count=len(owners) - MOST_TOLD),
            fact="ranges",
        )
    return seen_of_late(ruling, facts.names_within(first, last, most=MOST_NAMES))


def _embedded(target: object, inner: object) -> Message:
    return message("guard.embedded-ipv4", address=str(target), embedded=str(inner))


def _kind(kind: str) -> Message:
    text = f"guard.address-kind.{kind}"
    return message(text) if text in TEXTS else message("guard.protected-kind.address", kind=kind)


def _sharing(kind: str) -> Message:
    text = f"guard.network-kind.{kind}"
    return message(text if text in TEXTS else "guard.network-kind.shared")


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
