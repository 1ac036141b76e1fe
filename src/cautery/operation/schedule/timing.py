"""Times for steps: preservation and continuity back from the moment, all else forward from it.

Every rule is read from :mod:`cautery.operation.schedule.rules`; the result is checked by rules
written anew (:mod:`cautery.operation.schedule.precedence`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cautery.errors import CauteryError, InputError
from cautery.messages import message, say
from cautery.model import (
    ClockOffset,
    CoTenant,
    Criterion,
    DayPlan,
    Operation,
    Phase,
    ScheduledStep,
    Step,
    require_utc,
)
from cautery.operation.schedule.passes import Forward, TooLateError, back
from cautery.operation.schedule.precedence import precedence_violations
from cautery.operation.schedule.rules import (
    CLOCK_TOLERANCE_S,
    LAST_YEAR,
    Hours,
    orders,
    refuse_clocks,
    refuse_steps,
    refuse_unpreserved,
    refuse_without_continuity,
    touched,
)

WARNING_S = 300.0
"""How long somebody who is warned needs to react: by judgement, as the noun's default."""

BUFFER = timedelta(minutes=30)
"""What warns nobody is finished this long before the moment, so that a failure can be mended:
by judgement, the time of one more attempt."""


def schedule(
    steps: Sequence[Step],
    *,
    moment: datetime,
    operation: Operation,
    criteria: Sequence[Criterion] = (),
    co_tenants: Sequence[CoTenant] = (),
    clocks: Mapping[str, ClockOffset],
    warning_s: float = WARNING_S,
    clock_tolerance_s: float = CLOCK_TOLERANCE_S,
    held: Mapping[str, str] | None = None,
    hours: Hours | None = None,
    buffer: timedelta = BUFFER,
    now: datetime | None = None,
) -> DayPlan:
    """Plan the day by the clock.

    Parameters
    ----------
    moment : datetime
        When the acts begin everywhere at once, UTC.
    clocks : mapping of agency id to ClockOffset
        Of every agency that has a step.
    warning_s : float
        How long after a step is seen those whom it tips off could react, seconds.
    held : mapping of target to provider
        Where a provider holds data of a target: acts on it wait for a preserve step on either.
    hours : mapping of country to (from, until)
        Local hours in which a search may begin; without, at any hour.
    now : datetime or None
        Refuses a moment that has passed; without, none is refused for that.

    Raises
    ------
    InputError
        Naming the rule that the steps break.
    """
    require_utc("moment", moment)
    if now is not None and moment <= now:
        raise InputError(f"the moment {moment.isoformat()} is in the past")
    if moment.year > LAST_YEAR:
        raise InputError(f"the moment {moment.isoformat()} must be in {LAST_YEAR} at the latest")
    if not 0 <= warning_s <= 86_400:
        raise InputError(f"a warning of {warning_s} s must be between 0 and a day")
    refuse_steps(steps, operation)
    refuse_clocks((step.agency for step in steps), clocks, clock_tolerance_s)
    refuse_without_continuity(steps, co_tenants)
    refuse_unpreserved(steps, held or {})
    steps = _held_first(steps, held or {})
    before = orders(steps)
    early = _early(steps, before)
    late = [step for step in steps if step.id not in early]
    zones = {agency.id: agency.zone for agency in operation.agencies}
    warning = timedelta(seconds=warning_s)
    placed = Forward(
        todo=late,
        fixed=(),
        floors={step.id: (moment, message("step.at-the-moment")) for step in late},
        before=before,
        warning=warning,
        hours=hours or {},
        zones=zones,
    ).place()
    for scheduled in placed:
        if (
            scheduled.step.tips_off
            and scheduled.step.phase is Phase.ACT
            and scheduled.starts_at > moment + warning
        ):
            raise InputError(
                f"step {scheduled.step.id} warns {', '.join(sorted(scheduled.step.tips_off))} and "
                f"cannot begin within {warning_s:g} s of the moment: {say(scheduled.why)}",
                hint=(
                    "Acts that warn a suspect must begin everywhere at once. Use another team, "
                    "or remove what the step waits for."
                ),
            )
    backward = back(
        [step for step in steps if step.id in early],
        before,
        placed,
        moment=moment,
        buffer=buffer,
        now=now,
    )
    _refuse_early_warnings(backward, placed, warning)
    order = {step.id: place for place, step in enumerate(steps)}
    day = DayPlan(
        operation=operation.id,
        moment=moment,
        steps=tuple(
            sorted(
                [*backward, *placed],
                key=lambda scheduled: (scheduled.starts_at, order[scheduled.step.id]),
            )
        ),
        criteria=tuple(criteria),
        co_tenants=tuple(co_tenants),
        warning_s=warning_s,
        clocks=dict(clocks),
    )
    broken = precedence_violations(day, operation=operation, hours=hours)
    if broken:
        raise CauteryError(
            f"the scheduler's own plan breaks a rule: {broken[0]}",
            hint="This is a bug in Cautery: please report it together with the steps.",
        )
    return day


def _held_first(steps: Sequence[Step], providers: Mapping[str, str]) -> list[Step]:
    """Let every act on a held target wait for the preservation at its provider."""
    preserving: dict[str, set[str]] = {}
    for step in steps:
        if step.phase is Phase.PRESERVE:
            preserving.setdefault(step.target, set()).add(step.id)
    waiting = []
    for step in steps:
        waits = {
            name
            for target in touched(step)
            if target in providers
            for name in preserving.get(providers[target], ())
        }
        is_act = step.phase is Phase.ACT
        waiting.append(replace(step, after=step.after | waits) if is_act and waits else step)
    return waiting


def _early(steps: Sequence[Step], before: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Return the steps before the moment: preservation and continuity that wait for no act."""
    kinds = {step.id: step.phase in {Phase.PRESERVE, Phase.SECURE} for step in steps}
    early = {name for name, is_early in kinds.items() if is_early}
    while True:
        bound = {name for name in early if any(prior not in early for prior in before[name])}
        if not bound:
            return early
        early -= bound


def _refuse_early_warnings(
    early: Sequence[ScheduledStep], placed: Sequence[ScheduledStep], warning: timedelta
) -> None:
    """Raise if a preservation or continuity step warns a target too long before the acts."""
    last: dict[str, ScheduledStep] = {}
    for scheduled in (*early, *placed):
        if scheduled.step.phase in {Phase.PRESERVE, Phase.ACT}:
            latest = last.get(scheduled.step.target)
            if latest is None or latest.starts_at < scheduled.starts_at:
                last[scheduled.step.target] = scheduled
    for scheduled in early:
        for target in sorted(scheduled.step.tips_off):
            act = last.get(target)
            if act is not None and act.starts_at > scheduled.starts_at + warning:
                raise TooLateError(act.step.id, scheduled.step.id, warning.total_seconds())
