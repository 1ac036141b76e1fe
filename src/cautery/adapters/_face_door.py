"""The door of the public face, a keeper and a co-signer: who may connect, before a TLS handshake.

A stranger who opens connections and says nothing must not keep out those who fetch a list.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from cautery.errors import LimitError
from cautery.model.web import neighbourhood

MOST_CONNECTIONS = 2_000
_HANDSHAKE_S = 10.0
_OTHER_FILES = 100
"""Files that the process needs beside its connections."""
_SILENT = logging.getLogger("cautery.face.requests")
_SILENT.disabled = True
"""What aiohttp would write of a bad request: its sender's address, and what stood in it."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def room() -> int:
    """Return how many connections the process may have; it asks for as many files as it can."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = 4 * MOST_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < descriptors:
        soft = descriptors if hard == resource.RLIM_INFINITY else min(descriptors, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return descriptors if soft == resource.RLIM_INFINITY else max(soft - _OTHER_FILES, 1)


async def listening_at(host: str, port: int) -> list[socket.socket]:
    addresses = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, place in dict.fromkeys(addresses):
            listening = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(listening)
            # Else a face that is started again cannot listen while old connections are in
            # TIME_WAIT.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                # Else this socket takes the port of IPv4 as well, which has a socket of its own.
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(place)
            listening.listen(1_024)
            listening.setblocking(False)
    except OSError:
        for listening in sockets:
            listening.close()
        raise
    return sockets


async def body_of(request: web.BaseRequest, most: int) -> bytes:
    """Return the body of a request.

    Raises
    ------
    LimitError
        If it has more than ``most`` bytes.
    """
    if request.content_length is not None and request.content_length > most:
        raise LimitError("too long")
    parts, size = [], 0
    async for part in request.content.iter_chunked(65_536):
        size += len(part)
        if size > most:
            raise LimitError("too long")
        parts.append(part)
    return b"".join(parts)


class _Guest:
    """A connection of a subscriber, in its handshake or after it."""

    def __init__(self, subscriber: str) -> None:
        self.subscriber = subscriber
        self.shaking: asyncio.Task[None] | None = None
        self.handler: web.RequestHandler | None = None

    def hang_up(self) -> None:
        """End the connection, without a word: who is silent would not answer one."""
        if self.handler is not None and self.handler.transport is not None:
            self.handler.transport.abort()
        elif self.shaking is not None:
            self.shaking.cancel()


class Door:
    """Lets connections in: so many of all and of one subscriber, from before their handshake on.

    If all places are taken, a newcomer gets one of the subscriber that has most of them: strangers
    with many addresses do not keep out who has one.

    Parameters
    ----------
    handler : callable
        Answers a request.
    tls : ssl.SSLContext or None
        ``None``: HTTP in clear.
    most, most_of_one : int
        Connections at a time: of all, and of one subscriber.
    idle_s : float
        After so long without a request a connection is closed.
    requests : type of aiohttp.web.RequestHandler
        Reads requests, and answers what is none.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        tls: ssl.SSLContext | None,
        most: int,
        most_of_one: int,
        idle_s: float,
        requests: type[web.RequestHandler] = web.RequestHandler,
    ) -> None:
        self._tls, self._most, self._most_of_one = tls, most, most_of_one
        self._inside: dict[str, dict[_Guest, None]] = {}
        self._server = _Server(
            handler,
            leave=self._leave,
            requests=requests,
            access_log=None,
            logger=_SILENT,
            auto_decompress=False,
            keepalive_timeout=idle_s,
            lingering_time=2.0,
            max_line_size=8_190,
            max_field_size=8_190,
        )
        self._shaking: set[asyncio.Task[None]] = set()

    async def accept(self, listening: socket.socket) -> None:
        """Accept connections until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, place = await loop.sock_accept(listening)
            except OSError:  # it is gone already, or the machine has no file left
                await asyncio.sleep(0.1)
                continue
            subscriber = neighbourhood(str(place[0]))
            if not self._has_room(subscriber):
                connection.close()
                continue
            guest = _Guest(subscriber)
            self._inside.setdefault(subscriber, {})[guest] = None
            guest.shaking = asyncio.ensure_future(self._admit(connection, guest))
            self._shaking.add(guest.shaking)
            guest.shaking.add_done_callback(self._shaking.discard)
            # The next connection may be there already: without this, a flood lets nobody else run.
            await asyncio.sleep(0)

    def _has_room(self, subscriber: str) -> bool:
        """Say whether a subscriber may have one more connection, and make room for it."""
        own_guests = len(self._inside.get(subscriber, ()))
        if own_guests >= self._most_of_one:
            return False
        if sum(map(len, self._inside.values())) < self._most:
            return True
        largest = max(self._inside.values(), key=len)
        if len(largest) <= own_guests + 1:
            return False
        oldest = next(iter(largest))
        self._leave(oldest)
        oldest.hang_up()
        return True

    @asynccontextmanager
    async def open(self, host: str, port: int) -> AsyncIterator[tuple[str, int]]:
        """Let in who connects to a place, until it is left; yield where that is.

        Raises
        ------
        OSError
            If nobody can listen there.
        """
        sockets = await listening_at(host, port)
        accepting = [asyncio.ensure_future(self.accept(listening)) for listening in sockets]
        try:
            address = sockets[0].getsockname()
            yield str(address[0]), int(address[1])
        finally:
            for task in accepting:
                task.cancel()
            await asyncio.gather(*accepting, return_exceptions=True)
            for listening in sockets:
                listening.close()

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in tuple(self._shaking):
            task.cancel()
        await asyncio.gather(*self._shaking, return_exceptions=True)
        await self._server.shutdown(2.0)

    async def _admit(self, connection: socket.socket, guest: _Guest) -> None:
        tls = self._tls

        def handler() -> web.RequestHandler:
            guest.handler = self._server.receive(guest)
            return guest.handler

        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                handler,
                connection,
                ssl=tls,
                ssl_handshake_timeout=None if tls is None else _HANDSHAKE_S,
            )
        except (OSError, asyncio.CancelledError):  # errors of TLS and of time among them
            connection.close()
            self._leave(guest)
            if guest.handler is not None:
                self._server.forget(guest.handler)

    def _leave(self, guest: _Guest) -> None:
        guests_inside = self._inside.get(guest.subscriber, {})
        guests_inside.pop(guest, None)
        if not guests_inside:
            self._inside.pop(guest.subscriber, None)


class _Server(web.Server):
    """Says whose connection has ended.

    Parameters
    ----------
    leave : callable
        Told the guest.
    requests : type of aiohttp.web.RequestHandler
        Reads the requests of a connection.
    """

    def __init__(
        self,
        *arguments: Any,
        leave: Callable[[_Guest], None],
        requests: type[web.RequestHandler],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._leave, self._requests, self._options = leave, requests, options
        self._guests: dict[web.RequestHandler, _Guest] = {}

    def receive(self, guest: _Guest) -> web.RequestHandler:
        """Return what handles a new connection."""
        handler = self._requests(self, loop=asyncio.get_running_loop(), **self._options)
        self._guests[handler] = guest
        return handler

    def forget(self, handler: web.RequestHandler) -> None:
        """Count a connection no more."""
        guest = self._guests.pop(handler, None)
        if guest is not None:
            self._leave(guest)

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        self.forget(handler)
