"""The graph that ``cautery plan`` takes, from roles and relations: who needs how many of whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cautery.errors import InputError
from cautery.graph.roles import RoleBelief
from cautery.model import Edge, Role

NEEDS: tuple[tuple[Role, str, bool, Role], ...] = (
    (Role.ENCODER, "feeds", False, Role.SOURCE),
    (Role.ORIGIN, "feeds", False, Role.ENCODER),
    (Role.EDGE, "feeds", False, Role.ORIGIN),
    (Role.PANEL, "redirects-to", True, Role.EDGE),
    (Role.PANEL, "lists", True, Role.EDGE),
    (Role.SUPER_RESELLER, "credits-from", True, Role.PANEL),
    (Role.RESELLER, "credits-from", True, Role.SUPER_RESELLER),
    (Role.RESELLER, "sells", True, Role.PANEL),
    (Role.STOREFRONT, "sells", True, Role.PANEL),
    (Role.STOREFRONT, "sells", True, Role.RESELLER),
    (Role.STOREFRONT, "pays", True, Role.PAYMENT),
)
"""Who needs whom by which relation; true: the needy end is the relation's source.

A storefront sells a panel's lines or a reseller's: either will do. Payment is a need of its own.
"""
COSTS: Mapping[Role, float] = {
    Role.SOURCE: 40, Role.ENCODER: 30, Role.ORIGIN: 25, Role.EDGE: 8, Role.PANEL: 15,
    Role.SUPER_RESELLER: 30, Role.RESELLER: 6, Role.STOREFRONT: 1, Role.PAYMENT: 5,
}  # fmt: skip
"""Work units of one act, by judgement; an analyst's own costs stand in their place."""
CERTAIN = 0.95
"""Roles that are at least so sure are taken as they are."""
LEAST = 0.5
"""A role that is less likely is unknown; a relation whose two roles are, together, is left out."""
_PAYMENT = frozenset({Role.PAYMENT})
_SELLERS = (Role.STOREFRONT, Role.RESELLER)


def plan_document(
    beliefs: Sequence[RoleBelief],
    relations: Sequence[Edge],
    *,
    fates: Mapping[str, Sequence[str]] | None = None,
    places: Mapping[str, Sequence[str]] | None = None,
    targets: Mapping[str, str] | None = None,
    needed: Mapping[str, int] | None = None,
    demand: Mapping[str, float] | None = None,
    countries: Mapping[str, str] | None = None,
    costs: Mapping[str, float | None] | None = None,
    uncertain: bool = False,
) -> dict[str, Any]:
    """Return a supply graph in the public JSON of ``cautery plan``.

    Parameters
    ----------
    beliefs : sequence of RoleBelief
        As :func:`cautery.graph.roles.infer_roles` gives them.
    relations : sequence of Edge
        The same that the roles were inferred from.
    fates : mapping of str to sequence of str
        Asset to what it falls with: a certificate, a rack, a registrar. Each becomes a node that
        all of its assets need; shared infrastructure that an asset resolves to is one too.
    places : mapping of str to sequence of str
        Asset to the servers where it stands: one that is up will do. A server that several stand
        on becomes a node, which costs as much as the dearest of them: who acts there takes all.
    targets : mapping of str to str
        Asset to the name or address that an act on it would hit, for the guard to judge.
    needed : mapping of str to int
        How many of its edges a panel needs to carry its customers; 1 where nobody says.
    demand : mapping of str to float
        Weight (subscribers, revenue) of sellers; 1 for each storefront and each reseller that no
        storefront sells, where none is given.
    countries : mapping of str to str
        Asset to country.
    costs : mapping of str to float or None
        Asset to the cost of acting on it; ``None``: nobody can. Else by role, and nobody on what
        is shared.
    uncertain : bool
        Whether members carry the probability that both ends' roles are right. A plan on an
        uncertain graph takes far longer; without, what is likelier than not is taken as it is.

    Raises
    ------
    InputError
        If nobody sells anything, or a weight names no asset.
    """
    by_name = {belief.name: belief for belief in beliefs}
    sure = {name: belief for name, belief in by_name.items() if belief.probability >= LEAST}
    where, priced = countries or {}, costs or {}
    fallen = {
        name: tuple(fate_names) for name, fate_names in (fates or {}).items() if name in by_name
    }
    for relation in relations:
        placed = relation.target in (places or {}).get(relation.source, ())
        shared = _role(by_name, relation.target) is Role.SHARED
        if relation.relation == "resolves-to" and shared and not placed:
            fallen[relation.source] = (*fallen.get(relation.source, ()), relation.target)
    groups = _groups(by_name, relations, needed or {}, uncertain=uncertain)
    groups += [
        {"of": name, "need": 1, "members": [{"id": fate}]}
        for name, fate_names in sorted(fallen.items())
        for fate in sorted(set(fate_names) - {name})
    ]
    stand = _standing(places or {}, by_name)
    groups += [
        {"of": name, "need": 1, "members": [{"id": place} for place in place_names]}
        for name, place_names in stand.items()
    ]
    extra = sorted({fate for fate_names in fallen.values() for fate in fate_names} - by_name.keys())
    servers = sorted(
        {place for place_names in stand.values() for place in place_names} - by_name.keys()
    )
    nodes: list[dict[str, Any]] = [
        {
            "id": name,
            "role": str(belief.role if name in sure else Role.UNKNOWN),
            "cost": priced.get(name, COSTS.get(belief.role) if name in sure else None),
            "country": where.get(name),
        }
        for name, belief in sorted(by_name.items())
    ]
    nodes += [
        {"id": fate, "role": str(Role.SHARED), "cost": priced.get(fate), "country": where.get(fate)}
        for fate in extra
    ]
    for place in servers:
        on_it = [
            sure[name]
            for name, place_names in stand.items()
            if place in place_names and name in sure
        ]
        dear = max((COSTS.get(belief.role, 0.0) for belief in on_it), default=None)
        cost = priced.get(place, dear)
        nodes.append({"id": place, "role": "host", "cost": cost, "country": where.get(place)})
    for node in nodes:
        if node["id"] in (targets or {}):
            node["target"] = (targets or {})[node["id"]]
    weights = _demand(sure, relations) if demand is None else dict(demand)
    strangers = sorted(weights.keys() - by_name.keys())
    if strangers:
        raise InputError(f"demand names {strangers[0]!r}, which is not an asset")
    if not weights:
        raise InputError(
            "no asset in the map is known to sell anything, so there is no demand to cut",
            hint="A plan needs a storefront or a reseller; watch pages that sell, or give the "
            "demand.",
        )
    return {
        "nodes": nodes,
        "groups": groups,
        "demand": [{"node": name, "weight": weight} for name, weight in sorted(weights.items())],
    }


