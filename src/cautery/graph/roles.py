"""What each asset does in the supply, with a probability: from what it shows, and who points to it.

Marks (ports, paths, certificates, page contents) speak for roles as in a naive Bayes model;
relations speak by which roles they tie, in both directions, and are passed on by belief
propagation, so that an origin that shows nothing is known by the edges that draw from it. The
tables are judgement, after docs/reference/sources.md, F1, and short enough to read; how often
the assets at hand show each mark is then learnt from them, since services have habits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.messages import message, term
from cautery.model import Edge, Role
from cautery.model.message import Message

ROLES = (
    Role.SOURCE, Role.ENCODER, Role.ORIGIN, Role.EDGE, Role.PANEL, Role.SUPER_RESELLER,
    Role.RESELLER, Role.STOREFRONT, Role.PAYMENT, Role.SHARED,
)  # fmt: skip
_PLACE = {role: number for number, role in enumerate(ROLES)}
_BEFORE: Mapping[Role, float] = {Role.EDGE: 4.0, Role.STOREFRONT: 3.0, Role.RESELLER: 3.0}
"""How much commoner than the others: edges and shops are many (docs/reference/sources.md, F6)."""

MARKS: Mapping[str, Mapping[Role, float]] = {
    "port:12000": {Role.SOURCE: 0.3},
    "port:554": {Role.SOURCE: 0.5, Role.ENCODER: 0.2},
    "receiver-page": {Role.SOURCE: 0.5},
    "port:1935": {Role.ENCODER: 0.6, Role.ORIGIN: 0.3, Role.EDGE: 0.05},
    "port:9000": {Role.ENCODER: 0.4, Role.ORIGIN: 0.2},
    "encoder-page": {Role.ENCODER: 0.6},
    "path:live": {Role.EDGE: 0.8, Role.ORIGIN: 0.5, Role.PANEL: 0.2},
    "path:segments": {Role.EDGE: 0.6, Role.ORIGIN: 0.5},
    "path:manifest": {Role.EDGE: 0.7, Role.ORIGIN: 0.5, Role.PANEL: 0.3},
    "port:25461": {Role.PANEL: 0.5, Role.EDGE: 0.4, Role.ORIGIN: 0.3},
    "path:player_api": {Role.PANEL: 0.9},
    "path:get.php": {Role.PANEL: 0.8},
    "path:portal": {Role.PANEL: 0.5},
    "certificate:default": {
        Role.PANEL: 0.4, Role.EDGE: 0.4, Role.ORIGIN: 0.3, Role.ENCODER: 0.2, Role.SOURCE: 0.1,
    },
    "certificate:own": {
        Role.STOREFRONT: 0.8, Role.RESELLER: 0.7, Role.SUPER_RESELLER: 0.7, Role.PAYMENT: 0.9,
        Role.PANEL: 0.3, Role.EDGE: 0.3,
    },
    "certificate:many-names": {Role.SHARED: 0.8, Role.EDGE: 0.05, Role.STOREFRONT: 0.1},
    "shared-range": {Role.SHARED: 0.9, Role.EDGE: 0.2, Role.STOREFRONT: 0.3, Role.RESELLER: 0.2},
    "many-strangers": {Role.SHARED: 0.9, Role.PAYMENT: 0.2},
    "page:prices": {Role.STOREFRONT: 0.9, Role.RESELLER: 0.4, Role.SUPER_RESELLER: 0.15},
    "page:credits": {Role.SUPER_RESELLER: 0.9, Role.RESELLER: 0.1, Role.STOREFRONT: 0.03},
    "page:client-area": {Role.RESELLER: 0.7, Role.STOREFRONT: 0.25, Role.SUPER_RESELLER: 0.4},
    "page:checkout": {Role.PAYMENT: 0.9, Role.STOREFRONT: 0.15, Role.RESELLER: 0.15},
}  # fmt: skip
"""How often each role shows a mark, if it is looked for; any other role shows it by chance."""
CHANCE = 0.02
"""How often a role shows a mark that is not its own."""
UNSEEN = 0.75
"""The part of an absent mark's evidence that counts: much is not looked for, or hidden."""
HABIT = 30.0
"""Assets of a role that must be seen before their own habits count as much as the table."""

