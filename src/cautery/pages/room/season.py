"""The page of a season: its fixtures along time, and how the watch of each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import line, rect
from cautery.messages import tr, word
from cautery.model import Window
from cautery.model.season import FixtureRow, FixtureState, FixtureWhy
from cautery.pages.room.wall import WIDE, scale_of, ticks

_HIGH, _TOP, _THICK = 14.0, 4.0, 6.0
_KINDS = {
    FixtureState.RUNNING: "up",
    FixtureState.STARTS_AGAIN: "up",
    FixtureState.CLOSING: "gone",
    FixtureState.CLOSED: "gone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonPart:
    """The fixtures of a season that stand alike, those that are shown.

    Parameters
    ----------
    count : int
        How many there are.
    """

    rows: tuple[FixtureRow, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonView:
    """One season.

    Parameters
    ----------
    at : datetime
        When its service wrote this, in UTC.
    runs : bool
        Whether the service runs now.
    watched : int
        How many watches run.
    most : int
        How many may.
    first, last : datetime
        What the drawing shows, in UTC.
    near, waiting, later, past : SeasonPart
        On or on within a day; waiting for an approval; later; over or refused.
    """

    mandate: str
    who: str
    window: Window
    at: datetime
    now: datetime
    runs: bool
    watched: int
    most: int
    hold: FixtureWhy | None
    calendar_broken: bool
    first: datetime
    last: datetime
    near: SeasonPart
    waiting: SeasonPart
    later: SeasonPart
    past: SeasonPart


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonsView:
    """The seasons of a place of cases.

    Parameters
    ----------
    folder : str
        Where the cases lie.
    counts : mapping of FixtureState to int
        How many fixtures of all seasons stand so.
    """

    folder: str
    seasons: tuple[SeasonView, ...]
    counts: Mapping[FixtureState, int]


def season_strip(row: FixtureRow, view: SeasonView) -> Markup:
    """Return a fixture along time: when it is watched, and its kick-off."""
    scale = scale_of(view)
    marks = "".join(line("grid", x, 0, x, _HIGH) for x in map(scale, ticks(view)))
    fixture = row.fixture
    start, end = (
        scale(min(max(moment, view.first), view.last))
        for moment in (fixture.watched.start, fixture.watched.end)
    )
    kind = _KINDS.get(row.state, "before")
    marks += rect(kind, start, _TOP, max(2.0, end - start), _THICK)
    if view.first <= fixture.kick_off <= view.last:
        marks += line("kick", scale(fixture.kick_off), 0, scale(fixture.kick_off), _HIGH)
    if view.first <= view.now <= view.last:
        marks += line("now", scale(view.now), 0, scale(view.now), _HIGH)
    label = tr(
        "%(name)s: watched from %(start)s to %(end)s, %(state)s",
        name=fixture.name,
        start=f"{fixture.watched.start:%Y-%m-%d %H:%M}",
        end=f"{fixture.watched.end:%Y-%m-%d %H:%M}",
        state=word(row.state),
    )
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="strip" viewBox="0 0 {WIDE:.0f} {_HIGH:.0f}" height="{1.5 * _HIGH:.0f}" '
        f'preserveAspectRatio="none" role="img" aria-label="{markup(label, 400)}">{marks}</svg>'
    )
