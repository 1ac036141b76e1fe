"""What the records of one case say, as plain values that several cases can be put together of.

Each fact has a key by which the same thing in another case is the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cautery.estimate.exposure import Seen
from cautery.model import Window

EventKey = tuple[str, str, str]
"""Who holds the right, the event's id, the day of its start."""
OrderKey = tuple[str, str, str]
"""Who holds it, its territory, its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFact:
    """An event that was watched."""

    key: EventKey
    name: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFact:
    """A stream that was offered or proven.

    Parameters
    ----------
    event : EventKey or None
        What it was proven to show; ``None``: nothing was proven, or what has no start.
    first_seen, proven_at, referred_at, noticed_at, dark_at : datetime or None
        When each came first; ``None``: it never did, or nobody saw it.
    """

    url: str
    host: str
    event: EventKey | None = None
    looked_at: bool = False
    proven: bool = False
    first_seen: datetime | None = None
    proven_at: datetime | None = None
    referred_at: datetime | None = None
    noticed_at: datetime | None = None
    dark_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFact:
    """A notice that was sent.

    Parameters
    ----------
    kind : str
        What the addressee is, such as ``hosting service``.
    proven_at : datetime or None
        When the first of its URLs was proven.
    gone_at : datetime or None
        When our probes found the last of its URLs gone, after it was sent; ``None``: never.
    acted, rejected, unfounded, receipt : bool
        What a reply says; of the first three, one that a person has read.
    event_end : datetime or None
        When the window of its event ends; ``None``: it is about none that has one.
    """

    key: str
    kind: str
    addressee: str
    urls: int
    sent_at: datetime
    proven_at: datetime | None = None
    gone_at: datetime | None = None
    event_end: datetime | None = None
    acted: bool = False
    rejected: bool = False
    unfounded: bool = False
    receipt: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFact:
    """A court order under which something was published."""

    key: OrderKey
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFact:
    """A target on the list of one intermediary, under one order.

    Parameters
    ----------
    decided_at : datetime or None
        When the second person approved it.
    in_event : bool
        Whether it was published while its event was on.
    dark_at : datetime or None
        When our probe first saw a stream behind it dark through this intermediary.
    mistaken : bool
        Whether the guard took it back.
    released : bool
        Whether a complaint took it back.
    ended : bool or None
        Whether it was lifted at its end; ``None``: its end has not come.
    """

    order: OrderKey
    target: str
    intermediary: str
    event: EventKey | None
    published_at: datetime
    decided_at: datetime | None = None
    in_event: bool = False
    dark_at: datetime | None = None
    mistaken: bool = False
    released: bool = False
    ended: bool | None = None

    @property
    def key(self) -> tuple[OrderKey, EventKey | None, str, str]:
        """The order, the event, the target and the intermediary."""
        return self.order, self.event, self.target, self.intermediary


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFact:
    """A list, or a version of one, that an access provider was sent.

    Parameters
    ----------
    key : tuple of str
        Its intermediary, its list and its version; where referrals are sent alone, the referral.
    answered : bool
        Whether the provider said what it did.
    applied : bool
        Whether it said that it applied it.
    applied_at : datetime or None
        When it says so.
    refused : int
        Entries that it says it does not apply.
    event : EventKey or None
        The event for which it was sent, if it was sent while it was on.
    """

    key: tuple[str, ...]
    intermediary: str
    sent_at: datetime
    answered: bool = False
    applied: bool = False
    applied_at: datetime | None = None
    refused: int = 0
    event: EventKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFact:
    """A complaint about a block."""

    key: str
    received_at: datetime
    decided_at: datetime | None = None
    granted: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryFact:
    """An unrelated name near a block, and whether a block ever made it unreachable."""

    canary: str
    intermediary: str
    at: datetime
    hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFact:
    """A lawful offer of a list that people keep: its country, and whether it is free or priced."""

    country: str
    free: bool
    priced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that one case says.

    Parameters
    ----------
    case : str
        What is the same for every copy of the case: the digest of its first record.
    holder : str
        Who gave the mandate.
    lab : bool
        Whether it is of the synthetic world.
    looks : mapping of EventKey to mapping of str to sequence of Seen
        By event and proven stream, every look.
    licensed : frozenset of (str, str)
        By the mandates: territory and licensee's channel.
    unblock_s : tuple of float
        Seconds from the decision to unblock until our probe saw the target reachable.
    passed_over : int
        Records that do not have the form of their kind.
    """

    case: str
    holder: str
    lab: bool = False
    events: tuple[EventFact, ...] = ()
    streams: tuple[StreamFact, ...] = ()
    notices: tuple[NoticeFact, ...] = ()
    orders: tuple[OrderFact, ...] = ()
    targets: tuple[TargetFact, ...] = ()
    lists: tuple[ListFact, ...] = ()
    complaints: tuple[ComplaintFact, ...] = ()
    canaries: tuple[CanaryFact, ...] = ()
    licensed: frozenset[tuple[str, str]] = frozenset()
    looks: Mapping[EventKey, Mapping[str, Sequence[Seen]]] = field(default_factory=dict)
    unblock_s: tuple[tuple[datetime, float], ...] = ()
    passed_over: int = 0
