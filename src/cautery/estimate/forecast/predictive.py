"""What a day may bring, as weighted days of the past, smoothed: quantiles, ranks, and a middle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_COARSE, _FINE = 20, 20
"""Steps of a distribution, and parts of each."""
_REACH = 12.0
"""Widths beyond the outermost day: less than 1 in 10,000 of a day's weight lies outside."""


@dataclass(frozen=True, slots=False, kw_only=True)
class Predictive:
    """A distribution of the log level of one day to come.

    Parameters
    ----------
    values : ndarray, shape (analogues,), float64
        Log levels of past days, brought to the day to come.
    weights : ndarray, shape (analogues,), float64
        Of each, in all 1.
    widths : ndarray, shape (analogues,), float64
        How far each is smeared: scale of a Student's t with 4 degrees of freedom.
    loud : ndarray, shape (analogues,), bool
        Which of them were loud days.
    """

    values: FloatArray
    weights: FloatArray
    widths: FloatArray
    loud: BoolArray

    @property
    def chance_loud(self) -> float:
        """The chance that the day is a loud one."""
        return float(self.weights[self.loud].sum())

    @property
    def middle(self) -> float:
        """The median of the likelier of the two levels: a level at which days do stand.

        The median of both together lies between them where the chances are even.
        """
        likelier = self.loud if self.chance_loud > 0.5 else ~self.loud
        return weighted_quantile(self.values[likelier], self.weights[likelier], 0.5)

    def quantile(self, share: float) -> float:
        """Return the log level that so large a share of the distribution lies below."""
        grid, below = self._cumulated
        # The distribution grows, so the two points about a share lie in one coarse step.
        step = int(np.clip(np.searchsorted(below, share) - 1, 0, _COARSE - 1)) * _FINE
        points = grid[step : step + _FINE + 1]
        return float(np.interp(share, self._below(points), points))

    def rank(self, value: float) -> float:
        """Return which share of the distribution lies below a log level."""
        return float(self._below(np.array([value]))[0])

    @cached_property
    def _cumulated(self) -> tuple[FloatArray, FloatArray]:
        """All points, and which share lies below the first of each coarse step, and the last."""
        reach = _REACH * self.widths.max()
        ends = self.values.min() - reach, self.values.max() + reach
        grid = np.linspace(*ends, _COARSE * _FINE + 1)
        return grid, self._below(grid[::_FINE])

    def _below(self, points: FloatArray) -> FloatArray:
        """Distribution function of a mixture of t with 4 degrees of freedom, in closed form."""
        z = (points[:, None] - self.values) / self.widths
        near = 1 / np.sqrt(1 + z * z / 4)
        shares: FloatArray = 0.5 + 0.125 * ((z * near * (2 + near * near)) @ self.weights)
        return shares


def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """Return the smallest value up to which so large a share of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = int(np.searchsorted(reached, share * reached[-1]))
    return float(values[order][min(at, len(order) - 1)])
