"""What a desk may not tell an agency, wherever names of targets leave it but in a bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from cautery.model import Agency, DayPlan, Marking, ScheduledStep
from cautery.operation.sharing import withheld
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import permissions_of, standing

WITHHELD = "withheld"


def withheld_from(
    desk: Desk, agency: Agency, subjects: Iterable[str], *, spelling: Callable[[str], str] = str
) -> dict[str, Marking]:
    """Return the subjects that an agency may not be told of by this desk, each with its marking."""
    return withheld(
        subjects,
        (one.statement for one in standing(desk)),
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
    leads tells the rest by another way, or has it permitted.

    Returns
    -------
    DayPlan
        With the steps so blanked out.
    tuple of (marking, int)
        Which markings forbid how many steps.
    """
    own = [one for one in (*day.steps, *day.dropped) if one.step.agency == agency.id]
    hidden = withheld_from(desk, agency, {name for one in own for name in _names(one)})
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
            text=f"Withheld ({marking.words}): ask {desk.agency.name}",
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
