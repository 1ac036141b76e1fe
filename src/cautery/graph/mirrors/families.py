"""Which domains are one site's: agglomeration by names, days and facts, with a probability each.

Domains of one brand name are one group from the start. Then the two groups with the highest
log-odds of being one site are joined, over and over, until no pair is more likely one site than
two. Evidence of names is that of the nearest two names; days and facts are those of all domains of
a group, judged anew at each join. It is done twice: what the first round found tells the second
how generic each word and how busy each day is.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from cautery.graph.mirrors.dates import MOST, NO_DAYS, DayCosts, Days
from cautery.graph.mirrors.names import (
    BACKGROUND,
    GENERIC,
    NAMELESS,
    SERVICES,
    NameCosts,
    brand,
    plain,
)

Value = tuple[str, str]
"""A kind of fact and what it says, such as ``("address", "203.0.113.7")``."""

VALUE_SHARE = 0.5
"""The chance that one site's domains share a value that any of them has."""
SERVED_NATS = 8.5
"""A brand that stands before another domain's name joins the two from so many nats on."""
BUSY_DAYS, MOST_BUSY, TOGETHER = 16, 5.0, 0.6
"""Of two groups that each have more days than this, and share less than this part of them, days say
no more than that: who keeps a list tends the sites that move most in one sitting."""
SUREST = 0.95
"""Of a member's probability: one in twenty belongs elsewhere for reasons that no name or day shows,
such as a brand that others took up (ADR 0018)."""
PROXY_SITES = 3
"""Whoever serves so many known sites under names of their own is a proxy service."""
_ROUNDS = 2
_NAME_BLOCK, _DAY_BLOCK = 40, 30
"""Groups that share a fragment of a name, or a day, and are compared pair by pair for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A registered domain, with what is known of it.

    Parameters
    ----------
    name : str
        The registered domain, lower case.
    hosts : frozenset of str
        Its hosts as seen.
    days : Days
        When it was first and last seen, in which lists.
    values : frozenset of (kind, value)
        Facts that domains of one site tend to share: an address, a certificate, an owner.
    apart : bool
        Known to be nobody's mirror: a platform, a link shortener, a popular site.
    """

    name: str
    hosts: frozenset[str] = frozenset()
    days: Days = NO_DAYS
    values: frozenset[Value] = frozenset()
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Why two parts of a family are one: log-odds by kind of evidence, and the names that met."""

    names: tuple[str, str]
    by_name: float
    by_days: float
    by_values: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Domains that are likely one site, each with the probability that it belongs there.

    ``id`` is one of its domains: the first by name among those of its commonest brand.
    """

    id: str
    members: tuple[tuple[str, float], ...]
    joins: tuple[Join, ...] = ()


@dataclass(slots=True)
class _Group:
    """What stands together so far."""

    domains: dict[str, float]
    names: tuple[str, ...]
    days: Days
    values: frozenset[Value]
    joins: list[Join] = field(default_factory=list)
    near: dict[int, float] = field(default_factory=dict)


def mirror_families(domains: Iterable[Domain]) -> tuple[Family, ...]:
    """Return the families of domains, largest first; each domain stands in exactly one.

    Parameters
    ----------
    domains : iterable of Domain
        Each name once.

    Returns
    -------
    tuple of Family
        A member's probability is that it belongs to the true family of most of the members (of
        two that tie, neither does); one that stands alone is right by that, and has 1.

    Notes
    -----
    Log-odds of names and days as in ``names`` and ``dates``, after Fellegi and Sunter, "A Theory
    for Record Linkage", JASA 1969, with each value's weight by its rarity; the odds before any
    evidence are those of two families drawn from the list.
    """
    known = sorted(domains, key=lambda one: one.name)
    joinable, alone = _parted(known)
    family_of = {one.name: brand(_label(one)) or _label(one) for one in joinable}
    groups: list[_Group] = []
    for _ in range(_ROUNDS):
        groups = _Joining(joinable, family_of).groups()
        family_of = {
            name: str(number) for number, group in enumerate(groups) for name in group.domains
        }
    found = [_family(group) for group in groups]
    found += [Family(id=one.name, members=((one.name, 1.0),)) for one in alone]
    return tuple(sorted(found, key=lambda one: (-len(one.members), one.id)))


