"""The content of lists of streams, verdicts and acts of a case, a page of each, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from cautery.model import Finding
from cautery.pages.room.view import CaseHead

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """A stream in one line; ``record`` is that of its newest verdict."""

    number: int
    url: str
    title: str | None
    host: str
    finding: Finding | None
    first_seen: datetime | None
    proven_at: datetime | None
    referred_at: datetime | None
    dark_at: datetime | None
    vanished: datetime | None
    probes: int
    record: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """A verdict in one line; ``number`` is that of its stream."""

    record: int
    number: int | None
    at: datetime
    url: str
    finding: Finding
    event: str | None
    channels: tuple[str, ...]
    at_once: tuple[str, ...]
    log10_lr: float
    most_log10_lr: float | None
    delay_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """A referral or notice in one line; ``drafted`` is the record of its draft."""

    id: str
    kind: str
    about: str
    drafted: int
    drafted_at: datetime
    approvals: int
    sent_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView(Generic[T]):
    """A page of a list.

    Parameters
    ----------
    found : int or None
        How many there are like that; ``None``: they were not counted.
    found_more : bool
        There are more than ``found``.
    newer, older : int or None
        Where the next pages begin; ``None``: there is none.
    complete : bool
        ``False``: the search took too long and was ended.
    """

    head: CaseHead
    rows: tuple[T, ...]
    found: int | None
    found_more: bool
    newer: int | None
    older: int | None
    complete: bool
