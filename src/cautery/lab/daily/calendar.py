"""The calendar of fixtures: a league in each market, two cups over all, and a summer tournament."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from cautery.formats.ical import Fixture

FloatArray = NDArray[np.float64]

_CUPS = ("champions cup", "second cup", "summer tournament")
_LEAGUE_SLOTS = ((4, 19, 1), (5, 14, 2), (5, 19, 2), (6, 14, 2), (6, 19, 2), (0, 19, 1))
"""Weekday, hour (UTC) and matches of a round: ten matches from Friday to Monday, as the leagues of
twenty clubs play. Their weekends are what Spain's blocks show (docs/reference/sources.md, F73)."""
_CUP_SLOTS = {0: ((1, 19, 4), (2, 19, 4)), 1: ((3, 17, 4), (3, 20, 4))}
_BREAK_WEEKS = frozenset({36, 41, 46, 12})
"""Weeks of national teams, in which leagues rest (ISO numbers; as in the FIFA calendar)."""
_CUP_WEEKS = frozenset({38, 40, 43, 45, 48, 50, 4, 7, 8, 10, 11, 15, 16, 18, 19})
_LASTS = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Fixtures, and how much each competition draws a day.

    Parameters
    ----------
    competitions : tuple of str
        A league for each market, in the markets' order, then the cups and the tournament.
    load : ndarray, shape (competitions, days), float64
        Weight of the day's fixtures; a usual match weighs 1. No source shows weights.
    """

    competitions: tuple[str, ...]
    load: FloatArray
    fixtures: tuple[Fixture, ...]


def draw_calendar(
    markets: tuple[str, ...], first: date, days: int, rng: np.random.Generator
) -> Calendar:
    """Draw the calendar of a world."""
    competitions = (*(f"{market} league" for market in markets), *_CUPS)
    slots: list[tuple[int, int, int, int]] = []  # competition, day, hour, matches
    winter_break = rng.random(len(markets)) < 0.5
    midweek = rng.integers(4, 7, len(markets)).tolist()
    for number in range(len(markets)):
        slots += _league(
            number, first, days, rests=bool(winter_break[number]), midweek_every=midweek[number]
        )
    slots += _cups(len(markets), first, days)
    counts = np.array([matches for *_, matches in slots])
    weights = np.exp(0.6 * rng.standard_normal(int(counts.sum())) - 0.18)  # derbies; judgement
    load = np.zeros((len(competitions), days))
    of_match = np.repeat(np.array([(slot[0], slot[1]) for slot in slots]), counts, axis=0)
    np.add.at(load, (of_match[:, 0], of_match[:, 1]), weights)
    clubs = rng.permuted(np.tile(np.arange(1, 21), (len(weights), 1)), axis=1)[:, :2].tolist()
    fixtures: list[Fixture] = []
    for competition, day, hour, matches in slots:
        name = competitions[competition]
        starts_at = datetime.combine(first + timedelta(days=day), time(hour), tzinfo=UTC)
        for _ in range(matches):
            home, away = clubs[len(fixtures)]
            fixtures.append(
                Fixture(
                    id=f"{len(fixtures) + 1}@lab.example",
                    title=f"{name}: Club {home} v Club {away}",
                    starts_at=starts_at,
                    ends_at=starts_at + _LASTS,
                    whole_day=False,
                    cancelled=False,
                    place=None,
                    url=None,
                    categories=(name,),
                    other=(),
                )
            )
    return Calendar(competitions, load, tuple(fixtures))


def _league(
    number: int, first: date, days: int, *, rests: bool, midweek_every: int
) -> list[tuple[int, int, int, int]]:
    """Return a league's slots: August to May, ten matches a round, now and then one in midweek."""
    slots = []
    monday = -first.weekday()
    for week, start in enumerate(range(monday, days, 7)):
        begins = first + timedelta(days=start)
        iso_week = begins.isocalendar().week
        if iso_week in _BREAK_WEEKS or 22 <= iso_week <= 32 or (rests and iso_week in {52, 1, 2}):
            continue
        rounds = [
            (0 if weekday else 7, weekday, hour, count) for weekday, hour, count in _LEAGUE_SLOTS
        ]
        if week % midweek_every == number % midweek_every:
            rounds += [(0, 1, 19, 4), (0, 2, 19, 6)]
        slots += [
            (number, day, hour, count)
            for later, weekday, hour, count in rounds
            if 0 <= (day := start + weekday + later) < days
        ]
    return slots


def _cups(after: int, first: date, days: int) -> list[tuple[int, int, int, int]]:
    slots = []
    for day in range(days):
        today = first + timedelta(days=day)
        week = today.isocalendar().week
        if week in _CUP_WEEKS:
            for cup, cup_slots in _CUP_SLOTS.items():
                slots += [
                    (after + cup, day, hour, count)
                    for weekday, hour, count in cup_slots
                    if weekday == today.weekday()
                ]
        if date(today.year, 6, 14) <= today <= date(today.year, 7, 14):
            # Three matches a day in the groups, then fewer, with days of rest.
            groups = today < date(today.year, 6, 27)
            if groups or today.day % 2 == 0:
                slots.append((after + 2, day, 19, 3 if groups else 2))
    return slots
