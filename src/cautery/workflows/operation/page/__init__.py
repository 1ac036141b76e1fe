"""The page of an operation, rebuilt from one desk's case: a view, never the truth itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cautery import __version__
from cautery.model import DayPlan
from cautery.operation.money.trace import Trace
from cautery.operation.page.view import DayView, OperationPageView, Served, StepLine
from cautery.workflows.operation.course import SERVED, ServedShare
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.page import course, said, taken
from cautery.workflows.operation.page.material import LabTruth, material_of

__all__ = ["LabTruth", "day_view", "page_view"]


def page_view(
    desk: Desk,
    *,
    made_at: datetime,
    day: DayView | None = None,
    removed: frozenset[str] = frozenset(),
    trace: Trace | None = None,
    truth: LabTruth | None = None,
    statement: str = "",
) -> OperationPageView:
    """Return what the page shows of a desk's case.

    Parameters
    ----------
    day : DayView or None
        The action day as it went, once there was one.
    removed : frozenset of str
        Nodes that the steps done took down.
    trace : Trace or None
        Opened from the vault by who may; without it the page has no flow of money.
    truth : LabTruth or None
        Of a lab's world.
    statement : str
        What must stand in the head: that published figures overlap, say.
    """
    operation = desk.operation
    material = material_of(desk, day=day, removed=removed, trace=trace, truth=truth)
    return OperationPageView(
        operation=operation.id,
        name=operation.name,
        action_day=(day.moment if day else made_at).date(),
        lead=operation.lead.id,
        made_at=made_at,
        version=__version__,
        lab=operation.lab,
        statement=statement,
        legal_basis=operation.legal_basis,
        seed=truth.seed if truth else None,
        summary=course.summary(material),
        verify=said.verify(material),
        agencies=course.agencies(material),
        figures=course.figures(material),
        timeline=course.timeline(material),
        day=day,
        countries=course.countries(material),
        supply=taken.supply(material),
        exhibits=taken.exhibits(material),
        money=taken.money(material),
        estimates=said.estimates(material),
        comparisons=said.comparisons(material),
        descendants=said.descendants(material),
        unknowns=said.unknowns(material),
        error_rates=said.error_rates(material),
    )


def day_view(
    desk: Desk, plan: DayPlan, steps: Sequence[StepLine], *, zone: str, violations: int
) -> DayView:
    """Return the day by the clock: steps as they were done, capacity as it fell and came back.

    Parameters
    ----------
    zone : str
        IANA zone of the second clock.
    violations : int
        Of precedence, by the independent check of the plan.
    """
    shares = list(desk.nouns(SERVED, ServedShare))
    return DayView(
        moment=plan.moment,
        zone=zone,
        steps=tuple(steps),
        served=tuple(Served(at=one.at, share=one.share) for one in shares if one.by == "plan"),
        after=tuple(Served(at=one.at, share=one.share) for one in shares if one.by == "probe"),
        bystanders_kept=sum(one.services for one in plan.co_tenants),
        precedence_violations=violations,
    )
