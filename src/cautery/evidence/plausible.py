"""Whether the times in a case can be: what is out of order, ahead of now, or off the clock.

Nothing signs a time but the case's own key, so what is said here is a finding, not a proof: whoever
reads a case is told which times to ask about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cautery.errors import InputError
from cautery.model.evidence import Record
from cautery.model.times import iso, to_utc

SLACK = timedelta(seconds=5)
"""Threads and processes write side by side, so a record may be filed just after a later one."""
SKEW = timedelta(minutes=5)
"""As far as a checker's own clock may be behind; as for approvals."""
OFF_S = 2.0
"""A clock further from UTC than this makes a delay or an order of events doubtful. Judgement."""


class Times:
    """Looks at the records of a case in order, and at its checkpoints; says what is odd.

    Parameters
    ----------
    now : datetime or None
        Of whoever checks; ``None``: nothing is said of the future.
    """

    def __init__(self, now: datetime | None) -> None:
        self._latest = None if now is None else now + SKEW
        self._times: list[datetime] = []
        self._odd: dict[str, tuple[str, int]] = {}

    def record(self, index: int, record: Record) -> None:
        """Look at the next record."""
        at = record.at
        latest = max(self._times[-1:], default=at)
        if latest - at > SLACK:  # a difference: a sum may lie outside of the calendar
            self._note("order", f"record {index} is of {iso(at)}, earlier than the one before it")
        if self._latest is not None and at > self._latest:
            self._note("future", f"record {index} is of {iso(at)}, which is yet to come")
        if record.kind == "exhibit.sealed":
            self._exhibit(index, at, record.body.get("exhibit"))
        self._times.append(at)

    def checkpoint(self, size: int, at: datetime) -> None:
        """Look at a checkpoint over the first ``size`` records, after all records."""
        if 0 < size <= len(self._times) and self._times[size - 1] - at > SLACK:
            self._note(
                "early checkpoint",
                f"the checkpoint of {size} records is of {iso(at)}, earlier than they are",
            )
        if size < len(self._times) and at - self._times[size] > SLACK:
            self._note(
                "late checkpoint",
                f"the checkpoint of {size} records is of {iso(at)}, later than record {size}",
            )
        if self._latest is not None and at > self._latest:
            self._note(
                "future checkpoint",
                f"the checkpoint of {size} records is of {iso(at)}, yet to come",
            )

    @property
    def findings(self) -> tuple[str, ...]:
        """What is odd, the first of each sort, and how many more there are."""
        oddities = [
            first if count == 1 else f"{first} (and {count - 1} more)"
            for first, count in self._odd.values()
        ]
        if self._times and self._times[0] - self._times[-1] > SLACK:
            oddities.append(
                f"its last record is of {iso(self._times[-1])}, before its first of"
                f" {iso(self._times[0])}"
            )
        return tuple(oddities)

    def _exhibit(self, index: int, at: datetime, exhibit: Any) -> None:
        if not isinstance(exhibit, Mapping):
            return
        sealed = _time(exhibit.get("sealed_at"))
        if sealed is not None and sealed - at > SLACK:
            self._note(
                "sealed", f"record {index}: its exhibit was sealed at {iso(sealed)}, after it"
            )
        clock = exhibit.get("clock")
        offset = clock.get("seconds") if isinstance(clock, Mapping) else None
        if isinstance(offset, int | float) and abs(offset) > OFF_S:
            self._note("offset", f"record {index}: captured by a clock {offset:+.1f} s from UTC")
        elif offset is None:
            self._note("unknown", f"record {index}: how far its clock was from UTC is not known")

    def _note(self, sort: str, text: str) -> None:
        first, count = self._odd.get(sort, (text, 0))
        self._odd[sort] = (first, count + 1)


def _time(text: Any) -> datetime | None:
    try:
        return to_utc("sealed_at", datetime.fromisoformat(str(text)))
    except (ValueError, InputError):
        return None
