"""Referrals under an order, the people who approve them, and what came back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import Digest, ExhibitId
from cautery.model.intervention import GuardVerdict, Lever
from cautery.model.times import Window, iso, require_utc
from cautery.model.wire import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEntry:
    """One target on a list, always with an end, and with the guard's verdict inside."""

    target: str
    lever: Lever
    valid_until: datetime
    guard: GuardVerdict
    exhibits: tuple[ExhibitId, ...]

    def __post_init__(self) -> None:
        require_utc("valid_until", self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """What we draft under a court order: targets for intermediaries of a territory, with an end.

    Nothing here leaves the building unless it is ``Approved`` (see :mod:`cautery.act`).
    """

    id: str
    order: str
    event: str | None
    territory: str
    window: Window
    entries: tuple[BlockEntry, ...]
    statement: str

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.valid_until > self.window.end:
                raise InputError(f"{entry.target}: outlives the referral {self.id}")


def referral_id(referral: Referral) -> str:
    """Return the id that a referral's content gives it, whatever id it has."""
    return "R-" + digest(replace(referral, id="")).removeprefix("sha256:")[:12]


def has_own_id(referral: Referral) -> bool:
    """Tell whether a referral's id comes from its content.

    Until version 0.1 it came from order, event, start and targets alone.
    """
    targets = (entry.target for entry in referral.entries)
    content = "\n".join(
        (referral.order, referral.event or "", iso(referral.window.start), *targets)
    )
    earlier = "R-" + hashlib.sha256(content.encode()).hexdigest()[:12]
    return referral.id in (referral_id(referral), earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A DSA art. 16 notice to a hosting provider: exact location, reasons, good faith."""

    id: str
    addressee: str
    exact_urls: tuple[str, ...]
    explanation: str
    notifier: str
    notifier_email: str
    good_faith: str
    event: str | None
    seen_live_at: datetime
    exhibits: tuple[ExhibitId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFor:
    """The case, by its id, and the digest of its mandate's terms: where a signature counts."""

    case: str
    mandate: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's Ed25519 signature over the digest of what is to be sent.

    Parameters
    ----------
    signed_for : SignedFor or None
        Where it counts, signed as well; ``None``: given to version 0.1, which did not say. Such a
        one can be read and checked, and lets nothing go any more.
    """

    subject: Digest
    approver: str
    role: str
    at: datetime
    signature: str
    signed_for: SignedFor | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)


class Effect(StrEnum):
    """What an intermediary says it did (DSA art. 9(1))."""

    APPLIED = "applied"
    REJECTED = "rejected"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """An intermediary's answer about one referral. A claim: only our own probe proves effect."""

    referral: str
    intermediary: str
    effect: Effect
    received_at: datetime
    applied_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkProbe:
    """What our own probe through an intermediary saw of a blocked stream."""

    url: str
    target: str
    intermediary: str
    at: datetime
    dark: bool
    why: str
    exhibits: tuple[ExhibitId, ...] = ()
