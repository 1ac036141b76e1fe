"""The picture: from what a desk holds to a supply graph, its needs, and what could be cut.

Statements on assets and links are facts or assessments of many agencies; the picture joins them
and nothing else, so whatever was not shared is not in it. It may lack a node's second support:
a plan made on it is judged again once the world answers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeGuard

from cautery.messages import message
from cautery.model import Asset, Edge, Link, Role, Statement, SupplyGraph
from cautery.model.message import Message, as_written
from cautery.operation.targets import NOT_TARGETS, place_of
from cautery.plan import Act, Node
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import sources_of, standing

DEFAULT_COST = 5.0
"""Effort of an act on a node whose cost nobody stated: between a
domain (1) and a hoster (60), by judgement."""
MOST_CUSTOMERS = 1e10
"""More than there are people: a guess beyond it is a slip, and would drown every other."""
_ROLES = {role.value: role for role in Role}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a desk's statements show together.

    Parameters
    ----------
    nodes : tuple of Node
        Everything named, with the needs that somebody stated; demand with its users as weight.
    seen_by : mapping of node to agencies
        Who said that a node is there.
    untouchable : mapping of node to str
        Why no act on a node is allowed.
    traits : tuple of Link
        What hosts show of themselves, for the networks behind them.
    said : int
        Statements that went in.
    sources : str
        How many statements the desk has, and how many of them second-hand or unsigned.
    """

    graph: SupplyGraph
    nodes: tuple[Node, ...]
    costs: dict[str, float]
    place_of: dict[str, str]
    seen_by: dict[str, tuple[str, ...]]
    untouchable: dict[str, str]
    traits: tuple[Link, ...]
    said: int
    sources: str = ""

    @property
    def demand(self) -> float:
        """Users whose supply is in the picture, by the agencies' own guesses."""
        return sum(node.weight for node in self.nodes)

    def acts(
        self,
        *,
        countries: Iterable[str] | None = None,
        refused: Mapping[str, Message] | None = None,
    ) -> tuple[Act, ...]:
        """Return one act a node that may be acted on; those in other countries are not allowed.

        Parameters
        ----------
        countries : iterable of str, optional
            Where somebody at the table can act; everywhere by default.
        refused : mapping of node to Message, optional
            What the guard objects to, and why.
        """
        reach = None if countries is None else set(countries)
        acts = []
        for asset in self.graph.assets:
            country = self.place_of.get(asset.id)
            stated = self.untouchable.get(asset.id)
            why = as_written(stated) if stated else asset.shared
            if why is None and refused is not None:
                why = refused.get(asset.id)
            if why is None and not self.seen_by.get(asset.id):
                why = message("act.not-described")
            if why is None and reach is not None and country not in reach:
                where = country or message("act.unknown-country")
                why = message("act.out-of-reach", country=where)
            acts.append(
                Act(
                    id=f"act:{asset.id}",
                    nodes=(asset.id,),
                    cost=self.costs.get(asset.id, DEFAULT_COST),
                    country=country,
                    allowed=why is None,
                    why=why,
                )
            )
        return tuple(acts)


@dataclass(slots=True)
class _Growing:
    """One node while statements are joined."""

    groups: dict[int, tuple[set[str], int]] = field(default_factory=dict)
    guesses: list[float] = field(default_factory=list)
    by: set[str] = field(default_factory=set)
    details: dict[str, Any] = field(default_factory=dict)


def picture_at(desk: Desk) -> Picture:
    """Return the picture that a desk has, with what it rests on."""
    rows = standing(desk)
    picture = picture_of(row.statement for row in rows)
    return replace(picture, sources=sources_of(rows))


