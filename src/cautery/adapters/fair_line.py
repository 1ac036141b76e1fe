"""A line in which strangers wait: few are answered at a time, and each address in its turn.

A question of a stranger costs milliseconds of the one event loop in which everybody is answered. If
hundreds came at a time, all else would wait for all of them between any two of its steps; and the
threads that make pages for others would hardly run, since the loop would never let go of Python's
lock. So few have a turn at a time, and after each turn its place stays empty for a moment.

Reaches: nothing.
Lawful basis: GDPR art. 32(1)(b): who floods a service keeps nobody out of it.
Manners: who has waited longest comes first of its address; where too many wait, the address that
    has most of them loses its newest. Nothing of who asked is kept.
Format: none.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable


class Turn:
    """A turn; it is given back once, however often that is said.

    Parameters
    ----------
    give_back : callable
        Called once.
    patience_s : float or None
        After so many seconds it is given back by itself; ``None``: not so.
    """

    def __init__(self, give_back: Callable[[], None], patience_s: float | None) -> None:
        self._give_back: Callable[[], None] | None = give_back
        loop = asyncio.get_running_loop()
        self._timer = None if patience_s is None else loop.call_later(patience_s, self.leave)

    def leave(self) -> None:
        """Give it back."""
        if self._give_back is not None:
            give_back, self._give_back = self._give_back, None
            if self._timer is not None:
                self._timer.cancel()
            give_back()


class FairLine:
    """Gives turns. For one event loop at a time.

    Parameters
    ----------
    at_once : int
        Turns under way.
    most : int
        How many may wait for one.
    rest_s : float
        Seconds between the end of a turn and the next one in its place.
    patience_s : float, optional
        After so many seconds who has a turn waits for something else than this machine, and the
        turn ends; default: it lasts as long as it takes.
    """

    def __init__(
        self, at_once: int, most: int, *, rest_s: float = 0.0, patience_s: float | None = None
    ) -> None:
        self._most, self._rest_s, self._patience_s = most, rest_s, patience_s
        self._free = deque([0.0] * at_once)
        self._lines: OrderedDict[str, deque[asyncio.Future[float | None]]] = OrderedDict()
        self._waiting = 0

    async def turn(self, whose: str) -> Turn | None:
        """Wait for a turn; ``None``: too many wait already.

        Parameters
        ----------
        whose : str
            An address, or what else stands for one subscriber.
        """
        begins_at = self._free.popleft() if self._free else await self._called(whose)
        if begins_at is None:
            return None
        try:
            # Also who need not wait lets the others on: else one connection could ask for ever.
            await asyncio.sleep(max(0.0, begins_at - time.monotonic()))
        except asyncio.CancelledError:
            self._give(begins_at)
            raise
        return Turn(lambda: self._give(time.monotonic() + self._rest_s), self._patience_s)

    async def _called(self, whose: str) -> float | None:
        """Wait in line; return when the turn begins."""
        if self._waiting >= self._most and not self._makes_room(whose):
            return None
        place: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(whose, deque()).append(place)
        self._waiting += 1
        try:
            return await place
        except asyncio.CancelledError:
            if not place.cancelled() and (begins_at := place.result()) is not None:
                self._give(begins_at)
            raise

    def _give(self, begins_at: float) -> None:
        """Give a turn to the next address."""
        while self._lines:
            whose, places = self._lines.popitem(last=False)
            place = places.popleft()
            self._waiting -= 1
            if places:
                self._lines[whose] = places  # behind all others
            if not place.done():  # it has not gone meanwhile
                place.set_result(begins_at)
                return
        self._free.append(begins_at)

    def _makes_room(self, newcomer: str) -> bool:
        """Refuse the newest of the address that has most in the line; tell whether there is one."""
        largest = max(self._lines.values(), key=len)
        if len(largest) <= len(self._lines.get(newcomer, ())) + 1:
            return False
        place = largest.pop()
        self._waiting -= 1
        if not place.done():
            place.set_result(None)
        return True
