"""What the page of an operation shows, as frozen plain values: everything joined and counted.

The replay (or a desk) builds an :class:`OperationPageView` from a case's records. Every part may
be left empty: the page then says so in a sentence. All moments are UTC; texts may be hostile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cautery.model import ErrorRate
from cautery.pages.operation.view.claims import (
    Comparison,
    DescendantLine,
    EstimatesView,
    UnknownLine,
    VerifyView,
)
from cautery.pages.operation.view.course import AgencyLine, CountryLine, DayView, TimelineView
from cautery.pages.operation.view.figures import KeyFigure
from cautery.pages.operation.view.seizures import ExhibitsView, MoneyView, SupplyView


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
    sources : str
        How many statements it rests on, and how many of them came second-hand or unsigned.
    marking : str
        The strictest in it: the page goes to nobody whom one of its parts may not reach.
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
    sources: str = ""
    marking: str = ""
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
