"""Complaints about blocks, and what of a case they can be about."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from cautery.act.complaint import is_number
from cautery.model import Entry, Referral
from cautery.model.records import (
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintReceipted,
    ComplaintUnreachable,
    ReferralPublished,
)

HEARD: tuple[type, ...] = (
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintReceipted,
    ComplaintUnreachable,
    Referral,
    ReferralPublished,
)
"""Types of the records that say something of complaints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A target that was published.

    Parameters
    ----------
    referral, order, territory : str
        The referral, its order and its territory.
    at : datetime
        When it was published first, in UTC.
    """

    referral: str
    order: str
    territory: str
    at: datetime


@dataclass(slots=True)
class Complaints:
    """The complaints of a case.

    Parameters
    ----------
    filed : dict
        By number, the first record of that number.
    receipted : dict
        By number, when a receipt was sent by mail first.
    decided : dict
        By number, the newest decision.
    answered : dict
        By number, whether the last decision that was sent by mail grants it.
    unreachable : set of str
        Numbers of complaints whose mails are refused for good.
    listed : dict
        By target, where it was published.
    keys : set of str
        Keyed hashes of everything that was filed.
    """

    filed: dict[str, ComplaintFiled] = field(default_factory=dict)
    receipted: dict[str, datetime] = field(default_factory=dict)
    decided: dict[str, ComplaintDecided] = field(default_factory=dict)
    answered: dict[str, bool] = field(default_factory=dict)
    unreachable: set[str] = field(default_factory=set)
    listed: dict[str, dict[str, Listed]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    _referrals: dict[str, Referral] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case Referral() as referral:
                self._referrals.setdefault(referral.id, referral)
            case ReferralPublished() as published:
                self._list(published)
            # Anybody may append to an open case, and a number stands in the head of a mail.
            case ComplaintFiled() as filed if is_number(filed.complaint):
                self.filed.setdefault(filed.complaint, filed)
                self.keys.add(filed.key)
            case ComplaintReceipted() as receipted:
                self.receipted.setdefault(receipted.complaint, receipted.at)
            case ComplaintDecided() as decided:
                self.decided[decided.complaint] = decided
            case ComplaintAnswered() as answered:
                self.answered[answered.complaint] = answered.granted
            case ComplaintUnreachable() as unreachable:
                self.unreachable.add(unreachable.complaint)

    def open(self) -> list[ComplaintFiled]:
        """Return what waits for a decision, the most urgent first."""
        waiting = [
            filed
            for number, filed in self.filed.items()
            if filed.rule is None and number not in self.decided
        ]
        return sorted(
            waiting, key=lambda filed: (filed.due_at or filed.received_at, filed.complaint)
        )

    def overdue(self, at: datetime) -> int:
        """Return how many complaints wait at a moment for a decision that was due before."""
        return sum(filed.due_at is not None and filed.due_at < at for filed in self.open())

    def receipt_s(self, filed: ComplaintFiled) -> float | None:
        """Return the seconds until a person had a receipt; ``None``: there is none."""
        at = filed.receipt_at or self.receipted.get(filed.complaint)
        return None if at is None else (at - filed.received_at).total_seconds()

    @property
    def released(self) -> dict[str, list[ComplaintDecided]]:
        """By target, the decisions that release it."""
        released = defaultdict[str, list[ComplaintDecided]](list)
        for decided in self.decided.values():
            if decided.granted and decided.target is not None:
                released[decided.target].append(decided)
        return released

    def _list(self, published: ReferralPublished) -> None:
        referral = self._referrals.get(published.referral)
        if referral is None:
            return
        for target in published.targets:
            self.listed.setdefault(target, {}).setdefault(
                referral.id,
                Listed(
                    referral=referral.id,
                    order=referral.order,
                    territory=referral.territory,
                    at=published.at,
                ),
            )
