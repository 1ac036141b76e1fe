"""The cheapest set of allowed interventions that cuts all that can be cut, with a proven bound.

Streams and interventions are posed as a supply to the one planner: a stream stands as long as its
name and URL are not blocked and one address of its host is left. As few streams as the collateral
budget allows stay served, at the least cost for that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cautery.errors import InputError
from cautery.model import ActionPlan, Intervention, Lever
from cautery.plan.cut import TIME_LIMIT_S, Act, cut
from cautery.plan.guard.targets import address_of
from cautery.plan.supply import Node, Supply


def choose(
    interventions: Sequence[Intervention],
    *,
    streams: Mapping[str, Sequence[str]],
    collateral_budget: int = 0,
    paid: Collection[str] = (),
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
) -> ActionPlan:
    """Choose among the allowed interventions; refused and narrowed ones are only listed.

    Parameters
    ----------
    interventions : sequence of Intervention
        As :func:`cautery.plan.candidates` gives them.
    streams : mapping of str to sequence of str
        The streams to cut, each with the addresses that its host resolved to.
    collateral_budget : int
        Most bystanders, summed over the chosen interventions by the upper bound of each;
        an intervention whose upper bound is unknown never fits.
    paid : collection of str
        Targets that are on lists already: their bystanders are hit, and cost no more.
    seed : int
        The planner's; the same input and seed give the same plan.

    Raises
    ------
    InputError
        If a budget or a cost is negative.
    """
    if collateral_budget < 0 or any(intervention.cost < 0 for intervention in interventions):
        raise InputError(
            "the collateral budget and the costs of interventions must not be negative"
        )
    usable = [
        candidate
        for candidate in sorted(
            interventions, key=lambda intervention: (intervention.lever, intervention.target)
        )
        if candidate.allowed
        and (candidate.guard.collateral.high is not None or candidate.target in paid)
        and set(candidate.streams) & set(streams)
    ]
    refused = tuple(intervention for intervention in interventions if not intervention.allowed)
    urls = sorted(streams)
    nodes = [
        Node(id=f"stream {url}", groups=_needs(url, streams[url], usable), weight=1.0)
        for url in urls
    ]
    nodes += [Node(id=_lever(intervention)) for intervention in usable]
    acts = [
        Act(
            id=_lever(intervention),
            nodes=(_lever(intervention),),
            cost=intervention.cost,
            collateral=0
            if intervention.target in paid
            else intervention.guard.collateral.high or 0,
        )
        for intervention in usable
    ]
    solution = cut(
        nodes,
        acts,
        served_at_most=0.0,
        collateral_budget=collateral_budget,
        seed=seed,
        time_limit_s=time_limit_s,
    )
    up = Supply(nodes).standing(solution.removed)
    left = tuple(url for url in urls if f"stream {url}" in up)
    return ActionPlan(
        chosen=tuple(
            intervention for intervention in usable if _lever(intervention) in solution.removed
        ),
        refused=refused,
        served_before=len(urls),
        served_after=len(left),
        cost=solution.cost,
        bound=solution.bound,
        seed=seed,
        method=solution.method,
        uncovered=left,
    )


def _lever(intervention: Intervention) -> str:
    return f"{intervention.lever} {intervention.target}"


def _needs(
    url: str, addresses: Sequence[str], usable: Sequence[Intervention]
) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Return what a stream needs: each name and URL by itself, and any one of its addresses."""
    groups: list[tuple[tuple[str, ...], int]] = [
        ((_lever(intervention),), 1)
        for intervention in usable
        if intervention.lever is not Lever.ADDRESS and url in intervention.streams
    ]
    by_address = {
        intervention.target: _lever(intervention)
        for intervention in usable
        if intervention.lever is Lever.ADDRESS and url in intervention.streams
    }
    needed = {str(address_of(address) or address) for address in addresses} or set(by_address)
    if needed and needed <= set(by_address):
        groups.append((tuple(by_address[address] for address in sorted(needed)), 1))
    return tuple(groups)
