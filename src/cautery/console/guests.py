"""Connections of the room: who asks for nothing gives way to who comes.

Strangers can open connections before anybody is asked who they are, and before a TLS handshake as
well: so they are counted from the moment at which they are accepted.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from cautery.model.web import neighbourhood

HANDSHAKE_S = 10.0
_FILES_BESIDE = 1_024
"""Files that the room needs beside its connections: ledgers, lists, exhibits. Judgement."""


class _KindAlone(logging.Filter):
    """Leaves the kind of an error alone: its text may quote what a stranger wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = "a request was not answered: %s"
            record.args = (record.exc_info[0].__name__,)
            record.exc_info = record.exc_text = None
        return True


_KIND_ALONE = _KindAlone()


class _Guest:
    """A connection, in its handshake or after it."""

    def __init__(self, neighbours: str) -> None:
        self.neighbours = neighbours
        self.shaking: asyncio.Task[None] | None = None
        self.protocol: H11Protocol | None = None

    @property
    def asks_nothing(self) -> bool:
        """Tell whether it has sent no whole request, or has its answer."""
        cycle = None if self.protocol is None else self.protocol.cycle
        return cycle is None or cycle.more_body or cycle.response_complete

    @property
    def takes_nothing(self) -> bool:
        """Tell whether an answer waits for it to read."""
        flow = None if self.protocol is None else self.protocol.flow
        return flow is not None and flow.write_paused

    def hang_up(self) -> None:
        """End the connection without a word."""
        if self.protocol is not None and self.protocol.transport is not None:
            self.protocol.transport.abort()
        elif self.shaking is not None:
            self.shaking.cancel()


class RoomServer(uvicorn.Server):
    """Serves so many connections at a time; a browser whose idle connection is gone opens another.

    One more takes the place of one that asks for nothing, else of one that does not read its
    answer; of these, of the oldest of the address that has most. If all are busy, it gets a place
    of an address that has more of them than its own.

    Parameters
    ----------
    most : int
        Connections, handshakes among them.
    """

    def __init__(self, config: uvicorn.Config, *, most: int) -> None:
        super().__init__(config)
        logging.getLogger("uvicorn.error").addFilter(_KIND_ALONE)
        self._most = most
        self._inside: dict[_Guest, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to let in."""
        await super().startup(sockets=[])
        for listening in sockets or ():
            listening.setblocking(False)
            self._begin(self._accept(listening))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, and end what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().shutdown(sockets)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, place = await loop.sock_accept(listening)
            except OSError:  # it is gone already, or the machine has no file left
                await asyncio.sleep(0.1)
                continue
            connection.setblocking(False)
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            guest = _Guest(neighbourhood(str(place[0])))
            if len(self._inside) >= self._most and not self._make_place(guest):
                connection.close()
            else:
                self._inside[guest] = None
                guest.shaking = self._begin(self._admit(connection, guest))
            # The next connection may be there already: without this, a flood lets nobody else run.
            await asyncio.sleep(0)

    def _begin(self, coming: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(coming)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _admit(self, connection: socket.socket, guest: _Guest) -> None:
        config = self.config

        def protocol() -> H11Protocol:
            guest.protocol = _Protocol(
                config, self.server_state, self.lifespan.state, asyncio.get_running_loop()
            )
            guest.protocol.left = lambda: self._leave(guest)
            return guest.protocol

        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                protocol,
                connection,
                ssl=config.ssl,
                ssl_handshake_timeout=None if config.ssl is None else HANDSHAKE_S,
            )
        except (OSError, asyncio.CancelledError):  # errors of TLS and of time among them
            connection.close()
            self._leave(guest)

    def _make_place(self, newcomer: _Guest) -> bool:
        """Hang up on who gives way to a newcomer; tell whether anybody does."""
        counted = Counter(guest.neighbours for guest in self._inside)
        own_count = counted[newcomer.neighbours] + 1
        candidates = (
            [guest for guest in self._inside if guest.asks_nothing]
            or [guest for guest in self._inside if guest.takes_nothing]
            or [guest for guest in self._inside if counted[guest.neighbours] > own_count]
        )
        # Of equals the first, which is the oldest.
        leaving = max(candidates, key=lambda guest: counted[guest.neighbours], default=None)
        if leaving is None:
            return False
        self._leave(leaving)
        leaving.hang_up()
        return True

    def _leave(self, guest: _Guest) -> None:
        self._inside.pop(guest, None)


class _Protocol(H11Protocol):
    """Says when its connection ends."""

    left: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.left is not None:
            self.left()
        super().connection_lost(exc)


def make_room_for(connections: int) -> None:
    """Ask for as many files as connections and what is beside them need, as far as one may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted_files = connections + _FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted_files:
        most = wanted_files if hard == resource.RLIM_INFINITY else min(wanted_files, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
