"""The seasons beside the cases of a room: what is on, what waits for people, and what is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cautery.model.season import FixtureRow, FixtureState, SeasonSeen
from cautery.pages.room.season import SeasonPart, SeasonsView, SeasonView

NEAR = timedelta(days=1)
MOST_ROWS = 60
"""Rows of one part of the page. Judgement: a league plays ten matches a week."""
_OVER = frozenset(
    {FixtureState.CLOSED, FixtureState.MISSED, FixtureState.REFUSED, FixtureState.LEFT_OPEN}
)
_ON = frozenset(
    {
        FixtureState.RUNNING,
        FixtureState.STARTS_AGAIN,
        FixtureState.WAITS_FOR_PLACE,
        FixtureState.CLOSING,
    }
)


def seasons_view(
    seasons: Sequence[SeasonSeen],
    *,
    folder: str,
    now: datetime,
    among: Callable[[str], bool],
) -> SeasonsView:
    """Return the seasons of which somebody may see a fixture's case, with these fixtures.

    Parameters
    ----------
    among : callable
        Tells whether somebody may see a case of this name, also before it is there.
    """
    views = tuple(
        _season(season, now=now, among=among)
        for season in seasons
        # One without a fixture is there for who sees every case, also of the mandate's own name.
        if any(among(name) for name in _cases(season))
    )
    counts = Counter(
        row.state for season in seasons for row in season.board.rows if among(row.case)
    )
    return SeasonsView(folder=folder, seasons=views, counts=counts)


def _cases(season: SeasonSeen) -> Sequence[str]:
    return [row.case for row in season.board.rows] or [season.board.mandate]


def _season(season: SeasonSeen, *, now: datetime, among: Callable[[str], bool]) -> SeasonView:
    board = season.board
    rows = [row for row in board.rows if among(row.case)]
    waiting = [row for row in rows if row.state is FixtureState.WAITS_FOR_APPROVAL]
    past = [row for row in reversed(rows) if row.state in _OVER]
    planned = [row for row in rows if row.state is FixtureState.PLANNED]
    near = [row for row in rows if row.state in _ON]
    near += [row for row in planned if row.fixture.watched.start <= now + NEAR]
    later = [row for row in planned if row.fixture.watched.start > now + NEAR]
    drawn = _part(near)
    first = min((row.fixture.watched.start for row in drawn.rows), default=now)
    last = max((row.fixture.watched.end for row in drawn.rows), default=now + NEAR)
    first, last = max(first, now - NEAR), min(last, now + 2 * NEAR)
    return SeasonView(
        mandate=board.mandate,
        who=board.who,
        window=board.window,
        at=board.at,
        now=now,
        runs=season.runs,
        watched=sum(row.state is FixtureState.RUNNING for row in rows),
        most=board.most,
        hold=board.hold,
        calendar_broken=board.calendar_broken,
        first=min(first, now),
        last=max(last, now + timedelta(hours=1)),
        near=drawn,
        waiting=_part(waiting),
        later=_part(later),
        past=_part(past),
    )


def _part(rows: Sequence[FixtureRow]) -> SeasonPart:
    return SeasonPart(rows=tuple(rows[:MOST_ROWS]), count=len(rows))
