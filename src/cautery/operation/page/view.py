"""What the page of an operation shows, as frozen plain values: everything joined and counted.

The replay (or a desk) builds an :class:`OperationPageView` from a case's records. Every part may
be left empty: the page then says so in a sentence. All moments are UTC; texts may be hostile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cautery.errors import InputError
from cautery.model import ErrorRate, Role, StepKind, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A quantity as it may be printed: never without its bounds.

    Parameters
    ----------
    low, mid, high : float
        Finite, and in this order.
    unit : str
        ``users``, ``EUR/month``; empty for a bare count.
    coverage : float or None
        Nominal probability, 0.9 or 0.99; ``None`` when the bounds are logical.
    """

    low: float
    mid: float
    high: float
    unit: str = ""
    coverage: float | None = 0.9

    def __post_init__(self) -> None:
        if not all(math.isfinite(one) for one in (self.low, self.mid, self.high)):
            raise InputError(f"interval in {self.unit or 'counts'}: its bounds are finite")
        if not self.low <= self.mid <= self.high:
            raise InputError(f"interval: {self.low} <= {self.mid} <= {self.high} is false")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One of the four to six figures on top: an estimate (``interval``) or a count (``value``).

    ``note`` says what it is out of, or how it was had.
    """

    label: str
    value: float | None = None
    unit: str = ""
    interval: Interval | None = None
    note: str = ""


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

    ``began_at``/``ended_at`` are as reported, ``None`` when nobody reported them. ``replaces`` is
    the failed step that this one was planned anew for.
    """

    id: str
    agency: str
    kind: StepKind
    text: str
    country: str
    starts_at: datetime
    ends_at: datetime
    state: StepState
    began_at: datetime | None = None
    ended_at: datetime | None = None
    replaces: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The share of demand still served (0 to 1) from a moment on, until the next one."""

    at: datetime
    share: float

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


class Fate(StrEnum):
    """What the day did to a node of the supply graph."""

    REMOVED = "removed"
    """Taken by a step of the day."""
    DARK = "dark"
    """Not touched, but nothing it needs is left: it serves nobody."""
    SERVING = "serving"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyNode:
    """A node of the supply graph; ``id`` is unique in the view."""

    id: str
    label: str
    role: Role
    fate: Fate = Fate.SERVING
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyLink:
    """``source`` feeds (or is needed by) ``target``: drawn from left to right."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyView:
    """Section 5: the shared picture before the day, and what it left.

    ``served_before`` and ``served_after`` are shares of demand, 0 to 1; ``bound`` is the least
    share that any allowed plan of this cost could have left, when the cut proved one.
    """

    nodes: tuple[SupplyNode, ...] = ()
    links: tuple[SupplyLink, ...] = ()
    served_before: float = 1.0
    served_after: float = 1.0
    bound: float | None = None
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitLine:
    """Section 6: exhibits of one kind in one country: entries in the register, things in them."""

    kind: str
    country: str
    exhibits: int
    things: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """The total of one currency or coin, by the register and by the manifest.

    ``eur`` is its worth at the day's recorded rate, when there is one.
    """

    currency: str
    exhibits: int
    register: Decimal
    manifest: Decimal
    eur: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A link to another crime (laundering, drugs, arms, cybercrime), with what shows it."""

    crime: str
    text: str
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitsView:
    """Section 6: what was taken. Totals by kind must equal the sum of ``lines``."""

    lines: tuple[ExhibitLine, ...] = ()
    totals: tuple[CurrencyTotal, ...] = ()
    debits: int | None = None
    """Entries on the debit side of the double entry; equal to ``credits`` or something is wrong."""
    credits: int | None = None
    custody_entries: int | None = None
    custody_gaps: int | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyNode:
    """A place that money went through.

    ``kind`` is one of ``purchase``, ``descriptor``, ``psp``, ``account``, ``wallet``, ``service``
    (an exchange or other service that knows its customer), ``cash``, ``unknown``.
    """

    id: str
    label: str
    kind: str
    country: str = ""
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFlow:
    """Money seen between two nodes: a share known by taint or by the books."""

    source: str
    target: str
    amount: Decimal
    currency: str
    eur: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a wallet or account holds, and how certain its owner is."""

    label: str
    kind: str
    currency: str
    amount: Decimal
    eur: Decimal | None = None
    certainty: str = ""
    addresses: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezingProposal:
    """A drafted order with what it would hold; a person issues it, Cautery never does."""

    instrument: str
    addressee: str
    country: str
    holds: str
    basis: str
    amount: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyView:
    """Section 7: from the recorded test purchases to wallets."""

    nodes: tuple[MoneyNode, ...] = ()
    flows: tuple[MoneyFlow, ...] = ()
    holdings: tuple[Holding, ...] = ()
    proposals: tuple[FreezingProposal, ...] = ()
    method: str = ""


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
    """A published number beside ours; ``flagged`` when it lies outside the 99 % interval."""

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
    """Section 10: something that grew back, and how it was tied to what was taken.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPageView:
    """Everything on the page of an operation.

    Parameters
    ----------
    operation : str
        Its id, as in the case.
    action_day : date or None
        ``None`` as long as none is planned.
    lead : str
        The id of the leading agency; the others stand in ``agencies``.
    statement : str
        That press figures of the operations overlap and are not added; printed in the head.
    summary : str
        One or two sentences under the name.
    seed : int or None
        Of the lab's world.
    """

    operation: str
    name: str
    action_day: date | None
    lead: str
    made_at: datetime
    version: str
    lab: bool
    statement: str
    verify: VerifyView
    agencies: tuple[AgencyLine, ...] = ()
    summary: str = ""
    legal_basis: str = ""
    seed: int | None = None
    figures: tuple[KeyFigure, ...] = ()
    timeline: TimelineView | None = None
    day: DayView | None = None
    countries: tuple[CountryLine, ...] = ()
    supply: SupplyView | None = None
    exhibits: ExhibitsView | None = None
    money: MoneyView | None = None
    estimates: EstimatesView | None = None
    comparisons: tuple[Comparison, ...] = ()
    descendants: tuple[DescendantLine, ...] = ()
    unknowns: tuple[UnknownLine, ...] = ()
    error_rates: tuple[ErrorRate, ...] = ()
