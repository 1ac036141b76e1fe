"""Searches, what they take, and its chain of custody (ISO/IEC 27037: identify, collect, keep)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.estimate import Money
from cautery.model.evidence import ExhibitId, Json
from cautery.model.times import require_utc


class ExhibitKind(StrEnum):
    """What may be seized; each kind has details of its own."""

    SERVER = "server"
    DISK = "disk"
    """Details: ``image_sha256``, the hash of its forensic image."""
    SET_TOP_BOX = "set-top-box"
    DOMAIN = "domain"
    """Details: ``name``, ``measure`` (registrar-lock, sinkhole, splash-page)."""
    PHONE = "phone"
    COMPUTER = "computer"
    CASH = "cash"
    BANK_ACCOUNT = "bank-account"
    WALLET = "wallet"
    """Details: ``asset``, ``address``, ``amount``, ``transfer`` (to a wallet of the state)."""
    FIREARM = "firearm"
    """Details: ``class``, ``serial``."""
    DRUGS = "drugs"
    """Details: ``substance``, ``grams``."""
    DOCUMENT = "document"
    VEHICLE = "vehicle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search of premises, planned or done, by an agency."""

    id: str
    agency: str
    place: str
    country: str
    planned_for: datetime
    done_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc("planned_for", self.planned_for)
        if self.done_at is not None:
            require_utc("done_at", self.done_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizedExhibit:
    """One thing taken in one search, as the register holds it.

    Parameters
    ----------
    number : str
        Unique in the operation: ``IT-0042``. Never used twice.
    finder : str
        Who found it, as a service number or role: no name of an officer.
    seal : str
        The number of the tamper-evident bag or seal.
    count : int
        More than one only for like things under one seal.
    value : Money or None
        With its currency, as found; ``valued_at`` says when.
    photo : ExhibitId or None
        A picture in the vault.
    details : Json
        By kind, see :class:`ExhibitKind`.
    """

    number: str
    kind: ExhibitKind
    search: str
    agency: str
    description: str
    place: str
    finder: str
    seal: str
    seized_at: datetime
    count: int = 1
    value: Money | None = None
    valued_at: datetime | None = None
    photo: ExhibitId | None = None
    details: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_utc("seized_at", self.seized_at)
        if self.count < 1:
            raise InputError(f"exhibit {self.number}: a count of {self.count}")
        if (self.value is None) != (self.valued_at is None):
            raise InputError(f"exhibit {self.number}: a value has its date, and a date its value")


class CustodyAct(StrEnum):
    """What may happen to an exhibit after it was seized."""

    SEIZED = "seized"
    HANDED_OVER = "handed-over"
    STORED = "stored"
    EXAMINED = "examined"
    """Taken out, looked at, sealed anew: the new seal stands in ``seal``."""
    TRANSFERRED = "transferred"
    """To another agency."""
    RETURNED = "returned"
    DESTROYED = "destroyed"
    """By order; the entry stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyEntry:
    """One link of a chain of custody: who gave what to whom, where, when and why.

    Parameters
    ----------
    seal : str
        The seal that the exhibit carries after this act.
    opened_seal : str or None
        The seal that an examination broke; of no other act.
    result : str or None
        What came of it: the hash of an image, what an order said.
    to_agency, stated_by : str or None
        Of a transfer: the agency that takes over, and the side that states it. Giver's and
        taker's agency each state the same link.
    """

    number: str
    act: CustodyAct
    at: datetime
    giver: str
    taker: str
    place: str
    reason: str
    seal: str
    opened_seal: str | None = None
    result: str | None = None
    to_agency: str | None = None
    stated_by: str | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)
