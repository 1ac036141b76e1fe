"""What a season does next: a pure function of its fixtures, the time, and what stands in the cases.

No fixture is started twice, none outside the mandate's window, and none that nobody approved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cautery.model import Window
from cautery.model.season import FixtureState, FixtureWhy, SeasonFixture

LEAD = timedelta(minutes=10)
"""References are filled for minutes before the first probe (ADR 0022)."""
LONGEST = timedelta(hours=36)
"""A race of 24 hours with what comes before and after it. Judgement."""
OVERDUE = timedelta(hours=1)
"""So long a watch may write its report after its window, before it is stopped. Judgement."""
LONGEST_WAIT = timedelta(minutes=5)
"""Between two starts of a watch that dies at once. Judgement: a match has 90 minutes."""
RAN_WELL = timedelta(minutes=10)
"""Who ran so long did not die of its start: the waits begin anew. Judgement."""


class Do(StrEnum):
    """What is done about a fixture now."""

    START = "start"
    STOP = "stop"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for all fixtures.

    Parameters
    ----------
    window : Window
        The mandate's.
    lead : timedelta
        How long before a fixture's window its watch is started.
    most : int
        Most watches at once.
    hold : FixtureWhy or None
        Why none is started; ``None``: they are.
    """

    window: Window
    lead: timedelta = LEAD
    most: int
    hold: FixtureWhy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSeen:
    """What is known of a fixture's case.

    Parameters
    ----------
    begun, closed : bool
        Whether it stands, and whether it is closed.
    left_open : bool
        Whether its window has passed and its case waits for notices: people close it.
    running : bool
        Whether a process watches it or closes it.
    closing : bool
        Whether that process closes it.
    died_at : datetime or None
        When that process died last; ``None``: it did not.
    deaths : int
        How often since it ran well.
    """

    begun: bool = False
    closed: bool = False
    left_open: bool = False
    running: bool = False
    closing: bool = False
    died_at: datetime | None = None
    deaths: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One fixture: how it stands, and what is done about it now.

    Parameters
    ----------
    at : datetime or None
        When its watch starts or starts again; ``None``: nothing is planned.
    do : Do or None
        ``None``: nothing.
    """

    fixture: SeasonFixture
    case: str
    state: FixtureState
    why: FixtureWhy | None = None
    at: datetime | None = None
    do: Do | None = None


_NO_CASE = CaseSeen()


def plan(
    fixtures: Sequence[tuple[str, SeasonFixture]],
    *,
    now: datetime,
    terms: Terms,
    allowed: Callable[[SeasonFixture], bool],
    listed: Collection[str],
    cases: Mapping[str, CaseSeen],
) -> tuple[Planned, ...]:
    """Say of each fixture how it stands and what is to be done, by the time of its watch.

    Parameters
    ----------
    fixtures : sequence of (str, SeasonFixture)
        Each with the name of its case: those that the calendars list, and those that they listed.
    allowed : callable
        Tells whether somebody who may has approved a fixture.
    listed : collection of str
        Names of the cases of fixtures that the calendars list now.
    cases : mapping of str to CaseSeen
        By name of the case; one that is not here is not begun.
    """
    ids = Counter(fixture.id for name, fixture in fixtures if name in listed)
    rows: list[Planned] = []
    names: set[str] = set()
    for name, fixture in fixtures:
        case = cases.get(name, _NO_CASE)
        doubtful = ids[fixture.id] > 1 and name in listed
        if name in names or (doubtful and not case.begun):
            rows.append(_refused(fixture, name, FixtureWhy.TWICE))
            continue
        names.add(name)
        if fixture.watched.end <= terms.window.start or terms.window.end <= fixture.watched.start:
            rows.append(_refused(fixture, name, FixtureWhy.OUTSIDE_WINDOW))
            continue
        rows.append(
            _planned(
                fixture,
                name,
                case,
                now=now,
                terms=terms,
                is_allowed=allowed(fixture),
                is_listed=name in listed,
            )
        )
    rows.sort(key=lambda row: (row.fixture.watched.start, row.fixture.kick_off, row.case))
    return _within_limits(rows, cases, terms.most)


def within(fixture: SeasonFixture, window: Window) -> Window:
    """Return when a fixture is watched under a mandate: never outside the mandate's window.

    Raises
    ------
    InputError
        If the two do not meet.
    """
    watched = fixture.watched
    return Window(start=max(watched.start, window.start), end=min(watched.end, window.end))


def wait_of(deaths: int) -> timedelta:
    """Return how long a watch that died is left alone: longer, the more often it died.

    Examples
    --------
    >>> [int(wait_of(deaths).total_seconds()) for deaths in (1, 2, 3, 20)]
    [1, 2, 4, 300]
    """
    return min(timedelta(seconds=2 ** min(deaths - 1, 30)), LONGEST_WAIT)


def _planned(
    fixture: SeasonFixture,
    name: str,
    case: CaseSeen,
    *,
    now: datetime,
    terms: Terms,
    is_allowed: bool,
    is_listed: bool,
) -> Planned:
    watched = within(fixture, terms.window)
    starts = watched.start - terms.lead
    row = Planned(fixture=fixture, case=name, state=FixtureState.PLANNED)
    if case.closed:
        return replace(row, state=FixtureState.CLOSED)
    if not (case.begun or case.running):
        why = _refusal(fixture, terms) if is_listed else FixtureWhy.CALLED_OFF
        if why is not None:
            return replace(row, state=FixtureState.REFUSED, why=why)
    if watched.end <= now:
        return _over(row, case, now=now, ended=watched.end)
    ends_now = FixtureWhy.WITHDRAWN if terms.hold is FixtureWhy.WITHDRAWN else None
    if not is_listed and now < watched.start:
        ends_now = FixtureWhy.CALLED_OFF
    if ends_now is not None:
        return _ended(row, case, now=now, why=ends_now)
    if case.running:
        return replace(row, state=FixtureState.CLOSING if case.closing else FixtureState.RUNNING)
    if not is_allowed:
        return replace(row, state=FixtureState.WAITS_FOR_APPROVAL, at=starts)
    if now < starts:
        return replace(row, at=starts)
    again_at = _again_at(case, now)
    if again_at is not None:
        return replace(row, state=FixtureState.STARTS_AGAIN, at=again_at)
    if terms.hold is not None:
        return replace(row, state=FixtureState.WAITS_FOR_PLACE, why=terms.hold)
    return replace(row, state=FixtureState.RUNNING, do=Do.START)


def _refusal(fixture: SeasonFixture, terms: Terms) -> FixtureWhy | None:
    """Say why a fixture is not begun; one that was begun goes on."""
    if not terms.window.holds(fixture.kick_off):
        return FixtureWhy.OUTSIDE_WINDOW
    if fixture.watched.end - fixture.watched.start > LONGEST:
        return FixtureWhy.TOO_LONG
    return None


def _over(row: Planned, case: CaseSeen, *, now: datetime, ended: datetime) -> Planned:
    """Say how a fixture stands whose window has passed."""
    if case.running:
        # A watch that ends writes its report, and closes its case itself.
        late = not case.closing and ended + OVERDUE <= now
        return replace(row, state=FixtureState.CLOSING, do=Do.STOP if late else None)
    if case.left_open:
        return replace(row, state=FixtureState.LEFT_OPEN)
    if not case.begun:
        return replace(row, state=FixtureState.MISSED)
    return _close(row, case, now)


def _ended(row: Planned, case: CaseSeen, *, now: datetime, why: FixtureWhy) -> Planned:
    """Say how a fixture stands that must not be watched any more."""
    if case.running:
        do = None if case.closing else Do.STOP
        return replace(row, state=FixtureState.CLOSING, why=why, do=do)
    if case.begun:
        return replace(_close(row, case, now), why=why)
    return replace(row, state=FixtureState.REFUSED, why=why)


def _close(row: Planned, case: CaseSeen, now: datetime) -> Planned:
    again_at = _again_at(case, now)
    do = Do.CLOSE if again_at is None else None
    return replace(row, state=FixtureState.CLOSING, at=again_at, do=do)


def _again_at(case: CaseSeen, now: datetime) -> datetime | None:
    """Return when what died may be started again; ``None``: now.

    A clock that was set back past the death says nothing about the wait, so there is none.
    """
    if case.died_at is None or case.deaths < 1 or now < case.died_at:
        return None
    at = case.died_at + wait_of(case.deaths)
    return None if at <= now else at


def _refused(fixture: SeasonFixture, name: str, why: FixtureWhy) -> Planned:
    return Planned(fixture=fixture, case=name, state=FixtureState.REFUSED, why=why)


def _within_limits(
    rows: Sequence[Planned], cases: Mapping[str, CaseSeen], most: int
) -> tuple[Planned, ...]:
    """Let as many start as there are places for: first those that were begun, then by time.

    One case is closed at a time: a report takes all of a core.
    """
    free = most - sum(case.running and not case.closing for case in cases.values())
    is_closing = any(case.closing and case.running for case in cases.values())
    starting = [row for row in rows if row.do is Do.START]
    starting.sort(key=lambda row: not cases.get(row.case, _NO_CASE).begun)
    started = {row.case for row in starting[: max(free, 0)]}
    limited: list[Planned] = []
    for row in rows:
        if row.do is Do.START and row.case not in started:
            limited.append(
                replace(row, state=FixtureState.WAITS_FOR_PLACE, why=FixtureWhy.NO_PLACE, do=None)
            )
        elif row.do is Do.CLOSE and is_closing:
            limited.append(replace(row, do=None))
        else:
            is_closing = is_closing or row.do is Do.CLOSE
            limited.append(row)
    return tuple(limited)
