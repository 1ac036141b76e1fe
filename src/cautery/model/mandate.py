"""The mandate: who asks, by which right, for what, when, where, and under which regime.

Only code that holds a :class:`Mandate` can probe. It is read from TOML by
:mod:`cautery.workflows.mandate.read`; here it is already checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum

from cautery.errors import MandateError
from cautery.model.evidence import Digest
from cautery.model.hidden import OwnLocation, hide_at_birth, own_locations
from cautery.model.host_names import host_of, is_at
from cautery.model.message import Message
from cautery.model.orders import CourtOrder, RuleConfirmation
from cautery.model.reach import (
    Access,
    Calendar,
    DecoysPolicy,
    FollowPolicy,
    Intermediary,
    ListsPolicy,
    LogPolicy,
    NetworkPolicy,
    OwnService,
    Source,
    Vantage,
)
from cautery.model.rights import Channel, Event, Partner, Work
from cautery.model.times import Window, require_utc

_MOST_IDS = 20
"""Ids that an error names."""


class Regime(StrEnum):
    """Under which data-protection law the work is done."""

    GDPR = "gdpr"
    """A private party: a rights-holder, a broadcaster, their vendor."""
    LED = "led"
    """A competent authority under Directive (EU) 2016/680."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A person who may approve acts.

    Parameters
    ----------
    name : str
        The person's name.
    role : str
        The person's role.
    public_key : str
        The person's Ed25519 public key or passkey, as in the mandate.
    """

    name: str
    role: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSignature:
    """A named person's signature under a mandate; it authorises the approvers in it.

    Parameters
    ----------
    name : str
        The person's name.
    role : str
        The person's role.
    public_key : str
        Base64 of the 32 raw bytes of the signer's key, or a passkey as mandates name it. The key
        alone does not prove the person; see ``--signers``.
    at : datetime
        When it was signed, in UTC.
    file : Digest
        Digest of a salt and the file's exact bytes. The salt is kept only beside the file, so that
        nobody can guess the file's credentials from the digest.
    terms : Digest
        Digest of the terms that :func:`cautery.act.terms_of` takes from the mandate; anybody can
        compute it again from the first record of a case.
    signature : str
        The Ed25519 signature, base64; or what the passkey answered.
    """

    name: str
    role: str
    public_key: str
    at: datetime
    file: Digest
    terms: Digest
    signature: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A recorded test purchase: what gives access where a line is needed.

    Parameters
    ----------
    id : str
        Id of the purchase in the mandate.
    service : str
        The brand as sold.
    authorised_by : str
        Name and office of the person who allowed it before it was made.
    authorisation : str or None
        The authority's own reference, under regime ``led``; ``None``: none.
    bought_at : datetime
        When it was bought, in UTC.
    merchant : str
        Descriptor on the statement of account: who took the money, as the bank names it.
    amount : str
        Amount paid, a decimal number.
    currency : str
        ISO 4217 code of the amount.
    means : str
        How it was paid: ``card``, ``transfer``, ``crypto`` ...
    receipt : OwnLocation or None
        Absolute path of the receipt's file, an exhibit; ``None``: no receipt.
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
    receipt: OwnLocation | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)
        require_utc("bought_at", self.bought_at)
        if not self.authorised_by.strip():
            raise MandateError(f"purchase {self.id}: nobody has authorised it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Everything that allows a watch, and limits it.

    Parameters
    ----------
    id : str
        Id of the mandate.
    who : str
        The right-holder or authority that gives it.
    regime : Regime
        The data-protection law under which the work is done.
    legal_basis : str
        The right that it rests on, in words.
    window : Window
        When the watch may run.
    territories : tuple of str
        Territories that it covers, ISO 3166-1 alpha-2.
    events : tuple of Event
        Events that are protected.
    channels : tuple of Channel
        Channels that are protected, and the licensees' feeds of events.
    works : tuple of Work
        Works that are protected.
    partners : tuple of Partner
        Who may re-stream some channels.
    orders : tuple of CourtOrder
        Court orders that referrals may be drafted under.
    approvers : tuple of Approver
        People who may approve acts.
    sources : tuple of Source
        Places to read.
    intermediaries : tuple of Intermediary
        Intermediaries that apply referrals.
    vantages : tuple of Vantage
        Networks from which sources are read as well.
    purchases : tuple of Purchase
        Recorded test purchases.
    left_out : tuple of (Message, Message)
        Fixtures of its calendars that are not events: which fixture, and why.
    calendars : tuple of Calendar
        Calendars of fixtures that are fetched; their events are added during the watch.
    services : tuple of OwnService
        How services of your own prove their identity; a service that is not listed uses the
        system's certificate authorities.
    network : NetworkPolicy
        Where the watch may reach, and how often.
    log : LogPolicy or None
        The organisation's log, by which others vouch for the times of the case; ``None``: none.
    lists : ListsPolicy or None
        The lists of the organisation, on which the case has its entries; ``None``: the case has its
        own.
    decoys : DecoysPolicy or None
        The blind test: one's own streams stand among the suspects; ``None``: there is none.
    follow : FollowPolicy or None
        The lasting watch for what grows back after a case; ``None``: there is none.
    lab : bool
        Whether it is a mandate of the synthetic world.
    collateral_budget : int
        Most bystanders that blocks may hit which belong to no event; see :class:`Event`.
    keep_open : bool
        Whether a watch leaves its case open at the end of the window while a notice of it waits.
    signatures : tuple of MandateSignature
        Signatures that were stored beside its file; each was checked when the mandate was read.
    confirmations : tuple of RuleConfirmation
        Confirmations of unverified rules, stored and checked likewise.
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
    left_out: tuple[tuple[Message, Message], ...] = ()
    calendars: tuple[Calendar, ...] = ()
    services: tuple[OwnService, ...] = ()
    network: NetworkPolicy = field(default_factory=NetworkPolicy)
    lab: bool = False
    collateral_budget: int = 0
    signatures: tuple[MandateSignature, ...] = ()
    confirmations: tuple[RuleConfirmation, ...] = ()
    log: LogPolicy | None = None
    lists: ListsPolicy | None = None
    keep_open: bool = False
    decoys: DecoysPolicy | None = None
    follow: FollowPolicy | None = None

    def __post_init__(self) -> None:
        if self.collateral_budget < 0:
            raise MandateError("mandate: a collateral budget must not be negative")
        if not self.legal_basis.strip():
            raise MandateError("mandate.legal_basis: empty; a probe needs a legal basis")
        if not self.may_find and self.follow is None and self.regime is not Regime.LED:
            raise MandateError(
                "mandate: it names no event, channel or work, so there is nothing to find"
            )
        ids = [noun.id for group in (self.channels, self.works) for noun in group]
        ids += [event.id for event in self.events]
        twice = sorted(name for name, times in Counter(ids).items() if times > 1)
        if twice:
            raise MandateError(f"mandate: the id {twice[0]!r} is used twice")
        events = {event.id for event in self.events}
        channels = {channel.id for channel in self.channels}
        for channel in self.channels:
            if channel.event is not None and channel.event not in events:
                raise self._unknown("event", channel.event, self.events)
        for partner in self.partners:
            for channel_id in partner.channels:
                if channel_id not in channels:
                    raise self._unknown("channel", channel_id, self.channels)
        for source in self.sources:
            if source.access is Access.SEIZED and self.regime is not Regime.LED:
                raise MandateError(
                    f"source {source.location}: seized material needs regime 'led', but "
                    f"this mandate has {self.regime.value!r}"
                )

        if self.follow is not None:
            first, last = self.window.start.date(), self.window.end.date()
            for key in ("review", "end"):
                if not first <= getattr(self.follow, key) <= last:
                    raise MandateError(
                        f"follow.{key}: it is not within the mandate, from {first} to {last}"
                    )
        names = {vantage.name for vantage in self.vantages}
        for source in self.sources:
            if not names.issuperset(source.vantages):
                raise MandateError("mandate: a source names a vantage that is not in the mandate")
        if self.regime is Regime.LED:
            for purchase in self.purchases:
                if not (purchase.authorisation or "").strip():
                    raise MandateError(
                        f"purchase {purchase.id}: an authority must name the decision that "
                        "allows it",
                        hint='Add authorisation = "..." to the [[purchase]].',
                    )

    def covers(self, territory: str) -> bool:
        """Tell whether it covers a territory: nothing is blocked in any other."""
        return territory.upper() in map(str.upper, self.territories)

    @property
    def confirmed(self) -> Mapping[str, str]:
        """By the id of an unverified rule, the source with which an approver has confirmed it."""
        return {confirmation.rule: confirmation.source for confirmation in self.confirmations}

    @property
    def may_find(self) -> bool:
        """Whether it names anything that a watch could find; an authority's need not."""
        return bool(self.events or self.channels or self.works or self.calendars)

    def on_air(self, at: datetime) -> bool:
        """Tell whether an event is on, or about to be."""
        return any(event.window.holds(at) for event in self.events)

    def on_air_from(self, at: datetime) -> datetime | None:
        """Return the first moment from ``at`` on at which an event is on; ``None``: never."""
        ahead = [event.window for event in self.events if at < event.window.end]
        return min((max(at, window.start) for window in ahead), default=None)

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
        raise self._unknown("event", id, self.events)

    @staticmethod
    def _unknown(what: str, id: str, named: Sequence[Event | Channel]) -> MandateError:
        ids = ", ".join(noun.id for noun in named[:_MOST_IDS]) or "none"
        ending = ", ..." if len(named) > _MOST_IDS else ""
        return MandateError(
            f"unknown {what} {id!r}", hint=f"This mandate's {what}s: {ids}{ending}."
        )

    def partner_on(self, host: str) -> Partner | None:
        """Return the licensed partner whose host this is, if any."""
        return next((partner for partner in self.partners if partner.carries(host)), None)

    @property
    def lawful_hosts(self) -> tuple[str, ...]:
        """Hosts of licensed partners, and of all feeds, references and services of one's own."""
        partners = (host for partner in self.partners for host in partner.hosts)
        own_hosts = (host for service in self.services for host in (service.host, *service.also))
        groups = (getattr(self, part.name) for part in fields(self))
        nouns = (noun for group in groups for noun in (group if type(group) is tuple else (group,)))
        urls = (url for noun in nouns if is_dataclass(noun) for url in own_locations(noun))
        hosts_named = (host_of(url) for url in urls if "://" in url)
        return tuple(
            dict.fromkeys((*partners, *own_hosts, *(host for host in hosts_named if host)))
        )

    def is_lawful(self, host: str) -> bool:
        """Tell whether a host is a partner's or one's own: nobody there is accused."""
        return self.partner_on(host) is not None or any(
            is_at(host, lawful) for lawful in self.lawful_hosts
        )


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
                f"2016/680), and this mandate has {self.mandate.regime.value!r}"
            )
