"""Draft a referral under a court order: what to block, until when, why, on which exhibits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cautery.act.orders import in_force
from cautery.errors import ApprovalError, InputError
from cautery.messages import say
from cautery.model import (
    ActionPlan,
    BlockEntry,
    CourtOrder,
    Event,
    ExhibitId,
    Intervention,
    Lever,
    Referral,
    Window,
    iso,
    referral_id,
    require_utc,
)

LEVERS = (Lever.NAME, Lever.ADDRESS, Lever.URL)


def draft(
    plan: ActionPlan,
    *,
    order: CourtOrder,
    event: Event | None,
    window: Window,
    at: datetime,
    exhibits: Mapping[str, Sequence[ExhibitId]],
    levers: Sequence[Lever] = LEVERS,
) -> Referral:
    """Draft a referral; nothing in it outlives order, event window or the guard's word.

    Parameters
    ----------
    plan : ActionPlan
        Its chosen interventions become entries.
    window : Window
        The event's or the mandate's window, whichever ends first: blocks end with it.
    exhibits : mapping of str to sequence of str
        By stream URL, the sealed bytes that show it.
    levers : sequence of Lever
        What the addressees can apply; interventions by another lever are left out.

    Raises
    ------
    ApprovalError
        If the order is not in force at ``at``.
    InputError
        If the window has ended, nothing was chosen, or a target has no exhibit.
    """
    require_utc("at", at)
    if not in_force(order, territory=order.territory, at=at):
        raise ApprovalError(f"order {order.id} is not in force at {iso(at)}")
    end = min(window.end, order.window.end)
    if at >= end:
        raise InputError(f"the window ended at {iso(end)}: nothing can be referred any more")
    interventions = [
        intervention
        for intervention in plan.chosen
        if intervention.lever in levers and intervention.guard.valid_until > at
    ]
    if not interventions:
        raise InputError(
            "the plan has no intervention that can be referred now",
            hint="Look at the refused interventions of the plan, or renew the facts.",
        )
    entries = tuple(
        _entry(intervention, end, exhibits)
        for intervention in sorted(
            interventions,
            key=lambda intervention: (LEVERS.index(intervention.lever), intervention.target),
        )
    )
    span = Window(start=at, end=end)
    drafted = Referral(
        id="",
        order=order.id,
        event=event.id if event else None,
        territory=order.territory,
        window=span,
        entries=entries,
        statement=_statement(order, event, span, interventions, entries),
    )
    return replace(drafted, id=referral_id(drafted))


def _entry(
    intervention: Intervention, end: datetime, exhibits: Mapping[str, Sequence[ExhibitId]]
) -> BlockEntry:
    proof = tuple(
        sorted({exhibit for url in intervention.streams for exhibit in exhibits.get(url, ())})
    )
    if not proof:
        raise InputError(f"{intervention.target}: no exhibit shows a stream there")
    return BlockEntry(
        target=intervention.target,
        lever=intervention.lever,
        valid_until=min(end, intervention.guard.valid_until),
        guard=intervention.guard,
        exhibits=proof,
    )


def _statement(
    order: CourtOrder,
    event: Event | None,
    span: Window,
    interventions: Sequence[Intervention],
    entries: Sequence[BlockEntry],
) -> str:
    what = (
        f"{event.name} (kick-off {iso(event.kick_off)}, rights: {event.legal_basis})"
        if event
        else "the channels and works of the mandate"
    )
    targets = "target that re-broadcasts" if len(entries) == 1 else "targets that re-broadcast"
    cut = {intervention.target: len(intervention.streams) for intervention in interventions}
    lines = [
        (
            f"Under order {order.id} of {order.authority}, in force in {order.territory} until "
            f"{iso(order.window.end)} ({order.targets_rule}), we refer {len(entries)} "
            f"{targets} {what} without licence."
        ),
        f"Each entry ends by itself, at the latest at {iso(span.end)}.",
    ]
    for entry in entries:
        grounds = "; ".join(say(reason.text) for reason in entry.guard.reasons)
        collateral = entry.guard.collateral
        upper = "unknown" if collateral.high is None else str(collateral.high)
        streams = "stream" if cut[entry.target] == 1 else "streams"
        lines.append(
            f"- {entry.lever.value} {entry.target}, until {iso(entry.valid_until)}: carries "
            f"{cut[entry.target]} proven {streams}; exhibits {', '.join(entry.exhibits)}; "
            f"guard: {grounds}; known bystanders {collateral.low}, at most {upper}."
        )
    lines.append(
        "Whoever is affected may apply to the authority named above; tell us of an error and the "
        "entry is withdrawn at once."
    )
    return "\n".join(lines)
