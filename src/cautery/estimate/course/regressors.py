"""What the calendar says of a day: its weekday, and which fixtures there are.

The season comes with the donors: a sine over the year, fitted on less than a year, made the errors
of placebos half as large again (ADR 0084).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST_GROUPS = 24
"""Groups of fixtures that have a regressor of their own, the most frequent first; judgement."""


def of_calendar(
    days: Sequence[date], fixtures: Mapping[str, Mapping[date, int]] | None = None
) -> FloatArray:
    """Return regressors, shape (days, regressors): weekdays, fixtures of each group and of all.

    Parameters
    ----------
    fixtures : mapping of str to mapping, or None
        By group (a league, a market), how many fixtures each day has. More fixtures count less
        than in proportion: their log of one more is taken.

    Examples
    --------
    >>> of_calendar([date(2024, 10, 1), date(2024, 10, 2)]).shape
    (2, 7)
    """
    columns = [[float(day.weekday() == number) for day in days] for number in range(7)]
    groups = sorted((fixtures or {}).items(), key=lambda item: (-len(item[1]), item[0]))
    counts = [[by_day.get(day, 0) for day in days] for _, by_day in groups]
    columns += np.log1p(np.array(counts[:MOST_GROUPS], float)).tolist()
    if len(counts) > 1:  # who follows all of them is not the sum of who follows each
        columns.append(np.log1p(np.sum(counts, axis=0)).tolist())
    return np.array(columns).T
