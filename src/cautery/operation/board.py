"""The board of the action day: finished steps, late steps, and the demand still served.

What agencies report is a claim; what our probes saw dark is known. So the served capacity
that is left stands between two numbers: low if every report holds, high if only what was probed
is down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.drawing.formatting import counted
from cautery.messages import say
from cautery.model import (
    Criterion,
    CriterionAnswer,
    DayPlan,
    ScheduledStep,
    StepReport,
    StepState,
    require_utc,
)
from cautery.operation.schedule.mend import latest_reports

NEXT = 8
"""Next steps on the board: what fits a screen."""

_WAITING = frozenset((StepState.PLANNED, StepState.READY))
"""How a step stands whose time has not come."""

Served = Callable[[frozenset[str]], float]
"""Nodes that are gone to the share of demand that is still served, 0 to 1."""


class Go(StrEnum):
    """Whether the day goes."""

    GO = "GO"
    OPEN = "OPEN"
    """Some vital criterion has no answer yet, and there is still time."""
    NO_GO = "NO-GO"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One agency's steps, counted."""

    agency: str
    planned: int = 0
    running: int = 0
    late: int = 0
    done: int = 0
    failed: int = 0
    replaced: int = 0
    last: str = ""
    ready: int = 0

    @property
    def total(self) -> int:
        """All its steps, those that were replaced or dropped among them."""
        waiting = self.planned + self.ready
        return waiting + self.running + self.late + self.done + self.failed + self.replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardStep:
    """A step as the board shows it; ``word`` is the last report's text, or what fixed its time."""

    id: str
    agency: str
    state: StepState
    starts_at: datetime
    ends_at: datetime
    text: str
    word: str = ""
    reported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRow:
    """A criterion with its answer: ``None`` when there is none that counts."""

    id: str
    question: str
    asks: str
    vital: bool
    yes: bool | None
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """Everything on the board at one moment.

    Parameters
    ----------
    served_before : float
        Share of demand served with nothing removed.
    served_left : float
        If every report of a done step holds.
    served_confirmed : float
        If only what our probes saw dark is down; never less than ``served_left``.
    unconfirmed : tuple of str
        Nodes reported gone that none of our probes has seen dark.
    countdown_s : float
        Seconds to the moment; negative after it.
    """

    operation: str
    at: datetime
    moment: datetime
    countdown_s: float
    go: Go
    criteria: tuple[CriterionRow, ...]
    rows: tuple[BoardRow, ...]
    served_before: float
    served_left: float
    served_confirmed: float
    unconfirmed: tuple[str, ...]
    steps: tuple[BoardStep, ...]
    next_steps: tuple[BoardStep, ...]
    late: tuple[BoardStep, ...]
    failed: tuple[BoardStep, ...]
    replanned_at: datetime | None = None
    note: str = ""

    def state_of(self, step: str) -> StepState:
        """Return how a step stands.

        Raises
        ------
        KeyError
            If it is no step of the day.
        """
        return next(row.state for row in (*self.steps, *self.failed) if row.id == step)

    @property
    def words(self) -> str:
        """What is left, as a sentence that says what it rests on."""
        if not self.unconfirmed:
            return f"{self.served_left:.1%} of the known demand is still served"
        count = len(self.unconfirmed)
        return (
            f"between {self.served_left:.1%} and {self.served_confirmed:.1%} of the known demand "
            f"is still served: {counted(count, 'node')} reported gone, but not yet confirmed by "
            "our own probes"
        )


