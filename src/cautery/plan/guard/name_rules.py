"""The guard's rules for host names."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from cautery.model import host_of
from cautery.plan.guard.ruling import Ruling

SERVICE_ZONES = {
    "dynamic-dns": "a dynamic DNS zone: each name below it is another customer's",
    "link-in-bio": "a link service: each page is another customer's",
    "url-shortener": "a URL shortener: each link is another customer's",
    "disposable-email": "a mail service",
    "cdn-name": "a CDN's own zone: each name below it is another customer's",
}
"""Kinds that protect the zone itself, not the customer's name below it."""
_LABELS = (
    "accounts api apis app assets auth avatars blob camo cdn cloud codeload content dns docs "
    "download downloads edge files fonts gist global image images img imap js login mail media mx "
    "ns ns1 ns2 oauth object objects origin private-user-images raw release-assets releases "
    "scripts smtp sso static status storage support upload uploads user-images video videos web "
    "www"
)
OWN_LABELS = frozenset(_LABELS.split())
"""Labels by which whoever runs a zone of tenants calls its own servers, such as
``objects.githubusercontent.com``; of 201 listed pirate names below popular zones none has one."""
_RESERVED = {
    **dict.fromkeys(("gov", "gouv", "gob", "govt", "gv", "gub", "mil", "jus", "leg"), "government"),
    **dict.fromkeys(("nhs", "police"), "government"),
    **dict.fromkeys(("edu", "k12"), "university"),
}
_RESERVED_SECOND = {"go": "government", "ac": "university"}
"""Suffixes below which registries let only such bodies register; the second table's are open to all
where they are a country's own (``.ac``)."""


def judge_name(
    ruling: Ruling, *, lawful: Collection[str], evidence_date: date | None = None
) -> None:
    """Apply every rule to a name; all objections are told, not only the first."""
    target = ruling.target
    name = target.host
    ruling.needs("popular", "public_suffix_list")
    if target.wildcard:
        ruling.refuse("wider-than-host", "a wildcard covers names that nobody has checked")
    registered = ruling.registered_domain(name)
    if registered is None:
        ruling.high = None
        ruling.refuse(
            "public-suffix",
            f"{name} is a public suffix: names below it belong to different owners",
            fact="public_suffix_list",
        )
    else:
        _judge_suffix(ruling, name, registered)
    if ruling.popular(name):
        ruling.high = None
        ruling.collateral_popular = (name,)
        ruling.refuse(
            "popular-name",
            f"{name} is a popular site, a service name of a popular site, or a name above one",
            fact="popular",
        )
    for kind in ruling.kinds_of_name(name):
        if kind in SERVICE_ZONES:
            if _is_zone(ruling, name, kind):
                ruling.kinds.add(kind)
                ruling.high = None
                ruling.refuse(kind, f"{name} is {SERVICE_ZONES[kind]}")
            else:
                ruling.note(kind, f"{name} is one customer's name in such a zone")
        else:
            ruling.kinds.add(kind)
            ruling.high = None
            ruling.refuse("protected-kind", f"{name} belongs to a protected kind: {kind}")
    for location in sorted(lawful):
        host = host_of(location) if "://" in location else location.rstrip(".").lower()
        # Many resolvers block a name together with all below it.
        if host == name or host.endswith("." + name):
            ruling.strangers.add(location)
            ruling.refuse(
                "lawful-content",
                f"{name}, or a name below it, also carries lawful content: {location}",
            )
            break
    _judge_owner(ruling, name, evidence_date)
    if ruling.high == 0 and ruling.strangers:
        ruling.high = None
    ruling.allow(
        "own-name",
        f"{name} is neither popular, nor a public suffix, nor of a protected kind",
        fact="public_suffix_list",
    )


def _judge_suffix(ruling: Ruling, name: str, registered: str) -> None:
    """Refuse public bodies' names by their suffix, and a zone's own servers beside its tenants."""
    label, _, suffix = registered.partition(".")
    first, _, above = suffix.partition(".")
    kind = _RESERVED.get(first) or (_RESERVED_SECOND.get(first) if above else None)
    if kind is not None:
        ruling.kinds.add(kind)
        ruling.high = None
        ruling.refuse(
            "protected-kind",
            f"{name} is below .{suffix}, which is reserved for bodies of a protected kind: {kind}",
            fact="public_suffix_list",
        )
    if label in OWN_LABELS and "." in suffix and ruling.popular(suffix):
        ruling.high = None
        ruling.refuse(
            "popular-name",
            f"{name} may be a server of {suffix} itself, not of one of its tenants",
            fact="popular",
        )


def _judge_owner(ruling: Ruling, name: str, evidence_date: date | None) -> None:
    """Refuse a name whose owner is newer than the evidence against it: names lapse, too."""
    owner = ruling.owner_of(name)
    if owner is None or owner.since > ruling.at.date():
        return
    ownership = f"{name} has belonged to {owner.owner} since {owner.since} ({owner.source})"
    if evidence_date is not None and evidence_date < owner.since:
        ruling.refuse("recycled-name", f"{ownership}: the evidence is older", fact="owners")
    else:
        ruling.note("owner", ownership, fact="owners")


def _is_zone(ruling: Ruling, name: str, kind: str) -> bool:
    """Tell whether a name is a service's zone: of that kind, and its parent is not."""
    _, _, parent = name.partition(".")
    return not parent or kind not in ruling.kinds_of_name(parent)
