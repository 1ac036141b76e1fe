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
from typing import NamedTuple

Event = tuple[str, int]
"""A list, and a day of it (proleptic Gregorian ordinal)."""

AROUND_DAYS = 800
"""How far around a group's own days its list is looked at, for how busy it was."""
UNCOUPLED = 0.3
"""The chance that a site's two names share no more days than strangers do."""
SHARES = (0.05, 0.2, 0.5, 0.8)
"""Of the smaller group's days that are shared if they are coupled: any of these alike."""
MOST = 9.0
"""Days say no more than this, whatever they are."""
_UNSEEN = 1.0
"""Families expected on a day beside those seen there."""


class Days(NamedTuple):
    """The days on which domains of a group were first and last seen."""

    firsts: frozenset[Event]
    lasts: frozenset[Event]

    def __or__(self, other: object) -> Days:
        """Return the days of both."""
        if not isinstance(other, Days):
            return NotImplemented
        return Days(self.firsts | other.firsts, self.lasts | other.lasts)

    def all(self) -> frozenset[Event]:
        """Return every day."""
        return self.firsts | self.lasts


NO_DAYS = Days(frozenset(), frozenset())


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

    def rates(self, events: frozenset[Event]) -> dict[str, float]:
        """Return, for each list, the chance that a lone event of it is one of the group's."""
        own: defaultdict[str, list[int]] = defaultdict(list)
        for source, day in events:
            own[source].append(day)
        found = {}
        for source, days in own.items():
            all_days, sums = self._lists[source]
            low = bisect_left(all_days, min(days) - AROUND_DAYS)
            high = bisect_right(all_days, max(days) + AROUND_DAYS)
            found[source] = len(days) / max(1, sums[high] - sums[low])
        return found


class DayCosts:
    """What shared days say, given how busy each list was.

    Parameters
    ----------
    families : iterable of Days
        Of the families known so far.
    """

    def __init__(self, families: Iterable[Days]) -> None:
        known = list(families)
        self._firsts = _Busy(one.firsts for one in known)
        self._lasts = _Busy(one.lasts for one in known)
        self._kept: dict[Days, tuple[dict[str, float], dict[str, float]]] = {}

    def evidence(self, one: Days, other: Days) -> float:
        """Return the log-odds that the days of two groups speak for one site; 0 without days."""
        few, many = sorted((one, other), key=lambda days: len(days.all()))
        if not few.firsts and not few.lasts:
            return 0.0
        rates = self._rates(many)
        seen = few.all()
        shared = [self._chance(event, few, many, rates) for event in seen & many.all()]
        unshared = len(seen) - len(shared)
        coupled = 0.0
        for share in SHARES:
            # Coupling comes on top of chance: a group that is always busy shares days anyway.
            said = sum(math.log((chance + (1 - chance) * share) / chance) for chance in shared)
            said += unshared * math.log(1 - share)
            coupled += math.exp(min(said, 60.0)) / len(SHARES)
        return min(MOST, math.log(UNCOUPLED + (1 - UNCOUPLED) * coupled))

    def _rates(self, days: Days) -> tuple[dict[str, float], dict[str, float]]:
        found = self._kept.get(days)
        if found is None:
            found = (self._firsts.rates(days.firsts), self._lasts.rates(days.lasts))
            self._kept[days] = found
        return found

    def _chance(
        self, event: Event, few: Days, many: Days, rates: tuple[dict[str, float], dict[str, float]]
    ) -> float:
        """Return how likely strangers share this day, by the most telling way in which they do."""
        chances = []
        # A beginning beside anything is telling. Two ends are told by how many end that day: a
        # list drops the dead together.
        for days, rate, busy in zip(many, rates, (self._firsts, self._lasts), strict=True):
            if event not in days:
                continue
            mine = few.firsts if busy is self._firsts else few.lasts
            others = busy.on[event] - 1 - (event in mine)
            chances.append(1 - math.exp(-rate[event[0]] * (max(others, 0) + _UNSEEN)))
        return max(min(chances), 1e-9)
