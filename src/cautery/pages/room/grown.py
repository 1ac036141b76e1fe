"""The content of the room's pages on what grew back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cautery.model.records import DescentState
from cautery.pages.grown import GrownView
from cautery.pages.room.view import CaseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownCaseView:
    """What grew back, in a case that follows."""

    head: CaseHead
    grown: GrownView


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownLine:
    """An act, and how much grew back after it.

    Parameters
    ----------
    id : str
        The case that follows, by its name in addresses.
    name, case : str
        The followed case: what people call it, and its id.
    act : str
        Id of the act; empty: none was on record.
    acted_on : date
        Its day.
    states : tuple of (DescentState, int)
        How many proposals stand how.
    first_after_days : int or None
        Days until the first one that is not rejected could be known; ``None``: there is none.
    last_day : date or None
        The last day that was taken.
    review_due : date
        The last day before the next review.
    is_overdue : bool
        Whether the review is due.
    """

    id: str
    name: str
    case: str
    act: str
    acted_on: date
    states: tuple[tuple[DescentState, int], ...]
    first_after_days: int | None
    last_day: date | None
    review_due: date
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllGrownView:
    """What grew back after each act.

    Parameters
    ----------
    total : int
        How many acts are followed, shown or not.
    unread : int
        Cases that could not be read.
    """

    lines: tuple[GrownLine, ...]
    total: int
    unread: int
