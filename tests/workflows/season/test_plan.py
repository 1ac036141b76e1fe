"""What a season does next, and the laws that hold of it whatever its calendars and cases say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.model import Window
from cautery.model.season import FixtureState, FixtureWhy, SeasonFixture, case_name
from cautery.workflows.season.plan import (
    LONGEST_WAIT,
    CaseSeen,
    Do,
    Planned,
    Terms,
    plan,
    wait_of,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEASON = Window(start=NOON - 100 * HOUR, end=NOON + 100 * HOUR)


def match(id: str = "md1", *, hours: float = 0, name: str = "", lasts: float = 2) -> SeasonFixture:
    kick_off = NOON + hours * HOUR
    return SeasonFixture(
        id=id,
        name=name or f"match {id}",
        kick_off=kick_off,
        watched=Window(start=kick_off - HOUR / 2, end=kick_off + lasts * HOUR),
        legal_basis="right",
    )


def named(*fixtures: SeasonFixture) -> list[tuple[str, SeasonFixture]]:
    return [(case_name("league", each), each) for each in fixtures]


def planned(
    *fixtures: SeasonFixture,
    at: float = 0,
    allowed: bool = True,
    listed: bool = True,
    most: int = 5,
    hold: FixtureWhy | None = None,
    **cases: CaseSeen,
) -> tuple[Planned, ...]:
    names = named(*fixtures)
    return plan(
        names,
        now=NOON + at * HOUR,
        terms=Terms(window=SEASON, most=most, hold=hold),
        allowed=lambda _: allowed,
        listed=[name for name, _ in names] if listed else [],
        cases={name: cases[each.id] for name, each in names if each.id in cases},
    )


def one(*fixtures: SeasonFixture, **given: object) -> Planned:
    [row] = planned(*fixtures, **given)  # type: ignore[arg-type]
    return row


def test_a_fixture_starts_a_lead_time_before_its_window() -> None:
    assert one(match(hours=2)).at == NOON + 1.5 * HOUR - timedelta(minutes=10)
    assert one(match(hours=2), at=1.3).do is None
    assert one(match(hours=2), at=1.34).do is Do.START


def test_a_fixture_that_nobody_approved_waits_also_when_it_is_on() -> None:
    row = one(match(), allowed=False)
    assert (row.state, row.do) == (FixtureState.WAITS_FOR_APPROVAL, None)


def test_a_fixture_outside_the_mandates_window_is_refused() -> None:
    row = one(match(hours=200))
    assert (row.state, row.why) == (FixtureState.REFUSED, FixtureWhy.OUTSIDE_WINDOW)
    edge = one(match(hours=100.2))  # its shows before the match are in the window, it is not
    assert (edge.state, edge.why) == (FixtureState.REFUSED, FixtureWhy.OUTSIDE_WINDOW)


def test_a_calendar_that_states_a_week_for_one_match_is_refused() -> None:
    row = one(match(lasts=90))
    assert (row.state, row.why) == (FixtureState.REFUSED, FixtureWhy.TOO_LONG)


def test_two_fixtures_of_one_id_are_both_refused() -> None:
    rows = planned(match(name="A v B"), match(name="C v D"))
    assert {row.why for row in rows} == {FixtureWhy.TWICE}
    assert not any(row.do for row in rows)


def test_a_second_fixture_with_the_id_of_one_that_runs_does_not_stop_it() -> None:
    first, second = named(match(name="A v B"), match(name="C v D"))
    rows = plan(
        [first, second],
        now=NOON,
        terms=Terms(window=SEASON, most=5),
        allowed=lambda _: True,
        listed=[first[0], second[0]],
        cases={first[0]: CaseSeen(begun=True, running=True)},
    )
    assert {row.fixture.name: row.state for row in rows} == {
        "A v B": FixtureState.RUNNING,
        "C v D": FixtureState.REFUSED,
    }


def test_a_watch_that_died_starts_again_after_its_wait() -> None:
    died = CaseSeen(begun=True, died_at=NOON, deaths=3)
    waits = one(match(), at=0, md1=died)
    assert (waits.state, waits.at) == (FixtureState.STARTS_AGAIN, NOON + timedelta(seconds=4))
    assert one(match(), at=0.01, md1=died).do is Do.START


def test_a_clock_that_is_set_back_makes_no_wait_longer() -> None:
    died = CaseSeen(begun=True, died_at=NOON + 5 * HOUR, deaths=9)
    assert one(match(), md1=died).do is Do.START


def test_a_clock_that_jumps_past_the_window_closes_the_case() -> None:
    row = one(match(), at=50, md1=CaseSeen(begun=True))
    assert (row.state, row.do) == (FixtureState.CLOSING, Do.CLOSE)


def test_a_closed_case_stays_closed_whatever_the_clock_says() -> None:
    for at in (-50, 0, 50):
        row = one(match(), at=at, md1=CaseSeen(begun=True, closed=True))
        assert (row.state, row.do) == (FixtureState.CLOSED, None)


def test_a_case_that_waits_for_notices_is_left_to_people() -> None:
    row = one(match(), at=5, md1=CaseSeen(begun=True, left_open=True))
    assert (row.state, row.do) == (FixtureState.LEFT_OPEN, None)


def test_a_window_that_passed_without_a_watch_is_missed() -> None:
    assert one(match(), at=5).state is FixtureState.MISSED


def test_a_watch_writes_its_report_in_peace_and_is_stopped_an_hour_later() -> None:
    runs = CaseSeen(begun=True, running=True)
    assert one(match(), at=2.5, md1=runs).do is None
    assert one(match(), at=3.5, md1=runs).do is Do.STOP
    assert one(match(), at=9, md1=CaseSeen(begun=True, running=True, closing=True)).do is None


def test_a_fixture_that_is_called_off_before_its_window_is_not_watched() -> None:
    row = one(match(hours=2), listed=False)
    assert (row.state, row.why, row.do) == (FixtureState.REFUSED, FixtureWhy.CALLED_OFF, None)
    started_early = CaseSeen(begun=True, running=True)
    assert one(match(hours=2), at=1.4, listed=False, md1=started_early).do is Do.STOP


def test_a_fixture_that_is_called_off_in_its_window_is_watched_to_its_end() -> None:
    row = one(match(), listed=False, md1=CaseSeen(begun=True, running=True))
    assert (row.state, row.do) == (FixtureState.RUNNING, None)
    assert one(match(), listed=False, md1=CaseSeen(begun=True)).do is Do.START


def test_a_mandate_that_is_withdrawn_stops_what_runs_and_then_closes_it() -> None:
    stopped = one(match(), hold=FixtureWhy.WITHDRAWN, md1=CaseSeen(begun=True, running=True))
    assert (stopped.do, stopped.why) == (Do.STOP, FixtureWhy.WITHDRAWN)
    assert one(match(), hold=FixtureWhy.WITHDRAWN, md1=CaseSeen(begun=True)).do is Do.CLOSE
    assert one(match(), hold=FixtureWhy.WITHDRAWN).state is FixtureState.REFUSED


def test_a_mandate_that_cannot_be_read_lets_run_what_runs_and_starts_nothing() -> None:
    for why in (FixtureWhy.BROKEN, FixtureWhy.NO_ROOM):
        runs = one(match(), hold=why, md1=CaseSeen(begun=True, running=True))
        assert (runs.state, runs.do) == (FixtureState.RUNNING, None)
        waits = one(match(), hold=why)
        assert (waits.state, waits.why, waits.do) == (FixtureState.WAITS_FOR_PLACE, why, None)


def test_more_fixtures_than_places_wait_and_those_that_were_begun_come_first() -> None:
    rows = planned(
        match("a"),
        match("b", hours=0.1),
        match("c", hours=0.2),
        most=2,
        a=CaseSeen(begun=True, running=True),
        c=CaseSeen(begun=True),
    )
    assert [(row.fixture.id, row.do) for row in rows] == [("a", None), ("b", None), ("c", Do.START)]
    assert rows[1].why is FixtureWhy.NO_PLACE


def test_cases_are_closed_one_after_the_other() -> None:
    over = CaseSeen(begun=True)
    rows = planned(match("a"), match("b"), at=9, a=over, b=over)
    assert [row.do for row in rows] == [Do.CLOSE, None]


# -- laws ------------------------------------------------------------------------------------------

HOURS = st.floats(-150, 150, allow_nan=False)
FIXTURES = st.lists(
    st.builds(
        match,
        st.sampled_from("abcd"),
        hours=HOURS,
        name=st.sampled_from(("A v B", "C v D")),
        lasts=st.floats(0.1, 60),
    ),
    max_size=8,
)
CASES = st.builds(
    CaseSeen,
    begun=st.booleans(),
    closed=st.booleans(),
    left_open=st.booleans(),
    running=st.booleans(),
    closing=st.booleans(),
    died_at=st.one_of(st.none(), st.builds(lambda hours: NOON + hours * HOUR, HOURS)),
    deaths=st.integers(0, 2_000),
)


@settings(max_examples=400, deadline=None)
@given(
    fixtures=FIXTURES,
    at=HOURS,
    most=st.integers(1, 4),
    hold=st.one_of(st.none(), st.sampled_from(FixtureWhy)),
    approved=st.frozensets(st.sampled_from("abcd")),
    listed=st.frozensets(st.integers(0, 7)),
    cases=st.lists(CASES, min_size=8, max_size=8),
)
def test_no_fixture_starts_twice_none_outside_the_window_none_unapproved_and_no_more_than_fit(
    *,
    fixtures: list[SeasonFixture],
    at: float,
    most: int,
    hold: FixtureWhy | None,
    approved: frozenset[str],
    listed: frozenset[int],
    cases: list[CaseSeen],
) -> None:
    names = named(*fixtures)
    seen = dict(zip((name for name, _ in names), cases, strict=False))
    now = NOON + at * HOUR
    rows = plan(
        names,
        now=now,
        terms=Terms(window=SEASON, most=most, hold=hold),
        allowed=lambda fixture: fixture.id in approved,
        listed=[names[index][0] for index in listed if index < len(names)],
        cases=seen,
    )
    assert Counter(id(row.fixture) for row in rows) == Counter(id(each) for each in fixtures)
    started = [row for row in rows if row.do is Do.START]
    assert max(Counter(row.case for row in started).values(), default=0) <= 1
    running = sum(case.running and not case.closing for case in seen.values())
    assert len(started) <= max(0, most - running)
    new_ids = Counter(row.fixture.id for row in started if not seen[row.case].begun)
    assert max(new_ids.values(), default=0) <= 1
    for row in started:
        case = seen[row.case]
        assert row.fixture.id in approved
        assert hold is None
        assert not case.running
        assert not case.closed
        assert now < row.fixture.watched.end
        assert SEASON.start < row.fixture.watched.end
        assert row.fixture.watched.start < SEASON.end
        assert now < SEASON.end
        if not case.begun:
            assert SEASON.holds(row.fixture.kick_off)
    for row in rows:
        if row.do is not None:
            assert not seen[row.case].closed
    assert sum(row.do is Do.CLOSE for row in rows) <= 1


@given(st.integers(1, 10**6))
def test_a_wait_never_grows_beyond_its_bound(deaths: int) -> None:
    assert timedelta(seconds=1) <= wait_of(deaths) <= LONGEST_WAIT
