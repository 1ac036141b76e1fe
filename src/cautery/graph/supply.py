"""The supply graph: which asset serves, lists, sells, is paid, and where it resolves to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cautery.graph.links import HostFacts, Mark
from cautery.model import Asset, CriminalNetwork, Edge, Role, SupplyGraph
from cautery.model.message import Message

_STRONGEST = (
    Role.ENCODER,
    Role.ORIGIN,
    Role.PANEL,
    Role.EDGE,
    Role.SUPER_RESELLER,
    Role.RESELLER,
    Role.STOREFRONT,
    Role.PAYMENT,
    Role.PLAYLIST,
    Role.SOURCE,
)


def supply_graph(
    facts: Sequence[HostFacts],
    *,
    networks: Sequence[CriminalNetwork] = (),
    roles: Mapping[str, Sequence[Role]] | None = None,
    countries: Mapping[str, str] | None = None,
    shared: Mapping[Mark, Message] | None = None,
    serves: Sequence[tuple[str, str]] = (),
    sells: Sequence[tuple[str, str]] = (),
    leads: Sequence[tuple[str, str]] = (),
    shows: Mapping[str, Sequence[str]] | None = None,
) -> SupplyGraph:
    """Build the graph; every relation stands once, sorted.

    Parameters
    ----------
    facts : sequence of HostFacts
        One a host; hosts that these only mention become assets too.
    roles : mapping of str to sequence of Role
        Roles seen of a host; of several the one nearest to the source is shown.
    countries : mapping of str to str
        Country of an address: of registration or declared use, not where the server stands.
    serves : sequence of (str, str)
        Host and what it serves: an origin its edge, an edge a stream's URL.
    sells : sequence of (str, str)
        Storefront or reseller, and the panel or service that it sells.
    leads : sequence of (str, str)
        Host, and whither it led a viewer.
    shows : mapping of str to sequence of str
        What each host was seen to show.
    """
    where, known_roles, marks = countries or {}, roles or {}, shared or {}
    shown_marks = shows or {}
    sold = set(sells)
    assets: dict[str, Asset] = {}
    edges: set[tuple[str, str, str]] = set()

    stands = {
        fact.host: next((where[a] for a in fact.addresses if a in where), None) for fact in facts
    }

    def host(name: str, role: Role = Role.UNKNOWN) -> str:
        asset = Asset(
            kind="host",
            value=name,
            role=_role(known_roles.get(name, ()), role),
            country=stands.get(name),
            marks=tuple(shown_marks.get(name, ())),
        )
        present = assets.get(asset.id)
        if present is None or (present.role is Role.UNKNOWN and asset.role is not Role.UNKNOWN):
            assets[asset.id] = asset
        return asset.id

    def other(kind: str, value: str, role: Role = Role.UNKNOWN) -> str:
        why = marks.get((kind, value))
        asset = Asset(
            kind=kind,
            value=value,
            role=Role.SHARED if why else role,
            country=where.get(value),
            shared=why,
        )
        assets[asset.id] = asset
        return asset.id

    for fact in sorted(facts, key=lambda fact: fact.host):
        subject = host(fact.host)
        for address in fact.addresses:
            edges.add((subject, "resolves-to", other("address", address)))
        if fact.certificate is not None:
            key = other("certificate", fact.certificate.spki_sha256)
            edges.add((subject, "shows", key))
        for end in fact.payments:
            edges.add((subject, "pays", other("payment", end, Role.PAYMENT)))
        for panel in set(fact.panels) - {fact.host}:
            panel_id = host(panel, Role.PANEL)
            # A shop's page that links to a panel is no list of that panel's: the shop sells it.
            if (fact.host, panel) not in sold:
                edges.add((panel_id, "lists", subject))
        for playlist in fact.playlists:
            edges.add((other("playlist", playlist, Role.PLAYLIST), "lists", subject))
    for server, what in serves:
        goal = other("stream", what) if "://" in what else host(what)
        edges.add((host(server), "serves", goal))
    for source, aim in leads:
        edges.add((host(source), "redirects-to", host(aim)))
    for shop, what in sells:
        edges.add((host(shop, Role.STOREFRONT), "sells", host(what)))
    return SupplyGraph(
        assets=tuple(asset for _, asset in sorted(assets.items())),
        edges=tuple(Edge(source=a, relation=r, target=b) for a, r, b in sorted(edges)),
        networks=tuple(networks),
    )


def _role(roles: Sequence[Role], otherwise: Role) -> Role:
    return next((role for role in _STRONGEST if role in roles), otherwise)
