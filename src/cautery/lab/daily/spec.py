"""What a daily world is asked for, what anybody could see of it, and its truth, kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.formats.ical import Fixture
from cautery.lab.operations.shapes import COUNTRIES
from cautery.model.daily import DailySeries, Strike
from cautery.model.lifetimes import EntityKind, Lifetime

FloatArray = NDArray[np.float64]

BEFORE_D, AFTER_D = 100, 95
"""Days that are left before the first strike and after the last: 90 of them are judged."""
SPANS = (30, 90)
"""Days after the strike over which its effect is the mean."""


class Act(StrEnum):
    """What a strike of the world is."""

    SEIZURE = "seizure"
    """A network's panels are taken: it falls at once and comes back along the lab's card."""
    BLOCKING = "blocking"
    """Providers of one market block one network: little is lost, and for days."""
    WAVE = "wave"
    """Several networks at the same moment."""
    SPILL_OVER = "spill-over"
    """A seizure that also hurts networks on the same hoster, which no list of strikes names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySpec:
    """What a daily world is asked for.

    Parameters
    ----------
    networks, markets, days : int
        How many networks over how many markets, for how many days.
    act : Act
        What a strike is.
    strikes : int
        How many, each at other networks; 0: a world in peace.
    displacement : float or None
        Share of the users driven out who go to other networks, 0 to 0.9; ``None``: drawn.
    served_left : float or None
        Share served on the first day after; ``None``: from the lab's card.
    probes : float
        Probes of each network a day.
    """

    networks: int = 28
    markets: int = 8
    days: int = 400
    act: Act = Act.SEIZURE
    strikes: int = 1
    displacement: float | None = None
    served_left: float | None = None
    probes: float = 40.0

    def __post_init__(self) -> None:
        _within("markets", self.markets, 2, len(COUNTRIES))
        _within("networks", self.networks, 2 * self.markets, 500)
        _within("days", self.days, BEFORE_D + AFTER_D + 5, 2_000)
        # A wave takes eight at most, and somebody must be left to compare with.
        _within("strikes", self.strikes, 0, self.networks // (16 if self.act is Act.WAVE else 2))
        _within("displacement", self.displacement, 0, 0.9)
        _within("served-left", self.served_left, 0.01, 1)
        _within("probes", self.probes, 1, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySources:
    """What anybody could have of the world: nothing else reaches an estimator."""

    series: tuple[DailySeries, ...]
    strikes: tuple[Strike, ...]
    fixtures: tuple[Fixture, ...]
    lifetimes: tuple[Lifetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StruckTruth:
    """What one strike did to one network in one market.

    Parameters
    ----------
    day : int
        Of the strike, counted from the world's first; it is half before and half after, and the
        first day that counts is the next one.
    effect : dict of int to float or None
        By days after the strike (30, 90): mean of log(used with / used without strikes), over days
        1 to 30, or to 90; ``None``: the world ends before.
    area : dict of int to float or None
        By days likewise: mean of served with / served without.
    """

    strike: int
    unit: str
    market: str
    day: int
    effect: dict[int, float | None]
    area: dict[int, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacedTruth:
    """Where those went whom a strike drove out of its networks, in one market.

    Parameters
    ----------
    share : float
        Of the users driven out, who went to receivers.
    receivers : tuple of str
        The market's other networks.
    gain : dict of int to float or None
        By days after the strike (30, 90): mean over receivers, and days, of log(used with / used
        without strikes).
    """

    strike: int
    market: str
    share: float
    receivers: tuple[str, ...]
    gain: dict[int, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeTruth:
    """The law of the lives of one kind: its Weibull, and the median of lives that were seen.

    Parameters
    ----------
    median_d : int
        Days after which half of those that were ever seen are gone.
    """

    kind: EntityKind
    group: str
    shape: float
    scale_d: float
    median_d: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyTruth:
    """What no source shows. It is written to a file of its own, and no estimator reads it.

    Parameters
    ----------
    rows : tuple of (unit, market)
        The networks by market, as rows of the arrays.
    used, used_without : ndarray, shape (rows, days), float64
        Users a day, in the world with and without strikes; the noise of demand is the same.
    served, served_without : ndarray, shape (networks, days), float64
        Share served, by network, in the order of ``networks``.
    spilled : tuple of str
        Networks that a strike hurt though no list of strikes names them.
    """

    seed: int
    spec: DailySpec
    first: date
    networks: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    used: FloatArray
    used_without: FloatArray
    served: FloatArray
    served_without: FloatArray
    struck: tuple[StruckTruth, ...]
    displaced: tuple[DisplacedTruth, ...]
    spilled: tuple[str, ...]
    lives: tuple[LifeTruth, ...]


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise InputError(f"{name} {value:g}: must be from {low:g} to {high:g} in this world")
