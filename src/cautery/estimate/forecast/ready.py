"""What must be ready by when for each match, and what is missing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Window
from cautery.model.message import Message
from cautery.model.orders import CourtOrder
from cautery.model.preparation import Channel, Check, Match, OnCall, ReadyItem

AROUND = timedelta(minutes=30)
"""Orders and people are needed from so long before a kick-off until so long after the end."""

MOST_DEADLINES = 100_000
MOST_LOOKED_AT = 10_000_000
_CHECKED = (ReadyItem.CONTACTS, ReadyItem.KEYS, ReadyItem.DYNAMIC_LIST, ReadyItem.CALENDAR)


class Standing(StrEnum):
    """How something stands that must be ready."""

    READY = "ready"
    DUE = "due"
    """Not done yet, and there is time."""
    MISSING = "missing"
    """Not there, and nothing that is planned will bring it; or its time has passed."""
    UNKNOWN = "unknown"
    """No table says anything of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is at hand; ``None``: no table was given.

    Parameters
    ----------
    countries : tuple of str
        Those that are asked about; empty: those of the tables and of the matches.
    """

    orders: tuple[CourtOrder, ...] | None = None
    roster: tuple[OnCall, ...] | None = None
    channels: tuple[Channel, ...] | None = None
    checks: tuple[Check, ...] | None = None
    countries: tuple[str, ...] = ()

    def countries_of(self, match: Match, anywhere: tuple[str, ...]) -> tuple[str, ...]:
        """Return the countries in which a match must be looked after."""
        return tuple(sorted(set(match.countries))) or anywhere

    def anywhere(self) -> tuple[str, ...]:
        """Return the countries of a match that names none; ``("",)``: nobody says."""
        countries = set(self.countries)
        if not countries:
            countries = {entry.territory for entry in self.orders or ()}
            countries |= {entry.country for entry in self.channels or ()}
        return tuple(sorted(countries)) or ("",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One thing that must be ready for one match.

    Parameters
    ----------
    subject : str
        Country, or channel and country; empty: everywhere.
    due_at : datetime
        By when.
    why : Message
        How it stands, in words.
    """

    match: Match
    item: ReadyItem
    subject: str
    due_at: datetime
    standing: Standing
    why: Message


def deadlines(
    matches: Iterable[Match], holdings: Holdings, *, now: datetime
) -> tuple[Deadline, ...]:
    """Return all that must be ready, by the time at which it is due.

    Parameters
    ----------
    now : datetime
        Aware; what was due before and is not done is missing.

    Raises
    ------
    InputError
        If there are more than :data:`MOST_DEADLINES`, or :data:`MOST_LOOKED_AT` rows to look at.
    """
    listed, anywhere = list(matches), holdings.anywhere()
    _require_few(listed, holdings, anywhere)
    deadlines: list[Deadline] = []
    for match in listed:
        countries = holdings.countries_of(match, anywhere)
        deadlines += [_order(match, country, holdings) for country in countries]
        deadlines += _references(match, countries, holdings, now)
        deadlines.append(_on_call(match, holdings))
        for item in _CHECKED:
            of = ("",) if item in (ReadyItem.KEYS, ReadyItem.CALENDAR) else countries
            deadlines += [_check(match, item, country, holdings, now) for country in of]
    order = list(ReadyItem)
    return tuple(
        sorted(
            deadlines,
            key=lambda entry: (
                entry.due_at,
                order.index(entry.item),
                entry.subject,
                entry.match.starts_at,
            ),
        )
    )


def _require_few(matches: Sequence[Match], holdings: Holdings, anywhere: tuple[str, ...]) -> None:
    """Refuse what would take minutes: each country of each match looks through the tables."""
    channels, turns = len(holdings.channels or ()), len(holdings.roster or ())
    rows = len(holdings.orders or ()) + len(_CHECKED) * len(holdings.checks or ())
    country_count = sum(len(holdings.countries_of(match, anywhere)) for match in matches)
    things = 3 * country_count + (3 + channels) * len(matches)
    looked_at = country_count * rows + (channels + turns) * len(matches)
    for count, most, what in (
        (things, MOST_DEADLINES, "things to have ready"),
        (looked_at, MOST_LOOKED_AT, "rows of tables to look at"),
    ):
        if count > most:
            raise InputError(
                f"{len(matches):,} matches to come, in {country_count:,} countries in all: "
                f"{count:,} "
                f"{what}, more than {most:,}",
                hint="Give fewer matches, or fewer countries and channels.",
            )


