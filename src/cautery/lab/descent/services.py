"""Networks and lone services: which values each has, and what one of its entities shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cautery.lab.descent.chance import Chance
from cautery.lab.descent.pools import Pools
from cautery.model.descent import TraitKind as K

SHOP = (K.SITE_NAME, K.TEMPLATE, K.PRICE_LIST, K.PAYMENT_END, K.PAYMENT_SERVICE, K.ANALYTICS)
SUPPLY = (K.STREAM_FAULT, K.PANEL, K.GUIDE_QUIRK, K.CATALOGUE_ORDER, K.MIDDLEWARE)
PLACE = (K.HOSTER, K.NAME_SERVER, K.CERTIFICATE)
ROLES = {
    "whole": (*SHOP, *SUPPLY, *PLACE),
    "shop": (*SHOP, *PLACE),
    "panel": (K.SITE_NAME, *SUPPLY, *PLACE),
    "edge": (K.STREAM_FAULT, K.MIDDLEWARE, K.HOSTER, K.CERTIFICATE),
}
_ROLE_SHARES = (("whole", 0.5), ("shop", 0.72), ("panel", 0.97), ("edge", 1.0))
_WITH_ANALYTICS = 0.5
Values = dict[K, str]


@dataclass
class Service:
    """One operator's values: a few of each kind, which his entities draw from."""

    values: dict[K, list[str]]
    members: dict[str, Values] = field(default_factory=dict)

    def shown(self, role: str, chance: Chance, pools: Pools) -> Values:
        """Return what one of his entities shows by itself, whoever sees it."""
        values: Values = {}
        for kind in ROLES[role]:
            if kind is K.ANALYTICS and not chance.happens(_WITH_ANALYTICS):
                continue
            if kind is K.SITE_NAME:
                values[kind] = pools.host_label(chance.pick(self.values[kind]))
            elif kind is K.CERTIFICATE:
                # Mostly one a host; some put one on several.
                is_common = chance.happens(0.2)
                values[kind] = chance.pick(self.values[kind]) if is_common else pools.drawn(kind)
            else:
                values[kind] = chance.pick(self.values[kind])
        return values

    def counted(self, known_members: list[str]) -> Counter[tuple[K, str]]:
        """Return at how many of some members each value was seen."""
        return Counter(mark for member in known_members for mark in self.members[member].items())


def drawn_role(chance: Chance) -> str:
    """Return a role of an entity."""
    draw = chance.uniform()
    return next(role for role, share in _ROLE_SHARES if draw < share)


def drawn_service(chance: Chance, pools: Pools, *, breadth: int) -> Service:
    """Return a service with up to ``breadth`` values of a kind."""
    return Service(
        values={
            kind: list(dict.fromkeys(pools.drawn(kind) for _ in range(1 + chance.below(breadth))))
            for kind in K
        }
    )
