"""Find substitutes for a failed step: another team or another act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cautery.model import Agency, DayPlan, Operation, Phase, Step, StepKind
from cautery.operation.schedule.rules import COMPETENCES, ON_THE_GROUND, touched

_INSTEAD = {
    StepKind.SEIZE: (StepKind.LOCK, StepKind.BLOCK),
    StepKind.LOCK: (StepKind.BLOCK,),
    StepKind.BLOCK: (StepKind.LOCK,),
}
"""Other acts with the same effect on what is served: a name locked, or blocked, in the place of a
server taken. A search, an arrest or a freeze has none."""

_AT_A_PLACE = ON_THE_GROUND | {StepKind.CONTINUITY}
"""What a team does on the spot; all else is done from a desk, and desks send nobody out."""

_SOON = timedelta(hours=1)
"""How long one waits for another team rather than do something else: by judgement."""

_TRIES = "~"
"""Joins a step's id and the number of the try that takes its place."""


def alternatives(
    step: Step,
    day: DayPlan,
    operation: Operation,
    *,
    now: datetime | None = None,
    allotted: Mapping[str, datetime] | None = None,
) -> tuple[Step, ...]:
    """Return what may be done in the place of a failed step, the likest first.

    First the same act by the team of the same agency and country that is free soonest (what comes
    before the acts is tried once more by its own team if there is no other); then another act with
    the same effect by any competent agency, which goes first if no team is free within the hour.
    Each try is offered once. Only what has a name is locked, and where co-tenants stand nothing
    is blocked in the place of a seizure.

    Parameters
    ----------
    allotted : mapping of team to datetime
        Until when teams are busy that are not in the day yet.
    """
    root, _, number = step.id.partition(_TRIES)
    tried = {scheduled.step.id for scheduled in (*day.steps, *day.dropped)}
    next_id = f"{root}{_TRIES}{int(number or 1) + 1}"
    if not (number or "1").isdigit() or next_id in tried:
        return ()
    lines = [
        scheduled.step
        for scheduled in day.dropped
        if scheduled.step.id.partition(_TRIES)[0] == root
    ] + [step]
    candidates: list[Step] = []
    at = day.moment if now is None else now
    free: dict[str, datetime] = {}
    for scheduled in day.steps:
        same = scheduled.step.agency == step.agency and scheduled.step.country == step.country
        if same and (scheduled.step.kind in _AT_A_PLACE) == (step.kind in _AT_A_PLACE):
            busy = scheduled.ends_at if scheduled.step.place != step.place else at
            free[scheduled.step.team] = max(free.get(scheduled.step.team, at), busy)
    for team, until in (allotted or {}).items():
        if team in free:
            free[team] = max(free[team], until)
    used = {line.team for line in lines}
    teams = sorted((team for team in free if team not in used), key=lambda team: (free[team], team))
    same_kind = [line for line in lines if line.kind is step.kind]
    second = None
    if teams and len(same_kind) < 2:
        second = replace(step, id=next_id, team=teams[0], text=f"{step.text} (second team)")
    elif len(same_kind) < 2 and step.phase in {Phase.PRESERVE, Phase.SECURE}:
        second = replace(step, id=next_id, text=f"{step.text} (once more)")
    shared = {tenant.target for tenant in day.co_tenants} & touched(step)
    for kind in _INSTEAD.get(step.kind, ()):
        if kind in {line.kind for line in lines} or (kind is StepKind.BLOCK and shared):
            continue
        if kind is StepKind.LOCK and not step.target.startswith("host:"):
            continue
        agency = _competent(kind, step, operation)
        if agency is not None:
            candidates.append(
                replace(
                    step,
                    id=next_id,
                    kind=kind,
                    agency=agency.id,
                    country=agency.country,
                    team=f"{agency.id} desk",
                    place=f"{agency.id} office",
                    # Not the failed step's words: they may be of what this agency need not know.
                    text=f"{kind.value.capitalize()} {step.target} instead",
                    preparation=timedelta(0),
                    lasts=min(step.lasts, timedelta(minutes=30)),
                )
            )
    if second is not None:
        soon = free.get(second.team, at) <= at + _SOON
        candidates.insert(0 if soon else len(candidates), second)
    return tuple(candidates)


def _competent(kind: StepKind, step: Step, operation: Operation) -> Agency | None:
    """Return who may do this kind of act: the step's own agency, its country's, or any other."""
    able = [
        agency
        for agency in operation.agencies
        if agency.competence & COMPETENCES[kind]
        and (kind not in ON_THE_GROUND or agency.country == step.country)
    ]
    able.sort(
        key=lambda agency: (agency.id != step.agency, agency.country != step.country, agency.id)
    )
    return able[0] if able else None