class _Joining:
    """One round of joining."""

    def __init__(self, domains: Sequence[Domain], family_of: dict[str, str]) -> None:
        families: defaultdict[str, list[Domain]] = defaultdict(list)
        for one in domains:
            families[family_of[one.name]].append(one)
        self._costs = NameCosts(
            {brand(_label(one)) or _label(one) for one in family} for family in families.values()
        )
        self._brands = {
            mark for one in domains if self._costs.whole(mark := brand(_label(one))) >= SERVED_NATS
        }
        self._days = DayCosts(_all_days(family) for family in families.values())
        self._bearers: Counter[Value] = Counter()
        for family in families.values():
            self._bearers.update(frozenset().union(*(one.values for one in family)))
        self._families = len(families) + BACKGROUND
        self._before = -math.log(self._families)
        self._groups = dict(enumerate(self._start(domains)))

    def groups(self) -> list[_Group]:
        """Return the groups when no two of them are more likely one site than two."""
        for one, other in self._candidates():
            said = max(
                self._costs.evidence(mine, its)
                for mine in self._groups[one].names
                for its in self._groups[other].names
            )
            self._groups[one].near[other] = self._groups[other].near[one] = said
        queue = [
            (-odds, one, other)
            for one, group in self._groups.items()
            for other in group.near
            if one < other and (odds := self._odds(one, other)) > 0
        ]
        heapq.heapify(queue)
        number = len(self._groups)
        while queue:
            odds, one, other = heapq.heappop(queue)
            # A joined group has a new number, so that a pair of the past is not there any more.
            if one in self._groups and other in self._groups:
                self._join(one, other, number, -odds)
                for near in self._groups[number].near:
                    if (new := self._odds(number, near)) > 0:
                        heapq.heappush(queue, (-new, near, number))
                number += 1
        return list(self._groups.values())

    def _start(self, domains: Sequence[Domain]) -> Iterator[_Group]:
        """Yield one group for each brand, and one for each domain whose name is none."""
        by_name: defaultdict[str, list[Domain]] = defaultdict(list)
        for one in domains:
            label = _label(one)
            mark = brand(label)
            if mark and self._costs.whole(mark) >= -self._before:
                by_name[mark].append(one)
            elif self._costs.whole(label) >= -self._before:
                by_name[label].append(one)
            else:
                by_name[f".{one.name}"].append(one)
        for name, bearers in by_name.items():
            first = _label(bearers[0]) if name.startswith(".") else name
            # Every further domain of the brand is one more draw of the same rare name.
            said = self._costs.evidence(first, first) + math.log(len(bearers))
            sure = _probability(self._before + said)
            also = {mark for one in bearers for mark in _served(one) if mark in self._brands}
            also.discard(first)
            yield _Group(
                domains={one.name: sure if len(bearers) > 1 else 1.0 for one in bearers},
                names=(first, *sorted(also)),
                days=_all_days(bearers),
                values=frozenset().union(*(one.values for one in bearers)),
            )

    def _candidates(self) -> set[tuple[int, int]]:
        """Return the pairs that share a fragment of a name, a day or a value."""
        blocks: defaultdict[object, set[int]] = defaultdict(set)
        for number, group in self._groups.items():
            for name in group.names:
                for fragment in _fragments(name):
                    blocks[fragment].add(number)
            for found in (*group.days.all(), *group.values):
                blocks[found].add(number)
        pairs: set[tuple[int, int]] = set()
        for shared, numbers in blocks.items():
            if len(numbers) <= (_NAME_BLOCK if isinstance(shared, str) else _DAY_BLOCK):
                pairs.update(combinations(sorted(numbers), 2))
        return pairs

    def _odds(self, one: int, other: int) -> float:
        """Return the log-odds that two groups are one site."""
        mine, its = self._groups[one], self._groups[other]
        said = self._before + mine.near[other] + self._by_days(mine, its)
        return said + self._by_values(mine, its)

    def _by_days(self, one: _Group, other: _Group) -> float:
        said = self._days.evidence(one.days, other.days)
        mine, its = one.days.all(), other.days.all()
        fewest = min(len(mine), len(its))
        routine = fewest > BUSY_DAYS and len(mine & its) < TOGETHER * fewest
        return min(said, MOST_BUSY) if routine else said

    def _by_values(self, one: _Group, other: _Group) -> float:
        said = sum(
            math.log(VALUE_SHARE * self._families / max(1, self._bearers[value] - 1))
            for value in one.values & other.values
        )
        return min(said, MOST)

    def _join(self, one: int, other: int, number: int, odds: float) -> None:
        mine, its = self._groups.pop(one), self._groups.pop(other)
        larger, smaller = sorted((mine, its), key=lambda group: -len(group.domains))
        sure = _probability(odds)
        joined = _Group(
            domains=larger.domains | {name: sure * was for name, was in smaller.domains.items()},
            names=(*larger.names, *smaller.names),
            days=mine.days | its.days,
            values=mine.values | its.values,
        )
        join = Join(
            names=(larger.names[0], smaller.names[0]),
            by_name=mine.near[other],
            by_days=self._by_days(mine, its),
            by_values=self._by_values(mine, its),
            probability=sure,
        )
        joined.joins = [*larger.joins, *smaller.joins, join]
        nothing = math.log(NAMELESS)
        for near in (mine.near.keys() | its.near.keys()) - {one, other}:
            said = max(mine.near.get(near, nothing), its.near.get(near, nothing))
            joined.near[near] = said
            theirs = self._groups[near].near
            theirs.pop(one, None)
            theirs.pop(other, None)
            theirs[number] = said
        self._groups[number] = joined


