"""The court-readable page of a case: from a typed view to one HTML file.

Example
-------
>>> from cautery.pages.case_report import Alignment, alignment_plot
>>> curve = Alignment(
...     reference="licensee-fr",
...     kind="sound",
...     delay_s=37.4,
...     lags_s=(0.0, 37.4, 60.0),
...     strength=(1.0, 240.0, 2.0),
... )
>>> "delay 37.40 s" in alignment_plot(curve)
True
"""

from cautery.pages.case_report.net import ENDS, Net, Undrawn
from cautery.pages.case_report.plot import alignment_plot
from cautery.pages.case_report.render import render
from cautery.pages.case_report.stills import reduced
from cautery.pages.case_report.supply import Drawing, supply_drawing
from cautery.pages.case_report.view import (
    NO_SAFEGUARDS,
    Alignment,
    ComplaintsView,
    ComplaintView,
    FailureView,
    Figures,
    LedgerView,
    ListsView,
    NoticeView,
    ReferralView,
    ReleaseView,
    ReportView,
    SafeguardsView,
    SealedLine,
    Still,
    StreamView,
    Unknown,
)

__all__ = [
    "ENDS",
    "NO_SAFEGUARDS",
    "Alignment",
    "ComplaintView",
    "ComplaintsView",
    "Drawing",
    "FailureView",
    "Figures",
    "LedgerView",
    "ListsView",
    "Net",
    "NoticeView",
    "ReferralView",
    "ReleaseView",
    "ReportView",
    "SafeguardsView",
    "SealedLine",
    "Still",
    "StreamView",
    "Undrawn",
    "Unknown",
    "alignment_plot",
    "reduced",
    "render",
    "supply_drawing",
]
