"""The supply of a watch's case as items: the hosts behind proven streams, and who runs them.

A map has innocents in it: hosts of streams that nobody proved, and what many share. So what leaves
is what stands behind a proven stream, what is in one network with it, and what has a relation to
these. What is shared says so, and nothing of a partner or of ourselves is in it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cautery.messages import say
from cautery.model import Asset, Edge, Entry, Mandate, Role, SupplyGraph
from cautery.model.exchange import ItemKey, ItemKind, RelationKind
from cautery.model.records import AssetFacts
from cautery.pages.supply_map.view import Drawn, Met
from cautery.workflows.exchange.gathering import Gathering, sentence
from cautery.workflows.supply.picture import of_supply

_KIND_OF_ROLE = {
    Role.SOURCE: ItemKind.FEED,
    Role.ENCODER: ItemKind.FEED,
    Role.ORIGIN: ItemKind.FEED,
    Role.PANEL: ItemKind.PANEL,
    Role.SUPER_RESELLER: ItemKind.RESELLER,
    Role.RESELLER: ItemKind.RESELLER,
    Role.STOREFRONT: ItemKind.STOREFRONT,
    Role.PLAYLIST: ItemKind.PLAYLIST,
}
_KIND_OF_RELATION = {
    "serves": RelationKind.FEEDS,
    "feeds": RelationKind.FEEDS,
    "resolves-to": RelationKind.RESOLVES_TO,
    "sells": RelationKind.SELLS,
    "shows": RelationKind.SHARES,
}
_PRIVATE = frozenset({"contact", "registrant", "person", "account", "stream"})
"""Kinds of asset that lead to people; streams have verdicts of their own."""
_ROLES = frozenset(map(str, Role)) - {str(Role.UNKNOWN)}


@dataclass(slots=True)
class SupplySeen:
    """The newest map of a case, and what its hosts showed; hears records one by one."""

    graph: SupplyGraph = field(default_factory=SupplyGraph)
    mapped_at: datetime | None = None
    facts: dict[str, AssetFacts] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case SupplyGraph() as graph:
                self.graph, self.mapped_at = graph, entry.record.at
            case AssetFacts() as facts if facts.addresses or facts.host not in self.facts:
                self.facts[facts.host] = facts  # a dead name keeps its last facts


def add_supply(
    gathering: Gathering,
    supply_seen: SupplySeen,
    *,
    streams: Mapping[str, Iterable[ItemKey]],
    mandate: Mandate,
    met: Mapping[str, Met],
    at: datetime,
) -> None:
    """Add the hosts behind proven streams with their roles, addresses and networks.

    Parameters
    ----------
    streams : mapping of str to items
        By a host, the proven streams that it serves.
    mandate : Mandate
        Whose partners are no part of it.
    met : mapping of str to Met
        When each host was met.
    at : datetime
        When the case says so, where no map does.
    """
    moment = supply_seen.mapped_at or at
    graph = _without_lawful(supply_seen.graph, mandate)
    suspects = _suspects(graph, {host for host in streams if not mandate.is_lawful(host)})
    suspect_ids = {f"host:{host}" for host in suspects}
    near = [edge for edge in graph.edges if {edge.source, edge.target} & suspect_ids]
    leaves = suspect_ids.union(*({edge.source, edge.target} for edge in near))
    picture = of_supply(graph, met=met)
    keys: dict[str, ItemKey | None] = {}
    for asset, drawn_asset in zip(graph.assets, picture.assets, strict=True):
        if asset.id in leaves and asset.kind not in _PRIVATE:
            keys[asset.id] = _add_asset(gathering, asset, drawn_asset, supply_seen.facts, at=moment)
    for host in sorted(suspects):
        name = f"host:{host}"
        if name not in keys:  # a stream's host that came after the map was drawn
            asset = Asset(kind="host", value=host)
            keys[name] = _add_asset(gathering, asset, None, supply_seen.facts, at=moment)
        _add_addresses(gathering, keys[name], supply_seen.facts.get(host))
        for stream in streams.get(host, ()):
            gathering.relate(RelationKind.SERVES, keys[name], stream, at=moment)
    for edge in near:
        _relate(gathering, keys, edge, at=moment)
    _add_networks(gathering, graph, keys, suspects, at=moment)


def _without_lawful(graph: SupplyGraph, mandate: Mandate) -> SupplyGraph:
    """Return a map without the hosts of partners and our own."""
    lawful = {
        asset.id
        for asset in graph.assets
        if asset.kind == "host" and mandate.is_lawful(asset.value)
    }
    return SupplyGraph(
        assets=tuple(asset for asset in graph.assets if asset.id not in lawful),
        edges=tuple(edge for edge in graph.edges if not {edge.source, edge.target} & lawful),
        networks=graph.networks,
    )


def _suspects(graph: SupplyGraph, proven: set[str]) -> frozenset[str]:
    """Return some hosts, and those that are in one network with one of them."""
    suspects = set(proven)
    for network in graph.networks:
        members = {member.host for member in network.members}
        if members & proven:
            suspects |= members
    return frozenset(suspects)


def _add_asset(
    gathering: Gathering,
    asset: Asset,
    drawn_asset: Drawn | None,
    facts_of: Mapping[str, AssetFacts],
    *,
    at: datetime,
) -> ItemKey | None:
    facts = facts_of.get(asset.value) if asset.kind == "host" else None
    role = drawn_asset.role if drawn_asset is not None and drawn_asset.role in _ROLES else None
    times_met = None if drawn_asset is None else drawn_asset.met
    kind, name = _kind_of(asset, role)
    return gathering.add(
        kind,
        name,
        at=max(at, at if times_met is None else times_met.last, at if facts is None else facts.at),
        text=sentence(
            "" if asset.shared is None else f"do not block: {say(asset.shared)}",
            *(() if drawn_asset is None else map(say, drawn_asset.why)),
            "" if facts is None else _hoster(facts),
        ),
        role=role,
        probability=None if drawn_asset is None or role is None else drawn_asset.sure,
        country=asset.country or (None if facts is None else facts.country),
        first_seen=None if times_met is None else times_met.first,
        last_seen=None if times_met is None else times_met.last,
    )


def _kind_of(asset: Asset, role: str | None) -> tuple[ItemKind, str]:
    """Return the kind and the id of the item of an asset."""
    if asset.kind == "playlist" and "://" in asset.value:
        return ItemKind.PLAYLIST, asset.value
    if asset.kind not in ("host", "address"):
        return ItemKind.ASSET, asset.id
    if asset.kind == "host" and role is not None and Role(role) in _KIND_OF_ROLE:
        return _KIND_OF_ROLE[Role(role)], asset.value
    try:
        return ItemKind.ADDRESS, str(ipaddress.ip_address(asset.value.strip("[]")))
    except ValueError:
        return (ItemKind.HOST, asset.value) if asset.kind == "host" else (ItemKind.ASSET, asset.id)


def _hoster(facts: AssetFacts) -> str:
    network = "" if facts.asn is None else f"AS{facts.asn}"
    names = " ".join(filter(None, (network, facts.organisation)))
    return f"hosted in {names}" if names else ""


def _add_addresses(gathering: Gathering, host: ItemKey | None, facts: AssetFacts | None) -> None:
    if facts is None:
        return
    for address in facts.addresses:
        asset = Asset(kind="address", value=address)
        kind, name = _kind_of(asset, None)
        key = gathering.add(kind, name, at=facts.at, country=facts.country)
        gathering.relate(RelationKind.RESOLVES_TO, host, key, at=facts.at)


def _relate(
    gathering: Gathering, keys: Mapping[str, ItemKey | None], edge: Edge, *, at: datetime
) -> None:
    kind = _KIND_OF_RELATION.get(edge.relation, RelationKind.RELATED_TO)
    text = edge.relation if kind is RelationKind.RELATED_TO else ""
    if kind is RelationKind.SHARES:
        text = edge.target.partition(":")[0]
    gathering.relate(kind, keys.get(edge.source), keys.get(edge.target), at=at, text=text)


def _add_networks(
    gathering: Gathering,
    graph: SupplyGraph,
    keys: Mapping[str, ItemKey | None],
    suspects: frozenset[str],
    *,
    at: datetime,
) -> None:
    for network in graph.networks:
        members = [member for member in network.members if member.host in suspects]
        if len(members) < 2:  # a host alone is no network
            continue
        key = gathering.add(
            ItemKind.NETWORK,
            network.id,
            at=at,
            text=sentence(
                f"a hypothesis: one hand runs {len(members)} hosts",
                f"it sells {', '.join(network.services)}" if network.services else "",
            ),
            name=", ".join(network.services) or None,
        )
        for member in members:
            gathering.relate(
                RelationKind.PART_OF,
                keys.get(f"host:{member.host}"),
                key,
                at=at,
                probability=member.probability,
                text=sentence(*map(say, member.why)),
            )
