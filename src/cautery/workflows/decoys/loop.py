"""Media that are whole, as a live stream: they are live from a moment on, and begin again."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from cautery.errors import InputError
from cautery.model.decoys import OwnPiece


class LoopedFootage:
    """Pieces that follow one another for ever, before and after a moment.

    Parameters
    ----------
    pieces : sequence of OwnPiece
        At least one, and all together longer than 1 s.
    begins_at : datetime
        When the first piece begins to be live, in UTC.

    Raises
    ------
    InputError
        If there is nothing to show.
    """

    def __init__(self, pieces: Sequence[OwnPiece], *, begins_at: datetime) -> None:
        self._pieces, self._begins_at = tuple(pieces), begins_at
        self._ends_s = tuple(accumulate(piece.seconds for piece in pieces))
        if not self._ends_s or self._ends_s[-1] < 1.0:
            raise InputError("own media are shorter than a second")

    def edge(self, at: datetime) -> int | None:
        """Return the number after the last piece that is whole at a moment."""
        passed_s = (at - self._begins_at).total_seconds()
        turn = math.floor(passed_s / self._ends_s[-1])
        within_s = passed_s - turn * self._ends_s[-1]
        # A segment's end is rounded where playlists write it.
        return turn * len(self._pieces) + bisect_right(self._ends_s, within_s + 1e-6)

    def piece(self, number: int) -> OwnPiece | None:
        """Return a piece."""
        return self._pieces[number % len(self._pieces)]

    def begins_s(self, number: int) -> float | None:
        """Return when a piece begins, seconds after the first one."""
        turn, place = divmod(number, len(self._pieces))
        return turn * self._ends_s[-1] + (self._ends_s[place - 1] if place else 0.0)
