"""The content of the wall of a match: what is up, what fell, what nobody has looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cautery.model import Finding
from cautery.model.message import Message
from cautery.pages.room.view import CaseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A proven stream along time.

    Parameters
    ----------
    number : int
        Of the stream, for its page.
    title : str
        As it was offered.
    first_seen, proven_at, referred_at, dark_at : datetime or None
        ``None``: not yet, or nobody saw it.
    until : datetime
        When it went dark or vanished, or until when this page knows.
    is_up : bool
        Nobody has seen it go.
    """

    number: int
    title: str
    first_seen: datetime
    proven_at: datetime | None
    referred_at: datetime | None
    dark_at: datetime | None
    until: datetime
    is_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WallRow:
    """An event, channel or work of the mandate.

    Parameters
    ----------
    kick_off : datetime or None
        Of an event.
    bars : tuple of Bar
        The newest ones of its proven streams; ``more`` are not drawn.
    exposed_s, detect_s, refer_s, dark_s : float or None
        Seconds that proven streams were up, together; the medians from the first sight of a stream
        until it was proven, on a list, and dark.
    """

    name: str
    kick_off: datetime | None
    proven: int
    licensed: int
    bars: tuple[Bar, ...]
    more: int
    exposed_s: float | None
    detect_s: float | None
    refer_s: float | None
    dark_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A verdict that changed what is known of a stream; ``record`` is its proof."""

    number: int
    record: int
    at: datetime
    title: str
    host: str
    finding: Finding
    shows: str
    delay_s: float | None
    log10_lr: float
    verbal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A stream that nobody has looked at, and since when it is offered."""

    number: int
    title: str
    host: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceView:
    """How far behind the watch is, by its own newest measure.

    Parameters
    ----------
    late : bool
        It does not keep up.
    references_s, looks_s : float or None
        How late the latest reference and the oldest due look are.
    why : Message or None
        What is late.
    unseen : mapping of str to int
        Streams that nobody has looked at, by what they offer.
    put_off : int
        Looks that were put off for want of time.
    """

    at: datetime
    late: bool
    references_s: float | None
    looks_s: float | None
    why: Message | None
    unseen: Mapping[str, int]
    put_off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightView:
    """The wall of a match.

    Parameters
    ----------
    position : int
        How many records it is made of: a stream of events goes on from there.
    now : datetime
        The moment that it shows: of a case that is over, that of its last record.
    first, last : datetime
        The ends of its time axis.
    silent_s : float
        How long ago the last record was made.
    findings : mapping of Finding to int
        How many streams stand so now.
    more_rows : int
        Rows that are not shown.
    unseen : tuple of Unseen
        The ones that wait longest; there are ``unseen_count``.
    failures : tuple of (str, int)
        The commonest errors.
    """

    head: CaseHead
    position: int
    now: datetime
    first: datetime
    last: datetime
    silent_s: float
    rows: tuple[WallRow, ...]
    more_rows: int
    fallen: tuple[Fallen, ...]
    unseen: tuple[Unseen, ...]
    unseen_count: int
    offered: int
    looked_at: int
    probes: int
    findings: Mapping[Finding, int]
    dark: int
    networks: int
    refused: int
    narrowed: int
    spared: int
    pace: PaceView | None
    failures: tuple[tuple[str, int], ...]