def _standing(
    places: Mapping[str, Sequence[str]], beliefs: Mapping[str, RoleBelief]
) -> dict[str, list[str]]:
    """Return where each asset stands, of those that share a server with another or strangers."""
    stand = {
        name: sorted({*place_names} - {name})
        for name, place_names in places.items()
        if name in beliefs
    }
    tenants = Counter(place for place_names in stand.values() for place in place_names)
    return {
        name: place_names
        for name, place_names in sorted(stand.items())
        if any(tenants[place] > 1 or _role(beliefs, place) is Role.SHARED for place in place_names)
    }


def _groups(
    beliefs: Mapping[str, RoleBelief],
    relations: Sequence[Edge],
    needed: Mapping[str, int],
    *,
    uncertain: bool,
) -> list[dict[str, Any]]:
    members: defaultdict[tuple[str, bool], dict[str, float]] = defaultdict(dict)
    for edge in relations:
        for owner_role, relation, from_source, role in NEEDS:
            if relation != edge.relation:
                continue
            owner, member = (
                (edge.source, edge.target) if from_source else (edge.target, edge.source)
            )
            if _role(beliefs, owner) is owner_role and _role(beliefs, member) is role:
                sure = beliefs[owner].probability * beliefs[member].probability
                if sure >= LEAST:
                    members[owner, role in _PAYMENT][member] = sure
    return [
        {
            "of": owner,
            "need": min(len(member_chances), max(1, needed.get(owner, 1))) if not payment else 1,
            "members": [
                {"id": name}
                | ({} if not uncertain or sure >= CERTAIN else {"probability": round(sure, 4)})
                for name, sure in sorted(member_chances.items())
            ],
        }
        for (owner, payment), member_chances in sorted(members.items())
    ]


def _role(beliefs: Mapping[str, RoleBelief], name: str) -> Role | None:
    belief = beliefs.get(name)
    return None if belief is None else belief.role


def _demand(beliefs: Mapping[str, RoleBelief], relations: Sequence[Edge]) -> dict[str, float]:
    resold = {relation.target for relation in relations if relation.relation == "sells"}
    return {
        name: 1.0
        for name, belief in beliefs.items()
        if belief.role in _SELLERS and not (belief.role is Role.RESELLER and name in resold)
    }
