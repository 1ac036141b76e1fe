"""The action day by the clock: teams report, searches find, a failed step is re-planned."""

from __future__ import annotations

import csv
import io
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.adapters.typst_pdf import compile_pdf
from cautery.drawing.formatting import counted
from cautery.formats import read_panel_dump
from cautery.lab.operations.panel_lines import panel_tables
from cautery.lab.operations.replay.finds import Finds
from cautery.lab.operations.replay.story import Story
from cautery.lab.operations.sources import sizing_sources
from cautery.model import (
    ClockOffset,
    CriterionAnswer,
    DayPlan,
    Regime,
    ScheduledStep,
    StepKind,
    StepReport,
    StepState,
)
from cautery.model.records import DumpCounted, ServedShare
from cautery.model.records.action_day import ServedBasis
from cautery.operation.board import BoardView
from cautery.operation.calendar import calendar
from cautery.operation.schedule import precedence_violations
from cautery.pages.call_sheet import call_sheet, call_sheet_html, call_sheet_typst
from cautery.plan import Cut
from cautery.workflows.operation.day_records import record_day
from cautery.workflows.operation.picture import Picture
from cautery.workflows.operation.plan_day import plan_day
from cautery.workflows.operation.run_day import RunningDay
from cautery.workflows.operation.table import able_countries
from cautery.workflows.operation.withhold import day_for

_LATE = 0.06
"""Share of steps that end late; judgement."""
_REPORT_EVERY = timedelta(minutes=15)
_DUMPS_SEALED = 3
"""Disks whose panel's table is sealed and counted in the story: the smallest, to keep it short."""
_MAY_FAIL = frozenset({StepKind.SEIZE, StepKind.LOCK, StepKind.FREEZE, StepKind.BLOCK})
_BACK = {StepKind.SEARCH: 0.35, StepKind.SEIZE: 0.5}
"""Spread of what a step takes, relative to its plan; judgement."""


@dataclass(slots=True)
class Day:
    """What the day left behind."""

    plan: DayPlan
    removed: frozenset[str]
    violations: int
    exhibits: int


def plan(story: Story, seen: Picture, chosen: Cut) -> DayPlan:
    """Plan the day: who does what where, at one moment."""
    world = story.world
    clocks = {
        agency.id: ClockOffset(
            seconds=float(story.rng.normal(0, 0.02)), uncertainty_s=0.05, method="NTP (lab)"
        )
        for agency in story.operation.agencies
    }
    day = plan_day(
        seen.graph,
        chosen,
        story.operation,
        moment=world.moment,
        clocks=clocks,
        places=world.searches,
        arrests={person.pseudonym for person in world.persons if person.arrested},
        found_at={
            node: person.search for person in world.persons if person.search for node in person.runs
        },
        co_tenants=world.co_tenants,
        now=story.clock.now(),
    )
    record_day(story.lead, day, at=story.clock.now())
    story.tell(
        "plan",
        f"{len(day.steps)} steps by {len({step.step.agency for step in day.steps})} agencies, "
        f"moment {day.moment:%d %b %Y %H:%M} UTC; {len(day.co_tenants)} co-tenants kept alive",
        steps=len(day.steps),
        co_tenants=len(day.co_tenants),
    )
    blank = sum(
        _hand_out(story, day, agency) for agency in sorted({step.step.agency for step in day.steps})
    )
    story.tell(
        "plan",
        "each agency has its call sheet in its own case: page, PDF and calendar; on them "
        f"{counted(blank, 'step')} have targets that their agency may not be told "
        "about in writing",
        withheld=blank,
    )
    return day


def _hand_out(story: Story, day: DayPlan, agency: str) -> int:
    """Write an agency's call sheet into its case; return how many steps are withheld from it."""
    case = story.desks[agency].case
    own_day, withheld = day_for(story.lead, day, story.operation.agency(agency))
    sheet = call_sheet(own_day, agency, story.operation)
    book = calendar(own_day, agency, operation=story.operation, made_at=story.clock.now())
    case.write("call-sheet.html", call_sheet_html(sheet).encode())
    case.write("call-sheet.pdf", compile_pdf(call_sheet_typst(sheet)))
    case.write("action-day.ics", book)
    return sum(count for _, count in withheld)


