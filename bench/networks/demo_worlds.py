"""The demo's networks without its media: what a watch would know of each host, and how it groups.

A world is drawn as the demo draws it, and nothing is rendered or served. Of each host stand the
answers that a watch gets: addresses, the registration as RDAP gives it, the storefront's page, the
certificate at the port that a panel says goes with its own, who redirects to whom, and who lists
what. The delay that each stream's stamps would give has the error that was measured in watches of
the lab (6 ms by sound, 63 ms by pictures alone: ADR 0021).
All of it goes through the watch's own `facts_of`, `links_of`, `fault_links`, `shared_marks`,
`one_each` and `cluster`, and is scored as the scoreboard does. A false merge is a network that
holds hosts of two owners, whether the scoreboard counts them or not.
Run: python bench/networks/demo_worlds.py [SEED ...] [--fresh N] [--feeds] [--hidden] [--usual-port]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cautery.adapters.facts_folder import FactsFolder
from cautery.formats import read_page, read_registration
from cautery.graph import HostFacts, cluster, links_of, shared_marks
from cautery.graph.faults import Carried, fault_links
from cautery.graph.observations import one_each
from cautery.lab import answers
from cautery.lab.facts_folder import write_facts
from cautery.lab.pirate import content_at
from cautery.lab.scoreboard import b_cubed
from cautery.lab.spec import HostSpec, Plan, StreamSpec
from cautery.lab.truth import truth_of, url_of
from cautery.lab.underworld import CDN, MIDDLEWARE
from cautery.lab.world import plan_world
from cautery.model import (
    CertificateFacts,
    CriminalNetwork,
    ExhibitId,
    Fault,
    FaultKind,
    Link,
    Registration,
    digest_of,
    host_of,
)
from cautery.workflows.watch.mapping.host_facts import Known, facts_of
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

FRESH = 20_261_128
"""Seed of the generator that draws fresh seeds."""
NAMED = (2077, 20241126, 424242)
NOW = datetime(2026, 11, 28, tzinfo=UTC)
PORTS = (8000, 8001)
BY_SOUND_S, BY_PICTURES_S = 0.006, 0.063


@dataclass(frozen=True, slots=True)
class Result:
    """How one world's hosts were grouped."""

    f: float
    precision: float
    false_merges: int
    apart: tuple[str, ...]
    links: tuple[Link, ...]
    networks: tuple[CriminalNetwork, ...]


def streams_of(plan: Plan) -> list[Stream]:
    """Return the world's streams as a watch knows them once it has looked at each."""
    made = []
    for one in plan.streams:
        url = url_of(plan, one, PORTS[0])
        stream = Stream(
            url=url, key=url, host=host_of(url), title=one.title, source="", first_seen=NOW
        )
        if one.edge is not None:
            stream.via.add(one.edge)
        made.append(stream)
    return made


def carried_by(
    plan: Plan, stream: StreamSpec, number: int, rng: np.random.Generator
) -> list[Carried]:
    """Return the delays and the freeze that probes of one stream would show."""
    licensed = plan.channel(stream.content) if stream.content else None
    if (
        licensed is None
        or not licensed.mandated
        or licensed.role == "work"
        or stream.delivery in ("vod", "stall")
        or stream.speed != 1.0
    ):
        return []
    heard = "other-commentary" not in stream.disguise
    references = [licensed.id] + (["clean"] if licensed.event and licensed.id != "clean" else [])
    zero_s = NOW.timestamp() - plan.timing.edge_s + content_at(stream, plan.timing, 0.0)
    place = stream.edge or stream.host
    out = []
    for look in range(4):
        off_s = rng.normal(0, BY_SOUND_S if heard else BY_PICTURES_S)
        faults = [
            Fault(kind=FaultKind.DELAY, reference=name, at_s=round(zero_s + off_s, 3))
            for name in references
        ]
        if stream.feed is not None and stream.feed.freeze is not None and look == 1:
            begin, length = stream.feed.freeze
            at_s = NOW.timestamp() - plan.timing.edge_s + begin + rng.normal(0, 0.02)
            faults.append(
                Fault(kind=FaultKind.FREEZE, reference=references[-1], at_s=at_s, seconds=length)
            )
        out += [
            Carried(
                host=stream.host,
                server=place,
                stream=url_of(plan, stream, PORTS[0]),
                fault=fault,
                at=NOW + timedelta(seconds=12 * look),
                record=number * 10 + look,
            )
            for fault in faults
        ]
    return out


