"""Records of a case itself: how it was opened, what was sealed in it, what failed, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from cautery.model.estimate import ErrorRate, Estimate
from cautery.model.evidence import Exhibit, ExhibitId
from cautery.model.mandate import Mandate, Purchase, Regime
from cautery.model.wire import SPELLED_WITHOUT_UNDERSCORE


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """A case begins. Only the first record of a case can be of this kind.

    Parameters
    ----------
    mandate : Mandate
        The mandate as it is when the case begins, with its signatures and without credentials.
    version : str
        Version of Cautery that opened the case.
    lab : bool
        Whether the case is about the synthetic world.
    key : str
        The case's verifier key, spelled as in C2SP notes.
    """

    mandate: Mandate
    version: str
    lab: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootOfRecords:
    """A Merkle root over the first records of a case.

    Parameters
    ----------
    size : int
        Number of records that the root covers.
    root : str
        RFC 9162 root, hexadecimal.
    """

    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened:
    """A case is opened again, and no signed root covers some of its records.

    Parameters
    ----------
    records : int
        Number of records in the case.
    unsigned : mapping
        By kind, the number of records that no signed root covers.
    checkpoint : int or None
        Number of records under the longest checkpoint; ``None``: the case has no checkpoint.
    root : RootOfRecords or None
        The last root that the case's key signed; ``None``: it is not known, as in cases of version
        0.1.0.
    """

    records: int
    unsigned: Mapping[str, int]
    checkpoint: int | None
    root: RootOfRecords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReplaced:
    """In this place there was a row that was not a record: somebody wrote it without Cautery.

    Parameters
    ----------
    row : int
        Number of the row.
    filed_as : str
        The kind under which the row was filed.
    sha256 : str
        SHA-256 of the row's bytes, hexadecimal.
    size : int
        Size of the row, bytes.
    begins : str
        The first 256 bytes, hexadecimal.
    """

    row: int
    filed_as: str
    sha256: str
    size: int
    begins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredBy:
    """One of the two people who sign that a case continues from an older copy.

    Parameters
    ----------
    name : str
        The person's name.
    key : str
        The person's Ed25519 public key, hexadecimal; or a passkey, as the mandate names it.
    signature : str
        The person's signature over the record's text, hexadecimal; or the passkey's answer.
    """

    name: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRestored:
    """The case continues from an older copy; the records after that copy are given up.

    Parameters
    ----------
    from_ : RootOfRecords
        The last root that the case's key signed.
    to : RootOfRecords
        The root of the copy.
    records : int
        Number of records in the copy.
    unsigned : mapping
        By kind, the number of the copy's records that no signed root covers; empty in cases of
        older versions.
    why : str
        The reason, in the words of who restored the case.
    text : str
        The text that the two people signed.
    by : tuple of RestoredBy
        The two people who signed it.
    named : bool
        Whether both are approvers in the case's first record.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    from_: RootOfRecords
    to: RootOfRecords
    records: int
    unsigned: Mapping[str, int] = field(default_factory=dict)
    why: str
    text: str
    by: tuple[RestoredBy, ...]
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """A case ends: nothing is recorded after this record.

    Parameters
    ----------
    at : datetime
        When the case was closed, in UTC.
    records : int
        Number of records before this one.
    unproven : tuple of int
        Numbers of the records that name an exhibit which the vault did not hold at the close.
    """

    at: datetime
    records: int
    unproven: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitSealed:
    """Bytes were sealed in the vault.

    Parameters
    ----------
    exhibit : Exhibit
        The sealed exhibit.
    what : str
        What was sealed: ``playlist``, ``segment``, ``page``, ``still``, ``mandate`` ...
    url : str or None
        Where the bytes came from, redacted; ``None``: they have no address.
    """

    exhibit: Exhibit
    what: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRecorded:
    """A test purchase, with its receipt.

    Parameters
    ----------
    purchase : Purchase
        The purchase, as the mandate states it.
    exhibit : ExhibitId or None
        The sealed receipt; ``None``: the purchase has no receipt.
    line : ExhibitId or None
        The sealed credentials of the purchased line, encrypted; ``None``: they stay in the file
        that the mandate names.
    regime : Regime or None
        The regime under which the purchase was allowed; ``None``: not recorded.
    by : str
        Who asked for the purchase.
    at : datetime
        When it was recorded, in UTC.
    """

    purchase: Purchase
    exhibit: ExhibitId | None
    line: ExhibitId | None = None
    regime: Regime | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something failed outside of Cautery; the watch went on.

    Parameters
    ----------
    what : str
        What was tried.
    where : str
        On what it was tried, redacted.
    error : str
        Name of the error's class.
    message : str
        The error's message, redacted, at most 500 characters.
    hint : str
        What helps; empty: no remedy is known.
    at : datetime or None
        When it failed, in UTC; ``None``: not recorded.
    """

    what: str
    where: str
    error: str
    message: str
    hint: str = ""
    at: datetime | None = None


KINDS = {
    "case.opened": CaseOpened,
    "case.reopened": CaseReopened,
    "case.restored": CaseRestored,
    "case.closed": CaseClosed,
    "row.replaced": RowReplaced,
    "exhibit.sealed": ExhibitSealed,
    "purchase.recorded": PurchaseRecorded,
    "error.rate": ErrorRate,
    "estimate": Estimate,
    "failure": Failure,
}
