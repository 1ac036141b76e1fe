"""The action day: steps with precedence, their plan by the clock, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from cautery.errors import InputError
from cautery.model.message import Message
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


_FIRST_YEAR, _LAST_YEAR = 1970, 2999
"""Of a day and its steps: nearer to the ends of the calendar no time has a next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act by one team on one target.

    Parameters
    ----------
    id : str
        Id of the step in the plan.
    kind : StepKind
        What is done.
    agency : str
        Id of the agency that does it.
    country : str
        Country in which it is done, ISO 3166-1 alpha-2.
    target : str
        A node of the supply graph, a person's pseudonym, or ``operation``.
    text : str
        The step, in a sentence.
    team : str
        The team that does it.
    place : str
        Where it is done.
    lasts : timedelta
        How long the team needs.
    after : frozenset of str
        Ids of the steps that must be done before this one begins.
    tips_off : frozenset of str
        Targets (or persons) that are warned once this step is seen: steps against them may not
        begin later than ``DayPlan.warning_s`` after it.
    removes : tuple of str
        Nodes of the supply graph that go down when the step is done.
    preparation : timedelta
        How long before its start the team must be on the way.
    keeps : frozenset of str
        Of a continuity step: the names of the co-tenants that it keeps alive.
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
            raise InputError(f"step {self.id}: it must last longer than 0 s")

    @property
    def phase(self) -> Phase:
        """The phase it belongs to."""
        return PHASES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A condition for the action day: a named role answers yes or no before the moment.

    Parameters
    ----------
    id : str
        Id of the criterion.
    question : str
        The question, in a sentence.
    asks : str
        The role that must answer.
    vital : bool
        Whether the day cannot begin without a yes.
    """

    id: str
    question: str
    asks: str
    vital: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionAnswer:
    """The answer of the role that a criterion asks; the latest answer counts.

    Parameters
    ----------
    criterion : str
        Id of the criterion.
    yes : bool
        The answer.
    by : str
        Who answered, as in a :class:`StepReport`.
    at : datetime
        When it was answered, in UTC.
    text : str
        A remark; empty: none.
    """

    criterion: str
    yes: bool
    by: str
    at: datetime
    text: str = ""

    def __post_init__(self) -> None:
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoTenant:
    """A lawful co-tenant of a target, and how it is kept alive.

    Parameters
    ----------
    target : str
        The target.
    name : str
        The co-tenant's name.
    services : int
        Number of unrelated names or customers that depend on the same host, rack or address.
    continuity : str
        How it is kept alive, in words.
    """

    target: str
    name: str
    services: int
    continuity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledStep:
    """A step with its time.

    Parameters
    ----------
    step : Step
        The step.
    starts_at : datetime
        When it starts, in UTC.
    ends_at : datetime
        When it ends, in UTC.
    why : Message
        What fixed the start: the moment, a predecessor, a warning; of a dropped step, what became
        of it.
    replaces : str or None
        Id of the failed step that it replaces; ``None``: none.
    """

    step: Step
    starts_at: datetime
    ends_at: datetime
    why: Message
    replaces: str | None = None

    def __post_init__(self) -> None:
        require_utc("starts_at", self.starts_at)
        require_utc("ends_at", self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """The timed plan of an action day.

    Parameters
    ----------
    operation : str
        Id of the operation.
    moment : datetime
        When the acts begin everywhere at once, in UTC.
    steps : tuple of ScheduledStep
        The steps with their times.
    criteria : tuple of Criterion
        The conditions of the day.
    co_tenants : tuple of CoTenant
        Lawful co-tenants of the targets.
    warning_s : float
        How long after a step is seen the people that it warns could react, seconds.
    clocks : mapping
        By agency, how far its clock may be from UTC.
    dropped : tuple of ScheduledStep
        Steps that failed or can no longer be done; ``why`` says what became of each.
    replanned_at : datetime or None
        When the day was last re-planned, in UTC: what began before is history; ``None``: never.
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
        rows = (*self.steps, *self.dropped)
        times = (self.moment, *(at for row in rows for at in (row.starts_at, row.ends_at)))
        if not all(_FIRST_YEAR <= at.year <= _LAST_YEAR for at in times):
            raise InputError(f"an action day lies in the years {_FIRST_YEAR} to {_LAST_YEAR}")


class StepState(StrEnum):
    """How a step stands on the day."""

    PLANNED = "planned"
    READY = "ready"
    """The team stands ready and waits for the moment."""
    RUNNING = "running"
    DONE = "done"
    LATE = "late"
    FAILED = "failed"
    REPLACED = "replaced"
    """Taken over by a step of the re-planned day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """An agency's report on a step.

    Parameters
    ----------
    step : str
        Id of the step.
    state : StepState
        How the step stands.
    at : datetime
        When it was reported, in UTC.
    by : str
        Who reported it: an agency, a service number, a role or the id of an account, never an
        officer's name.
    text : str
        A remark; empty: none.
    """

    step: str
    state: StepState
    at: datetime
    by: str
    text: str = ""

    def __post_init__(self) -> None:
        require_utc("at", self.at)
