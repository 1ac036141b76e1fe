"""Small panels of services, drawn without the lab: what is true is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from cautery.model.daily import DailySeries, Measure, Strike, consecutive

FIRST = date(2024, 1, 1)
FloatArray = NDArray[np.float64]


def level(
    unit: str,
    market: str,
    values: Sequence[float] | FloatArray,
    *,
    probes: int | NDArray[np.int64] = 3,
    vantage: str = "resolver",
    measure: Measure = Measure.LEVEL,
) -> DailySeries:
    """Return a series from the first day on; NaN is a day without a measurement."""
    values = np.array(values, float)
    count = np.where(np.isnan(values), 0, probes)
    return DailySeries(
        unit=unit,
        market=market,
        measure=measure,
        days=consecutive(FIRST, len(values)),
        values=values,
        probes=np.asarray(count, np.int64),
        vantage=vantage,
    )


def strike_on(*units: str, row: int) -> Strike:
    """Return a strike on a row of the panel, at six in the morning."""
    day = consecutive(FIRST, row + 1)[-1]
    return Strike(
        units=units, at=datetime(day.year, day.month, day.day, 6, tzinfo=UTC), what="seizure"
    )


def market_values(
    seed: int, *, services: int = 16, days: int = 220, noise: float = 0.05
) -> FloatArray:
    """Return values of services with a common course and weekdays, shape (services, days)."""
    rng = np.random.default_rng(seed)
    common = 0.2 * np.sin(np.arange(days) / 20) + 0.1 * (np.arange(days) % 7 > 4)
    size = rng.uniform(5, 9, (services, 1))
    values: FloatArray = np.exp(size + common + rng.normal(0, noise, (services, days)))
    return values


MARKETS = ("IT", "ES", "FR", "DE")


def panel_series(
    seed: int, *, struck: dict[int, float] | None = None, row: int = 150, **drawn: float
) -> list[DailySeries]:
    """Return services spread over four markets; ``struck``: what is left of each after a row."""
    values = market_values(seed, **drawn)  # type: ignore[arg-type]
    for number, left in (struck or {}).items():
        values[number, row + 1 :] *= left
        values[number, row] *= (1 + 3 * left) / 4
    return [level(f"net-{number}", MARKETS[number % 4], own) for number, own in enumerate(values)]
