"""Referrals under an order, the people who approve them, and what came back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import Digest, ExhibitId
from cautery.model.intervention import GuardVerdict, Lever
from cautery.model.message import Message
from cautery.model.times import Window, iso, require_utc
from cautery.model.wire import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEntry:
    """One target on a list, always with an end and with the guard's verdict.

    Parameters
    ----------
    target : str
        The target, in the guard's spelling.
    lever : Lever
        How wide it reaches: a URL, a name or an address.
    valid_until : datetime
        When the entry ends, in UTC.
    guard : GuardVerdict
        The guard's verdict on the target.
    exhibits : tuple of ExhibitId
        The exhibits that show a stream there.
    """

    target: str
    lever: Lever
    valid_until: datetime
    guard: GuardVerdict
    exhibits: tuple[ExhibitId, ...]

    def __post_init__(self) -> None:
        require_utc("valid_until", self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A draft under a court order: targets for the intermediaries of a territory, with an end.

    Nothing here leaves the building unless it is ``Approved`` (see :mod:`cautery.act`).

    Parameters
    ----------
    id : str
        Id, made from the content: ``R-`` and 12 hex digits.
    order : str
        Id of the court order in the mandate.
    event : str or None
        Id of the event; ``None``: the mandate's channels and works.
    territory : str
        Territory of the order, ISO 3166-1 alpha-2.
    window : Window
        When the referral is in force.
    entries : tuple of BlockEntry
        The targets.
    statement : str
        The text that goes to the intermediary, in the language in which people sign it.
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
                raise InputError(f"{entry.target}: this entry ends after its referral {self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralInPart(Referral):
    """A referral as it is shown without some of its entries; people signed the whole.

    Parameters
    ----------
    whole : Referral
        As it is on record: its id and its signatures are of this text.
    """

    whole: Referral


def referral_id(referral: Referral) -> str:
    """Return the id that a referral's content gives it, whatever id it has."""
    return "R-" + digest(replace(referral, id="")).removeprefix("sha256:")[:12]


def has_own_id(referral: Referral) -> bool:
    """Tell whether a referral's id comes from its content.

    Until version 0.1 it came from order, event, start and targets alone.
    """
    if isinstance(referral, ReferralInPart):
        return has_own_id(referral.whole)
    targets = (entry.target for entry in referral.entries)
    content = "\n".join(
        (referral.order, referral.event or "", iso(referral.window.start), *targets)
    )
    earlier = "R-" + hashlib.sha256(content.encode()).hexdigest()[:12]
    return referral.id in (referral_id(referral), earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFor:
    """Where a signature counts: the case, by its id, and the digest of its mandate's terms.

    Parameters
    ----------
    case : str
        Id of the case.
    mandate : Digest
        Digest of the mandate's terms.
    list : str or None
        Id of the key that signs the lists of its organisation; ``None``: the case's own key does.
    """

    case: str
    mandate: Digest
    list: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's signature over the digest of what is to be sent.

    Parameters
    ----------
    subject : Digest
        Digest of what is approved.
    approver : str
        The person's name.
    role : str
        The person's role, as in the mandate.
    at : datetime
        When it was signed, in UTC.
    signature : str
        The Ed25519 signature, base64; or what a passkey answered: ``passkey/1`` and base64 of
        authenticatorData, clientDataJSON and the signature.
    signed_for : SignedFor or None
        The case and mandate for which it counts, which are signed too; ``None``: given to version
        0.1, which did not state them. Such an approval can be read and checked, but approves
        nothing any more.
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
    """An intermediary's answer about a referral: a claim, until the watch's probe shows the effect.

    Parameters
    ----------
    referral : str
        Id of the referral.
    intermediary : str
        Name of the intermediary.
    effect : Effect
        What the intermediary says it did.
    received_at : datetime
        When the answer arrived, in UTC.
    applied_at : datetime or None
        When the intermediary says it applied it, in UTC; ``None``: not stated.
    reason : str or None
        The intermediary's reason; ``None``: not stated.
    """

    referral: str
    intermediary: str
    effect: Effect
    received_at: datetime
    applied_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEntry:
    """An entry of a list that an intermediary does not apply.

    Parameters
    ----------
    target : str
        The target, in the guard's spelling.
    rule : str
        Id of the intermediary's rule.
    reason : str
        The intermediary's reason, in its words.
    """

    target: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswer:
    """An intermediary's answer about a version of its list: a claim, like every acknowledgement.

    Parameters
    ----------
    intermediary : str
        Name of the intermediary.
    version : int
        Number of the version.
    effect : Effect
        What the intermediary says it did.
    received_at : datetime
        When the answer arrived, in UTC.
    applied_at : datetime or None
        When the intermediary says it applied it, in UTC; ``None``: not stated.
    reason : str or None
        The intermediary's reason; ``None``: not stated.
    refused : tuple of RefusedEntry
        What it does not apply of the version.
    """

    intermediary: str
    version: int
    effect: Effect
    received_at: datetime
    applied_at: datetime | None = None
    reason: str | None = None
    refused: tuple[RefusedEntry, ...] = ()

    def about(self, referral: str) -> Acknowledgement:
        """Return what this answer says about one referral of the version."""
        return Acknowledgement(
            referral=referral,
            intermediary=self.intermediary,
            effect=self.effect,
            received_at=self.received_at,
            applied_at=self.applied_at,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkProbe:
    """What the watch's own probe through an intermediary saw of a blocked stream.

    Parameters
    ----------
    url : str
        The stream, redacted.
    target : str
        The blocked target.
    intermediary : str
        Name of the intermediary.
    at : datetime
        When it was probed, in UTC.
    dark : bool
        Whether the stream is dark: not reachable through the intermediary, but reachable directly.
    why : Message
        What the probe saw.
    exhibits : tuple of ExhibitId
        The WARC files of the probe.
    """

    url: str
    target: str
    intermediary: str
    at: datetime
    dark: bool
    why: Message
    exhibits: tuple[ExhibitId, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)
