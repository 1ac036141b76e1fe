"""The guard's rules for who is on an address: names there, former tenants, owners, dedication."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import CoHosted, DedicatedFact, host_of
from cautery.plan.guard.name_rules import SERVICE_ZONES
from cautery.plan.guard.network_kind import sharing_kind
from cautery.plan.guard.ruling import Ruling
from cautery.plan.guard.targets import parse_target, plain_name

_DOMAIN = re.compile(r"(?:[a-z0-9_-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)")
"""What in the words of a customer names it in the DNS: no ``S.A.``, no address."""
_NO_ANSWER = re.compile(
    r"(?:\W|_)*(?:(?:no|none|not|nil|null|nothing|unknown|unverified|n/?a|tb[acd]|todo|yes|true"
    r"|shared|various|several|multiple|many|mixed)(?!\w).*)?",
    re.DOTALL | re.IGNORECASE,
)
"""What fills a column and names nobody: a dash, ``unknown``, ``n/a``, ``several customers``."""
_TENANT_ZONES = ("dynamic-dns", "cdn-name")
"""Kinds of zones whose names belong to different customers, on the public suffix list or not."""


def judge_tenants(ruling: Ruling, current: Sequence[CoHosted], own: Collection[str]) -> None:
    """Refuse an address on which names of others stand, or so many that nobody can tell."""
    strangers = sorted(
        {tenant.name for tenant in current if not _related(ruling, tenant.name, own)}
    )
    ruling.strangers.update(strangers)
    popular = tuple(name for name in strangers if ruling.popular(name))
    ruling.collateral_popular = popular
    protected = {name: ruling.kinds_of_name(name) for name in strangers}
    for kinds in protected.values():
        ruling.kinds.update(kinds)
    if len(strangers) > ruling.policy.unrelated_names:
        ruling.high = None
        ruling.refuse(
            "co-hosted",
            message(
                "guard.co-hosted",
                count=len(strangers),
                target=ruling.target.text,
                names=(*strangers[:5], "...") if len(strangers) > 5 else tuple(strangers),
            ),
            fact=current[0].fact,
        )
    guarded = [name for name in strangers if protected[name] or name in popular]
    if guarded:
        listed_kinds = sorted({kind for name in guarded for kind in protected[name]})
        ruling.refuse(
            "protected-co-tenant",
            message(
                "guard.protected-co-tenant.on-it",
                name=guarded[0],
                target=ruling.target.text,
                kinds=tuple(listed_kinds) or ("popular",),
            ),
            fact="passive-dns",
        )


def judge_own_names(
    ruling: Ruling, current: Sequence[CoHosted], own: Collection[str], here: Collection[str]
) -> None:
    """Refuse an address on which a suspect's own name is popular or protected.

    What is not allowed by its name must not be cut off by its address.

    Parameters
    ----------
    here : collection of str
        Names that our resolver led to the address.
    """
    names = {tenant.name for tenant in current if _related(ruling, tenant.name, own)} | set(here)
    for name in sorted(names - {""}):
        kinds = tuple(kind for kind in ruling.kinds_of_name(name) if kind not in SERVICE_ZONES)
        if kinds or ruling.popular(name):
            ruling.high = None
            ruling.kinds.update(kinds)
            ruling.refuse(
                "protected-co-tenant",
                message(
                    "guard.protected-co-tenant.on-it",
                    name=name,
                    target=ruling.target.text,
                    kinds=kinds or ("popular",),
                ),
                fact="popular",
            )
            return


def judge_history(
    ruling: Ruling,
    seen: Sequence[CoHosted],
    current: Sequence[CoHosted],
    own: Collection[str],
    evidence: DedicatedFact | None,
) -> None:
    """Refuse an address that changed hands lately, or after the evidence was taken."""
    since = ruling.at - timedelta(days=ruling.policy.recycled_days)
    if evidence is not None:
        # A date has no hour: who came on that day is not said to have come after it.
        evidence_at = datetime.combine(evidence.evidence_date, time.max, tzinfo=UTC)
        since = min(since, evidence_at)
    parties = {tenant.name: _party(ruling, tenant.name, own) for tenant in seen}
    # Whoever left first, and whoever of another party left first after: one of the two is the
    # other party's for each who came.
    leaving = sorted(seen, key=lambda tenant: (tenant.last_seen, tenant.name))
    other_parties = [
        tenant for tenant in leaving if parties[tenant.name] != parties[leaving[0].name]
    ]
    for after in sorted(seen, key=lambda tenant: (tenant.first_seen, tenant.name)):
        if after.first_seen < since:
            continue
        for before in (*leaving[:1], *other_parties[:1]):
            if parties[before.name] == parties[after.name] or before.last_seen >= after.first_seen:
                continue
            ruling.refuse(
                "recycled-address",
                message(
                    "guard.recycled-address.changed-hands",
                    before=before.name,
                    until_on=before.last_seen.date(),
                    after=after.name,
                    since_on=after.first_seen.date(),
                ),
                fact=after.fact,
            )
            return
    current_names = {tenant.name for tenant in current}
    suspects_gone = [
        tenant
        for tenant in seen
        if tenant.name not in current_names and _related(ruling, tenant.name, own)
    ]
    if suspects_gone and not any(_related(ruling, tenant.name, own) for tenant in current):
        last = max(tenant.last_seen for tenant in suspects_gone)
        ruling.refuse(
            "recycled-address",
            message(
                "guard.recycled-address.gone", name=suspects_gone[-1].name, seen_on=last.date()
            ),
            fact="passive-dns",
        )


def judge_owner(ruling: Ruling, text: str, evidence_date: date | None) -> None:
    """Refuse an address that has a new owner by the registry, or one newer than the evidence."""
    owner = ruling.owner_of(text)
    if owner is None or owner.since > ruling.at.date():
        return
    days = (ruling.at.date() - owner.since).days
    if days <= ruling.policy.recycled_days or (
        evidence_date is not None and evidence_date < owner.since
    ):
        ruling.refuse(
            "recycled-address",
            message(
                "guard.recycled-address.owner",
                address=text,
                owner=owner.owner,
                since_on=owner.since,
                source=owner.source,
            ),
            fact="owners",
        )


def judge_dedication(
    ruling: Ruling,
    evidence: DedicatedFact | None,
    current: Sequence[CoHosted],
    own: Collection[str],
    here: Collection[str],
) -> None:
    """Refuse an address that no evidence shows to serve one customer alone.

    Parameters
    ----------
    here : collection of str
        Suspects' names that our resolver led to the address: whoever holds a name leads it where
        they like, so that alone makes them nobody's customer.
    """
    if evidence is None:
        ruling.high = None
        is_hosting_known = ruling.facts.knows_hosting()
        ruling.refuse(
            "unknown-co-hosting",
            message(f"guard.unknown-co-hosting.{'partly' if is_hosting_known else 'wholly'}"),
            fact="passive-dns" if is_hosting_known else None,
        )
        return
    valid_for = timedelta(days=ruling.policy.dedication_days)
    # 9999-12-31 has no day after it.
    last = min(evidence.evidence_date, date.max - valid_for) + valid_for
    ruling.ends.append(datetime.combine(last, time.max, tzinfo=UTC))
    age = (ruling.at.date() - evidence.evidence_date).days
    if age > ruling.policy.dedication_days:
        ruling.high = None
        ruling.refuse(
            "stale-facts",
            message("guard.stale-facts.dedication", days=age),
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    # A date one day ahead may be today's in another time zone.
    elif age < -1:
        ruling.high = None
        ruling.refuse(
            "stale-facts",
            message("guard.stale-facts.dedication-in-future", evidence_on=evidence.evidence_date),
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    customers = customers_of(evidence)
    guarded = [
        customer
        for customer in customers
        if ruling.popular(customer) or ruling.kinds_of_name(customer)
    ]
    if not customers and sharing_kind(evidence.dedicated_to):
        guarded = [evidence.dedicated_to]
    if guarded:
        ruling.high = None
        ruling.refuse(
            "protected-co-tenant",
            message("guard.protected-co-tenant.dedicated", customer=min(guarded)),
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    if (
        customers
        and current
        and not any(_related(ruling, tenant.name, customers) for tenant in current)
    ):
        ruling.refuse(
            "recycled-address",
            message("guard.recycled-address.customer-gone", customer=evidence.dedicated_to),
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    if not customers and here and not any(_related(ruling, tenant.name, own) for tenant in current):
        ruling.refuse(
            "dedicated-to-another",
            message("guard.dedicated-to-another.unnamed", customer=evidence.dedicated_to),
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    suspects = set(own) - customers
    if (
        customers
        and suspects
        and not any(_related(ruling, customer, suspects) for customer in customers)
    ):
        ruling.refuse(
            "dedicated-to-another",
            message("guard.dedicated-to-another", customer=evidence.dedicated_to),
            fact="dedicated",
            dated=evidence.evidence_date,
        )
    ruling.allow(
        "dedicated-address",
        message(
            "guard.dedicated-address",
            customer=evidence.dedicated_to,
            evidence=evidence.evidence,
            evidence_on=evidence.evidence_date,
        ),
        fact="dedicated",
        dated=evidence.evidence_date,
    )


def seen_of_late(ruling: Ruling, seen: Sequence[CoHosted]) -> list[CoHosted]:
    """Keep all seen of late, even if another came after: nobody knows that they have left."""
    horizon = ruling.at - timedelta(days=ruling.policy.current_days)
    return [tenant for tenant in seen if tenant.last_seen >= horizon]


def customers_of(evidence: DedicatedFact | None) -> set[str]:
    """Return the names in ``dedicated_to``; a label without a dot names nobody in the DNS."""
    if evidence is None:
        return set()
    words = re.split(r"[\s;,|]+", evidence.dedicated_to)
    return {name for word in words if _DOMAIN.fullmatch(name := _name_in(word))}


def _name_in(word: str) -> str:
    """Return the host name that a word is, or that it is a URL of, else nothing."""
    try:
        return plain_name(host_of(word) if "://" in word else word.strip("."))
    except InputError:
        return ""


def states(evidence: DedicatedFact | None) -> bool:
    """Tell whether evidence names both a customer and what shows it."""
    return evidence is not None and not any(
        says_nothing(text) for text in (evidence.dedicated_to, evidence.evidence)
    )


def says_nothing(text: str) -> bool:
    """Tell whether a text only fills a column: a dash, ``n/a``, ``unknown``."""
    return _NO_ANSWER.fullmatch(text) is not None


def about(evidence: DedicatedFact | None, address: str) -> bool:
    """Tell whether evidence is about this address, in whatever spelling of it as a target."""
    if evidence is None:
        return False
    try:
        return str(parse_target(evidence.address).address) == address
    except InputError:
        return False


def newest(found: Iterable[DedicatedFact | None]) -> DedicatedFact | None:
    """Return the evidence of the latest date."""
    facts = [fact for fact in found if fact is not None]
    return max(facts, key=lambda fact: fact.evidence_date, default=None)


def _party(ruling: Ruling, name: str, own_names: Collection[str]) -> str:
    """Return who a name belongs to; all suspects' names count as one party."""
    return "" if _related(ruling, name, own_names) else _owner(ruling, name)


def _related(ruling: Ruling, name: str, own_names: Collection[str]) -> bool:
    owners_known = ruling.owners_of.get(id(own_names))
    if owners_known is None:  # once for all names of an address
        owners = frozenset(_owner(ruling, own_name) for own_name in own_names)
        owners_known = ruling.owners_of[id(own_names)] = own_names, owners
    return name in own_names or _owner(ruling, name) in owners_known[1]


def _owner(ruling: Ruling, name: str) -> str:
    """Return the domain that has one owner: below a zone of many, the customer's own name."""
    owner = ruling.owners.get(name)
    if owner is None:
        owner = ruling.owners[name] = _customer(
            ruling, ruling.registered_domain(name) or name, name
        )
    return owner


def _customer(ruling: Ruling, registered: str, name: str) -> str:
    """Return the registered domain, or where that is a zone of tenants, the name below the zone."""
    above = name.removesuffix(registered).rstrip(".")
    inner = above.split(".") if above else []
    zone = registered
    while not any(kind in _TENANT_ZONES for kind in ruling.kinds_of_name(zone)):
        if not inner:
            return registered
        zone = f"{inner.pop()}.{zone}"
    return f"{inner.pop()}.{zone}" if inner else zone