def run(story: Story, made: DayPlan, seen: Picture, *, goal: float, speed: float) -> Day:
    """Live through the day: report by report, the served share falling.

    Parameters
    ----------
    goal : float
        The share of demand that the cut was chosen to leave, at most.
    speed : float
        Seconds of the day in one second; 0 does not wait.
    """
    running = RunningDay(
        made,
        story.operation,
        nodes=seen.nodes,
        desk=story.lead,
        graph=seen.graph,
        acts=seen.acts(countries=able_countries(story.operation)),
        served_at_most=goal,
    )
    for number, criterion in enumerate(made.criteria):
        running.answer(
            CriterionAnswer(
                criterion=criterion.id,
                yes=True,
                by=criterion.asks,
                at=made.moment - timedelta(hours=12 - number),
            )
        )
    register = Finds(story)
    pace = _Pace(story, speed)
    last_share, said_at = 1.0, made.moment - timedelta(days=1)
    before = ServedShare(
        at=made.moment, share=running.board(made.moment).served_left, by=ServedBasis.PLAN
    )
    story.lead.record(before, at=made.moment)
    running_day = _Reports(story, running)
    for report in running_day:
        pace.reach(report.at)
        board = running.hear(report)
        if report.state is StepState.DONE:
            register.at(running_day.planned(report.step))
        if board.note:
            story.tell("re-planned", board.note, step=report.step)
        if board.served_left != last_share or report.at - said_at >= _REPORT_EVERY:
            if board.served_left != last_share:
                share = ServedShare(at=report.at, share=board.served_left, by=ServedBasis.PLAN)
                story.lead.record(share, at=report.at)
            last_share = board.served_left
            if report.at - said_at >= _REPORT_EVERY:
                said_at = report.at
                story.tell("day", _said(board), **_counted(board))
    board = running.board(story.clock.now())
    if said_at < story.clock.now():
        story.tell("day", _said(board), **_counted(board))
    register.close()
    violations = precedence_violations(running.day, operation=story.operation)
    return Day(
        plan=running.day,
        removed=_removed(running),
        violations=len(violations),
        exhibits=len(register.book.register),
    )


def count_dumps(story: Story) -> None:
    """Seal the tables of some seized panels under their own keys, and count them as LED allows."""
    world = story.world
    month = max(month for month in world.months if month < world.moment.date().replace(day=1))
    counts = sizing_sources(world, month).panels
    size: defaultdict[str, int] = defaultdict(int)
    for count in counts:
        size[count.panel] += count.paid + count.trial + count.expired
    smallest = set(sorted(size, key=lambda panel: (size[panel], panel))[:_DUMPS_SEALED])
    sealed_counts = [count for count in counts if count.panel in smallest]
    case, now, lines = story.lead.case, story.clock.now(), 0
    for panel, columns in panel_tables(world, sealed_counts):
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(columns)
        writer.writerows(zip(*(list(column) for column in columns.values()), strict=True))
        raw = table.getvalue().encode()
        sealed = case.vault.seal(
            raw, media_type="text/csv", at=now, clock=case.clock.offset(), subject=f"disk:{panel}"
        )
        counted = read_panel_dump([raw], panel=panel, on=sealed_counts[0].on, regime=Regime.LED)
        lines += sum(count.paid + count.trial + count.expired for count in counted.counts)
        story.lead.record(DumpCounted(panel=panel, exhibit=sealed.id, counts=len(counted.counts)))
    story.tell(
        "exhibits",
        f"{lines} lines of {len(smallest)} seized panels counted by country; "
        "the tables are sealed, no viewer is named",
        lines=lines,
    )


