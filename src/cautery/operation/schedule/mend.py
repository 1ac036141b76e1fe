"""Plan the day again: replace failed steps and give later steps new times.

Without a report the plan is taken to be followed. What has begun stays as it is; what is reported
late or still running past its end is given ten minutes more, and whatever waits for it waits.
A failed step is replaced by what the caller offers, or by :func:`alternatives`; where nothing is
left it is dropped with the reason, and so is what cannot be done without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import (
    DayPlan,
    Operation,
    Phase,
    ScheduledStep,
    Step,
    StepKind,
    StepReport,
    StepState,
    require_utc,
)
from cautery.model.message import Message
from cautery.operation.schedule.instead import alternatives
from cautery.operation.schedule.passes import Forward, TooLateError
from cautery.operation.schedule.rules import (
    Hours,
    orders,
    refuse_steps,
    refuse_without_continuity,
    touched,
)

OVERRUN = timedelta(minutes=10)
"""What a step that runs past its end is given: by judgement, until the next report."""

_MOST_SHIFTS = 5
"""How often the moment may move within one re-planning: once for each thing that is waited for."""


def replan(
    day: DayPlan,
    reports: Sequence[StepReport],
    replacements: Mapping[str, Sequence[Step]] | None = None,
    *,
    now: datetime,
    operation: Operation,
    hours: Hours | None = None,
) -> DayPlan:
    """Return the day with something in the place of every failed step.

    Parameters
    ----------
    reports : sequence of StepReport
        All reports until now; the latest of a step counts.
    replacements : mapping of failed step id to steps
        What is done instead; an empty sequence: nothing. A failed step that is not in it gets
        one of :func:`alternatives`.
    now : datetime
        No step is begun before it.

    Raises
    ------
    InputError
        If a report is of no step of the day or of the future, or a replacement breaks a rule.
    """
    require_utc("now", now)
    latest = latest_reports(day, reports, now=now)
    failed = {name for name, report in latest.items() if report.state is StepState.FAILED}
    failed &= {scheduled.step.id for scheduled in day.steps}
    for name in sorted((replacements or {}).keys() - failed):
        raise InputError(f"step {name} did not fail, or already has a replacement")
    history, open_steps = _split(day, latest, failed, now)
    planned = {scheduled.step.id: scheduled for scheduled in day.steps}
    gone_ids = {scheduled.step.id for scheduled in day.dropped}
    dropped: dict[str, Message] = {}
    stands_for: dict[str, str] = {}
    instead: dict[str, tuple[str, ...]] = {}
    todo: dict[str, Step] = {scheduled.step.id: scheduled.step for scheduled in open_steps}
    allotted: dict[str, datetime] = {}
    for name in sorted(failed):
        step = planned[name].step
        offered = (
            replacements[name]
            if replacements is not None and name in replacements
            else alternatives(step, day, operation, now=now, allotted=allotted)[:1]
        )
        barred = _pointless(step, history)
        fresh = () if barred else tuple(offered)
        for substitute in fresh:
            for missing in sorted(
                substitute.after - planned.keys() - {new.id for new in fresh} - gone_ids
            ):
                raise InputError(
                    f"step {substitute.id} waits for {missing!r}, which is not a step of the day"
                )
            if substitute.id in planned or substitute.id in gone_ids or substitute.id in todo:
                raise InputError(f"step {substitute.id} is given twice")
            todo[substitute.id] = replace(substitute, after=substitute.after | step.after)
            stands_for[substitute.id] = name
            begins = max(allotted.get(substitute.team, now), now)
            allotted[substitute.team] = begins + substitute.preparation + substitute.lasts
        instead[name] = tuple(substitute.id for substitute in fresh)
        remark = latest[name].text or message("step.no-reason-given")
        dropped[name] = (
            message("step.failed-replaced", remark=remark, steps=instead[name])
            if fresh
            else message(
                "step.failed", remark=remark, reason=barred or message("step.nothing-available")
            )
        )
    _rewire(todo, instead, dropped, stood={scheduled.step.id for scheduled in history})
    remaining = [*todo.values(), *(_freed(scheduled.step, history) for scheduled in history)]
    if remaining:
        refuse_steps(remaining, operation)
    _drop_unkept(todo, dropped, history, day)
    steps, moment = _timed(
        day, todo, dropped, history, now=now, operation=operation, hours=hours or {}
    )
    dropped_steps = []
    for name, why in sorted(dropped.items()):
        if name in planned:
            further = [
                message("step.replacement-dropped", step=new_id, reason=dropped[new_id])
                for new_id in instead.get(name, ())
                if new_id in dropped
            ]
            if further:
                why = message("step.failed-and-dropped", reason=why, further=further)  # noqa: PLW2901 - the same reason, completed
            dropped_steps.append(replace(planned[name], why=why))
    resulting = [
        *(replace(scheduled, step=_freed(scheduled.step, history)) for scheduled in history),
        *(
            replace(scheduled, replaces=stands_for.get(scheduled.step.id, _stood(day, scheduled)))
            for scheduled in steps
        ),
    ]
    return replace(
        day,
        moment=moment,
        steps=tuple(
            sorted(resulting, key=lambda scheduled: (scheduled.starts_at, scheduled.step.id))
        ),
        dropped=(*day.dropped, *dropped_steps),
        replanned_at=now,
    )


def latest_reports(
    day: DayPlan, reports: Sequence[StepReport], *, now: datetime | None = None
) -> dict[str, StepReport]:
    """Return the latest report of each step.

    Raises
    ------
    InputError
        If a report is of no step of the day, or of a time that has not come.
    """
    planned_ids = {scheduled.step.id for scheduled in (*day.steps, *day.dropped)}
    latest: dict[str, StepReport] = {}
    for report in reports:
        if report.step not in planned_ids:
            raise InputError(f"the report is for step {report.step!r}, which is not in the day")
        if now is not None and report.at > now:
            raise InputError(
                f"the report of {report.step} has a time in the future: {report.at.isoformat()}"
            )
        if report.step not in latest or report.at >= latest[report.step].at:
            latest[report.step] = report
    return latest


def _split(
    day: DayPlan, latest: Mapping[str, StepReport], failed: set[str], now: datetime
) -> tuple[list[ScheduledStep], list[ScheduledStep]]:
    """Return what has begun (as it stands), and what is still open."""
    before = orders([step.step for step in day.steps])
    history: list[ScheduledStep] = []
    open_steps: list[ScheduledStep] = []
    still_open: set[str] = set(failed)
    extended: list[ScheduledStep] = []
    for scheduled in sorted(day.steps, key=lambda step: (step.starts_at, step.step.id)):
        name, report = scheduled.step.id, latest.get(scheduled.step.id)
        if name in failed:
            continue
        reported = report is not None and report.state in {StepState.DONE, StepState.RUNNING}
        held_up = any(
            prior in still_open or any(prior == late.step.id for late in extended)
            for prior in before[name]
        ) or any(
            late.step.team == scheduled.step.team and late.step.place != scheduled.step.place
            for late in extended
        )
        if scheduled.starts_at > now or (held_up and not reported):
            if reported:  # begun ahead of its time: it stands from when it was reported
                assert report is not None
                is_done = report.state is StepState.DONE
                begun = report.at - _TICK if is_done else report.at
                ends = report.at if is_done else max(report.at + scheduled.step.lasts, now + _TICK)
                history.append(replace(scheduled, starts_at=begun, ends_at=ends))
                continue
            still_open.add(name)
            open_steps.append(scheduled)
            continue
        running = report is not None and report.state in {StepState.LATE, StepState.RUNNING}
        if running and scheduled.ends_at <= now:
            scheduled = replace(scheduled, ends_at=now + OVERRUN)  # noqa: PLW2901 - the same step, extended
            extended.append(scheduled)
        history.append(scheduled)
    return history, open_steps


_TICK = timedelta(seconds=1)


def _stood(day: DayPlan, scheduled: ScheduledStep) -> str | None:
    """Return what a step stood for already before this re-planning."""
    return next((old.replaces for old in day.steps if old.step.id == scheduled.step.id), None)


def _freed(step: Step, history: Sequence[ScheduledStep]) -> Step:
    """Return a begun step without what it no longer waits for."""
    return replace(step, after=step.after & {scheduled.step.id for scheduled in history})


def _pointless(step: Step, history: Sequence[ScheduledStep]) -> Message | None:
    """Return why nothing can take the step's place any more, or ``None``."""
    if step.phase not in {Phase.PRESERVE, Phase.SECURE}:
        return None
    for scheduled in history:
        if scheduled.step.phase > step.phase and touched(scheduled.step) & touched(step):
            return message("step.replacement-too-late", step=scheduled.step.id, target=step.target)
    return None


