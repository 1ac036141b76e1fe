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
ROUTINE = 0.1
"""The chance that strangers share a day on which each made a move of its own: one list-keeper tends
many sites in one sitting (ADR 0018)."""
_UNSEEN = 1.0
"""Families expected on a day beside those seen there."""
_SEVERAL = -1


class Days(NamedTuple):
    """The days on which domains of a group were first and last seen.

    ``turns`` are the days on which one of them ended and another began: the group's own moves.
    """

    firsts: frozenset[Event]
    lasts: frozenset[Event]
    turns: frozenset[Event] = frozenset()

    def __or__(self, other: object) -> Days:
        """Return the days of both."""
        if not isinstance(other, Days):
            return NotImplemented
        moves = (self.firsts & other.lasts) | (self.lasts & other.firsts)
        return Days(
            self.firsts | other.firsts,
            self.lasts | other.lasts,
            self.turns | other.turns | moves,
        )

    def all(self) -> frozenset[Event]:
        """Return every day."""
        return self.firsts | self.lasts


def all_days(many: Iterable[Days]) -> Days:
    """Return the days of many, as ``|`` would one by one."""
    dated = [days for days in many if days is not NO_DAYS]
    if len(dated) < 2:
        return dated[0] if dated else NO_DAYS
    begun: dict[Event, int] = {}
    ended: dict[Event, int] = {}
    turns: set[Event] = set()
    for number, days in enumerate(dated):
        turns |= days.turns
        for events, holders in ((days.firsts, begun), (days.lasts, ended)):
            for event in events:
                if holders.setdefault(event, number) != number:
                    holders[event] = _SEVERAL
    turned = begun.keys() & ended.keys()
    turns |= {event for event in turned if begun[event] != ended[event] or begun[event] == _SEVERAL}
    return Days(frozenset(begun), frozenset(ended), frozenset(turns))


NOTHING: frozenset[Any] = frozenset()
"""Nothing, once: each set of nothing takes 216 bytes, and most domains of a list have several."""
NO_DAYS = Days(NOTHING, NOTHING, NOTHING)


class Seen(NamedTuple):
    """The days of a group, ready to be compared; ``rates``: of firsts and of lasts, by list."""

    days: Days
    every: frozenset[Event]
    rates: tuple[dict[str, float], dict[str, float]]


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
        routine = sparse.days.turns & dense.days.turns
        chances = [self._chance(event, sparse.days, dense) for event in shared - routine]
        chances += [ROUTINE] * len(routine)
        unshared = len(sparse.every) - len(shared) + _missed(routine, sparse.every, dense.every)
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


def _missed(routine: frozenset[Event], sparse: frozenset[Event], dense: frozenset[Event]) -> int:
    """Count days of ``dense`` that ``sparse`` lacks, in lists and years that both have moves in.

    Sites that only move in step with others' are told by how often each goes alone.
    """
    missed = 0
    for source in {source for source, _ in routine}:
        sparse_days = [day for listed, day in sparse if listed == source]
        its = [day for listed, day in dense - sparse if listed == source]
        missed += sum(min(sparse_days) <= day <= max(sparse_days) for day in its)
    return missed
