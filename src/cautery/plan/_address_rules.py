"""The guard's rules for addresses, IPv4 and IPv6 alike."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from cautery.errors import InputError
from cautery.model import CoHosted, DedicatedFact, host_of
from cautery.plan._ruling import Ruling
from cautery.plan.network_kind import NetworkKind, kind_of_network
from cautery.plan.targets import address_of

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
_NETWORKS = {
    NetworkKind.HOSTING: "a hoster: one address may carry many customers",
    NetworkKind.ACCESS: "an access provider: addresses may pass from line to line",
}
_DOMAIN = re.compile(r"(?:[a-z0-9_-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)")
"""What in the words of a customer names it in the DNS: no ``S.A.``, no address."""
_LISTS = {"public-dns": "public-dns-v4", "parking": "parking-domain", "sinkhole": "sinkholes"}
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
    if facts.dated("certificates") is not None:
        ruling.needs("certificates")
    if target.network is not None:
        _judge_range(ruling, target.network, suspects)
        return
    address = target.address
    if address is None:
        raise InputError(f"{target.text} is no address")
    # What leads to an IPv4 host by way of an IPv6 address hits whoever is on that host.
    places = [str(one) for one in (address, target.embedded) if one is not None]
    if target.embedded is not None:
        ruling.note("embedded-ipv4", f"{address} leads to {target.embedded}, judged with it")
    for place in places:
        _judge_place(ruling, place, allow)
    evidence = _newest(
        one
        for place in places
        for one in (dedicated if _about(dedicated, place) else None, facts.dedicated(place))
    )
    own = set(suspects) | _customers(evidence)
    seen = [one for place in places for one in facts.names_on(place)]
    current = _current(ruling, seen)
    ruling.on_address.update(one.name for one in current)
    _judge_names(ruling, current, own)
    _judge_history(ruling, seen, current, own, evidence)
    for place in places:
        _judge_owner(ruling, place, evidence)
        if any((host_of(one) if "://" in one else one) == place for one in lawful):
            ruling.at_least = max(ruling.at_least, 1)
            ruling.refuse("lawful-content", f"{place} also carries lawful content")
    _judge_dedication(ruling, evidence, current, own)


def judge_url_address(ruling: Ruling, allow: Sequence[str]) -> None:
    """Refuse the URL on an address that nobody can be asked to act on."""
    for one in (ruling.target.address, ruling.target.embedded):
        if one is not None:
            _judge_public(ruling, str(one), allow)


def _judge_public(ruling: Ruling, text: str, allow: Sequence[str]) -> None:
    if _never(ipaddress.ip_address(text), allow):
        ruling.narrowable = ruling.overridable = False
        ruling.refuse("not-public", f"{text} is private, local or reserved: blocking it is void")


def _judge_place(ruling: Ruling, text: str, allow: Sequence[str]) -> None:
    """Judge where an address lies: reserved, protected, in a shared range, in whose network."""
    facts = ruling.facts
    _judge_public(ruling, text, allow)
    for kind in facts.kinds_of(text):
        ruling.kinds.add(kind)
        ruling.high = None
        what = {
            "public-dns": "a public DNS resolver",
            "parking": "a parking server: whoever was there has gone",
            "sinkhole": "a sinkhole of the authorities or of researchers",
        }.get(kind, f"of a protected kind: {kind}")
        ruling.refuse(kind, f"{text} is {what}", fact=_LISTS.get(kind))
    shared = facts.shared(text)
    if shared is not None and shared.kind != "hosting":
        ruling.high = None
        ruling.kinds.add(shared.kind)
        what = _SHARING.get(shared.kind, "shared infrastructure")
        ruling.refuse(
            "shared-range",
            f"{text} lies in {shared.cidr} of {shared.provider}, {what} ({shared.kind})",
            fact=shared.fact,
        )
    network = facts.network_of(text)
    table = "asn-ipv6" if ":" in text else "asn-ipv4"
    if network is None:
        if facts.dated(table) is not None:
            ruling.needs(table)
        return
    ruling.needs(table)
    kind_of = kind_of_network(network)
    who = f"AS{network.asn} ({network.organisation})"
    if kind_of in (NetworkKind.CDN, NetworkKind.CLOUD):
        ruling.high = None
        ruling.kinds.add(kind_of.value)
        ruling.refuse(
            f"{kind_of}-network",
            f"{text} is announced by {who}, {_SHARING[kind_of]}",
            fact=table,
        )
    elif kind_of is not None:
        ruling.note(
            f"{kind_of}-network", f"{text} is announced by {who}, {_NETWORKS[kind_of]}", fact=table
        )


def _judge_range(
    ruling: Ruling,
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    suspects: Collection[str],
) -> None:
    ruling.high = None
    facts = ruling.facts
    first, last = str(network.network_address), str(network.broadcast_address)
    ruling.refuse(
        "wider-than-host",
        f"{network} holds {network.num_addresses:,} addresses; only single hosts are blocked",
    )
    for shared in dict.fromkeys(facts.shared(one) for one in (first, last)):
        if shared is not None:
            ruling.kinds.add(shared.kind)
            ruling.refuse(
                "shared-range",
                f"{network} reaches into {shared.cidr} of {shared.provider} ({shared.kind})",
                fact=shared.fact,
            )
    current = _current(ruling, facts.names_within(first, last, most=MOST_NAMES))
    _judge_names(ruling, current, suspects)


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
            f"{len(strangers)} unrelated name(s) are on {ruling.target.text}: {listed}",
            fact=current[0].fact,
        )
    guarded = [name for name in strangers if protected[name] or name in popular]
    if guarded:
        listed_kinds = sorted({kind for name in guarded for kind in protected[name]})
        ruling.refuse(
            "protected-co-tenant",
            f"{guarded[0]} is on {ruling.target.text} ({', '.join(listed_kinds) or 'popular'})",
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
    if evidence is not None:
        taken = datetime.combine(evidence.evidence_date, time.max, tzinfo=UTC)
        since = min(since, taken)
    parties = {one.name: _party(ruling, one.name, own) for one in seen}
    # Whoever left first, and whoever of another party left first after: one of the two is the
    # other party's for each who came.
    leaving = sorted(seen, key=lambda one: (one.last_seen, one.name))
    others = [one for one in leaving if parties[one.name] != parties[leaving[0].name]]
    for after in sorted(seen, key=lambda one: (one.first_seen, one.name)):
        if after.first_seen < since:
            continue
        for before in (*leaving[:1], *others[:1]):
            if parties[before.name] == parties[after.name] or before.last_seen >= after.first_seen:
                continue
            ruling.refuse(
                "recycled-address",
                f"{before.name} was here until {_day(before.last_seen)}, {after.name} since "
                f"{_day(after.first_seen)}: the address changed hands lately",
                fact=after.fact,
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


def _judge_owner(ruling: Ruling, text: str, evidence: DedicatedFact | None) -> None:
    """Refuse an address that has a new owner by the registry, or one newer than the evidence."""
    owner = ruling.facts.owner_of(text)
    if owner is None or owner.since > ruling.at.date():
        return
    days = (ruling.at.date() - owner.since).days
    if days <= ruling.policy.recycled_days or (
        evidence is not None and evidence.evidence_date < owner.since
    ):
        ruling.refuse(
            "recycled-address",
            f"{text} has belonged to {owner.owner} since {owner.since} ({owner.source})",
            fact="owners",
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
    last = evidence.evidence_date + timedelta(days=ruling.policy.dedication_days)
    ruling.ends.append(datetime.combine(last, time.max, tzinfo=UTC))
    age = (ruling.at.date() - evidence.evidence_date).days
    if age > ruling.policy.dedication_days:
        ruling.high = None
        ruling.refuse(
            "stale-facts",
            f"the evidence of dedication is {age} days old: renew it (evidence_date in TARGETS, or "
            "cautery facts add FILE --name dedicated), then ask again",
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    elif age < -1:
        ruling.refuse(
            "stale-facts",
            f"the evidence of dedication is dated {evidence.evidence_date}, in the future",
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    customers = _customers(evidence)
    guarded = [one for one in customers if ruling.facts.popular(one) or ruling.facts.kinds_of(one)]
    if guarded:
        ruling.high = None
        ruling.refuse(
            "protected-co-tenant",
            f"the address is dedicated to {min(guarded)}, a popular or protected name",
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    if customers and current and not any(_related(ruling, one.name, customers) for one in current):
        ruling.refuse(
            "recycled-address",
            f"the address was dedicated to {evidence.dedicated_to}, who is not on it now",
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    known = set(own) - customers
    if customers and known and not any(_related(ruling, one, known) for one in customers):
        ruling.refuse(
            "dedicated-to-another",
            f"the address is dedicated to {evidence.dedicated_to}, against whom nothing is known",
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    ruling.allow(
        "dedicated-address",
        f"dedicated to {evidence.dedicated_to}: {evidence.evidence} ({evidence.evidence_date})",
        fact="dedicated",
        dated=evidence.evidence_date,
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
    words = (one.strip(".") for one in re.split(r"[\s;,|]+", evidence.dedicated_to.lower()))
    return {one for one in words if _DOMAIN.fullmatch(one)}


def _about(evidence: DedicatedFact | None, address: str) -> bool:
    return evidence is not None and str(address_of(evidence.address)) == address


def _newest(found: Iterable[DedicatedFact | None]) -> DedicatedFact | None:
    held = [one for one in found if one is not None]
    return max(held, key=lambda one: one.evidence_date, default=None)


def _never(address: ipaddress.IPv4Address | ipaddress.IPv6Address, allow: Sequence[str]) -> bool:
    if any(address in ipaddress.ip_network(one, strict=False) for one in allow):
        return False
    return any(address in network for network in _NEVER)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