def _rewire(
    todo: dict[str, Step],
    instead: Mapping[str, tuple[str, ...]],
    dropped: dict[str, Message],
    *,
    stood: set[str],
) -> None:
    """Let steps wait for the replacement of what they waited for; drop those that wait in vain."""
    changed = True
    while changed:
        changed = False
        for name, step in list(todo.items()):
            after: set[str] = set()
            missing: str | None = None
            for prior in sorted(step.after):
                if prior in todo or prior in stood:
                    after.add(prior)
                elif instead.get(prior):
                    after.update(instead[prior])
                elif prior in dropped:
                    missing = prior
            after.discard(name)
            if missing is not None and step.kind is not StepKind.ANNOUNCE:
                del todo[name]
                dropped[name] = message("step.waits-in-vain", step=missing)
                changed = True
            elif after != step.after:
                todo[name] = replace(step, after=frozenset(after))
                changed = True


def _drop_unkept(
    todo: dict[str, Step],
    dropped: dict[str, Message],
    history: Sequence[ScheduledStep],
    day: DayPlan,
) -> None:
    """Drop what would take a host whose co-tenants nobody keeps alive any more."""
    keepers = [
        scheduled.step for scheduled in history if scheduled.step.kind is StepKind.CONTINUITY
    ]
    keepers += [step for step in todo.values() if step.kind is StepKind.CONTINUITY]
    for name, step in list(todo.items()):
        try:
            refuse_without_continuity([*keepers, step], day.co_tenants)
        except InputError as error:
            del todo[name]
            dropped[name] = message("step.without-continuity", detail=str(error))
    _rewire(todo, {}, dropped, stood={scheduled.step.id for scheduled in history})


