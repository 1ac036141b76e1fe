"""Searches, what they take, and its chain of custody (ISO/IEC 27037: identify, collect, keep)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.estimate import Money
from cautery.model.evidence import Digest, ExhibitId, Json
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
    """One thing taken in one search, as in the register.

    Parameters
    ----------
    number : str
        Number, unique in the operation and never used twice: ``IT-0042``.
    kind : ExhibitKind
        What kind of thing it is.
    search : str
        Id of the search.
    agency : str
        Id of the agency that took it.
    description : str
        Description, in words.
    place : str
        Where it was found.
    finder : str
        Who found it, as a service number or role, never as an officer's name.
    seal : str
        Number of the tamper-evident bag or seal.
    seized_at : datetime
        When it was seized, in UTC.
    count : int
        Number of things; more than one only for like things under one seal.
    value : Money or None
        Its value with the currency, as found; ``None``: unknown.
    valued_at : datetime or None
        When it was valued, in UTC; ``None``: it has no value.
    photo : ExhibitId or None
        A picture in the vault; ``None``: none.
    details : Json
        Further members, by kind (see :class:`ExhibitKind`).
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
            raise InputError(
                f"exhibit {self.number}: the count must be at least 1, not {self.count}"
            )
        if (self.value is None) != (self.valued_at is None):
            raise InputError(
                f"exhibit {self.number}: a value needs its date, and a date needs its value"
            )


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
    number : str
        Number of the exhibit in the register.
    act : CustodyAct
        What happened to it.
    at : datetime
        When it happened, in UTC.
    giver : str
        Who gave it.
    taker : str
        Who took it.
    place : str
        Where it happened.
    reason : str
        Why it happened.
    seal : str
        The seal that the exhibit carries after this act.
    opened_seal : str or None
        The seal that an examination broke; ``None``: any other act.
    result : str or None
        The result: the hash of an image, the content of an order; ``None``: none.
    to_agency : str or None
        Of a transfer: id of the agency that takes over; ``None``: any other act.
    stated_by : str or None
        Of a transfer: id of the agency that states it; the giver's and the taker's agency each
        state the same link. ``None``: any other act.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitPhotographed:
    """A photograph of an exhibit came to the operations room by telephone, and was filed.

    Parameters
    ----------
    number : str
        Number of the exhibit in the register.
    exhibit : ExhibitId
        The sealed photograph, encrypted: its bytes are those that came.
    digest : Digest
        Digest of the photograph as it came.
    size : int
        Size of the photograph as it came, in bytes.
    media_type : str
        Media type, by its first bytes.
    account : str
        Id of the account in the room that sent it.
    by : str
        Who took it: the service number by which the account comes in, such as ``it-postal/7``, or
        its id again.
    agency : str
        Id of the agency of that person.
    at : datetime
        When it had come whole, in UTC, by the room's clock.
    note : str
        What that person said of it; empty: nothing.
    filed_by : str
        Who filed it, as a service number or role.
    why : str
        Why it was filed.
    """

    number: str
    exhibit: ExhibitId
    digest: Digest
    size: int
    media_type: str
    account: str
    by: str
    agency: str
    at: datetime
    note: str
    filed_by: str
    why: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)
