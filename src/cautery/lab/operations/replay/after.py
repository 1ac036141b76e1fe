"""After the day: capacity comes back, newcomers are tied to the seized network, cases close."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from cautery.estimate import wilson
from cautery.graph import cluster
from cautery.lab.operations.chance import token
from cautery.lab.operations.replay.story import Story
from cautery.lab.operations.spec import OperationWorld
from cautery.lab.served_probes import probe_served
from cautery.model import CriminalNetwork, LedCategory, Link
from cautery.model.message import as_written
from cautery.model.records import GrewBack, OutsideEvent, ServedShare
from cautery.model.records.action_day import ServedBasis
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.outcomes import erase_person
from cautery.workflows.operation.persons import kept_persons
from cautery.workflows.operation.picture import Picture, traits_of

SURE = 0.9
"""A newcomer is told as a descendant from this probability of membership on; judgement."""
_WATCHED = timedelta(days=440)
"""The leads of the second action were followed for fourteen months [S16]."""
_DAILY = 60
_PROBES = 120
"""Streams of the seized network that are tried on a day; judgement: a watch looks at more."""
_STRANGERS = 240
"""Newcomers of other services that a watch meets in fourteen months: elsewhere 5,685
domains, and 8 clusters of owners, were counted (docs/reference/sources.md, F8): descendants are
the fewer. Judgement."""
_WEAK = frozenset({"favicon", "leased", "tier"})
"""What many strangers show alike: it may support a tie, and makes none."""


@dataclass(frozen=True, slots=True)
class _Newcomer:
    at: datetime
    asset: str
    country: str
    traits: Mapping[str, str]


def follow(story: Story, seen: Picture, taken: Collection[str]) -> tuple[GrewBack, ...]:
    """Probe the streams, and tie newcomers to the seized network by their marks."""
    world, lead = story.world, story.lead
    story.clock.reach(world.moment + _WATCHED)
    shares = served_by_probes(world)
    lead.record_all(shares, at=story.clock.now())
    lead.record_all(_happened(story), at=story.clock.now())
    first = shares[0]
    month = [share for share in shares if share.at <= world.moment + timedelta(days=30)][-1]
    story.tell(
        "regrowth",
        f"{first.probes} probes see {_measured(first)} served {_after(story, first.at)} after the "
        f"moment, {month.probes} see {_measured(month)} {_after(story, month.at)} after it",
        first=first.share,
        month=month.share,
        served=month.share,
        probes=sum(share.probes for share in shares),
    )
    newcomers = [
        _Newcomer(descendant.at, descendant.asset, descendant.country, descendant.traits)
        for descendant in world.descendants
    ] + _strangers(story)
    links = [trait for trait in seen.traits if trait.subject in taken and trait.kind != "leased"]
    for newcomer in newcomers:
        links += traits_of(newcomer.asset, newcomer.traits, at=newcomer.at, source="watch")
    networks = cluster(links, seed=world.seed)
    grown = tuple(
        growth
        for newcomer in sorted(newcomers, key=lambda newcomer: (newcomer.at, newcomer.asset))
        if (growth := _tied(newcomer, networks, links, taken)) is not None
    )
    lead.record_all(grown, at=story.clock.now())
    story.tell(
        "descendants",
        f"{len(grown)} of {len(newcomers)} newcomers are tied to what was taken"
        + (f", the first {_after(story, grown[0].at)} after the moment" if grown else ""),
        tied=len(grown),
        newcomers=len(newcomers),
    )
    return grown


def erase_those_of_no_use(story: Story) -> int:
    """Destroy the keys of persons who turned out to be nobody's suspect; proofs stay valid."""
    erased = 0
    for desk in story.desks.values():
        for person in kept_persons(desk):
            if person.person.category is LedCategory.OTHER and person.erased_at is None:
                erase_person(
                    PersonFile.of(desk),
                    person.person.pseudonym,
                    by=desk.agency.contact,
                    why="of no use to the investigation any more",
                    at=story.clock.now(),
                )
                erased += 1
    story.tell("persons", f"{erased} persons erased by destroying their keys", erased=erased)
    return erased


