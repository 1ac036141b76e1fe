"""Figures of merit of likelihood ratios: how informative, how well calibrated, how far borne.

Ratios are log10, of probes of the same content (``same``) and of other content (``other``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import beta

Ratios = NDArray[np.float64]
BINS = 10
_MOST_LOG10 = 300.0
_STEP = 0.01


def cllr(same: Ratios, other: Ratios) -> float:
    """Return the log-likelihood-ratio cost, bits: 0 is perfect, 1 says nothing.

    After Bruemmer and du Preez, "Application-independent evaluation of speaker detection", Computer
    Speech and Language 20, 2006.
    """
    missed = np.logaddexp2(0, -same * math.log2(10)).mean()
    false = np.logaddexp2(0, other * math.log2(10)).mean()
    return float(missed + false) / 2


def calibrated(same: Ratios, other: Ratios) -> tuple[Ratios, Ratios]:
    """Return the ratios as they would be, were they calibrated on these very probes.

    By pool adjacent violators, which keeps their order: what is left of their cost is what they
    cannot tell apart. A ratio that only one class reaches becomes 0 or without bound.
    """
    every = np.concatenate([same, other])
    truth = np.concatenate([np.ones(len(same)), np.zeros(len(other))])
    # Equal ratios must stay equal, so that each value counts once, with its weight.
    _, place, counts = np.unique(every, return_inverse=True, return_counts=True)
    share = np.bincount(place, truth) / counts
    chance = isotonic_regression(share, weights=counts).x
    with np.errstate(divide="ignore"):
        ratio = np.log10(chance / (1 - chance)) - math.log10(len(same) / len(other))
    ratio = np.clip(ratio, -_MOST_LOG10, _MOST_LOG10)[place]
    return ratio[: len(same)], ratio[len(same) :]


@dataclass(frozen=True, slots=True)
class Merits:
    """What ratios are worth: ``least`` of the cost is what they cannot tell apart."""

    cost: float
    least: float
    equal_error: float
    same: int
    other: int

    @property
    def calibration(self) -> float:
        """What calibration would save."""
        return self.cost - self.least


def merits(same: Ratios, other: Ratios) -> Merits:
    """Return the figures of merit of ratios."""
    best = calibrated(same, other)
    return Merits(
        cllr(same, other), cllr(*best), equal_error(same, other), len(same), len(other)
    )  # fmt: skip


def equal_error(same: Ratios, other: Ratios) -> float:
    """Return the rate at which misses and false matches are as frequent, on the convex hull.

    After Bruemmer and de Villiers, "The BOSARIS toolkit", 2013: chance may decide at a threshold,
    so that any mixture of two operating points can be had.
    """
    a, b = calibrated(same, other)
    worst = 0.0
    for prior in np.linspace(0.0005, 0.9995, 1999):
        # The least cost of any threshold at this prior; the equal error rate is its maximum.
        odds = math.log10((1 - prior) / prior)
        cost = prior * float((a < odds).mean()) + (1 - prior) * float((b >= odds).mean())
        worst = max(worst, cost)
    return worst


def tippett(ratios: Ratios, at: Ratios) -> Ratios:
    """Return the share of ratios that are at least as large as each of ``at``."""
    return 1.0 - np.searchsorted(np.sort(ratios), at, "left") / len(ratios)


def elub(same: Ratios, other: Ratios) -> float:
    """Return the empirical upper bound of log10 ratios, 0 or more.

    Up to there, whoever decides by the ratios fares better than one who has none, even if one more
    probe of each class had misled: ``misses + ratio * false matches < 1``, in rates. After Vergeer,
    van Es, de Jongh, Alberink and Stoel, "Numerical likelihood ratios outputted by LR systems are
    often based on extrapolation: when to stop extrapolating?", Science & Justice 56, 2016.
    """
    at = np.arange(0.0, math.log10(len(other) + 1) + _STEP, _STEP)
    missed = (len(same) * (1 - tippett(same, at)) + 1) / (len(same) + 1)
    false = (len(other) * tippett(other, at) + 1) / (len(other) + 1)
    worse = np.flatnonzero(missed + 10**at * false >= 1)
    first = int(worse[0]) if len(worse) else len(at)
    return float(at[first - 1]) if first else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Probes of like probability: its mean, the share that was right, and how many there are."""

    said: float
    share: float
    low: float
    high: float
    count: int


def reliability(said: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Return what was right of what was said, in ten equal bins, with 95 % intervals."""
    chance, true = np.asarray(said, float), np.asarray(right, bool)
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    made = []
    for number in np.unique(bins):
        here = bins == number
        low, high = interval(int(true[here].sum()), int(here.sum()))
        made.append(
            Bin(float(chance[here].mean()), float(true[here].mean()), low, high, int(here.sum()))
        )
    return made


def calibration_error(said: Sequence[float], right: Sequence[bool]) -> float:
    """Return by how much the ten bins are off, by how many probes are in each."""
    bins = reliability(said, right)
    return sum(abs(one.said - one.share) * one.count for one in bins) / len(said)


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the Clopper-Pearson 95 % interval."""
    low = float(beta.ppf(0.025, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high
