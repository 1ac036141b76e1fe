"""Report on a step, and answer a criterion, once, and from what a person saw of it.

A report that was sent twice is one report. Where somebody else reported since the person looked,
nothing is recorded, and who it was is said. A failed step whose report stands and that nobody has
planned again, because the process ended in between, is planned again by the same report.
"""

from __future__ import annotations

from cautery.errors import InputError
from cautery.messages import tr, word
from cautery.model import CriterionAnswer, StepReport, StepState, iso
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.day_records import answers_of, day_of
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.run_day import running_day

LONGEST_TEXT, LONGEST_BY = 2_000, 200
REPORTED = (StepState.READY, StepState.RUNNING, StepState.DONE, StepState.LATE, StepState.FAILED)
"""What somebody may say of a step."""


@again_if_passed
def report_step(desk: Desk, report: StepReport, *, seen: int) -> bool:
    """Record a report, and plan again if the step failed; return whether it is new.

    Parameters
    ----------
    seen : int
        Reports on the step when the person looked at it.

    Raises
    ------
    InputError
        If there is no such step, it was taken out of the day, the text is too long, or somebody
        reported on the step since then.
    """
    if report.state not in REPORTED:
        raise InputError(tr("This is no state to report."))
    _require_texts(report.text, report.by)
    running, _ = running_day(desk, alone=True)
    earlier = [one for one in running.reports if one.step == report.step]
    fresh = earlier[max(0, seen) :]
    if fresh and all(_says(one) == _says(report) for one in fresh):
        open_steps = {row.step.id for row in running.day.steps}
        if report.state is StepState.FAILED and report.step in open_steps:
            running.mend(fresh[-1])
        return False
    _require_seen(seen, len(earlier))
    if fresh:
        last = earlier[-1]
        raise InputError(
            tr(
                "Since you looked, %(who)s reported “%(state)s” at %(time)s.",
                who=last.by,
                state=word(last.state),
                time=iso(last.at),
            ),
            hint=tr("Nothing was recorded. Look at the step, and report again if it is still so."),
        )
    running.hear(report)
    return True


def _says(report: StepReport) -> tuple[str, StepState, str]:
    return report.by, report.state, report.text


@again_if_passed
def answer_criterion(desk: Desk, answer: CriterionAnswer, *, seen: int) -> bool:
    """Record the answer to a go/no-go criterion; return whether it is new.

    Parameters
    ----------
    seen : int
        Answers to it when the person looked.

    Raises
    ------
    InputError
        If the day has no such criterion, or somebody answered since then.
    """
    _require_texts(answer.text, answer.by)
    size = desk.size()
    if answer.criterion not in {criterion.id for criterion in day_of(desk).criteria}:
        raise InputError(tr("The day has no such criterion."))
    earlier = [one for one in answers_of(desk) if one.criterion == answer.criterion]
    fresh = earlier[max(0, seen) :]
    if fresh and all((one.by, one.yes) == (answer.by, answer.yes) for one in fresh):
        return False
    _require_seen(seen, len(earlier))
    if fresh:
        last = earlier[-1]
        raise InputError(
            tr("Since you looked, %(who)s answered at %(time)s.", who=last.by, time=iso(last.at)),
            hint=tr("Nothing was recorded. Look at the board, and answer again if it is still so."),
        )
    desk.record(answer, at=answer.at, if_unchanged_since=size, unless=(CriterionAnswer,))
    return True


def _require_seen(seen: int, count: int) -> None:
    if seen > count:
        raise InputError(tr("This form cannot be read."))


def _require_texts(text: str, by: str) -> None:
    if len(text) > LONGEST_TEXT or not 0 < len(by) <= LONGEST_BY:
        raise InputError(tr("A report has at most %(count)s letters.", count=str(LONGEST_TEXT)))
