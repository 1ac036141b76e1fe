"""What comes next: a forecast of each day's peak, and what must be ready for it.

Examples
--------
>>> import numpy as np
>>> from datetime import date
>>> from cautery.model.daily import DailySeries, Measure, consecutive
>>> weeks = np.tile([4.0, 5, 4, 6, 5, 150, 160], 12)
>>> series = DailySeries(
...     unit="monitor", market="ES", measure=Measure.LEVEL, vantage="list", values=weeks,
...     days=consecutive(date(2026, 1, 5), 84), probes=np.ones(84, np.int64),
... )
>>> [day.estimate.mid > 100 for day in forecast(series)]
[False, False, False, False, False, True, True]
"""

from cautery.estimate.forecast.ahead import (
    COVERAGE,
    FARTHEST,
    DayForecast,
    Trial,
    forecast,
    trials,
)
from cautery.estimate.forecast.capacity import Capacity, Cost, capacity, costs, most_at_once
from cautery.estimate.forecast.events import EventDemand, event_demand
from cautery.estimate.forecast.plot import forecast_plot
from cautery.estimate.forecast.ready import Deadline, Holdings, Standing, deadlines
from cautery.estimate.forecast.usual import usual_level

__all__ = [
    "COVERAGE",
    "FARTHEST",
    "Capacity",
    "Cost",
    "DayForecast",
    "Deadline",
    "EventDemand",
    "Holdings",
    "Standing",
    "Trial",
    "capacity",
    "costs",
    "deadlines",
    "event_demand",
    "forecast",
    "forecast_plot",
    "most_at_once",
    "trials",
    "usual_level",
]
