"""The service of a season over false cases and processes: what it starts, restarts and says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from cautery.errors import InputError, StorageError
from cautery.model import Channel, Mandate, Regime, Window
from cautery.model.records import WatchDied
from cautery.model.season import (
    Ended,
    FixtureRow,
    FixtureState,
    FixtureWhy,
    SeasonBoard,
    SeasonFixture,
)
from cautery.workflows.mandate.fixture_approvals import FixtureApprovals
from cautery.workflows.season.ports import CaseFacts, Reading
from cautery.workflows.season.run import Season, SeasonPorts

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MANDATE = Mandate(
    id="league",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON - 100 * HOUR, end=NOON + 100 * HOUR),
    territories=("DE",),
    channels=(Channel(id="sport", names=("Sport",), legal_basis="rights"),),
)


def match(id: str = "md1", *, hours: float = 0, name: str = "") -> SeasonFixture:
    kick_off = NOON + hours * HOUR
    return SeasonFixture(
        id=id,
        name=name or f"match {id}",
        kick_off=kick_off,
        watched=Window(start=kick_off - HOUR / 2, end=kick_off + 2 * HOUR),
        legal_basis="right",
    )


@dataclass
class House:
    """A mandate, its cases, its processes and its board, in memory."""

    fixtures: list[SeasonFixture]
    unapproved: set[str] = field(default_factory=set)
    hold: FixtureWhy | None = None
    broken: bool = False
    now: datetime = NOON
    begun: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    at: dict[str, bool] = field(default_factory=dict)
    over: list[Ended] = field(default_factory=list)
    died: list[tuple[str, WatchDied]] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    board: SeasonBoard | None = None
    full: bool = False
    room: bool = True
    cannot: str = ""

    def season(self, most: int = 3) -> Season:
        return Season(
            SeasonPorts(
                mandate=self,
                cases=self,
                processes=self,
                place=self,
                now=lambda: self.now,
                say=self.said.append,
            ),
            most=most,
        )

    # -- mandate
    async def read(self) -> Reading:
        allowed = frozenset(each.what for each in self.fixtures if each.id not in self.unapproved)
        return Reading(
            mandate=MANDATE,
            fixtures=tuple(self.fixtures),
            approvals=FixtureApprovals(by_file=allowed | self.always),
            hold=self.hold,
            calendar_broken=self.broken,
            problems=("the calendar is broken",) if self.broken else (),
        )

    always: frozenset[tuple[str, str, str]] = frozenset()

    # -- cases
    def facts(self, case: str, *, over: bool) -> CaseFacts:
        return CaseFacts(
            begun=case in self.begun,
            closed=case in self.closed,
            stopped=case in self.stopped,
            restarts=sum(name == case for name, _ in self.died),
        )

    def record(self, case: str, died: WatchDied) -> None:
        if self.full:
            raise StorageError("the disk is full")
        self.died.append((case, died))

    def has_room(self) -> bool:
        return self.room

    # -- processes
    def at_work(self, case: str) -> bool | None:
        return self.at.get(case)

    async def watch(self, case: str, fixture: SeasonFixture) -> bool:
        if fixture.id == self.cannot:
            raise StorageError(f"{fixture.id} cannot be started")
        assert case not in self.at, "two processes at one case"
        self.at[case] = False
        self.begun.add(case)
        self.started.append(fixture.id)
        return True

    async def close(self, case: str) -> bool:
        self.at[case] = True
        return True

    def stop(self, case: str) -> None:
        self.asked.append(case)
        self.end(case)
        self.stopped.add(case)

    def ended(self) -> Sequence[Ended]:
        over, self.over = self.over, []
        return over

    async def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(seconds, 600))

    def end(self, case: str, *, signal: int | None = None, closes: bool = False) -> None:
        closing = self.at.pop(case)
        code = None if signal else 0
        self.over.append(
            Ended(case=case, closing=closing, exit_code=code, signal=signal, ran_s=5.0)
        )
        if closes or closing:
            self.closed.add(case)

    # -- board
    def load(self) -> SeasonBoard | None:
        return self.board

    def save(self, board: SeasonBoard) -> None:
        if self.full:
            raise StorageError("the disk is full")
        self.board = board


async def rows(season: Season) -> dict[str, FixtureRow]:
    return {row.fixture.name: row for row in (await season.look()).rows}


async def test_a_watch_that_dies_is_recorded_said_and_started_again() -> None:
    house = House([match()])
    season = house.season()
    await season.look()
    [case] = house.at
    house.end(case, signal=9)
    house.now += timedelta(seconds=2)
    row = (await rows(season))["match md1"]
    assert (row.state, row.restarts) == (FixtureState.STARTS_AGAIN, 1)
    [(_, died)] = house.died
    assert (died.signal, died.exit_code, died.again_at) == (9, None, house.now + HOUR / 3600)
    assert any("its watch died (signal 9)" in text for text in house.said)
    house.now += timedelta(seconds=2)
    await season.look()
    assert house.started == ["md1", "md1"]


async def test_deaths_come_at_longer_and_longer_intervals() -> None:
    house = House([match()])
    season = house.season()
    waits = []
    for _ in range(5):
        await season.look()
        [case] = house.at
        house.end(case, signal=9)
        await season.look()
        died = house.died[-1][1]
        waits.append((died.again_at - died.at).total_seconds())
        house.now = died.again_at
    assert waits == [1, 2, 4, 8, 16]


async def test_a_killed_service_goes_on_and_starts_nothing_twice() -> None:
    house = House([match("a"), match("b")])
    await house.season().look()
    assert sorted(house.started) == ["a", "b"]
    again = house.season()  # the first one was killed; its watches are not
    await again.look()
    await again.look()
    assert sorted(house.started) == ["a", "b"]
    assert house.died == []


async def test_a_watch_that_died_while_no_service_ran_is_recorded() -> None:
    house = House([match()])
    await house.season().look()
    [case] = house.at
    del house.at[case]  # a power cut: nobody saw how
    house.now += timedelta(seconds=5)
    await house.season().look()
    [(_, died)] = house.died
    assert (died.exit_code, died.signal) == (None, None)


async def test_a_watch_that_was_stopped_with_its_service_did_not_die() -> None:
    house = House([match()])
    await house.season().look()
    [case] = house.at
    del house.at[case]
    house.stopped.add(case)
    await house.season().look()
    assert house.died == []
    assert house.started == ["md1", "md1"]


async def test_a_service_that_lost_its_board_finds_all_in_the_cases() -> None:
    house = House([match("a"), match("b", hours=-20)])
    await house.season().look()
    for case in list(house.at):
        house.end(case, closes=True)
    house.board = None
    found = await rows(house.season())
    assert found["match a"].state is FixtureState.CLOSED
    assert house.started == ["a"]


@pytest.mark.parametrize("kill_after", range(6))
async def test_killed_at_any_look_a_season_ends_with_each_case_closed_once(
    kill_after: int,
) -> None:
    house = House([match("a"), match("b", hours=0.2), match("c", hours=5)])
    season, looks = house.season(most=2), 0
    while house.now < MANDATE.window.end:
        board = await season.look()
        if looks == kill_after:
            season = house.season(most=2)
        looks += 1
        for row in board.rows:
            if row.case in house.at and (
                house.at[row.case] or row.fixture.watched.end <= house.now
            ):
                house.end(row.case, closes=True)
        await house.wait(1800)
    assert sorted(house.started) == ["a", "b", "c"]
    assert len(house.closed) == 3


async def test_a_fixture_that_appears_later_waits_for_approval_and_then_starts() -> None:
    house = House([match("a")])
    season = house.season()
    await season.look()
    house.fixtures.append(match("b"))
    house.unapproved.add("b")
    assert (await rows(season))["match b"].state is FixtureState.WAITS_FOR_APPROVAL
    assert house.started == ["a"]
    house.unapproved.clear()
    await season.look()
    assert house.started == ["a", "b"]


async def test_a_fixture_that_is_moved_is_followed_and_it_is_said() -> None:
    house = House([match(hours=10)])
    season = house.season()
    first = (await rows(season))["match md1"]
    house.fixtures = [match(hours=12)]
    moved = (await rows(season))["match md1"]
    assert moved.case == first.case
    assert moved.at == first.at + 2 * HOUR  # type: ignore[operator]
    assert any("moved from 2026-11-28 22:00Z to 2026-11-29 00:00Z" in text for text in house.said)


async def test_a_fixture_that_was_called_off_stays_on_the_board() -> None:
    house = House([match(hours=10)])
    house.always = frozenset({match().what})
    season = house.season()
    await season.look()
    house.fixtures = []
    row = (await rows(season))["match md1"]
    assert (row.state, row.why) == (FixtureState.REFUSED, FixtureWhy.CALLED_OFF)


async def test_a_hostile_calendar_that_lists_others_each_time_leaves_nothing_behind() -> None:
    house = House([match("a")])
    season = house.season()
    for number in range(20):
        house.fixtures = [match("a"), match(f"x{number}", hours=5)]
        house.unapproved = {f"x{number}"}
        await season.look()
    assert len((await season.look()).rows) == 2


async def test_a_full_disk_starts_nothing_and_ends_nothing_that_runs() -> None:
    house = House([match("a"), match("b", hours=1)])
    season = house.season()
    await season.look()
    house.full, house.room = True, False
    house.now += HOUR
    found = await rows(season)
    assert found["match a"].state is FixtureState.RUNNING
    assert (found["match b"].state, found["match b"].why) == (
        FixtureState.WAITS_FOR_PLACE,
        FixtureWhy.NO_ROOM,
    )
    await season.look()
    assert house.said.count("the disk is full") == 1
    [case] = house.at
    house.end(case, signal=9)
    await season.look()  # its death cannot be written down
    house.full, house.room = False, True
    house.now += timedelta(seconds=10)
    await season.look()
    assert sorted(house.started) == ["a", "a", "b"]


async def test_a_watch_that_cannot_be_started_holds_up_no_other() -> None:
    house = House([match("a"), match("b")], cannot="a")
    season = house.season()
    await season.look()
    await season.look()
    assert house.started == ["b"]
    assert house.said.count("a cannot be started") == 1


async def test_a_withdrawn_mandate_stops_and_closes_all() -> None:
    house = House([match("a"), match("b", hours=30)])
    season = house.season()
    await season.look()
    house.hold = FixtureWhy.WITHDRAWN
    await season.look()
    assert len(house.asked) == 1
    await season.look()
    [case] = house.at
    assert house.at[case], "its case is being closed"
    house.end(case)
    found = await rows(season)
    assert found["match a"].state is FixtureState.CLOSED
    assert (found["match b"].state, found["match b"].why) == (
        FixtureState.REFUSED,
        FixtureWhy.WITHDRAWN,
    )
    assert house.died == []


async def test_a_broken_calendar_is_said_once_and_on_the_board() -> None:
    house = House([match()], broken=True)
    season = house.season()
    await season.look()
    board = await season.look()
    assert board.calendar_broken
    assert house.said.count("the calendar is broken") == 1


async def test_a_season_ends_when_its_mandates_window_has() -> None:
    house = House([match("a", hours=-50)])
    house.now = MANDATE.window.end - HOUR
    board = await house.season().run()
    assert [row.state for row in board.rows] == [FixtureState.MISSED]
    assert house.now >= MANDATE.window.end


async def test_the_folder_of_another_mandates_season_is_refused() -> None:
    house = House([match()])
    await house.season().look()
    assert house.board is not None
    house.board = replace(house.board, mandate="another")
    with pytest.raises(InputError, match="of the mandate another"):
        await house.season().look()
