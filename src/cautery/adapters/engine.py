"""Heavy work on threads of this machine; the kernels release the interpreter's lock.

Reaches: nothing outside this process.
Lawful basis: none needed, it moves no data.
Manners: as many threads as the machine has cores, no more.
Format: Python callables; see docs/adr/0005-engine-port.md and 0011-shards-and-processes.md.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cautery.errors import CauteryError

T = TypeVar("T")


class ThreadEngine:
    """The embedded :class:`~cautery.model.ports.Engine`."""

    def __init__(self, workers: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(
            max_workers=workers or os.cpu_count() or 1, thread_name_prefix="engine"
        )
        self._closed = False

    async def run(self, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` on a thread and return its result."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, task, *arguments)
        except RuntimeError as error:
            if self._closed:
                raise CauteryError("the engine is closed") from error
            raise

    async def run_at(self, shard: int, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` on any thread: all of them see what a shard's would."""
        del shard
        return await self.run(task, *arguments)

    def close(self) -> None:
        """Let the threads end."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
