"""Which stream is looked at next: the one that needs it most, of those that nobody has in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from cautery.workflows.watch.pace import Pace
from cautery.workflows.watch.streams import Stream

IDLE_S = 0.1
ORDER_TIMES = 10.0
"""What is due is put in order anew after so many times as long as that took."""


class Turns:
    """Hands out the streams of a watch in the order of their need.

    Parameters
    ----------
    pace : Pace
        Says which stream comes first.
    now : callable
        The time of the case.
    """

    def __init__(
        self, streams: Mapping[str, Stream], pace: Pace, now: Callable[[], datetime]
    ) -> None:
        self._streams = streams
        self._pace = pace
        self._now = now
        self._turn = asyncio.Lock()
        self._due: list[Stream] = []
        self._due_until_s = 0.0

    async def wait(self) -> Stream:
        """Return what is to be looked at next, once there is something.

        One looks for it on behalf of all that are idle.
        """
        async with self._turn:
            stream = self._next()
            while stream is None:
                await asyncio.sleep(IDLE_S)
                stream = self._next()
            return stream

    def _next(self) -> Stream | None:
        """Return what is to be looked at first, of what was put in order a moment ago."""
        now = self._now()
        if not self._due or self._pace.now_s > self._due_until_s:
            began_s = self._pace.now_s
            due = (
                stream
                for stream in self._streams.values()
                if not stream.in_hand and stream.wanted(now)
            )
            self._due = sorted(due, key=self._pace.order, reverse=True)
            took_s = self._pace.now_s - began_s
            # A list of fifty thousand takes a while to be put in order: never most of the time.
            self._due_until_s = self._pace.now_s + (ORDER_TIMES * took_s if self._due else 0.0)
        while self._due:
            stream = self._due.pop()
            if not stream.in_hand and stream.wanted(now):
                return stream
        return None
