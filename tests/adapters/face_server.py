"""The public face's server on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Self

from cautery.adapters.http_face import Listener, serve
from cautery.model.web import Answered, Asked


class Running:
    """Serves listeners until the block ends."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners
        self._ready = threading.Event()
        self.ports: Sequence[int] = ()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def _work(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        await serve(self._listeners, ready=self._note, stop=self._stop)

    def _note(self, ports: Sequence[int]) -> None:
        self.ports = ports
        self._ready.set()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


def listener(answer: Callable[[Asked], Answered], *, most_body: int = 1_000) -> Listener:
    return Listener(host="127.0.0.1", port=0, answer=answer, most_body=most_body)
