"""Days on which a sensor, or a whole vantage, is down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def outages(
    days: int, *, chance: float, mean_d: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which days are down: outages begin by chance and last geometrically.

    Parameters
    ----------
    chance : float
        That an outage begins on a day.
    mean_d : float
        How long it lasts on average, days.
    """
    down = np.zeros(days, bool)
    for begin in np.flatnonzero(rng.random(days) < chance).tolist():
        down[begin : begin + int(rng.geometric(1 / mean_d))] = True
    return down
