"""Acts on exhibits: an exhibit is taken, its coins are moved, an entry is corrected.

A link of custody and a photograph that was filed are acts, too; they are nouns of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import rfc8785

from cautery.errors import InputError
from cautery.model import (
    CustodyAct,
    CustodyEntry,
    Digest,
    ExhibitPhotographed,
    Json,
    SeizedExhibit,
    digest_of,
    require_utc,
    to_json,
)

MOST_BYTES = 1 << 18
"""Of an entry as JSON; more is a document for the vault. Judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A thing was seized: its entry, and the first link of its chain."""

    exhibit: SeizedExhibit
    custody: CustodyEntry

    @property
    def number(self) -> str:
        """The exhibit's number."""
        return self.exhibit.number


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMoved:
    """Coins of a seized wallet went to a wallet of the state; the fee stayed on the way."""

    number: str
    asset: str
    amount: Decimal
    """What arrived."""
    fee: Decimal
    to: str
    transfer: str
    """Id of the transaction."""
    at: datetime
    by: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not (self.amount.is_finite() and self.fee.is_finite()) or self.amount <= 0:
            raise InputError(
                f"exhibit {self.number}: a value of {self.amount} cannot be moved; "
                "it must be finite and more than 0"
            )
        if self.fee < 0:
            raise InputError(
                f"exhibit {self.number}: a fee of {self.fee} is not possible; it "
                "must not be negative"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A new statement about an exhibit that was entered wrongly; the old one stays.

    ``corrects`` is the digest of the entry as it stood; ``changes`` holds new values by field.
    """

    number: str
    corrects: Digest
    changes: Json
    reason: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)


Act: TypeAlias = Taken | CustodyEntry | ValueMoved | Correction | ExhibitPhotographed


def taken(exhibit: SeizedExhibit, custody: CustodyEntry | None = None) -> Taken:
    """Return the act of entering an exhibit, its first link made from its entry if not given."""
    if custody is None:
        custody = CustodyEntry(
            number=exhibit.number,
            act=CustodyAct.SEIZED,
            at=exhibit.seized_at,
            giver=exhibit.place,
            taker=exhibit.finder,
            place=exhibit.place,
            reason=f"seized in search {exhibit.search}",
            seal=exhibit.seal,
        )
    return Taken(exhibit=exhibit, custody=custody)


def entry_digest(exhibit: SeizedExhibit) -> Digest:
    """Return the digest of an entry: SHA-256 of its RFC 8785 JSON.

    Raises
    ------
    InputError
        If its details have no such form.
    """
    try:
        whole = rfc8785.dumps(to_json(exhibit))
    except rfc8785.CanonicalizationError as error:
        raise InputError(f"exhibit {exhibit.number}: details: {error}") from error
    except RecursionError as error:
        raise InputError(f"exhibit {exhibit.number}: details: nested too deeply") from error
    if len(whole) > MOST_BYTES:
        raise InputError(
            f"exhibit {exhibit.number}: the entry has {len(whole):,} bytes, but at most "
            f"{MOST_BYTES:,} are allowed"
        )
    return digest_of(whole)
