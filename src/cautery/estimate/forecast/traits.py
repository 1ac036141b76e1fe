"""Kinds of days: their weekday, and which competitions are played on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.model.preparation import Match

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_WEEK = 7
MOST_COMPETITIONS = 40
"""Those with the most days; what is played more rarely has no effect that could be learned."""
# Where a calendar says what is played; judgement, tried on the lab's tournaments (ADR 0086).
_OTHER_WEEKDAY = 0.7
"""How much a day of another weekday says: the match, not the weekday, brings the viewers."""
_OTHER_COMPETITION = 0.2
_UNLIKE, _UNLIKE_PLAYED = 0.02, 0.002
"""How much a day of another kind says of the chance, without a calendar and with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTraits:
    """What is known of days beforehand.

    Parameters
    ----------
    weekdays : ndarray, shape (days,), int64
        Monday is 0.
    design : ndarray, shape (days, traits), float64
        A column for each weekday, and with a calendar one for each competition, stage and the
        number of matches.
    played : ndarray, shape (days, competitions), float64, or None
        1 where a competition is played, the last column 1 where nothing is; ``None``: no calendar.
    """

    weekdays: IntArray
    design: FloatArray
    played: FloatArray | None = None

    @property
    def by_calendar(self) -> FloatArray:
        """Columns that say what is played, shape (days, traits - 7)."""
        return self.design[:, _WEEK:]

    def take(self, days: IntArray) -> DayTraits:
        """Return the traits of some days."""
        return DayTraits(
            weekdays=self.weekdays[days],
            design=self.design[days],
            played=None if self.played is None else self.played[days],
        )

    def alike(self, day: DayTraits) -> FloatArray:
        """Return how much each day is of the kind of another one, up to 1, shape (days,)."""
        same = self.weekdays == day.weekdays[0]
        if self.played is None or day.played is None:
            return np.where(same, 1.0, _UNLIKE)
        common = np.minimum(self.played, day.played).sum(axis=1)
        either = np.maximum(self.played, day.played).sum(axis=1)
        idle = (self.played[:, -1] == 1) | (day.played[0, -1] == 1)
        likeness = np.maximum(common / either, np.where(idle, _UNLIKE_PLAYED, _OTHER_COMPETITION))
        weighed: FloatArray = likeness * np.where(same, 1.0, _OTHER_WEEKDAY)
        return weighed


def traits_of(days: Sequence[date], matches: Mapping[date, Sequence[Match]] | None) -> DayTraits:
    """Return what is known of each day.

    Parameters
    ----------
    matches : mapping of date to sequence of Match, or None
        Those of each day; ``None``: nobody knows.
    """
    weekdays = np.array([day.weekday() for day in days], np.int64)
    by_weekday = np.eye(_WEEK)[weekdays]
    if matches is None:
        return DayTraits(weekdays=weekdays, design=by_weekday)
    of_days = [matches.get(day, ()) for day in days]
    names = _names({match.competition for day_matches in of_days for match in day_matches}, of_days)
    stages = sorted(
        {match.stage for day_matches in of_days for match in day_matches if match.stage}
    )
    stages = stages[:MOST_COMPETITIONS]
    played = np.zeros((len(days), len(names) + 1))
    staged = np.zeros((len(days), len(stages)))
    number = np.zeros((len(days), 1))
    for row, day_matches in enumerate(of_days):
        number[row] = np.log1p(len(day_matches))
        for match in day_matches:
            if match.competition in names:
                played[row, names[match.competition]] = 1
            if match.stage in stages:
                staged[row, stages.index(match.stage)] = 1
    played[:, -1] = played[:, :-1].sum(axis=1) == 0
    return DayTraits(
        weekdays=weekdays,
        design=np.hstack((by_weekday, played[:, :-1], staged, number)),
        played=played,
    )


def _names(all_names: set[str], of_days: Sequence[Sequence[Match]]) -> dict[str, int]:
    days = {
        name: sum(any(match.competition == name for match in matches) for matches in of_days)
        for name in all_names
    } if len(all_names) > MOST_COMPETITIONS else dict.fromkeys(all_names, 0)  # fmt: skip
    commonest = sorted(sorted(days), key=lambda name: -days[name])[:MOST_COMPETITIONS]
    return {name: at for at, name in enumerate(sorted(commonest))}
