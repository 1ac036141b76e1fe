"""Check the finished plan of the day against its rules, written independently of the planner.

Nothing here calls the scheduler: it looks at pairs of times only, so that an error of the one
does not hide in the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from cautery.errors import InputError
from cautery.model import DayPlan, Operation, ScheduledStep, StepKind
from cautery.operation.schedule.rules import HITS_CO_TENANTS, Hours, refuse_competence

_ACTS = (
    StepKind.SEARCH,
    StepKind.ARREST,
    StepKind.SEIZE,
    StepKind.FREEZE,
    StepKind.LOCK,
    StepKind.BLOCK,
)
_LADDER = ((StepKind.PRESERVE,), (StepKind.CONTINUITY,), _ACTS, (StepKind.SPLASH,))


def check(day: DayPlan, *, operation: Operation | None = None, hours: Hours | None = None) -> None:
    """Raise unless the day keeps every rule.

    Raises
    ------
    InputError
        With the first rule that is broken, and how many more are.
    """
    violations = precedence_violations(day, operation=operation, hours=hours)
    if violations:
        suffix = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        raise InputError(f"the plan of the day breaks a rule: {violations[0]}{suffix}")


def precedence_violations(
    day: DayPlan, *, operation: Operation | None = None, hours: Hours | None = None
) -> tuple[str, ...]:
    """Return every rule that a planned day breaks, as a sentence each.

    Parameters
    ----------
    operation : Operation or None
        Given, competence and territory are checked too.
    hours : mapping of country to (from, until) or None
        Given, the local hours of searches are checked too, by each agency's zone.
    """
    return tuple(
        sentence
        for rule in (
            _identity(day),
            _after(day),
            _ladder(day),
            _announced(day),
            _at_once(day),
            _warned(day),
            _one_place(day),
            _kept_alive(day),
            _lawful(day, operation, hours or {}),
        )
        for sentence in rule
    )


def _begun_before_replanning(day: DayPlan, step: ScheduledStep) -> bool:
    return day.replanned_at is not None and step.starts_at <= day.replanned_at


def _identity(day: DayPlan) -> Iterator[str]:
    ids = set()
    for step in day.steps:
        if step.step.id in ids:
            yield f"step {step.step.id} is in the day twice"
        ids.add(step.step.id)
        if step.ends_at <= step.starts_at:
            yield f"{step.step.id} ends before it begins"
        if (
            not _begun_before_replanning(day, step)
            and step.ends_at - step.starts_at < step.step.lasts
        ):
            yield f"step {step.step.id} has less time than it needs"


def _after(day: DayPlan) -> Iterator[str]:
    times = {step.step.id: step for step in day.steps}
    for waiting in day.steps:
        for name in sorted(waiting.step.after):
            if name not in times:
                yield f"step {waiting.step.id} waits for {name}, which is not in the day"
            elif times[name].ends_at > waiting.starts_at:
                yield f"{waiting.step.id} begins before {name} has ended"


def _ladder(day: DayPlan) -> Iterator[str]:
    """Per target: preservation, continuity, acts, public notice."""
    subjects: dict[str, list[ScheduledStep]] = defaultdict(list)
    for step in day.steps:
        for subject in {step.step.target, *step.step.removes}:
            subjects[subject].append(step)
    for subject, steps in sorted(subjects.items()):
        rungs = [[step for step in steps if step.step.kind in kinds] for kinds in _LADDER]
        for low, earlier in enumerate(rungs):
            for later in rungs[low + 1 :]:
                for first in earlier:
                    for then in later:
                        # What was told already cannot be untold by an act put in afterwards.
                        is_announced = (
                            then.step.kind is StepKind.SPLASH
                            and _begun_before_replanning(day, then)
                        )
                        if first.ends_at > then.starts_at and not is_announced:
                            yield (
                                f"{then.step.id} ({then.step.kind.value}) begins on {subject} "
                                f"before {first.step.id} ({first.step.kind.value}) has ended"
                            )


def _announced(day: DayPlan) -> Iterator[str]:
    preceding = [step for step in day.steps if step.step.kind is not StepKind.ANNOUNCE]
    last = max(preceding, key=lambda step: step.ends_at, default=None)
    for candidate in day.steps:
        if (
            candidate.step.kind is StepKind.ANNOUNCE
            and last is not None
            and candidate.starts_at < last.ends_at
            and not _begun_before_replanning(day, candidate)
        ):
            yield f"{candidate.step.id} is announced before {last.step.id} has ended"


def _at_once(day: DayPlan) -> Iterator[str]:
    limit = day.moment + timedelta(seconds=day.warning_s)
    for step in day.steps:
        if step.step.kind not in _ACTS:
            continue
        if step.starts_at < day.moment:
            yield f"{step.step.id} begins before the moment"
        surprises = step.step.tips_off and (
            day.replanned_at is None or day.replanned_at < min(day.moment, step.starts_at)
        )
        if surprises and step.starts_at > limit:
            yield f"{step.step.id} warns a suspect and begins too long after the moment"


def _warned(day: DayPlan) -> Iterator[str]:
    warning = timedelta(seconds=day.warning_s)
    know = {
        target
        for step in (*day.steps, *day.dropped)
        if _begun_before_replanning(day, step)
        for target in step.step.tips_off
    }
    against: dict[str, list[ScheduledStep]] = defaultdict(list)
    for step in day.steps:
        if step.step.kind in (StepKind.PRESERVE, *_ACTS):
            against[step.step.target].append(step)
    for warner in day.steps:
        for target in sorted(warner.step.tips_off):
            for act in against[target]:
                if act is warner or act.starts_at <= warner.starts_at + warning:
                    continue
                # Who knew before the day was re-planned cannot be surprised by the new plan, and
                # what began before then was judged as it was planned.
                if target in know or _begun_before_replanning(day, act):
                    continue
                yield (
                    f"{warner.step.id} warns {target} more than {day.warning_s:g} s "
                    f"before {act.step.id} begins"
                )


def _one_place(day: DayPlan) -> Iterator[str]:
    teams: dict[str, list[ScheduledStep]] = defaultdict(list)
    for step in day.steps:
        teams[step.step.team].append(step)
    for team, visits in sorted(teams.items()):
        visits.sort(key=lambda visit: visit.starts_at)
        for place, first in enumerate(visits):
            for then in visits[place + 1 :]:
                if then.step.place == first.step.place:
                    continue
                if then.starts_at - then.step.preparation < first.ends_at:
                    yield (
                        f"team {team} would have to be at {first.step.place} ({first.step.id}) "
                        f"and travel to {then.step.place} ({then.step.id}) at the same time"
                    )


def _kept_alive(day: DayPlan) -> Iterator[str]:
    for tenant in day.co_tenants:
        keepers = [
            step
            for step in day.steps
            if step.step.kind is StepKind.CONTINUITY
            and step.step.target == tenant.target
            and tenant.name in step.step.keeps
        ]
        for candidate in day.steps:
            hits = candidate.step.kind in HITS_CO_TENANTS and tenant.target in {
                candidate.step.target,
                *candidate.step.removes,
            }
            if hits and not any(keeper.ends_at <= candidate.starts_at for keeper in keepers):
                yield (
                    f"{candidate.step.id} takes {tenant.target} down, and no step keeps "
                    f"{tenant.name} alive"
                )


def _lawful(day: DayPlan, operation: Operation | None, hours: Hours) -> Iterator[str]:
    if operation is None:
        return
    for step in day.steps:
        try:
            refuse_competence(step.step, operation)
        except InputError as error:
            yield str(error)
            continue
        span = hours.get(step.step.country) or hours.get("*")
        if step.step.kind is StepKind.SEARCH and span is not None:
            opens, closes = span
            local = step.starts_at.astimezone(ZoneInfo(operation.agency(step.step.agency).zone))
            if not opens <= local.time() <= closes:
                yield (
                    f"{step.step.id}: a search in {step.step.country} may not begin at "
                    f"{local:%H:%M}"
                )
