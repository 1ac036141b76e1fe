"""The matches: half a year of leagues and qualifiers, and a month of the tournament."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np

from cautery.lab.tournament.spec import COMPETITION, COUNTRIES, LEAGUE, TEAMS
from cautery.model.preparation import Match

PAST_DAYS = 168
"""Days of past before the tournament: 24 weeks."""
_LASTS = timedelta(hours=2)
_HOURS = (16, 19, 22, 25, 27)
"""Kick-offs in UTC, overseas among them: 25 is 01:00 of the next day."""
_QUALIFYING_WEEKS = frozenset((3, 4, 9, 10, 15, 16, 20, 21))
"""In which teams of nations play and leagues rest."""
_GROUP_DAYS = 17
_ROUNDS = (("round of 16", 8, 18, 2), ("quarter-final", 4, 23, 2), ("semi-final", 2, 27, 1),
           ("final", 1, 30, 1))  # fmt: skip
"""Stage, matches, day of the first of them, matches a day."""


def past_matches(begins: date, rng: np.random.Generator) -> Iterator[Match]:
    """Yield leagues' rounds and the qualifiers before a tournament."""
    first = begins - timedelta(days=PAST_DAYS)
    number = itertools.count(1)
    for offset in range(PAST_DAYS):
        day = first + timedelta(days=offset)
        week = offset // 7
        if week in _QUALIFYING_WEEKS:
            if day.weekday() in (1, 4):
                pairs = rng.permutation(len(TEAMS))[:8].reshape(4, 2)
                for home, away in pairs:
                    name = f"{TEAMS[home]} v {TEAMS[away]}"
                    yield _match(f"q{next(number)}", name, day, 19, COMPETITION, "qualifying")
        elif day.weekday() in (5, 6) or (day.weekday() == 2 and week % 3 == 0):
            for country in COUNTRIES:
                for hour in (16, 20):
                    host, guest = rng.permutation(20)[:2] + 1
                    name = f"{country} club {host} v {country} club {guest}"
                    yield _match(
                        f"l{next(number)}", name, day, hour, f"{LEAGUE} {country}", "", (country,)
                    )


def tournament_matches(begins: date, rng: np.random.Generator) -> Iterator[Match]:
    """Yield groups' matches, then rounds whose teams nobody knows yet."""
    number = itertools.count(1)
    groups = rng.permutation(len(TEAMS)).reshape(6, 4)
    pairs = [
        (group[host], group[guest])
        for turn in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))
        for group in groups
        for host, guest in turn
    ]
    for at, (home, away) in enumerate(pairs):
        when = begins + timedelta(days=at * _GROUP_DAYS // len(pairs))
        name = f"{TEAMS[home]} v {TEAMS[away]}"
        yield _match(f"t{next(number)}", name, when, _hour(at, rng), COMPETITION, "group stage")
    for stage, count, first, a_day in _ROUNDS:
        for turn_of in range(count):
            when = begins + timedelta(days=first + turn_of // a_day)
            name = f"Winner {stage} {2 * turn_of + 1} v Winner {stage} {2 * turn_of + 2}"
            if stage == "final":
                name = "Final"
            yield _match(
                f"t{next(number)}", name, when, 19 if stage == "final" else _hour(turn_of, rng),
                COMPETITION, stage,
            )  # fmt: skip


def _hour(at: int, rng: np.random.Generator) -> int:
    return int(_HOURS[(at + int(rng.integers(2))) % len(_HOURS)])


def _match(  # noqa: PLR0917 - what a match is
    name_of: str,
    name: str,
    day: date,
    hour: int,
    competition: str,
    stage: str,
    countries: tuple[str, ...] = (),
) -> Match:
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
    return Match(
        id=f"{name_of}@lab.example",
        name=name,
        starts_at=starts_at,
        ends_at=starts_at + _LASTS,
        competition=competition,
        stage=stage,
        countries=countries,
    )
