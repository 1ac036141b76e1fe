"""Descendants proposed online: how many, how soon, how many strangers, beside two peers.

Run: ``python bench/estimate/descent.py [--worlds 12] [--first 9000]
[--parts usual answered variants peers]``

Worlds are of ``cautery.lab.descent``: 3 struck networks of 25 to 65 entities, some 40 descendants
each over 14 months, 40 newcomers of others a day (19,000 in all), among them 3 % that share hoster,
template, payment service and middleware with a struck network, and copiers, white labels and former
resellers. Seeds below 5000 are for development (``descent_fit.py`` learnt on 1000 and on); those
from 9000 on are for the report, looked at once.

A descendant is found if it is proposed for its network, or as one of either, within 7 days of
appearing. A stranger is false if it was ever proposed. Bounds are Clopper and Pearson's at 95 %, as
if entities were independent.

Peers, in the same worlds: equality of one trait (certificate, analytics id, or payment end) with a
known one on the day it is seen; and the replay's rule, ``cautery.graph.cluster`` over all links so
far, run every day for three weeks after the first act (one run takes seconds, which is why not for
longer), and once at the end with hindsight.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
from scipy.stats import beta

from cautery.graph import cluster
from cautery.graph.descent import THRESHOLD, Follower
from cautery.lab.descent import DescentWorld, Newcomer, Settings, descent_world
from cautery.lab.descent.world import FIRST_ACT
from cautery.model import Link
from cautery.model.descent import Proposal, Trait, TraitKind, TraitSeen

WITHIN_D = 7
ANSWERED_D = 3
"""An analyst answers a proposal so many days after it."""
PEER_D = 21
_WEAK = frozenset({TraitKind.TEMPLATE.value, TraitKind.HOSTER.value})
_SURE = 0.9
"""The replay's rule: ``cautery.lab.operations.replay.after``."""
_SINGLE = {
    "certificate": {TraitKind.CERTIFICATE},
    "analytics id": {TraitKind.ANALYTICS},
    "certificate, analytics id or payment end": {
        TraitKind.CERTIFICATE,
        TraitKind.ANALYTICS,
        TraitKind.PAYMENT_END,
    },
}
DECOYS = ("stranger", "near", "copier", "white-label", "former-reseller")


