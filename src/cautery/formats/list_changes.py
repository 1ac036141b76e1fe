r"""Changes of a list, such as a monitor of blocks publishes them, as the list's daily peaks.

::

    time,op,ip          (or domain, or item)
    2025-11-29T13:02:11Z,+,192.0.2.7

Changes of one moment count together: a list is replaced at once, and does not hold both states.

Examples
--------
>>> rows = b"time,op,ip\n2026-01-03T14:00:00Z,+,192.0.2.7\n2026-01-03T14:00:00Z,+,192.0.2.8\n"
>>> rows += b"2026-01-04T09:00:00Z,-,192.0.2.7\n"
>>> read_list_changes([rows], unit="monitor").values.tolist()
[2.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import numpy as np

from cautery.errors import InputError
from cautery.formats._day_rows import YEARS, Row, each_row
from cautery.formats.daily import MOST_DAYS
from cautery.model.daily import UNKNOWN_MARKET, DailySeries, Measure, consecutive

COLUMNS = ("time", "op")
ITEMS = ("ip", "domain", "item")
MOST_ROWS = 1_000_000
"""A published list of blocks has some 50,000; these take a reader seven seconds."""
_MOST_NAME = 253
"""Letters of an entry: a domain has no more."""


def read_list_changes(
    chunks: Iterable[bytes], *, unit: str, market: str = UNKNOWN_MARKET
) -> DailySeries:
    """Return the most entries that a list had on each day, what it had at midnight among them.

    Raises
    ------
    InputError
        With the line: no column of entries, a time without its zone or before the row above it, an
        entry added twice or taken off though it was not there, or limits.
    """
    peaks = _Peaks()
    each_row(chunks, COLUMNS, MOST_ROWS, peaks.take, may_have=ITEMS)
    days, values = peaks.finished()
    return DailySeries(
        unit=unit,
        market=market,
        measure=Measure.LEVEL,
        days=days,
        values=values,
        probes=np.ones(len(days), np.int64),
        vantage="list",
    )


class _Peaks:
    """The list as it stands, and the peaks of its days so far."""

    def __init__(self) -> None:
        self._entries: set[bytes] = set()  # one rare letter would make the others four bytes wide
        self._at: datetime | None = None
        self._peaks: list[int] = []
        self._first: date | None = None

    def take(self, row: Row, line: int) -> None:  # noqa: ARG002 - the reader says the line
        at = _moment(row["time"])
        if self._at is None:
            self._first, self._peaks = at.date(), [0]
        elif at < self._at:
            raise InputError(
                f"time {row['time'][:40]!r} is before the row above it",
                hint="Sort the changes by time.",
            )
        elif at > self._at:
            self._until(at)
        self._at = at
        self._change(row)

    def finished(self) -> tuple[tuple[date, ...], np.ndarray[tuple[int], np.dtype[np.float64]]]:
        if self._first is None:
            raise InputError("no row: the list never changed")
        self._count()
        days = consecutive(self._first, len(self._peaks))
        return days, np.asarray(self._peaks, np.float64)

    def _until(self, at: datetime) -> None:
        """Close the moment before, and carry the list over each midnight that has passed."""
        self._count()
        assert self._first is not None
        passed = (at.date() - self._first).days
        if passed >= MOST_DAYS:
            raise InputError(f"the changes span more than {MOST_DAYS:,} days")
        self._peaks += [len(self._entries)] * (passed + 1 - len(self._peaks))

    def _count(self) -> None:
        self._peaks[-1] = max(self._peaks[-1], len(self._entries))

    def _change(self, row: Row) -> None:
        names = [row[column] for column in ITEMS if row.get(column)]
        if len(names) != 1 or len(names[0]) > _MOST_NAME:
            raise InputError(
                "a row must name one entry", hint=f"In a column {', '.join(ITEMS[:-1])} or item."
            )
        [name] = names
        if row["op"] not in ("+", "-"):
            raise InputError(f"op {row['op'][:20]!r}: must be + or -")
        is_added, entry = row["op"] == "+", name.encode()
        if is_added == (entry in self._entries):
            raise InputError(
                f"{name[:60]!r} is {'added twice' if is_added else 'taken off, but was not there'}"
            )
        (self._entries.add if is_added else self._entries.remove)(entry)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text[:40])
        if at.tzinfo is None:
            raise InputError(f"time {text[:40]!r}: a time without its zone")
        at = at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"time {text[:40]!r} is not a valid time", hint="Write it as 2026-01-03T14:00:00Z."
        ) from error
    if at.year not in YEARS:
        raise InputError(f"time {text[:40]!r}: the year must be from {YEARS[0]} to {YEARS[-1]}")
    return at
