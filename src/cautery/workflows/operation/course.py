"""The course of an operation in the lead's case: joined agencies, cuts, sizings, served demand.

Statements, bundles, exhibits and the day's steps have workflows of their own; here stands the
rest that the page of an operation is made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cautery.errors import InputError
from cautery.messages import message, say
from cautery.model.message import Message
from cautery.model.records import (
    QUANTITIES,
    AgencyJoined,
    ChosenAct,
    CutChosen,
    JudgedClaim,
    SizedNetwork,
)
from cautery.model.records.action_day import RefusedActs
from cautery.model.records.inquiry import SizingOccasion
from cautery.plan import Act, Cut
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.picture import Picture
from cautery.workflows.sizing.size import Sizing


def record_joined(desk: Desk, agency: str, *, at: datetime) -> None:
    """Record that an agency joined the table.

    Raises
    ------
    InputError
        If it is not the operation's.
    """
    desk.record(AgencyJoined(agency=desk.operation.agency(agency).id, at=at), at=at)


def record_cut(desk: Desk, cut: Cut, picture: Picture, *, at: datetime) -> None:
    """Record the chosen acts, what they leave of the picture, and the proven bound."""
    desk.record(
        CutChosen(
            chosen=tuple(
                ChosenAct(act=act.id, nodes=tuple(act.nodes), country=act.country, cost=act.cost)
                for act in cut.chosen
            ),
            refused=_by_reason(cut.refused),
            served_before=cut.served_before,
            served_after=cut.served_after,
            cost=cut.cost,
            bound=cut.bound,
            method=cut.method,
            reached=cut.reached,
            nodes=len(picture.nodes),
            relations=len(picture.graph.edges),
            statements=picture.said,
        ),
        at=at,
    )


def _by_reason(acts: Iterable[Act]) -> tuple[RefusedActs, ...]:
    """Return how many acts were not available, by the reason."""
    reasons: dict[str, list[Message]] = {}
    for act in acts:
        reason = act.why or message("act.not-allowed")
        reasons.setdefault(say(reason), []).append(reason)
    return tuple(RefusedActs(why=equal[0], acts=len(equal)) for equal in reasons.values())


def sized_network(sizing: Sizing, *, occasion: SizingOccasion) -> SizedNetwork:
    """Return what is recorded of a sizing.

    Raises
    ------
    InputError
        If it was made without sources.
    """
    if sizing.month is None:
        raise InputError("a sizing without sources cannot be recorded for this network")
    together = sizing.reconciled
    return SizedNetwork(
        month=sizing.month,
        occasion=occasion,
        inner=tuple(together.estimate(quantity, coverage=0.90) for quantity in QUANTITIES),
        outer=tuple(together.estimate(quantity, coverage=0.99) for quantity in QUANTITIES),
        sources=tuple(
            estimated
            for method in together.sized
            for quantity in QUANTITIES
            if (estimated := method.estimate(quantity, coverage=0.90)) is not None
        ),
        countries={
            country: together.estimate("users", country=country, coverage=0.90)
            for country in together.countries
        },
        claims=tuple(
            JudgedClaim(
                text=verdict.claim.text,
                quantity=verdict.claim.quantity,
                value=verdict.size,
                flagged=verdict.flagged,
                words=verdict.words,
                source=verdict.claim.source,
            )
            for verdict in sizing.judged
        ),
        words=(*sizing.across, *sizing.notes),
        silent=tuple(
            message("sizing.silent", method=method.method, reason=method.reason)
            for method in together.sized
            if method.reason is not None
        ),
    )