class Board:
    """Makes the view; it keeps nothing."""

    @staticmethod
    def of(
        day: DayPlan,
        reports: Sequence[StepReport],
        now: datetime,
        served: Served,
        *,
        answers: Sequence[CriterionAnswer] = (),
        confirmed: Collection[str] | None = None,
        note: str = "",
    ) -> BoardView:
        """Return the board at ``now``.

        Parameters
        ----------
        served : callable
            Nodes that are gone to the share of demand still served.
        confirmed : collection of str or None
            Nodes that our probes saw dark; ``None`` or empty: nothing was probed.

        Raises
        ------
        InputError
            If a report is of no step of the day, or ``now`` is not UTC.
        """
        require_utc("now", now)
        latest = latest_reports(day, reports)
        steps = tuple(_shown(step, latest.get(step.step.id), now) for step in day.steps)
        stood = {step.replaces for step in day.steps if step.replaces is not None}
        dropped_rows = tuple(
            _gone(scheduled, scheduled.step.id in stood) for scheduled in day.dropped
        )
        by_id = {scheduled.step.id: scheduled for scheduled in (*day.steps, *day.dropped)}
        down = frozenset(
            node
            for name, report in latest.items()
            if report.state is StepState.DONE
            for node in by_id[name].step.removes
        )
        confirmed_down = down & frozenset(confirmed or ())
        everything = served(frozenset())
        return BoardView(
            operation=day.operation,
            at=now,
            moment=day.moment,
            countdown_s=(day.moment - now).total_seconds(),
            go=go_no_go(day, answers, now),
            criteria=tuple(
                _criterion(criterion, answers, day.moment) for criterion in day.criteria
            ),
            rows=_rows((*steps, *dropped_rows)),
            served_before=everything,
            served_left=served(down) if down else everything,
            served_confirmed=served(confirmed_down) if confirmed_down else everything,
            unconfirmed=tuple(sorted(down - confirmed_down)),
            steps=steps,
            next_steps=tuple(step for step in steps if step.state in _WAITING)[:NEXT],
            late=tuple(step for step in steps if step.state is StepState.LATE),
            failed=(*(step for step in steps if step.state is StepState.FAILED), *dropped_rows),
            replanned_at=day.replanned_at,
            note=note,
        )


def go_no_go(day: DayPlan, answers: Sequence[CriterionAnswer], now: datetime) -> Go:
    """Say whether the day goes: every vital criterion answered yes before the moment."""
    rows = [
        _criterion(criterion, answers, day.moment) for criterion in day.criteria if criterion.vital
    ]
    if any(row.yes is False for row in rows):
        return Go.NO_GO
    if any(row.yes is None for row in rows):
        return Go.OPEN if now < day.moment else Go.NO_GO
    return Go.GO


def _criterion(
    criterion: Criterion, answers: Sequence[CriterionAnswer], moment: datetime
) -> CriterionRow:
    """Return a criterion with its latest answer; a yes after the moment came too late."""
    relevant = sorted(
        (answer for answer in answers if answer.criterion == criterion.id),
        key=lambda answer: answer.at,
    )
    counted = [answer for answer in relevant if answer.at < moment or not answer.yes]
    last = counted[-1] if counted else None
    return CriterionRow(
        id=criterion.id,
        question=criterion.question,
        asks=criterion.asks,
        vital=criterion.vital,
        yes=None if last is None else last.yes,
        by="" if last is None else last.by,
        at=None if last is None else last.at,
    )


def _shown(scheduled: ScheduledStep, report: StepReport | None, now: datetime) -> BoardStep:
    state = StepState.PLANNED if report is None else report.state
    if state in {*_WAITING, StepState.RUNNING} and scheduled.ends_at < now:
        state = StepState.LATE
    elif state in _WAITING and scheduled.starts_at <= now:
        state = StepState.RUNNING
    return BoardStep(
        id=scheduled.step.id,
        agency=scheduled.step.agency,
        state=state,
        starts_at=scheduled.starts_at,
        ends_at=scheduled.ends_at,
        text=scheduled.step.text,
        word=say(scheduled.why) if report is None else report.text,
        reported=report is not None,
    )


def _gone(scheduled: ScheduledStep, stood_for: bool) -> BoardStep:  # noqa: FBT001 - one caller, above
    return BoardStep(
        id=scheduled.step.id,
        agency=scheduled.step.agency,
        state=StepState.REPLACED if stood_for else StepState.FAILED,
        starts_at=scheduled.starts_at,
        ends_at=scheduled.ends_at,
        text=scheduled.step.text,
        word=say(scheduled.why),
        reported=True,
    )


def _rows(steps: Sequence[BoardStep]) -> tuple[BoardRow, ...]:
    rows = []
    for agency in sorted({step.agency for step in steps}):
        its = [step for step in steps if step.agency == agency]
        counts = {state: sum(step.state is state for step in its) for state in StepState}
        spoken = [step for step in its if step.reported and step.word]
        rows.append(
            BoardRow(
                agency=agency,
                planned=counts[StepState.PLANNED],
                ready=counts[StepState.READY],
                running=counts[StepState.RUNNING],
                late=counts[StepState.LATE],
                done=counts[StepState.DONE],
                failed=counts[StepState.FAILED],
                replaced=counts[StepState.REPLACED],
                last=f"{spoken[-1].id}: {spoken[-1].word}" if spoken else "",
            )
        )
    return tuple(rows)
