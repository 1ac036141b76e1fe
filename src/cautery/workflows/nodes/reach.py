"""Whether this node reaches the store: what fails says so, and a try says when it is there again.

While it does not, the node begins nothing, so that it fails no look that another node would do. It
tries again with pauses that grow: a store that refuses this node alone is not asked all the time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cautery.errors import AwayError

FIRST_PAUSE_S, MOST_PAUSE_S = 5.0, 60.0


class StoreReach:
    """What a node knows of its way to the store.

    Parameters
    ----------
    look : callable
        Asks the store for something small; raises :class:`~cautery.errors.AwayError`.
    timer : callable
        Monotonic seconds.
    """

    def __init__(
        self, look: Callable[[], object], *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._timer = timer
        self._away_at = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._is_there = asyncio.Event()
        self._is_there.set()
        self._is_away = asyncio.Event()
        self.why = ""
        """Why the store cannot be reached; empty: it can."""

    @property
    def away_s(self) -> float:
        """For how long it has been away."""
        return self._timer() - self._away_at if self.why else 0.0

    def failed(self, error: AwayError) -> None:
        """Take note that the store did not answer, or refused."""
        if not self.why:
            self._away_at = self._timer()
            self._is_there.clear()
            self._is_away.set()
        self.why = str(error)

    def worked(self) -> None:
        """Take note that something was written there: all is well."""
        self._pause_s = FIRST_PAUSE_S
        self._back()

    async def there(self) -> None:
        """Wait until the store can be reached."""
        await self._is_there.wait()

    async def work(self) -> None:
        """Try again whenever it is away, for ever."""
        while True:
            await self._is_away.wait()
            # One that answers here and refuses what is written is asked ever more seldom, too.
            pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, MOST_PAUSE_S)
            await asyncio.sleep(pause_s)
            if not self.why:
                continue
            try:
                await asyncio.to_thread(self._look)
            except AwayError as error:
                self.failed(error)
            else:
                self._back()

    def _back(self) -> None:
        self.why = ""
        self._is_away.clear()
        self._is_there.set()
