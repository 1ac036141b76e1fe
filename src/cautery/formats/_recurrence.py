"""Fixtures that recur by the day or the week, in their own time zone, within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RULE_PARTS = frozenset(("FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL", "WKST"))
_MOST_STEPS = 40_000
"""Days that are walked through: a century."""
_MOST_DATES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When one entry of a calendar is again (RFC 5545, section 3.3.10, as far as leagues use it).

    Parameters
    ----------
    first : datetime
        In its own zone: a match at eight in the evening stays at eight when clocks change.
    every_days : int
        1 or 7, times the interval; 0: only the dates in ``added``.
    weekdays : tuple of int
        Of a week, Monday 0; empty: that of the first.
    until : datetime or None
        The last moment at which one may start, UTC.
    excluded, added : frozenset of datetime
        Starts in UTC.
    """

    first: datetime
    every_days: int
    weekdays: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | None = None
    excluded: frozenset[datetime] = frozenset()
    added: frozenset[datetime] = frozenset()

    def starts(self, *, after: datetime, before: datetime) -> Iterator[datetime]:
        """Yield the starts between two moments, in UTC, in order."""
        starts = set(self._by_rule(after, before)) | self.added
        yield from sorted(start for start in starts - self.excluded if after <= start < before)

    def _by_rule(self, after: datetime, before: datetime) -> Iterator[datetime]:
        if self.every_days == 0:
            yield self.first.astimezone(UTC)
            return
        gap_days = (after - self.first.astimezone(UTC)).days - 1
        skipped = max(gap_days // self.every_days, 0)
        for count, step in enumerate(self._steps(skipped), self._starts_in(skipped)):
            start = step.astimezone(UTC)
            over = self.until is not None and start > self.until
            if start >= before or over or (self.count is not None and count >= self.count):
                return
            yield start

    def _starts_in(self, steps: int) -> int:
        """Return how many starts the first steps have: a rule may count from a century ago."""
        if not self.weekdays or steps == 0:
            return steps
        in_first_week = sum(day >= self.first.weekday() for day in self.weekdays)
        return in_first_week + (steps - 1) * len(self.weekdays)

    def _steps(self, skipped: int) -> Iterator[datetime]:
        """Yield local starts; adding days to a local time keeps its hour."""
        monday = self.first - timedelta(days=self.first.weekday())
        limit = _MOST_STEPS // self.every_days + 1
        try:
            for step in range(skipped, skipped + limit):
                days = step * self.every_days
                if not self.weekdays:
                    yield self.first + timedelta(days=days)
                for day in self.weekdays:
                    start = monday + timedelta(days=days + day)
                    if start >= self.first:
                        yield start
        except OverflowError:  # the end of the calendar
            return


def recurrence_of(
    rule: Mapping[str, Any] | None,
    *,
    first: datetime,
    excluded: frozenset[datetime],
    added: frozenset[datetime],
) -> Recurrence | None:
    """Return a rule as a recurrence; ``None``: it is of a kind that no league uses.

    Parameters
    ----------
    rule : mapping or None
        As icalendar gives it: lists by name; ``None``: dates alone.

    Raises
    ------
    ValueError
        If it breaks RFC 5545.
    """
    if rule is None:
        return Recurrence(first=first, every_days=0, excluded=excluded, added=added)
    parts = {str(name).upper(): value for name, value in rule.items()}
    frequency = str(parts["FREQ"][0]).upper() if parts.get("FREQ") else ""
    interval = int(parts.get("INTERVAL", [1])[0])
    weekdays = {str(day).upper() for day in parts.get("BYDAY", [])}  # one may be named twice
    if (
        frequency not in ("DAILY", "WEEKLY")
        or not parts.keys() <= _RULE_PARTS
        or not weekdays <= set(_DAYS)
        or (weekdays and frequency == "DAILY")
        or not 1 <= interval <= 366
    ):
        return None
    until = parts["UNTIL"][0] if parts.get("UNTIL") else None
    if until is not None:
        if not isinstance(until, datetime):  # a date: that whole day
            until = datetime(until.year, until.month, until.day, 23, 59, 59, tzinfo=first.tzinfo)
        until = (until if until.tzinfo else until.replace(tzinfo=first.tzinfo)).astimezone(UTC)
    return Recurrence(
        first=first,
        every_days=interval * (7 if frequency == "WEEKLY" else 1),
        weekdays=tuple(sorted(_DAYS.index(weekday) for weekday in weekdays)),
        count=int(parts["COUNT"][0]) if parts.get("COUNT") else None,
        until=until,
        excluded=excluded,
        added=frozenset(sorted(added)[:_MOST_DATES]),
    )
