"""What the daily world draws, each with its range and the basis of the range.

Nothing here was fitted to an estimator: a range is as wide as its source, or our doubt, is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PAGE = "docs/reference/sources.md"


@dataclass(frozen=True, slots=True)
class Choice:
    """A range that is drawn from, evenly or evenly in its logarithm."""

    name: str
    low: float
    high: float
    basis: str
    by_ratio: bool = False

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return draws, shape (size,)."""
        if self.by_ratio:
            return np.exp(rng.uniform(np.log(self.low), np.log(self.high), size))
        return rng.uniform(self.low, self.high, size)

    def drawn(self, rng: np.random.Generator) -> float:
        """Return one draw."""
        return float(self.draw(rng, 1)[0])

    def as_json(self) -> dict[str, Any]:
        """Return it for the file of the truth."""
        law = "log-uniform" if self.by_ratio else "uniform"
        return {
            "name": self.name,
            "drawn_from": f"{law}({self.low:g}, {self.high:g})",
            "basis": self.basis,
        }


SECOND_MARKET = Choice("share of users in a second market", 0.2, 0.45, f"{_PAGE}, F6; judgement")
SPORT = Choice(
    "log demand for each e-fold of fixtures", 0.10, 0.45, f"{_PAGE}, F73 and F14; size by judgement"
)
FOREIGN = Choice("weight of a foreign league against the home league", 0.0, 0.3, "judgement")
CUP = Choice("weight of a cup or tournament against the home league", 0.4, 1.3, f"{_PAGE}, F14")
WEEKDAY = Choice("log demand of a weekday, spread of networks", 0.01, 0.06, "judgement")
SEASON = Choice("log amplitude of the year", 0.03, 0.15, "judgement: winter evenings")
GROWTH = Choice("log growth a year, of all", 0.0, 0.25, f"{_PAGE}, F15")
OWN_GROWTH = Choice("log growth a year, of one network over all", -0.3, 0.3, "judgement")
DRIFT_MEMORY = Choice("slow drift, correlation from day to day", 0.97, 0.995, "judgement")
DRIFT_STEP = Choice(
    "slow drift, log step of a day",
    0.006,
    0.015,
    "judgement: 3 to 8 % from month to month beside calendar and season",
    True,
)
NOISE = Choice(
    "log noise of a day (Student t, 4 degrees)",
    0.03,
    0.09,
    "judgement: blackouts, changed line-ups, a match that goes on",
    True,
)
OWN_FAULT = Choice("log fall of a day on which the network itself fails", 0.3, 1.6, "judgement")
MARKET_SHOCK = Choice("log shock common to a market, spread", 0.02, 0.05, "judgement")
MARKET_MEMORY = Choice("shock of a market, correlation from day to day", 0.5, 0.85, "judgement")
MARKET_FALL = Choice(
    "log fall on some days in a market (providers block, a holiday)", 0.08, 0.3, f"{_PAGE}, F73"
)
COMMON_SHOCK = Choice("log shock common to all markets, spread", 0.01, 0.03, "judgement")
SAMPLE_RATE = Choice(
    "look-ups a user and day at the sampled resolver", 0.02, 0.3, "judgement", True
)
SAMPLE_NOISE = Choice(
    "log noise of the sample beyond counting", 0.02, 0.08, f"{_PAGE}, F16; judgement", True
)
COVERAGE_STEP = Choice("log step a day of a vantage's coverage", 0.002, 0.008, "judgement", True)
RETURN_D = Choice(
    "days in which half of the users return to what is served again", 0.5, 4.0, "judgement"
)
SETTLE_D = Choice("days in which half of the displaced find a receiver", 0.5, 3.0, f"{_PAGE}, F20")
DISPLACED = Choice(
    "share of the users driven out who go to another network",
    0.0,
    0.9,
    f"{_PAGE}, F71: nobody at 53 sites, most at one",
)
TASTE = Choice("log spread of receivers beside their size", 0.3, 0.8, "judgement")
BLOCKED_LEFT = Choice(
    "traffic left on day 1 at one blocked site", 0.6, 1.05, f"{_PAGE}, F71: a quarter gains"
)
BLOCKED_BACK_D = Choice("half-life of a block of one site, days", 1.0, 6.0, "judgement")
SPILL_LEFT = Choice(
    "traffic left on day 1 at a neighbour on the same hoster", 0.5, 0.9, "judgement"
)
SPILL_BACK_D = Choice("half-life of the spill-over, days", 1.5, 6.0, f"{_PAGE}, F20; judgement")
SERVED_BASE = Choice("share served on a usual day", 0.90, 0.985, "judgement")
LIFE_SHAPE = Choice("Weibull shape of a life", 0.5, 0.9, f"{_PAGE}, F72: many die at once")
PRESSURE = Choice(
    "life under pressure, as a share of the life without", 0.2, 0.6, "judgement", True
)

CHOICES = tuple(value for value in list(globals().values()) if isinstance(value, Choice))
