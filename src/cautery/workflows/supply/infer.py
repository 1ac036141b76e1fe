"""From the map that a watch drew to roles with a probability, and to the graph for a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cautery.graph.needs import plan_document
from cautery.graph.roles import RoleBelief, infer_roles
from cautery.model import Edge, Role, SupplyGraph

_MARK_OF_ROLE: Mapping[Role, str] = {
    Role.EDGE: "path:live",
    Role.PANEL: "path:player_api",
    Role.STOREFRONT: "page:prices",
    Role.PAYMENT: "page:checkout",
    Role.SHARED: "shared-range",
}
"""What a watch saw when it gave a role: a stream, a panel's answer, a shop's page. An
older case has nothing else."""
_FATES = frozenset({"shows"})
"""Relations whose target takes down all that have it: a certificate's owner, found, is theirs."""


def infer_supply(graph: SupplyGraph) -> tuple[RoleBelief, ...]:
    """Infer the roles of a map's hosts, payments and shared addresses.

    Raises
    ------
    InputError
        If there is none.
    """
    marks = {
        asset.id: asset.marks
        or ((_MARK_OF_ROLE[asset.role],) if asset.role in _MARK_OF_ROLE else ())
        for asset in graph.assets
        if asset.kind in {"host", "payment"} or asset.role is Role.SHARED
    }
    return infer_roles(marks, _told(graph, set(marks)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an analyst knows of assets better than the map does, by their ids.

    ``demand`` stands in place of 1 for each storefront; ``needed`` is how many of its edges a
    panel needs; a cost of ``None`` says that nobody can act.
    """

    demand: Mapping[str, float] | None = None
    needed: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, float | None] = field(default_factory=dict)


def plan_graph_of(
    graph: SupplyGraph, given: Given | None = None, *, uncertain: bool = False
) -> dict[str, Any]:
    """Return the graph for ``cautery plan`` of a map: needs by role, hosts of one key together.

    Hosts on one server fall together too, and each node says what an act on it would hit, for the
    guard to judge. ``uncertain``: who needs whom carries how surely.

    Raises
    ------
    InputError
        If nobody in it sells anything.
    """
    given = given or Given()
    beliefs = infer_supply(graph)
    named_nodes = {belief.name for belief in beliefs}
    shared = {asset.id for asset in graph.assets if asset.shared}
    fates: defaultdict[str, list[str]] = defaultdict(list)
    places: defaultdict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        if edge.relation in _FATES and edge.source in named_nodes and edge.target not in shared:
            fates[edge.source].append(edge.target)
        if edge.relation == "resolves-to" and edge.source in named_nodes:
            places[edge.source].append(edge.target)
    return plan_document(
        beliefs,
        _told(graph, named_nodes),
        fates=fates,
        places=places,
        targets={
            asset.id: asset.value for asset in graph.assets if asset.kind in {"host", "address"}
        },
        needed=given.needed,
        demand=given.demand,
        costs=given.costs,
        uncertain=uncertain,
        countries={asset.id: asset.country for asset in graph.assets if asset.country is not None},
    )


def _told(graph: SupplyGraph, node_ids: set[str]) -> tuple[Edge, ...]:
    """Return the relations between assets that have roles; an origin that serves feeds."""
    return tuple(
        Edge(
            source=edge.source,
            relation="feeds" if edge.relation == "serves" else edge.relation,
            target=edge.target,
        )
        for edge in graph.edges
        if edge.source in node_ids and edge.target in node_ids
    )
