"""What a mandate covers: events, channels and works, and the partners who may re-stream them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.errors import MandateError
from cautery.model.hidden import OwnLocation, hide_at_birth
from cautery.model.host_names import is_at
from cautery.model.times import Window, require_utc

BEFORE, AFTER = timedelta(minutes=30), timedelta(hours=3)
"""Around a kick-off: shows before it; two halves, break, extra time and a shoot-out after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A match or show with a start, whose pictures come from one clean feed.

    Parameters
    ----------
    id : str
        Id of the event in the mandate.
    name : str
        Name of the event.
    kick_off : datetime
        When it starts, in UTC.
    clean_feed : OwnLocation or None
        URL or file of the clean feed; ``None``: none.
    legal_basis : str
        The right that it rests on, in words.
    collateral_budget : int
        Most bystanders that all blocks for it may hit together.
    watched : Window or None
        When its sources are read most often; ``None``: from half an hour before the start to three
        hours after it.
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
            raise MandateError(f"event {self.id}: a collateral budget must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A licensee's feed, or a linear channel that the mandate covers as a whole.

    Parameters
    ----------
    id : str
        Id of the channel in the mandate.
    names : tuple of str
        Names under which it is known.
    territory : str or None
        The licensee's territory, ISO 3166-1 alpha-2; ``None``: not stated.
    event : str or None
        Id of the event that it carries; ``None``: the channel is covered as a whole.
    reference : OwnLocation or None
        URL or file of the reference; ``None``: none.
    legal_basis : str
        The right that it rests on, in words.
    """

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
    """A film, series or documentary, identified from its file.

    Parameters
    ----------
    id : str
        Id of the work in the mandate.
    title : str
        The title.
    other_titles : tuple of str
        The original title, translated titles.
    year : int or None
        Year of release; ``None``: not stated.
    kind : str
        ``film``, ``series``, ``documentary`` ...
    reference : OwnLocation or None
        Path of the reference file; ``None``: none.
    legal_basis : str
        The right that it rests on, in words.
    """

    id: str
    title: str
    other_titles: tuple[str, ...] = ()
    year: int | None = None
    kind: str = "film"
    reference: OwnLocation | None = None
    legal_basis: str

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Somebody who may re-stream some channels on some hosts: named, never accused.

    Parameters
    ----------
    name : str
        The partner's name.
    hosts : tuple of str
        Hosts of the partner; names below them count as well.
    channels : tuple of str
        Ids of the channels that the partner may carry.
    """

    name: str
    hosts: tuple[str, ...]
    channels: tuple[str, ...]

    def carries(self, host: str) -> bool:
        """Tell whether ``host`` is one of the partner's, or below one."""
        host = host.lower().rstrip(".")
        return any(
            is_at(host, own_host) or host.endswith("." + own_host) for own_host in self.hosts
        )
