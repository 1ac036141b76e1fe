"""The course of an operation: who sits at the table, the timeline, the day, the countries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model import StepKind, StepState
from cautery.pages.operation.view.figures import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyLine:
    """An agency at the table, as the head and the legends name it.

    ``country`` is ISO 3166-1 alpha-2 or ``EU``; ``statements`` is how many it recorded itself,
    ``received`` how many reached it in bundles, ``shared`` how many it gave.
    """

    id: str
    name: str
    country: str
    role: str
    zone: str = "UTC"
    joined_at: datetime | None = None
    statements: int = 0
    received: int = 0
    shared: int = 0


class MomentKind(StrEnum):
    """What kind of thing the timeline marks."""

    JOINED = "joined"
    """An agency joins the table."""
    DECONFLICTION = "deconfliction"
    """Two agencies find that they share targets."""
    SHARED = "shared"
    """A bundle went from one agency to another."""
    PLAN = "plan"
    ACTION = "action"
    INTERVENTION = "intervention"
    """A raid, a block, a seizure outside the action day."""
    REGROWTH = "regrowth"
    DESCENDANT = "descendant"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened once."""

    at: datetime
    kind: MomentKind
    text: str
    agency: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How many statements an agency recorded in a month (``month`` is its first day)."""

    agency: str
    month: date
    statements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SportingEvent:
    """A sporting event, shaded in the timeline."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineView:
    """Section 2: two years of intelligence, the day, and what came after."""

    first: date
    last: date
    arrivals: tuple[Arrivals, ...] = ()
    moments: tuple[Moment, ...] = ()
    events: tuple[SportingEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step of the day, as planned and as reported.

    ``ended_at`` is when it was reported done or failed, ``None`` when nobody reported it.
    ``replaces`` is the failed step that this one was planned anew for.
    """

    id: str
    agency: str
    kind: StepKind
    text: str
    country: str
    starts_at: datetime
    ends_at: datetime
    state: StepState
    ended_at: datetime | None = None
    replaces: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The share of demand still served (0 to 1) from a moment on, until the next one.

    ``probes`` measured it, 0: nobody said how many; ``low`` and ``high`` are the 95 % interval.
    """

    at: datetime
    share: float
    probes: int = 0
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise InputError(f"served share: {self.share} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """Section 3: the day by the clock, the capacity falling, and regrowth over weeks.

    Parameters
    ----------
    moment : datetime
        When the acts began everywhere at once.
    zone : str
        IANA zone of the second clock on the axis, usually the lead's.
    served : tuple of Served
        On the day; a step curve.
    after : tuple of Served
        From the day on, by day or week: the regrowth.
    """

    moment: datetime
    zone: str = "UTC"
    steps: tuple[StepLine, ...] = ()
    served: tuple[Served, ...] = ()
    after: tuple[Served, ...] = ()
    bystanders_kept: int | None = None
    """Lawful co-tenants kept alive by a continuity step; ``None`` when not counted."""
    precedence_violations: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryLine:
    """Section 4: one country. Counts only; ``users`` is an estimate with its interval."""

    country: str
    users: Interval | None = None
    searches: int = 0
    arrests: int = 0
    servers: int = 0
    exhibits: int = 0
    suspects: int = 0
    resellers: int = 0
