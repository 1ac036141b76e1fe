"""Places for what a server is asked: few threads of its own, and a queue with an end.

The threads in which pages are made are for all: whatever waits in them for a silent database, page
after page, would stop what needs no database at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class Places:
    """Threads for so many, and a queue for so many more. For one event loop at a time.

    Parameters
    ----------
    at_once : int
        Threads.
    waiting : int
        How many may wait for one.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._most, self._taken = at_once + waiting, 0

    @property
    def are_taken(self) -> bool:
        """Whether there is none left, in a thread or in the queue."""
        return self._taken >= self._most

    async def run(self, do: Callable[[], T]) -> T:
        """Do something in a thread, once there is one."""
        self._taken += 1
        try:
            return await to_thread.run_sync(do, limiter=self._limiter)
        finally:
            self._taken -= 1
