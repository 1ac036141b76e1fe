"""Records of what sources offer: streams, and the announcements of guides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.model.evidence import ExhibitId
from cautery.model.message import Message
from cautery.model.records.dated import Dated
from cautery.model.sighting import Offer


class MoveReason(StrEnum):
    """Why what a source lists is taken for the same as before."""

    ANOTHER_LINE = "another line"
    """It is reached by another line at the same host."""
    ANOTHER_HOST = "another host"
    """Its path and title are at another host."""
    SAME_TITLE = "same title"
    """Nothing else has its title in either reading."""
    ANOTHER_TITLE = "another title"
    """It has another title at the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAppeared(Dated):
    """A source lists a stream that was not known.

    When over 1,000 appear at once, only those that may be the mandate's are recorded at once; the
    others are recorded when they are first probed.

    Parameters
    ----------
    url : str
        The stream, redacted; the case knows the stream by this URL.
    title : str or None
        The title in the source; ``None``: without a title.
    source : str
        The source's location, redacted.
    host : str
        The stream's host.
    offer : Offer or None
        What the title offers; ``None``: the stream has no title.
    """

    url: str
    title: str | None
    source: str
    host: str
    offer: Offer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamVanished(Dated):
    """No source lists a stream any more.

    Parameters
    ----------
    url : str
        The stream, redacted.
    source : str
        Location of the source that listed it last, redacted.
    """

    url: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamResolved(Dated):
    """After a change of fixtures, a stream of an earlier run offers something else.

    Parameters
    ----------
    url : str
        The stream, redacted.
    offer : Offer or None
        What the title offers now; ``None``: the stream has no title.
    """

    url: str
    offer: Offer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMoved(Dated):
    """A source lists a stream under another URL than before.

    Parameters
    ----------
    was : str
        The URL before, redacted.
    url : str
        The URL now, redacted.
    title : str or None
        The title in the source; ``None``: without a title.
    why : MoveReason
        Why it is taken for the same stream.
    source : str
        The source's location, redacted.
    """

    was: str
    url: str
    title: str | None
    why: MoveReason
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideOffered(Dated):
    """A guide announces something that is the mandate's; recorded once.

    Parameters
    ----------
    source : str
        The guide's location, redacted.
    what : str
        ``channel``, ``programme``, or ``more``: the finds after the first 1,000 of a reading, of
        which this record has only ``count`` and ``table``.
    channel : str or None
        The channel's id in the guide; ``None``: of ``more``.
    channel_name : str or None
        The channel's name; ``None``: the guide has no name for it.
    title : str or None
        Title of the programme; ``None``: it is a channel.
    starts_at : datetime or None
        Start of the programme, in UTC; ``None``: it is a channel.
    ends_at : datetime or None
        End of the programme, in UTC; ``None``: it is a channel, or the guide does not state the
        end.
    right : str or None
        Id of the event, channel or work of the mandate; ``None``: of ``more``.
    probability : float or None
        Probability that it is this right, 0 to 1; ``None``: of ``more``.
    why : Message or None
        What speaks for it; ``None``: of ``more``.
    count : int or None
        Of ``more``: the number of finds; ``None``: otherwise.
    table : ExhibitId or None
        Of ``more``: Parquet table of all of them; ``None``: otherwise.
    """

    source: str
    what: str
    channel: str | None = None
    channel_name: str | None = None
    title: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    right: str | None = None
    probability: float | None = None
    why: Message | None = None
    count: int | None = None
    table: ExhibitId | None = None


KINDS: dict[str, type] = {
    "stream.appeared": StreamAppeared,
    "stream.vanished": StreamVanished,
    "stream.resolved": StreamResolved,
    "stream.moved": StreamMoved,
    "guide.offered": GuideOffered,
}