def _parted(domains: Sequence[Domain]) -> tuple[list[Domain], list[Domain]]:
    """Part what may be a site's mirror from what serves many: proxy services and platforms."""
    brands = {brand(_label(one)) for one in domains} - GENERIC
    joinable: list[Domain] = []
    alone: list[Domain] = []
    for one in domains:
        served = {mark for mark in _served(one) if mark in brands} - {brand(_label(one))}
        (alone if one.apart or len(served) >= PROXY_SITES else joinable).append(one)
    return joinable, alone


def _label(domain: Domain) -> str:
    return plain(domain.name.partition(".")[0])


def _served(domain: Domain) -> set[str]:
    """Return the brands that stand before a domain's own name, as in ``tpb.proxy.example``."""
    before = {
        brand(plain(host.removesuffix(f".{domain.name}").rpartition(".")[2]))
        for host in domain.hosts
        if host.endswith(f".{domain.name}")
    }
    return before - SERVICES


def _fragments(name: str) -> set[str]:
    """Return the pieces by which names are compared: four letters anywhere, three at an edge."""
    inside = {name[start : start + 4] for start in range(len(name) - 3)}
    return inside | {f"^{name[:3]}", f"{name[-3:]}$", f"^{name}$"}


def _all_days(domains: Iterable[Domain]) -> Days:
    found = NO_DAYS
    for one in domains:
        found |= one.days
    return found


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _family(group: _Group) -> Family:
    """Say a group's id, and how sure its main part is to be the most of it."""
    members = group.domains
    top = surest = max(members.values())
    main = [name for name, sure in members.items() if sure == top]
    others = [sure for sure in members.values() if sure != top]
    if others and len(main) <= len(others):
        # The main part is the most of the family only if others belong to it too.
        surest = min(surest, max(others))
    most = SUREST if len(members) > 1 else 1.0
    told = {name: most * (surest if sure == top else sure) for name, sure in members.items()}
    return Family(id=min(main), members=tuple(sorted(told.items())), joins=tuple(group.joins))
