"""One plan for a night of several events, each within its own collateral budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cautery.messages import message
from cautery.model import ActionPlan, EventSpending, GuardVerdict, Intervention
from cautery.model.message import Message
from cautery.plan.choose import choose
from cautery.plan.guard.budget import spend


def choose_by_event(
    interventions: Sequence[Intervention],
    *,
    streams: Mapping[str, Sequence[str]],
    events: Mapping[str, str | None],
    budgets: Mapping[str | None, int],
    standing: Mapping[str | None, Collection[GuardVerdict]],
    seed: int = 0,
) -> tuple[ActionPlan, tuple[EventSpending, ...]]:
    """Choose event by event, and put the plans together.

    Parameters
    ----------
    events : mapping of str to str or None
        The event of each stream.
    budgets : mapping
        Most bystanders of each event, by the upper bound.
    standing : mapping
        What is on lists already for each event: it is spent, and is not spent again.

    Returns
    -------
    ActionPlan
        Its bound is the sum of the events' where no intervention serves two of them, else the
        greatest.
    tuple of EventSpending
        One an event with streams or with anything on a list.
    """
    plans: list[ActionPlan] = []
    spent: list[EventSpending] = []
    keys = {events.get(url) for url in streams} | {
        key for key, verdicts in standing.items() if verdicts
    }
    for event in sorted(keys, key=lambda key: (key is None, key or "")):
        own_streams = {
            url: addresses for url, addresses in streams.items() if events.get(url) == event
        }
        budget = budgets.get(event, 0)
        listed = {verdict.target: verdict for verdict in standing.get(event, ())}
        already = spend(listed.values(), budget=budget)
        plan = choose(
            interventions,
            streams=own_streams,
            collateral_budget=max(0, budget - (already.high or 0)),
            paid=listed,
            seed=seed,
        )
        plans.append(plan)
        fresh = [
            intervention.guard for intervention in plan.chosen if intervention.target not in listed
        ]
        left = None if already.high is None else budget - already.high
        spent.append(
            EventSpending(
                event=event,
                budget=budget,
                spending=spend((*listed.values(), *fresh), budget=budget),
                left_out=tuple(
                    sorted(
                        intervention.target
                        for intervention in interventions
                        if intervention.allowed
                        and intervention.target not in listed
                        and set(intervention.streams) & set(own_streams)
                        and intervention not in plan.chosen
                        and not _fits(intervention, left)
                    )
                ),
            )
        )
    return _together(interventions, plans, streams, events, seed), tuple(spent)


def _fits(intervention: Intervention, left: int | None) -> bool:
    high = intervention.guard.collateral.high
    return high == 0 or (high is not None and left is not None and high <= left)


def _together(
    interventions: Sequence[Intervention],
    plans: Sequence[ActionPlan],
    streams: Mapping[str, Sequence[str]],
    events: Mapping[str, str | None],
    seed: int,
) -> ActionPlan:
    by_target = {
        intervention.target: intervention for plan in plans for intervention in plan.chosen
    }
    shared = any(
        len({events.get(url) for url in intervention.streams if url in streams}) > 1
        for intervention in interventions
        if intervention.allowed
    )
    bounds = [plan.bound for plan in plans]
    cost = sum(intervention.cost for intervention in by_target.values())
    return ActionPlan(
        chosen=tuple(
            sorted(
                by_target.values(),
                key=lambda intervention: (intervention.lever, intervention.target),
            )
        ),
        refused=tuple(intervention for intervention in interventions if not intervention.allowed),
        served_before=sum(plan.served_before for plan in plans),
        served_after=sum(plan.served_after for plan in plans),
        cost=cost,
        bound=min(cost, max(bounds, default=0.0) if shared else sum(bounds)),
        seed=seed,
        method=_method(plans),
        uncovered=tuple(sorted(url for plan in plans for url in plan.uncovered)),
    )


def _method(plans: Sequence[ActionPlan]) -> Message:
    methods = tuple(dict.fromkeys(plan.method for plan in plans))
    if len(methods) > 1:
        return message("plan.several", sentences=methods)
    return methods[0] if methods else message("plan.nothing-to-choose")
