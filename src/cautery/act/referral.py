"""Draft a referral under a court order: what to block, until when, why, on which exhibits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cautery.act.orders import in_force
from cautery.errors import ApprovalError, InputError
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
        raise InputError(f"the window ended at {iso(end)}: there is nothing to refer any more")
    chosen = [one for one in plan.chosen if one.lever in levers and one.guard.valid_until > at]
    if not chosen:
        raise InputError(
            "the plan holds no intervention that could be referred now",
            hint="See the plan's refused interventions, or renew the facts.",
        )
    entries = tuple(
        _entry(one, end, exhibits)
        for one in sorted(chosen, key=lambda one: (LEVERS.index(one.lever), one.target))
    )
    span = Window(start=at, end=end)
    drafted = Referral(
        id="",
        order=order.id,
        event=event.id if event else None,
        territory=order.territory,
        window=span,
        entries=entries,
        statement=_statement(order, event, span, chosen, entries),
    )
    return replace(drafted, id=referral_id(drafted))


def _entry(
    one: Intervention, end: datetime, exhibits: Mapping[str, Sequence[ExhibitId]]
) -> BlockEntry:
    shown = tuple(sorted({exhibit for url in one.streams for exhibit in exhibits.get(url, ())}))
    if not shown:
        raise InputError(f"{one.target}: no exhibit shows a stream there")
    return BlockEntry(
        target=one.target,
        lever=one.lever,
        valid_until=min(end, one.guard.valid_until),
        guard=one.guard,
        exhibits=shown,
    )


def _statement(
    order: CourtOrder,
    event: Event | None,
    span: Window,
    chosen: Sequence[Intervention],
    entries: Sequence[BlockEntry],
) -> str:
    what = (
        f"{event.name} (kick-off {iso(event.kick_off)}, rights: {event.legal_basis})"
        if event
        else "the channels and works of the mandate"
    )
    targets = "target that re-broadcasts" if len(entries) == 1 else "targets that re-broadcast"
    cut = {one.target: len(one.streams) for one in chosen}
    lines = [
        (
            f"Under order {order.id} of {order.authority}, in force in {order.territory} until "
            f"{iso(order.window.end)} ({order.targets_rule}), we refer {len(entries)} "
            f"{targets} {what} without licence."
        ),
        f"Each entry ends by itself, at the latest at {iso(span.end)}.",
    ]
    for entry in entries:
        grounds = "; ".join(reason.text for reason in entry.guard.reasons)
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
