"""The picture of a supply graph, from a case or a graph file."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from cautery.drawing.escaping import clean
from cautery.errors import InputError
from cautery.graph.roles import RoleBelief
from cautery.model import Asset, Link, Role, SupplyGraph
from cautery.model.ledger import contents
from cautery.model.message import Message
from cautery.model.ports import Ledger
from cautery.model.records import AssetFacts, StreamAppeared
from cautery.pages.supply_map.view import BESIDE, Drawn, Met, Picture
from cautery.plan.graph import PlanGraph
from cautery.workflows.supply.infer import infer_supply

LEAST_SURE = 0.5
"""A role that is less probable is not drawn as one."""
_MOST_RECORDS = 3
_RIVAL = 0.02
"""Other roles that are less probable are not told."""


def met_in(ledger: Ledger) -> dict[str, Met]:
    """Return when each host was met, by a case's look-ups, links and streams."""
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    records: defaultdict[str, list[int]] = defaultdict(list)
    for entry, content in contents(ledger, AssetFacts, Link, StreamAppeared):
        match content:
            case Link(subject=host, first_seen=since, last_seen=until):
                pass
            case AssetFacts(host=host, at=at) | StreamAppeared(host=host, at=at):
                since = until = at
        if not host:
            continue
        first[host] = min(since, first.get(host, since))
        last[host] = max(until, last.get(host, until))
        if len(records[host]) < _MOST_RECORDS:
            records[host].append(entry.index)
    return {
        host: Met(first=first[host], last=last[host], records=tuple(records[host]))
        for host in first
    }


def of_supply(
    graph: SupplyGraph, *, met: Mapping[str, Met] | None = None, source: str = ""
) -> Picture:
    """Take the map that a watch made, each host with the role that it is inferred to have."""
    rated = any(asset.kind in {"host", "payment"} for asset in graph.assets)
    beliefs = {belief.name: belief for belief in infer_supply(graph)} if rated else {}
    networks = {
        member.host: network.id for network in graph.networks if len(network.members) > 1
        for member in network.members
    }  # fmt: skip
    when = met or {}

    def drawn(asset: Asset) -> Drawn:
        belief = beliefs.get(asset.id)
        role = str(asset.role)
        if asset.kind in BESIDE and not asset.shared:
            role, belief = asset.kind, None
        elif belief is not None and asset.kind == "host":
            role = str(belief.role)
            if belief.role is Role.UNKNOWN:
                belief = None
            elif belief.probability < LEAST_SURE:
                role = str(Role.UNKNOWN)
        has_role = role != str(Role.UNKNOWN)
        return Drawn(
            name=_name(asset.id),
            role=role,
            country=asset.country,
            sure=belief.probability if belief is not None and has_role else None,
            network=networks.get(asset.value) if asset.kind == "host" else None,
            rivals=() if belief is None else _rivals(belief, has_role=has_role),
            why=() if belief is None or not has_role else _why(belief),
            met=when.get(asset.value) if asset.kind == "host" else None,
        )

    return Picture(
        assets=tuple(drawn(asset) for asset in graph.assets),
        relations=tuple(
            (_name(edge.source), edge.relation, _name(edge.target)) for edge in graph.edges
        ),
        source=source,
    )


def of_plan(graph: PlanGraph, *, source: str = "") -> Picture:
    """Take a graph of ``cautery plan``: who needs whom. Its actions are no assets."""
    groups = graph.groups
    members = np.split(groups.member, groups.start[1:-1])
    needs = tuple(
        (graph.ids[owner], "needs", graph.ids[member])
        for owner, group in zip(groups.owner, members, strict=True)
        for member in group
        if owner < graph.nodes and member < graph.nodes
    )
    return Picture(
        assets=tuple(
            Drawn(
                name=graph.ids[number],
                role=graph.roles[number] or str(Role.UNKNOWN),
                country=None
                if graph.country[number] < 0
                else graph.countries[graph.country[number]],
                sure=float(graph.exists[number]),
            )
            for number in range(graph.nodes)
        ),
        relations=needs,
        source=source,
    )


def around(picture: Picture, name: str, *, most: int) -> Picture:
    """Keep what lies at most so many relations from one asset, in either direction.

    Raises
    ------
    InputError
        If there is no such asset; names that hold the one asked for are told.
    """
    if name not in picture.near:
        like = sorted((asset for asset in picture.near if name.lower() in asset.lower()), key=len)
        raise InputError(
            f"there is no asset {clean(name, 80)!r} in the map",
            hint=f"Perhaps {', '.join(clean(asset, 80) for asset in like[:5])}?"
            if like and name
            else "Names are as in the graph.",
        )
    part, _ = neighbourhood(picture, [name], steps=most, most=len(picture.assets))
    return part


def neighbourhood(
    picture: Picture, begin: Sequence[str], *, steps: int, most: int
) -> tuple[Picture, int]:
    """Keep what is near some assets: ring by ring, of the last ring the best connected.

    Parameters
    ----------
    begin : sequence of str
        Names of assets of the picture; the rings lie around them.
    steps : int
        How many relations lie at most between one of them and what is kept.
    most : int
        Assets that are kept.

    Returns
    -------
    Picture
        What is kept, with the relations between it.
    int
        How many assets lie as near, and are left out.
    """
    way = ways(picture.near, begin, most=steps)
    nearest = sorted(way, key=lambda name: (way[name], -len(picture.near[name]), name))[:most]
    part = frozenset(nearest)
    return Picture(
        assets=tuple(asset for asset in picture.assets if asset.name in part),
        relations=tuple(
            relation
            for relation in picture.relations
            if relation[0] in part and relation[2] in part
        ),
        source=picture.source,
    ), len(way) - len(part)


def ways(near: Mapping[str, frozenset[str]], begin: Sequence[str], *, most: int) -> dict[str, int]:
    """Return how many relations lie between each asset that can be reached and the first ones."""
    way = dict.fromkeys(begin, 0)
    queue = deque(begin)
    while queue:
        name = queue.popleft()
        if way[name] < most:
            for neighbour in near[name]:
                if neighbour not in way:
                    way[neighbour] = way[name] + 1
                    queue.append(neighbour)
    return way


def _rivals(belief: RoleBelief, *, has_role: bool) -> tuple[tuple[str, float], ...]:
    ranked = sorted(belief.roles.items(), key=lambda pair: -pair[1])
    return tuple((str(role), chance) for role, chance in ranked[has_role:4] if chance >= _RIVAL)


def _why(belief: RoleBelief) -> tuple[Message, ...]:
    """Return what speaks for an asset's role; hosts are named without their kind."""
    return tuple(
        Message(
            reason.id,
            {
                name: _name(value) if isinstance(value, str) else value
                for name, value in reason.values.items()
            },
        )
        for reason, odds in belief.why
        if odds > 0
    )


def _name(asset: str) -> str:
    """Return a host's name; any other asset keeps its kind, since an address may be a host too."""
    return asset.removeprefix("host:")
