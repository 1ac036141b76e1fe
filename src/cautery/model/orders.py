"""Orders of courts and authorities as registered, and rules of law that people have confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from cautery.model.evidence import Digest
from cautery.model.times import Window, require_utc


class OrderKind(StrEnum):
    """What an order is for."""

    LIVE = "live"
    """Events: it lets blocks stand while they are on."""
    STANDING = "standing"
    """Films, series and channels: it has no kick-off, and lets blocks stand until it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtOrder:
    """An authority's order, as registered: Cautery makes none, it drafts referrals under it.

    Parameters
    ----------
    id : str
        Id of the order in the mandate.
    authority : str
        The court or authority.
    territory : str
        Territory in which it is in force, ISO 3166-1 alpha-2.
    window : Window
        When it is in force.
    targets_rule : str
        Which targets the order covers, in its own words.
    kind : OrderKind
        What it is for.
    days : tuple of date
        Days of the calendar on which a live order holds, by the clock of its territory; empty: all
        days of its window.
    particulars : mapping of str to str
        What referrals under it must state beyond that, by the names of the jurisdiction's profile
        (:mod:`cautery.act.jurisdictions`).
    """

    id: str
    authority: str
    territory: str
    window: Window
    targets_rule: str
    kind: OrderKind = OrderKind.LIVE
    days: tuple[date, ...] = ()
    particulars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleConfirmation:
    """A named approver's word that an unverified rule of law stands in a source.

    Parameters
    ----------
    rule : str
        Id of the rule.
    text : Digest
        Digest of the rule as it was confirmed; a rule that is written anew is confirmed anew.
    source : str
        The source, in the person's words.
    name : str
        The person's name.
    role : str
        The person's role.
    public_key : str
        Base64 of the 32 raw bytes of the person's key.
    at : datetime
        When it was signed, in UTC.
    signature : str
        The Ed25519 signature, base64.
    """

    rule: str
    text: Digest
    source: str
    name: str
    role: str
    public_key: str
    at: datetime
    signature: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)
