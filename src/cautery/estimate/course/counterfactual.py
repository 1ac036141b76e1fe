"""What a series would have done: donors and the calendar, fitted on the days before a date.

Ridge regression on logs, drawn towards the plain mean of the donors: so season and growth, which
all share, come in whole, where a penalty towards zero would lose a part of them. Donors are
numerous and alike, so that least squares would follow noise. What the fit leaves
over on the last days is reported apart (``drift``): how much of it lasts is learnt from placebos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MOST_TRAINED_D = 250
"""Days before the date that are fitted: older ones tell of another market; ADR 0084."""
HALF_LIVES_D = (2.0, 7.0, 25.0)
"""Of the weights of what the last days leave over: days, a week, most of a month; ADR 0084."""
_CALENDAR_PENALTY = 20.0
_TINY = 1e-9
_NOISE_D = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A fit up to a date and what it says of the days after it.

    Parameters
    ----------
    before : ndarray, shape (trained days,)
        The fit on the days that it was trained on.
    after : ndarray, shape (horizon,)
        What it says of the days from the date on, without drift.
    drift : ndarray, shape (half-lives,)
        Mean of what the fit leaves over on the last days, by each half-life of its weights.
    noise : float
        Variance of a day's value around its neighbours, before the date.
    """

    before: FloatArray
    after: FloatArray
    drift: FloatArray
    noise: float


def fit(
    values: FloatArray,
    measured: BoolArray,
    calendar: FloatArray,
    donors: FloatArray,
    *,
    at: int,
    horizon: int,
    penalties: Sequence[float],
) -> list[list[Fitted]]:
    """Fit the days before a date, and go on after it.

    Parameters
    ----------
    values, measured : ndarray, shape (days, series)
        Logs without gaps, and which days somebody measured; a day counts if all series have it.
    calendar : ndarray, shape (days, regressors)
        Of :func:`cautery.estimate.course.regressors.of_calendar`.
    donors : ndarray, shape (days, donors)
        Logs without gaps; may have no column.
    at : int
        Row of the date: the first day that is not fitted.
    horizon : int
        Days from ``at`` on.
    penalties : sequence of float
        Of a donor's squared weight, in days of the fit.

    Returns
    -------
    list
        For each penalty a list with a fit for each series.
    """
    start = max(0, at - MOST_TRAINED_D)
    before = slice(start, at)
    is_known = measured[before].astype(float)
    weights = is_known.min(axis=1)
    total = max(weights.sum(), 1.0)
    common = donors.mean(axis=1) if donors.shape[1] else np.zeros(len(values))
    values = values - common[:, None]
    apart = np.column_stack([donors - common[:, None], common]) if donors.shape[1] else donors
    regressors = np.hstack([calendar, apart])[start : at + horizon]
    trained = regressors[: at - start]
    centre = weights @ trained / total
    spread = trained.std(axis=0)
    moves = spread > _TINY  # one that never moved before the date says nothing after it
    first_donor = calendar.shape[1]
    if donors.shape[1]:  # one scale: a donor that moves more tells more
        spread[first_donor:] = spread[first_donor:].mean()
    scaled = (regressors - centre) / np.maximum(spread, _TINY) * moves
    trained, coming = scaled[: at - start], scaled[at - start :]
    level = weights @ values[before] / total
    weighted = trained.T * weights
    squares, products = weighted @ trained, weighted @ (values[before] - level)
    ages = np.arange(at - start - 1, -1, -1.0)
    fading = np.array([0.5 ** (ages / half) for half in HALF_LIVES_D])
    out = []
    for penalty in penalties:
        ridge = np.full(scaled.shape[1], _CALENDAR_PENALTY)
        ridge[first_donor:] = penalty
        slopes = np.linalg.solve(squares + np.diag(ridge), products)
        fitted = level + trained @ slopes
        expected = level + coming @ slopes
        left_over = values[before] - fitted
        drift = (fading @ (left_over * is_known)) / np.maximum(fading @ is_known, _TINY)
        out.append(
            [
                Fitted(
                    before=fitted[:, place] + common[before],
                    after=expected[:, place] + common[at : at + horizon],
                    drift=drift[:, place],
                    noise=jitter(left_over[-_NOISE_D:, place], is_known[-_NOISE_D:, place] > 0),
                )
                for place in range(values.shape[1])
            ]
        )
    return out


def jitter(left_over: FloatArray, measured: BoolArray) -> float:
    """Return the variance of a day around its neighbours: half of the mean squared step.

    A slow course, such as a recovery, hardly counts. Without two measured days in a row it is 0.
    """
    pairs = measured[1:] & measured[:-1]
    if not pairs.any():
        return 0.0
    return float(np.mean(np.diff(left_over)[pairs] ** 2) / 2)
