"""Did it work: what a strike did to use, where users went, what was served, and what lives on.

A strike on one service is compared with what services in other markets say that it would have
done; the same estimator on other services and earlier dates says how wrong that is.

Examples
--------
>>> from datetime import UTC, date, datetime
>>> import numpy as np
>>> from cautery.model.daily import DailySeries, Measure, Strike, consecutive
>>> rng = np.random.default_rng(1)
>>> days = consecutive(date(2024, 1, 1), 200)
>>> def service(unit, market, left):
...     values = 1000 * np.exp(rng.normal(0, 0.05, 200))
...     values[151:] *= left
...     return DailySeries(unit=unit, market=market, measure=Measure.LEVEL, days=days,
...                        values=values, probes=np.ones(200, int), vantage="resolver")
>>> donors = [service(f"net-{number}", "ES", 1.0) for number in range(1, 7)]
>>> panel = panel_of([service("net-0", "IT", 0.5), *donors])
>>> strike = Strike(units=("net-0",), at=datetime(2024, 5, 30, 6, tzinfo=UTC), what="seizure")
>>> [course] = courses_after(ground_of(panel, [strike]), strike)
>>> bool(course.effect.low < np.log(0.5) < course.effect.high)
True
"""

from cautery.estimate.course.area import SPANS_D, served_after
from cautery.estimate.course.contrast import Contrast, Ground
from cautery.estimate.course.displacement import Displacement, displacements_after
from cautery.estimate.course.effect import COVERAGE, HORIZON_D, Course, courses_after, ground_of
from cautery.estimate.course.panel import Column, Panel, panel_of
from cautery.estimate.course.plot import course_plot
from cautery.estimate.course.survival import Compared, Survival, around, compared, survivals

__all__ = [
    "COVERAGE",
    "HORIZON_D",
    "SPANS_D",
    "Column",
    "Compared",
    "Contrast",
    "Course",
    "Displacement",
    "Ground",
    "Panel",
    "Survival",
    "around",
    "compared",
    "course_plot",
    "courses_after",
    "displacements_after",
    "ground_of",
    "panel_of",
    "served_after",
    "survivals",
]
