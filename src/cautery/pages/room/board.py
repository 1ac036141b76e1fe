"""The content of the live board of an action day, and of the page of one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model import StepKind, StepState
from cautery.pages.room.operation import OperationHead


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step on the board.

    Parameters
    ----------
    key : str
        Stands for its id in addresses.
    state : StepState
        As the board has it: by the last report, or by the clock where nobody reported.
    reported : bool
        Somebody said so.
    by, at, word : str, datetime or None, str
        Who reported last, when, and what was said.
    local : str
        Its beginning by the agency's own clock.
    seen : int
        Reports on it so far: what a form brings back.
    open : bool
        It stands in the day; else it failed and was dropped, or another one stands for it.
    hidden : bool
        What it is about may not be told to who looks.
    """

    key: str
    id: str
    kind: StepKind
    agency: str
    country: str
    target: str
    text: str
    place: str
    team: str
    state: StepState
    reported: bool
    by: str
    at: datetime | None
    word: str
    starts_at: datetime
    ends_at: datetime
    local: str
    seen: int
    open: bool
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryRow:
    """How the steps of one country stand."""

    country: str
    total: int
    counts: tuple[tuple[StepState, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """A go/no-go criterion; ``seen``: answers so far."""

    id: str
    question: str
    asks: str
    vital: bool
    yes: bool | None
    by: str
    at: datetime | None
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """The board of an action day as somebody may see it.

    Parameters
    ----------
    moment : datetime or None
        When the acts begin everywhere; ``None``: no day is planned that who looks takes part in.
    go : str
        ``GO``, ``NO-GO`` or ``OPEN``.
    served : str
        What is still served, in words; empty: it is not known, or not for who looks.
    waiting : int
        Photographs of exhibits that wait to be filed, as far as who looks may know.
    """

    head: OperationHead
    moment: datetime | None
    go: str
    criteria: tuple[AskedRow, ...]
    countries: tuple[CountryRow, ...]
    steps: tuple[StepRow, ...]
    served: str
    replanned_at: datetime | None
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report on a step."""

    at: datetime
    state: StepState
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """The page of a step; its reports, newest first."""

    head: OperationHead
    step: StepRow
    reports: tuple[Reported, ...]
    why: str
    may_say: tuple[StepState, ...]
