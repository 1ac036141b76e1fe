"""Work on a thread that is waited for even where its task is cancelled.

Cancelling a task does not stop its thread: what still writes while a case is being closed would
write after its last record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: Callable[[], T]) -> T:
    """Do work on a thread; a cancellation takes effect when the work is done."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
