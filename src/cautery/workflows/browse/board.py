"""The live board of an action day: every step to its own agency, all of them to the desk's people.

Another agency sees its own steps as its call sheet has them, and nothing that is counted over the
steps of others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from zoneinfo import ZoneInfo

from cautery.drawing.templates import said
from cautery.errors import AbsentError
from cautery.messages import tr, tr_n
from cautery.model import DayPlan, ScheduledStep, StepReport, StepState
from cautery.operation.board import Board
from cautery.operation.board import BoardView as Standing
from cautery.pages.room.board import (
    AskedRow,
    BoardView,
    CountryRow,
    Reported,
    StepRow,
    StepView,
)
from cautery.plan import Supply
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import AtTable, Operations, day_at
from cautery.workflows.browse.waiting import waiting_at
from cautery.workflows.operation.day_records import answers_of, probed_of, reports_of
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import held
from cautery.workflows.operation.picture import Picture, picture_at
from cautery.workflows.operation.report_step import REPORTED
from cautery.workflows.operation.withhold import WITHHELD, day_for
from cautery.workflows.people.tray import Tray

_MOST_STEPS = 1_000
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A step as it may be told to who looks, and as it stands in the day."""

    shown: ScheduledStep
    real: ScheduledStep
    open: bool

    @property
    def key(self) -> str:
        """What stands for it in addresses."""
        return hashlib.sha256(self.shown.step.id.encode()).hexdigest()[:_DIGITS]

    @property
    def hidden(self) -> bool:
        """Whether what it is about may not be told."""
        return self.shown.step.target == WITHHELD and self.shown is not self.real


class Pictures:
    """What the served share is computed from, made anew when somebody says something new."""

    def __init__(self) -> None:
        self._kept_pictures: dict[str, tuple[int, Picture, Supply]] = {}

    def at(self, table: AtTable) -> tuple[Picture, Supply]:
        """Return the picture of a desk that is lent."""
        statements_hash = hash(
            tuple(
                (row.statement.by, row.statement.id, row.corrected_by) for row in held(table.desk)
            )
        )
        kept_picture = self._kept_pictures.get(table.id)
        if kept_picture is None or kept_picture[0] != statements_hash:
            picture = picture_at(table.desk)
            kept_picture = self._kept_pictures[table.id] = (
                statements_hash,
                picture,
                Supply(picture.nodes),
            )
        return kept_picture[1], kept_picture[2]


def board_view(
    cases: Cases,
    operations: Operations,
    pictures: Pictures,
    id: str,
    *,
    seat: str | None,
    tray: Tray | None = None,
) -> BoardView:
    """Return the board now.

    Parameters
    ----------
    seat : str or None
        The agency that looks; ``None``: people of the desk's own.
    tray : Tray or None
        Where photographs wait; ``None``: they are not counted.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks.
    """
    with operations.table(cases, id, seat) as table:
        day = day_at(table)
        steps = [] if day is None else shown_steps(table, day)
        waiting = sum(1 for _ in waiting_at(table, tray))
        if day is None or not steps:
            return replace(_empty(table), waiting=waiting)
        is_own_desk = table.seat is None
        picture, served = pictures.at(table) if is_own_desk else (None, None)
        standing = Board.of(
            day,
            reports_of(table.desk),
            cases.clock.now(),
            _nothing if served is None else served.served,
            answers=answers_of(table.desk),
            confirmed=probed_of(table.desk),
        )
        rows = _rows(table, steps, standing)
        return BoardView(
            head=table.head,
            moment=day.moment,
            go=standing.go.value,
            criteria=_criteria(table.desk, standing),
            countries=_countries(rows) if is_own_desk else (),
            steps=rows[:_MOST_STEPS],
            served=_served(standing) if picture is not None and picture.demand > 0 else "",
            replanned_at=day.replanned_at if is_own_desk else None,
            waiting=waiting,
        )


def step_view(
    cases: Cases, operations: Operations, id: str, key: str, *, seat: str | None
) -> StepView:
    """Return the page of a step.

    Raises
    ------
    AbsentError
        If there is none for who asks.
    """
    with operations.table(cases, id, seat) as table:
        day, step = step_at(table, key)
        reports = [report for report in reports_of(table.desk) if report.step == step.real.step.id]
        standing = Board.of(day, reports_of(table.desk), cases.clock.now(), _nothing)
        (row,) = _rows(table, [step], standing)
        return StepView(
            head=table.head,
            step=row,
            reports=tuple(
                Reported(
                    at=report.at,
                    state=report.state,
                    by=report.by,
                    text="" if step.hidden else report.text,
                )
                for report in reversed(reports)
            ),
            why=said(step.real.why) if table.seat is None else "",
            may_say=REPORTED if row.open and not table.closed else (),
        )


