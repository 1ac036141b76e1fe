"""A small HTTP server for decoys: streams and lists at some places, the gate's questions at one.

Reaches: nothing; it listens where the planner says.
Lawful basis: own media on own hosts, for the test of the organisation's own watch (ADR 0079).
Manners: no log of who asked, or of what; bounded bodies and times. Every answer leaves at the next
beat of a clock that starts with its request, so its time does not say what it took to make.
Format: RFC 8216 (HLS), M3U; questions and answers are JSON (docs/reference/decoys.md).
"""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from cautery.errors import InputError

BEAT_S = 0.15
"""Longer than a segment of 180 lines takes to disguise; a slower one waits for the next beat."""
_AT_ONCE = 256
_QUESTIONS_AT_ONCE = 8
_BODY_S = 10.0
_SILENT = logging.getLogger("cautery.decoys.requests")
_SILENT.disabled = True
"""What aiohttp would write of a bad request: its sender's address, and what stood in it."""

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
        async with AsyncExitStack() as stack:
            site = await self._runner(stack, self._streams_application())
            places = [await _listen(site, place) for place in streams]
            questions: Place | None = None
            if gate is not None:
                desk = await self._runner(stack, self._gate_application())
                questions = await _listen(desk, gate, tls=tls)
            yield Listening(streams=tuple(places), gate=questions)

    async def _runner(self, stack: AsyncExitStack, application: web.Application) -> web.AppRunner:
        runner = web.AppRunner(
            application,
            access_log=None,
            logger=_SILENT,
            auto_decompress=False,
            keepalive_timeout=30.0,
            shutdown_timeout=1.0,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        return runner

    def _streams_application(self) -> web.Application:
        application = web.Application(client_max_size=1 << 10)
        application.router.add_get("/{path:.*}", self._stream)
        return application

    def _gate_application(self) -> web.Application:
        application = web.Application(client_max_size=self._most_question)
        application.router.add_post(self._path, self._question)
        return application

    async def _stream(self, request: web.Request) -> web.Response:
        begun_s = asyncio.get_running_loop().time()
        host = (request.host or "").rpartition("@")[2].lower()
        host = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.split(":")[0]
        async with self._slots:
            answer = await self._streams(host.rstrip("."), request.path)
        await _beat(begun_s)
        if answer is None:
            return web.Response(status=404, text="not found\n")
        body, media_type = answer
        return web.Response(
            body=body, content_type=media_type, headers={"Cache-Control": "no-cache"}
        )

    async def _question(self, request: web.Request) -> web.Response:
        begun_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(_BODY_S):
                body = await request.read()
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


async def _beat(begun_s: float) -> None:
    """Wait for the next beat of the clock that began with a request."""
    passed_s = asyncio.get_running_loop().time() - begun_s
    await asyncio.sleep(math.ceil(passed_s / BEAT_S) * BEAT_S - passed_s)


async def _listen(
    runner: web.AppRunner, place: Place, *, tls: ssl.SSLContext | None = None
) -> Place:
    host, port = place
    earlier_places = set(runner.addresses)
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls, backlog=128).start()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "not an address"
        raise InputError(f"{host}:{port}: cannot listen there: {why}") from error
    (address,) = [each for each in runner.addresses if each not in earlier_places]
    return str(address[0]), int(address[1])
