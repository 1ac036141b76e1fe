"""A browser that listens to a stream of events of the room, and keeps what came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any


class Listening:
    """What came of a stream so far."""

    def __init__(self) -> None:
        self.status = 0
        self.text = ""
        self._more = asyncio.Event()

    @property
    def events(self) -> list[str]:
        """Each whole event that has parts of a page."""
        return [event for event in self.text.split("\n\n")[:-1] if "event: parts" in event]

    async def begun(self) -> None:
        """Wait until the answer has begun."""
        await self._waits(lambda: bool(self.status))

    async def until(self, text: str) -> None:
        """Wait until a text has come."""
        await self._waits(lambda: text in self.text)

    async def _waits(self, for_: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not for_():
                self._more.clear()
                await self._more.wait()

    def take(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.text += message.get("body", b"").decode()
        self._more.set()


@asynccontextmanager
async def listening(
    app: Any, path: str, *, cookie: str, query: str = "", host: str = "127.0.0.1:8017"
) -> AsyncIterator[Listening]:
    """Ask for a stream as a browser does, and hang up at the end."""
    fields = {"host": host, "user-agent": "Firefox", "cookie": cookie}
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "scheme": "http",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "http_version": "1.1",
        "client": ("testclient", 50_000),
        "server": ("127.0.0.1", 8017),
    }
    heard, gone = Listening(), asyncio.Event()
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        heard.take(message)

    answering = asyncio.create_task(app(scope, receive, send))
    try:
        await heard.begun()
        yield heard
    finally:
        gone.set()
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