RELATIONS: Mapping[str, Mapping[tuple[Role, Role], float]] = {
    "feeds": {
        (Role.SOURCE, Role.ENCODER): 1.0, (Role.ENCODER, Role.ORIGIN): 1.0,
        (Role.ORIGIN, Role.EDGE): 1.0, (Role.ORIGIN, Role.ORIGIN): 0.05,
        (Role.EDGE, Role.EDGE): 0.1,
    },
    "redirects-to": {
        (Role.PANEL, Role.EDGE): 1.0, (Role.STOREFRONT, Role.STOREFRONT): 0.3,
        (Role.STOREFRONT, Role.PAYMENT): 0.1, (Role.EDGE, Role.EDGE): 0.4,
        (Role.RESELLER, Role.STOREFRONT): 0.1,
    },
    "lists": {(Role.PANEL, Role.EDGE): 1.0},
    "sells": {
        (Role.STOREFRONT, Role.PANEL): 1.0, (Role.RESELLER, Role.PANEL): 1.0,
        (Role.SUPER_RESELLER, Role.PANEL): 0.7, (Role.STOREFRONT, Role.RESELLER): 0.7,
    },
    "credits-from": {
        (Role.RESELLER, Role.SUPER_RESELLER): 1.0, (Role.SUPER_RESELLER, Role.PANEL): 0.7,
    },
    "pays": {
        (Role.STOREFRONT, Role.PAYMENT): 1.0, (Role.RESELLER, Role.PAYMENT): 0.5,
        (Role.SUPER_RESELLER, Role.PAYMENT): 0.5,
    },
    "resolves-to": {
        (Role.EDGE, Role.SHARED): 0.5, (Role.STOREFRONT, Role.SHARED): 1.0,
        (Role.RESELLER, Role.SHARED): 0.5, (Role.PANEL, Role.SHARED): 0.1,
    },
}  # fmt: skip
"""Which roles each relation ties, the likeliest pair as 1; any other pair by mistake."""
MISTAKE = 0.02
"""How likely a pair is that a relation does not tie, beside its likeliest: decoys and errors."""
EXPECTED: tuple[tuple[frozenset[str], bool, frozenset[Role]], ...] = (
    (frozenset({"feeds"}), True, frozenset({Role.SOURCE, Role.ENCODER, Role.ORIGIN})),
    (frozenset({"feeds"}), False, frozenset({Role.ENCODER, Role.ORIGIN, Role.EDGE})),
    (frozenset({"redirects-to", "lists"}), True, frozenset({Role.PANEL})),
    (frozenset({"redirects-to", "lists"}), False, frozenset({Role.EDGE})),
    (frozenset({"sells"}), True, frozenset({Role.STOREFRONT, Role.RESELLER})),
    (frozenset({"credits-from"}), True, frozenset({Role.RESELLER, Role.SUPER_RESELLER})),
    (frozenset({"pays"}), True, frozenset({Role.STOREFRONT})),
    (frozenset({"pays"}), False, frozenset({Role.PAYMENT})),
    (frozenset({"resolves-to"}), False, frozenset({Role.SHARED})),
)
"""What each role cannot be without (docs/reference/sources.md, F1): relations, whether it is at
their source, and the roles. A shop without credits is a shop rather than a reseller."""
TOLD = 0.5
"""How often such a relation is seen, where any of its kind is: the other half stays hidden."""
_STEPS, _DAMPING = 30, 0.5
Said = tuple[Message, NDArray[np.float64]]
"""A mark or a relation, and the logarithm of how well it fits each role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBelief:
    """What an asset is held to do: the likeliest role, each role's probability, and why.

    ``why`` names what speaks most for the role against the runner-up: marks and relations with
    their log-odds. Of what shows no mark, and has no relation that speaks for the likeliest role,
    the role is unknown, with probability 0.
    """

    name: str
    role: Role
    probability: float
    roles: Mapping[Role, float]
    why: tuple[tuple[Message, float], ...] = ()


def infer_roles(
    marks: Mapping[str, Sequence[str]], relations: Sequence[Edge]
) -> tuple[RoleBelief, ...]:
    """Infer the role of every asset.

    Parameters
    ----------
    marks : mapping of str to sequence of str
        Asset to what it shows, keys of :data:`MARKS`; others are passed over.
    relations : sequence of Edge
        Who points to whom, by the names of :data:`RELATIONS`; others are passed over. What is
        only pointed to is an asset too.

    Returns
    -------
    tuple of RoleBelief
        By name.

    Raises
    ------
    InputError
        If there is nothing to infer from.

    Notes
    -----
    Sum-product on a graph with loops (Pearl 1988; Murphy, Weiss and Jordan, UAI 1999), damped: an
    approximation, whose probabilities bench/networks/roles.py checks.
    """
    edges = [relation for relation in dict.fromkeys(relations) if relation.relation in RELATIONS]
    # A panel that redirects to itself says nothing of its role.
    edges = [edge for edge in edges if edge.source != edge.target]
    names = sorted({*marks, *(name for edge in edges for name in (edge.source, edge.target))})
    if not names:
        raise InputError("roles: neither marks nor relations are given")
    place = {name: number for number, name in enumerate(names)}
    observed = np.array([[mark in marks.get(name, ()) for mark in MARKS] for name in names], float)
    rates = np.array([[by_role.get(role, CHANCE) for role in ROLES] for by_role in MARKS.values()])
    missing = _missing(edges, place)
    chance, _ = _believed(observed, rates, missing, edges, place)
    # Once by the table, once more by what the assets of each role then turn out to show.
    rates = (observed.T @ chance + HABIT * rates) / (chance.sum(axis=0) + HABIT)
    chance, messages = _believed(observed, rates, missing, edges, place)
    spoken: list[list[Said]] = [[] for _ in names]
    for number, reason in messages:
        spoken[number].append(reason)
    return tuple(
        _belief(name, chance[number], _said(observed[number], rates), spoken[number])
        for number, name in enumerate(names)
    )


def _believed(
    observed: NDArray[np.float64],
    rates: NDArray[np.float64],
    missing: NDArray[np.float64],
    relations: Sequence[Edge],
    place: Mapping[str, int],
) -> tuple[NDArray[np.float64], list[tuple[int, Said]]]:
    """Return each asset's chance of each role, and what each end of a relation is told."""
    prior = np.log([_BEFORE.get(role, 1.0) for role in ROLES]) + missing
    prior = prior + observed @ np.log(rates) + UNSEEN * ((1 - observed) @ np.log(1 - rates))
    messages = _heard(prior, relations, place)
    belief = prior.copy()
    for number, (_, odds) in messages:
        belief[number] += odds
    chance = np.exp(belief - belief.max(axis=1, keepdims=True))
    return chance / chance.sum(axis=1, keepdims=True), messages


