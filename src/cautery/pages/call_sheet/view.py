"""The content of a call sheet: the agency's own steps, the common moment, the contacts.

Need to know: of other agencies' steps only the agency and the time are said, where this one waits
for them or they wait for it; never a target, a text, a place or an id of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cautery.messages import tr, tr_n
from cautery.messages.dates import month_name, month_short, weekday_name, weekday_short
from cautery.model import (
    Agency,
    AgencyRole,
    DayPlan,
    Marking,
    Operation,
    Pap,
    Phase,
    ScheduledStep,
    StepKind,
    Tlp,
)

MARKING = Marking(tlp=Tlp.AMBER_STRICT, pap=Pap.AMBER)
"""How a call sheet is marked unless the operation says otherwise: for the agency alone."""

MOST_NAMED = 4
"""Targets that one line names; more are counted, since nobody reads a list of twenty at five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetStep:
    """A step of the agency's own, in its local time."""

    number: int
    id: str
    kind: str
    phase: str
    text: str
    target: str
    team: str
    place: str
    begins: str
    ends: str
    utc: str
    day: str
    leaves: str
    waits: tuple[str, ...] = ()
    warns: str = ""
    keeps: tuple[str, ...] = ()
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call, and why."""

    name: str
    country: str
    role: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A go/no-go criterion as it is asked."""

    question: str
    asks: str
    vital: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSheet:
    """Everything on one agency's sheet; every text may be hostile, the templates escape it."""

    operation: str
    operation_id: str
    legal_basis: str
    lab: bool
    marking: str
    agency: str
    agency_id: str
    country: str
    zone: str
    offset: str
    moment_day: str
    moment_local: str
    moment_utc: str
    latest_local: str
    warning_s: float
    steps: tuple[SheetStep, ...]
    criteria: tuple[Question, ...]
    contacts: tuple[Contact, ...]
    warned: tuple[str, ...]
    co_tenants: tuple[str, ...]
    teams: tuple[str, ...]
    replanned: str = ""


def call_sheet(
    day: DayPlan, agency: str, operation: Operation, *, marking: Marking = MARKING
) -> CallSheet:
    """Return one agency's sheet of the day.

    Raises
    ------
    InputError
        If the agency is not at the table.
    """
    addressee = operation.agency(agency)
    zone = ZoneInfo(addressee.zone)
    own_steps = [step for step in day.steps if step.step.agency == agency]
    other_steps = {step.step.id: step for step in day.steps if step.step.agency != agency}
    targets = {step.step.target for step in own_steps}
    teams = sorted({step.step.team for step in own_steps})
    names = {member.id: member.name for member in operation.agencies}
    local = day.moment.astimezone(zone)
    latest = (day.moment + timedelta(seconds=day.warning_s)).astimezone(zone)
    sheet_steps = tuple(
        _step(number, step, zone, day=day, targets=targets, other_steps=other_steps, names=names)
        for number, step in enumerate(own_steps, 1)
    )
    return CallSheet(
        operation=operation.name,
        operation_id=operation.id,
        legal_basis=operation.legal_basis,
        lab=operation.lab,
        marking=_marking(marking),
        agency=addressee.name,
        agency_id=addressee.id,
        country=addressee.country,
        zone=addressee.zone,
        offset=_offset(local),
        moment_day=tr(
            "%(weekday)s %(day)s %(month)s %(year)s",
            weekday=weekday_name(local),
            day=str(local.day),
            month=month_name(local),
            year=f"{local:%Y}",
        ),
        moment_local=f"{local:%H:%M}" if local.second == 0 else f"{local:%H:%M:%S}",
        moment_utc=tr(
            "%(day)s %(month)s, %(time)s UTC",
            day=str(day.moment.day),
            month=month_short(day.moment),
            time=f"{day.moment:%H:%M:%S}",
        ),
        latest_local=f"{latest:%H:%M}" if latest.second == 0 else f"{latest:%H:%M:%S}",
        warning_s=day.warning_s,
        steps=sheet_steps,
        criteria=tuple(
            Question(question=criterion.question, asks=criterion.asks, vital=criterion.vital)
            for criterion in day.criteria
        ),
        contacts=_contacts(addressee, operation, own_steps, other_steps),
        warned=_warned(own_steps, other_steps, operation, zone),
        co_tenants=tuple(
            tr(
                "%(tenant)s (%(services)s) on %(target)s: %(continuity)s",
                tenant=tenant.name,
                services=tr_n("%(count)s service", "%(count)s services", tenant.services),
                target=tenant.target,
                continuity=tenant.continuity,
            )
            for tenant in day.co_tenants
            if tenant.target in targets | {node for step in own_steps for node in step.step.removes}
        ),
        teams=tuple(teams),
        replanned=""
        if day.replanned_at is None
        else tr("%(time)s local", time=f"{day.replanned_at.astimezone(zone):%H:%M:%S}"),
    )


def kind_name(kind: StepKind) -> str:
    """Return what a kind of step is called on a sheet."""
    names = {
        StepKind.PRESERVE: tr("Preserve"),
        StepKind.CONTINUITY: tr("Continuity"),
        StepKind.SEARCH: tr("Search"),
        StepKind.ARREST: tr("Arrest"),
        StepKind.SEIZE: tr("Seize"),
        StepKind.FREEZE: tr("Freeze"),
        StepKind.LOCK: tr("Lock"),
        StepKind.BLOCK: tr("Block"),
        StepKind.SPLASH: tr("Notice"),
        StepKind.ANNOUNCE: tr("Announce"),
    }
    return names[kind]


def _phase_name(phase: Phase) -> str:
    names = {
        Phase.PRESERVE: tr("Before: preserve"),
        Phase.SECURE: tr("Before: keep co-tenants alive"),
        Phase.ACT: tr("At the moment"),
        Phase.TELL: tr("After: tell"),
    }
    return names[phase]


