"""What a mandate covers: events, channels and works, and the partners who may re-stream them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.errors import MandateError
from cautery.model.hidden import OwnLocation, hide_at_birth
from cautery.model.times import Window, require_utc

BEFORE, AFTER = timedelta(minutes=30), timedelta(hours=3)
"""Around a kick-off: shows before it; two halves, break, extra time and a shoot-out after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A match or show with a start, whose pictures come from one clean feed.

    Parameters
    ----------
    watched : Window or None
        When its sources are looked at most; ``None``: from half an hour before it to three hours
        after its start.
    collateral_budget : int
        How many bystanders all that is blocked for it may hit at most.
    """

    id: str
    name: str
    kick_off: datetime
    clean_feed: OwnLocation | None = None
    legal_basis: str
    collateral_budget: int = 0
    watched: Window | None = None

    @property
    def window(self) -> Window:
        """When to watch it: what comes before and extra time are of it."""
        if self.watched is not None:
            return self.watched
        return Window(start=self.kick_off - BEFORE, end=self.kick_off + AFTER)

    def __post_init__(self) -> None:
        hide_at_birth(self)
        require_utc("kick_off", self.kick_off)
        if self.collateral_budget < 0:
            raise MandateError(f"event {self.id}: a collateral budget is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A licensee's feed, or a linear channel that the mandate covers as a whole."""

    id: str
    names: tuple[str, ...]
    territory: str | None = None
    event: str | None = None
    reference: OwnLocation | None = None
    legal_basis: str

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A film, series or documentary, identified from its file."""

    id: str
    title: str
    other_titles: tuple[str, ...] = ()
    """The original one, translated ones."""
    year: int | None = None
    kind: str = "film"
    reference: OwnLocation | None = None
    legal_basis: str

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Somebody who may re-stream some channels on some hosts: named, never accused."""

    name: str
    hosts: tuple[str, ...]
    channels: tuple[str, ...]

    def carries(self, host: str) -> bool:
        """Tell whether ``host`` is one of the partner's, or below one."""
        host = host.lower().rstrip(".")
        return any(host == own_host or host.endswith("." + own_host) for own_host in self.hosts)