def _missing(relations: Sequence[Edge], place: Mapping[str, int]) -> NDArray[np.float64]:
    """Return what it says of each asset's role that relations which the role needs are not seen.

    Nothing where nobody was seen to have one: then nobody has looked for any.
    """
    evidence = np.zeros((len(place), len(ROLES)))
    for kinds, source, needy in EXPECTED:
        ends = {
            place[relation.source if source else relation.target]
            for relation in relations
            if relation.relation in kinds
        }
        if ends:
            without = np.array([number not in ends for number in range(len(place))])
            evidence += np.log(1 - TOLD) * np.outer(without, [role in needy for role in ROLES])
    return evidence


def _said(observed: NDArray[np.float64], rates: NDArray[np.float64]) -> list[Said]:
    """Return what each mark that an asset shows says of its role."""
    return [
        (term("role-mark", mark), np.log(rates[row]))
        for row, mark in enumerate(MARKS)
        if observed[row]
    ]


def _tie(relation: str) -> NDArray[np.float64]:
    table = np.full((len(ROLES), len(ROLES)), MISTAKE)
    for (source, target), weight in RELATIONS[relation].items():
        table[_PLACE[source], _PLACE[target]] = weight
    return table


def _heard(
    prior: NDArray[np.float64], relations: Sequence[Edge], place: Mapping[str, int]
) -> list[tuple[int, Said]]:
    """Pass messages until they rest; return, for each end of a relation, what it is told."""
    if not relations:
        return []
    ties = {name: _tie(name) for name in RELATIONS}
    # Each relation speaks both ways: one row for each direction, the reverse in the other half.
    tables = np.array(
        [ties[relation.relation].T for relation in relations]
        + [ties[relation.relation] for relation in relations]
    )
    sender = np.array(
        [place[relation.source] for relation in relations]
        + [place[relation.target] for relation in relations]
    )
    hearer = np.roll(sender, len(relations))
    reverse = np.roll(np.arange(len(sender)), len(relations))
    passed = np.zeros((len(sender), len(ROLES)))
    for _ in range(_STEPS):
        total = prior.copy()
        np.add.at(total, hearer, passed)
        # What a sender believes, but for what it was told by this very hearer.
        belief = total[sender] - passed[reverse]
        belief = np.exp(belief - belief.max(axis=1, keepdims=True))
        new = np.log(np.einsum("eij,ej->ei", tables, belief))
        # Only the differences between roles count: so the numbers stay small however long it takes.
        new -= new.max(axis=1, keepdims=True)
        # Damped: on a graph with circles the messages else may swing for ever between two states.
        passed = _DAMPING * passed + (1 - _DAMPING) * new
    reasons = [
        message(
            "role-reason.is-target",
            source=relation.source, relation=term("relation", relation.relation),
        )
        for relation in relations
    ] + [
        message(
            "role-reason.is-source",
            relation=term("relation", relation.relation), target=relation.target,
        )
        for relation in relations
    ]  # fmt: skip
    return [
        (int(at), (reason, odds)) for at, reason, odds in zip(hearer, reasons, passed, strict=True)
    ]


def _belief(
    name: str, chance: NDArray[np.float64], marked: Sequence[Said], related: Sequence[Said]
) -> RoleBelief:
    order = np.argsort(-chance, kind="stable")
    best, next_best = int(order[0]), int(order[1])
    why = [(reason, float(odds[best] - odds[next_best])) for reason, odds in (*marked, *related)]
    # What most assets are is no evidence of what this one is.
    has_evidence = bool(marked) or any(odds > 0 for _, odds in why)
    return RoleBelief(
        name=name,
        role=ROLES[best] if has_evidence else Role.UNKNOWN,
        probability=float(chance[best]) if has_evidence else 0.0,
        roles={role: float(chance[_PLACE[role]]) for role in ROLES},
        why=tuple(sorted(why, key=lambda reason: -abs(reason[1]))[:5]),
    )