def _step(
    number: int,
    scheduled: ScheduledStep,
    zone: ZoneInfo,
    *,
    day: DayPlan,
    targets: set[str],
    other_steps: Mapping[str, ScheduledStep],
    names: Mapping[str, str],
) -> SheetStep:
    begins, ends = scheduled.starts_at.astimezone(zone), scheduled.ends_at.astimezone(zone)
    moment = day.moment.astimezone(zone)
    step = scheduled.step
    waits = tuple(
        tr(
            "a step of %(agency)s, which ends at %(time)s",
            agency=names[other_steps[name].step.agency],
            time=f"{other_steps[name].ends_at.astimezone(zone):%H:%M}",
        )
        if name in other_steps
        else tr("your step %(step)s", step=name)
        for name in sorted(step.after & {planned.step.id for planned in day.steps})
    )
    own_targets = sorted(step.tips_off & targets - {step.target})
    warned = []
    if step.target in step.tips_off:
        warned.append(tr("its own target"))
    warned += (
        own_targets
        if len(own_targets) <= MOST_NAMED
        else [tr("%(count)s other targets of yours", str, count=len(own_targets))]
    )
    if step.tips_off - targets:
        warned.append(tr("people or targets that are not yours"))
    return SheetStep(
        number=number,
        id=step.id,
        kind=kind_name(step.kind),
        phase=_phase_name(step.phase),
        text=step.text,
        target=step.target,
        team=step.team,
        place=step.place,
        begins=f"{begins:%H:%M}" if begins.second == 0 else f"{begins:%H:%M:%S}",
        ends=f"{ends:%H:%M}" + _later(ends, begins),
        utc=f"{scheduled.starts_at:%H:%M} UTC",
        day=""
        if begins.date() == moment.date()
        else tr(
            "%(weekday)s %(day)s %(month)s",
            weekday=weekday_short(begins),
            day=str(begins.day),
            month=month_short(begins),
        ),
        leaves=f"{begins - step.preparation:%H:%M}" if step.preparation else "",
        waits=waits,
        warns=", ".join(warned),
        keeps=tuple(sorted(step.keeps)),
        replaces=_stood_for(scheduled, day, names),
    )


def _stood_for(scheduled: ScheduledStep, day: DayPlan, names: Mapping[str, str]) -> str:
    """Say what a step stands for: the id of the agency's own, of another's only whose it was."""
    if scheduled.replaces is None:
        return ""
    failed = next(
        (dropped.step for dropped in day.dropped if dropped.step.id == scheduled.replaces), None
    )
    if failed is None or failed.agency == scheduled.step.agency:
        return scheduled.replaces
    return tr("a step of %(agency)s", agency=names[failed.agency])


def _later(ends: datetime, begins: datetime) -> str:
    days = (ends.date() - begins.date()).days
    return " " + tr("+%(count)s d", str, count=days) if days else ""


def _offset(local: datetime) -> str:
    offset = local.utcoffset() or timedelta(0)
    minutes = round(offset.total_seconds() / 60)
    sign = "+" if minutes >= 0 else "\u2212"
    return f"UTC{sign}{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02d}" * bool(minutes % 60))


def _marking(marking: Marking) -> str:
    codes = " ".join(sorted(code.value for code in marking.handling))
    text = f" ({marking.h3_text})" if marking.h3_text else ""
    return " \u00b7 ".join(
        part for part in (marking.tlp.value, marking.pap.value, codes + text) if part
    )


def _contacts(
    addressee: Agency,
    operation: Operation,
    own_steps: list[ScheduledStep],
    other_steps: Mapping[str, ScheduledStep],
) -> tuple[Contact, ...]:
    """Return lead and coordination, and those for whom this agency waits or who wait for it."""
    own_ids = {step.step.id for step in own_steps}
    tied = {
        other_steps[name].step.agency
        for step in own_steps
        for name in step.step.after & other_steps.keys()
    }
    tied |= {step.step.agency for step in other_steps.values() if step.step.after & own_ids}
    contacts = []
    for agency in operation.agencies:
        if agency.id == addressee.id:
            role = tr("your own contact point")
        elif agency.role is AgencyRole.LEAD:
            role = tr("leads the operation")
        elif agency.role is AgencyRole.COORDINATION:
            role = tr("coordinates")
        elif agency.id in tied:
            role = tr("you wait for each other's steps")
        else:
            continue
        contacts.append(
            Contact(name=agency.name, country=agency.country, role=role, contact=agency.contact)
        )
    return tuple(contacts)


def _warned(
    own_steps: list[ScheduledStep],
    other_steps: Mapping[str, ScheduledStep],
    operation: Operation,
    zone: ZoneInfo,
) -> tuple[str, ...]:
    """Say whose steps warn this agency's targets, and from when on."""
    targets = {step.step.target for step in own_steps}
    first: dict[str, tuple[datetime, frozenset[str]]] = {}
    for step in other_steps.values():
        hit = step.step.tips_off & targets
        if hit:
            when, targets_hit = first.get(step.step.agency, (step.starts_at, frozenset[str]()))
            first[step.step.agency] = (min(when, step.starts_at), targets_hit | hit)
    lines = []
    for agency, (when, hit) in sorted(first.items()):
        names = sorted(hit)
        summary = (
            ", ".join(names)
            if len(names) <= MOST_NAMED
            else tr("%(count)s of your targets", str, count=len(names))
        )
        lines.append(
            tr(
                "From %(time)s on, the acts of %(agency)s warn %(targets)s.",
                time=f"{when.astimezone(zone):%H:%M}",
                agency=operation.agency(agency).name,
                targets=summary,
            )
        )
    return tuple(lines)
