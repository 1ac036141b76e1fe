"""The service of a season: look, plan, start, restart and close, until the mandate's window ends.

Nothing is known to it alone. What was watched stands in the cases; who is at work is told by locks
that the processes hold; the board says what the calendars listed before. So a service that was
killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cautery.errors import CauteryError, InputError, StorageError
from cautery.messages import tr, word
from cautery.model.records import WatchDied
from cautery.model.season import (
    Ended,
    FixtureRow,
    FixtureState,
    FixtureWhy,
    SeasonBoard,
    SeasonFixture,
    case_name,
)
from cautery.workflows.season.plan import (
    LEAD,
    RAN_WELL,
    CaseSeen,
    Do,
    Planned,
    Terms,
    plan,
    wait_of,
)
from cautery.workflows.season.ports import (
    BoardPlace,
    CaseFacts,
    Reading,
    SeasonCases,
    SeasonMandate,
    SeasonProcesses,
)

LOOK_S = 2.0
"""A person who waits for a restart notices five seconds. Judgement."""
WRITTEN_S = 30.0
"""The board says at least so often that the service lives."""
_OVER = frozenset(
    {FixtureState.CLOSED, FixtureState.MISSED, FixtureState.REFUSED, FixtureState.LEFT_OPEN}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonPorts:
    """The world as a season meets it. ``say`` is told each line of the service's own board."""

    mandate: SeasonMandate
    cases: SeasonCases
    processes: SeasonProcesses
    place: BoardPlace
    now: Callable[[], datetime]
    say: Callable[[str], None]