def _timed(
    day: DayPlan,
    todo: dict[str, Step],
    dropped: dict[str, Message],
    history: Sequence[ScheduledStep],
    *,
    now: datetime,
    operation: Operation,
    hours: Hours,
) -> tuple[list[ScheduledStep], datetime]:
    """Time what is open, not before it was planned; drop what would come after its warning.

    Before the moment the moment itself moves, if what must come first takes longer.
    """
    warning = timedelta(seconds=day.warning_s)
    warned = {
        target
        for scheduled in (
            *history,
            *day.dropped,
            *(scheduled for scheduled in day.steps if scheduled.step.id in dropped),
        )
        if scheduled.starts_at <= now
        for target in scheduled.step.tips_off
    }
    shifts = 0
    times = {scheduled.step.id: scheduled.starts_at for scheduled in day.steps}
    moment = day.moment
    while True:
        before = orders(
            [*todo.values(), *(_freed(scheduled.step, history) for scheduled in history)]
        )
        floors: dict[str, tuple[datetime, Message]] = {}
        for name, step in todo.items():
            is_early = step.phase in {Phase.PRESERVE, Phase.SECURE}
            if name in times and times[name] > now:
                floors[name] = (times[name], message("step.as-planned"))
            else:
                preparation = timedelta(0) if name in times else step.preparation
                floors[name] = (now + preparation + _TICK, message("step.as-soon-as-possible"))
            if not is_early and floors[name][0] < moment:
                floors[name] = (moment, message("step.at-the-moment"))
        try:
            placed = Forward(
                todo=list(todo.values()),
                fixed=history,
                floors=floors,
                before={name: before[name] for name in todo},
                warning=warning,
                hours=hours,
                zones={agency.id: agency.zone for agency in operation.agencies},
                warned=frozenset(warned),
            ).place()
        except TooLateError as error:
            del todo[error.step]
            dropped[error.step] = error.reason
            _rewire(todo, {}, dropped, stood={scheduled.step.id for scheduled in history})
            continue
        tail = max(
            (
                scheduled
                for scheduled in placed
                if scheduled.step.tips_off and scheduled.step.phase is Phase.ACT
            ),
            key=lambda scheduled: scheduled.starts_at,
            default=None,
        )
        if now >= day.moment or tail is None or tail.starts_at <= moment + warning:
            return placed, moment
        shifts += 1
        if shifts <= _MOST_SHIFTS:
            moment = tail.starts_at
            continue
        del todo[tail.step.id]
        dropped[tail.step.id] = message("step.cannot-begin-together")
        _rewire(todo, {}, dropped, stood={scheduled.step.id for scheduled in history})
        moment, shifts = day.moment, 0
