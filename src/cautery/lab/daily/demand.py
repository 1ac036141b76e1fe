"""Demand day by day, as it would be if nobody struck: calendar, season, drift, shocks and noise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from cautery.lab.daily import choices
from cautery.lab.daily.calendar import Calendar

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TAIL = 4
"""Degrees of freedom of the noise: days far off are some ten times as frequent as in a normal."""
_MEDIAN_USERS, _USERS_SPREAD, _USERS = 30_000, 1.2, (3_000, 2_000_000)
"""Log-normal, as networks are (docs/reference/sources.md, F2 to F6), without the smallest,
which no sampled resolver sees."""
_WEEKDAY = np.array([-0.06, -0.05, -0.03, -0.02, 0.03, 0.08, 0.05])
"""Log demand from Monday to Sunday beside fixtures: films and series at the weekend; judgement."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Which networks there are, and where their users are.

    Parameters
    ----------
    row_network, row_market : ndarray, shape (rows,), int64
        Network and market of each row; the first ``len(names)`` rows are the networks' homes.
    users : ndarray, shape (rows,), float64
        Users on the first day.
    """

    names: tuple[str, ...]
    markets: tuple[str, ...]
    row_network: IntArray
    row_market: IntArray
    users: FloatArray

    def rows_in(self, market: int) -> IntArray:
        """Return the rows of one market."""
        return np.flatnonzero(self.row_market == market)


def draw_cast(names: tuple[str, ...], markets: tuple[str, ...], rng: np.random.Generator) -> Cast:
    """Spread networks over markets: each has a home, and some a second market."""
    count = len(names)
    home = rng.permutation(np.arange(count) % len(markets))
    users = np.clip(_MEDIAN_USERS * np.exp(_USERS_SPREAD * rng.standard_normal(count)), *_USERS)
    abroad = np.flatnonzero(rng.random(count) < 0.25)  # judgement
    second = (home[abroad] + rng.integers(1, len(markets), len(abroad))) % len(markets)
    share = choices.SECOND_MARKET.draw(rng, len(abroad))
    at_home = users.copy()
    at_home[abroad] *= 1 - share
    return Cast(
        names=names,
        markets=markets,
        row_network=np.concatenate([np.arange(count), abroad]),
        row_market=np.concatenate([home, second]),
        users=np.concatenate([at_home, users[abroad] * share]),
    )


def draw_demand(
    cast: Cast, calendar: Calendar, first: date, days: int, rng: np.random.Generator
) -> FloatArray:
    """Return users a day of each row, shape (rows, days)."""
    networks, markets = len(cast.names), len(cast.markets)
    day = np.arange(days)
    of_year = (day + first.timetuple().tm_yday) / 365.25
    peak = rng.normal(15 / 365.25, 20 / 365.25, (markets, 1))
    season = choices.SEASON.draw(rng, markets)[:, None] * np.cos(2 * np.pi * (of_year - peak))
    shock = autoregressive(
        choices.MARKET_MEMORY.draw(rng, markets), choices.MARKET_SHOCK.draw(rng, markets), days, rng
    )
    falls = (rng.random((markets, days)) < 0.006) * choices.MARKET_FALL.draw(
        rng, markets * days
    ).reshape(markets, days)
    shared = season + shock - falls
    shared += choices.COMMON_SHOCK.drawn(rng) * tails(rng, (1, days))

    growth = choices.GROWTH.drawn(rng) + choices.OWN_GROWTH.draw(rng, networks)
    memory = choices.DRIFT_MEMORY.draw(rng, networks)
    step = choices.DRIFT_STEP.draw(rng, networks)
    drift = autoregressive(memory, step / np.sqrt(1 - memory**2), days, rng)
    weekday = _WEEKDAY + choices.WEEKDAY.draw(rng, networks)[:, None] * rng.standard_normal(
        (networks, 7)
    )
    faults = (rng.random((networks, days)) < 0.004) * choices.OWN_FAULT.draw(
        rng, networks * days
    ).reshape(networks, days)
    network_logs = growth[:, None] * day / 365.25 + drift - faults
    network_logs += weekday[:, (day + first.weekday()) % 7]

    rows = len(cast.users)
    taste = np.empty((rows, len(calendar.competitions)))
    taste[:, :markets] = choices.FOREIGN.draw(rng, rows * markets).reshape(rows, markets)
    taste[:, markets:] = choices.CUP.draw(rng, rows * (taste.shape[1] - markets)).reshape(rows, -1)
    taste[np.arange(rows), cast.row_market] = 1.0
    sport = choices.SPORT.draw(rng, networks)[cast.row_network]
    pull = sport[:, None] * np.log1p(taste @ calendar.load)
    noise = choices.NOISE.draw(rng, rows)[:, None] * tails(rng, (rows, days))
    return cast.users[:, None] * np.exp(
        pull + network_logs[cast.row_network] + shared[cast.row_market] + noise
    )


def autoregressive(
    memory: FloatArray, spread: FloatArray, days: int, rng: np.random.Generator
) -> FloatArray:
    """Return stationary AR(1) courses with heavy tails, shape (courses, days).

    Parameters
    ----------
    memory, spread : ndarray, shape (courses,), float64
        Correlation from day to day, and standard deviation of the course.
    """
    steps = tails(rng, (len(memory), days))
    steps[:, 1:] *= np.sqrt(1 - memory**2)[:, None]
    courses = [lfilter([1.0], [1.0, -phi], row) for phi, row in zip(memory, steps, strict=True)]
    course: FloatArray = spread[:, None] * np.stack(courses)
    return course


def tails(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Return Student's t draws of variance 1."""
    draws: FloatArray = rng.standard_t(_TAIL, shape) / np.sqrt(_TAIL / (_TAIL - 2))
    return draws
