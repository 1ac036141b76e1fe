"""Map the infrastructure of streams: names, addresses, certificates and pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from cautery.errors import StorageError
from cautery.graph import HostFacts, cluster, links_of, shared_marks, supply_graph
from cautery.graph.faults import fault_links
from cautery.graph.observations import one_each
from cautery.model import (
    AddresseeKind,
    CriminalNetwork,
    Finding,
    Place,
    SupplyGraph,
)
from cautery.model.ports import Certificates, Engine, Facts, Fetcher, Names, Registry
from cautery.projections import Shown
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.lawful import bare
from cautery.workflows.case.rulings import RulingsRead
from cautery.workflows.watch.mapping import relations
from cautery.workflows.watch.mapping.host_facts import by_host, facts_of
from cautery.workflows.watch.mapping.lawful_hosts import LawfulHosts
from cautery.workflows.watch.mapping.lookups import Lookups
from cautery.workflows.watch.mapping.marks import marks_of
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

TICK_S = 0.5
REMAP_S = 6.0
REDATED = timedelta(hours=6)
"""A link that was seen so much longer than was recorded is recorded anew."""


class Mapper:
    """Has hosts looked up, and redraws the map when it has changed.

    Parameters
    ----------
    rulings : RulingsRead
        What people say of pairs of hosts, in this case.
    earlier : mapping of str to (tuple of str, str or None)
        By host, addresses and certificate digest as an earlier run of the case had them.
    lawful : LawfulHosts, optional
        Where the mandate's own and its partners' hosts are; ``None``: nobody looks.
    """

    def __init__(
        self,
        streams: dict[str, Stream],
        seen: Seen,
        *,
        names: Names,
        certificates: Certificates,
        registry: Registry | None,
        facts: Facts,
        fetcher: Fetcher,
        engine: Engine,
        journal: Journal,
        rulings: RulingsRead,
        earlier: Mapping[str, Shown] | None = None,
        lawful: LawfulHosts | None = None,
    ) -> None:
        self._lawful = lawful
        self._streams = streams
        self._seen = seen
        self._lookups = Lookups(
            streams,
            seen,
            names=names,
            certificates=certificates,
            registry=registry,
            facts=facts,
            fetcher=fetcher,
            journal=journal,
            earlier=earlier,
        )
        self._engine = engine
        self._journal = journal
        self._rulings = rulings
        self._links: dict[tuple[str, str, str], datetime] = {}
        self._networks: tuple[CriminalNetwork, ...] = ()
        self._graph: SupplyGraph | None = None
        self._woken = False
        self._mapped_at: datetime | None = None

    def wake(self) -> None:
        """Say that there is something new to map."""
        self._woken = True

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return the addresses that a host was seen at; none if it was never looked up."""
        facts = self._lookups.known.get(host)
        addresses = () if facts is None else facts.addresses
        lawful = () if self._lawful is None else self._lawful.addresses(host)
        return tuple(sorted({*addresses, *lawful})) if lawful else addresses

    async def lawful_known(self) -> None:
        """Wait until the lawful hosts were looked up once; it takes a bounded time."""
        if self._lawful is not None:
            await self._lawful.known()

    def lawful_at(self, hosts: Iterable[str]) -> dict[str, str]:
        """Return by address the lawful sites that are known, after a look at bare addresses."""
        if self._lawful is None:
            return {}
        for host in bare(hosts):
            self._lawful.look_beside(host)
        return self._lawful.at_addresses()

    def place(self, host: str) -> Place:
        """Return where a host is, as its newest record says; only its name if there is none."""
        facts = self._lookups.known.get(host)
        return Place(host=host) if facts is None or facts.place is None else facts.place

    def addressee_kind(self, host: str) -> AddresseeKind | None:
        """Return what the network of a host is, by its newest record; ``None``: it is not known."""
        facts = self._lookups.known.get(host)
        return None if facts is None else facts.addressee_kind

    def cuts(self, target: str, stream: Stream) -> bool:
        """Tell whether a block of ``target``, a name or an address, cuts a stream."""
        return target in (stream.host, stream.key) or target in self.addresses(stream.host)

    def panels_of(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the panels whose own list names one of these streams."""
        wanted_keys = set(keys)
        return tuple(
            sorted(panel for panel, listed in self._seen.panels.items() if listed & wanted_keys)
        )

    def suspects(self) -> tuple[str, ...]:
        """Return the panels and storefronts that were read."""
        return tuple(sorted({*self._seen.panels, *self._seen.pages}))

    async def work(self) -> None:
        """Look up what is new and redraw, for ever."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self._look_up()
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - a host that cannot be looked up ends no watch
                self._journal.fail("look-up", "hosts", error)
                await asyncio.sleep(REMAP_S)
            now = self._journal.now()
            rested = self._mapped_at is None or (now - self._mapped_at).total_seconds() >= REMAP_S
            if self._woken and rested:
                await self.map_now()

    async def _look_up(self) -> None:
        self._woken |= await self._lookups.look_up()
        self._woken |= (
            self._mapped_at is not None and self._journal.now() - self._mapped_at >= REDATED
        )
        self._woken |= self._rulings.read()

    async def map_now(self) -> None:
        """Redraw the map from the known facts, and record it if it changed."""
        try:
            await self._redraw()
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - a map that cannot be drawn ends no watch
            self._journal.fail("map", "case", error)

    async def _redraw(self) -> None:
        self._woken = False
        self._mapped_at = self._journal.now()
        facts = self._host_facts()
        if not facts:
            return
        marks = shared_marks(facts)
        streams = tuple(self._streams.values())
        carried = tuple(fault for stream in streams for fault in stream.carried)
        # Away from the event loop, as the networks are: pirates decide how many faults there are.
        shared_faults = await self._engine.run(
            partial(fault_links, carried, source="watch", lawful=_lawful(streams))
        )
        links = (*(link for fact in facts for link in links_of(fact)), *shared_faults)
        networks = await self._engine.run(
            partial(
                cluster,
                one_each(links, apart=marks),
                shared=marks,
                ruled=self._rulings.words(),
                previous=self._networks,
            )
        )
        graph = supply_graph(
            facts,
            networks=networks,
            roles=relations.roles(streams, self._seen),
            countries=self._countries(),
            shared=marks,
            serves=relations.serves(streams),
            sells=relations.sells(self._seen, known=self._lookups.known),
            leads=relations.leads(streams),
            shows=marks_of(
                facts,
                streams,
                panels=self._seen.panels,
                pages={host: page for host, (page, _, _) in self._seen.pages.items()},
                shared=marks,
            ),
        )
        news: list[object] = []
        for link in links:
            key = (link.subject, link.kind, link.value)
            recorded_last = self._links.get(key)
            if recorded_last is None or link.last_seen - recorded_last >= REDATED:
                self._links[key] = link.last_seen
                news.append(link)
        if graph != self._graph:
            self._graph, self._networks = graph, graph.networks
            news.append(graph)
        await self._journal.write_aside(*news)

    def _host_facts(self) -> tuple[HostFacts, ...]:
        gathered = by_host(self._streams.values(), self._seen)
        return tuple(
            facts_of(
                host,
                known=self._lookups.known,
                gathered=gathered,
                seen=self._seen,
                icon=self._lookups.icon(host),
                hidden=self._journal.pseudonym,
            )
            for host in sorted(self._lookups.known)
        )

    def _countries(self) -> dict[str, str]:
        return {
            address: facts.country
            for facts in self._lookups.known.values()
            if facts.country is not None
            for address in facts.addresses
        }


def _lawful(streams: Iterable[Stream]) -> frozenset[str]:
    return frozenset(
        stream.key
        for stream in streams
        if stream.verdict is not None and stream.verdict.finding is Finding.LICENSED
    )
