"""What may be done to a target, what it would cost bystanders, and the plan that picks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.message import Message
from cautery.model.people import person_key
from cautery.model.times import require_utc


class Lever(StrEnum):
    """The kinds of target, from the narrowest."""

    URL = "url"
    NAME = "name"
    ADDRESS = "address"


class Decision(StrEnum):
    """What the guard says of a target."""

    ALLOW = "allow"
    NARROW = "narrow"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of the guard, with the fact that it rests on and the fact's date.

    Parameters
    ----------
    code : str
        Name of the rule, for machines, such as ``shared-range``.
    text : Message
        The reason; its id begins with ``guard.``.
    fact : str or None
        Name of the fact that it rests on, such as ``ranges``; ``None``: it rests on no stored
        fact.
    fact_date : date or None
        Date of that fact; ``None``: no stored fact, or one without a date.
    """

    code: str
    text: Message
    fact: str | None = None
    fact_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """Who else would be hit: names known to be behind the target, and their number.

    Parameters
    ----------
    names : tuple of str
        Unrelated names that are known to be behind the target; the first of them, if there are
        many.
    popular : tuple of str
        Popular names among them, or the target itself if it is popular.
    kinds : tuple of str
        Protected or shared kinds that the target is of, such as ``cdn``.
    low : int
        Number of bystanders that are known.
    high : int or None
        Most bystanders that are possible; ``None``: there is no known upper bound.
    """

    names: tuple[str, ...] = ()
    popular: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None


MAX_OVERRIDE = timedelta(days=1)
"""Longest that an override may last: one match day, then two people are asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Two named people take responsibility for a target, for a time, although the guard objects.

    Parameters
    ----------
    target : str
        The one target, in the guard's spelling.
    by : tuple of str
        Names of two different people.
    reason : str
        Why, in words that a court may read.
    at : datetime
        When it was decided, in UTC.
    until : datetime
        When it ends, in UTC: at most 24 hours after ``at``.
    bystanders : int or None
        Most bystanders that are hit, as these people state; ``None``: they do not state it, and
        where no fact gives a bound the target fits no budget.

    Raises
    ------
    InputError
        If it is one person's, has no reason, or does not end soon enough.
    """

    target: str
    by: tuple[str, ...]
    reason: str
    at: datetime
    until: datetime
    bystanders: int | None = None

    def __post_init__(self) -> None:
        require_utc("override at", self.at)
        require_utc("override until", self.until)
        if len({person_key(name) for name in self.by} - {""}) < 2:
            raise InputError(
                f"override of {self.target}: it needs the names of two different people"
            )
        if not person_key(self.reason):
            raise InputError(f"override of {self.target}: it needs a reason")
        if self.bystanders is not None and self.bystanders < 0:
            raise InputError(
                f"override of {self.target}: the number of bystanders must not be negative"
            )
        if not self.at < self.until <= self.at + MAX_OVERRIDE:
            raise InputError(
                f"override of {self.target}: it must end within "
                f"{MAX_OVERRIDE / timedelta(hours=1):g} hours of its decision"
            )

    def holds(self, moment: datetime) -> bool:
        """Tell whether it is in force."""
        return self.at <= moment < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardVerdict:
    """The guard's decision on one target: allow, narrow or refuse, with reasons and an end.

    Parameters
    ----------
    target : str
        The target, in the guard's spelling.
    lever : Lever
        How wide the intervention reaches: a URL, a name or an address.
    decision : Decision
        The decision; with an ``override`` it is ``allow``, and ``reasons`` still hold every
        objection.
    narrow_to : tuple of str
        Narrower targets that would do instead; empty unless the decision is ``narrow``.
    collateral : Collateral
        Who else would be hit.
    reasons : tuple of Reason
        What speaks against the target; if nothing does, what speaks for it.
    valid_until : datetime
        When the verdict ends, in UTC.
    override : Override or None
        The override that it rests on; ``None``: none.
    """

    target: str
    lever: Lever
    decision: Decision
    narrow_to: tuple[str, ...] = ()
    collateral: Collateral = field(default_factory=Collateral)
    reasons: tuple[Reason, ...] = ()
    valid_until: datetime
    override: Override | None = None

    def __post_init__(self) -> None:
        require_utc("valid_until", self.valid_until)
        if self.override is not None and self.valid_until > self.override.until:
            raise InputError(f"verdict on {self.target}: it must not end after its override")
        if not self.reasons:
            raise InputError(f"verdict on {self.target}: it needs a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """One possible act on one target: the streams that it would cut, and the guard's verdict.

    Parameters
    ----------
    target : str
        The target, in the guard's spelling.
    lever : Lever
        How wide it reaches: a URL, a name or an address.
    streams : tuple of str
        URLs of the streams that it would cut, redacted.
    cost : float
        Cost in the plan's own unit; a plan minimises the sum.
    guard : GuardVerdict
        The guard's verdict on the target.
    """

    target: str
    lever: Lever
    streams: tuple[str, ...]
    cost: float
    guard: GuardVerdict

    @property
    def allowed(self) -> bool:
        """Whether the guard lets it into a plan."""
        return self.guard.decision is Decision.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """The chosen interventions, what they leave served, and a bound of the least cost.

    Parameters
    ----------
    chosen : tuple of Intervention
        The interventions to do.
    refused : tuple of Intervention
        The interventions that the guard refuses or narrows.
    served_before : int
        Number of streams served before the plan.
    served_after : int
        Number of streams served after the plan.
    cost : float
        Cost of the chosen interventions.
    bound : float
        Proven lower bound of the cost of any plan that leaves no more streams served than this
        one.
    seed : int
        Seed of the search, so that it can be repeated.
    method : Message
        How the plan was found.
    uncovered : tuple of str
        Streams that stay served because no allowed intervention reaches them.
    """

    chosen: tuple[Intervention, ...]
    refused: tuple[Intervention, ...]
    served_before: int
    served_after: int
    cost: float
    bound: float
    seed: int
    method: Message
    uncovered: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Relative gap between cost and bound, 0 when optimal or empty."""
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the allowed targets of one event may cost bystanders.

    Parameters
    ----------
    low : int
        Number of bystanders that are known.
    high : int or None
        Most bystanders that are possible; ``None``: one target has no upper bound.
    over : bool
        Whether this is above the budget; without an upper bound it is above every budget.
    unbounded : tuple of str
        The targets without an upper bound, at most a hundred.
    """

    low: int
    high: int | None
    over: bool
    unbounded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSpending:
    """What one event's blocks may cost bystanders, against its budget.

    Parameters
    ----------
    event : str or None
        Id of the event; ``None``: everything that belongs to no event.
    budget : int
        Most bystanders that the blocks may hit.
    spending : Spending
        What the allowed targets may cost bystanders.
    left_out : tuple of str
        Targets that the guard allows and the budget does not.
    """

    event: str | None
    budget: int
    spending: Spending
    left_out: tuple[str, ...] = ()
