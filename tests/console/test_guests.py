"""Who holds connections of the room and asks for nothing shuts it for nobody."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from cautery.console import guests
from cautery.console.guests import RoomServer
from cautery.lab.certificates import Authority

GO = SimpleNamespace(event=None)
"""Lets those go on who ask for ``/stays``."""
LONG = b"x" * (16 << 20)
FORM = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\nname="


async def answers(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/fails":
        raise RuntimeError("what a stranger wrote")
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    if scope["path"] == "/stays":
        await GO.event.wait()
    if scope["path"] == "/waits":
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    long = LONG if scope["path"] == "/long" else b""
    await send({"type": "http.response.body", "body": long, "more_body": True})
    await send({"type": "http.response.body", "body": b"the room"})


@asynccontextmanager
async def served(most: int, **options: Any) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        answers, limit_concurrency=999, lifespan="off", log_level="error", **options
    )
    server = RoomServer(config, most=most)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving


async def asked(port: int, path: str, tls: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="room.example" if tls else None
    )
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


async def held(port: int, said: bytes, number: int) -> list[asyncio.StreamWriter]:
    writers = []
    for _ in range(number):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(said)
        writers.append(writer)
    await asyncio.sleep(0.2)
    return writers


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        FORM,
        b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["nothing", "half a question", "an answered question", "half a form", "an unread answer"],
)
async def test_silent_connections_give_way_to_who_comes(said: bytes) -> None:
    async with served(8) as port:
        waits = asyncio.create_task(asked(port, "/waits"))
        await asyncio.sleep(0.2)
        silent = await held(port, said, 40)
        assert b"the room" in await asked(port, "/")
        assert b"the room" in await waits, "who waits for an answer does not give way"
        for writer in silent:
            writer.close()


async def test_who_has_most_of_the_busy_connections_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eight answers are under way to one address; a second address comes."""
    addresses = iter(["192.0.2.1"] * 8 + ["192.0.2.2", "192.0.2.1"])
    monkeypatch.setattr(guests, "neighbourhood", lambda _: next(addresses))
    monkeypatch.setattr(GO, "event", asyncio.Event())
    async with served(8) as port:
        busy = [asyncio.create_task(asked(port, "/stays")) for _ in range(8)]
        await asyncio.sleep(0.5)
        second = asyncio.create_task(asked(port, "/stays"))
        await asyncio.sleep(0.5)
        refused = await asyncio.gather(asked(port, "/stays"), return_exceptions=True)
        GO.event.set()
        assert b"the room" in await second
        answers = await asyncio.gather(*busy, return_exceptions=True)
        assert sum(isinstance(answer, bytes) and b"the room" in answer for answer in answers) == 7
        assert not isinstance(refused[0], bytes) or not refused[0]


async def test_connections_that_begin_no_handshake_give_way(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guests, "HANDSHAKE_S", 3.0)
    authority = Authority(tmp_path)
    signed = authority.vouch("room.example")
    tls = ssl.create_default_context(cafile=str(authority.path))
    files = {"ssl_certfile": signed, "ssl_keyfile": signed}
    async with served(8, **files) as port:
        silent = await held(port, b"", 40)
        assert b"the room" in await asked(port, "/", tls)
        for writer in silent:
            writer.close()
        last, _ = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(last.read(), 10) == b"", "a handshake has its time"


async def test_of_an_error_that_nobody_expected_its_kind_alone_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(8, log_config=None) as port:
        assert b" 500 " in await asked(port, "/fails")
    assert "a request was not answered: RuntimeError" in caplog.text
    assert "stranger" not in caplog.text