class _Pace:
    """Goes on with the story's clock, as fast as is wanted."""

    def __init__(self, story: Story, speed: float) -> None:
        self._story, self._speed = story, speed

    def reach(self, moment: datetime) -> None:
        now = self._story.clock.now()
        if moment <= now:
            return
        on_the_day = abs(moment - self._story.world.moment) < timedelta(hours=18)
        if self._speed > 0 and on_the_day and now > self._story.world.moment - timedelta(hours=12):
            time.sleep((moment - now).total_seconds() / self._speed)
        self._story.clock.reach(moment)


class _Reports:
    """The reports of the teams, in order, on the plan as it is at that time."""

    def __init__(self, story: Story, running: RunningDay) -> None:
        self._story, self._running = story, running
        self._ended: set[str] = set()
        self._late: set[str] = set()
        self._ends: dict[str, datetime] = {}
        self._failing = set(story.world.step_failures)

    def planned(self, name: str) -> ScheduledStep:
        """Return a step of the day as it stands."""
        return next(step for step in self._running.day.steps if step.step.id == name)

    def __iter__(self) -> Iterator[StepReport]:
        while True:
            open_steps = [
                step for step in self._running.day.steps if step.step.id not in self._ended
            ]
            if not open_steps:
                return
            step = min(open_steps, key=lambda step: (self._end_of(step), step.step.id))
            yield self._report(step)

    def _end_of(self, step: ScheduledStep) -> datetime:
        """Return when a step will end: drawn once, and again when it is re-timed."""
        end = self._ends.get(step.step.id)
        if end is None or end < step.starts_at:
            rng, planned = self._story.rng, step.ends_at - step.starts_at
            spread = _BACK.get(step.step.kind, 0.15)
            duration = planned * float(0.98 - spread * rng.random())
            if rng.random() < _LATE:
                duration = planned * float(1.05 + 0.3 * rng.random())
            end = max(step.starts_at + duration, self._story.clock.now())
            self._ends[step.step.id] = end
        return end

    def _report(self, scheduled: ScheduledStep) -> StepReport:
        end, step = self._end_of(scheduled), scheduled.step
        at = max(end, self._story.clock.now())
        at_risk = self._failing & {step.target, *step.removes}
        if at_risk and scheduled.replaces is None and step.kind in _MAY_FAIL:
            self._failing -= at_risk
            self._ended.add(step.id)
            why = "the machine was gone" if step.kind is StepKind.SEIZE else "not carried out"
            return StepReport(step=step.id, state=StepState.FAILED, at=at, by=step.agency, text=why)
        if end > scheduled.ends_at and step.id not in self._late:
            self._late.add(step.id)
            at = max(scheduled.ends_at, self._story.clock.now())
            return StepReport(
                step=step.id, state=StepState.LATE, at=at, by=step.agency, text="still at it"
            )
        self._ended.add(step.id)
        return StepReport(step=step.id, state=StepState.DONE, at=at, by=step.agency)


def _removed(running: RunningDay) -> frozenset[str]:
    done_steps = {report.step for report in running.reports if report.state is StepState.DONE}
    return frozenset(
        node
        for step in (*running.day.steps, *running.day.dropped)
        if step.step.id in done_steps
        for node in step.step.removes
    )


def _counted(board: BoardView) -> dict[str, float]:
    """Return the board's figures; a step that was replaced failed."""
    return {
        "done": sum(row.done for row in board.rows),
        "late": sum(row.late for row in board.rows),
        "failed": sum(row.failed + row.replaced for row in board.rows),
        "planned": sum(row.total for row in board.rows),
        "served": board.served_left,
    }


def _said(board: BoardView) -> str:
    counts = _counted(board)
    return (
        f"{counts['done']} of {counts['planned']} steps done, {counts['late']} late, "
        f"{counts['failed']} failed or replaced; {board.served_left:.1%} of the known demand "
        "still served"
    )
