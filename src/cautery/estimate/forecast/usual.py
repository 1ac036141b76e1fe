"""The level of a usual loud day: what a count of streams is scaled by."""

from __future__ import annotations

import numpy as np

from cautery.estimate.forecast.states import loud_days
from cautery.model.daily import DailySeries

_RECENT = 56
"""Days: eight weeks."""


def usual_level(series: DailySeries) -> float:
    """Return the median level of the loud days of the last eight weeks, or of all their days."""
    recent_values = series.values[series.measured][-_RECENT:]
    loud = loud_days(np.log1p(recent_values), _RECENT)
    return float(np.median(recent_values[loud] if loud.any() else recent_values))
