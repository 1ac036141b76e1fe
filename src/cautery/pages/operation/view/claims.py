"""What is said, and how sure it is: sizes, claims, published figures, descendants, the unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.pages.operation.view.figures import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEstimate:
    """What one source says of one quantity, and how that source is biased."""

    quantity: str
    """``users``, ``payers`` or ``revenue``."""
    source: str
    interval: Interval
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledEstimate:
    """All sources together: the 90 % and the 99 % interval. ``truth`` is the lab's own."""

    quantity: str
    inner: Interval
    outer: Interval
    truth: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """A published number beside the estimate, ``flagged`` if outside the 99 % interval."""

    text: str
    quantity: str
    value: float
    flagged: bool
    words: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatesView:
    """Section 8."""

    sources: tuple[SourceEstimate, ...] = ()
    reconciled: tuple[ReconciledEstimate, ...] = ()
    claims: tuple[ClaimLine, ...] = ()
    words: tuple[str, ...] = ()


class Fit(StrEnum):
    """Whether a published figure fits ours."""

    YES = "yes"
    NO = "no"
    NOT_OURS = "not ours to say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Section 9: a published figure beside ours. ``reason`` is required unless it fits.

    ``ours`` is said in words where it is no interval (``not counted``).
    """

    what: str
    published: str
    fit: Fit
    interval: Interval | None = None
    ours: str = ""
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescendantLine:
    """Section 10: something that grew back, and how it was tied to the seized network.

    ``log10_odds`` is the link's evidence; ``right`` is the lab's verdict on it, if known.
    """

    found_at: datetime
    name: str
    like: str
    traits: tuple[str, ...] = ()
    found_by: str = ""
    country: str = ""
    log10_odds: float | None = None
    right: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLine:
    """One thing that the case does not know, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyView:
    """How anybody checks the case: commands, the ledger's head, the key."""

    commands: tuple[str, ...]
    root: str
    size: int
    key: str = ""
    note: str = ""
