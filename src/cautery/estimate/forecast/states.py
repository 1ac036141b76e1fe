"""Quiet days and loud days: a series of peaks lives on two levels, and a forecast must know which.

Between two rounds of a league a list of blocks holds a handful of addresses, on an evening of
matches hundreds. A mean between the two is a level at which nothing ever stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_APART = 3.5
"""Ashman's D beyond which two groups are two levels: Ashman, Bird and Zepf, Astronomical Journal
108 (1994), ask for 2, of groups that overlap; halves that a cut made are 2.65 apart in a normal
distribution, and 3.46 in an even one (docs/reference/sources.md, F86)."""


def loud_days(logs: FloatArray, recent: int) -> BoolArray:
    """Say which days are loud; none, where the recent ones are of one level.

    Parameters
    ----------
    logs : ndarray, shape (days,), float64
        Log levels, the latest last; finite.
    recent : int
        So many of the last days say where the two levels part.

    Returns
    -------
    ndarray, shape (days,), bool

    Notes
    -----
    The cut makes the variance between the two groups largest: Otsu, "A Threshold Selection Method
    from Gray-Level Histograms", IEEE Transactions on Systems, Man, and Cybernetics 9 (1979).
    """
    window = np.sort(logs[-recent:])
    all_quiet = np.zeros(len(logs), np.bool_)
    if len(window) < 4 or window[0] == window[-1]:
        return all_quiet
    below = np.arange(1, len(window))
    sums = np.cumsum(window)
    low = sums[:-1] / below
    high = (sums[-1] - sums[:-1]) / (len(window) - below)
    at = int(np.argmax(below * (len(window) - below) * (high - low) ** 2))
    cut = (low[at] + high[at]) / 2
    spread = np.sqrt((window[: at + 1].var() + window[at + 1 :].var()) / 2)
    if high[at] - low[at] <= _APART * spread:
        return all_quiet
    return np.asarray(logs > cut, np.bool_)
