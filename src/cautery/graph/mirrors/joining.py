"""Joins groups of domains, the likeliest two first, until no two are more likely one site than two.

Evidence of names is that of the nearest two names; days and facts are those of all domains of a
group, judged anew at each join.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from cautery.graph.mirrors.candidates import pairs_by_events, pairs_by_name
from cautery.graph.mirrors.costs import NAMELESS, NameCosts
from cautery.graph.mirrors.dates import NOTHING, DayCosts, Days, Seen, all_days
from cautery.graph.mirrors.names import runs
from cautery.graph.mirrors.vocabulary import BACKGROUND

Value = tuple[str, str]
"""A kind of fact and what it says, such as ``("address", "203.0.113.7")``."""

VALUE_SHARE = 0.5
"""The chance that one site's domains share a value that any of them has."""
SERVED_NATS = 8.5
"""A brand that stands before another domain's name joins the two from so many nats on."""
ALONE_NATS = 0.7
"""Facts that nothing in the names supports make one site of two at odds of e to this at most,
however long the list. Days join nothing whose names say nothing (ADR 0018)."""
REACHED = 1 / 3
"""Of two that share no day, names must say so large a part of what is needed to be kept in sight:
what others of their families share may do the rest."""
LEAST_WORK, WORK_EACH = 10_000_000, 500
"""Comparisons of groups and of their days, for a list and for each of its domains: of the shared
mirror families a domain takes 75. A list of days that all belong together takes their square."""
_MOST_READINGS = 3
"""Brands that one stem is read as and compared by: digits between letters can be read as many."""
_REPORT_EVERY = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A domain as it is compared.

    Parameters
    ----------
    name : str
        The registered domain.
    label, brand, stem : str
        Its plain name, that with digits between letters read as letters, and that without digits;
        the last two may be empty.
    served : frozenset of str
        Brands that stand before its name.
    days : Days
        When it was first and last seen.
    values : frozenset of Value
        Facts that domains of one site tend to share.
    """

    name: str
    label: str
    brand: str
    stem: str
    served: frozenset[str]
    days: Days
    values: frozenset[Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Why two parts of a family are one: log-odds by kind of evidence, and the names that met."""

    names: tuple[str, str]
    by_name: float
    by_days: float
    by_values: float
    probability: float


@dataclass(slots=True)
class Group:
    """Domains joined so far; ``near``: the log-odds by name of groups it is compared with."""

    domains: dict[str, float]
    names: tuple[str, ...]
    days: Seen
    values: frozenset[Value]
    joins: list[Join] | tuple[()] = ()
    near: dict[int, float] = field(default_factory=lambda: _NOBODY)


_NOBODY: dict[int, float] = {}
"""Of all groups that are compared with none: most of a long list."""


