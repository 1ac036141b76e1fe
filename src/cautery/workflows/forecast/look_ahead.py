"""Look ahead: levels, events, capacity and what must be ready, as of a series' last day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from cautery.errors import InputError
from cautery.estimate.forecast import (
    Capacity,
    Deadline,
    EventDemand,
    Holdings,
    capacity,
    deadlines,
    event_demand,
    forecast,
    most_at_once,
    trials,
    usual_level,
)
from cautery.estimate.forecast.ahead import DayForecast, Matches
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import DailySeries
from cautery.model.message import Message
from cautery.model.preparation import Match
from cautery.workflows.forecast.read import Calendar, by_day

FEWEST_MATCH_DAYS = 10
"""Past days with matches from which on a calendar shifts a forecast. Judgement."""
_TRIED = 56
"""Days whose trials are told: the last eight weeks."""
_WARMS_UP = 120
"""Days before them from which their intervals have learned: twice what a miss is remembered."""
_A_WEEK = 7
MOST_DAYS_AHEAD = 84
"""Days of all series together, such as a week of twelve: each is tried on 240 past days."""
MOST_EVENTS_AHEAD = 20_000
"""Events of all series together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How streams are watched, so that capacity can be said.

    Parameters
    ----------
    streams : float
        Streams found on a usual loud day of the last eight weeks.
    every_s : float
        Seconds between two probes of one stream.
    """

    streams: float
    every_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAhead:
    """One series and its days to come."""

    series: DailySeries
    days: tuple[DayForecast, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What comes next.

    Parameters
    ----------
    as_of : datetime
        The end of the series' last day: all is said from what was known then.
    events : tuple of EventDemand
        Of the days that were forecast.
    capacity : tuple of (DayForecast day, Capacity)
        For each day; empty: nobody said how many streams there are.
    deadlines : tuple of Deadline
        Of all matches to come in the calendar.
    """

    as_of: datetime
    ahead: tuple[SeriesAhead, ...]
    matches: tuple[Match, ...]
    events: tuple[EventDemand, ...]
    capacity: tuple[tuple[DayForecast, Capacity], ...]
    deadlines: tuple[Deadline, ...]
    notes: tuple[Message, ...]


def look_ahead(
    series: Sequence[DailySeries],
    *,
    days: int,
    calendar: Calendar | None = None,
    holdings: Holdings | None = None,
    watching: Watching | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Outlook:
    """Say what comes next.

    Parameters
    ----------
    progress : callable
        Is told each series before it is forecast.

    Raises
    ------
    InputError
        If a series cannot be forecast, the series end on different days, or it is all more than
        ten seconds' work: :data:`MOST_DAYS_AHEAD`, :data:`MOST_EVENTS_AHEAD`.
    """
    if len(series) * days > MOST_DAYS_AHEAD:
        raise InputError(
            f"{days} days of {len(series)} series: {len(series) * days:,} days to forecast, more "
            f"than {MOST_DAYS_AHEAD}",
            hint="Forecast fewer days, --days 7, or one series, --unit NAME.",
        )
    last = series[0].days[-1]
    if any(entry.days[-1] != last for entry in series):
        raise InputError(
            "the series end on different days, so no day is the first to come",
            hint="Bring them up to one day, or choose one: --unit NAME.",
        )
    as_of = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    notes = list(calendar.notes) if calendar else []
    matches = calendar.matches if calendar else ()
    of_days: Matches = by_day(matches)
    learnt_matches = _learned(series, of_days, notes) if calendar else None
    to_come = tuple(entry for entry in matches if entry.starts_at >= as_of)
    soon = [entry for entry in to_come if entry.starts_at < as_of + timedelta(days=days)]
    if len(series) * len(soon) > MOST_EVENTS_AHEAD:
        raise InputError(
            f"{len(soon):,} events within {days} days, for {len(series)} series: more than "
            f"{MOST_EVENTS_AHEAD:,} in all",
            hint="Forecast fewer days, or one series: --unit NAME.",
        )
    at_hand = holdings or Holdings()
    to_be_ready = deadlines(to_come, at_hand, now=as_of)
    ahead: list[SeriesAhead] = []
    for entry in series:
        progress(f"{entry.unit} ({entry.market})")
        ahead.append(
            SeriesAhead(series=entry, days=forecast(entry, days=days, matches=learnt_matches))
        )
        notes.append(_tried(entry, min(days, _A_WEEK), learnt_matches))
    return Outlook(
        as_of=as_of,
        ahead=tuple(ahead),
        matches=to_come,
        events=tuple(
            demand
            for entry in series
            for demand in event_demand(
                entry, of_days, [match for match in soon if _shown_in(match, entry.market)]
            )
        ),
        capacity=()
        if watching is None
        else _capacity(ahead, of_days, at_hand, watching, has_calendar=calendar is not None),
        deadlines=to_be_ready,
        notes=tuple(notes),
    )


def _learned(
    series: Sequence[DailySeries], of_days: Matches, notes: list[Message]
) -> Matches | None:
    """Return the calendar if it reaches far enough back to be learned from."""
    past = sum(day in of_days for day in max((entry.days for entry in series), key=len))
    if past >= FEWEST_MATCH_DAYS:
        return of_days
    notes.append(message("forecast.calendar-too-young", days=past))
    return None


def _tried(series: DailySeries, ahead: int, matches: Matches | None) -> Message:
    tried = trials(series, ahead=ahead, matches=matches, latest=_TRIED + _WARMS_UP)
    latest = tried[-_TRIED:]
    error = (
        float(np.exp(np.median([abs(entry.log_error) for entry in latest]))) if latest else np.nan
    )
    return message(
        "forecast.tried",
        unit=series.unit,
        trials=len(latest),
        ahead=ahead,
        error=f"{error:.2f}",
        held=sum(entry.held for entry in latest),
    )


def _shown_in(match: Match, market: str) -> bool:
    return not match.countries or market == "XX" or market in match.countries


def _capacity(
    ahead: Sequence[SeriesAhead],
    of_days: Matches,
    holdings: Holdings,
    watching: Watching,
    *,
    has_calendar: bool,
) -> tuple[tuple[DayForecast, Capacity], ...]:
    """Return the capacity for each day: middles of all series added, and their upper ends."""
    usual = sum(usual_level(entry.series) for entry in ahead)
    references = len(holdings.channels or ()) or 1
    capacities: list[tuple[DayForecast, Capacity]] = []
    for of_day in zip(*(entry.days for entry in ahead), strict=True):
        total = _added([entry.estimate for entry in of_day])
        matches = of_days.get(of_day[0].day, ())
        watches = most_at_once(matches) if has_calendar else 1
        capacities.append(
            (
                of_day[0],
                capacity(
                    total,
                    usual=usual,
                    streams=watching.streams,
                    every_s=watching.every_s,
                    watches=watches,
                    references=references,
                ),
            )
        )
    return tuple(capacities)


def _added(estimates: Sequence[Estimate]) -> Estimate:
    """Add estimates end by end: wider than need be where series do not peak together."""
    first = estimates[0]
    return Estimate(
        quantity=first.quantity,
        unit=first.unit,
        low=sum(entry.low for entry in estimates),
        mid=sum(entry.mid for entry in estimates),
        high=sum(entry.high for entry in estimates),
        method=first.method,
        coverage=None if len(estimates) > 1 else first.coverage,
        note=first.note,
    )
