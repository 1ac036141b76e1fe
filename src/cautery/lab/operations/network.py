"""The supply network as it is drawn: nodes by id, their needs, places and costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cautery.model import Asset, CoTenant, Edge, SupplyGraph
from cautery.plan import Node

COST = {
    "device": 2.0,
    "encoder": 15.0,
    "origin": 25.0,
    "edge": 12.0,
    "panel": 2.5,
    "super-reseller": 10.0,
    "reseller": 3.0,
    "sub-reseller": 2.0,
    "storefront": 3.0,
    "payment": 9.0,
    "hoster": 60.0,
    "provider": 60.0,
    "cdn": 1000.0,
}
"""Effort to take one down, a third of locking a name is one. Judgement: panels are the
cheap chokepoint, as in a planned optimum (docs/reference/sources.md, F48) and at
Xtream Codes in 2019 (F20); signal servers hide best."""

_RELATIONS = {
    "device": "captures-for",
    "encoder": "feeds",
    "origin": "feeds",
    "edge": "serves",
    "panel": "manages",
    "super-reseller": "sells-to",
    "reseller": "sells-to",
    "sub-reseller": "sells-to",
    "storefront": "advertises",
    "payment": "collects-for",
    "hoster": "hosts",
    "cdn": "fronts",
    "provider": "pays-out",
}


@dataclass(slots=True, eq=False)
class Supply:
    """A network as it grows: nodes by id, with what each needs."""

    assets: dict[str, Asset] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[tuple[tuple[str, ...], int]]] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    collateral: dict[str, int] = field(default_factory=dict)
    untouchable: dict[str, str] = field(default_factory=dict)
    traits: dict[str, dict[str, str]] = field(default_factory=dict)
    co_tenants: list[CoTenant] = field(default_factory=list)
    panel_of: dict[str, str] = field(default_factory=dict)
    """The panel that a reseller's lines are on."""
    trunk: dict[str, str] = field(default_factory=dict)
    """The super-reseller above a reseller, a storefront or a payment end."""

    def of_type(self, kind: str) -> list[str]:
        """Return the ids of one type, in order."""
        return [node for node, its in self.types.items() if its == kind]

    def graph(self) -> SupplyGraph:
        """Return the graph without demand: an edge from what is needed to what needs it."""
        edges = [
            Edge(source=member, relation=_RELATIONS[self.types[member]], target=node)
            for node, needs in self.groups.items()
            if node in self.assets
            for members, _ in needs
            for member in members
        ]
        return SupplyGraph(assets=tuple(self.assets.values()), edges=tuple(edges))

    def nodes(self) -> tuple[Node, ...]:
        """Return all nodes, demand with its users as weight."""
        return tuple(
            Node(id=node, groups=tuple(self.groups[node]), weight=self.weights.get(node, 0.0))
            for node in self.types
        )
