"""The content of the part on what partners told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.records import Contradiction, ItemCount, ToldState


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSource:
    """What a partner sent.

    Parameters
    ----------
    source : str
        The partner.
    evaluation : str
        Of its newest file, such as ``B2``.
    marking : str
        The strictest of all its files.
    files : int
        How many.
    record : int
        Number of the record of the newest one.
    imported_at, as_of : datetime
        Of the newest one: when it was imported, and as of when it says what it says.
    kinds : tuple of ItemCount
        Items of the newest one.
    relations, hidden, left_out : int
        Of the newest one: relations, items that are not shown, what has no place in a package.
    contradictions : tuple of Contradiction
        Of the newest one, the first ones.
    contradicted : int
        How many there are.
    """

    source: str
    evaluation: str
    marking: str
    files: int
    record: int
    imported_at: datetime
    as_of: datetime
    kinds: tuple[ItemCount, ...]
    relations: int
    hidden: int
    left_out: int
    contradictions: tuple[Contradiction, ...] = ()
    contradicted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldView:
    """What partners told a case.

    Parameters
    ----------
    dropped : int
        Imports beyond those that are kept.
    """

    sources: tuple[ToldSource, ...]
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLine:
    """An item that stands.

    Parameters
    ----------
    kind : str
        Of the item.
    id : str
        Its subject, redacted; of one that is not shown, empty.
    state : ToldState
        How it stands now.
    record : int
        Number of the record that imported it.
    """

    source: str
    record: int
    kind: str
    id: str
    by: str
    marking: str
    evaluation: str
    state: ToldState
    role: str = ""
    valid_until: datetime | None = None
    probability: float | None = None