class Season:
    """One season.

    Parameters
    ----------
    most : int
        Most watches at once.
    lead : timedelta
        How long before a fixture's window its watch is started.
    """

    def __init__(self, ports: SeasonPorts, *, most: int, lead: timedelta = LEAD) -> None:
        self._ports = ports
        self._most = most
        self._lead = lead
        self._board = ports.place.load()
        self._rows = {} if self._board is None else {row.case: row for row in self._board.rows}
        self._lines: dict[str, str] = {}
        self._problems: tuple[str, ...] = ()
        self._saved: SeasonBoard | None = None
        self._at_work = {
            row.case for row in self._rows.values() if row.state is FixtureState.RUNNING
        }
        self._stopping: set[str] = set()
        self._settled: dict[str, CaseFacts] = {}

    async def run(self) -> SeasonBoard:
        """Look again and again until the season is over; return its board then."""
        while True:
            board = await self.look()
            over = all(row.state in _OVER for row in board.rows)
            if over and board.window.end <= board.at:
                return board
            await self._ports.processes.wait(LOOK_S)

    async def look(self) -> SeasonBoard:
        """Look once, and do what is due."""
        ports = self._ports
        reading = await ports.mandate.read()
        self._require_same(reading)
        fixtures, listed = self._fixtures(reading)
        # Who ended is asked first: what stands in the cases is then not older than that.
        ended = list(ports.processes.ended())
        at_work = {
            name: closing
            for name, _ in fixtures
            if (closing := ports.processes.at_work(name)) is not None
        }
        now = ports.now()
        facts = {
            name: self._facts(name, fixture, name in at_work, reading, now)
            for name, fixture in fixtures
        }
        self._hear_ended(ended, at_work, facts, dict(fixtures), reading, now=now)
        cases = {name: self._seen(name, facts[name], at_work.get(name)) for name, _ in fixtures}
        hold = reading.hold
        if hold is None and not ports.cases.has_room():
            hold = FixtureWhy.NO_ROOM
        planned = plan(
            fixtures,
            now=now,
            terms=Terms(window=reading.mandate.window, lead=self._lead, most=self._most, hold=hold),
            allowed=reading.approvals.allow,
            listed=listed,
            cases=cases,
        )
        # What is done stands on the board before it is done, and whoever is killed in between has
        # begun nothing that the next look would not begin.
        rows = tuple(self._row(step, facts[step.case], reading) for step in planned)
        board = SeasonBoard(
            mandate=reading.mandate.id,
            who=reading.mandate.who,
            window=reading.mandate.window,
            at=now,
            most=self._most,
            hold=hold,
            calendar_broken=reading.calendar_broken,
            rows=rows,
        )
        self._keep(board, reading)
        for step in planned:
            try:
                await self._do(step)
            except CauteryError as error:  # one that cannot be started holds up no other
                self._say_once(f"do {step.case}", str(error))
        return board

    def _require_same(self, reading: Reading) -> None:
        if self._board is not None and self._board.mandate != reading.mandate.id:
            raise InputError(
                f"the season's board is of the mandate {self._board.mandate}, and this is "
                f"{reading.mandate.id}",
                hint="Give each mandate a folder of its own: --state.",
            )

    def _fixtures(self, reading: Reading) -> tuple[list[tuple[str, SeasonFixture]], frozenset[str]]:
        """Return what the calendars list, then what they listed before and is not forgotten.

        One that nobody approved, and that no calendar lists any more, was never of the season.
        """
        mandate = reading.mandate.id
        fixtures = [(case_name(mandate, fixture), fixture) for fixture in reading.fixtures]
        listed = frozenset(name for name, _ in fixtures)
        fixtures += [
            (name, row.fixture)
            for name, row in self._rows.items()
            if name not in listed and (row.begun or reading.approvals.allow(row.fixture))
        ]
        return fixtures, listed

    def _facts(
        self,
        name: str,
        fixture: SeasonFixture,
        is_at_work: bool,  # noqa: FBT001 - one caller
        reading: Reading,
        now: datetime,
    ) -> CaseFacts:
        """Return what a fixture's case says; what can say nothing new is not asked again."""
        if name in self._settled:
            return self._settled[name]
        row = self._rows.get(name)
        starts = fixture.watched.start - self._lead - timedelta(seconds=WRITTEN_S)
        if not is_at_work and (row is None or not row.begun) and now < starts:
            return CaseFacts(begun=False)
        over = not is_at_work and fixture.watched.end <= now
        facts = self._ports.cases.facts(name, over=over and reading.mandate.keep_open)
        if facts.closed or (over and not facts.begun):
            self._settled[name] = facts
        return facts

    def _hear_ended(
        self,
        ended: list[Ended],
        at_work: Collection[str],
        facts: dict[str, CaseFacts],
        fixtures: Mapping[str, SeasonFixture],
        reading: Reading,
        *,
        now: datetime,
    ) -> None:
        """Take up which processes ended, and record those that should not have."""
        # Of a watch that an earlier service started, nobody is told how it ended.
        orphans = self._at_work - set(at_work) - {process.case for process in ended}
        ended += [Ended(case=name, closing=False, ran_s=0.0) for name in sorted(orphans)]
        self._at_work = set(at_work)
        for process in ended:
            name = process.case
            if name in self._stopping:
                self._stopping.discard(name)
            elif name in facts:
                facts[name] = self._died(process, facts[name], fixtures, reading, now)

    def _died(
        self,
        ended: Ended,
        facts: CaseFacts,
        fixtures: Mapping[str, SeasonFixture],
        reading: Reading,
        now: datetime,
    ) -> CaseFacts:
        unseen = ended.exit_code is None and ended.signal is None
        if facts.closed or facts.left_open or (unseen and facts.stopped):
            return facts
        fixture = fixtures[ended.case]
        row = self._rows.get(ended.case)
        before = 0 if row is None or ended.ran_s >= RAN_WELL.total_seconds() else row.deaths
        deaths = before + 1
        again_at = now + wait_of(deaths)
        if row is not None:
            self._rows[ended.case] = replace(row, deaths=deaths, died_at=now)
        end = min(fixture.watched.end, reading.mandate.window.end)
        if ended.closing or now >= end:
            self._ports.say(tr("%(case)s: closing it failed", case=ended.case))
            return facts
        restarts = facts.restarts + 1
        self._ports.say(
            tr(
                "%(case)s: its watch died (%(how)s) and is started again at %(time)s",
                case=ended.case,
                how=_how(ended),
                time=f"{again_at:%H:%M:%SZ}",
            )
        )
        if not facts.begun:
            return facts
        died = WatchDied(
            at=now,
            exit_code=ended.exit_code,
            signal=ended.signal,
            deaths=restarts,
            again_at=again_at,
        )
        try:
            self._ports.cases.record(ended.case, died)
        except CauteryError as error:  # a full disk: the watch is started again all the same
            self._ports.say(f"{ended.case}: {error}")
        return replace(facts, restarts=restarts)

    def _seen(self, name: str, facts: CaseFacts, closing: bool | None) -> CaseSeen:  # noqa: FBT001
        row = self._rows.get(name)
        return CaseSeen(
            begun=facts.begun,
            closed=facts.closed,
            left_open=facts.left_open,
            running=closing is not None,
            closing=bool(closing),
            died_at=None if row is None else row.died_at,
            deaths=0 if row is None else row.deaths,
        )

    def _row(self, planned: Planned, facts: CaseFacts, reading: Reading) -> FixtureRow:
        before = self._rows.get(planned.case)
        approvals = reading.approvals.of(planned.fixture)
        approved_at = approvals[-1].fixture.kick_off if approvals else planned.fixture.kick_off
        return FixtureRow(
            fixture=planned.fixture,
            case=planned.case,
            state=planned.state,
            why=planned.why,
            at=planned.at,
            begun=facts.begun or planned.do is Do.START,
            restarts=facts.restarts,
            deaths=0 if before is None else before.deaths,
            died_at=None if before is None else before.died_at,
            late_s=facts.late_s if planned.state is FixtureState.RUNNING else None,
            allowed_by=tuple(dict.fromkeys(approval.approval.approver for approval in approvals)),
            moved_from=None if approved_at == planned.fixture.kick_off else approved_at,
        )

    def _keep(self, board: SeasonBoard, reading: Reading) -> None:
        """Say what changed, and write the board if it says something new or is old."""
        for problem in reading.problems:
            if problem not in self._problems:
                self._ports.say(problem)
        self._problems = reading.problems
        for row in board.rows:
            line = _words(row)
            before = self._rows.get(row.case)
            if before is not None and before.fixture.kick_off != row.fixture.kick_off:
                self._ports.say(
                    tr(
                        "%(name)s: moved from %(old)s to %(new)s",
                        name=row.fixture.name,
                        old=f"{before.fixture.kick_off:%Y-%m-%d %H:%MZ}",
                        new=f"{row.fixture.kick_off:%Y-%m-%d %H:%MZ}",
                    )
                )
            self._say_once(row.case, f"{row.fixture.name}: {line}")
        self._board = board
        self._rows = {row.case: row for row in board.rows}
        saved = self._saved
        if (
            saved is not None
            and replace(board, at=saved.at) == saved
            and timedelta() <= board.at - saved.at < timedelta(seconds=WRITTEN_S)
        ):
            return
        try:
            self._ports.place.save(board)
            self._saved = board
        except StorageError as error:  # a full disk: what stands in the cases is enough to go on
            self._say_once("board", str(error))

    def _say_once(self, about: str, text: str) -> None:
        if self._lines.get(about) != text:
            self._lines[about] = text
            self._ports.say(text)

    async def _do(self, planned: Planned) -> None:
        processes = self._ports.processes
        match planned.do:
            case Do.START:
                self._settled.pop(planned.case, None)
                await processes.watch(planned.case, planned.fixture)
            case Do.CLOSE:
                await processes.close(planned.case)
            case Do.STOP:
                self._stopping.add(planned.case)
                processes.stop(planned.case)
            case None:
                pass


def _how(ended: Ended) -> str:
    how = _code(ended)
    return f"{how}: {ended.last_line}" if ended.last_line else how


def _code(ended: Ended) -> str:
    if ended.signal is not None:
        return tr("signal %(number)s", number=str(ended.signal))
    if ended.exit_code is not None:
        return tr("exit code %(number)s", number=str(ended.exit_code))
    return tr("nobody saw how")


def _words(row: FixtureRow) -> str:
    parts = [word(row.state)]
    if row.why is not None:
        parts.append(word(row.why))
    if row.at is not None and row.state in (
        FixtureState.PLANNED,
        FixtureState.WAITS_FOR_APPROVAL,
        FixtureState.STARTS_AGAIN,
    ):
        parts.append(tr("starts at %(time)s", time=f"{row.at:%Y-%m-%d %H:%M:%SZ}"))
    return ", ".join(parts)