class Joining:
    """One round of joining.

    Parameters
    ----------
    domains : sequence of Known
        By name.
    family_of : dict
        The family of each as far as known: says how generic words and how busy days are.
    doing : callable
        Called with what is being done.
    """

    def __init__(
        self,
        domains: Sequence[Known],
        family_of: dict[str, str],
        doing: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._doing = doing
        families: defaultdict[str, list[Known]] = defaultdict(list)
        for domain in domains:
            families[family_of[domain.name]].append(domain)
        self._costs = NameCosts(
            ({domain.brand or domain.label for domain in family} for family in families.values()),
            (
                text
                for domain in domains
                for text in (domain.label, domain.stem, *domain.served)
                if text
            ),
        )
        brands = {domain.brand for domain in domains if domain.brand}
        self._brands = {mark for mark in brands if self._costs.whole(mark) >= SERVED_NATS}
        self._days = DayCosts(
            all_days(domain.days for domain in family) for family in families.values()
        )
        self._bearers: Counter[Value] = Counter()
        for family in families.values():
            self._bearers.update(_united(family))
        self._families = len(families) + BACKGROUND
        del families  # to make room for the groups
        self._before = -math.log(self._families)
        self._ceiling = -self._before - math.log(NAMELESS) + ALONE_NATS
        self._groups = dict(enumerate(self._start(domains)))
        self._work_left = LEAST_WORK + WORK_EACH * len(domains)
        self.was_cut = False
        """Whether joining ended before all were compared; the likeliest are joined first."""

    def groups(self) -> list[Group]:
        """Return the groups when no two of them are more likely one site than two."""
        self._meet()
        queue = [
            (-odds, left, right)
            for left, group in self._groups.items()
            for right in group.near
            if left < right and (odds := self._odds(left, right)) > 0
        ]
        heapq.heapify(queue)
        groups, past = self._groups, 0
        first = number = len(groups)
        while queue:
            if self._work_left < 0:
                self.was_cut = True
                break
            odds, left, right = heapq.heappop(queue)
            # A joined group has a new number, so that a pair of the past is not there any more.
            if left in groups and right in groups:
                past += len(groups[left].near) + len(groups[right].near)
                self._join(left, right, number, -odds)
                for near in groups[number].near:
                    if (new := self._odds(number, near)) > 0:
                        heapq.heappush(queue, (-new, near, number))
                number += 1
                if (number - first) % _REPORT_EVERY == 0:
                    self._doing(f"{number - first:,} joins")
                if past > len(queue) // 2:  # to sort pairs of the past costs more than the rest
                    queue = [pair for pair in queue if pair[1] in groups and pair[2] in groups]
                    heapq.heapify(queue)
                    past = 0
        return list(groups.values())

    def _start(self, domains: Sequence[Known]) -> Iterator[Group]:
        """Yield one group for each rare name, each run of numbers, and each other domain."""
        by_name: defaultdict[str, list[Known]] = defaultdict(list)
        for domain, name in zip(domains, self._marks(domains), strict=True):
            by_name[name].append(domain)
        for name, bearers in by_name.items():
            first = bearers[0].label if name.startswith(".") else name
            # Every further domain of the brand is one more draw of the same rare name.
            sure = _probability(self._before + self._costs.same(first) + math.log(len(bearers)))
            also = {mark for bearer in bearers for mark in bearer.served if mark in self._brands}
            also.update(
                sorted({bearer.brand for bearer in bearers if bearer.brand})[:_MOST_READINGS]
            )
            also.discard(first)
            yield Group(
                domains={bearer.name: sure if len(bearers) > 1 else 1.0 for bearer in bearers},
                names=(first, *sorted(also)),
                days=self._days.of(all_days(bearer.days for bearer in bearers)),
                values=_united(bearers),
            )

    def _marks(self, domains: Sequence[Known]) -> list[str]:
        """Return what each domain is grouped by: a name too rare to be two sites', or its own.

        A brand reads digits between letters as letters, a stem drops them. Domains with either in
        common are one group, so that nothing is lost to who merely drops digits and hyphens.
        """
        above: dict[str, str] = {}
        marks: list[str] = []
        common: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for domain in domains:
            rare = [text for text in (domain.brand, domain.stem) if text and self._is_rare(text)]
            marks.append(rare[0] if rare else domain.label)
            if len(set(rare)) > 1:
                brand, stem = (_top(above, text) for text in rare)
                if brand != stem:
                    above[stem] = brand
            if not rare:
                common[domain.stem].append((domain.label, domain.name))
                if not self._is_rare(domain.label):
                    marks[-1] = f".{domain.name}"
        run_of = {
            name: f".{run[0]}"
            for numbered in common.values()
            for run in runs(numbered)
            for name in run
        }
        return [
            run_of.get(domain.name) or _top(above, mark)
            for domain, mark in zip(domains, marks, strict=True)
        ]

    def _is_rare(self, text: str) -> bool:
        return self._costs.whole(text) >= -self._before

    def _meet(self) -> None:
        """Note the log-odds by name of the pairs that share a day or a value, or speak by name."""
        names = [self._costs.place(name) for group in self._groups.values() for name in group.names]
        holders = np.repeat(
            np.arange(len(self._groups)), [len(group.names) for group in self._groups.values()]
        )
        name_places = np.array(names, np.int64)
        alike = pairs_by_name(self._costs.text, self._costs.begins, name_places, holders)
        groups = self._groups.values()
        by_events, ceilings = pairs_by_events([self._told(group) for group in groups])
        by_values, value_ceilings = pairs_by_events([self._facts(group) for group in groups])
        self._doing(f"{len(alike) + len(by_events):,} pairs of {len(self._groups):,} groups")
        begins = np.searchsorted(holders, np.arange(len(self._groups) + 1))
        dated = np.array(
            [bool(group.days.every or group.values) for group in self._groups.values()]
        )
        # Days can still come to speak for two that are near by name, if both have any.
        needed = np.where(dated[alike].all(axis=1), -self._before * REACHED, -self._before)
        # Days join nothing whose names say nothing; facts do.
        for pairs, least in (
            (alike, needed),
            (by_events, np.maximum(-self._before - ceilings, 0.0)),
            (by_values, -self._before - value_ceilings),
        ):
            log_odds = self._costs.nearest(pairs, name_places, begins)
            near = log_odds > least
            for (left, right), odds in zip(
                pairs[near].tolist(), log_odds[near].tolist(), strict=True
            ):
                for group, neighbour in ((left, right), (right, left)):
                    if self._groups[group].near is _NOBODY:
                        self._groups[group].near = {}
                    self._groups[group].near[neighbour] = odds

    def _told(self, group: Group) -> dict[object, float]:
        """Return the days and values of a group, with the most that each can say."""
        worths: dict[object, float] = {day: self._days.most(day) for day in group.days.every}
        return worths | self._facts(group)

    def _facts(self, group: Group) -> dict[object, float]:
        return {value: self._value_nats(value) for value in group.values}

    def _odds(self, left: int, right: int) -> float:
        """Return the log-odds that two groups are one site, or some that are 0 at most, if so."""
        left_group, right_group = self._groups[left], self._groups[right]
        self._work_left -= 10 + len(left_group.days.every) + len(right_group.days.every)
        odds = self._before + left_group.near[right]
        if left_group.values and right_group.values:
            odds += self._by_values(left_group, right_group)
        if not left_group.days.every or not right_group.days.every:
            return odds
        # Most pairs can't reach 0, whatever their days say: that is told without counting these.
        by_days = self._most_by_days(left, right)
        if by_days and odds + by_days > 0:
            shared = left_group.days.every & right_group.days.every
            by_days = min(by_days, sum(map(self._days.most, shared)))
        return odds + by_days if odds + by_days <= 0 else odds + self._by_days(left, right)

    def _by_days(self, left: int, right: int) -> float:
        evidence = self._days.evidence(self._groups[left].days, self._groups[right].days)
        return min(evidence, self._most_by_days(left, right))

    def _most_by_days(self, left: int, right: int) -> float:
        """Return the most that days can say: nothing without names, or of two that keep theirs."""
        left_group, right_group = self._groups[left], self._groups[right]
        rounds = left_group.days.keeps_rounds_with(right_group.days)
        return 0.0 if rounds or left_group.near[right] <= 0 else self._ceiling

    def _by_values(self, left: Group, right: Group) -> float:
        odds = sum(self._value_nats(value) for value in left.values & right.values)
        return min(odds, self._ceiling)

    def _value_nats(self, value: Value) -> float:
        return math.log(VALUE_SHARE * self._families / max(1, self._bearers[value] - 1))

    def _join(self, left: int, right: int, number: int, odds: float) -> None:
        by_days = self._by_days(left, right)
        left_group, right_group = self._groups.pop(left), self._groups.pop(right)
        larger, smaller = sorted((left_group, right_group), key=lambda group: -len(group.domains))
        sure = _probability(odds)
        join = Join(
            names=(larger.names[0], smaller.names[0]),
            by_name=left_group.near[right],
            by_days=by_days,
            by_values=self._by_values(left_group, right_group),
            probability=sure,
        )
        joins = larger.joins or []
        joins += smaller.joins
        joins.append(join)
        joined = Group(
            domains=larger.domains,
            names=(larger.names[0],),
            days=self._days.of(all_days((left_group.days.days, right_group.days.days))),
            values=left_group.values | right_group.values,
            joins=joins,
        )
        self._work_left -= len(joined.days.every)
        joined.domains.update((name, sure * was) for name, was in smaller.domains.items())
        nothing = math.log(NAMELESS)
        fewer, joined.near = sorted((left_group.near, right_group.near), key=len)
        for near, nats in fewer.items():
            joined.near[near] = max(nats, joined.near.get(near, nothing))
        del joined.near[left], joined.near[right]
        for near, meetings in joined.near.items():
            nats = joined.near[near] = max(meetings, nothing)
            neighbours = self._groups[near].near
            neighbours.pop(left, None)
            neighbours.pop(right, None)
            neighbours[number] = nats
        self._groups[number] = joined


def _united(domains: Sequence[Known]) -> frozenset[Value]:
    valued = [domain.values for domain in domains if domain.values]
    return valued[0].union(*valued[1:]) if valued else NOTHING


def _top(above: dict[str, str], text: str) -> str:
    while text in above:
        above[text] = above.get(above[text], above[text])  # halves the way for the next
        text = above[text]
    return text


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
