"""Withhold targets that a desk may not name to an agency, in every output except bundles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from cautery.model import Agency, DayPlan, Marking, ScheduledStep, Statement
from cautery.model.host_names import host_of
from cautery.model.message import as_written
from cautery.operation.sharing import withheld
from cautery.operation.targets import place_of, spelling
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import permissions_of, standing

WITHHELD = "withheld"


def unmatched(desk: Desk, agency: Agency, targets: Iterable[str]) -> dict[str, Marking]:
    """Return the targets that take no part in a run with an agency, each with its marking.

    A match tells that this desk has the target. So where the desk has stated something about it
    itself, only that counts: what others have told openly does not open it, nor does what the
    partner sent to find out.
    """
    return _withheld(desk, agency, targets, _counted(desk))


def _counted(desk: Desk) -> list[Statement]:
    """Return what counts of subjects: the desk's own statements, of all others what it holds."""
    rows = [row.statement for row in standing(desk)]
    own_places = {place_of(row.subject) for row in rows if row.by == desk.agency.id}
    return [
        row for row in rows if row.by == desk.agency.id or place_of(row.subject) not in own_places
    ]


def _withheld(
    desk: Desk, agency: Agency, subjects: Iterable[str], statements: Iterable[Statement]
) -> dict[str, Marking]:
    return withheld(
        subjects,
        statements,
        to=agency,
        by=desk.agency,
        operation=desk.operation,
        permissions=permissions_of(desk),
    )


def day_for(
    desk: Desk, day: DayPlan, agency: Agency
) -> tuple[DayPlan, tuple[tuple[str, int], ...]]:
    """Return the day as an agency may be told it, and how many of its steps are blanked out.

    A step on a target that the agency may not be told of keeps its kind and its time; whoever
    leads tells the rest by another way, or has it permitted. What the agency itself, or another
    one, has stated of the target opens nothing: who guesses thousands would read what was right.

    Returns
    -------
    DayPlan
        With the steps so blanked out.
    tuple of (marking, int)
        Which markings forbid how many steps.
    """
    own_steps = [row for row in (*day.steps, *day.dropped) if row.step.agency == agency.id]
    names = {name for row in own_steps for name in _names(row)}
    hidden = {} if agency.id == desk.agency.id else _withheld(desk, agency, names, _counted(desk))
    blank: dict[str, tuple[str, Marking]] = {}
    for number, row in enumerate(own_steps, 1):
        forbidding = [hidden[name] for name in _names(row) if name in hidden]
        if forbidding:
            blank[row.step.id] = f"{WITHHELD}-{number}", forbidding[0]

    def shown(scheduled: ScheduledStep) -> ScheduledStep:
        new_ids = {old: new for old, (new, _) in blank.items()}
        after = frozenset(new_ids.get(name, name) for name in scheduled.step.after)
        replaces = (
            None
            if scheduled.replaces is None
            else new_ids.get(scheduled.replaces, scheduled.replaces)
        )
        if scheduled.step.id not in blank:
            return replace(scheduled, step=replace(scheduled.step, after=after), replaces=replaces)
        new_id, marking = blank[scheduled.step.id]
        step = replace(
            scheduled.step,
            id=new_id,
            target=WITHHELD,
            text=f"Withheld ({marking.words}), even if you know it: ask {desk.agency.name}",
            team=f"{agency.id} {WITHHELD}",
            place=WITHHELD,
            after=after,
            removes=(),
            tips_off=frozenset(
                name for name in scheduled.step.tips_off if spelling(name) not in hidden
            ),
            keeps=frozenset(),
        )
        return replace(scheduled, step=step, replaces=replaces, why=as_written(""))

    counted = Counter(blank[row.step.id][1].words for row in day.steps if row.step.id in blank)
    abridged = replace(
        day,
        steps=tuple(shown(row) for row in day.steps),
        dropped=tuple(shown(row) for row in day.dropped),
    )
    return abridged, tuple(sorted(counted.items()))


def _names(scheduled: ScheduledStep) -> tuple[str, ...]:
    """Return the assets and persons that a step is against, in their one spelling.

    A step against a URL is one against its host.
    """
    names = [spelling(name) for name in (scheduled.step.target, *scheduled.step.removes)]
    urls = [name.removeprefix("url:") for name in names if name.startswith("url:")]
    hosts = [spelling(f"host:{host}") for url in urls if (host := host_of(url))]
    return (*names, *hosts)
