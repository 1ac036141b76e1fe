"""The action day as the leader's case records it: plan, reports, answers, hours, probes."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import InputError
from cautery.model import CriterionAnswer, DayPlan, StepReport
from cautery.model.records import NodesProbedDark, SearchHours
from cautery.operation.schedule import Hours
from cautery.workflows.operation.desk import Desk


def record_day(desk: Desk, day: DayPlan, *, at: datetime) -> None:
    """Record a planned day."""
    desk.record(day, at=at)


def day_of(desk: Desk) -> DayPlan:
    """Return the latest plan of the day in a case.

    Raises
    ------
    InputError
        If none was made.
    """
    plan = next(reversed(plans_of(desk)), None)
    if plan is None:
        raise InputError(
            f"{desk.case.path}: no action day has been planned",
            hint=(
                "Plan the day: cautery operation day plan CASE STEPS.toml --moment "
                "2026-11-26T05:00Z"
            ),
        )
    return plan


def plans_of(desk: Desk) -> tuple[DayPlan, ...]:
    """Return every plan of the day in a case."""
    return tuple(plan for _, plan in desk.contents(DayPlan))


def reports_of(desk: Desk) -> tuple[StepReport, ...]:
    """Return every report in a case on a step of a plan of it; anybody may have appended others."""
    steps = {row.step.id for plan in plans_of(desk) for row in (*plan.steps, *plan.dropped)}
    return tuple(report for _, report in desk.contents(StepReport) if report.step in steps)


def answers_of(desk: Desk) -> tuple[CriterionAnswer, ...]:
    """Return every answer to a criterion in a case."""
    return tuple(answer for _, answer in desk.contents(CriterionAnswer))


def hours_of(desk: Desk) -> Hours:
    """Return the local hours of searches that the latest plan was made with."""
    hours: Hours = {}
    for _, recorded in desk.contents(SearchHours):
        hours = recorded.spans
    return hours


def record_hours(desk: Desk, hours: Hours, *, at: datetime) -> None:
    """Record the local hours of searches that a plan is made with."""
    if hours or hours_of(desk):
        spans = {
            country: (first.isoformat(), last.isoformat())
            for country, (first, last) in hours.items()
        }
        desk.record(SearchHours(hours=spans), at=at)


def probed_of(desk: Desk) -> frozenset[str]:
    """Return the nodes that our probes saw dark."""
    return frozenset(node for _, probed in desk.contents(NodesProbedDark) for node in probed.dark)
