"""How much a shared value speaks for one network: log-odds by kind and rarity.

Fellegi and Sunter's weight (JASA 1969): ``ln(m / u)``, with ``m`` the chance that two hosts of
one network share a value of the kind because they are one network, and ``u`` the chance that two
strangers do, which is the value's share of all hosts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cautery.graph.links import Mark
from cautery.model import Link

RELIABILITY: Mapping[str, float] = {
    "certificate": 0.9,
    "payment": 0.9,
    "registrant": 0.9,
    "contact": 0.8,
    "panel": 0.9,
    "analytics": 0.7,
    "address": 0.6,
    "redirect": 0.6,
    "fault": 0.9,
    "nameserver": 0.2,
    "favicon": 0.2,
}
"""``m`` by kind. Judgement, ordered as reference/ecosystem.md section 8 says of decoys: templates,
icons and trackers are copied, keys and ends of payment hardly. To be learnt from labels."""

NO_WEIGHT = frozenset({"registrar", "asn", "country", "playlist", "organisation"})
"""What everybody shares: many strangers have one registrar, and aggregators list everyone."""

UNIVERSE = 20_000
"""Hosts among which a value is rare, when fewer are on the table: a small case does not make a
certificate common. The order of hosts seen in playlists (reference/ecosystem.md section 5)."""

HUB = 50
"""A value on more hosts is a hub (measured in reference/clustering.md), unless it is of a kind
whose values belong to one owner."""
OWNED = frozenset({"payment", "registrant", "contact", "analytics", "panel"})
OWNED_HUB = 2_000
RECYCLED = timedelta(days=1)
"""Bearers of an address that were apart in time by more than this are strangers to each other."""
PASSING = frozenset({"address"})


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that joins hosts, with its log-odds: the unit of evidence and of explanation."""

    kind: str
    value: str
    hosts: tuple[str, ...]
    weight: float


def shared_values(
    links: Sequence[Link], shared: Mapping[Mark, str], *, universe: int = UNIVERSE, hub: int = HUB
) -> list[Shared]:
    """Return the values on two or more hosts that speak for a network, sorted.

    Hosts that bore a recyclable value at times apart are kept apart.
    """
    bearers: dict[Mark, dict[str, tuple[float, float]]] = {}
    hosts: set[str] = set()
    for link in links:
        hosts.add(link.subject)
        if link.kind in NO_WEIGHT or (link.kind, link.value) in shared:
            continue
        span = (link.first_seen.timestamp(), link.last_seen.timestamp())
        held = bearers.setdefault((link.kind, link.value), {})
        known = held.get(link.subject)
        held[link.subject] = (
            span if known is None else (min(known[0], span[0]), max(known[1], span[1]))
        )
    population = max(len(hosts), universe)
    found: list[Shared] = []
    for (kind, value), held in sorted(bearers.items()):
        limit = OWNED_HUB if kind in OWNED else hub
        if not 2 <= len(held) <= limit:
            continue
        chance = RELIABILITY.get(kind, 0.3)
        for group in _together(held) if kind in PASSING else [sorted(held)]:
            weight = math.log(chance * population / len(held))
            if len(group) >= 2 and weight > 0:
                found.append(Shared(kind, value, tuple(group), weight))
    return found


def _together(held: Mapping[str, tuple[float, float]]) -> list[list[str]]:
    """Group bearers whose times touch."""
    groups: list[list[str]] = []
    reach = -math.inf
    for host, (first, last) in sorted(held.items(), key=lambda one: (one[1], one[0])):
        if first > reach + RECYCLED.total_seconds():
            groups.append([])
        groups[-1].append(host)
        reach = max(reach, last)
    return [sorted(group) for group in groups]
