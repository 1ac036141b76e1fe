"""Harm as a range: what viewers of pirated copies would have paid, under each stated assumption.

Nobody knows what a viewer would have paid, so harm is never one number: each assumption has a row
with a low and a high end, and the hull of the rows is said in words.

Examples
--------
>>> from cautery.estimate.harm import Curve, harm_of_events, published_assumptions
>>> curve = Curve.of("final", "sport-1", [(0, 900, 1000, 1200), (1, 1800, 2000, 2500)])
>>> harm = harm_of_events([curve], published_assumptions(), content="live-sport")
>>> [row.assumption.id for row in harm.rows if row.assumption.in_hull][:2]
['next-source', 'lost-viewings']
>>> harm.hull.low, round(harm.hull.high, -3)
(0.0, 38000.0)
"""

from cautery.estimate.harm.assumptions import (
    CONTENTS,
    Assumption,
    Assumptions,
    Price,
    PublishedHarm,
    parse_price,
    parsed_assumptions,
    published_assumptions,
)
from cautery.estimate.harm.curves import Curve, Triple, scaled
from cautery.estimate.harm.judge import JudgedHarm, beside, judge_harm, parse_harm_claim
from cautery.estimate.harm.plot import harm_plot
from cautery.estimate.harm.range import (
    Harm,
    HarmRow,
    Money,
    harm_of_events,
    harm_of_users,
)

__all__ = [
    "CONTENTS",
    "Assumption",
    "Assumptions",
    "Curve",
    "Harm",
    "HarmRow",
    "JudgedHarm",
    "Money",
    "Price",
    "PublishedHarm",
    "Triple",
    "beside",
    "harm_of_events",
    "harm_of_users",
    "harm_plot",
    "judge_harm",
    "parse_harm_claim",
    "parse_price",
    "parsed_assumptions",
    "published_assumptions",
    "scaled",
]
