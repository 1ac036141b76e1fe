"""Records of complaints about blocks: filed, confirmed, decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.model.evidence import ExhibitId
from cautery.model.records.dated import Dated
from cautery.model.times import require_utc


class ComplaintMeans(StrEnum):
    """How a complaint came."""

    FORM = "form"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFiled(Dated):
    """A complaint about a block was filed; what the person wrote is sealed encrypted.

    Parameters
    ----------
    at : datetime
        When it was filed, in UTC.
    complaint : str
        Its number: ``C-`` and 12 hex digits.
    means : ComplaintMeans
        How it came.
    received_at : datetime
        When it arrived, in UTC.
    receipt_at : datetime or None
        When the person got a receipt, in UTC; ``None``: a mail, of which another record says so.
    target : str or None
        The target of this case that it is about; ``None``: it is about none.
    referrals : tuple of str
        Ids of the referrals that hold the target.
    rule : str or None
        Id of the rule by which it is refused; ``None``: it waits for a decision.
    late : bool
        Whether it came after the days that the jurisdiction gives; it is decided all the same.
    due_at : datetime or None
        When it has to be decided, in UTC; ``None``: it is refused.
    unconfirmed : tuple of str
        Ids of the rules behind ``late`` and ``due_at`` that nobody had confirmed with a source.
    key : str
        Keyed hash of what was sent in, by which the same is not filed twice.
    exhibit : ExhibitId
        What the person sent in, sealed encrypted.
    """

    complaint: str
    means: ComplaintMeans
    received_at: datetime
    receipt_at: datetime | None = None
    target: str | None = None
    referrals: tuple[str, ...] = ()
    rule: str | None = None
    late: bool = False
    due_at: datetime | None = None
    unconfirmed: tuple[str, ...] = ()
    key: str
    exhibit: ExhibitId

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        require_utc("received_at", self.received_at)
        for name, moment in (("receipt_at", self.receipt_at), ("due_at", self.due_at)):
            if moment is not None:
                require_utc(name, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReceipted(Dated):
    """A receipt for a complaint was sent by mail.

    Parameters
    ----------
    complaint : str
        The complaint's number.
    """

    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAnswered(Dated):
    """The decision on a complaint was sent by mail to whoever complained.

    Parameters
    ----------
    complaint : str
        The complaint's number.
    granted : bool
        The decision that the mail states.
    """

    complaint: str
    granted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintUnreachable(Dated):
    """The mail server refuses the address of whoever complained for good: no mail goes there.

    Parameters
    ----------
    complaint : str
        The complaint's number.
    """

    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDecided(Dated):
    """A person decides on a complaint. If it is granted, the target leaves every list at once.

    Parameters
    ----------
    complaint : str
        The complaint's number.
    granted : bool
        Whether the block ends.
    by : str
        Name of the person who decides.
    why : str
        The reason, in that person's words; the complainant reads it.
    target : str or None
        The target that is released; ``None``: none is.
    referrals : tuple of str
        Ids of the referrals from which it is released.
    """

    complaint: str
    granted: bool
    by: str
    why: str
    target: str | None = None
    referrals: tuple[str, ...] = ()


KINDS: dict[str, type] = {
    "complaint.filed": ComplaintFiled,
    "complaint.receipted": ComplaintReceipted,
    "complaint.decided": ComplaintDecided,
    "complaint.answered": ComplaintAnswered,
    "complaint.unreachable": ComplaintUnreachable,
}
