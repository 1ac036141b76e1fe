"""What a count stands for, however small it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SIZE = 4000
"""Draws of a method's biases; their moments are then good to 2 %."""
_FAINT = 0.1
"""Shape of the prior of a counted mean: nearly flat in its logarithm, so that a dozen countries
where nothing was seen do not add up to something."""


def counted(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the logarithm of what a count stands for.

    The posterior of a Poisson mean under a gamma prior of shape ``_FAINT`` has mean and variance
    ``n + _FAINT``; the log-normal with the same two keeps sums over countries right, however small
    the counts are.
    """
    variance = np.log1p(1 / (counts + _FAINT))
    return np.log(counts + _FAINT) - variance / 2, variance
