"""What a reference is: a channel, an event's clean feed, a licensee's feed, or a work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["channel", "event", "work"]


MOST_NOTES = 8
"""Of one reference; the oldest go."""


@dataclass(frozen=True, slots=True)
class Note:
    """What befell a live reference: it stalled, it jumped, it could not be fetched.

    Parameters
    ----------
    at_s : float
        When, epoch seconds.
    text : str
    """

    at_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceInfo:
    """What a reference is.

    Parameters
    ----------
    id : str
        The channel's or work's id, or ``event:ID`` for an event's clean feed.
    event : str or None
        The event it shows.
    clean : bool
        It is the clean feed, without a licensee's sound and graphics.
    territory : str or None
        The licensee's.
    licensee : str or None
        Whose feed of the event it is, where that is not the id itself.
    """

    id: str
    event: str | None = None
    clean: bool = False
    territory: str | None = None
    kind: Kind = "channel"
    licensee: str | None = None

    @property
    def family(self) -> str:
        """References of one family carry the same content: one event, or one channel."""
        return f"event:{self.event}" if self.event else self.id
