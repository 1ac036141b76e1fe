"""Intervals that learn from their own misses: how far out the past days lay, of the same kind.

A distribution of what a day may bring is never quite right. So its central interval is taken as
wide as past days needed, and wider after each miss.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cautery.estimate.forecast.predictive import Predictive, weighted_quantile

# Chosen with the model's own numbers (ADR 0086).
_SCORE_DAYS = 60.0
"""After so many days a miss counts 1/e."""
_OTHER_KIND = 0.3
"""What a day of the other kind counts: a surprise on a quiet day says less of loud ones."""
_PRIOR_SCORES = 10.0
"""Days for which the distribution is believed as it stands, before it has been tried."""
_STEP = 0.02
"""How far a miss moves the next interval's nominal miss rate (Gibbs and Candes, 2021)."""
_FARTHEST = 0.49
"""Rank from the middle that an interval reaches at most: beyond lie the smoothing's own tails."""
_LOUD = 0.3
"""Chance from which on a day counts as one that may be loud."""
_PRIOR = np.linspace(0.0125, 0.4875, 20)


@dataclass(slots=True, kw_only=True)
class AdaptiveIntervals:
    """Intervals for one horizon, fed with what came of each day.

    Parameters
    ----------
    coverage : float
        Share of days that the intervals are to hold.

    Notes
    -----
    Scores are ranks' distances from the middle: Chernozhukov, Wuthrich and Zhu, "Distributional
    conformal prediction", PNAS 118 (2021). The miss rate asked for follows the misses: Gibbs and
    Candes, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 34 (2021).
    """

    coverage: float = 0.9
    _days: list[int] = field(default_factory=list)
    _scores: list[float] = field(default_factory=list)
    _kinds: list[bool] = field(default_factory=list)
    _miss: dict[bool, float] = field(default_factory=dict)

    def interval(self, predictive: Predictive, day: int) -> tuple[float, float]:
        """Return the interval of a day's log level.

        Parameters
        ----------
        day : int
            Number of the day up to which outcomes are known.
        """
        kind = predictive.chance_loud > _LOUD
        ages = day - np.asarray(self._days, np.float64)
        counts = np.exp(-ages / _SCORE_DAYS)
        counts *= np.where(np.asarray(self._kinds, np.bool_) == kind, 1.0, _OTHER_KIND)
        far = weighted_quantile(
            np.concatenate((np.asarray(self._scores, np.float64), _PRIOR)),
            np.concatenate((counts, np.full(len(_PRIOR), _PRIOR_SCORES / len(_PRIOR)))),
            1 - self._miss.get(kind, 1 - self.coverage),
        )
        far = min(far, _FARTHEST)
        return predictive.quantile(0.5 - far), predictive.quantile(0.5 + far)

    def learn(self, predictive: Predictive, day: int, value: float, *, held: bool) -> None:
        """Take in what came of a day.

        Parameters
        ----------
        value : float
            Its log level.
        held : bool
            Whether the interval that was given for it held it.
        """
        kind = predictive.chance_loud > _LOUD
        self._days.append(day)
        self._scores.append(abs(predictive.rank(value) - 0.5))
        self._kinds.append(kind)
        miss_share = 1 - self.coverage
        moved = self._miss.get(kind, miss_share) + _STEP * (miss_share - (not held))
        self._miss[kind] = min(max(moved, 0.01), 0.5)
