"""What lies ahead and what is ready for it: matches, people on call, channels, and checks done.

Court orders are :class:`~cautery.model.orders.CourtOrder`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.times import Window, require_utc


class ReadyItem(StrEnum):
    """What must be ready before a match."""

    ORDER = "order"
    """A court order in force where the match is shown."""
    CONTACTS = "contacts"
    """Partners and providers have confirmed whom to call."""
    KEYS = "keys"
    """Signing keys and tokens open, and their holders are there."""
    DYNAMIC_LIST = "dynamic-list"
    """Providers have fetched a trial list and confirmed it."""
    CALENDAR = "calendar"
    """The calendar was read again, and moved matches were seen."""
    REFERENCE = "reference"
    """A clean feed of the channel is taken as a reference."""
    ON_CALL = "on-call"
    """Somebody is on call from before the kick-off until the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A match to come or past, as calendars list it.

    Parameters
    ----------
    starts_at, ends_at : datetime
        In UTC.
    competition, stage : str
        As the calendar's categories have them; empty: it does not say.
    countries : tuple of str
        Where its rights are held, ISO 3166-1 alpha-2; empty: everywhere that is asked about.
    """

    id: str
    name: str
    starts_at: datetime
    ends_at: datetime
    competition: str = ""
    stage: str = ""
    countries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_utc("match", self.starts_at)
        require_utc("match", self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """One turn of a roster; people are named by a name of duty."""

    who: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel whose rights are watched.

    Parameters
    ----------
    reference_on : date or None
        Since when a clean feed of it is at hand; ``None``: there is none.
    """

    name: str
    country: str
    reference_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that was made ready.

    Parameters
    ----------
    item : ReadyItem
        One that is checked by hand: contacts, keys, a dynamic list or a calendar.
    country : str or None
        Where it holds; ``None``: everywhere.
    """

    item: ReadyItem
    country: str | None
    done_on: date

    def __post_init__(self) -> None:
        if self.item in (ReadyItem.ORDER, ReadyItem.REFERENCE, ReadyItem.ON_CALL):
            raise InputError(
                f"{self.item} is not checked by hand",
                hint="It is read from orders.csv, channels.csv or roster.csv.",
            )
