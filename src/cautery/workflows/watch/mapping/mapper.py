"""Map the infrastructure of streams: names, addresses, certificates and pages."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from urllib.parse import urlsplit

from cautery.act.notice import place_of
from cautery.errors import InputError, SourceError, StorageError
from cautery.formats import address_in
from cautery.graph import HostFacts, cluster, links_of, shared_marks, supply_graph
from cautery.graph.faults import fault_links
from cautery.graph.observations import one_each
from cautery.messages import message
from cautery.model import (
    AddresseeKind,
    CertificateFacts,
    CriminalNetwork,
    Finding,
    Limits,
    Place,
    Registration,
    SupplyGraph,
    digest_of,
    host_of,
)
from cautery.model.message import Message
from cautery.model.ports import Certificates, Engine, Facts, Fetcher, Names, Registry
from cautery.model.records import AddressesChanged, AssetChanged, AssetFacts, CertificateChanged
from cautery.projections import Shown
from cautery.projections.addressee_kind import addressee_kind_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.mapping import relations
from cautery.workflows.watch.mapping.host_facts import Known, by_host, facts_of, nothing_known
from cautery.workflows.watch.mapping.marks import marks_of
from cautery.workflows.watch.mapping.revisits import Revisits
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

TICK_S = 0.5
REMAP_S = 6.0
REDATED = timedelta(hours=6)
"""A link that was seen so much longer than was recorded is recorded anew."""
AT_ONCE = 6
MOST_A_ROUND = 4 * AT_ONCE
"""Hosts that are looked up before the order is made anew: a list of hosts whose DNS never answers
holds up those of a stream that was proven meanwhile by one round, some 16 s at worst."""
ICON = Limits(max_bytes=200_000, total_s=5.0)
HTTP_PORT, TLS_PORT = 80, 443
MOST_PAIRED = 2
"""Ports of TLS that a host is asked at because panels say that they go with its other port."""


class Mapper:
    """Looks hosts up, again on a rhythm of their own, and redraws the map when it has changed.

    Parameters
    ----------
    earlier : mapping of str to (tuple of str, str or None)
        By host, addresses and certificate digest as an earlier run of the case had them.
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
        earlier: Mapping[str, Shown] | None = None,
    ) -> None:
        self._streams = streams
        self._seen = seen
        self._last_shown = dict(earlier or {})
        self._revisits = Revisits(journal.now)
        self._names = names
        self._certificates = certificates
        self._registry = registry
        self._facts = facts
        self._fetcher = fetcher
        self._engine = engine
        self._journal = journal
        self._facts_by_host: dict[str, Known] = {}
        self._icons: dict[str, str | None] = {}
        self._registered: dict[str, Registration | None] = {}
        self._registering: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tls_at: dict[str, int] = {}
        self._tls_asked: defaultdict[str, set[int]] = defaultdict(set)
        self._paired_with: tuple[int, ...] = ()
        self._urls_by_host: defaultdict[str, list[str]] = defaultdict(list)
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
        facts = self._facts_by_host.get(host)
        return () if facts is None else facts.addresses

    def place(self, host: str) -> Place:
        """Return where a host is, as its newest record says; only its name if there is none."""
        facts = self._facts_by_host.get(host)
        return Place(host=host) if facts is None or facts.place is None else facts.place

    def addressee_kind(self, host: str) -> AddresseeKind | None:
        """Return what the network of a host is, by its newest record; ``None``: it is not known."""
        facts = self._facts_by_host.get(host)
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
            partial(cluster, one_each(links, apart=marks), shared=marks, previous=self._networks)
        )
        graph = supply_graph(
            facts,
            networks=networks,
            roles=relations.roles(streams, self._seen),
            countries=self._countries(),
            shared=marks,
            serves=relations.serves(streams),
            sells=relations.sells(self._seen, known=self._facts_by_host),
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

    # -- looking up -------------------------------------------------------------------------

    def _hosts(self) -> list[str]:
        """Return all hosts, those on which most hangs first: anybody may put hosts on a list."""
        accused, met, listed = dict[str, None](), dict[str, None](), dict[str, None]()
        for stream in self._streams.values():
            hosts = accused if stream.proven or stream.pending else met if stream.probes else listed
            hosts |= dict.fromkeys((stream.host, *sorted(stream.via | stream.sent_on)))
            if stream.proven and stream.verdict is not None:
                served = (observation.served for observation in stream.verdict.observations)
                accused |= dict.fromkeys(host_of(url) for url in served if url is not None)
        read = dict.fromkeys((*self._seen.pages, *self._seen.panels))
        for page, _, _ in self._seen.pages.values():
            listed |= dict.fromkeys(map(host_of, page.panel_links))
        return [host for host in accused | read | met | listed if host]

    async def _look_up(self) -> None:
        wanted = (
            host
            for host in self._hosts()
            if host not in self._facts_by_host or self._revisits.due(host)
        )
        looked_up = list(islice(wanted, MOST_A_ROUND))
        if looked_up:
            self._urls_by_host = self._urls()
        beside = sorted(self._unasked() - {*looked_up})
        if len(beside) > MOST_A_ROUND:
            del beside[MOST_A_ROUND:]
            self._paired_with = ()  # the rest comes next
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(host: str) -> bool:
            async with gate:
                if host in self._facts_by_host and not await self._has_changed(host):
                    return False
                try:
                    await self._look_up_host(host)
                except StorageError:
                    raise
                except Exception as error:  # noqa: BLE001 - what a host says costs that host alone
                    self._journal.fail("look-up", host, error)
                    # Known to be unknown: without an entry the host would count as new at each
                    # tick.
                    self._facts_by_host.setdefault(host, nothing_known(self._journal.now()))
                    self._revisits.failed(host)
                return True

        async def other(host: str) -> bool:
            async with gate:
                return await self._look_beside(host)

        looks = (*map(one, looked_up), *map(other, beside))
        if any(await asyncio.gather(*looks)):
            self._woken = True

    def _unasked(self) -> set[str]:
        """Return the hosts that show no certificate where they were asked, and may elsewhere."""
        pairs = sum(len(paired) for paired in self._seen.tls_pairs.values())
        now = (pairs, len(self._streams), len(self._facts_by_host))
        if not pairs or now == self._paired_with:
            return set()
        self._paired_with = now
        self._urls_by_host = self._urls()
        return {
            host
            for host, facts in self._facts_by_host.items()
            if facts.addresses
            and facts.certificate is None
            and not self._tls_asked[host].issuperset(self._tls_ports(host))
        }

    async def _look_beside(self, host: str) -> bool:
        """Ask a known host for its certificate at ports that it was not asked at."""
        certificate = await self._certificate(host, [])
        facts = self._facts_by_host[host]
        if certificate is None or facts.certificate is not None:
            return False
        now = self._journal.now()
        await self._tell(host, replace(facts, certificate=certificate, at=now, until=now), [])
        return True

    async def _has_changed(self, host: str) -> bool:
        """Look again at what may move: the addresses, and seldom the certificate."""
        facts = self._facts_by_host[host]
        try:
            changed = set(await self._names.resolve(host)) != set(facts.addresses)
            self._revisits.saw(host, "names", changed=changed)
            if not changed and self._revisits.due(host, "certificate"):
                current = await self._certificates.of(
                    host, self._tls_at.get(host) or self._tls_ports(host)[0]
                )
                was = None if facts.certificate is None else facts.certificate.sha256
                changed = current.sha256 != was
                self._revisits.saw(host, "certificate", changed=changed)
        except SourceError:
            self._revisits.failed(host)
            return False
        if not changed:
            now = self._journal.now()
            self._facts_by_host[host] = replace(facts, until=now)
            self._woken |= self._mapped_at is not None and now - self._mapped_at >= REDATED
        return changed

    def _tell_change(self, host: str, facts: Known) -> None:
        """Record that a host shows another address or certificate than before."""
        was = self._last_shown.get(host)
        now: Shown = (
            facts.addresses,
            None if facts.certificate is None else facts.certificate.sha256,
        )
        if facts.addresses:
            self._last_shown[host] = now
        if was is None or not facts.addresses or not was[0]:
            return
        # A host with several addresses answers with some of them: it has moved when none is left.
        moved = set(was[0]).isdisjoint(now[0])
        renewed = None not in (was[1], now[1]) and was[1] != now[1]
        if moved or renewed:
            self._journal.write(
                AssetChanged(
                    host=host,
                    at=facts.at,
                    moved=moved,
                    addresses=AddressesChanged(was=was[0], now=now[0]),
                    certificate=CertificateChanged(was=was[1], now=now[1]),
                )
            )

    async def _look_up_host(self, host: str) -> None:
        addresses: tuple[str, ...] = ()
        failed: list[Message] = []
        try:
            addresses = await self._names.resolve(host)
        except SourceError as error:
            failed.append(message("look-up.addresses", detail=str(error)))
        networks = [
            network for network in (self._facts.network_of(a) for a in addresses) if network
        ]
        shared = {a: fact for a in addresses if (fact := self._facts.shared(a)) is not None}
        self._tls_asked.pop(host, None)
        certificate = await self._certificate(host, failed) if addresses else None
        now = self._journal.now()
        facts = Known(
            addresses=addresses,
            asn=networks[0].asn if networks else None,
            country=networks[0].country if networks else None,
            shared=tuple(shared.values()),
            shared_addresses=tuple(shared),
            certificate=certificate,
            registration=await self._registration(host, failed),
            at=now,
            until=now,
        )
        self._revisits.looked(host)
        await self._tell(host, facts, failed)
        await self._icon(host)

    async def _tell(self, host: str, facts: Known, failed: list[Message]) -> None:
        """Record the facts about a host, and keep them."""
        self._tell_change(host, facts)
        networks = [network for network in map(self._facts.network_of, facts.addresses) if network]
        (entry,) = await self._journal.write_aside(
            AssetFacts(
                host=host,
                addresses=facts.addresses,
                asn=facts.asn,
                organisation=networks[0].organisation if networks else None,
                country=facts.country,
                shared=facts.shared,
                certificate=facts.certificate,
                registration=facts.registration,
                failed=tuple(failed),
                at=facts.at,
            )
        )
        self._facts_by_host[host] = replace(
            facts,
            record=entry.index,
            place=place_of(host, entry.content),
            addressee_kind=addressee_kind_of(entry.content),
        )

    async def _certificate(self, host: str, failed: list[Message]) -> CertificateFacts | None:
        """Ask a host for its certificate, at each port where TLS may be until one answers."""
        for port in self._tls_ports(host):
            if port in self._tls_asked[host]:
                continue
            self._tls_asked[host].add(port)
            try:
                certificate = await self._certificates.of(host, port)
            except SourceError as error:
                failed.append(message("look-up.certificate", detail=str(error)))
            else:
                self._tls_at[host] = port
                return certificate
        return None

    async def _registration(self, host: str, failed: list[Message]) -> Registration | None:
        """Return what the registry says of a host's domain; a bare address is in none."""
        try:
            domain = self._facts.registered_domain(host)
        except InputError:
            return None
        if self._registry is None or domain is None or address_in(host) is not None:
            return None
        async with self._registering[domain]:  # hosts of one domain are looked up side by side
            if domain not in self._registered:
                # Also if it fails: a registry is asked once a watch for each domain.
                self._registered[domain] = None
                try:
                    self._registered[domain] = await self._registry.of(domain)
                except SourceError as error:
                    failed.append(message("look-up.registration", detail=str(error)))
        return self._registered[domain]

    async def _icon(self, host: str) -> None:
        page = self._seen.pages.get(host)
        if page is None or page[0].favicon is None or host in self._icons:
            return
        # Also if it fails: an icon is asked for once a watch.
        self._icons[host] = None
        try:
            answer = await self._fetcher.fetch(page[0].favicon, limits=ICON)
        except SourceError:
            return
        if answer.status == 200 and answer.body:
            self._icons[host] = str(digest_of(answer.body))

    def _urls(self) -> defaultdict[str, list[str]]:
        """Return the URLs of each host that the watch has met."""
        urls: defaultdict[str, list[str]] = defaultdict(list)
        for stream in self._streams.values():
            urls[stream.host].append(stream.url or stream.key)
            for url in stream.places:
                urls[host_of(url)].append(url)
        for page, _, _ in self._seen.pages.values():
            for url in (*page.links, *page.panel_links, page.url):
                urls[host_of(url)].append(url)
        return urls

    def _tls_ports(self, host: str) -> tuple[int, ...]:
        """Return where a host may have TLS: as a URL or a panel says; else the usual, then pairs.

        The servers of one panel are set up alike: where one has its other port, the panel says
        which port of TLS goes with it. That of port 80 is the usual one, whatever a panel says.
        """
        plain = set()
        for url in self._urls_by_host[host]:
            port = _port_of(url)
            if url.startswith("https://"):
                return (port or TLS_PORT,)
            plain.add(port or HTTP_PORT)
        if host in self._seen.tls_ports:
            return (self._seen.tls_ports[host],)
        paired: set[int] = set()
        for port in plain - {HTTP_PORT}:
            paired |= self._seen.tls_pairs.get(port, set())
        return (TLS_PORT, *sorted(paired - {TLS_PORT})[:MOST_PAIRED])

    # -- what the graph is made of ----------------------------------------------------------

    def _host_facts(self) -> tuple[HostFacts, ...]:
        gathered = by_host(self._streams.values(), self._seen)
        return tuple(
            facts_of(
                host,
                known=self._facts_by_host,
                gathered=gathered,
                seen=self._seen,
                icon=self._icons.get(host),
                hidden=self._journal.pseudonym,
            )
            for host in sorted(self._facts_by_host)
        )

    def _countries(self) -> dict[str, str]:
        return {
            address: facts.country
            for facts in self._facts_by_host.values()
            if facts.country is not None
            for address in facts.addresses
        }


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _lawful(streams: Iterable[Stream]) -> frozenset[str]:
    return frozenset(
        stream.key
        for stream in streams
        if stream.verdict is not None and stream.verdict.finding is Finding.LICENSED
    )
