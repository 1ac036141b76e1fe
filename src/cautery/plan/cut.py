"""The cheapest set of acts that leaves at most a given share of a supply served, with its bound.

The acts and the supply of a desk or a watch are posed as a graph to the one planner
(:func:`cautery.plan.supply_plan.plan_supply`); where what is asked for cannot be reached, as
little as can be is left served, at the least cost for that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cautery.errors import CauteryError, InputError
from cautery.messages import message
from cautery.model.message import Message
from cautery.plan.goal import Goal
from cautery.plan.graph import SLACK, Groups, PlanGraph
from cautery.plan.supply import Node, Supply
from cautery.plan.supply_plan import SupplyPlan, plan_supply

TIME_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that can be done, and the nodes that it takes down together.

    Parameters
    ----------
    nodes : tuple of str
        Nodes that go down when it is done.
    cost : float
        Effort, not negative.
    country : str or None
        Whose authority must act; ``None`` counts towards no limit on countries.
    collateral : int
        Bystanders hit, by the upper bound.
    allowed : bool
        What is not allowed drops out as an act; its nodes stay in the network.
    why : Message or None
        Why it is not allowed.
    """

    id: str
    nodes: tuple[str, ...]
    cost: float
    country: str | None = None
    collateral: int = 0
    allowed: bool = True
    why: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The chosen acts, what they leave, and how far from the best they can be.

    Parameters
    ----------
    served_before, served_after : float
        Share of all demand, 0 to 1.
    bound : float
        No set of allowed acts that does as much costs less.
    reached : bool
        Whether ``served_after`` is at most what was asked; if not, ``method`` says what bars it.
    """

    chosen: tuple[Act, ...]
    refused: tuple[Act, ...]
    served_before: float
    served_after: float
    cost: float
    bound: float
    method: Message
    seed: int = 0
    reached: bool = True

    @property
    def gap(self) -> float:
        """Relative distance from cost to bound, 0 when proven optimal."""
        return 0.0 if self.cost <= 0 else max(0.0, (self.cost - self.bound) / self.cost)

    @property
    def removed(self) -> frozenset[str]:
        """Every node that the chosen acts take down."""
        return frozenset(node for act in self.chosen for node in act.nodes)


def cut(
    nodes: Sequence[Node],
    acts: Sequence[Act],
    *,
    served_at_most: float,
    countries_at_most: int | None = None,
    collateral_budget: int = 0,
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
) -> Cut:
    """Choose the cheapest allowed acts after which at most ``served_at_most`` is served.

    If no allowed set goes so low, as little as can be is left served, at the least cost for
    that, and the cut says so.

    Parameters
    ----------
    served_at_most : float
        Share of all demand, 0 to 1.
    countries_at_most : int or None
        Most countries that act together.
    collateral_budget : int
        Most bystanders, summed over the chosen acts.
    seed : int
        The planner's; the same input and seed give the same cut unless time runs out.

    Raises
    ------
    InputError
        If an act names no node or an unknown one, is given twice, or a number is out of range.
    CauteryError
        If nothing was found within the limits in the time given.
    """
    supply = Supply(nodes)
    _check(supply, acts, served_at_most, countries_at_most, collateral_budget)
    fitting = [act for act in acts if act.allowed and act.collateral <= collateral_budget]
    usable = sorted(fitting, key=lambda act: act.id)
    usable_ids = {act.id for act in usable}
    refused = tuple(
        act
        if act.why or not act.allowed
        else replace(act, allowed=False, why=_over(act, collateral_budget))
        for act in acts
        if act.id not in usable_ids
    )
    before = supply.served()
    lowest = supply.served(_nodes_of(usable))
    reached = before <= served_at_most + SLACK
    if reached or lowest >= before - SLACK:
        return Cut(
            chosen=(),
            refused=refused,
            served_before=before,
            served_after=before,
            cost=0.0,
            bound=0.0,
            method=message("plan.nothing-to-cut", served_share=_share(before))
            if reached
            else message("plan.nothing-changes", wanted_share=_share(served_at_most)),
            seed=seed,
            reached=reached,
        )
    sentences: list[Message] = []
    graph, act_at = _posed(supply, usable)
    goal = Goal(
        served=max(served_at_most, lowest),
        countries=countries_at_most,
        collateral=collateral_budget if any(act.collateral for act in usable) else None,
    )
    plan = plan_supply(graph, goal, seed=seed, time_limit_s=time_limit_s)
    if plan.conflict and plan.conflict != ("time",):
        sentences.append(message("plan.limits-conflict", limits=plan.conflict))
        goal = replace(goal, served=max(plan.served, goal.served))
        left_s = max(time_limit_s - plan.seconds, time_limit_s / 2)
        plan = plan_supply(graph, goal, seed=seed, time_limit_s=left_s)
    selected = [act_at[place] for place in plan.remove]
    if plan.conflict and not selected:
        raise CauteryError(
            f"no cut was found in {time_limit_s:g} s", hint="Give the cut more time."
        )
    if plan.conflict or any(act.cost == 0 for act in selected):
        selected = _spared(
            supply, selected, max(goal.served, plan.served if plan.conflict else 0.0)
        )
    selected.sort(key=lambda act: act.id)
    after = supply.served(_nodes_of(selected))
    if after > served_at_most + SLACK:
        sentences.insert(
            0,
            message(
                "plan.not-reached",
                wanted_share=_share(served_at_most),
                served_share=_share(after),
            ),
        )
        if lowest > served_at_most + SLACK:
            sentences.append(message("plan.out-of-reach"))
    cost = sum(act.cost for act in selected)
    sentences.append(message(f"plan.least-cost.{_how_sure(plan)}"))
    if countries_at_most is not None:
        sentences.append(message("plan.countries", count=countries_at_most))
    sentences.append(message("plan.collateral-budget", budget=collateral_budget))
    return Cut(
        chosen=tuple(selected),
        refused=refused,
        served_before=before,
        served_after=after,
        cost=cost,
        bound=min(cost, max(0.0, plan.bound or 0.0)),
        method=message("plan.method", sentences=sentences),
        seed=seed,
        reached=after <= served_at_most + SLACK,
    )


def _posed(supply: Supply, usable: Sequence[Act]) -> tuple[PlanGraph, dict[str, Act]]:
    """Pose acts on a supply: the first on one node alone is that node's own, others need a place.

    Returns
    -------
    PlanGraph
        Its ids are its places, since an act may be called as a node is.
    dict of str to Act
        The act behind each place that may be removed.
    """
    by_node: dict[int, Act] = {}
    wide: list[Act] = []
    for act in usable:
        at = supply.place[act.nodes[0]]
        if len(set(act.nodes)) == 1 and at not in by_node:
            by_node[at] = act
        else:
            wide.append(act)
    size = len(supply.ids)
    placed = [*by_node.items(), *((size + number, act) for number, act in enumerate(wide))]
    whole = size + len(wide)
    countries = sorted({act.country for act in usable if act.country is not None})
    index = {code: number for number, code in enumerate(countries)}
    cost, collateral = np.full(whole, np.inf), np.zeros(whole)
    country = np.full(whole, -1, np.int32)
    for at, act in placed:
        cost[at], collateral[at] = act.cost, act.collateral
        country[at] = -1 if act.country is None else index[act.country]
    covers = [
        (supply.place[node], size + number)
        for number, act in enumerate(wide)
        for node in dict.fromkeys(act.nodes)
    ]
    groups = supply.groups
    links = groups.member.size + len(covers)
    # An act on several nodes is one more node that each of them needs.
    graph = PlanGraph(
        ids=tuple(map(str, range(whole))),
        nodes=size,
        roles=(None,) * size,
        cost=cost,
        country=country,
        delay_days=np.zeros(whole),
        collateral=collateral,
        exists=np.ones(whole),
        success=np.ones(whole),
        weight=np.concatenate([supply.weight, np.zeros(len(wide))]),
        groups=Groups(
            whole,
            np.concatenate([groups.owner, [node for node, _ in covers]]).astype(np.int32),
            np.concatenate([groups.need, np.ones(len(covers))]).astype(np.int32),
            np.concatenate([groups.start, groups.start[-1] + 1 + np.arange(len(covers))]).astype(
                np.int64
            ),
            np.concatenate([groups.member, [by for _, by in covers]]).astype(np.int32),
        ),
        link_exists=np.ones(links),
        countries=countries,
        fixed_cost=np.zeros(len(countries)),
        forbid=np.zeros(whole, np.bool_),
        require=np.zeros(whole, np.bool_),
    )
    return graph, {graph.ids[at]: act for at, act in placed}


def _check(
    supply: Supply,
    acts: Sequence[Act],
    served_at_most: float,
    countries_at_most: int | None,
    collateral_budget: int,
) -> None:
    if not 0 <= served_at_most <= 1:
        raise InputError(f"served at most {served_at_most}: a share must be between 0 and 1")
    if collateral_budget < 0 or (countries_at_most is not None and countries_at_most < 0):
        raise InputError("the collateral budget and the number of countries must not be negative")
    ids: set[str] = set()
    for act in acts:
        if act.id in ids:
            raise InputError(f"act {act.id} is given twice")
        ids.add(act.id)
        if not act.nodes:
            raise InputError(f"act {act.id} takes no node down")
        if not 0 <= act.cost < float("inf") or act.collateral < 0:
            raise InputError(
                f"act {act.id}: its cost and collateral must be finite and not negative"
            )
        for node in act.nodes:
            if node not in supply.place:
                raise InputError(f"act {act.id} takes {node!r} down, which is not a node")


def _over(act: Act, budget: int) -> Message:
    return message("plan.over-budget", count=act.collateral, budget=budget)


def _share(share: float) -> float:
    """Return a share to a hundredth of a percent."""
    return round(share, 4)


def _nodes_of(acts: Sequence[Act]) -> Collection[str]:
    return {node for act in acts for node in act.nodes}


def _spared(supply: Supply, acts: Sequence[Act], target: float) -> list[Act]:
    """Drop, dearest first, each act without which no more than ``target`` is served."""
    remaining = list(acts)
    for act in sorted(acts, key=lambda act: (-act.cost, act.id)):
        without = [other_act for other_act in remaining if other_act is not act]
        if supply.served(_nodes_of(without)) <= target + SLACK:
            remaining = without
    return remaining


def _how_sure(plan: SupplyPlan) -> str:
    return "proven" if plan.status == "optimal" else "in-time"
