"""Run the action day: take reports, return the board, and plan again when a step fails.

Each report is recorded before anything is made of it. A failed step gets another team or another
act with the same effect; if there is none, the cut is chosen anew on what is still up, without
the acts that failed, and what it asks for is put into the day. If nothing is left to do, the
board says what capacity stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cautery.errors import CauteryError, InputError
from cautery.messages import message, say
from cautery.model import (
    CriterionAnswer,
    DayPlan,
    Operation,
    Step,
    StepReport,
    StepState,
    SupplyGraph,
)
from cautery.model.records import NodesProbedDark
from cautery.operation.board import Board, BoardView
from cautery.operation.schedule import Hours, alternatives, replan
from cautery.plan import Act, Cut, Node, Supply, cut
from cautery.workflows.operation.day_records import (
    answers_of,
    day_of,
    hours_of,
    probed_of,
    reports_of,
)
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.picture import Picture, picture_at
from cautery.workflows.operation.plan_day import day_steps
from cautery.workflows.operation.table import able_countries

RECUT_TIME_S = 10.0
"""What choosing the cut anew may take while everybody waits: by judgement."""

SERVED_AT_MOST = 0.05
"""The goal when a cut is chosen anew: served <= 5 % (docs/reference/sources.md, F48)."""

ON_THE_WAY = timedelta(minutes=30)
"""What a team needs to get to a place that was not in the plan: by judgement."""

_DAY_RESTS_ON = (DayPlan, StepReport, CriterionAnswer)

_NEVER = (((), 1),)
"""A need that nothing meets: a node with it is down."""


class RunningDay:
    """A day in progress: hear a report, get the board.

    Parameters
    ----------
    desk : Desk or None
        Where reports and re-planned days are recorded; ``None`` records nothing (a rehearsal).
    nodes : sequence of Node
        The supply, as the picture has it.
    graph, acts
        The picture's graph and what may be done; without them nothing new is chosen.
    served_at_most : float
        The goal of the cut.
    since : int or None
        Size of the ledger when the day was read: what others reported or planned since then raises
        ConflictError; ``None``: it is not asked.
    """

    def __init__(
        self,
        day: DayPlan,
        operation: Operation,
        *,
        nodes: Sequence[Node],
        desk: Desk | None = None,
        graph: SupplyGraph | None = None,
        acts: Sequence[Act] = (),
        served_at_most: float = 0.0,
        collateral_budget: int = 0,
        hours: Hours | None = None,
        reports: Iterable[StepReport] = (),
        answers: Iterable[CriterionAnswer] = (),
        confirmed: Collection[str] = (),
        since: int | None = None,
    ) -> None:
        self._day, self._operation, self._desk = day, operation, desk
        self._nodes, self._graph, self._acts = nodes, graph, acts
        self._supply = Supply(nodes)
        self._goal, self._budget, self._hours = served_at_most, collateral_budget, hours
        self._reports = list(reports)
        self._answers = list(answers)
        self._confirmed = set(confirmed)
        self._since = since
        self._shares: dict[frozenset[str], float] = {}

    @property
    def day(self) -> DayPlan:
        """The plan as it stands."""
        return self._day

    @property
    def reports(self) -> tuple[StepReport, ...]:
        """Every report so far."""
        return tuple(self._reports)

    def board(self, now: datetime, note: str = "") -> BoardView:
        """Return the board at a moment."""
        return Board.of(
            self._day,
            self._reports,
            now,
            self._served,
            answers=self._answers,
            confirmed=self._confirmed,
            note=note,
        )

    def answer(self, given: CriterionAnswer) -> None:
        """Take the answer to a criterion.

        Raises
        ------
        InputError
            If it is none of the day's.
        """
        if given.criterion not in {criterion.id for criterion in self._day.criteria}:
            raise InputError(f"this day has no criterion {given.criterion!r}")
        self._answers.append(given)
        self._record(given, given.at)

    def probe(self, nodes: Collection[str], *, at: datetime) -> None:
        """Take what our probes saw dark."""
        known_nodes = {node.id for node in self._nodes}
        fresh = {node for node in nodes if node in known_nodes} - self._confirmed
        self._confirmed |= fresh
        if fresh:
            self._record(NodesProbedDark(dark=tuple(sorted(fresh))), at)

    def hear(self, report: StepReport, *, replacements: Sequence[Step] | None = None) -> BoardView:
        """Record a report, re-plan if its step failed, and return the board at its time.

        Raises
        ------
        InputError
            If the report is of no step of the day, or of one that is dropped.
        """
        if report.step not in {step.step.id for step in self._day.steps}:
            dropped = next((row for row in self._day.dropped if row.step.id == report.step), None)
            if dropped is None:
                raise InputError(f"the report is for step {report.step!r}, which is not in the day")
            raise InputError(f"step {report.step} was taken out of the day: {say(dropped.why)}")
        self._record(report, report.at)
        self._reports.append(report)
        return self.mend(report, replacements=replacements)

    def mend(self, report: StepReport, *, replacements: Sequence[Step] | None = None) -> BoardView:
        """Plan again if a report that is recorded says that its step failed; return the board."""
        note = ""
        if report.state is StepState.FAILED:
            note = self._mend(report, replacements)
        return self.board(report.at, note)

    def late(self, now: datetime) -> BoardView:
        """Re-time what waits for late steps, and return the board."""
        self._day = self._replanned({}, now)
        self._record(self._day, now)
        return self.board(now)

    def _mend(self, report: StepReport, replacements: Sequence[Step] | None) -> str:
        failed = next(step.step for step in self._day.steps if step.step.id == report.step)
        note = ""
        if replacements is None and failed.removes:
            offered = alternatives(failed, self._day, self._operation, now=report.at)
            if not offered:
                replacements, note = self._cut_anew(failed)
        offer = {} if replacements is None else {failed.id: replacements}
        try:
            self._day = self._replanned(offer, report.at)
        except InputError as error:
            if replacements is None:
                raise
            self._day = self._replanned({failed.id: ()}, report.at)
            note = f"the substitute offered for {failed.id} breaks a rule: {error}"
        self._record(self._day, report.at)
        stands = [step.step.id for step in self._day.steps if step.replaces == failed.id]
        if stands:
            return f"{failed.id} failed; replaced by: {', '.join(stands)}" + (
                f" ({note})" if note else ""
            )
        return f"{failed.id} failed and cannot be replaced" + (f": {note}" if note else "")

    def _replanned(self, offer: Mapping[str, Sequence[Step]], now: datetime) -> DayPlan:
        return replan(
            self._day,
            self._reports,
            offer,
            now=now,
            operation=self._operation,
            hours=self._hours,
        )

    def remaining(self, *, without: Collection[str] = ()) -> Cut | None:
        """Choose the cut anew on what is still up; ``None`` if no acts were given.

        Parameters
        ----------
        without : collection of str
            Nodes on which no act is tried again, besides those of dropped steps.
        """
        if not self._acts:
            return None
        down = self._down() | self._under_way()
        failed = {node for row in self._day.dropped for node in row.step.removes} | set(without)
        usable = [
            replace(act, allowed=False, why=message("act.failed-on-day"))
            if act.allowed and failed & set(act.nodes)
            else act
            for act in self._acts
            if not set(act.nodes) <= down
        ]
        nodes = [replace(node, groups=_NEVER) if node.id in down else node for node in self._nodes]
        return cut(
            nodes,
            usable,
            served_at_most=self._goal,
            collateral_budget=self._budget,
            time_limit_s=RECUT_TIME_S,
        )

    def _cut_anew(self, failed: Step) -> tuple[Sequence[Step], str]:
        try:
            new_cut = self.remaining(without=failed.removes)
        except CauteryError as error:
            return (), str(error)
        if new_cut is None or self._graph is None:
            return (), "no other act is known"
        left = f"{new_cut.served_after:.1%} of the known demand is still served"
        if not new_cut.chosen:
            if new_cut.reached:
                return (), f"the goal is met without a substitute: {left}"
            return (), f"no further act is possible: {left}"
        day = day_steps(
            self._graph,
            new_cut.chosen,
            self._operation,
            co_tenants=self._day.co_tenants,
            announce=False,
        )
        known_ids = {row.step.id for row in (*self._day.steps, *self._day.dropped)}
        targets = {step.step.target for step in self._day.steps}
        fresh = [
            replace(step, after=frozenset(), tips_off=frozenset())
            for step in day.steps
            if step.id not in known_ids and step.target not in targets
        ]
        if not fresh:
            return (), f"no further act is allowed: {left}"
        return [
            _on_the_way(step) for step in fresh
        ], f"substitutes from a new cut: {len(new_cut.chosen)} acts, {left}"

    def _down(self) -> frozenset[str]:
        """Return what steps reported done have removed."""
        latest = {
            report.step: report.state
            for report in sorted(self._reports, key=lambda report: report.at)
        }
        return frozenset(
            node
            for row in (*self._day.steps, *self._day.dropped)
            if latest.get(row.step.id) is StepState.DONE
            for node in row.step.removes
        )

    def _under_way(self) -> frozenset[str]:
        """Return what steps that are still in the day will remove."""
        latest = {
            report.step: report.state
            for report in sorted(self._reports, key=lambda report: report.at)
        }
        return frozenset(
            node
            for step in self._day.steps
            if latest.get(step.step.id) is not StepState.FAILED
            for node in step.step.removes
        )

    def _served(self, dark: frozenset[str]) -> float:
        if dark not in self._shares:
            self._shares[dark] = self._supply.served(dark)
        return self._shares[dark]

    def _record(self, content: object, at: datetime) -> None:
        if self._desk is None:
            return
        if self._since is None:
            self._desk.record(content, at=at)
            return
        entry = self._desk.record(
            content, at=at, if_unchanged_since=self._since, unless=_DAY_RESTS_ON
        )
        self._since = entry.index + 1


def _on_the_way(step: Step) -> Step:
    """Return a step that nobody stands ready for with the time to get there."""
    return replace(step, preparation=max(step.preparation, ON_THE_WAY))


def run_day(
    running: RunningDay,
    reports: Iterable[StepReport],
    *,
    replacements: Callable[[Step], Sequence[Step] | None] | None = None,
) -> Iterator[BoardView]:
    """Yield the board after each report, in the order in which they come.

    Parameters
    ----------
    reports : iterable of StepReport
        As they come in: a replay's clock runs in whoever makes them.
    replacements : callable, optional
        Asked for what is done in a failed step's place; ``None``: let the day decide.

    Raises
    ------
    InputError
        As :meth:`RunningDay.hear`.
    """
    for report in reports:
        offered = None
        if replacements is not None and report.state is StepState.FAILED:
            failed = next(
                (step.step for step in running.day.steps if step.step.id == report.step), None
            )
            offered = None if failed is None else replacements(failed)
        yield running.hear(report, replacements=offered)


def running_day(
    desk: Desk,
    *,
    seen: Picture | None = None,
    served_at_most: float = SERVED_AT_MOST,
    alone: bool = False,
) -> tuple[RunningDay, Picture]:
    """Take up the day where a case left it; return the picture that it is judged by, too.

    Parameters
    ----------
    seen : Picture or None
        The picture if it is at hand; joining it anew takes a second at full size.
    alone : bool
        What others record on the day from now on raises ConflictError when this one records.

    Raises
    ------
    InputError
        If no day is planned in it.
    """
    since = desk.size() if alone else None  # before anything is read
    day = day_of(desk)
    seen = picture_at(desk) if seen is None else seen
    running = RunningDay(
        day,
        desk.operation,
        nodes=seen.nodes,
        desk=desk,
        graph=seen.graph,
        acts=seen.acts(countries=able_countries(desk.operation)),
        served_at_most=served_at_most,
        hours=hours_of(desk),
        reports=reports_of(desk),
        answers=answers_of(desk),
        confirmed=probed_of(desk),
        since=since,
    )
    return running, seen