def served_by_probes(world: OperationWorld) -> list[ServedShare]:
    """Return what the lead's probes measure: daily at first, then weekly; gaps where it was down.

    Each probe draws its stream anew, so that the count is binomial and Wilson's interval holds.
    """
    rng = np.random.default_rng([world.seed, 8])
    values, probes = probe_served(world.served_truth, a_day=_PROBES, clumping=0.0, rng=rng)
    shares = []
    for day in range(1, min(len(values), _WATCHED.days + 1)):
        count = int(probes[day])
        if count and (day <= _DAILY or day % 7 == 0):
            share = float(values[day])
            low, high = wilson(round(share * count), count)
            shares.append(
                ServedShare(
                    at=world.moment + timedelta(days=day),
                    share=share,
                    by=ServedBasis.PROBE,
                    probes=count,
                    low=low,
                    high=high,
                    vantage=f"lab, {world.lead.country}",
                )
            )
    return shares


def _measured(share: ServedShare) -> str:
    return f"{share.share:.0%} ({share.low:.0%} to {share.high:.0%})"


def _tied(
    newcomer: _Newcomer,
    networks: tuple[CriminalNetwork, ...],
    links: list[Link],
    targets: Collection[str],
) -> GrewBack | None:
    """Return the tie of a newcomer to something taken, if what speaks for it suffices."""
    network = next(
        network
        for network in networks
        if any(member.host == newcomer.asset for member in network.members)
    )
    traits = {(link.kind, link.value) for link in links if link.subject == newcomer.asset}
    common: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    hosts = {member.host for member in network.members} & set(targets)
    for link in links:
        if link.subject in hosts and (link.kind, link.value) in traits:
            common[link.subject].add((link.kind, link.value))
    strong = {
        host: marks for host, marks in common.items() if any(kind not in _WEAK for kind, _ in marks)
    }
    if not strong:
        return None
    like = min(strong, key=lambda host: (-len(strong[host]), host))
    member = next(member for member in network.members if member.host == newcomer.asset)
    if member.probability < SURE:
        return None
    return GrewBack(
        at=newcomer.at,
        asset=newcomer.asset,
        like=like,
        country=newcomer.country,
        traits=tuple(sorted(kind for kind, _ in strong[like])),
        probability=member.probability,
        why=member.why,
    )


def _strangers(story: Story) -> list[_Newcomer]:
    """Return newcomers who carry on nothing: others' services with a product's default marks.

    Without them every newcomer would be a descendant, and tying all of them would look right.
    """
    rng = np.random.default_rng([story.world.seed, 7])
    seed = story.world.seed
    strangers = []
    for number in range(_STRANGERS):
        traits = {
            "certificate": token(seed, "stranger", number, length=64),
            "analytics": "G-" + token(seed, "stranger-a", number, length=10).upper(),
        }
        if rng.random() < 0.4:  # the middleware's own certificate and icon
            traits["certificate"] = "sha256:" + token(seed, "certificate", "default", length=64)
            traits["favicon"] = token(seed, "favicon", "default", length=16)
            del traits["analytics"]
        strangers.append(
            _Newcomer(
                at=story.world.moment + timedelta(days=float(rng.exponential(60.0)) % 430),
                asset=f"host:other-{token(seed, 'stranger-n', number, length=8)}.example",
                country=str(rng.choice(["NL", "RO", "DE", "FR"])),
                traits=traits,
            )
        )
    return strangers


def _happened(story: Story) -> list[OutsideEvent]:
    """Return what belongs on the timeline: tournaments, raids before, the action after."""
    moment = story.world.moment
    rows = [
        OutsideEvent(
            at=intervention.at,
            kind="intervention",
            text=intervention.text,
            country=intervention.country,
        )
        for intervention in story.world.interventions
    ]
    rows += [
        OutsideEvent(
            at=happening.at, kind="regrowth", text=happening.text, country=happening.country
        )
        for happening in story.world.timeline
        if happening.kind not in {"action-day", "descendant"} and happening.at > moment
    ]
    for name, first, last in _TOURNAMENTS:
        rows.append(
            OutsideEvent(
                at=datetime.fromisoformat(f"{first}T00:00:00+00:00"),
                kind="event",
                text=as_written(name),
                until=datetime.fromisoformat(last).date(),
            )
        )
    return rows


_TOURNAMENTS = (
    ("Euro 2024", "2024-06-14", "2024-07-14"),
    ("Paris 2024", "2024-07-26", "2024-08-11"),
)
"""The two events around which Kratos was reported [S11]."""


def _after(story: Story, at: datetime) -> str:
    hours = (at - story.world.moment).total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
