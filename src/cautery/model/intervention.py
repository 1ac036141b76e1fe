"""What may be done to a target, what it would cost bystanders, and the plan that picks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from cautery.errors import InputError
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
    """One reason of the guard, with the fact that it rests on and the fact's date."""

    code: str
    text: str
    fact: str | None = None
    fact_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """Who else would be hit: names known to be behind the target, between bounds.

    ``high`` is ``None`` when nobody knows an upper bound.
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
    """Two named people answer for acting on a target although the guard objects, for a while.

    Parameters
    ----------
    target : str
        The one target, in the guard's spelling.
    by : tuple of str
        Two different people, by name.
    reason : str
        Why, in words that a court may read.
    at, until : datetime
        When it was decided, and when it ends: at most :data:`MAX_OVERRIDE` later.
    bystanders : int or None
        How many others are hit at most, by these people's word; ``None``: they do not say, and
        where nobody else can bound it the target fits no budget.

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
            raise InputError(f"override of {self.target}: it takes two different people, by name")
        if not person_key(self.reason):
            raise InputError(f"override of {self.target}: it takes a reason")
        if self.bystanders is not None and self.bystanders < 0:
            raise InputError(f"override of {self.target}: a number of bystanders is not negative")
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
    """Allow, narrow or refuse, with reasons and an expiry.

    With an ``override`` the decision is to allow, and the reasons still hold every objection.
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
            raise InputError(f"guard on {self.target}: it outlives its override")
        if not self.reasons:
            raise InputError(f"guard on {self.target}: no verdict without a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """One possible act on one target: which streams it would cut, and the guard's word on it."""

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
    """The chosen interventions, what they leave served, and how far from optimal they may be.

    ``bound`` is a proven lower bound of the cost of any plan that leaves no more than
    ``served_after`` of the streams; ``gap = (cost - bound) / cost``.
    ``uncovered`` are the streams that stay served, since no allowed intervention reaches them.
    """

    chosen: tuple[Intervention, ...]
    refused: tuple[Intervention, ...]
    served_before: int
    served_after: int
    cost: float
    bound: float
    seed: int
    method: str
    uncovered: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Relative gap between cost and bound, 0 when optimal or empty."""
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0
