"""Probes of the lab: what our own measurements of a served share give, not what is true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cautery.lab.outages import outages

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CLUMPING = 0.02
"""How alike the streams of one fixed sample fail, as a correlation: those of one panel go
together. Judgement; zero where each probe draws its stream anew."""
OUTAGE_CHANCE, OUTAGE_MEAN_D = 0.006, 2.0
"""Our vantage is down some two times a year, for two days: judgement."""


def probe_served(
    served: FloatArray,
    *,
    a_day: float,
    rng: np.random.Generator,
    clumping: float = CLUMPING,
) -> tuple[FloatArray, IntArray]:
    """Probe a served share day by day.

    Parameters
    ----------
    served : ndarray, shape (days,), float64
        The true share, 0 to 1.
    a_day : float
        Probes sent on a usual day; the number varies (Poisson).
    clumping : float
        Correlation of the streams of one day's sample, 0 to 1.

    Returns
    -------
    values : ndarray, shape (days,), float64
        Share of the probes that were served; NaN where our vantage was down.
    probes : ndarray, shape (days,), int64
        Probes that gave an answer; 0 where our vantage was down.
    """
    days = len(served)
    down = outages(days, chance=OUTAGE_CHANCE, mean_d=OUTAGE_MEAN_D, rng=rng)
    probes = np.where(down, 0, rng.poisson(a_day, days))
    share = np.clip(served, 0.0, 1.0)
    if clumping > 0:
        weight = 1 / clumping - 1
        inner = np.clip(share, 1e-6, 1 - 1e-6)
        share = rng.beta(inner * weight, (1 - inner) * weight)
    hits = rng.binomial(probes, share)
    values = np.full(days, np.nan)
    np.divide(hits, probes, out=values, where=probes > 0)
    return values, probes.astype(np.int64)
