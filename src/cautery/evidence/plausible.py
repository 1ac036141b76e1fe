"""Check the times in a case: wrong order, times in the future, wrong clocks.

Nothing signs a time but the case's own key, so what is said here is a finding, not a proof: whoever
reads a case is told which times to ask about.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cautery.model.records import ExhibitSealed, MisshapenRecord, Record, kind_of_type
from cautery.model.times import iso

SLACK = timedelta(seconds=5)
"""Threads and processes write side by side, so a record may be filed just after a later one."""
SKEW = timedelta(minutes=5)
"""As far as a checker's own clock may be behind; as for approvals."""
OFF_S = 2.0
"""A clock further from UTC than this makes a delay or an order of events doubtful. Judgement."""
_SEALED = kind_of_type(ExhibitSealed)


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
            self._note(
                "order", f"record {index} has the time {iso(at)}, earlier than a record before it"
            )
        if self._latest is not None and at > self._latest:
            self._note("future", f"record {index} has the time {iso(at)}, which is in the future")
        if record.kind == _SEALED:
            self._seal(index, at, record.content)
        self._times.append(at)

    def checkpoint(self, size: int, at: datetime) -> None:
        """Look at a checkpoint over the first ``size`` records, after all records."""
        if 0 < size <= len(self._times) and self._times[size - 1] - at > SLACK:
            self._note(
                "early checkpoint",
                f"the checkpoint of {size} records has the time {iso(at)}, earlier than those "
                "records",
            )
        if size < len(self._times) and at - self._times[size] > SLACK:
            self._note(
                "late checkpoint",
                f"the checkpoint of {size} records has the time {iso(at)}, later than record "
                f"{size}",
            )
        if self._latest is not None and at > self._latest:
            self._note(
                "future checkpoint",
                f"the checkpoint of {size} records has the time {iso(at)}, which is in the future",
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
                f"the last record has the time {iso(self._times[-1])}, before that of the first, "
                f"{iso(self._times[0])}"
            )
        return tuple(oddities)

    def _seal(self, index: int, at: datetime, sealing: object) -> None:
        if not isinstance(sealing, ExhibitSealed):
            why = sealing.why if isinstance(sealing, MisshapenRecord) else ""
            self._note(
                "shape",
                f"record {index} does not seal an exhibit, although its kind says so ({why})",
            )
            return
        exhibit = sealing.exhibit
        if exhibit.sealed_at - at > SLACK:
            self._note(
                "sealed",
                f"record {index}: its exhibit was sealed at {iso(exhibit.sealed_at)}, after the "
                "record",
            )
        offset = exhibit.clock.seconds
        if offset is None:
            self._note("unknown", f"record {index}: the offset of its clock from UTC is not known")
        elif abs(offset) > OFF_S:
            self._note(
                "offset", f"record {index}: captured with a clock that was {offset:+.1f} s off UTC"
            )

    def _note(self, sort: str, text: str) -> None:
        first, count = self._odd.get(sort, (text, 0))
        self._odd[sort] = (first, count + 1)
