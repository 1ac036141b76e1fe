"""What a press sheet shows of one operation, as plain values: each number with its records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cautery.errors import InputError
from cautery.pages.operation.view.figures import Interval

MARKING = "TLP:CLEAR PAP:CLEAR"


class State(StrEnum):
    """How a number stands."""

    MEASURED = "measured"
    NOT_MEASURED = "not-measured"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRef:
    """A record of the case: its number, and its leaf hash (RFC 9162), 64 hex digits."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number that the records of this one operation give.

    Parameters
    ----------
    id : str
        For machines, the same in each language.
    figure : str
        The number as the page of the operation writes it, or why there is none.
    value : Decimal or None
        The number itself; ``None``: an interval, or none.
    method : str
        How it was counted or estimated, and in what.
    anchor : str
        The part of the operation's page that has it.
    records : tuple of RecordRef
        What it leads to; a number that is measured has some.
    corrected : int
        Corrections among them.
    """

    id: str
    what: str
    state: State
    figure: str
    value: Decimal | None = None
    interval: Interval | None = None
    method: str = ""
    anchor: str = ""
    records: tuple[RecordRef, ...] = ()
    corrected: int = 0

    def __post_init__(self) -> None:
        if self.state is State.MEASURED and not self.records:
            raise InputError(f"{self.what}: this number leads to no record")

    @property
    def digest(self) -> str:
        """Its record's digest, or the SHA-256 of the digests of all of them, in order."""
        return digest_of_records(self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A figure that others published, and what was measured of the same thing, if anything.

    ``is_claim``: a size that nobody can have counted; ``measured``: as :attr:`Count.figure`.
    """

    id: str
    what: str
    value: str
    source: str
    is_claim: bool
    measured: str
    records: tuple[RecordRef, ...]

    @property
    def digest(self) -> str:
        """As of a count."""
        return digest_of_records(self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressSheet:
    """A sheet in one language, about one operation.

    Parameters
    ----------
    language : str
        Its tag.
    overlaps : str
        That figures of operations overlap and are never added.
    embargo : str
        Until when it is not for publication; empty: no embargo is set.
    unknown : tuple of (str, str)
        What is not known, and why.
    withheld : int
        Statements of the case that are not for everybody.
    size, root : int, str
        Records of the case, and the ledger's head over them.
    """

    language: str
    operation: str
    operation_id: str
    issuer: str
    legal_basis: str
    made_on: str
    embargo: str
    overlaps: str
    measured: tuple[Count, ...]
    published: tuple[Published, ...]
    unknown: tuple[tuple[str, str], ...]
    withheld: int
    size: int
    root: str
    lab: bool


def digest_of_records(records: tuple[RecordRef, ...]) -> str:
    """Return the digest of one record, or the SHA-256 of the digests of several, in order."""
    if len(records) == 1:
        return records[0].digest
    joined = b"".join(bytes.fromhex(record.digest) for record in records)
    return hashlib.sha256(joined).hexdigest() if records else ""