def _order(match: Match, country: str, holdings: Holdings) -> Deadline:
    start, end = match.starts_at - AROUND, match.ends_at + AROUND
    of_country = [entry for entry in holdings.orders or () if entry.territory == country]
    holding = [
        entry for entry in of_country if entry.window.start <= start and end <= entry.window.end
    ]
    if holdings.orders is None:
        standing, why = Standing.UNKNOWN, message("ready.no-table")
    elif holding:
        until = max(entry.window.end for entry in holding)
        standing = Standing.READY
        why = message("ready.order-holds", order=holding[0].id, until=_minute(until))
    elif ended := [entry for entry in of_country if entry.window.end < end]:
        last = max(ended, key=lambda entry: entry.window.end)
        standing = Standing.MISSING
        why = message("ready.order-ends", order=last.id, until=_minute(last.window.end))
    elif of_country:
        first = min(of_country, key=lambda entry: entry.window.start)
        standing = Standing.MISSING
        why = message("ready.order-begins", order=first.id, since=_minute(first.window.start))
    else:
        standing, why = Standing.MISSING, message("ready.no-order")
    return _deadline(match, ReadyItem.ORDER, country, standing, why)


def _references(
    match: Match, countries: Sequence[str], holdings: Holdings, now: datetime
) -> list[Deadline]:
    if holdings.channels is None:
        why = message("ready.no-table")
        return [_deadline(match, ReadyItem.REFERENCE, "", Standing.UNKNOWN, why)]
    deadlines: list[Deadline] = []
    for channel in holdings.channels:
        if channel.country not in countries:
            continue
        since = channel.reference_on
        due = _due(match, ReadyItem.REFERENCE)
        if since is None:
            standing, why = Standing.MISSING, message("ready.no-reference")
        elif since > due.date():
            standing, why = Standing.MISSING, message("ready.reference-late", since=str(since))
        elif since > now.date():
            standing, why = Standing.DUE, message("ready.reference-comes", since=str(since))
        else:
            standing, why = Standing.READY, message("ready.reference", since=str(since))
        subject = f"{channel.name}, {channel.country}"
        deadlines.append(_deadline(match, ReadyItem.REFERENCE, subject, standing, why))
    return deadlines


def _on_call(match: Match, holdings: Holdings) -> Deadline:
    match_window = Window(start=match.starts_at - AROUND, end=match.ends_at + AROUND)
    if holdings.roster is None:
        standing, why = Standing.UNKNOWN, message("ready.no-table")
    else:
        gap, who = _uncovered(match_window, holdings.roster)
        if gap is None:
            standing, why = Standing.READY, message("ready.on-call", who=", ".join(who[:3]))
        else:
            standing = Standing.MISSING
            why = message("ready.nobody", since=_minute(gap.start), until=_minute(gap.end))
    return _deadline(match, ReadyItem.ON_CALL, "", standing, why)


def _uncovered(match_window: Window, roster: Iterable[OnCall]) -> tuple[Window | None, list[str]]:
    """Return the first stretch in which nobody is on call, and who is on call in the window."""
    at, who, gap = match_window.start, [], None
    for turn in roster:  # by their start
        if turn.window.end <= at or turn.window.start >= match_window.end:
            continue
        if turn.window.start > at:
            gap = Window(start=at, end=turn.window.start)
            break
        at = turn.window.end
        who.append(turn.who)
    if gap is None and at < match_window.end:
        gap = Window(start=at, end=match_window.end)
    return gap, who


def _check(
    match: Match, item: ReadyItem, country: str, holdings: Holdings, now: datetime
) -> Deadline:
    due = _due(match, item)
    if holdings.checks is None:
        return _deadline(match, item, country, Standing.UNKNOWN, message("ready.no-table"))
    oldest = match.starts_at.date() - timedelta(days=_rules()[item]["fresh_days"])
    days_done = [
        check.done_on
        for check in holdings.checks
        if check.item is item and check.country in (None, country) and check.done_on <= due.date()
    ]
    last = max(days_done, default=None)
    if last is not None and last >= oldest:
        standing, why = Standing.READY, message("ready.done", on=str(last))
    elif due <= now:
        standing, why = (
            Standing.MISSING,
            (message("ready.not-done") if last is None else message("ready.too-old", on=str(last))),
        )
    else:
        standing, why = Standing.DUE, message("ready.to-do", by=str(due.date()))
    return _deadline(match, item, country, standing, why)


def _deadline(
    match: Match, item: ReadyItem, subject: str, standing: Standing, why: Message
) -> Deadline:
    return Deadline(
        match=match,
        item=item,
        subject=subject,
        due_at=_due(match, item),
        standing=standing,
        why=why,
    )


def _due(match: Match, item: ReadyItem) -> datetime:
    """Return noon of the day, so many days before the kick-off: nobody works at 03:00."""
    day = match.starts_at.date() - timedelta(days=_rules()[item]["days_before"])
    return min(datetime.combine(day, time(12), UTC), match.starts_at)


@cache
def _rules() -> dict[str, dict[str, int]]:
    return tomllib.loads(
        files("cautery.estimate.forecast").joinpath("ready.toml").read_text("utf-8")
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}"
