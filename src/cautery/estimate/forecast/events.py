"""Demand for each event to come, from the past events of its competition, stage, weekday and teams.

A day's level over a quiet day's is what its events drew; several events of a day share it. Where
the past knows no event of the competition, the demand is not identified, and the estimate says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.estimate.forecast.model import UNSEEN_LOG
from cautery.estimate.forecast.states import FloatArray
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import DailySeries
from cautery.model.message import Message
from cautery.model.preparation import Match

FEWEST = 5
"""Past events of a competition, so that their spread says something. Judgement."""
_COVERAGE, _Z = 0.9, 1.645
_MOST_EVENTS = 400
"""Past events that are looked at: the latest."""
_QUIET_DAYS = 28
"""Days around a day whose days without events say what is drawn without one."""
_QUIET_SHARE = 0.02
"""Of the quiet level: an event that draws less cannot be told from none."""
_MOST_TRAITS = 300
"""Traits that have an effect, the commonest: a season's leagues have some hundred."""
_ROUNDS = 3
"""Times that the events of one day are parted anew by what they are said to draw."""
_SHRUNK = {"competition": 0.5, "stage": 1.0, "weekday": 4.0, "hours": 1.0, "team": 3.0}
"""Days by which each effect is shrunk. Judgement: teams and weekdays are seen rarely."""
_UNSEEN = {
    "competition": 0.0,
    "stage": UNSEEN_LOG,
    "weekday": 0.1,
    "hours": UNSEEN_LOG,
    "team": 0.4,
}
"""Standard deviation of an effect that the past has not seen, in logs: by judgement, but for
stages."""
_HOURS = ("night", "morning", "afternoon", "evening")
"""Quarters of a day, UTC."""
_TIMES = 3.0
"""So much wider than all that the past ever had is what nobody identifies."""
_AGAINST = re.compile(r"\s+(?:v|vs\.?|-|\u2013|\u2014)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDemand:
    """What an event is expected to draw in one series.

    Parameters
    ----------
    estimate : Estimate
        In the series' own unit, over a day without events.
    past : int
        Past events of its competition that it rests on.
    """

    match: Match
    series: str
    market: str
    estimate: Estimate
    past: int

    @property
    def identified(self) -> bool:
        """Whether past events say how much it draws."""
        return self.past >= FEWEST


def event_demand(
    series: DailySeries, matches: Mapping[date, Sequence[Match]], ahead: Sequence[Match]
) -> tuple[EventDemand, ...]:
    """Return what each event to come is expected to draw.

    Parameters
    ----------
    matches : mapping of date to sequence of Match
        Of past days.
    ahead : sequence of Match
        Those to come.
    """
    past = _Past(series, matches)
    return tuple(past.demand(match) for match in ahead)


class _Past:
    """Past events of a series with what each drew, and a regression of it on their traits."""

    def __init__(self, series: DailySeries, matches: Mapping[date, Sequence[Match]]) -> None:
        self._series = series
        days = [
            at
            for at, day in enumerate(series.days)
            if not np.isnan(series.values[at]) and matches.get(day)
        ]
        events = [(at, match) for at in days for match in matches[series.days[at]]]
        events = events[-_MOST_EVENTS:]
        self._events = [match for _, match in events]
        self._of_day = np.array([at for at, _ in events], np.int64)
        self._drawn = _drawn(series, set(days))
        self._columns = _commonest(trait for match in self._events for trait in _traits(match))
        self._place = {trait: at for at, trait in enumerate(self._columns)}
        self._stages = Counter((event.competition, _stage(event)) for event in self._events)
        self._commons: dict[str, FloatArray] = {}
        self._past_of = Counter(event.competition for event in self._events)
        self._design = np.array([self._traits(match) for match in self._events])
        if self._events:
            self._regress()

    def demand(self, match: Match) -> EventDemand:
        """Return what one event draws."""
        past = self._past_of[match.competition]
        if past < FEWEST:
            low, mid, high = self._whole()
            method = message("method.whole-past")
            note: Message | None = message("forecast.no-event-known")
        else:
            row = self._traits(match)
            log = self._mean + row @ self._effects
            unseen = [trait for trait in _traits(match) if trait not in self._place]
            beyond = sum(_UNSEEN[kind] ** 2 for kind, _ in unseen)
            within = self._upper * np.sqrt(1 + row @ self._covariance @ row)
            far = float(np.hypot(within, _Z * np.sqrt(beyond)))
            low, mid, high = np.exp(np.clip([log - far, log, log + far], -300, 300)).tolist()
            method = message("method.past-events", count=past, what=match.competition or match.name)
            is_new = any(kind in ("stage", "hours") for kind, _ in unseen)
            note = message("forecast.stage-unseen") if is_new else None
        return EventDemand(
            match=match,
            series=self._series.unit,
            market=self._series.market,
            past=past,
            estimate=Estimate(
                quantity=message("quantity.demand-for", event=match.name, unit=self._series.unit),
                unit="level",
                low=low,
                mid=mid,
                high=high,
                method=method,
                coverage=_COVERAGE if past >= FEWEST else None,
                note=note,
            ),
        )

    def _whole(self) -> tuple[float, float, float]:
        values = self._series.values[self._series.measured]
        return 0.0, float(np.median(values)), float(values.max()) * _TIMES

    def _regress(self) -> None:
        """Learn effects from days: of one with several events only the sum was measured.

        The log of a sum is taken as linear about the effects learned last (Gauss and Newton). What
        events of one day draw by chance is averaged in their sum, so a single event is farther off
        than its day, by the root of their number.
        """
        days, place, number = np.unique(self._of_day, return_inverse=True, return_counts=True)
        logs = np.log(self._drawn[days])
        effects = np.zeros(len(self._columns))
        for _ in range(_ROUNDS):
            drawn = np.exp(np.clip(self._design @ effects, -20, 20))
            of_day = np.bincount(place, drawn)
            mixed = np.zeros((len(days), len(self._columns)))
            np.add.at(mixed, place, self._design * (drawn / of_day[place])[:, None])
            single = logs - np.log(of_day) + mixed @ effects
            self._mean = float(np.average(single, weights=number))
            weighed = mixed.T * number
            shrunk = np.diag([_SHRUNK[kind] for kind, _ in self._columns])
            self._covariance = np.linalg.inv(weighed @ mixed + shrunk)
            effects = self._covariance @ weighed @ (single - self._mean)
        self._effects = effects
        leverage = number * np.einsum("ij,jk,ik->i", mixed, self._covariance, mixed)
        off = np.abs(single - self._mean - mixed @ effects)
        left_out = off * np.sqrt(number / np.maximum(1 - leverage, 0.1))
        self._upper = _upper(left_out, _COVERAGE)

    def _traits(self, match: Match) -> FloatArray:
        row = np.zeros(len(self._columns))
        for trait in _traits(match):
            if (place := self._place.get(trait)) is not None:
                row[place] = 1
        if _stage(match) not in self._place:
            row += self._common(match.competition)
        return row

    def _common(self, competition: str) -> FloatArray:
        """Return what the stages of a competition have in common: it is in their effects too."""
        if (known := self._commons.get(competition)) is not None:
            return known
        row = np.zeros(len(self._columns))
        for (of, stage), count in self._stages.items():
            if of == competition and stage in self._place:
                row[self._place[stage]] += count / self._past_of[of]
        self._commons[competition] = row
        return row


def teams_of(name: str) -> tuple[str, ...]:
    """Return the two teams of a match by its name; none, where it names no two.

    Examples
    --------
    >>> teams_of("Home v Away"), teams_of("Grand Prix")
    (('Home', 'Away'), ())
    """
    parts = _AGAINST.split(name.rpartition(": ")[2].strip())
    return tuple(part[:80] for part in parts) if len(parts) == 2 and all(parts) else ()


def _stage(match: Match) -> tuple[str, str]:
    return "stage", f"{match.competition} {match.stage}"


def _traits(match: Match) -> list[tuple[str, str]]:
    return [
        ("competition", match.competition),
        _stage(match),
        ("weekday", str(match.starts_at.weekday())),
        ("hours", _HOURS[match.starts_at.hour // 6]),
        *(("team", team) for team in teams_of(match.name)),
    ]


def _drawn(series: DailySeries, played: set[int]) -> NDArray[np.float64]:
    """Return how much each day had over the days without events around it."""
    values = series.values
    idle = np.array([at not in played for at in range(len(values))]) & series.measured
    drawn = np.full(len(values), np.nan)
    least = float(values[values > 0].min(initial=1.0))
    for at in sorted(played):
        near = slice(max(0, at - _QUIET_DAYS), at + _QUIET_DAYS + 1)
        quiet_days = values[near][idle[near]]
        quiet = float(np.median(quiet_days)) if len(quiet_days) else 0.0
        drawn[at] = max(float(values[at]) - quiet, _QUIET_SHARE * quiet, _QUIET_SHARE * least)
    return drawn


def _commonest(traits: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the traits that have an effect, in order."""
    counts = Counter(traits)
    return sorted(sorted(counts, key=lambda trait: (-counts[trait], trait))[:_MOST_TRAITS])


def _upper(distances: FloatArray, coverage: float) -> float:
    """Return the conformal quantile: of n distances the one that n + 1 days need."""
    at = int(np.ceil((len(distances) + 1) * coverage)) - 1
    ordered = np.sort(distances)
    # With fewer than nine, no distance reaches the coverage: the largest is doubled.
    return float(ordered[at] if at < len(ordered) else 2 * ordered[-1])