def step_at(table: AtTable, key: str) -> tuple[DayPlan, ShownStep]:
    """Return the day, and a step of it by what stands for it in addresses.

    Raises
    ------
    AbsentError
        If there is none for who looks.
    """
    day = day_at(table)
    for step in () if day is None else shown_steps(table, day):
        if step.key == key and day is not None:
            return day, step
    raise AbsentError(tr("The day has no such step."))


def shown_steps(table: AtTable, day: DayPlan) -> list[ShownStep]:
    """Return the steps that may be shown to who looks, as they may be shown, by their time."""
    told_day = day if table.seat is None else day_for(table.desk, day, table.seat)[0]
    pairs = [
        *(
            (step_shown, real, True)
            for step_shown, real in zip(told_day.steps, day.steps, strict=True)
        ),
        *(
            (step_shown, real, False)
            for step_shown, real in zip(told_day.dropped, day.dropped, strict=True)
        ),
    ]
    return [
        ShownStep(shown=step_shown, real=real, open=stands)
        for step_shown, real, stands in sorted(pairs, key=lambda pair: pair[1].starts_at)
        if table.seat is None or real.step.agency == table.seat.id
    ]


def _empty(table: AtTable) -> BoardView:
    return BoardView(
        head=table.head,
        moment=None,
        go="OPEN",
        criteria=(),
        countries=(),
        steps=(),
        served="",
        replanned_at=None,
    )


def _nothing(_: frozenset[str]) -> float:
    return 0.0


def _rows(table: AtTable, steps: Iterable[ShownStep], standing: Standing) -> tuple[StepRow, ...]:
    states = {row.id: row for row in (*standing.failed, *standing.steps)}
    reports: dict[str, list[StepReport]] = {}
    for report in reports_of(table.desk):
        reports.setdefault(report.step, []).append(report)
    zones = {agency.id: agency.zone for agency in table.desk.operation.agencies}
    return tuple(
        _row(step, states[step.real.step.id].state, reports.get(step.real.step.id, ()), zones)
        for step in steps
    )


def _row(
    step: ShownStep,
    state: StepState,
    reports: Sequence[StepReport],
    zones: dict[str, str],
) -> StepRow:
    step_shown, last = step.shown, reports[-1] if reports else None
    zone = ZoneInfo(zones[step_shown.step.agency]) if step_shown.step.agency in zones else UTC
    return StepRow(
        key=step.key,
        id=step_shown.step.id,
        kind=step_shown.step.kind,
        agency=step_shown.step.agency,
        country=step_shown.step.country,
        target=step_shown.step.target,
        text=step_shown.step.text,
        place=step_shown.step.place,
        team=step_shown.step.team,
        state=state,
        reported=last is not None and last.state is state,
        by="" if last is None else last.by,
        at=None if last is None else last.at,
        word="" if last is None or step.hidden else last.text,
        starts_at=step_shown.starts_at,
        ends_at=step_shown.ends_at,
        local=f"{step_shown.starts_at.astimezone(zone):%H:%M}",
        seen=len(reports),
        open=step.open,
        hidden=step.hidden,
    )


def _criteria(desk: Desk, standing: Standing) -> tuple[AskedRow, ...]:
    counts = Counter(answer.criterion for answer in answers_of(desk))
    return tuple(
        AskedRow(
            id=row.id,
            question=row.question,
            asks=row.asks,
            vital=row.vital,
            yes=row.yes,
            by=row.by,
            at=row.at,
            seen=counts[row.id],
        )
        for row in standing.criteria
    )


def _countries(rows: Sequence[StepRow]) -> tuple[CountryRow, ...]:
    by_country: dict[str, Counter[StepState]] = {}
    for row in rows:
        by_country.setdefault(row.country, Counter())[row.state] += 1
    return tuple(
        CountryRow(
            country=country,
            total=counts.total(),
            counts=tuple((state, counts[state]) for state in StepState if counts[state]),
        )
        for country, counts in sorted(by_country.items())
    )


def _served(standing: Standing) -> str:
    left, confirmed = (f"{100 * share:.1f} %" for share in _shares(standing))
    count = len(standing.unconfirmed)
    if not count:
        return tr("%(share)s of the known demand is still served.", share=left)
    return tr_n(
        "Between %(low)s and %(high)s of the known demand is still served: %(count)s node is "
        "reported gone, and our own probes have not seen it dark.",
        "Between %(low)s and %(high)s of the known demand is still served: %(count)s nodes are "
        "reported gone, and our own probes have not seen them dark.",
        count,
        str,
        low=left,
        high=confirmed,
    )


def _shares(standing: Standing) -> tuple[float, float]:
    return standing.served_left, standing.served_confirmed
