"""A running feed of one's own as footage: fetched as it comes, kept for the longest delay."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from cautery.errors import CauteryError
from cautery.model.decoys import OwnPiece
from cautery.model.ports import Clock, Fetcher, Readers
from cautery.workflows.media.fetching import join_segments, read_media_playlist

MOST_HELD_BYTES = 1 << 30
_MARGIN = timedelta(seconds=90)
"""Kept beyond the longest delay: what a playlist shows, for who is slow."""


class _Held(NamedTuple):
    came_at: datetime
    piece: OwnPiece


class FeedFootage:
    """The newest minutes of a feed.

    Parameters
    ----------
    url : str
        Its playlist.
    longest : timedelta
        The longest delay of a decoy.
    say : callable
        Is told, once, that the feed fails.
    """

    def __init__(
        self,
        url: str,
        *,
        longest: timedelta,
        fetcher: Fetcher,
        readers: Readers,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._url, self._longest = url, longest + _MARGIN
        self._fetcher, self._readers, self._clock, self._say = fetcher, readers, clock, say
        self._pieces: deque[_Held] = deque()
        self._first = self._bytes = 0
        self._newest = -1

    def edge(self, at: datetime) -> int | None:
        """Return the number after the last piece that had come at a moment."""
        arrivals = [kept_piece.came_at for kept_piece in self._pieces]
        count = bisect_right(arrivals, at)
        return self._first + count if count else None

    def piece(self, number: int) -> OwnPiece | None:
        """Return a piece that is held."""
        place = number - self._first
        return self._pieces[place].piece if 0 <= place < len(self._pieces) else None

    async def follow(self) -> None:
        """Fetch what is new, until it is cancelled."""
        is_failing = False
        while True:
            try:
                wait_s = await self._take()
                is_failing = False
            except CauteryError as error:
                if not is_failing:
                    self._say(f"a feed of own media fails: {error}")
                is_failing, wait_s = True, 2.0
            await asyncio.sleep(wait_s)

    async def _take(self) -> float:
        _, playlist, _ = await read_media_playlist(
            self._url, fetcher=self._fetcher, readers=self._readers
        )
        for segment in playlist.segments:
            if segment.sequence <= self._newest:
                continue
            joined = await join_segments((segment,), fetcher=self._fetcher)
            self._newest = segment.sequence
            self._keep(OwnPiece(segment.duration_s, segment.discontinuity, joined.data))
        return max(0.5, (playlist.target_s or 2.0) / 2)

    def _keep(self, piece: OwnPiece) -> None:
        now = self._clock.now()
        self._pieces.append(_Held(now, piece))
        self._bytes += len(piece.media)
        while self._pieces and (
            self._pieces[0].came_at < now - self._longest or self._bytes > MOST_HELD_BYTES
        ):
            self._bytes -= len(self._pieces.popleft().piece.media)
            self._first += 1
