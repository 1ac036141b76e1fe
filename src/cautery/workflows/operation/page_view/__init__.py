"""The page of an operation, rebuilt from one desk's case: a view, never the truth itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cautery import __version__
from cautery.messages import say
from cautery.model import ScheduledStep, StepReport, StepState
from cautery.model.records import GrewBack, ServedShare
from cautery.model.records.action_day import ServedBasis
from cautery.operation.money.trail import Trace
from cautery.operation.schedule import precedence_violations
from cautery.pages.operation.view import OperationPageView
from cautery.pages.operation.view.course import DayView, Served, StepLine
from cautery.workflows.operation.day_records import plans_of, reports_of
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.page_view import claims, course, seizures
from cautery.workflows.operation.page_view.material import LabTruth, material_of

__all__ = ["LabTruth", "lived_day", "page_view"]


def page_view(
    desk: Desk,
    *,
    made_at: datetime,
    trace: Trace | None = None,
    truth: LabTruth | None = None,
    statement: str = "",
    grown: Sequence[GrewBack] = (),
) -> OperationPageView:
    """Return what the page shows of a desk's case.

    Parameters
    ----------
    trace : Trace or None
        Opened from the vault by who may; without it the page has no flow of money.
    truth : LabTruth or None
        Of a lab's world.
    statement : str
        What must stand in the head: that published figures overlap, say.
    grown : sequence of GrewBack
        What a case that follows this one proposes, beside what this one has on record.
    """
    operation = desk.operation
    day, removed = lived_day(desk) or (None, frozenset())
    material = material_of(desk, day=day, removed=removed, trace=trace, truth=truth, grown=grown)
    return OperationPageView(
        operation=operation.id,
        name=operation.name,
        action_day=day.moment.date() if day else None,
        lead=operation.lead.id,
        made_at=made_at,
        version=__version__,
        lab=operation.lab,
        statement=statement,
        legal_basis=operation.legal_basis,
        seed=truth.seed if truth else None,
        summary=course.summary(material),
        sources=material.sources,
        marking=material.marking.words if material.marking else "",
        verify=claims.verify(material),
        agencies=course.agencies(material),
        figures=course.figures(material),
        timeline=course.timeline(material),
        day=day,
        countries=course.countries(material),
        supply=seizures.supply(material),
        exhibits=seizures.exhibits(material),
        money=seizures.money(material),
        estimates=claims.estimates(material),
        comparisons=claims.comparisons(material),
        descendants=claims.descendants(material),
        unknowns=claims.unknowns(material),
        error_rates=claims.error_rates(material),
    )


def lived_day(desk: Desk) -> tuple[DayView, frozenset[str]] | None:
    """Return the action day as it went, and the nodes that its done steps took down.

    ``None`` when no day was planned in this case.
    """
    plans = plans_of(desk)
    if not plans:
        return None
    plan, reports = plans[-1], reports_of(desk)
    shares = [share for _, share in desk.contents(ServedShare)]
    last = {report.step: report for report in reports}
    late = {report.step for report in reports if report.state is StepState.LATE}
    stood = {step.replaces for step in plan.steps}
    scheduled = (*plan.steps, *plan.dropped)
    view = DayView(
        moment=plan.moment,
        zone=desk.operation.lead.zone,
        steps=tuple(
            _line(row, last.get(row.step.id), late=row.step.id in late, stood=row.step.id in stood)
            for row in scheduled
        ),
        served=tuple(
            Served(at=share.at, share=share.share)
            for share in shares
            if share.by is ServedBasis.PLAN
        ),
        after=tuple(
            Served(
                at=share.at,
                share=share.share,
                probes=share.probes,
                low=share.low,
                high=share.high,
            )
            for share in shares
            if share.by is ServedBasis.PROBE
        ),
        bystanders_kept=sum(tenant.services for tenant in plan.co_tenants),
        precedence_violations=len(precedence_violations(plan)),
    )
    removed = frozenset(
        node
        for row in scheduled
        if row.step.id in last and last[row.step.id].state is StepState.DONE
        for node in row.step.removes
    )
    return view, removed


def _line(row: ScheduledStep, report: StepReport | None, *, late: bool, stood: bool) -> StepLine:
    state = StepState.PLANNED if report is None else report.state
    if state is StepState.READY:
        state = StepState.PLANNED  # the page tells what was done
    if state is StepState.DONE and late:
        state = StepState.LATE
    if stood:
        state = StepState.REPLACED
    return StepLine(
        id=row.step.id,
        agency=row.step.agency,
        kind=row.step.kind,
        text=row.step.text,
        country=row.step.country,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=state,
        ended_at=None if report is None else report.at,
        replaces=row.replaces,
        note=say(row.why) if report is None else report.text,
    )
