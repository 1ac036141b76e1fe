"""Draws supply chains as they are seen from outside, with each asset's true role and its trap.

Source -> encoder -> origin -> edge, panel, super-reseller, reseller, storefront, payment
(docs/reference/sources.md, F1), shared fronts beside. Every mark and relation is seen only in
part, some are decoys, and each trap is named:

``silent``         an asset that shows nothing: it is known by its neighbours alone
``panel-serves``   a panel that serves streams itself, on the ports of an edge
``fronted``        behind a shared front, which it looks like
``white-label``    a reseller with a shop of its own, prices and all
``credit-shop``    a super-reseller that shows prices beside credits
``own-checkout``   a storefront with a checkout of its own
``relay``          an origin that an edge's port and paths look like
``decoy``          shows a mark of another role
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cautery.model import Edge, Role

SEEN, TIED, DECOYS = 0.75, 0.85, 0.06
"""Parts of true marks and relations that are seen, and of assets that show a decoy."""
_SHOWS = {
    Role.SOURCE: ("receiver-page", "port:12000", "port:554"),
    Role.ENCODER: ("port:1935", "encoder-page", "port:9000", "certificate:default"),
    Role.ORIGIN: ("path:live", "path:segments", "port:25461", "certificate:default"),
    Role.EDGE: ("path:live", "path:segments", "port:25461", "certificate:default"),
    Role.PANEL: ("path:player_api", "path:get.php", "port:25461", "path:portal"),
    Role.SUPER_RESELLER: ("page:credits", "certificate:own", "page:client-area"),
    Role.RESELLER: ("page:client-area", "certificate:own"),
    Role.STOREFRONT: ("page:prices", "certificate:own"),
    Role.PAYMENT: ("page:checkout", "certificate:own"),
    Role.SHARED: ("shared-range", "certificate:many-names", "many-strangers"),
}
_TRAPS = {
    "panel-serves": (Role.PANEL, ("path:live", "path:segments", "certificate:default")),
    "fronted": (Role.EDGE, ("shared-range", "certificate:many-names")),
    "white-label": (Role.RESELLER, ("page:prices",)),
    "credit-shop": (Role.SUPER_RESELLER, ("page:prices",)),
    "own-checkout": (Role.STOREFRONT, ("page:checkout",)),
    "relay": (Role.ORIGIN, ("port:25461", "certificate:default")),
}
_OF_ALL_MARKS = tuple(sorted({mark for marks in _SHOWS.values() for mark in marks}))


@dataclass(slots=True)
class BehaviourWorld:
    """What is seen, and the truth about it: the role of each asset, and the trap that it is in."""

    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    relations: list[Edge] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    traps: dict[str, str] = field(default_factory=dict)


def draw_behaviours(seed: int, *, services: int = 6) -> BehaviourWorld:
    """Draw a world of so many services; the same seed gives the same world."""
    # The second number keeps this draw apart from those of other parts of the same seed's world.
    rng = np.random.default_rng([seed, 91])
    world = BehaviourWorld()
    fronts = [_asset(world, Role.SHARED, rng) for _ in range(2)]
    ends = [_asset(world, Role.PAYMENT, rng) for _ in range(max(2, services // 2))]
    for _ in range(services):
        _draw_service(world, fronts, ends, rng)
    return world


def _draw_service(
    world: BehaviourWorld, fronts: Sequence[str], ends: Sequence[str], rng: np.random.Generator
) -> None:
    def draw_assets(role: Role, least: int, upper: int) -> list[str]:
        return [_asset(world, role, rng) for _ in range(int(rng.integers(least, upper + 1)))]

    def any_of(names: Sequence[str]) -> str:
        return names[int(rng.integers(len(names)))]

    def tie(source: str, relation: str, target: str) -> None:
        if rng.random() < TIED:
            world.relations.append(Edge(source=source, relation=relation, target=target))

    sources, encoders = draw_assets(Role.SOURCE, 1, 3), draw_assets(Role.ENCODER, 1, 2)
    origins, edges, panels = (
        draw_assets(Role.ORIGIN, 1, 2),
        draw_assets(Role.EDGE, 3, 8),
        draw_assets(Role.PANEL, 1, 2),
    )
    supers, resellers = draw_assets(Role.SUPER_RESELLER, 1, 2), draw_assets(Role.RESELLER, 2, 6)
    for source in sources:
        tie(source, "feeds", any_of(encoders))
    for encoder in encoders:
        for origin in origins:
            tie(encoder, "feeds", origin)
    for edge in edges:
        tie(any_of(origins), "feeds", edge)
        for panel in panels:
            tie(panel, any_of(("redirects-to", "lists")), edge)
        if world.traps.get(edge) == "fronted":
            tie(edge, "resolves-to", any_of(fronts))
    for seller in supers:
        tie(seller, "credits-from", any_of(panels))
        tie(seller, "pays", any_of(ends))
    for reseller in resellers:
        tie(reseller, "credits-from", any_of(supers))
        tie(reseller, "sells", any_of(panels))
    for shop in draw_assets(Role.STOREFRONT, 2, 6):
        tie(shop, "sells", any_of(panels) if rng.random() < 0.6 else any_of(resellers))
        tie(shop, "pays", any_of(ends))
        if rng.random() < 0.5:
            tie(shop, "resolves-to", any_of(fronts))


def _asset(world: BehaviourWorld, role: Role, rng: np.random.Generator) -> str:
    name = f"asset{len(world.roles)}.example"
    marks = [mark for mark in _SHOWS[role] if rng.random() < SEEN]
    traps = [trap for trap, (of, _) in _TRAPS.items() if of is role]
    chance = rng.random()
    if chance < 0.1:
        world.traps[name], marks = "silent", []
    elif traps and chance < 0.25:
        world.traps[name] = traps[0]
        marks += [mark for mark in _TRAPS[traps[0]][1] if rng.random() < SEEN]
    elif chance > 1 - DECOYS:
        world.traps[name] = "decoy"
        marks.append(_OF_ALL_MARKS[int(rng.integers(len(_OF_ALL_MARKS)))])
    world.roles[name] = role
    world.marks[name] = tuple(dict.fromkeys(marks))
    return name
