"""A power law through measured sizes, and what the largest of them say of a larger one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNSURE = 0.1
"""Of a power, beyond what was measured: over a decade a quarter more or a fifth less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """``cost = factor * size ** power``, fitted to logarithms by least squares.

    Parameters
    ----------
    residuals : tuple of float
        Measured over fitted, less one: 0.1 is a tenth above the curve.
    """

    factor: float
    power: float
    sizes: tuple[float, ...]
    costs: tuple[float, ...]
    residuals: tuple[float, ...]

    def beyond(self, size: float) -> tuple[float, float, float]:
        """Return the cost at a larger size, and the least and the most that it may be.

        The middle is a straight line through the two largest sizes: what is fixed at small ones
        bends a curve of few points more than its residuals tell. The interval is for costs that
        grow by a power that is :data:`UNSURE` off.
        """
        (less_n, most_n), (less, more) = self.sizes[-2:], self.costs[-2:]
        middle = more + (more - less) / (most_n - less_n) * (size - most_n)
        factor = (size / most_n) ** UNSURE
        return middle, middle / factor, middle * factor


def fitted(sizes: Sequence[float], costs: Sequence[float]) -> Curve:
    """Fit a power law to measured costs, of which each is above nothing.

    Raises
    ------
    ValueError
        If there are fewer than two sizes.
    """
    if len(set(sizes)) < 2:
        raise ValueError("a curve needs two sizes")
    power, height = np.polyfit(np.log(sizes), np.log(costs), 1)
    factor = math.exp(height)
    return Curve(
        factor=factor,
        power=float(power),
        sizes=tuple(sizes),
        costs=tuple(costs),
        residuals=tuple(
            cost / (factor * size**power) - 1 for size, cost in zip(sizes, costs, strict=True)
        ),
    )
