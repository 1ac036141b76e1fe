"""What serving decoys needs of the world: footage, and who disguises it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cautery.model.decoys import OwnPiece
from cautery.model.disguises import Disguise


class Footage(Protocol):
    """Own media as a live stream: pieces by number, of which some are there at a moment."""

    def edge(self, at: datetime) -> int | None:
        """Return the number after the last piece that is there at a moment; ``None``: none is."""
        ...

    def piece(self, number: int) -> OwnPiece | None:
        """Return a piece; ``None``: it is not held."""
        ...

    def begins_s(self, number: int) -> float | None:
        """Return when a piece begins, seconds on the footage's own line; ``None``: not held."""
        ...


class Disguising(Protocol):
    """Disguises segments."""

    async def disguised(self, segment: bytes, disguise: Disguise, *, starts_s: float) -> bytes:
        """Return a segment as MPEG-TS that starts at a time stamp, disguised but not encrypted.

        Raises
        ------
        DecodeError
            If it cannot be made.
        """
        ...
