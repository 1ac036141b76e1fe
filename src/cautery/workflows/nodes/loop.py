"""Whether this node's own loop was late, so that a look may have waited in this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LOOK_S = 0.5
LATE_S = 2.0
"""As for the loop of a watch (:mod:`cautery.workflows.watch.pace`)."""


class LoopLateness:
    """Knows when the loop was late for the last time.

    Parameters
    ----------
    timer : callable
        Monotonic seconds.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._late_at = float("-inf")

    def was_late(self, since_s: float) -> bool:
        """Tell whether it was late after a moment of the timer."""
        return self._late_at >= since_s

    async def work(self) -> None:
        """Watch the loop, for ever."""
        while True:
            before_s = self._timer()
            await asyncio.sleep(LOOK_S)
            after_s = self._timer()
            if after_s - before_s > LOOK_S + LATE_S:
                self._late_at = after_s
