"""Who opens connections of the room and says nothing shuts it for nobody."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvicorn

from cautery.console.guests import guests


async def answers(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/waits":
        await asyncio.sleep(0.5)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"the room"})


async def asked(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]
)
async def test_silent_connections_give_way_to_who_comes(said: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(
        answers, http=guests(8), limit_concurrency=16, lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    waits = asyncio.create_task(asked(port, "/waits"))
    await asyncio.sleep(0.1)
    silent = []
    for _ in range(40):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        silent.append(writer)
    await asyncio.sleep(0.1)
    assert b"the room" in await asked(port, "/")
    assert b"the room" in await waits, "who waits for an answer does not give way"
    for writer in silent:
        writer.close()
    server.should_exit = True
    await serving