@dataclass
class Score:
    """What one method found, over worlds."""

    descendants: int = 0
    ever: int = 0
    delays: list[int] = field(default_factory=list)
    knowable: list[int] = field(default_factory=list)
    strangers: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    sharing: int = 0
    sharing_false: int = 0
    odds: list[tuple[float, bool]] = field(default_factory=list)

    def add(
        self,
        truth: Iterable[Newcomer],
        found: Mapping[str, tuple[date, tuple[str, ...]]],
        proposals: Mapping[str, Proposal] | None = None,
    ) -> None:
        """Add one world: by entity, the day on which it was found, and for which networks."""
        for newcomer in truth:
            hit = found.get(newcomer.entity)
            right = newcomer.what == "descendant" and hit is not None and newcomer.of in hit[1]
            proposal = (proposals or {}).get(newcomer.entity)
            if proposal is not None and newcomer.what != "sibling":
                self.odds.append((proposal.probability, right))
            if newcomer.what == "descendant":
                self.descendants += 1
                if hit is not None and right:
                    self.ever += 1
                    self.delays.append((hit[0] - newcomer.appeared).days)
                    if proposal is not None:
                        self.knowable.append((hit[0] - proposal.first_knowable).days)
            elif newcomer.what != "sibling":
                self.strangers[newcomer.what] += 1
                self.false[newcomer.what] += hit is not None
                self.sharing += newcomer.shares
                self.sharing_false += newcomer.shares and hit is not None

    def row(self, name: str) -> str:
        """Return one line of the table."""
        soon = sum(delay <= WITHIN_D for delay in self.delays)
        delay = f"{np.median(self.delays):.0f}" if self.delays else "-"
        return (
            f"| {name} | {_share(soon, self.descendants)} | {_share(self.ever, self.descendants)} "
            f"| {delay} | {_share(self.sharing_false, self.sharing)} "
            f"| {_share(sum(self.false.values()), sum(self.strangers.values()), 4)} |"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--first", type=int, default=9000)
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--parts", nargs="+", default=["usual", "answered", "variants", "peers"])
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.worlds)
    print(
        "| method | found in 7 days | ever | median days | false, sharing | false, all strangers |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    if "variants" in asked.parts:
        _variants(seeds[: max(1, asked.worlds // 3)], asked.threshold)
    if "peers" in asked.parts:
        _peers(seeds[: max(1, asked.worlds // 6)], asked.threshold)
    if "answered" in asked.parts:
        _answered(seeds, asked.threshold)
    if "usual" in asked.parts:
        _usual(seeds, asked.threshold)


def _usual(seeds: Sequence[int], threshold: float) -> None:
    usual = Score()
    single = {name: Score() for name in _SINGLE}
    seconds = []
    for seed in seeds:
        world = descent_world(seed)
        begun = time.process_time()
        _followed(world, usual, threshold)
        seconds.append(time.process_time() - begun)
        for name, kinds in _SINGLE.items():
            single[name].add(world.truth.values(), _equal(world, kinds))
    print(usual.row("ours"), flush=True)
    for name, score in single.items():
        print(score.row(f"equal {name}"), flush=True)
    _details(usual, len(seeds), seconds)


def _variants(seeds: Sequence[int], threshold: float) -> None:
    for name, settings in {
        "ours, operators more careful (odds of keeping x .5)": Settings(care=0.7),
        "ours, three times the decoys": Settings(decoys=3.0),
        "ours, 150 strangers a day, 150 days": Settings(strangers_a_day=150, after_d=150),
    }.items():
        score = Score()
        for seed in seeds:
            _followed(descent_world(seed, settings), score, threshold)
        print(score.row(name), flush=True)


def _answered(seeds: Sequence[int], threshold: float) -> None:
    score = Score()
    for seed in seeds:
        _followed(descent_world(seed), score, threshold, answered_d=ANSWERED_D)
    print(score.row(f"ours, each proposal answered rightly after {ANSWERED_D} days"), flush=True)


def _peers(seeds: Sequence[int], threshold: float) -> None:
    early, late, mine = Score(), Score(), Score()
    for seed in seeds:
        world = descent_world(seed, Settings(after_d=PEER_D + 9))
        _followed(world, mine, threshold, until=FIRST_ACT + timedelta(days=PEER_D))
        _clustered(world, early, late)
    print(mine.row(f"ours, {PEER_D} days"), flush=True)
    print(early.row(f"graph.cluster run daily, {PEER_D} days"), flush=True)
    print(late.row("graph.cluster once, with hindsight (delay not counted)"), flush=True)


def _followed(
    world: DescentWorld,
    score: Score,
    threshold: float,
    *,
    until: date | None = None,
    answered_d: int | None = None,
) -> None:
    follower = Follower(world.sets, threshold=threshold, bits=1 << 24)
    proposals: dict[str, Proposal] = {}
    analyst = None if answered_d is None else _Analyst(world, follower, answered_d)
    for day, seen in world.days.items():
        if until is None or day <= until:
            if analyst is not None:
                analyst.answer(day, proposals, seen)
            proposals |= {proposal.entity: proposal for proposal in follower.day(day, seen)}
    found = {
        entity: (proposal.proposed_on, (proposal.of, *proposal.either))
        for entity, proposal in proposals.items()
    }
    score.add(_judged(world, until), found, proposals)


class _Analyst:
    """Answers each proposal some days later, rightly; what a confirmed one showed is looked for."""

    def __init__(self, world: DescentWorld, follower: Follower, after_d: int) -> None:
        self._world, self._follower, self._after_d = world, follower, after_d
        self._shown: defaultdict[str, dict[Trait, None]] = defaultdict(dict)
        self._answered: set[str] = set()

    def answer(
        self, day: date, proposals: Mapping[str, Proposal], seen: Iterable[TraitSeen]
    ) -> None:
        """Answer what is due on the morning of a day, then note what the day shows."""
        for entity, proposal in proposals.items():
            due = (day - proposal.proposed_on).days >= self._after_d
            if not due or entity in self._answered:
                continue
            self._answered.add(entity)
            newcomer = self._world.truth.get(entity)
            named = (proposal.of, *proposal.either)
            if newcomer is not None and newcomer.what == "descendant" and newcomer.of in named:
                traits = self._shown.get(entity, {})
                self._follower.confirm(entity, newcomer.of, traits=traits)
            else:
                self._follower.reject(entity, proposal.of)
        for trait in seen:
            self._shown[trait.entity][Trait(kind=trait.kind, value=trait.value)] = None


def _judged(world: DescentWorld, until: date | None) -> list[Newcomer]:
    """Return those that had their 7 days before the end."""
    last = max(world.days) if until is None else until
    return [
        newcomer
        for newcomer in world.truth.values()
        if newcomer.appeared + timedelta(days=WITHIN_D) <= last
    ]


def _equal(world: DescentWorld, kinds: set[TraitKind]) -> dict[str, tuple[date, tuple[str, ...]]]:
    """Match single traits by equality, from the act on."""
    of: defaultdict[tuple[TraitKind, str], list[str]] = defaultdict(list)
    acts = {traits.of: traits.acted_on for traits in world.sets}
    members = {member for traits in world.sets for member in traits.members}
    for traits in world.sets:
        for trait in traits.traits:
            if trait.kind in kinds:
                of[trait.kind, trait.value].append(traits.of)
    found: dict[str, tuple[date, tuple[str, ...]]] = {}
    for day, seen in world.days.items():
        for trait in seen:
            networks = tuple(n for n in of.get((trait.kind, trait.value), ()) if day >= acts[n])
            served = world.truth.get(trait.entity)
            if networks and trait.entity not in members and served is not None:
                found.setdefault(trait.entity, (day, networks))
    return found


def _clustered(world: DescentWorld, early: Score, late: Score) -> None:
    """Tie newcomers as the replay does: by a partition of all links so far, each day anew."""
    end = FIRST_ACT + timedelta(days=PEER_D)
    found: dict[str, tuple[date, tuple[str, ...]]] = {}
    for offset in range(1, PEER_D + 1):
        day = FIRST_ACT + timedelta(days=offset)
        for entity, networks in _tied(world, day).items():
            found.setdefault(entity, (day, networks))
    early.add(_judged(world, end), found)
    last = max(world.days)
    hindsight = {
        entity: (world.truth[entity].appeared, networks)
        for entity, networks in _tied(world, last).items()
    }
    late.add(_judged(world, None), hindsight)


def _tied(world: DescentWorld, until: date) -> dict[str, tuple[str, ...]]:
    links = _links(world, until)
    home = {member: traits.of for traits in world.sets for member in traits.members}
    acts = {traits.of: traits.acted_on for traits in world.sets}
    shown: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for link in links:
        if link.kind not in _WEAK:
            shown[link.subject].add((link.kind, link.value))
    tied = {}
    for network in cluster(links, seed=world.seed):
        hosts = [member.host for member in network.members]
        known = [host for host in hosts if host in home]
        for member in network.members:
            newcomer = world.truth.get(member.host)
            if newcomer is None or member.probability < _SURE:
                continue
            of = {
                home[host]
                for host in known
                if newcomer.appeared >= acts[home[host]] and shown[host] & shown[member.host]
            }
            if of:
                tied[member.host] = tuple(sorted(of))
    return tied


def _links(world: DescentWorld, until: date) -> list[Link]:
    first: dict[tuple[str, TraitKind, str], date] = {}
    for day, seen in world.days.items():
        if day <= until:
            for trait in seen:
                first.setdefault((trait.entity, trait.kind, trait.value), day)
    links = []
    for (entity, kind, value), day in first.items():
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        link_kind = "asn" if kind is TraitKind.HOSTER else kind.value
        links.append(
            Link(
                subject=entity,
                kind=link_kind,
                value=value,
                first_seen=at,
                last_seen=at,
                source="watch",
            )
        )
    return links


def _details(score: Score, worlds: int, seconds: list[float]) -> None:
    print("\n| stranger | ever proposed |\n| --- | --- |")
    for what in DECOYS:
        print(f"| {what} | {_share(score.false[what], score.strangers[what], 4)} |")
    months = worlds * 3 * 430 / 30.4
    print(f"\nfalse proposals a network and month: {sum(score.false.values()) / months:.2f}")
    print(f"days from first knowable to proposed: mean {np.mean(score.knowable):.2f}")
    print(f"CPU seconds for a world of 491 days: median {np.median(seconds):.1f}")
    print("\n| odds said | N | mean said | true |\n| --- | --- | --- | --- |")
    said = np.array([p for p, _ in score.odds])
    true = np.array([right for _, right in score.odds])
    edges = (0.0, 0.5, 0.75, 0.9, 0.97, 0.99, 1.0)
    for low, high in pairwise(edges):
        rows = (said >= low) & (said < high)
        if rows.any():
            hits = int(true[rows].sum())
            mean = said[rows].mean()
            print(
                f"| {low:.2f}-{high:.2f} | {rows.sum()} | {mean:.3f} | {_share(hits, rows.sum())} |"
            )


def _share(hits: int, of: int, digits: int = 3) -> str:
    """Return a share with its Clopper-Pearson bounds at 95 %."""
    if not of:
        return "-"
    low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return f"{hits / of:.{digits}f} ({low:.{digits}f}-{high:.{digits}f}, N {of:,})"


if __name__ == "__main__":
    main()
