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
        """Return the cost at a larger size, from the least to the most that it may be.

        From the largest size on, costs grow by the power that they grew by between the two largest
        ones, give or take :data:`UNSURE`: what is fixed at small sizes, and caches that become too
        small, bend a curve of few points more than its residuals tell.
        """
        (least_n, most_n), (less, more) = self.sizes[-2:], self.costs[-2:]
        power = math.log(more / less) / math.log(most_n / least_n)
        middle, least, most = (
            more * (size / most_n) ** (power + off) for off in (0.0, -UNSURE, UNSURE)
        )
        return middle, least, most


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
