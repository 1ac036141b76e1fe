"""The mandate: who asks, by which right, for what, when, where, and under which regime.

Only code that holds a :class:`Mandate` can probe. It is read from TOML by
:mod:`cautery.workflows.read_mandate`; here it is already checked.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from cautery.errors import MandateError
from cautery.model.times import Window, require_utc

BEFORE, AFTER = timedelta(minutes=30), timedelta(hours=3)
"""Around a kick-off: shows before it; two halves, break, extra time and a shoot-out after it."""


class Regime(StrEnum):
    """Under which data-protection law the work is done."""

    GDPR = "gdpr"
    """A private party: a rights-holder, a broadcaster, their vendor."""
    LED = "led"
    """A competent authority under Directive (EU) 2016/680."""


class Access(StrEnum):
    """By which access a source is read."""

    PUBLIC = "public"
    TEST_PURCHASE = "test-purchase"
    """A line bought for the investigation and recorded as such."""
    SEIZED = "seized"
    """Material of an authority's seizure; regime ``led`` only."""


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
    clean_feed: str | None = None
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
    reference: str | None = None
    legal_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A film, series or documentary, identified from its file."""

    id: str
    title: str
    other_titles: tuple[str, ...] = ()
    """The original one, translated ones."""
    year: int | None = None
    kind: str = "film"
    reference: str | None = None
    legal_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Somebody who may re-stream some channels on some hosts: named, never accused."""

    name: str
    hosts: tuple[str, ...]
    channels: tuple[str, ...]

    def carries(self, host: str) -> bool:
        """Tell whether ``host`` is one of the partner's, or below one."""
        host = host.lower().rstrip(".")
        return any(host == own or host.endswith("." + own) for own in self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtOrder:
    """An authority's order, as registered: we never make one, we draft referrals under it."""

    id: str
    authority: str
    territory: str
    window: Window
    targets_rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A person who may approve acts; the public key is an Ed25519 verifier key."""

    name: str
    role: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A recorded test purchase: what gives access where a line is needed.

    Parameters
    ----------
    service : str
        The brand as sold.
    authorised_by : str
        Who, by name and office, allowed it before it was made.
    authorisation : str or None
        The authority's own reference, under regime ``led``.
    merchant : str
        The descriptor on the statement of account: who took the money, as the bank names it.
    amount, currency : str
        As paid, a decimal number and its ISO 4217 code.
    means : str
        By which it was paid: ``card``, ``transfer``, ``crypto`` ...
    receipt : str or None
        Absolute path of the receipt's file: an exhibit.
    """

    id: str
    service: str
    authorised_by: str
    authorisation: str | None = None
    bought_at: datetime
    merchant: str
    amount: str
    currency: str
    means: str
    receipt: str | None = None

    def __post_init__(self) -> None:
        require_utc("bought_at", self.bought_at)
        if not self.authorised_by.strip():
            raise MandateError(f"purchase {self.id}: nobody has authorised it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place to read: a playlist, a panel, a portal, a guide, a storefront.

    Parameters
    ----------
    location : str
        A URL, or an absolute path when ``is_file``.
    kind : str
        A reader's name: ``m3u``, ``xtream``, ``stalker``, ``xmltv``, ``page``, ...
    revisit_s : float or None
        Seconds between two readings; ``None``: learned from when it changes.
    least_s, most_s : float or None
        Bounds of what is learned; ``None``: those of its kind.
    username, password : str or None
        Of a recorded test purchase, never anybody else's.
    mac : str or None
        Of the box that a portal's line belongs to; of a recorded test purchase, too.
    vantages : tuple of str
        Names of the vantages from which it is read too.
    purchase : str or None
        The test purchase whose line it is read with.
    """

    location: str
    kind: str
    access: Access = Access.PUBLIC
    is_file: bool = False
    revisit_s: float | None = None
    least_s: float | None = None
    most_s: float | None = None
    receipt: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    mac: str | None = field(default=None, repr=False)
    vantages: tuple[str, ...] = ()
    purchase: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """A proxy of our own in another network, through which a source is seen as it is seen there.

    Parameters
    ----------
    name : str
        In each record of what was fetched through it.
    country : str
        ISO 3166-1 alpha-2.
    proxy : str
        ``http://`` (CONNECT) or ``socks5://``, with a login if it needs one.
    """

    name: str
    country: str
    proxy: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy:
    """How politely, and where, this mandate may reach.

    Parameters
    ----------
    allow : tuple of str
        Private ranges (CIDR) that may be touched; empty but in a lab.
    rate_per_host : float
        Requests per second and host, 0.001 to 1000.
    resolver : str or None
        ``address:port`` of a DNS server; ``None`` is the system's.
    facts : str or None
        Absolute path of a facts folder.
    rdap : str or None
        Base URL of an RDAP service.
    canary_port : int
        Where unrelated names answer plain HTTP, when a canary is looked at: 80 but in a lab.
    """

    allow: tuple[str, ...] = ()
    rate_per_host: float = 1.0
    user_agent: str = "Cautery-monitor/1"
    resolver: str | None = None
    facts: str | None = None
    rdap: str | None = None
    canary_port: int = 80

    def __post_init__(self) -> None:
        if not 0.001 <= self.rate_per_host <= 1000:
            raise MandateError(
                f"network.rate_per_host: {self.rate_per_host} is not in [0.001, 1000]"
            )
        for cidr in self.allow:
            try:
                ipaddress.ip_network(cidr)
            except ValueError as error:
                raise MandateError(f"network.allow: {cidr!r} is not a network: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Intermediary:
    """An access provider that applies our referrals, and the vantage that shows whether it did.

    Parameters
    ----------
    list_url : str
        Where the approved list is handed in.
    proxy : str or None
        A forward proxy in its network; ``None``: its effect cannot be probed.
    """

    name: str
    territory: str
    list_url: str
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Everything that allows a watch, and bounds it.

    Parameters
    ----------
    left_out : tuple of (str, str)
        Fixtures of its calendars that are no events: which, and why.
    calendars : tuple of Source
        Calendars of fixtures that are fetched: their events come while it is watched.
    collateral_budget : int
        That of all that belongs to no event: see :class:`Event`.
    """

    id: str
    who: str
    regime: Regime
    legal_basis: str
    window: Window
    territories: tuple[str, ...]
    events: tuple[Event, ...] = ()
    channels: tuple[Channel, ...] = ()
    works: tuple[Work, ...] = ()
    partners: tuple[Partner, ...] = ()
    orders: tuple[CourtOrder, ...] = ()
    approvers: tuple[Approver, ...] = ()
    sources: tuple[Source, ...] = ()
    intermediaries: tuple[Intermediary, ...] = ()
    vantages: tuple[Vantage, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    calendars: tuple[Source, ...] = ()
    network: NetworkPolicy = field(default_factory=NetworkPolicy)
    lab: bool = False
    collateral_budget: int = 0

    def __post_init__(self) -> None:
        if self.collateral_budget < 0:
            raise MandateError("mandate: a collateral budget is not negative")
        if not self.legal_basis.strip():
            raise MandateError("mandate.legal_basis: empty; without a right there is no probe")
        if not (self.events or self.channels or self.works or self.calendars):
            raise MandateError("mandate: names no event, channel or work; there is nothing to find")
        ids = [noun.id for group in (self.channels, self.works) for noun in group]
        ids += [event.id for event in self.events]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise MandateError(f"mandate: the id {twice[0]!r} is used twice")
        for channel in self.channels:
            if channel.event is not None:
                self.event(channel.event)
        for partner in self.partners:
            for wanted in partner.channels:
                self.channel(wanted)
        for source in self.sources:
            if source.access is Access.SEIZED and self.regime is not Regime.LED:
                raise MandateError(
                    f"source {source.location}: seized material asks for regime 'led', "
                    f"this mandate is {self.regime.value!r}"
                )

        names = {one.name for one in self.vantages}
        for source in self.sources:
            if not names.issuperset(source.vantages):
                raise MandateError("mandate: a source names a vantage that there is not")
        if self.regime is Regime.LED:
            for purchase in self.purchases:
                if not (purchase.authorisation or "").strip():
                    raise MandateError(
                        f"purchase {purchase.id}: an authority names the decision that allows it",
                        hint='Add authorisation = "..." to the [[purchase]].',
                    )

    def on_air(self, at: datetime) -> bool:
        """Tell whether an event is on, or about to be."""
        return any(event.window.holds(at) for event in self.events)

    def event(self, id: str) -> Event:
        """Return one event.

        Raises
        ------
        MandateError
            If the mandate does not name it.
        """
        for event in self.events:
            if event.id == id:
                return event
        known = ", ".join(event.id for event in self.events) or "none"
        raise MandateError(f"unknown event {id!r}", hint=f"This mandate's events: {known}.")

    def channel(self, id: str) -> Channel:
        """Return one channel.

        Raises
        ------
        MandateError
            If the mandate does not name it.
        """
        for channel in self.channels:
            if channel.id == id:
                return channel
        known = ", ".join(channel.id for channel in self.channels) or "none"
        raise MandateError(f"unknown channel {id!r}", hint=f"This mandate's channels: {known}.")

    def partner_on(self, host: str) -> Partner | None:
        """Return the licensed partner whose host this is, if any."""
        return next((one for one in self.partners if one.carries(host)), None)


@dataclass(frozen=True, slots=True)
class Authority:
    """A mandate under regime ``led``: only who holds one can read seized or cooperating material.

    Raises
    ------
    MandateError
        If the mandate is a private party's: such material is viewers' personal data.
    """

    mandate: Mandate

    def __post_init__(self) -> None:
        if self.mandate.regime is not Regime.LED:
            raise MandateError(
                f"mandate {self.mandate.id}: seized or cooperating material is viewers' personal "
                f"data; only a competent authority may read it (regime 'led', Directive (EU) "
                f"2016/680), and this mandate is {self.mandate.regime.value!r}"
            )


def host_of(url: str) -> str:
    """Return the lower-case host of ``url``, empty if it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