def seen_in(plan: Plan) -> Seen:
    """Return what the world's sources told."""
    seen = Seen()
    for source in plan.sources:
        place = source.host if source.kind == "xtream" else source.id
        listed = {
            url_of(plan, one, PORTS[0])
            for one in plan.streams
            if place in one.lists or (one.line is not None and one.host == place)
        }
        if source.kind == "page":
            host = plan.host(source.host)
            url = f"http://{host.name}:{PORTS[0]}/"
            page = read_page([answers.front_page(plan, host, PORTS).encode()], base=url)
            seen.pages[host.name] = (page, ExhibitId(digest_of(url.encode())), NOW)
        elif source.kind == "xtream":
            seen.panels[source.host] = listed
            seen.lists[f"http://{source.host}:{PORTS[0]}"] = listed
        else:
            seen.lists[f"http://{source.host}:{PORTS[0]}{source.path}"] = listed
    return seen


def known_of(plan: Plan, name: str, facts: FactsFolder, *, showing: Collection[str]) -> Known:
    """Return what look-ups of one host give; ``showing`` are asked where they have TLS."""
    host = next((one for one in plan.hosts if one.name == name), None)
    addresses = (host.address,) if host is not None and host.resolves else ()
    networks = [found for found in map(facts.network_of, addresses) if found]
    shared = {one: fact for one in addresses if (fact := facts.shared(one)) is not None}
    return Known(
        addresses=addresses,
        asn=networks[0].asn if networks else None,
        country=None,
        shared=tuple(shared.values()),
        shared_addresses=tuple(shared),
        certificate=None if host is None or name not in showing else _certificate(plan, host),
        registration=_registration(plan, host, facts),
        at=NOW,
        until=NOW,
        record=0,
    )


def _certificate(plan: Plan, host: HostSpec) -> CertificateFacts | None:
    """Return what a host shows at its TLS port: the certificate of its name, or of its address."""
    if not host.listening or not host.certificate:
        return None
    named = [host.name]
    if host.certificate == MIDDLEWARE:
        named = ["middleware.localdomain"]
    elif host.certificate != "network-C":
        named = [one.name for one in plan.hosts if one.certificate == host.certificate]
    subject = {MIDDLEWARE: "middleware.localdomain", CDN: "edge.wideshade-cdn.example"}
    return CertificateFacts(
        host=host.name,
        address=host.address,
        sha256=str(digest_of(f"{host.certificate} {named}".encode())),
        spki_sha256=str(digest_of(host.certificate.encode())),
        subject=f"CN={subject.get(host.certificate, host.name)}",
        issuer=f"CN={subject.get(host.certificate, host.name)}",
        names=tuple(named),
        not_before=NOW,
        not_after=NOW,
        self_signed=True,
        seen_at=NOW,
    )


def _registration(plan: Plan, host: HostSpec | None, facts: FactsFolder) -> Registration | None:
    if host is None or host.name[0].isdigit():
        return None
    domain = facts.registered_domain(host.name)
    told = None if domain is None else answers.registration(plan, domain, NOW)
    if told is None:
        return None
    return read_registration([json.dumps(told).encode()], redact=_hidden, seen_at=NOW)


def _hidden(handle: str) -> str:
    return f"hidden:{handle}"


def host_facts(plan: Plan, *, paired: bool = True) -> tuple[HostFacts, ...]:
    """Return what a watch knows of all hosts of a world.

    Parameters
    ----------
    paired : bool
        Hosts are asked for TLS at the port that goes with the panels' own: of pages that nobody
        has met no port is known.
    """
    streams, seen = streams_of(plan), seen_in(plan)
    hosts = {one.host for one in streams} | {host for one in streams for host in one.via}
    hosts |= set(seen.pages) | set(seen.panels)
    for page, _, _ in seen.pages.values():
        hosts |= {host_of(link) for link in page.panel_links} - {""}
    with tempfile.TemporaryDirectory() as folder:
        facts = FactsFolder(write_facts(plan, Path(folder), NOW))
        known = {
            name: known_of(plan, name, facts, showing=hosts if paired else seen.panels)
            for name in sorted(hosts)
        }
    return tuple(
        facts_of(
            name,
            known=known,
            streams=streams,
            seen=seen,
            icon=str(digest_of(answers.favicon(plan.host(name)))) if name in seen.pages else None,
            hidden=_hidden,
        )
        for name in known
    )


