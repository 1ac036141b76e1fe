"""The guard's rules for host names."""

from __future__ import annotations

from datetime import date

from cautery.messages import message
from cautery.plan.guard.lawful import Lawful
from cautery.plan.guard.ruling import Ruling

SERVICE_ZONES = frozenset(
    ("dynamic-dns", "link-in-bio", "url-shortener", "disposable-email", "cdn-name")
)
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


def judge_name(ruling: Ruling, *, lawful: Lawful, evidence_date: date | None = None) -> None:
    """Apply every rule to a name; the ruling gets all objections, not only the first."""
    target = ruling.target
    name = target.host
    ruling.needs("popular", "public_suffix_list")
    if target.wildcard:
        ruling.refuse("wider-than-host", message("guard.wider-than-host.wildcard"))
    registered = ruling.registered_domain(name)
    if registered is None:
        ruling.high = None
        ruling.refuse(
            "public-suffix",
            message("guard.public-suffix", name=name),
            fact="public_suffix_list",
        )
    else:
        _judge_suffix(ruling, name, registered)
    if ruling.popular(name):
        ruling.high = None
        ruling.collateral_popular = (name,)
        ruling.refuse(
            "popular-name",
            message("guard.popular-name.site", name=name),
            fact="popular",
        )
    for kind in ruling.kinds_of_name(name):
        if kind in SERVICE_ZONES:
            if _is_zone(ruling, name, kind):
                ruling.kinds.add(kind)
                ruling.high = None
                ruling.refuse(kind, message(f"guard.zone.{kind}", name=name))
            else:
                ruling.note(kind, message("guard.zone-customer", name=name))
        else:
            ruling.kinds.add(kind)
            ruling.high = None
            ruling.refuse(
                "protected-kind", message("guard.protected-kind.name", name=name, kind=kind)
            )
    if (location := lawful.by_name(name)) is not None:
        ruling.strangers.add(location)
        ruling.refuse(
            "lawful-content",
            message("guard.lawful-content.name", name=name, location=location),
        )
    _judge_owner(ruling, name, evidence_date)
    if ruling.high == 0 and ruling.strangers:
        ruling.high = None
    ruling.allow(
        "own-name",
        message("guard.own-name", name=name),
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
            message("guard.protected-kind.suffix", name=name, suffix=suffix, kind=kind),
            fact="public_suffix_list",
        )
    if label in OWN_LABELS and "." in suffix and ruling.popular(suffix):
        ruling.high = None
        ruling.refuse(
            "popular-name",
            message("guard.popular-name.own-server", name=name, zone=suffix),
            fact="popular",
        )


def _judge_owner(ruling: Ruling, name: str, evidence_date: date | None) -> None:
    """Refuse a name whose owner is newer than the evidence against it: names lapse, too."""
    owner = ruling.owner_of(name)
    if owner is None or owner.since > ruling.at.date():
        return
    ownership = {
        "name": name,
        "owner": owner.owner,
        "since_on": owner.since,
        "source": owner.source,
    }
    if evidence_date is not None and evidence_date < owner.since:
        ruling.refuse("recycled-name", message("guard.recycled-name", **ownership), fact="owners")
    else:
        ruling.note("owner", message("guard.owner", **ownership), fact="owners")


def _is_zone(ruling: Ruling, name: str, kind: str) -> bool:
    """Tell whether a name is a service's zone: of that kind, and its parent is not."""
    _, _, parent = name.partition(".")
    return not parent or kind not in ruling.kinds_of_name(parent)
