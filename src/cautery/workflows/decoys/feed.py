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
    shown_at: datetime
    """From when on it is there: pieces follow as evenly as they last, not as they came."""
    begins_s: float
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
        self._ends_s = 0.0
        self._shown_at: datetime | None = None
        """From when on the newest piece is there; ``None``: the feed was not read yet."""

    def edge(self, at: datetime) -> int | None:
        """Return the number after the last piece that is there at a moment."""
        moments = [kept_piece.shown_at for kept_piece in self._pieces]
        count = bisect_right(moments, at)
        return self._first + count if count else None

    def piece(self, number: int) -> OwnPiece | None:
        """Return a piece that is held."""
        place = number - self._first
        return self._pieces[place].piece if 0 <= place < len(self._pieces) else None

    def begins_s(self, number: int) -> float | None:
        """Return when a piece begins, seconds after the first one that ever came."""
        place = number - self._first
        return self._pieces[place].begins_s if 0 <= place < len(self._pieces) else None

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
        target_s = playlist.target_s or 2.0
        new = [segment for segment in playlist.segments if segment.sequence > self._newest]
        if self._shown_at is None:
            # The newest waits as long as the next one may take to come, so that none comes late.
            wait_s = target_s - sum(segment.duration_s for segment in new)
            self._shown_at = first = self._clock.now() + timedelta(seconds=wait_s)
        else:
            first = None
        for segment in new:
            joined = await join_segments((segment,), fetcher=self._fetcher)
            self._newest = segment.sequence
            self.keep(OwnPiece(segment.duration_s, joined.data), at=first or self._clock.now())
        return max(0.5, target_s / 2)

    def keep(self, piece: OwnPiece, *, at: datetime) -> None:
        """Keep a piece that came at a moment; it is there once the one before has run out."""
        now = self._clock.now()
        due = (self._shown_at or at) + timedelta(seconds=piece.seconds)
        self._shown_at = max(at, due)
        self._pieces.append(_Held(self._shown_at, self._ends_s, piece))
        self._ends_s += piece.seconds
        self._bytes += len(piece.media)
        while self._pieces and (
            self._pieces[0].shown_at < now - self._longest or self._bytes > MOST_HELD_BYTES
        ):
            self._bytes -= len(self._pieces.popleft().piece.media)
            self._first += 1
