"""How much was served after a strike: the area under the share that our probes saw served."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from cautery.estimate.course.counterfactual import jitter
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import DailySeries
from cautery.model.message import Message

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SPANS_D = (30, 90)
USUAL_D = 60
"""Days before the strike whose mean is what is usually served."""
LEAST_USUAL_D = 14
_LONGEST_GAP = 1 / 3
"""Of the span: beyond, a straight line over the gap would be the answer; judgement."""
_COVERAGE = 0.90
_Z90 = 1.6448536269514722
_UNIFORM_SD = 1 / math.sqrt(12)


def served_after(series: DailySeries, at: datetime, *, days: int) -> Estimate | Message:
    """Return the days' worth of usual service that was served within so many days of a strike.

    Parameters
    ----------
    series : DailySeries
        A measure of what is served, from one vantage.
    at : datetime
        Of the strike; its own day, half before and half after, does not count.
    days : int
        The span.

    Returns
    -------
    Estimate or Message
        In days: ``days`` if the strike did nothing, 0 if nothing was served any more. The reason
        where it cannot be said.

    Notes
    -----
    A day's noise is half of the mean squared step from day to day: probes of one day fail
    together, so that their number would promise too much. Days without a probe are bridged by a
    straight line; the true course may lie anywhere between the gap's two ends.
    """
    row = series.at(at.date())
    before = series.values[max(0, row - USUAL_D) : max(0, row)]
    is_known = ~np.isnan(before)
    if is_known.sum() < LEAST_USUAL_D:
        return message("course.no-usual", count=int(is_known.sum()), least=LEAST_USUAL_D)
    after = series.values[row + 1 : row + 1 + days]
    measured = ~np.isnan(after)
    if len(after) < days:
        return message("course.span-not-over", days=days, count=len(after))
    if not measured.any() or _longest(measured) > _LONGEST_GAP * days:
        return message("course.long-gap", count=_longest(measured), days=days)
    rows = np.arange(days)
    usual = float(before[is_known].mean())
    if usual == 0:
        return message("course.never-served")
    mean = float(np.interp(rows, rows[measured], after[measured]).mean())
    count = int(measured.sum())
    noise = max(jitter(after, measured), _binomial(series, row, days, measured))
    variance = noise / count + _bridges(after, measured) / days**2
    usual_variance = jitter(before, is_known) / int(is_known.sum())
    ratio = mean / usual
    spread = math.sqrt(variance + ratio**2 * usual_variance) / usual
    return Estimate(
        quantity=message("quantity.served-after", unit=series.unit, days=days),
        unit="days",
        low=days * max(0.0, ratio - _Z90 * spread),
        mid=days * ratio,
        high=days * (ratio + _Z90 * spread),
        method=message("method.area", count=int(series.probes[row + 1 : row + 1 + days].sum())),
        coverage=_COVERAGE,
        note=message("course.vantage", vantage=series.vantage, count=days - count),
    )


def _binomial(series: DailySeries, row: int, days: int, measured: BoolArray) -> float:
    """Return the least variance that a day's probes leave, with one success and failure added."""
    values = series.values[row + 1 : row + 1 + days][measured]
    probes = series.probes[row + 1 : row + 1 + days][measured]
    share = (values * probes + 1) / (probes + 2)
    return float(np.mean(share * (1 - share) / (probes + 2)))


def _bridges(values: FloatArray, measured: BoolArray) -> float:
    """Return the variance of the sum over days that are bridged: each gap errs as one."""
    edges = np.flatnonzero(measured).tolist()
    total = 0.0
    for left, right in zip([None, *edges], [*edges, None], strict=True):
        ends = [float(values[place]) for place in (left, right) if place is not None]
        first = -1 if left is None else left
        end = len(values) if right is None else right
        gap = end - first - 1
        apart = abs(ends[-1] - ends[0]) if len(ends) == 2 else max(ends[0], 1 - ends[0])
        total += (gap * apart * _UNIFORM_SD) ** 2
    return total


def _longest(measured: BoolArray) -> int:
    edges = np.flatnonzero(np.concatenate([[True], measured, [True]]))
    return int(np.diff(edges).max()) - 1
