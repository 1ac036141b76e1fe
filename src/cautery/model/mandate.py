"""The mandate: who asks, by which right, for what, when, where, and under which regime.

Only code that holds a :class:`Mandate` can probe. It is read from TOML by
:mod:`cautery.workflows.mandate.read`; here it is already checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cautery.errors import MandateError
from cautery.model.evidence import Digest
from cautery.model.hidden import OwnLocation, hide_at_birth
from cautery.model.reach import (
    Access,
    Calendar,
    Intermediary,
    NetworkPolicy,
    OwnService,
    Source,
    Vantage,
)
from cautery.model.rights import Channel, Event, Partner, Work
from cautery.model.times import Window, require_utc


class Regime(StrEnum):
    """Under which data-protection law the work is done."""

    GDPR = "gdpr"
    """A private party: a rights-holder, a broadcaster, their vendor."""
    LED = "led"
    """A competent authority under Directive (EU) 2016/680."""


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
class MandateSignature:
    """A named person's Ed25519 signature under a mandate: who lets the approvers approve.

    Parameters
    ----------
    public_key : str
        Base64 of its 32 raw bytes: by whom it says it is. Who vouches for it stands elsewhere.
    file : str
        Digest of a salt and the file's exact bytes: a file holds credentials, which nobody shall
        be able to guess by its digest, so the salt lies beside the file alone.
    terms : str
        Digest of what :func:`cautery.act.terms_of` takes from it, which anyone can redo from the
        first record of a case.
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
    receipt : OwnLocation or None
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
    receipt: OwnLocation | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)
        require_utc("bought_at", self.bought_at)
        if not self.authorised_by.strip():
            raise MandateError(f"purchase {self.id}: nobody has authorised it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Everything that allows a watch, and bounds it.

    Parameters
    ----------
    left_out : tuple of (str, str)
        Fixtures of its calendars that are no events: which, and why.
    calendars : tuple of Calendar
        Calendars of fixtures that are fetched: their events come while it is watched.
    services : tuple of OwnService
        How services of our own prove who they are; one that is not here does by the system's
        authorities.
    collateral_budget : int
        That of all that belongs to no event: see :class:`Event`.
    signatures : tuple of MandateSignature
        Those that lay beside its file; each was checked when it was read.
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
    calendars: tuple[Calendar, ...] = ()
    services: tuple[OwnService, ...] = ()
    network: NetworkPolicy = field(default_factory=NetworkPolicy)
    lab: bool = False
    collateral_budget: int = 0
    signatures: tuple[MandateSignature, ...] = ()

    def __post_init__(self) -> None:
        if self.collateral_budget < 0:
            raise MandateError("mandate: a collateral budget is not negative")
        if not self.legal_basis.strip():
            raise MandateError("mandate.legal_basis: empty; without a right there is no probe")
        if not (self.events or self.channels or self.works or self.calendars):
            raise MandateError("mandate: names no event, channel or work; there is nothing to find")
        ids = [noun.id for group in (self.channels, self.works) for noun in group]
        ids += [event.id for event in self.events]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise MandateError(f"mandate: the id {twice[0]!r} is used twice")
        for channel in self.channels:
            if channel.event is not None:
                self.event(channel.event)
        for partner in self.partners:
            for channel_id in partner.channels:
                self.channel(channel_id)
        for source in self.sources:
            if source.access is Access.SEIZED and self.regime is not Regime.LED:
                raise MandateError(
                    f"source {source.location}: seized material asks for regime 'led', "
                    f"this mandate is {self.regime.value!r}"
                )

        names = {vantage.name for vantage in self.vantages}
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
        ids = ", ".join(event.id for event in self.events) or "none"
        raise MandateError(f"unknown event {id!r}", hint=f"This mandate's events: {ids}.")

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
        ids = ", ".join(channel.id for channel in self.channels) or "none"
        raise MandateError(f"unknown channel {id!r}", hint=f"This mandate's channels: {ids}.")

    def partner_on(self, host: str) -> Partner | None:
        """Return the licensed partner whose host this is, if any."""
        return next((partner for partner in self.partners if partner.carries(host)), None)


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
