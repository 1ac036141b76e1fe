"""The content of the search over cases: things by words, and the history of one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from cautery.drawing.months import months_chart
from cautery.model import Regime


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingInCase:
    """What one case says of a thing.

    Parameters
    ----------
    case : str
        Its name in addresses.
    text : str
        How the case spells the thing.
    first, named, last : int
        The first and the newest record that name it, and the newest that saw it.
    first_at, last_at : datetime
        Of all records that saw it, the earliest time and the latest.
    stream : int or None
        Number of the newest stream that has it.
    has_map : bool
        The case has a map.
    months : mapping of int to int
        Records by month; empty where several things are shown.
    """

    case: str
    text: str
    first: int
    first_at: datetime
    named: int
    last: int
    last_at: datetime
    stream: int | None
    has_map: bool
    months: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingRow:
    """A thing in one line, over the cases that were searched.

    Parameters
    ----------
    kind : str
        ``title``, ``host``, ``brand`` or ``payment``.
    key : str
        By which its history is asked for.
    months : mapping of int to int
        By month (months since the year 0), how many records saw it.
    in_cases : int
        How many of the searched cases have it.
    newest : tuple of ThingInCase
        The cases that saw it last.
    """

    kind: str
    key: str
    text: str
    first_at: datetime
    last_at: datetime
    months: Mapping[int, int]
    in_cases: int
    newest: tuple[ThingInCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Which cases an answer is of.

    Parameters
    ----------
    regime : Regime or None
        Of all of them; ``None``: it has to be chosen first.
    regimes : tuple of Regime
        Of the cases that may be searched.
    cases : int
        How many were searched.
    waiting : int
        How many are not gathered yet.
    unreadable : tuple of (str, str)
        Some of those that cannot be read, each with the reason.
    unreadable_count : int
        How many cannot be read.
    """

    regime: Regime | None
    regimes: tuple[Regime, ...]
    cases: int
    waiting: int
    unreadable: tuple[tuple[str, str], ...]
    unreadable_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindView:
    """A page of things that were found.

    Parameters
    ----------
    words : str
        What was searched.
    kind : str
        Of this kind alone; empty: of all.
    older : int or None
        Where the next page begins.
    found : int or None
        How many there are; ``None``: they were not counted.
    found_more : bool
        There are more than ``found``.
    complete : bool
        ``False``: the search was ended because it took too long.
    """

    searched: Searched
    words: str
    kind: str
    things: tuple[ThingRow, ...] = ()
    older: int | None = None
    found: int | None = None
    found_more: bool = False
    complete: bool = True

    def chart(self, thing: ThingRow) -> Markup:
        """Draw the months of a thing, on the axis of all things of the page."""
        months = [month for row in self.things for month in row.months]
        return months_chart(thing.months, first=min(months), last=max(months))


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """One thing, case by case.

    Parameters
    ----------
    next : str or None
        Give this as ``after`` for the next page.
    """

    searched: Searched
    thing: ThingRow
    rows: tuple[ThingInCase, ...]
    next: str | None

    def whole(self) -> Markup:
        """Draw the months of the thing in all cases."""
        months = self.thing.months
        return months_chart(months, first=min(months), last=max(months), wide=880.0, high=90.0)

    def chart(self, row: ThingInCase) -> Markup:
        """Draw the months of one case, on the axis of all cases."""
        months = self.thing.months
        return months_chart(row.months, first=min(months), last=max(months))
