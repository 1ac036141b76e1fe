"""When each source is due, by its own rhythm, the mandate's bounds and what is on air."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cautery.formats.rhythm import HABITS, Rhythm
from cautery.model import Location, Source
from cautery.model.records import ChangesPerDay, SourceRhythm

RETRY_S = 5.0
LONGEST_RETRY_S = 3600.0
"""What fails is tried again after 5 s, 10 s, 20 s ... and at least every hour, or as often as it
would be read."""
ON_AIR_S = 60.0
"""While an event is on, a source is read at least so often: matches are over in two hours."""
LABORIOUS = frozenset(("stalker", "xmltv"))
"""A portal takes dozens of questions, a guide is large: not oftener, by their own least wait."""
SLICE_S = 30.0
"""Between two looks at the clock while a source waits."""


class Schedule:
    """Of one watch's sources.

    Parameters
    ----------
    now : callable
        The watch's clock.
    on_air_from : callable
        The first moment, from a given one on, at which an event is on; ``None``: there is none.
    """

    def __init__(
        self, now: Callable[[], datetime], on_air_from: Callable[[datetime], datetime | None]
    ) -> None:
        self._now = now
        self._on_air_from = on_air_from
        self._rhythms: dict[Location, Rhythm] = {}
        self._visited: dict[Location, datetime] = {}
        self._asked_at: dict[Location, datetime] = {}
        self._due: dict[Location, datetime] = {}
        self._failures: dict[Location, int] = {}

    async def until_due(self, source: Source) -> None:
        """Wait until a source is to be read; at once if it never was.

        The clock is looked at again and again: a machine that slept is not late for longer, and an
        event may begin meanwhile.
        """
        while True:
            left_s = self.left_s(source)
            if left_s <= 0:
                return
            await asyncio.sleep(min(left_s, SLICE_S))

    def left_s(self, source: Source) -> float:
        """Return the seconds until a source is due, 0 or less if it is."""
        due = self._due_at(source)
        return 0.0 if due is None else (due - self._now()).total_seconds()

    def _due_at(self, source: Source) -> datetime | None:
        """Return when a source is read again, by what is known now: waiting and records agree.

        An event that begins before its rhythm would have it read is why it is read then.
        """
        due = self._due.get(source.location)
        read_at = self._asked_at.get(source.location)
        if due is None or read_at is None or source.revisit_s is not None:
            return due
        on_air = self._on_air_from(read_at + timedelta(seconds=self._on_air_s(source)))
        return due if on_air is None else min(due, on_air)

    def _on_air_s(self, source: Source) -> float:
        least_s = source.least_s
        if least_s is None and source.kind in LABORIOUS:
            least_s = HABITS[source.kind].least_s
        return max(ON_AIR_S, least_s or 0.0)

    def visited(self, source: Source, *, changed: bool) -> None:
        """Learn from a visit, and set when the next one is due."""
        now = self._now()
        last = self._visited.get(source.location)
        if last is not None:
            after_s = (now - last).total_seconds()
            self._rhythms[source.location] = self._rhythm(source).saw(
                changed=changed, after_s=after_s
            )
        self._visited[source.location] = self._asked_at[source.location] = now
        self._failures.pop(source.location, None)
        self._due[source.location] = now + timedelta(seconds=self._wait_s(source))

    def failed(self, source: Source) -> None:
        """Set when to try again: later and later."""
        times = self._failures.get(source.location, 0)
        self._failures[source.location] = times + 1
        most_s = min(self._wait_s(source), LONGEST_RETRY_S)
        # Bounded exponent: a source that fails for months would make an infinite float.
        wait_s = min(RETRY_S * 2.0 ** min(times, 20), most_s)
        self._asked_at[source.location] = self._now()
        self._due[source.location] = self._now() + timedelta(seconds=wait_s)

    def resume(self, source: Source, visits: Sequence[tuple[datetime, bool]]) -> None:
        """Take up visits of an earlier run, oldest first: when, and whether there was a change.

        Anybody with the case's file can append a visit: one that is dated ahead is passed over.
        """
        now = self._now()
        visits = [visit for visit in visits if visit[0] <= now]
        for (last, _), (at, changed) in pairwise(visits):
            self._rhythms[source.location] = self._rhythm(source).saw(
                changed=changed, after_s=(at - last).total_seconds()
            )
        if visits:
            self._visited[source.location] = self._asked_at[source.location] = visits[-1][0]

    def due_at(self, source: Source, due: datetime) -> None:
        """Set when a source that was visited is due, as an earlier run had it.

        It is due no later than its own rhythm says from now on, whatever a record says.
        """
        if source.location in self._visited:
            latest = self._now() + timedelta(seconds=self._wait_s(source))
            self._due[source.location] = min(due, latest)

    def now(self, source: Source) -> None:
        """Make a source due at once."""
        self._due.pop(source.location, None)

    def of(self, source: Source) -> SourceRhythm | None:
        """Return a source's rhythm as records have it; ``None``: it is not read again."""
        if source.is_file or source.kind == "stream":
            return None
        rate = self._rhythm(source).rate
        return SourceRhythm(
            due=self._due_at(source),
            wait_s=round(self._wait_s(source), 1),
            learned=source.revisit_s is None,
            changes_per_day=ChangesPerDay(
                low=float(f"{rate.low:.4g}"),
                mid=float(f"{rate.mid:.4g}"),
                high=float(f"{rate.high:.4g}"),
                visits=rate.visits,
                method=rate.method,
            ),
        )

    def _wait_s(self, source: Source) -> float:
        return self._rhythm(source).wait_s if source.revisit_s is None else source.revisit_s

    def _rhythm(self, source: Source) -> Rhythm:
        if source.location not in self._rhythms:
            self._rhythms[source.location] = Rhythm.of(
                source.kind, least_s=source.least_s, most_s=source.most_s
            )
        return self._rhythms[source.location]
