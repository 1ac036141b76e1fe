"""What the days up to an origin say of a day behind it: how likely it is loud, and how loud.

Weekdays and, where a calendar is given, fixtures shift the chance and the level. Old days weigh
less and less, quiet ones fastest: a series of blocks changes its level from one week to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.estimate.forecast.predictive import Predictive
from cautery.estimate.forecast.states import loud_days
from cautery.estimate.forecast.traits import DayTraits

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Chosen on the first four months of a published list (ADR 0086), the same for every series.
LOOKS_BACK = 112
"""Days that say anything: sixteen weeks."""
_PARTS = 56
"""Days that say where quiet and loud part."""
_CHANCE_DAYS, _LOUD_DAYS, _QUIET_DAYS = 56.0, 20.0, 4.0
"""After so many days a day weighs 1/e: for the chance, and for the two levels."""
_PRIOR_DAYS = 0.3
"""Days of the series' own share of loud days, which the chance begins with."""
_RIDGE = 4.0
"""Days that an effect is shrunk by: one that was seen so often counts half."""
UNSEEN_LOG = 0.7
"""Standard deviation of the effect of a stage that the past has not seen, in logs: a final, the one
stage in twenty, draws 3.2 times what a match of its tournament does in the mean (328 million over
5.23 billion in 51 matches; docs/reference/sources.md, F84)."""
_NEGLIGIBLE = 1e-5
"""Share of a distribution below which a day is left out: all of them have 0.1 % at most."""
_NARROWEST = 0.02
"""Width of an analogue at least: two days are never the same to within 2 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What the days up to an origin say.

    Parameters
    ----------
    ages : ndarray, shape (analogues,), int64
        Days from each to the origin.
    logs : ndarray, shape (analogues,), float64
        Their log levels.
    loud : ndarray, shape (analogues,), bool
        Which were loud.
    kinds : DayTraits
        What kind of day each was.
    effects : tuple of ndarray, shape (traits,)
        Of each trait on the level of quiet days, and of loud ones.
    """

    ages: FloatArray
    logs: FloatArray
    loud: BoolArray
    kinds: DayTraits
    effects: tuple[FloatArray, FloatArray]

    def day(self, kind: DayTraits) -> Predictive:
        """Return what a day of some kind may bring.

        Parameters
        ----------
        kind : DayTraits
            Of one day.
        """
        weights = self.kinds.alike(kind) * np.exp(-self.ages / _CHANCE_DAYS)
        chance = (weights[self.loud].sum() + _PRIOR_DAYS * self.loud.mean()) / (
            weights.sum() + _PRIOR_DAYS
        )
        values, widths = self.logs.copy(), np.full(len(self.logs), _NARROWEST)
        shares = np.zeros(len(self.logs))
        for state, days, part in ((self.loud, _LOUD_DAYS, chance),
                                  (~self.loud, _QUIET_DAYS, 1 - chance)):  # fmt: skip
            if not state.any():
                continue
            effect = self.effects[int(state is self.loud)]
            values[state] += (kind.design - self.kinds.design[state]) @ effect
            weight = _recent(self.ages[state], days)
            shares[state] = part * weight
            unseen = (kind.by_calendar[0] != 0) & ~self.kinds.by_calendar[state].any(axis=0)
            widths[state] = np.hypot(
                max(_width(values[state], weight), _NARROWEST), UNSEEN_LOG * unseen.any()
            )
        is_weighty = shares > _NEGLIGIBLE
        return Predictive(
            values=values[is_weighty],
            weights=shares[is_weighty] / shares[is_weighty].sum(),
            widths=widths[is_weighty],
            loud=self.loud[is_weighty],
        )


def fit(logs: FloatArray, kinds: DayTraits) -> Fitted:
    """Learn from the days up to an origin, the last of them.

    Parameters
    ----------
    logs : ndarray, shape (days,), float64
        Log levels; NaN where nobody measured.
    kinds : DayTraits
        Of the same days.
    """
    first = max(0, len(logs) - LOOKS_BACK)
    measured = np.flatnonzero(~np.isnan(logs[first:])) + first
    measured_logs, of_kind = logs[measured], kinds.take(measured)
    ages = (len(logs) - 1 - measured).astype(np.float64)
    loud = loud_days(measured_logs, _PARTS)
    effects = [
        _effects(measured_logs[state], of_kind.design[state], _recent(ages[state], _CHANCE_DAYS))
        for state in (~loud, loud)
    ]
    return Fitted(
        ages=ages, logs=measured_logs, loud=loud, kinds=of_kind, effects=(effects[0], effects[1])
    )


def _recent(ages: FloatArray, days: float) -> FloatArray:
    """Weights in all 1; of one level the newest day counts whole, however long it is ago."""
    weights = np.exp(-(ages - ages.min(initial=np.inf)) / days)
    total: FloatArray = weights / weights.sum() if len(weights) else weights
    return total


def _effects(logs: FloatArray, design: FloatArray, weights: FloatArray) -> FloatArray:
    """Ridge regression of log levels on traits, about the level's own mean."""
    if len(logs) < 2:
        return np.zeros(design.shape[1])
    days = weights / weights.max()
    off = logs - np.average(logs, weights=weights)
    about = design - np.average(design, axis=0, weights=weights)
    gram = (about.T * days) @ about + _RIDGE * np.eye(design.shape[1])
    effects: FloatArray = np.linalg.solve(gram, (about.T * days) @ off)
    return effects


def _width(values: FloatArray, weights: FloatArray) -> float:
    """Silverman's rule of thumb for weighted days (Density Estimation, 1986, 3.4.2)."""
    mean = weights @ values
    spread = float(np.sqrt(weights @ (values - mean) ** 2))
    return 0.9 * spread * float(np.sum(weights**2) ** 0.2)
