"""What a desk may not tell an agency, wherever names of targets leave it but in a bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from cautery.model import Agency, DayPlan, Marking, ScheduledStep, Statement
from cautery.operation.sharing import withheld
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import permissions_of, standing

WITHHELD = "withheld"


def unmatched(
    desk: Desk, agency: Agency, targets: Iterable[str], *, spelling: Callable[[str], str]
) -> dict[str, Marking]:
    """Return the targets that take no part in a run with an agency, each with its marking.

    A match tells that this desk has the target. So where the desk has stated something about it
    itself, only that counts: what others have told openly does not open it, nor does what the
    partner sent to find out.
    """
    return _withheld(desk, agency, targets, _counted(desk, spelling), spelling)


def _counted(desk: Desk, spelling: Callable[[str], str] = str) -> list[Statement]:
    """Return what counts of subjects: the desk's own statements, of all others what it holds."""
    rows = [one.statement for one in standing(desk)]
    own = {spelling(row.subject) for row in rows if row.by == desk.agency.id}
    return [row for row in rows if row.by == desk.agency.id or spelling(row.subject) not in own]


def _withheld(
    desk: Desk,
    agency: Agency,
    subjects: Iterable[str],
    statements: Iterable[Statement],
    spelling: Callable[[str], str] = str,
) -> dict[str, Marking]:
    return withheld(
        subjects,
        statements,
        to=agency,
        by=desk.agency,
        operation=desk.operation,
        permissions=permissions_of(desk),
        spelling=spelling,
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
    own = [one for one in (*day.steps, *day.dropped) if one.step.agency == agency.id]
    names = {name for one in own for name in _names(one)}
    hidden = {} if agency.id == desk.agency.id else _withheld(desk, agency, names, _counted(desk))
    blank: dict[str, tuple[str, Marking]] = {}
    for number, one in enumerate(own, 1):
        forbidding = [hidden[name] for name in _names(one) if name in hidden]
        if forbidding:
            blank[one.step.id] = f"{WITHHELD}-{number}", forbidding[0]

    def shown(one: ScheduledStep) -> ScheduledStep:
        new_ids = {old: new for old, (new, _) in blank.items()}
        after = frozenset(new_ids.get(name, name) for name in one.step.after)
        replaces = None if one.replaces is None else new_ids.get(one.replaces, one.replaces)
        if one.step.id not in blank:
            return replace(one, step=replace(one.step, after=after), replaces=replaces)
        new_id, marking = blank[one.step.id]
        step = replace(
            one.step,
            id=new_id,
            target=WITHHELD,
            text=f"Withheld ({marking.words}), even if you know it: ask {desk.agency.name}",
            team=f"{agency.id} {WITHHELD}",
            place=WITHHELD,
            after=after,
            removes=(),
            tips_off=one.step.tips_off - hidden.keys(),
            keeps=frozenset(),
        )
        return replace(one, step=step, replaces=replaces, why="")

    counted = Counter(blank[one.step.id][1].words for one in day.steps if one.step.id in blank)
    told = replace(
        day,
        steps=tuple(shown(one) for one in day.steps),
        dropped=tuple(shown(one) for one in day.dropped),
    )
    return told, tuple(sorted(counted.items()))


def _names(one: ScheduledStep) -> tuple[str, ...]:
    """Return the assets and persons that a step is against."""
    return (one.step.target, *one.step.removes)
