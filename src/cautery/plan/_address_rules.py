"""The guard's rules for addresses, IPv4 and IPv6 alike."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta

from cautery.errors import InputError
from cautery.model import CoHosted, DedicatedFact, host_of
from cautery.plan._ruling import Ruling

# RFC 6890 registries: what no provider may be asked to block. Documentation ranges are left out,
# as nobody is reached there.
_NEVER_TEXT = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 "
    "224.0.0.0/4 240.0.0.0/4 ::/128 ::1/128 fc00::/7 fe80::/10 ff00::/8"
)
_NEVER = tuple(ipaddress.ip_network(one) for one in _NEVER_TEXT.split())
_SHARING = {
    "cdn": "a content delivery network",
    "waf": "a web firewall",
    "cloud": "a cloud, whose addresses pass from tenant to tenant",
    "service": "a public service",
}
_RANGE_NAMES = 4096
"""Widest range whose addresses are looked up one by one, to count who is on them."""


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
    if target.network is not None:
        _judge_range(ruling, target.network, suspects)
        return
    address = target.address
    if address is None:
        raise InputError(f"{target.text} is no address")
    text = str(address)
    if _never(address, allow):
        ruling.narrowable = False
        ruling.refuse("not-public", f"{text} is private, local or reserved: blocking it is void")
    for kind in facts.kinds_of(text):
        ruling.kinds.add(kind)
        ruling.high = None
        what = {
            "public-dns": "a public DNS resolver",
            "parking": "a parking server: whoever was there has gone",
            "sinkhole": "a sinkhole of the authorities or of researchers",
        }.get(kind, f"of a protected kind: {kind}")
        ruling.refuse(kind, f"{text} is {what}", fact=kind)
    shared = facts.shared(text)
    if shared is not None and shared.kind != "hosting":
        ruling.high = None
        what = _SHARING.get(shared.kind, "shared infrastructure")
        ruling.refuse(
            "shared-range",
            f"{text} lies in {shared.cidr} of {shared.provider}, {what} ({shared.kind})",
            fact="ranges",
        )
    evidence = _newer(dedicated if _about(dedicated, text) else None, facts.dedicated(text))
    own = set(suspects) | _customers(evidence)
    seen = facts.names_on(text)
    current = _current(ruling, seen)
    ruling.on_address.update(one.name for one in current)
    _judge_names(ruling, current, own)
    _judge_history(ruling, seen, current, own, evidence)
    if any((host_of(one) if "://" in one else one) == text for one in lawful):
        ruling.at_least = max(ruling.at_least, 1)
        ruling.refuse("lawful-content", f"{text} also carries lawful content")
    _judge_dedication(ruling, evidence, current, own)


def _judge_range(
    ruling: Ruling,
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    suspects: Collection[str],
) -> None:
    ruling.high = None
    ruling.refuse(
        "wider-than-host",
        f"{network} holds {network.num_addresses:,} addresses; only single hosts are blocked",
    )
    if network.num_addresses > _RANGE_NAMES:
        return
    for address in network:
        current = _current(ruling, ruling.facts.names_on(str(address)))
        strangers = [one.name for one in current if not _related(ruling, one.name, suspects)]
        ruling.strangers.update(strangers)
        for name in strangers:
            ruling.kinds.update(ruling.facts.kinds_of(name))


def _judge_names(ruling: Ruling, current: Sequence[CoHosted], own: Collection[str]) -> None:
    facts = ruling.facts
    strangers = sorted({one.name for one in current if not _related(ruling, one.name, own)})
    ruling.strangers.update(strangers)
    popular = tuple(name for name in strangers if facts.popular(name))
    ruling.collateral_popular = popular
    protected = {name: facts.kinds_of(name) for name in strangers}
    for kinds in protected.values():
        ruling.kinds.update(kinds)
    if len(strangers) > ruling.policy.unrelated_names:
        ruling.high = None
        listed = ", ".join(strangers[:5]) + (", ..." if len(strangers) > 5 else "")
        ruling.refuse(
            "co-hosted",
            f"{len(strangers)} unrelated name(s) are on this address: {listed}",
            fact="passive-dns",
        )
    guarded = [name for name in strangers if protected[name] or name in popular]
    if guarded:
        listed_kinds = sorted({kind for name in guarded for kind in protected[name]})
        ruling.refuse(
            "protected-co-tenant",
            f"{guarded[0]} is on this address ({', '.join(listed_kinds) or 'popular'})",
            fact="passive-dns",
        )


def _judge_history(
    ruling: Ruling,
    seen: Sequence[CoHosted],
    current: Sequence[CoHosted],
    own: Collection[str],
    evidence: DedicatedFact | None,
) -> None:
    """Refuse an address that changed hands lately, or after the evidence was taken."""
    since = ruling.at - timedelta(days=ruling.policy.recycled_days)
    taken = (
        None if evidence is None else datetime.combine(evidence.evidence_date, time.max, tzinfo=UTC)
    )
    for before in sorted(seen, key=lambda one: (one.last_seen, one.name)):
        left = _party(ruling, before.name, own)
        for after in sorted(seen, key=lambda one: (one.first_seen, one.name)):
            if after.first_seen <= before.last_seen or _party(ruling, after.name, own) == left:
                continue
            if after.first_seen >= since or (taken is not None and taken < after.first_seen):
                ruling.refuse(
                    "recycled-address",
                    f"{before.name} was here until {_day(before.last_seen)}, {after.name} since "
                    f"{_day(after.first_seen)}: the address changed hands lately",
                    fact="passive-dns",
                )
                return
    suspects_gone = [one for one in seen if one not in current and _related(ruling, one.name, own)]
    if suspects_gone and not any(_related(ruling, one.name, own) for one in current):
        last = max(one.last_seen for one in suspects_gone)
        ruling.refuse(
            "recycled-address",
            f"{suspects_gone[-1].name} was last seen here on {_day(last)} and has gone",
            fact="passive-dns",
        )


def _judge_dedication(
    ruling: Ruling,
    evidence: DedicatedFact | None,
    current: Sequence[CoHosted],
    own: Collection[str],
) -> None:
    if evidence is None:
        ruling.high = None
        ruling.refuse(
            "unknown-co-hosting",
            "nothing shows that this address serves one customer alone; who else is on it is "
            + ("not known in full" if ruling.facts.knows_hosting() else "unknown"),
            fact="passive-dns" if ruling.facts.knows_hosting() else None,
        )
        return
    ruling.relied_on.append("dedicated")
    age = (ruling.at.date() - evidence.evidence_date).days
    if age > ruling.policy.dedication_days:
        ruling.high = None
        ruling.refuse(
            "stale-facts",
            f"the evidence of dedication is {age} days old: renew it, then ask again",
            fact="dedicated",
        )
    elif age < -1:
        ruling.refuse(
            "stale-facts",
            f"the evidence of dedication is dated {evidence.evidence_date}, in the future",
            fact="dedicated",
        )
    customers = _customers(evidence)
    if customers and current and not any(_related(ruling, one.name, customers) for one in current):
        ruling.refuse(
            "recycled-address",
            f"the address was dedicated to {evidence.dedicated_to}, who is not on it now",
            fact="dedicated",
        )
    known = set(own) - customers
    if customers and known and not any(_related(ruling, one, known) for one in customers):
        ruling.refuse(
            "dedicated-to-another",
            f"the address is dedicated to {evidence.dedicated_to}, against whom nothing is known",
            fact="dedicated",
        )
    ruling.allow(
        "dedicated-address",
        f"dedicated to {evidence.dedicated_to}: {evidence.evidence}",
        fact="dedicated",
    )


def _current(ruling: Ruling, seen: Sequence[CoHosted]) -> list[CoHosted]:
    """Keep all seen of late, even if another came after: nobody knows that they have left."""
    horizon = ruling.at - timedelta(days=ruling.policy.current_days)
    return [one for one in seen if one.last_seen >= horizon]


def _party(ruling: Ruling, name: str, own: Collection[str]) -> str:
    """Return who a name belongs to; all suspects' names count as one party."""
    return "" if _related(ruling, name, own) else _owner(ruling, name)


def _related(ruling: Ruling, name: str, own: Collection[str]) -> bool:
    owner = _owner(ruling, name)
    return name in own or any(_owner(ruling, one) == owner for one in own)


def _owner(ruling: Ruling, name: str) -> str:
    return ruling.facts.registered_domain(name) or name


def _customers(evidence: DedicatedFact | None) -> set[str]:
    """Return the names in ``dedicated_to``; a label without a dot names nobody in the DNS."""
    if evidence is None:
        return set()
    words = re.split(r"[\s;,|]+", evidence.dedicated_to.lower())
    return {one.strip(".") for one in words if "." in one.strip(".")}


def _about(evidence: DedicatedFact | None, address: str) -> bool:
    return evidence is not None and evidence.address == address


def _newer(one: DedicatedFact | None, other: DedicatedFact | None) -> DedicatedFact | None:
    if one is None or other is None:
        return one or other
    return one if one.evidence_date >= other.evidence_date else other


def _never(address: ipaddress.IPv4Address | ipaddress.IPv6Address, allow: Sequence[str]) -> bool:
    if any(address in ipaddress.ip_network(one, strict=False) for one in allow):
        return False
    return any(address in network for network in _NEVER)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
