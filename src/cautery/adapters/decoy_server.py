"""A small HTTP server for decoys: streams and lists at some places, the gate's questions at one.

Reaches: nothing; it listens where the planner says.
Lawful basis: own media on own hosts, for the test of the organisation's own watch (ADR 0079).
Manners: no log of who asked, or of what; bounded connections, bodies and times. The gate has places
of its own, which nobody takes who fills those of the streams. Every answer leaves at the next beat
of a clock that starts with its request, so its time does not say what it took to make.
Format: RFC 8216 (HLS), M3U; questions and answers are JSON (docs/reference/decoys.md).
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from cautery.adapters._face_door import (
    MOST_CONNECTIONS,
    Door,
    Handler,
    body_of,
    room,
)
from cautery.errors import InputError, LimitError

_SERVER = "nginx"
"""The most common name: what we serve with would tell who serves."""
BEAT_S = 0.15
"""Longer than a segment of 180 lines takes to disguise; a slower one waits for the next beat."""
_AT_ONCE = 256
_QUESTIONS_AT_ONCE = 8
_BODY_S = 10.0
_LAST_PORT = 65_535
_IDLE_S = 20.0
_MOST_OF_ONE = 64
"""Connections of one address, or of one /64 of IPv6, to the streams at a time."""
_GATE_PLACES, _GATE_PLACES_OF_ONE = 64, 16
"""Connections to the gate at a time, of all and of one address."""

Place = tuple[str, int]
StreamAnswer = Callable[[str, str], Awaitable[tuple[bytes, str] | None]]
"""Of host and path: body and media type, or ``None`` where nothing is."""
GateAnswer = Callable[[bytes], tuple[int, bytes]]
"""Of a question's bytes: status and JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where a keeper listens.

    Parameters
    ----------
    streams : tuple of (str, int)
        Addresses and ports for streams and lists.
    gate : (str, int) or None
        For questions; ``None``: none are taken.
    """

    streams: tuple[Place, ...]
    gate: Place | None


class DecoyServer:
    """Serves decoys.

    Parameters
    ----------
    streams : callable
        Answers for a host and a path.
    gate : callable
        Answers a question.
    most_question : int
        Bytes that a question may have.
    path : str
        At which questions are taken.
    """

    def __init__(
        self, streams: StreamAnswer, gate: GateAnswer, *, most_question: int, path: str
    ) -> None:
        self._streams, self._gate = streams, gate
        self._most_question, self._path = most_question, path
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._questions = asyncio.Semaphore(_QUESTIONS_AT_ONCE)

    @asynccontextmanager
    async def serving(
        self, streams: Sequence[Place], gate: Place | None, *, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Listening]:
        """Listen until the block ends; say where.

        Raises
        ------
        InputError
            If it cannot listen there.
        """
        connections = room()
        reserved = 0 if gate is None else max(1, min(_GATE_PLACES, connections // 4))
        async with AsyncExitStack() as stack:
            site = self._door(
                self._stream,
                most=min(MOST_CONNECTIONS, connections - reserved),
                most_of_one=_MOST_OF_ONE,
            )
            stack.push_async_callback(site.close)
            places = [await _listen(stack, site, place) for place in streams]
            questions: Place | None = None
            if gate is not None:
                desk = self._door(
                    self._question, most=reserved, most_of_one=_GATE_PLACES_OF_ONE, tls=tls
                )
                stack.push_async_callback(desk.close)
                questions = await _listen(stack, desk, gate)
            yield Listening(streams=tuple(places), gate=questions)

    def _door(
        self, answer: Handler, *, most: int, most_of_one: int, tls: ssl.SSLContext | None = None
    ) -> Door:
        return Door(
            answer,
            tls=tls,
            most=max(1, most),
            most_of_one=most_of_one,
            idle_s=_IDLE_S,
            requests=_Handler,
        )

    async def _stream(self, request: web.BaseRequest) -> web.Response:
        begun_s = asyncio.get_running_loop().time()
        host = (request.host or "").rpartition("@")[2].lower()
        host = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.split(":")[0]
        answer = None
        # A path has one spelling here, so that the gate compares what was really asked.
        path = request.rel_url.raw_path
        if request.method in ("GET", "HEAD") and path == request.path:
            async with self._slots:
                answer = await self._streams(host.rstrip("."), path)
        await _beat(begun_s)
        if answer is None:
            return _page(404)
        body, media_type = answer
        return web.Response(
            body=body,
            content_type=media_type,
            headers={"Cache-Control": "no-cache", "Server": _SERVER},
        )

    async def _question(self, request: web.BaseRequest) -> web.Response:
        begun_s = asyncio.get_running_loop().time()
        if request.method != "POST" or request.path != self._path:
            return web.Response(status=404, text="not found\n")
        try:
            async with asyncio.timeout(_BODY_S):
                body = await body_of(request, self._most_question)
        except LimitError:
            return web.Response(status=413, text="too long\n")
        except TimeoutError:
            return web.Response(status=408, text="too slow\n")
        except (web.RequestPayloadError, ConnectionError):
            return web.Response(status=400, text="the body is broken\n")
        if self._questions.locked():
            return web.Response(status=503, text="busy\n", headers={"Retry-After": "1"})
        async with self._questions:
            status, answer = await asyncio.to_thread(self._gate, body)
        await _beat(begun_s)
        return web.Response(status=status, body=answer, content_type="application/json")


class _Handler(web.RequestHandler):
    """Answers what is no request as the common server does, too."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return a page that says no more than the status."""
        del request, exc, message
        response = _page(status)
        response.force_close()
        return response


def _page(status: int) -> web.Response:
    """Return the page of the common server for a status."""
    says = f"{status} {HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{says}</title></head>\r\n<body>\r\n"
        f"<center><h1>{says}</h1></center>\r\n<hr><center>{_SERVER}</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return web.Response(
        status=status,
        body=page.encode(),
        content_type="text/html",
        headers={"Server": _SERVER},
    )


async def _beat(begun_s: float) -> None:
    """Wait for the next beat of the clock that began with a request."""
    passed_s = asyncio.get_running_loop().time() - begun_s
    await asyncio.sleep(math.ceil(passed_s / BEAT_S) * BEAT_S - passed_s)


async def _listen(stack: AsyncExitStack, door: Door, place: Place) -> Place:
    """Let those who connect at a place in by a door, until the stack is left; say where."""
    host, port = place
    if not 0 <= port <= _LAST_PORT:
        raise InputError(f"{host}:{port}: cannot listen there: no such port")
    try:
        return await stack.enter_async_context(door.open(host, port))
    except OSError as error:
        why = error.strerror or "not an address"
        raise InputError(f"{host}:{port}: cannot listen there: {why}") from error
