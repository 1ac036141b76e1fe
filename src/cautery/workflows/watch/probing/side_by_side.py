"""As many workers side by side as there is room for, as that grows and shrinks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

LOOKED_S = 1.0
"""How often it is seen how many may work."""

Work = Callable[[Callable[[], bool]], Awaitable[None]]
"""Works until what it is given says, between two pieces of work, that there is no room for it."""


async def side_by_side(work: Work, capacity: Callable[[], int]) -> None:
    """Keep workers at work, for ever.

    Parameters
    ----------
    capacity : callable
        How many may work now.

    Raises
    ------
    Exception
        The first that a worker met; the others are ended then.
    """
    workers: dict[int, asyncio.Future[None]] = {}

    def has_room(place: int) -> bool:
        return place < capacity()

    try:
        while True:
            for place in range(capacity()):
                if place not in workers:
                    workers[place] = asyncio.ensure_future(work(partial(has_room, place)))
            if not workers:
                await asyncio.sleep(LOOKED_S)
                continue
            await asyncio.wait(
                workers.values(), timeout=LOOKED_S, return_when=asyncio.FIRST_COMPLETED
            )
            for place, worker in list(workers.items()):
                if worker.done():
                    del workers[place]
                    worker.result()
    finally:
        for worker in workers.values():
            worker.cancel()
        await asyncio.gather(*workers.values(), return_exceptions=True)
