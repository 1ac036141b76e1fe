"""The action day as the leader's case records it: plan, reports, answers, hours, probes."""

from __future__ import annotations

from datetime import datetime, time

from cautery.errors import InputError
from cautery.model import CriterionAnswer, DayPlan, StepReport
from cautery.operation.schedule import Hours
from cautery.workflows.operation.desk import Desk

DAY = "operation.day"
STEP = "operation.step"
ANSWER = "operation.criterion"
PROBED = "operation.probed"
HOURS = "operation.hours"


def record_day(desk: Desk, day: DayPlan, *, at: datetime) -> None:
    """Record a planned day."""
    desk.record(DAY, day, at=at)


def day_of(desk: Desk) -> DayPlan:
    """Return the latest plan of the day in a case.

    Raises
    ------
    InputError
        If none was made.
    """
    plan: DayPlan | None = None
    for plan in desk.nouns(DAY, DayPlan):  # noqa: B007 - the last one counts
        pass
    if plan is None:
        raise InputError(
            f"{desk.case.path}: no day is planned",
            hint="Plan it: cautery operation day plan CASE STEPS.toml --moment 2026-11-26T05:00Z",
        )
    return plan


def reports_of(desk: Desk) -> tuple[StepReport, ...]:
    """Return every report in a case."""
    return tuple(desk.nouns(STEP, StepReport))


def answers_of(desk: Desk) -> tuple[CriterionAnswer, ...]:
    """Return every answer to a criterion in a case."""
    return tuple(desk.nouns(ANSWER, CriterionAnswer))


def hours_of(desk: Desk) -> dict[str, tuple[time, time]]:
    """Return the local hours of searches that the latest plan was made with."""
    hours: dict[str, tuple[time, time]] = {}
    for body in desk.bodies(HOURS):
        hours = {
            country: (time.fromisoformat(span[0]), time.fromisoformat(span[1]))
            for country, span in body["hours"].items()
        }
    return hours


def record_hours(desk: Desk, hours: Hours, *, at: datetime) -> None:
    """Record the local hours of searches that a plan is made with."""
    if hours or hours_of(desk):
        spans = {
            country: [span[0].isoformat(), span[1].isoformat()] for country, span in hours.items()
        }
        desk.record(HOURS, {"hours": spans}, at=at)


def probed_of(desk: Desk) -> frozenset[str]:
    """Return the nodes that our own probes saw dark."""
    return frozenset(str(node) for body in desk.bodies(PROBED) for node in body["dark"])
