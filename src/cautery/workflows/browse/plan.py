"""The page of a plan: the acts in steps, what is left after each, and what the guard keeps out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cautery.errors import AbsentError
from cautery.messages import tr
from cautery.model import ActionPlan, Entry, Referral
from cautery.model.records import BudgetSpent, kinds_of
from cautery.pages.room.plan import PlanView, StepRow
from cautery.plan.steps import PlanStep, steps_of
from cautery.projections.kept import MOST_LINES, Asked
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept

_PLANNED, _SPENT, _DRAFTED = kinds_of(ActionPlan), kinds_of(BudgetSpent), kinds_of(Referral)
_ROWS, _STREAMS, _REFUSED = 100, 60, 100
_MOST_BUDGETS = 50
_RECENT = 200
"""Newest drafts in which the targets of a plan are looked for. Judgement: a night has a dozen."""


def plan_view(
    cases: Cases,
    id: str,
    *,
    record: int | None = None,
    nth: int | None = None,
    after: int | None = None,
) -> PlanView:
    """Return the page of a plan of a case.

    Parameters
    ----------
    record : int or None
        Of the plan; ``None``: the newest.
    nth : int or None
        In its place: which of the plans of the case, from 1, as a slider has it.
    after : int or None
        The step after which the case is shown; ``None``, or one that is not there: the last.

    Raises
    ------
    AbsentError
        If there is no such case or plan.
    """
    with cases.case(id) as case:
        head = head_of(case, now=cases.clock.now())
        numbers = case.lists().numbers(Asked(kinds=_PLANNED, limit=MOST_LINES)).rows[::-1]
        if not numbers:
            raise AbsentError(tr("Nothing is planned in this case yet."))
        if nth is not None:
            record = numbers[min(nth, len(numbers)) - 1]
        entry, plan = _plan_at(case, numbers[-1] if record is None else record)
        budgets = _budgets(case)
        drafted = _drafted(case)
    steps = steps_of(plan)
    left = (plan.served_before, *(step.left for step in steps))
    after = len(steps) if after is None else min(after, len(steps))
    dark = [url for step in steps[:after] for url in step.cuts]
    served = [url for step in steps[after:] for url in step.cuts] + list(plan.uncovered)
    number = entry.index
    at = numbers.index(number) if number in numbers else None
    refused = sorted(plan.refused, key=lambda act: (-len(act.streams), act.target))
    return PlanView(
        head=head,
        record=number,
        at=entry.record.at,
        place=0 if at is None else at + 1,
        count=len(numbers),
        earlier=numbers[at - 1] if at else None,
        later=numbers[at + 1] if at is not None and at + 1 < len(numbers) else None,
        plan=plan,
        after=after,
        left=left,
        rows=_rows(steps, after, drafted),
        dark=tuple(dark[-_STREAMS:]),
        dark_in_all=len(dark),
        served=tuple(served[:_STREAMS]),
        served_in_all=len(served),
        budgets=budgets,
        refused=tuple(refused[:_REFUSED]),
    )


def _plan_at(case: Kept, record: int) -> tuple[Entry, ActionPlan]:
    for entry in case.shown((record,)):
        if isinstance(entry.content, ActionPlan):
            return entry, entry.content
    raise AbsentError(tr("Record %(record)s is not a plan.", record=str(record)))


def _rows(
    steps: Sequence[PlanStep], after: int, drafted: defaultdict[str, list[str]]
) -> tuple[StepRow, ...]:
    first = max(0, min(after - _ROWS // 2, len(steps) - _ROWS))
    return tuple(
        StepRow(
            place=place,
            act=step.act,
            cuts=len(step.cuts),
            left=step.left,
            referrals=tuple(drafted.get(step.act.target, ())),
        )
        for place, step in enumerate(steps[first : first + _ROWS], first + 1)
    )


def _budgets(case: Kept) -> tuple[BudgetSpent, ...]:
    page = case.lists().numbers(Asked(kinds=_SPENT, limit=_RECENT))
    newest: dict[str | None, BudgetSpent] = {}
    for entry in reversed(tuple(case.shown(page.rows))):
        if isinstance(spent := entry.content, BudgetSpent):
            newest.setdefault(spent.event, spent)
    return tuple(newest.values())[:_MOST_BUDGETS]


def _drafted(case: Kept) -> defaultdict[str, list[str]]:
    page = case.lists().numbers(Asked(kinds=_DRAFTED, limit=_RECENT))
    drafts: defaultdict[str, list[str]] = defaultdict(list)
    for entry in case.lists().of_acts(page.rows).values():
        if isinstance(referral := entry.content, Referral):
            for target in {listed.target for listed in referral.entries}:
                drafts[target].append(referral.id)
    return drafts
