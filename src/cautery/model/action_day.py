"""The action day: steps with precedence, their plan by the clock, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from cautery.errors import InputError
from cautery.model.times import ClockOffset, require_utc


class StepKind(StrEnum):
    """What is done in a step."""

    PRESERVE = "preserve"
    """Ask for data to be kept, before anybody is warned."""
    CONTINUITY = "continuity"
    """Keep a co-tenant alive: who is on the same rack and is not a target."""
    SEARCH = "search"
    ARREST = "arrest"
    SEIZE = "seize"
    FREEZE = "freeze"
    LOCK = "lock"
    """Registrar lock or sinkhole of a name."""
    BLOCK = "block"
    SPLASH = "splash"
    """The public notice on a seized name."""
    ANNOUNCE = "announce"
    """Tell the press."""


class Phase(IntEnum):
    """The order that no plan may turn round: preservation, seizure, public notice."""

    PRESERVE = 0
    SECURE = 1
    ACT = 2
    TELL = 3


PHASES = {
    StepKind.PRESERVE: Phase.PRESERVE,
    StepKind.CONTINUITY: Phase.SECURE,
    StepKind.SEARCH: Phase.ACT,
    StepKind.ARREST: Phase.ACT,
    StepKind.SEIZE: Phase.ACT,
    StepKind.FREEZE: Phase.ACT,
    StepKind.LOCK: Phase.ACT,
    StepKind.BLOCK: Phase.ACT,
    StepKind.SPLASH: Phase.TELL,
    StepKind.ANNOUNCE: Phase.TELL,
}
"""Which phase a step belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act by one team on one target.

    Parameters
    ----------
    target : str
        A node of the supply graph, a person's pseudonym, or ``operation``.
    removes : tuple of str
        Nodes of the supply graph that go down when the step is done.
    after : frozenset of str
        Steps that must be done before this one begins.
    tips_off : frozenset of str
        Targets (or persons) that are warned once this step is seen: steps against them may not
        begin later than ``DayPlan.warning_s`` after it.
    lasts : timedelta
        How long the team needs.
    preparation : timedelta
        How long before its start the team must be on the way.
    keeps : frozenset of str
        Of a continuity step: the co-tenants that it keeps alive, by name.
    """

    id: str
    kind: StepKind
    agency: str
    country: str
    target: str
    text: str
    team: str
    place: str
    lasts: timedelta
    after: frozenset[str] = frozenset()
    tips_off: frozenset[str] = frozenset()
    removes: tuple[str, ...] = ()
    preparation: timedelta = timedelta(0)
    keeps: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.id in self.after:
            raise InputError(f"step {self.id} depends on itself")
        if self.lasts <= timedelta(0) or self.preparation < timedelta(0):
            raise InputError(f"step {self.id}: it takes no time")

    @property
    def phase(self) -> Phase:
        """The phase it belongs to."""
        return PHASES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What must hold for the day to go: answered yes or no by a named role before the moment."""

    id: str
    question: str
    asks: str
    vital: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionAnswer:
    """What the role that a criterion asks answered; the latest answer counts."""

    criterion: str
    yes: bool
    by: str
    at: datetime
    text: str = ""

    def __post_init__(self) -> None:
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoTenant:
    """Somebody lawful beside a target, and how they are kept alive."""

    target: str
    name: str
    services: int
    """Unrelated names or customers that depend on the same host, rack or address."""
    continuity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledStep:
    """A step with its time."""

    step: Step
    starts_at: datetime
    ends_at: datetime
    why: str
    """What fixed the start: the moment, a predecessor, a warning; of a dropped step, its end."""
    replaces: str | None = None
    """The failed step in whose place it stands."""

    def __post_init__(self) -> None:
        require_utc("starts_at", self.starts_at)
        require_utc("ends_at", self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """The timed plan of an action day.

    Parameters
    ----------
    moment : datetime
        When the acts begin everywhere at once.
    warning_s : float
        How long after a step is seen those whom it tips off could react.
    clocks : mapping of agency to ClockOffset
        How far each agency's clock may be from UTC.
    dropped : tuple of ScheduledStep
        Steps that failed or could no longer be done; ``why`` says what became of each.
    replanned_at : datetime or None
        When the day was last re-planned: what began before then is history.
    """

    operation: str
    moment: datetime
    steps: tuple[ScheduledStep, ...]
    criteria: tuple[Criterion, ...] = ()
    co_tenants: tuple[CoTenant, ...] = ()
    warning_s: float = 300.0
    clocks: dict[str, ClockOffset] = field(default_factory=dict)
    dropped: tuple[ScheduledStep, ...] = ()
    replanned_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc("moment", self.moment)
        if self.replanned_at is not None:
            require_utc("replanned_at", self.replanned_at)


class StepState(StrEnum):
    """How a step stands on the day."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    LATE = "late"
    FAILED = "failed"
    REPLACED = "replaced"
    """Taken over by a step of the re-planned day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What an agency reports of a step."""

    step: str
    state: StepState
    at: datetime
    by: str
    text: str = ""

    def __post_init__(self) -> None:
        require_utc("at", self.at)
