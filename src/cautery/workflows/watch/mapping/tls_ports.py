"""Where hosts may have TLS, and what certificates they show there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from cautery.errors import SourceError
from cautery.messages import message
from cautery.model import CertificateFacts, host_of
from cautery.model.message import Message
from cautery.model.ports import Certificates
from cautery.workflows.watch.mapping.host_facts import Known
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

HTTP_PORT, TLS_PORT = 80, 443
MOST_PAIRED = 2
"""Ports of TLS that a host is asked at because panels say that they go with its other port."""


class TlsPorts:
    """Of all hosts of one watch."""

    def __init__(
        self, streams: Mapping[str, Stream], seen: Seen, *, certificates: Certificates
    ) -> None:
        self._streams = streams
        self._seen = seen
        self._certificates = certificates
        self._answered_at: dict[str, int] = {}
        self._asked_at: defaultdict[str, set[int]] = defaultdict(set)
        self._urls_by_host: defaultdict[str, list[str]] = defaultdict(list)
        self._compared: tuple[int, ...] = ()

    def read_urls(self) -> None:
        """Take up the URLs of each host that the watch has met."""
        urls: defaultdict[str, list[str]] = defaultdict(list)
        for stream in self._streams.values():
            urls[stream.host].append(stream.url or stream.key)
            for url in stream.places:
                urls[host_of(url)].append(url)
        for page, _, _ in self._seen.pages.values():
            for url in (*page.links, *page.panel_links, page.url):
                urls[host_of(url)].append(url)
        self._urls_by_host = urls

    def unasked(
        self, facts_known: Mapping[str, Known], *, but: Collection[str], most: int
    ) -> list[str]:
        """Return up to ``most`` hosts that show no certificate where asked, and may elsewhere."""
        pairs = sum(len(paired) for paired in self._seen.tls_pairs.values())
        now = (pairs, len(self._streams), len(facts_known))
        if not pairs or now == self._compared:
            return []
        self.read_urls()
        unasked = sorted(
            host
            for host, facts in facts_known.items()
            if host not in but
            and facts.addresses
            and facts.certificate is None
            and not self._asked_at[host].issuperset(self._ports(host))
        )
        self._compared = now if len(unasked) <= most else ()
        return unasked[:most]

    def forget(self, host: str) -> None:
        """Let a host be asked anew at each port."""
        self._asked_at.pop(host, None)

    async def ask(self, host: str, failed: list[Message]) -> CertificateFacts | None:
        """Ask a host at each port where TLS may be and was not asked for, until one answers."""
        for port in self._ports(host):
            if port in self._asked_at[host]:
                continue
            self._asked_at[host].add(port)
            try:
                certificate = await self._certificates.of(host, port)
            except SourceError as error:
                failed.append(message("look-up.certificate", detail=str(error)))
            else:
                self._answered_at[host] = port
                return certificate
        return None

    async def ask_again(self, host: str) -> CertificateFacts:
        """Ask a host where it answered.

        Raises
        ------
        SourceError
            If it does not answer.
        """
        port = self._answered_at.get(host) or self._ports(host)[0]
        return await self._certificates.of(host, port)

    def _ports(self, host: str) -> tuple[int, ...]:
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


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
