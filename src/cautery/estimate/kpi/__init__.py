"""Key figures of cases in the five families of Recommendation (EU) 2023/1018.

A figure is computed from records, or says that it is not measured and what would be needed.

Examples
--------
>>> from cautery.estimate.kpi import Facts, sheet_of
>>> sheet = sheet_of([Facts(case="a", holder="League")])
>>> sheet.families[0].value, len(sheet.families)
('volume', 5)
>>> sheet.indicator("notices-sent").figure.count
0
"""

from cautery.estimate.kpi.facts import (
    CanaryFact,
    ComplaintFact,
    EventFact,
    Facts,
    ListFact,
    NoticeFact,
    OfferFact,
    OrderFact,
    StreamFact,
    TargetFact,
)
from cautery.estimate.kpi.figures import Figure, Indicator
from cautery.estimate.kpi.merge import Merged, Period, merged
from cautery.estimate.kpi.sheet import Family, Sheet, sheet_of

__all__ = [
    "CanaryFact",
    "ComplaintFact",
    "EventFact",
    "Facts",
    "Family",
    "Figure",
    "Indicator",
    "ListFact",
    "Merged",
    "NoticeFact",
    "OfferFact",
    "OrderFact",
    "Period",
    "Sheet",
    "StreamFact",
    "TargetFact",
    "merged",
    "sheet_of",
]
