"""The page that an operation ends with: from a view of plain values to one HTML file.

Examples
--------
>>> from datetime import UTC, date, datetime
>>> from cautery.pages.operation import OperationPageView, VerifyView, render_page
>>> page = render_page(
...     OperationPageView(
...         operation="op-1",
...         name="Quiet <Channel>",
...         action_day=date(2024, 11, 26),
...         lead="it-postal",
...         made_at=datetime(2026, 2, 3, tzinfo=UTC),
...         version="0.2.0",
...         lab=True,
...         statement="Press figures overlap and are not added.",
...         verify=VerifyView(commands=("cautery verify case",), root="00", size=1),
...     )
... )
>>> "Quiet &lt;Channel&gt;" in page
True
"""

from cautery.pages.operation.render import render_page
from cautery.pages.operation.view import OperationPageView
from cautery.pages.operation.view.claims import (
    ClaimLine,
    Comparison,
    DescendantLine,
    EstimatesView,
    Fit,
    ReconciledEstimate,
    SourceEstimate,
    UnknownLine,
    VerifyView,
)
from cautery.pages.operation.view.course import (
    AgencyLine,
    Arrivals,
    CountryLine,
    DayView,
    Moment,
    MomentKind,
    Served,
    SportingEvent,
    StepLine,
    TimelineView,
)
from cautery.pages.operation.view.figures import Interval, KeyFigure
from cautery.pages.operation.view.seizures import (
    CurrencyTotal,
    ExhibitLine,
    ExhibitsView,
    Fate,
    Finding,
    FreezingProposal,
    Holding,
    MoneyFlow,
    MoneyNode,
    MoneyView,
    SupplyLink,
    SupplyNode,
    SupplyView,
)

__all__ = [
    "AgencyLine",
    "Arrivals",
    "ClaimLine",
    "Comparison",
    "CountryLine",
    "CurrencyTotal",
    "DayView",
    "DescendantLine",
    "EstimatesView",
    "ExhibitLine",
    "ExhibitsView",
    "Fate",
    "Finding",
    "Fit",
    "FreezingProposal",
    "Holding",
    "Interval",
    "KeyFigure",
    "Moment",
    "MomentKind",
    "MoneyFlow",
    "MoneyNode",
    "MoneyView",
    "OperationPageView",
    "ReconciledEstimate",
    "Served",
    "SourceEstimate",
    "SportingEvent",
    "StepLine",
    "SupplyLink",
    "SupplyNode",
    "SupplyView",
    "TimelineView",
    "UnknownLine",
    "VerifyView",
    "render_page",
]
