"""What was read before is not read again: a live playlist is asked for before it has grown."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from cautery.model.ports import Readers

MOST_KEPT = 64
"""Answers kept: of two playlists of each of some thirty feeds."""
MOST_BYTES = 1 << 20
"""A longer answer is read each time."""


class ReadOnce:
    """Fulfils :class:`cautery.model.ports.Readers` over others, for what is asked again and again.

    Parameters
    ----------
    readers : Readers
        Asked where the bytes are others than the last time.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._last: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()

    async def read(self, job: str, asked: Any, data: bytes) -> bytes:
        """Do a job, or return what the same job gave for the same bytes.

        Raises
        ------
        SourceError
            As the readers say; nothing is kept of that.
        """
        key = f"{job} {asked!r}"
        kept = self._last.get(key)
        if kept is not None and kept[0] == data:
            return kept[1]
        packed = await self._readers.read(job, asked, data)
        if len(data) + len(packed) <= MOST_BYTES:
            self._last[key] = data, packed
            self._last.move_to_end(key)
            while len(self._last) > MOST_KEPT:
                self._last.popitem(last=False)
        return packed