def hidden(plan: Plan) -> Plan:
    """Return a world in which all registrants are private and all name servers a registrar's."""
    return replace(
        plan, hosts=tuple(replace(one, registrant=None, nameservers=()) for one in plan.hosts)
    )


def measured(seed: int, *, feeds: bool, hides: bool, paired: bool) -> Result:
    """Draw a world, group its hosts as a watch would, and score that."""
    plan = plan_world(seed, "demo", shared_feeds=feeds)
    plan = hidden(plan) if hides else plan
    facts = host_facts(plan, paired=paired)
    rng = np.random.default_rng([seed, 5])
    carried = [
        fault
        for number, one in enumerate(plan.streams)
        for fault in carried_by(plan, one, number, rng)
    ]
    marks = shared_marks(facts)
    links = (
        *(link for one in facts for link in links_of(one)),
        *fault_links(
            carried,
            source="watch",
            lawful={url_of(plan, one, PORTS[0]) for one in plan.streams if one.kind == "partner"},
        ),
    )
    networks = cluster(one_each(links, apart=marks), shared=marks)
    return scored(plan, links, networks)


def scored(plan: Plan, links: Sequence[Link], networks: Sequence[CriminalNetwork]) -> Result:
    """Score a grouping, and count networks that hold hosts of two truths."""
    hosts = {one.host: one for one in truth_of(plan).hosts}
    true = {name: one.network or f"alone:{name}" for name, one in hosts.items() if one.scored}
    found = {member.host: one.id for one in networks for member in one.members}
    labels = {name: found.get(name, f"alone:{name}") for name in true}
    precision, _, f = b_cubed(true, labels)
    # Every host counts here, scored or not: a merge with an innocent one is the worst.
    merges = 0
    for one in networks:
        owners = {
            hosts[member.host].network or f"alone:{member.host}"
            for member in one.members
            if member.host in hosts
        }
        merges += len(owners) > 1
    apart = tuple(
        f"{true[name]}:{hosts[name].role}:{name}"
        for name in sorted(true)
        if hosts[name].network is not None
        and sum(labels[other] == labels[name] for other in true) * 2
        < sum(true[other] == true[name] for other in true)
    )
    return Result(f, precision, merges, apart, tuple(links), tuple(networks))


def main() -> None:
    """Print one row a seed."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("seeds", type=int, nargs="*", metavar="SEED")
    ask.add_argument("--fresh", type=int, default=0, help="so many seeds drawn at random")
    ask.add_argument("--draw", type=int, default=FRESH, help="seed of that draw")
    ask.add_argument("--feeds", action="store_true", help="networks share feeds, with faults")
    ask.add_argument("--why", action="store_true", help="name the hosts that are apart")
    ask.add_argument("--hidden", action="store_true", help="nobody's registration says anything")
    ask.add_argument("--usual-port", action="store_true", help="TLS is asked for at 443 alone")
    asked = ask.parse_args()
    seeds = list(asked.seeds) or ([] if asked.fresh else [*range(1, 21), *NAMED])
    draw = np.random.default_rng(asked.draw)
    seeds += [int(one) for one in draw.integers(10**6, 10**9, asked.fresh)]
    print("| seed | B-cubed F | precision | false merges |\n| --- | --- | --- | --- |")
    results = []
    for seed in seeds:
        one = measured(seed, feeds=asked.feeds, hides=asked.hidden, paired=not asked.usual_port)
        results.append(one)
        why = f" {', '.join(one.apart)}" if asked.why else ""
        print(
            f"| {seed} | {one.f:.3f} | {one.precision:.3f} | {one.false_merges} |{why}", flush=True
        )
    worst = min(one.f for one in results)
    print(
        f"\nleast F {worst:.3f}; below .95: {sum(one.f < 0.95 for one in results)} of "
        f"{len(results)}; false merges {sum(one.false_merges for one in results)}"
    )


if __name__ == "__main__":
    main()
