"""Check the times in a case: wrong order, times in the future, wrong clocks.

Nothing signs a time but the case's own key, so what is said here is a finding, not a proof: whoever
reads a case is told which times to ask about.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cautery.messages import tr
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
            text = tr(
                "record %(index)s has the time %(time)s, earlier than a record before it",
                index=str(index),
                time=iso(at),
            )
            self._note("order", text)
        if self._latest is not None and at > self._latest:
            text = tr(
                "record %(index)s has the time %(time)s, which is in the future",
                index=str(index),
                time=iso(at),
            )
            self._note("future", text)
        if record.kind == _SEALED:
            self._seal(index, at, record.content)
        self._times.append(at)

    def checkpoint(self, size: int, at: datetime) -> None:
        """Look at a checkpoint over the first ``size`` records, after all records."""
        if 0 < size <= len(self._times) and self._times[size - 1] - at > SLACK:
            text = tr(
                "the checkpoint of %(size)s records has the time %(time)s, earlier than those "
                "records",
                size=str(size),
                time=iso(at),
            )
            self._note("early checkpoint", text)
        if size < len(self._times) and at - self._times[size] > SLACK:
            text = tr(
                "the checkpoint of %(size)s records has the time %(time)s, later than record "
                "%(size)s",
                size=str(size),
                time=iso(at),
            )
            self._note("late checkpoint", text)
        if self._latest is not None and at > self._latest:
            text = tr(
                "the checkpoint of %(size)s records has the time %(time)s, which is in the future",
                size=str(size),
                time=iso(at),
            )
            self._note("future checkpoint", text)

    @property
    def findings(self) -> tuple[str, ...]:
        """What is odd, the first of each sort, and how many more there are."""
        oddities = [
            first
            if count == 1
            else tr("%(first)s (and %(more)s more)", first=first, more=count - 1)
            for first, count in self._odd.values()
        ]
        if self._times and self._times[0] - self._times[-1] > SLACK:
            oddities.append(
                tr(
                    "the last record has the time %(last)s, before that of the first, %(first)s",
                    last=iso(self._times[-1]),
                    first=iso(self._times[0]),
                )
            )
        return tuple(oddities)

    def _seal(self, index: int, at: datetime, sealing: object) -> None:
        if not isinstance(sealing, ExhibitSealed):
            why = sealing.why if isinstance(sealing, MisshapenRecord) else ""
            text = tr(
                "record %(index)s does not seal an exhibit, although its kind says so (%(why)s)",
                index=str(index),
                why=why,
            )
            self._note("shape", text)
            return
        exhibit = sealing.exhibit
        if exhibit.sealed_at - at > SLACK:
            text = tr(
                "record %(index)s: its exhibit was sealed at %(time)s, after the record",
                index=str(index),
                time=iso(exhibit.sealed_at),
            )
            self._note("sealed", text)
        offset = exhibit.clock.seconds
        if offset is None:
            text = tr(
                "record %(index)s: the offset of its clock from UTC is not known", index=str(index)
            )
            self._note("unknown", text)
        elif abs(offset) > OFF_S:
            text = tr(
                "record %(index)s: captured with a clock that was %(offset)s s off UTC",
                index=str(index),
                offset=f"{offset:+.1f}",
            )
            self._note("offset", text)

    def _note(self, sort: str, text: str) -> None:
        first, count = self._odd.get(sort, (text, 0))
        self._odd[sort] = (first, count + 1)
