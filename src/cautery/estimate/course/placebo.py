"""How wrong is the estimator where nothing happened: the error's distribution from placebos.

The same estimator runs on other services and on earlier dates. Each error is divided by the scale
of its own service, taken from that service's other dates and drawn towards that of all; the
quantile of these ratios times the scale of the struck service is the interval's half-width. So the
uncertainty of the scale itself is within the quantile. After the placebo tests of Abadie, Diamond
and Hainmueller (JASA 2010) and conformal inference (Chernozhukov, Wüthrich and Zhu, JASA 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PRIOR_WINDOWS = 8.0
"""How many windows of its own the scale of all services counts in that of one; ADR 0084."""
FEW_PLACEBOS = 20.0
"""Fewer independent placebos have no quantile of their own: Student's t stands in."""
LEAST = 4.0
"""Fewer independent placebos give no interval."""
_LEARNT = 4.0
"""Numbers that the estimator learnt from the placebos themselves: its penalty, and how much of the
drift of three half-lives lasts. Their errors are smaller for it, as residuals of a regression are.
"""
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Placebos:
    """Errors of the estimator where nothing happened.

    Parameters
    ----------
    errors : ndarray, shape (placebos,)
        Mean logs that should have been zero.
    of : ndarray of int, shape (placebos,)
        Which group of services each belongs to.
    at : ndarray of int, shape (placebos,)
        Row of each placebo's date.
    horizon : int
        Days that each error is a mean over.
    """

    errors: FloatArray
    of: IntArray
    at: IntArray
    horizon: int

    @cached_property
    def typical(self) -> float:
        """Median over groups of the mean squared error: one odd service moves it little."""
        squares = self.errors**2
        means = [float(np.mean(squares[self.of == group])) for group in np.unique(self.of)]
        return max(float(np.median(means)), _TINY)

    @cached_property
    def independent(self) -> float:
        """How many do not overlap: of each group its dates' span in horizons, at least one."""
        total = 0.0
        for group in np.unique(self.of):
            dates = self.at[self.of == group]
            total += min(len(dates), 1 + (dates.max() - dates.min()) / self.horizon)
        return float(total)


def scale_of(group: int, placebos: Placebos, *, apart_from: int | None = None) -> float:
    """Return the scale of a group's errors, drawn towards the one of all groups.

    Parameters
    ----------
    apart_from : int or None
        Row of a date: windows that overlap its own do not count.
    """
    of_group = placebos.of == group
    if apart_from is not None:
        of_group &= np.abs(placebos.at - apart_from) >= placebos.horizon
    return math.sqrt(_drawn(placebos.errors[of_group], placebos.at[of_group], placebos))


def factor(placebos: Placebos, *, coverage: float) -> float:
    """Return how many of its own scales a group's error reaches with this probability.

    Raises
    ------
    InputError
        If there are fewer independent placebos than :data:`LEAST`.
    """
    count = placebos.independent
    if count < LEAST:
        raise InputError(f"{count:.0f} independent placebos are too few for an interval")
    ratios = np.abs(placebos.errors) / scales(placebos)
    level = coverage * (1 + 1 / count)  # as in split conformal inference
    if count < FEW_PLACEBOS:
        from scipy.stats import t as student  # noqa: PLC0415 - heavy

        reach = math.sqrt(np.mean(ratios**2)) * student.ppf((1 + coverage) / 2, df=count - 1)
        return float(reach)
    return float(np.quantile(ratios, min(level, 1.0))) * math.sqrt(count / (count - _LEARNT))


def scales(placebos: Placebos) -> FloatArray:
    """Return for each error the scale of its group's other dates, shape (placebos,)."""
    return np.array(
        [
            scale_of(group, placebos, apart_from=at)
            for group, at in zip(placebos.of.tolist(), placebos.at.tolist(), strict=True)
        ]
    )


def _drawn(errors: FloatArray, at: IntArray, placebos: Placebos) -> float:
    if not errors.size:
        return placebos.typical
    windows = float(min(errors.size, 1 + (at.max() - at.min()) / placebos.horizon))
    mean_square = float(np.mean(errors**2))
    return (PRIOR_WINDOWS * placebos.typical + windows * mean_square) / (PRIOR_WINDOWS + windows)
