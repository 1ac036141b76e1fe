"""What is ready, and what is missing on purpose: orders with ends, and people who sleep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from cautery.lab.tournament.spec import COUNTRIES, Gap
from cautery.model import Window
from cautery.model.orders import CourtOrder
from cautery.model.preparation import Channel, Check, Match, OnCall, ReadyItem

_AROUND = timedelta(minutes=30)
"""Before a kick-off and after an end, as the orders of the lab's courts have it."""
_PEOPLE = ("duty 1", "duty 2", "duty 3", "duty 4")
_NIGHT_SHARE = 0.6
"""Of nights with a match: that somebody agreed to be awake."""


def orders_of(
    begins: date, matches: Sequence[Match], rng: np.random.Generator
) -> tuple[tuple[CourtOrder, ...], tuple[Gap, ...]]:
    """Return an order for each country; one of them ends before the final."""
    short = COUNTRIES[int(rng.integers(len(COUNTRIES)))]
    final = matches[-1].starts_at
    orders: list[CourtOrder] = []
    for number, country in enumerate(COUNTRIES, 1):
        before = timedelta(days=int(rng.integers(2, 9)))
        end = final - before if country == short else final + timedelta(days=5)
        orders.append(
            CourtOrder(
                id=f"{country}-2026-{number}",
                authority=f"Court of {country}",
                territory=country,
                window=Window(start=_midnight(begins) - timedelta(days=10), end=end),
                targets_rule="as the order has it",
            )
        )
    [ends] = [entry.window.end for entry in orders if entry.territory == short]
    lacking = tuple(entry.id for entry in matches if entry.ends_at + _AROUND > ends)
    return tuple(orders), (Gap(item=ReadyItem.ORDER, subject=short, matches=lacking),)


def roster_of(
    begins: date, matches: Sequence[Match], rng: np.random.Generator
) -> tuple[tuple[OnCall, ...], tuple[Gap, ...]]:
    """Return who is on call: by day always, by night if somebody agreed.

    A turn has eight to ten hours, and whoever had one has the three after it off.
    """
    turns: list[OnCall] = []
    last = matches[-1].starts_at.date()
    covered: set[date] = set()
    for offset in range((last - begins).days + 2):
        day = begins + timedelta(days=offset)
        morning, evening, night = (_PEOPLE[(3 * offset + turn) % len(_PEOPLE)] for turn in range(3))
        turns.append(_turn(morning, day, 7, 9))
        turns.append(_turn(evening, day, 15, 10))
        if rng.random() < _NIGHT_SHARE:
            covered.add(day + timedelta(days=1))
            turns.append(_turn(night, day, 24, 8))
    lacking = tuple(
        entry.id for entry in matches if _is_by_night(entry) and _night_of(entry) not in covered
    )
    gaps = (Gap(item=ReadyItem.ON_CALL, subject="", matches=lacking),) if lacking else ()
    return tuple(sorted(turns, key=lambda turn: turn.window.start)), gaps


def channels_of(
    begins: date, matches: Sequence[Match], rng: np.random.Generator
) -> tuple[tuple[Channel, ...], tuple[Gap, ...]]:
    """Return a channel for each country; of one there is no reference."""
    without = COUNTRIES[int(rng.integers(len(COUNTRIES)))]
    channels = tuple(
        Channel(
            name=f"Sport 1 {country}",
            country=country,
            reference_on=None if country == without else begins - timedelta(days=9),
        )
        for country in COUNTRIES
    )
    gap = Gap(
        item=ReadyItem.REFERENCE,
        subject=f"Sport 1 {without}, {without}",
        matches=tuple(entry.id for entry in matches),
    )
    return channels, (gap,)


def checks_of(begins: date, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return what was done by hand; contacts and lists by country, at various times."""
    checks = [Check(item=ReadyItem.KEYS, country=None, done_on=begins - timedelta(days=6))]
    checks.append(Check(item=ReadyItem.CALENDAR, country=None, done_on=begins - timedelta(days=1)))
    for country in COUNTRIES:
        for item in (ReadyItem.CONTACTS, ReadyItem.DYNAMIC_LIST):
            ago = timedelta(days=int(rng.integers(8, 15)))
            checks.append(Check(item=item, country=country, done_on=begins - ago))
    return tuple(checks)


def missing_of(gaps: Iterable[Gap]) -> set[tuple[ReadyItem, str, str]]:
    """Return gaps as (item, subject, match), to be compared."""
    return {(gap.item, gap.subject, match) for gap in gaps for match in gap.matches}


def _is_by_night(match: Match) -> bool:
    start, end = match.starts_at - _AROUND, match.ends_at + _AROUND
    return _minutes(end) > 60 and (_minutes(start) < 7 * 60 or end.date() > start.date())


def _night_of(match: Match) -> date:
    return (match.ends_at + _AROUND).date()


def _minutes(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _turn(who: str, day: date, hour: int, hours: int) -> OnCall:
    start = _midnight(day) + timedelta(hours=hour)
    return OnCall(who=who, window=Window(start=start, end=start + timedelta(hours=hours)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
