"""What our vantages see of the world: sampled levels, and shares served, with noise and gaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.lab.daily import choices
from cautery.lab.daily.demand import Cast
from cautery.lab.outages import outages
from cautery.lab.served_probes import probe_served
from cautery.model.daily import DailySeries, Measure, consecutive

FloatArray = NDArray[np.float64]

_LEAST_SENSORS, _MOST_SENSORS = 3, 10
"""Of a vantage: judgement."""
_SENSOR_DOWN, _SENSOR_MEAN_D = 0.008, 2.0
_DOWN, _DOWN_MEAN_D = 0.004, 2.5
"""A sensor is down some three times a year, a whole vantage once or twice: judgement."""
_UNREAD = 0.008
"""Chance that a day of one series is missing alone: judgement."""
_FALSE_ZERO = 0.002
"""Chance that a fault of the export writes zero where there was much: judgement."""
_CHANGED = 0.4
"""Chance that a vantage gains or loses a sensor for good within the world: judgement."""


def levels(
    cast: Cast, used: FloatArray, first: date, rng: np.random.Generator
) -> Iterator[DailySeries]:
    """Yield what one sampled resolver in each market counts of each network there."""
    rows, days = used.shape
    span = consecutive(first, days)
    views = [_coverage(days, rng) for _ in cast.markets]
    rate = choices.SAMPLE_RATE.draw(rng, rows)
    spread = choices.SAMPLE_NOISE.draw(rng, rows)[:, None]
    noise = np.exp(spread * rng.standard_normal((rows, days)) - spread**2 / 2)
    coverage = np.stack([coverage for coverage, _ in views])[cast.row_market]
    counts = rng.poisson(used * rate[:, None] * coverage * noise).astype(float)
    counts[rng.random((rows, days)) < _FALSE_ZERO] = 0.0
    counts[rng.random((rows, days)) < _UNREAD] = np.nan
    for row in range(rows):
        market = int(cast.row_market[row])
        sensors = views[market][1]
        values = np.where(sensors > 0, counts[row], np.nan)
        yield DailySeries(
            unit=cast.names[int(cast.row_network[row])],
            market=cast.markets[market],
            measure=Measure.LEVEL,
            days=span,
            values=values,
            probes=np.where(np.isnan(values), 0, sensors),
            vantage=f"resolver-{cast.markets[market]}",
        )


def shares_served(
    cast: Cast, served: FloatArray, first: date, a_day: float, rng: np.random.Generator
) -> Iterator[DailySeries]:
    """Yield what our probes in each network's home market see served.

    Parameters
    ----------
    served : ndarray, shape (networks, days)
        The true share.
    """
    span = consecutive(first, served.shape[1])
    for network, name in enumerate(cast.names):
        market = cast.markets[int(cast.row_market[network])]
        values, probes = probe_served(served[network], a_day=a_day, rng=rng)
        yield DailySeries(
            unit=name,
            market=market,
            measure=Measure.SERVED,
            days=span,
            values=values,
            probes=probes,
            vantage=f"probes-{market}",
        )


def served_usually(count: int, days: int, rng: np.random.Generator) -> FloatArray:
    """Return the share that is served without strikes, shape (networks, days): never all of it."""
    base = choices.SERVED_BASE.draw(rng, count)[:, None]
    return np.asarray(rng.beta(base * 150, (1 - base) * 150, (count, days)))


def _coverage(days: int, rng: np.random.Generator) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return how much a vantage sees of its market by day, and how many sensors reported."""
    count = int(rng.integers(_LEAST_SENSORS, _MOST_SENSORS + 1))
    weight = rng.dirichlet(np.full(count, 4.0))
    up = np.stack(
        [~outages(days, chance=_SENSOR_DOWN, mean_d=_SENSOR_MEAN_D, rng=rng) for _ in range(count)]
    )
    if rng.random() < _CHANGED:
        day = int(rng.integers(1, days))
        sensor = int(rng.integers(count))
        up[sensor, slice(day, None) if rng.random() < 0.5 else slice(day)] = False
    up &= ~outages(days, chance=_DOWN, mean_d=_DOWN_MEAN_D, rng=rng)
    drift = np.cumsum(choices.COVERAGE_STEP.drawn(rng) * rng.standard_normal(days))
    return (weight @ up) * np.exp(drift), up.sum(axis=0)
