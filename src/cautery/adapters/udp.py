"""Transport streams that are sent to this machine over UDP, unicast or multicast.

Reaches: nothing; it listens on one port, and joins a multicast group on the local network.
Lawful basis: a mandate that names the feed as its own reference.
Manners: sends nothing but the group's membership (IGMP, MLD); bounded memory; what is not read in
    time is dropped and counted.
Format: RFC 768 (UDP); 188-byte packets of MPEG-TS, bare or in RTP (RFC 2250, RFC 3550).
    URLs as FFmpeg writes them: ``udp://[@]HOST:PORT[?localaddr=ADDRESS&sources=ADDRESS,...]``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from cautery.errors import InputError, SourceError
from cautery.model.ports import Clock

_MOST_WAITING = 32 << 20
"""Bytes: half a minute of a very rich stream, if the reader is busy."""
_TAKE_S = 0.2
_STALL_S = 3.0
_RECEIVE_BUFFER = 4 << 20
_PASSED_OVER = frozenset(
    ("pkt_size", "buffer_size", "fifo_size", "overrun_nonfatal", "reuse", "timeout", "ttl")
)
"""Options of FFmpeg's that mean nothing here, or that are the default here."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, as a URL says it."""

    address: Address
    port: int
    local: str | None
    sources: frozenset[str]


class UdpStreams:
    """Fulfils :class:`cautery.model.ports.Streams` for ``udp://``.

    Parameters
    ----------
    clock : Clock
        Stamps what comes.
    stall_s : float
        Seconds of silence after which empty bytes are yielded.
    """

    def __init__(self, clock: Clock, *, stall_s: float = _STALL_S) -> None:
        self._clock = clock
        self._stall_s = stall_s

    async def listen(self, url: str) -> AsyncIterator[tuple[bytes, float]]:
        """Yield bytes and the epoch second at which the last of them came.

        Empty bytes say that nothing has come for a while.

        Raises
        ------
        InputError
            If the URL cannot be read.
        SourceError
            If this machine cannot listen there.
        """
        where = listening(url)
        inbox = _Inbox(where.sources)
        loop = asyncio.get_running_loop()
        sock = _socket(where)
        try:
            await loop.create_datagram_endpoint(lambda: inbox, sock=sock)
        except OSError as error:
            sock.close()
            raise SourceError(f"{_shown(where)}: {error.strerror or error}") from error
        try:
            silent_s = 0.0
            while True:
                data = inbox.take()
                if data:
                    silent_s = 0.0
                    yield data, self._clock.now().timestamp()
                    continue
                await asyncio.sleep(_TAKE_S)
                silent_s += _TAKE_S
                if silent_s >= self._stall_s and not inbox.waiting:
                    silent_s = 0.0
                    yield b"", self._clock.now().timestamp()
        finally:
            inbox.close()


class _Inbox(asyncio.DatagramProtocol):
    """Datagrams that wait to be read."""

    def __init__(self, sources: frozenset[str]) -> None:
        self._sources = sources
        self._transport: asyncio.BaseTransport | None = None
        self.waiting = bytearray()
        self.dropped = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if self._sources and addr[0] not in self._sources:
            return
        if len(self.waiting) > _MOST_WAITING:
            self.dropped += 1
            return
        self.waiting += _payload(data)

    def take(self) -> bytes:
        data = bytes(self.waiting)
        self.waiting.clear()
        return data

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def listening(url: str) -> Listening:
    """Read a ``udp://`` URL.

    Raises
    ------
    InputError
        Saying what is wrong with it.

    Examples
    --------
    >>> listening("udp://@239.1.2.3:5000?localaddr=127.0.0.1").port
    5000
    """
    remedy = "Write it as udp://239.1.2.3:5000 or udp://127.0.0.1:5000."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "0.0.0.0", parts.port  # noqa: S104 - udp://:5000 asks for it
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise InputError(f"{url[:200]}: not a valid UDP address ({error})", hint=remedy) from error
    if parts.scheme != "udp" or not port or parts.path not in ("", "/"):
        raise InputError(f"{url[:200]}: not a valid UDP address", hint=remedy)
    unknown = [
        option for option in options if option not in _PASSED_OVER | {"localaddr", "sources"}
    ]
    if unknown:
        raise InputError(
            f"{url[:200]}: unknown option {unknown[0][:40]!r}",
            hint="Known options: localaddr, sources.",
        )
    try:
        address = ipaddress.ip_address(host)
        local = options["localaddr"][0] if "localaddr" in options else None
        if local is not None:
            local = str(ipaddress.ip_address(local))
        names = ",".join(options.get("sources", ())).split(",")
        sources = frozenset(str(ipaddress.ip_address(source)) for source in names if source)
    except ValueError as error:
        raise InputError(f"{url[:200]}: {error}", hint=remedy) from error
    return Listening(address=address, port=port, local=local, sources=sources)


def _socket(where: Listening) -> socket.socket:
    six = where.address.version == 6
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        # Several may listen to one group. A unicast port must be this socket's alone: with this
        # option a second listener there would take the stream away.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(where.address.is_multicast))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        # To the group itself: bound to all addresses, a socket also gets what comes for other
        # groups at this port (ip(7), IP_MULTICAST_ALL).
        sock.bind((str(where.address), where.port))
        if where.address.is_multicast:
            _join(sock, where)
    except OSError as error:
        sock.close()
        raise SourceError(
            f"{_shown(where)}: {error.strerror or error}",
            hint="A UDP stream is sent to this machine: give a multicast group or an address of "
            "this machine; localaddr= chooses the interface.",
        ) from error
    return sock


def _join(sock: socket.socket, where: Listening) -> None:
    if where.address.version == 6:
        group = where.address.packed + struct.pack("@I", _interface(where.local))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        return
    local = ipaddress.IPv4Address(where.local or "0.0.0.0")  # noqa: S104 - the default interface
    group = where.address.packed + local.packed
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)


def _interface(local: str | None) -> int:
    """Return the index of loopback, or 0: the default interface."""
    loopback = local is not None and ipaddress.ip_address(local).is_loopback
    return socket.if_nametoindex("lo") if loopback else 0


def _payload(datagram: bytes) -> bytes:
    """Return the packets of a datagram, out of RTP if they are in it (RFC 2250, 2)."""
    if len(datagram) < 13 or datagram[0] == 0x47 or datagram[0] >> 6 != 2:
        return datagram
    # RFC 3550, 5.1 and 5.3.1: the fixed header, its contributing sources, one extension.
    at = 12 + 4 * (datagram[0] & 0x0F)
    if datagram[0] & 0x10 and len(datagram) >= at + 4:
        at += 4 + 4 * int.from_bytes(datagram[at + 2 : at + 4], "big")
    return datagram[at:] if at < len(datagram) and datagram[at] == 0x47 else datagram


def _shown(where: Listening) -> str:
    address = f"[{where.address}]" if where.address.version == 6 else str(where.address)
    return f"udp://{address}:{where.port}"
