"""The bracket in time of each record: not before one proof from outside, not after another.

A record that stands behind a proof in the ledger was made after that proof. A record that a proven
root covers was there when others vouched for that root. Both bound when the *record* was made.
Bytes have a "not after" only: when they were captured is a claim of the machine's clock.

Examples
--------
>>> from datetime import UTC, datetime
>>> noon = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
>>> one = datetime(2026, 5, 1, 13, 0, tzinfo=UTC)
>>> first = Moment(record=2, covers=2, not_before=noon, not_after=noon)
>>> second = Moment(record=9, covers=9, not_before=one, not_after=one)
>>> bracket_of(5, [first, second]).width_s
3600.0
>>> bracket_of(9, [first, second]).not_after is None
True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.messages import tr
from cautery.model.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What one checked proof says of times.

    Parameters
    ----------
    record : int or None
        Number of the record that carries the proof; ``None``: it lies outside the ledger.
    covers : int
        How many records it proves: those with a lower number.
    not_before : datetime or None
        What was made after the proof is later than this; ``None``: nobody trusted says so.
    not_after : datetime or None
        What the proof covers is earlier than this; ``None``: nobody trusted says so.
    """

    record: int | None
    covers: int
    not_before: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Between which times a record was made, as others vouch; ``None``: nobody does."""

    not_before: datetime | None = None
    not_after: datetime | None = None

    @property
    def width_s(self) -> float | None:
        """Seconds between both; ``None``: one of them is unknown."""
        if self.not_before is None or self.not_after is None:
            return None
        return (self.not_after - self.not_before).total_seconds()

    def words(self, claimed: datetime) -> str:
        """Return what may be said of a record's time; the claim of the machine's clock comes last.

        Parameters
        ----------
        claimed : datetime
            The record's own time, by the clock of the machine that wrote it.
        """
        at = iso(claimed)
        if self.not_before is None and self.not_after is None:
            return tr("%(claimed)s by this machine's clock; nobody else vouches for it", claimed=at)
        if self.not_before is None:
            after = iso(self.not_after or claimed)
            return tr(
                "not after %(after)s; %(claimed)s by this machine's clock", after=after, claimed=at
            )
        before = iso(self.not_before)
        if self.not_after is None:
            return tr(
                "not before %(before)s; %(claimed)s by this machine's clock",
                before=before,
                claimed=at,
            )
        return tr(
            "not before %(before)s, not after %(after)s; %(claimed)s by this machine's clock",
            before=before,
            after=iso(self.not_after),
            claimed=at,
        )


def bracket_of(index: int, moments: Iterable[Moment]) -> Bracket:
    """Return the bracket of one record.

    Parameters
    ----------
    index : int
        Number of the record in its ledger. For bytes, the record that seals them; of its bracket,
        ``not_after`` alone holds for the bytes.
    moments : iterable of Moment
        Of the case, in any order.
    """
    before, after = None, None
    for moment in moments:
        if moment.record is not None and moment.record < index and moment.not_before is not None:
            before = moment.not_before if before is None else max(before, moment.not_before)
        if moment.covers > index and moment.not_after is not None:
            after = moment.not_after if after is None else min(after, moment.not_after)
    return Bracket(not_before=before, not_after=after)


def brackets(size: int, moments: Sequence[Moment]) -> list[Bracket]:
    """Return the brackets of the first ``size`` records, in one pass over records and proofs."""
    before: list[datetime | None] = [None] * size
    after: list[datetime | None] = [None] * size
    latest = None
    starts: dict[int, datetime] = {}
    for moment in moments:
        if moment.record is not None and moment.not_before is not None:
            bound = starts.get(moment.record)
            starts[moment.record] = (
                moment.not_before if bound is None else max(bound, moment.not_before)
            )
    for index in range(size):
        before[index] = latest
        if (start := starts.get(index)) is not None:
            latest = start if latest is None else max(latest, start)
    ends: dict[int, datetime] = {}
    for moment in moments:
        if moment.not_after is not None:
            last = min(moment.covers, size) - 1
            bound = ends.get(last)
            ends[last] = moment.not_after if bound is None else min(bound, moment.not_after)
    earliest = None
    for index in reversed(range(size)):
        if (end := ends.get(index)) is not None:
            earliest = end if earliest is None else min(earliest, end)
        after[index] = earliest
    return [
        Bracket(not_before=start, not_after=end) for start, end in zip(before, after, strict=True)
    ]
