"""Connections of the room: who says nothing gives way to who comes.

Another user of the machine can open connections too, before anybody is asked for the cookie.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def guests(most: int) -> type[H11Protocol]:
    """Return what handles each connection, of which there are so many at a time.

    One more takes the place of the oldest that is asking for nothing: that has sent no whole
    request, or has its answer. A browser whose idle connection is gone opens another.
    """
    inside: dict[H11Protocol, None] = {}

    class Guest(H11Protocol):
        def connection_made(  # type: ignore[override] # as uvicorn has it
            self, transport: asyncio.Transport
        ) -> None:
            super().connection_made(transport)
            inside[self] = None
            if len(inside) > most:
                silent = next(filter(_asks_nothing, inside))  # this one, if there is no other
                del inside[silent]
                silent.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            inside.pop(self, None)
            super().connection_lost(exc)

    return Guest


def _asks_nothing(guest: H11Protocol) -> bool:
    return guest.cycle is None or guest.cycle.response_complete