def picture_of(statements: Iterable[Statement]) -> Picture:
    """Join statements into one picture; several guesses of a demand meet in their geometric mean.

    Parameters
    ----------
    statements : iterable of Statement
        In any order; what is not about an asset or a link is left out. Details that are missing
        or make no sense are passed over: one agency's slip spoils nobody's picture. Of what
        agencies say differently the latest counts, but what one holds to be untouchable stays so
        until that agency corrects it.
    """
    growing: defaultdict[str, _Growing] = defaultdict(_Growing)
    traits: list[Link] = []
    count = 0
    for statement in sorted(statements, key=lambda entry: (entry.at, entry.by, entry.id)):
        if statement.about == "asset" and _named(statement.subject):
            count += 1
            _take_asset(growing[statement.subject], statement)
            traits += _traits(statement)
        elif statement.about == "link":
            count += _take_link(growing, statement)
    for name in [
        member for node in growing.values() for group in node.groups.values() for member in group[0]
    ]:
        growing[name]  # a member that nobody described is a node all the same
    _keep_untouched(growing)
    assets, edges, nodes = [], [], []
    for name in sorted(growing):
        node = growing[name]
        weight = _mean(node.guesses)
        groups = tuple(
            (tuple(sorted(members)), min(k, len(members)))
            for _, (members, k) in sorted(node.groups.items())
        )
        nodes.append(Node(id=name, groups=groups, weight=weight))
        if weight == 0.0:
            assets.append(_asset(name, node.details))
        edges += [
            Edge(source=member, relation="needed-by", target=name)
            for members, _ in groups
            for member in members
        ]
    return Picture(
        graph=SupplyGraph(assets=tuple(assets), edges=tuple(edges)),
        nodes=tuple(nodes),
        costs={
            name: float(node.details["cost"])
            for name, node in growing.items()
            if _number(node.details.get("cost")) and node.details["cost"] >= 0
        },
        place_of={
            name: str(node.details["country"])
            for name, node in growing.items()
            if node.details.get("country")
        },
        seen_by={name: tuple(sorted(node.by)) for name, node in growing.items()},
        untouchable={
            name: str(node.details["untouchable"])
            for name, node in growing.items()
            if node.details.get("untouchable")
        },
        traits=tuple(traits),
        said=count,
    )


def traits_of(
    host: str, traits: Mapping[str, str], *, at: datetime, source: str
) -> tuple[Link, ...]:
    """Return what a host shows of itself as links of the graph stage."""
    return tuple(
        Link(
            subject=host,
            kind=kind,
            value=str(value),
            first_seen=at,
            last_seen=at,
            source=source,
        )
        for kind, value in sorted(traits.items())
        if value
    )


def _take_asset(node: _Growing, statement: Statement) -> None:
    node.by.add(statement.by)
    details = {name: value for name, value in statement.details.items() if value is not None}
    if node.details.get("untouchable"):
        details.pop("untouchable", None)
    node.details |= details
    weight = statement.details.get("weight")
    # Customers have weight; a machine with one would be no asset that anybody could act on.
    demand = statement.subject.partition(":")[0] in NOT_TARGETS
    if demand and _number(weight) and 0 < weight <= MOST_CUSTOMERS:
        node.guesses.append(float(weight))


def _keep_untouched(growing: Mapping[str, _Growing]) -> None:
    """Let no other spelling or kind of an untouchable host or address be acted on.

    A URL is less than its host, and may be.
    """
    kept: dict[str, str] = {}
    for name, node in growing.items():
        if (why := node.details.get("untouchable")) and "://" not in name:
            kept.setdefault(place_of(name), why)
    for name, node in growing.items():
        if kept and not node.details.get("untouchable") and "://" not in name:
            why = kept.get(place_of(name))
            if why is not None:
                node.details["untouchable"] = why


def _take_link(growing: defaultdict[str, _Growing], statement: Statement) -> bool:
    source, target = statement.details.get("source"), statement.details.get("target")
    number, k = statement.details.get("needs"), statement.details.get("k", 1)
    if not (_named(source) and _named(target) and source != target):
        return False
    if not (_whole(number) and _whole(k) and k >= 1):
        return False
    node = growing[target]
    members, earlier_k = node.groups.get(number, (set(), k))
    members.add(source)
    node.groups[number] = (members, max(earlier_k, k))
    return True


def _traits(statement: Statement) -> tuple[Link, ...]:
    traits = statement.details.get("traits")
    if not isinstance(traits, Mapping):
        return ()
    return traits_of(statement.subject, traits, at=statement.at, source=statement.by)


def _asset(name: str, details: Mapping[str, Any]) -> Asset:
    kind, _, value = name.partition(":")
    untouchable = details.get("untouchable")
    role = _ROLES.get(str(details.get("role")), Role.UNKNOWN)
    return Asset(
        kind=kind,
        value=value,
        role=role,
        country=str(details["country"]) if details.get("country") else None,
        shared=as_written(str(untouchable))
        if untouchable
        else message("shared.with-others")
        if role is Role.SHARED
        else None,
    )


def _mean(guesses: list[float]) -> float:
    if not guesses:
        return 0.0
    return math.exp(sum(math.log(guess) for guess in guesses) / len(guesses))


def _named(name: Any) -> TypeGuard[str]:
    """Tell whether a node is ``kind:value``: an asset of another name would be another node."""
    if not isinstance(name, str):
        return False
    kind, _, value = name.partition(":")
    return bool(kind and value)


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> TypeGuard[float]:
    if not (isinstance(value, float) or _whole(value)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of 400 digits
        return False
