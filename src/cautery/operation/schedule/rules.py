"""Rules for steps that do not depend on times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cautery.errors import InputError
from cautery.model import (
    PHASES,
    ClockOffset,
    Competence,
    CoTenant,
    Operation,
    Phase,
    Step,
    StepKind,
)

COMPETENCES: Mapping[StepKind, frozenset[Competence]] = {
    StepKind.PRESERVE: frozenset({Competence.PRESERVE}),
    StepKind.CONTINUITY: frozenset({Competence.SEIZE, Competence.SEARCH}),
    StepKind.SEARCH: frozenset({Competence.SEARCH}),
    StepKind.ARREST: frozenset({Competence.ARREST}),
    StepKind.SEIZE: frozenset({Competence.SEIZE}),
    StepKind.FREEZE: frozenset({Competence.FREEZE}),
    StepKind.LOCK: frozenset({Competence.SEIZE, Competence.BLOCK}),
    StepKind.BLOCK: frozenset({Competence.BLOCK}),
    StepKind.SPLASH: frozenset({Competence.SEIZE, Competence.BLOCK}),
    StepKind.ANNOUNCE: frozenset({Competence.INVESTIGATE, Competence.COORDINATE}),
}
"""Any one of these competences is enough for the kind of step."""

ON_THE_GROUND = frozenset({StepKind.SEARCH, StepKind.ARREST, StepKind.SEIZE})
"""What an agency may do in its own country only: coercion is bound to a territory."""

HITS_CO_TENANTS = frozenset({StepKind.SEIZE, StepKind.BLOCK})
"""Kinds that hit whoever stands on the same host (docs/reference/sources.md, F27)."""

CLOCK_TOLERANCE_S = 5.0
"""Most seconds between any two agencies' clocks: a sixtieth of the default warning, by judgement;
NTP keeps a clock within a tenth of a second."""

MOST_STEPS = 3_000
"""More steps than that are no plan of one day; "Taken Down" had 112 searches. What waits for what
is kept pair by pair: at the worst a quarter of the square of it, some hundred megabytes."""

LAST_YEAR = 2200
"""Of a moment: so far no calendar and no zone ends, whatever the steps after it take; judgement."""

Hours = Mapping[str, tuple[time, time]]
"""Country, or ``*`` for every other, to the local hours in which a search may begin there."""


def touched(step: Step) -> frozenset[str]:
    """Return what a step is about: its target and all that goes down with it."""
    return frozenset((step.target, *step.removes))


def orders(steps: Sequence[Step]) -> dict[str, dict[str, str]]:
    """Return for each step those that must have ended before it begins, with the reason.

    Besides ``after``: per target, preservation before acts before the public notice; and the
    announcement after everything else.
    """
    before: dict[str, dict[str, str]] = {
        step.id: {name: f"after {name}" for name in step.after} for step in steps
    }
    by_target: dict[str, dict[Phase, list[str]]] = {}
    for step in steps:
        for target in touched(step):
            by_target.setdefault(target, {}).setdefault(step.phase, []).append(step.id)
    for target, phases in by_target.items():
        for late, names in phases.items():
            for early in (phase for phase in phases if phase < late):
                for name in names:
                    for earlier in phases[early]:
                        before[name].setdefault(
                            earlier, f"{early.name.lower()} before {late.name.lower()} on {target}"
                        )
    announced = [step.id for step in steps if step.kind is not StepKind.ANNOUNCE]
    for step in steps:
        if step.kind is StepKind.ANNOUNCE:
            for earlier in announced:
                before[step.id].setdefault(earlier, "announced after everything else")
    return before


def refuse_circle(before: Mapping[str, Mapping[str, str]]) -> None:
    """Raise if steps wait for one another in a circle, and print the circle.

    Raises
    ------
    InputError
        With the steps of the circle, and why each waits for the next.
    """
    settled: set[str] = set()
    for root in sorted(before):
        way: list[str] = []
        on_way: set[str] = set()
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                settled.add(way.pop())
                on_way.discard(name)
                continue
            if name in settled:
                continue
            if name in on_way:
                circle = [*way[way.index(name) :], name]
                raise InputError(
                    "steps wait for one another in a circle: " + " -> ".join(circle),
                    hint="; ".join(
                        f"{name} waits for {prior} ({before[name][prior]})"
                        for name, prior in pairwise(circle)
                    ),
                )
            way.append(name)
            on_way.add(name)
            stack.append((name, True))
            stack.extend((prior, False) for prior in sorted(before[name], reverse=True))


def refuse_steps(steps: Sequence[Step], operation: Operation | None) -> None:
    """Raise for a step that no plan may hold, whatever its time.

    Raises
    ------
    InputError
        Naming the rule: ids, dependencies, circles, competence, territory.
    """
    if not steps:
        raise InputError("an action day needs at least one step")
    if len(steps) > MOST_STEPS:
        raise InputError(f"{len(steps)} steps, but at most {MOST_STEPS} are allowed")
    step_ids: set[str] = set()
    for step in steps:
        if not step.id or len(step.id) > 100 or not step.id.isprintable() or " " in step.id:
            raise InputError(
                f"step {step.id[:100]!r}: an id must be 1 to 100 characters without a space"
            )
        if step.id in step_ids:
            raise InputError(f"step {step.id} is given twice")
        step_ids.add(step.id)
        if step.lasts > timedelta(days=7) or step.preparation > timedelta(days=7):
            raise InputError(f"step {step.id}: it takes longer than a week")
    for step in steps:
        for missing in sorted(step.after - step_ids):
            raise InputError(
                f"step {step.id} waits for {missing!r}, which is not a step of the day"
            )
        if operation is not None:
            refuse_competence(step, operation)
    refuse_circle(orders(steps))


def refuse_competence(step: Step, operation: Operation) -> None:
    """Raise unless the step's agency may do it, and there.

    Raises
    ------
    InputError
        If it is not at the table, lacks the competence, or acts on another's territory.
    """
    agency = operation.agency(step.agency)
    competences = COMPETENCES[step.kind]
    if not agency.competence & competences:
        raise InputError(
            f"step {step.id}: {agency.id} lacks the competence to {step.kind.value}",
            hint="It needs one of: "
            + ", ".join(sorted(competence.value for competence in competences)),
        )
    if step.kind in ON_THE_GROUND and step.country != agency.country:
        raise InputError(
            f"step {step.id}: {agency.id} may not {step.kind.value} in {step.country}",
            hint=(
                "Coercive acts are limited to a territory: give the step to an agency of "
                f"{step.country}."
            ),
        )


def refuse_clocks(
    agencies: Iterable[str], clocks: Mapping[str, ClockOffset], tolerance_s: float
) -> None:
    """Raise unless every agency's clock is known and any two agree.

    Raises
    ------
    InputError
        With the two that disagree most, or the one that nobody measured.
    """
    spans: list[tuple[float, float, str]] = []
    for name in sorted(set(agencies)):
        clock = clocks.get(name)
        if clock is None or clock.seconds is None or clock.uncertainty_s is None:
            why = "not measured" if clock is None else clock.method
            raise InputError(
                f"the clock of {name} cannot be trusted: {why}",
                hint="Compare each agency's clock with UTC before you set a common moment.",
            )
        spans.append(
            (clock.seconds - clock.uncertainty_s, clock.seconds + clock.uncertainty_s, name)
        )
    if not spans:
        return
    slow, fast = min(spans), max(spans, key=lambda span: span[1])
    if not fast[1] - slow[0] <= tolerance_s:
        raise InputError(
            f"the clocks of {slow[2]} and {fast[2]} may disagree by {fast[1] - slow[0]:.1f} s, "
            f"more than {tolerance_s:g} s",
            hint="Set both clocks from the same source, or correct the offset, before the day.",
        )


def refuse_without_continuity(steps: Sequence[Step], co_tenants: Sequence[CoTenant]) -> None:
    """Raise if a host with co-tenants is taken and nobody keeps them alive.

    Raises
    ------
    InputError
        With the co-tenant and the step that would hit them.
    """
    keepers: dict[str, set[str]] = {}
    for step in steps:
        if step.kind is StepKind.CONTINUITY:
            keepers.setdefault(step.target, set()).update(step.keeps)
    for step in steps:
        if step.kind not in HITS_CO_TENANTS:
            continue
        for tenant in co_tenants:
            if tenant.target in touched(step) and tenant.name not in keepers.get(tenant.target, ()):
                raise InputError(
                    f"step {step.id} takes {tenant.target} down, which also hosts {tenant.name} "
                    f"({tenant.services} services), and no step keeps them alive",
                    hint="Add a continuity step before it: copy the disks instead of removing "
                    "them, move the co-tenant, or leave the power of the rack on (the "
                    "data-centre raid of 2023).",
                )


def refuse_unpreserved(steps: Sequence[Step], held: Mapping[str, str]) -> None:
    """Raise if a target is acted on whose data a provider holds, and nobody asked to keep it.

    Raises
    ------
    InputError
        With the target and the provider.
    """
    preserved = {step.target for step in steps if PHASES[step.kind] is Phase.PRESERVE}
    for step in steps:
        if step.phase is not Phase.ACT:
            continue
        for target in sorted(touched(step)):
            provider = held.get(target)
            if provider is not None and not preserved & {target, provider}:
                raise InputError(
                    f"step {step.id} acts on {target} before its data is preserved at {provider}",
                    hint=(
                        "Preserve before you seize: add a preserve step for the target or the "
                        "provider."
                    ),
                )


def lawful_start(step: Step, start: datetime, hours: Hours, zone: str) -> datetime:
    """Return the earliest time from ``start`` on at which the step may begin by local law."""
    span = hours.get(step.country, hours.get("*"))
    if step.kind is not StepKind.SEARCH or span is None:
        return start
    opens, closes = span
    local = start.astimezone(ZoneInfo(zone))
    if opens <= local.time() <= closes:
        return start
    day = local.date() if local.time() < opens else local.date() + timedelta(days=1)
    return datetime.combine(day, opens, ZoneInfo(zone)).astimezone(start.tzinfo)
