"""Look hosts up: names, addresses, certificates, registrations and icons; again on a rhythm."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from cautery.act.notice import place_of
from cautery.errors import InputError, SourceError, StorageError
from cautery.formats import address_in
from cautery.messages import message
from cautery.model import Limits, Registration, digest_of, host_of
from cautery.model.message import Message
from cautery.model.ports import Certificates, Facts, Fetcher, Names, Registry
from cautery.model.records import AddressesChanged, AssetChanged, AssetFacts, CertificateChanged
from cautery.projections import Shown
from cautery.projections.addressee_kind import addressee_kind_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.mapping.host_facts import Known, nothing_known
from cautery.workflows.watch.mapping.revisits import Revisits
from cautery.workflows.watch.mapping.tls_ports import TlsPorts
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

AT_ONCE = 6
MOST_A_ROUND = 4 * AT_ONCE
"""Hosts that are looked up before the order is made anew: a list of hosts whose DNS never answers
holds up those of a stream that was proven meanwhile by one round, some 16 s at worst."""
ICON = Limits(max_bytes=200_000, total_s=5.0)


class Lookups:
    """Of all hosts of one watch.

    Parameters
    ----------
    earlier : mapping of str to (tuple of str, str or None)
        By host, addresses and certificate digest as an earlier run of the case had them.

    Attributes
    ----------
    known : dict of str to Known
        By host, what the newest look-up found.
    """

    def __init__(
        self,
        streams: Mapping[str, Stream],
        seen: Seen,
        *,
        names: Names,
        certificates: Certificates,
        registry: Registry | None,
        facts: Facts,
        fetcher: Fetcher,
        journal: Journal,
        earlier: Mapping[str, Shown] | None = None,
    ) -> None:
        self.known: dict[str, Known] = {}
        self._streams = streams
        self._seen = seen
        self._last_shown = dict(earlier or {})
        self._revisits = Revisits(journal.now)
        self._names = names
        self._tls = TlsPorts(streams, seen, certificates=certificates)
        self._registry = registry
        self._facts = facts
        self._fetcher = fetcher
        self._journal = journal
        self._icons: dict[str, str | None] = {}
        self._registered: dict[str, Registration | None] = {}
        self._registering: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def icon(self, host: str) -> str | None:
        """Return the digest of a site's icon; ``None``: none was found."""
        return self._icons.get(host)

    def hosts(self) -> list[str]:
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

    async def look_up(self) -> bool:
        """Look up some of the hosts that are new or due, and tell whether anything is new."""
        due_hosts = (
            host for host in self.hosts() if host not in self.known or self._revisits.due(host)
        )
        looked_up = list(islice(due_hosts, MOST_A_ROUND))
        if looked_up:
            self._tls.read_urls()
        beside = self._tls.unasked(self.known, but={*looked_up}, most=MOST_A_ROUND)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(host: str) -> bool:
            async with gate:
                if host in self.known and not await self._has_changed(host):
                    return False
                try:
                    await self.look_up_host(host)
                except StorageError:
                    raise
                except Exception as error:  # noqa: BLE001 - what a host says costs that host alone
                    self._journal.fail("look-up", host, error)
                    # Known to be unknown: without an entry the host would count as new at each
                    # tick.
                    self.known.setdefault(host, nothing_known(self._journal.now()))
                    self._revisits.failed(host)
                return True

        async def other(host: str) -> bool:
            async with gate:
                return await self._look_beside(host)

        looks = (*map(one, looked_up), *map(other, beside))
        return any(await asyncio.gather(*looks))

    async def _look_beside(self, host: str) -> bool:
        """Ask a known host for its certificate at ports that it was not asked at."""
        certificate = await self._tls.ask(host, [])
        facts = self.known[host]
        if certificate is None or facts.certificate is not None:
            return False
        now = self._journal.now()
        await self._tell(host, replace(facts, certificate=certificate, at=now, until=now), [])
        return True

    async def _has_changed(self, host: str) -> bool:
        """Look again at what may move: the addresses, and seldom the certificate."""
        facts = self.known[host]
        try:
            changed = set(await self._names.resolve(host)) != set(facts.addresses)
            self._revisits.saw(host, "names", changed=changed)
            if not changed and self._revisits.due(host, "certificate"):
                current = await self._tls.ask_again(host)
                was = None if facts.certificate is None else facts.certificate.sha256
                changed = current.sha256 != was
                self._revisits.saw(host, "certificate", changed=changed)
        except SourceError:
            self._revisits.failed(host)
            return False
        if not changed:
            now = self._journal.now()
            self.known[host] = replace(facts, until=now)
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

    async def look_up_host(self, host: str) -> None:
        """Look everything up of one host, and record it."""
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
        self._tls.forget(host)
        certificate = await self._tls.ask(host, failed) if addresses else None
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
        self.known[host] = replace(
            facts,
            record=entry.index,
            place=place_of(host, entry.content),
            addressee_kind=addressee_kind_of(entry.content),
        )

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
