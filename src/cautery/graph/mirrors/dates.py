"""How much two groups of domains say by days on which both began or ended.

A site that moves leaves one domain on the day on which it takes the next; a list takes a site's
domains in, or drops them, together. What a shared day says depends on how busy that day was, in
that list, and how busy the groups were around it: two sites that one list-keeper looks after every
week share days by routine.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

Event = tuple[str, int]
"""A list, and a day of it (proleptic Gregorian ordinal)."""

AROUND_DAYS = 800
"""How far around a group's own days its list is looked at, for how busy it was."""
UNCOUPLED = 0.3
"""The chance that a site's two names share no more days than strangers do."""
SHARES = (0.05, 0.2, 0.5, 0.8)
"""Of the smaller group's days that are shared if they are coupled: any of these alike."""
ROUNDS = 2
"""Of two groups that each took up domains on more days of one list, days say nothing for: a site
that keeps its name moves in its list-keeper's rounds, as strangers do (ADR 0018)."""
_UNSEEN = 1.0
"""Families expected on a day beside those seen there."""


class Days(NamedTuple):
    """The days on which domains of a group were first and last seen."""

    firsts: frozenset[Event]
    lasts: frozenset[Event]

    def all(self) -> frozenset[Event]:
        """Return every day."""
        return self.firsts | self.lasts


def all_days(many: Iterable[Days]) -> Days:
    """Return the days of many together."""
    dated = [days for days in many if days is not NO_DAYS]
    if len(dated) < 2:
        return dated[0] if dated else NO_DAYS
    return Days(
        frozenset().union(*(days.firsts for days in dated)),
        frozenset().union(*(days.lasts for days in dated)),
    )


NOTHING: frozenset[Any] = frozenset()
"""Nothing, once: each set of nothing takes 216 bytes, and most domains of a list have several."""
NO_DAYS = Days(NOTHING, NOTHING)


class Seen(NamedTuple):
    """The days of a group, ready to be compared; ``rates``: of firsts and of lasts, by list."""

    days: Days
    every: frozenset[Event]
    rates: tuple[dict[str, float], dict[str, float]]

    def keeps_rounds_with(self, other: Seen) -> bool:
        """Whether both took up domains in one list again and again."""
        lists, other_lists = (
            {
                source
                for source, count in Counter(source for source, _ in days.firsts).items()
                if count > ROUNDS
            }
            for days in (self.days, other.days)
        )
        return not lists.isdisjoint(other_lists)


_NOT_SEEN = Seen(NO_DAYS, NOTHING, ({}, {}))


class _Busy:
    """How many families begin, or end, on a list's days."""

    def __init__(self, families: Iterable[frozenset[Event]]) -> None:
        self.on: Counter[Event] = Counter()
        for events in families:
            self.on.update(events)
        by_list: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for (source, day), count in self.on.items():
            by_list[source].append((day, count))
        self._lists: dict[str, tuple[list[int], list[int]]] = {}
        for source, counted in by_list.items():
            sums = [0]
            for _, count in sorted(counted):
                sums.append(sums[-1] + count)
            self._lists[source] = ([day for day, _ in sorted(counted)], sums)

    def least(self, event: Event) -> float:
        """Return the least chance that strangers share an event, however rarely they have any."""
        sums = self._lists.get(event[0], ([], [1]))[1]
        return _met(1 / max(1, sums[-1]), self.on[event] - 2)

    def rates(self, events: frozenset[Event]) -> dict[str, float]:
        """Return, for each list, the chance that a lone event of it is one of the group's."""
        days_by_source: defaultdict[str, list[int]] = defaultdict(list)
        for source, day in events:
            days_by_source[source].append(day)
        shares = {}
        for source, days in days_by_source.items():
            all_days, sums = self._lists[source]
            low = bisect_left(all_days, min(days) - AROUND_DAYS)
            high = bisect_right(all_days, max(days) + AROUND_DAYS)
            shares[source] = len(days) / max(1, sums[high] - sums[low])
        return shares


class DayCosts:
    """What shared days say, given how busy each list was.

    Parameters
    ----------
    families : iterable of Days
        Of the families known so far.
    """

    def __init__(self, families: Iterable[Days]) -> None:
        groups = list(families)
        self._firsts = _Busy(days.firsts for days in groups)
        self._lasts = _Busy(days.lasts for days in groups)
        self._limits: dict[Event, float] = {}

    def of(self, days: Days) -> Seen:
        """Return a group's days, ready to be compared."""
        if days is NO_DAYS:
            return _NOT_SEEN
        rates = (self._firsts.rates(days.firsts), self._lasts.rates(days.lasts))
        return Seen(days, days.all(), rates)

    def evidence(self, one: Seen, other: Seen) -> float:
        """Return the log-odds that the days of two groups speak for one site; 0 without days."""
        sparse, dense = (one, other) if len(one.every) <= len(other.every) else (other, one)
        if not sparse.every:
            return 0.0
        shared = sparse.every & dense.every
        chances = [self._chance(event, sparse.days, dense) for event in shared]
        unshared = len(sparse.every) - len(shared)
        coupled = 0.0
        for share in SHARES:
            # Coupling comes on top of chance: a group that is always busy shares days anyway.
            odds = sum(math.log((chance + (1 - chance) * share) / chance) for chance in chances)
            odds += unshared * math.log(1 - share)
            # exp overflows at 710; 60 nats are certainty long since.
            coupled += math.exp(min(odds, 60.0)) / len(SHARES)
        return math.log(UNCOUPLED + (1 - UNCOUPLED) * coupled)

    def most(self, event: Event) -> float:
        """Return the most log-odds that a day shared by two groups can say."""
        odds = self._limits.get(event)
        if odds is None:
            odds = -math.log(min(busy.least(event) for busy in (self._firsts, self._lasts)))
            self._limits[event] = odds
        return odds

    def _chance(self, event: Event, sparse: Days, dense: Seen) -> float:
        """Return how likely strangers share this day, by the most telling way in which they do."""
        chances = []
        # A beginning beside anything is telling. Two ends are told by how many end that day: a
        # list drops the dead together.
        for days, sparse_days, rate, busy in (
            (dense.days.firsts, sparse.firsts, dense.rates[0], self._firsts),
            (dense.days.lasts, sparse.lasts, dense.rates[1], self._lasts),
        ):
            if event not in days:
                continue
            strangers = busy.on[event] - 1 - (event in sparse_days)
            chances.append(_met(rate[event[0]], strangers))
        return min(chances)


def _met(rate: float, strangers: int) -> float:
    """Return the chance that a group of that rate has an event that so many others have."""
    # Never 0: the odds divide by it.
    return max(1 - math.exp(-rate * (max(strangers, 0) + _UNSEEN)), 1e-9)
