"""What a strike did to the use of a service: the mean log of observed over counterfactual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.estimate.course.contrast import (
    LEAST_AFTER_D,
    Contrast,
    Ground,
    Group,
    contrast,
)
from cautery.estimate.course.panel import Column, Panel, filled
from cautery.estimate.course.regressors import of_calendar
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import UNKNOWN_MARKET, Strike
from cautery.model.message import Message

FloatArray = NDArray[np.float64]

COVERAGE = 0.90
HORIZON_D = 30
FEW_DONORS = 3
_TENTH = 2.302585092994046
"""Where nothing is seen the true level may be a tenth of half of the smallest value: log of ten."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """How one service ran in one market after a strike.

    Parameters
    ----------
    column : Column
        The service and the market.
    strike : Strike
    horizon : int
        Days after the strike's day that count.
    effect : Estimate or None
        Mean log of observed over counterfactual; ``None``: it cannot be said.
    reason : Message or None
        Why it cannot be said.
    notes : tuple of Message
        What a reader must know: what widens the interval, what was left out.
    contrast : Contrast or None
        The course itself, to be drawn.
    first : date
        Of the rows of ``contrast``.
    """

    column: Column
    strike: Strike
    horizon: int
    effect: Estimate | None
    reason: Message | None
    notes: tuple[Message, ...]
    contrast: Contrast | None
    first: date


def ground_of(
    panel: Panel,
    strikes: Sequence[Strike],
    fixtures: Mapping[str, Mapping[date, int]] | None = None,
) -> Ground:
    """Return what all contrasts of a panel stand on.

    Parameters
    ----------
    strikes : sequence of Strike
        All that are known, also those that are not asked about: no donor and no placebo is struck.
    fixtures : mapping or None
        As in :func:`cautery.estimate.course.regressors.of_calendar`.
    """
    rows: defaultdict[int, set[int]] = defaultdict(set)
    for strike in strikes:
        for unit in strike.units:
            for column in panel.of_unit(unit):
                rows[column].add(panel.at(strike.at.date()))
    struck = {column: tuple(sorted(days)) for column, days in rows.items()}
    return Ground(
        panel=panel,
        whole=filled(panel, struck=struck),
        calendar=of_calendar(panel.days, fixtures),
        struck=struck,
    )


def courses_after(
    ground: Ground,
    strike: Strike,
    *,
    units: Sequence[str] | None = None,
    horizon: int = HORIZON_D,
    coverage: float = COVERAGE,
) -> Iterator[Course]:
    """Yield what a strike did to each of its services, in each of their markets.

    Parameters
    ----------
    units : sequence of str or None
        Those of the strike that are asked about; ``None``: all.
    """
    panel = ground.panel
    for unit in strike.units if units is None else units:
        for column in panel.of_unit(unit):
            yield _course(ground, strike, column, horizon=horizon, coverage=coverage)


def _course(
    ground: Ground, strike: Strike, column: int, *, horizon: int, coverage: float
) -> Course:
    panel = ground.panel
    where = panel.columns[column]
    row = panel.at(strike.at.date())
    notes: list[Message] = []
    days, reason = days_after(ground, (column,), row, horizon, notes)
    outcome: Contrast | Message | None = reason
    if reason is None:
        group = Group((column,), near(panel, where.market))
        placebos = [
            Group((place,), frozenset((candidate.market,)))
            for place, candidate in enumerate(panel.columns)
            if candidate.unit not in strike.units
        ]
        outcome = contrast(ground, group, placebos, at=row + 1, horizon=days, coverage=coverage)
    if not isinstance(outcome, Contrast):
        return Course(
            column=where, strike=strike, horizon=days, effect=None, reason=outcome,
            notes=tuple(notes), contrast=None, first=panel.days[0],
        )  # fmt: skip
    notes += _remarks(ground, column, row + 1, days, outcome)
    zero = float(panel.zeros[row + 1 : row + 1 + days, column].mean())
    return Course(
        column=where,
        strike=strike,
        horizon=days,
        effect=Estimate(
            quantity=message(
                "quantity.use-after-strike", unit=where.unit, market=where.market, days=days
            ),
            unit="log ratio",
            low=outcome.mean - outcome.half - zero * _TENTH,
            mid=outcome.mean,
            high=outcome.mean + outcome.half,
            method=method_of(outcome),
            coverage=coverage,
            note=notes[0] if notes else None,
        ),
        reason=None,
        notes=tuple(notes),
        contrast=outcome,
        first=panel.days[outcome.start],
    )


def near(panel: Panel, market: str) -> frozenset[str]:
    """Return the markets that are not far from one: from an unknown one, none is known to be."""
    if market == UNKNOWN_MARKET:
        return frozenset(column.market for column in panel.columns)
    return frozenset((market,))


def method_of(outcome: Contrast) -> Message:
    """Say how a contrast was found."""
    count = round(outcome.placebos)
    if outcome.donors:
        return message("method.placebo", donors=len(outcome.donors), count=count)
    return message("method.placebo-own-past", count=count)


def days_after(
    ground: Ground, columns: Sequence[int], row: int, horizon: int, notes: list[Message]
) -> tuple[int, Message | None]:
    """Return how many days after a strike can be told of, or why none can; notes are added to.

    The horizon ends where the data end, or before the next strike on the same services.
    """
    last = len(ground.panel.days) - 1
    if row < 0:
        return 0, message("course.before-data", day=ground.panel.days[0])
    if row > last:
        return 0, message("course.after-data", day=ground.panel.days[-1])
    days = horizon
    later = [
        strike_row
        for column in columns
        for strike_row in ground.struck.get(column, ())
        if strike_row > row
    ]
    if later and min(later) - row - 1 < days:
        days = min(later) - row - 1
        if days < LEAST_AFTER_D:
            return 0, message("course.second-strike", day=ground.panel.days[min(last, *later)])
        notes.append(message("course.until-second", days=days))
    if last - row < days:
        days = last - row
        if days < LEAST_AFTER_D:
            return 0, message("course.few-days-after", count=days, least=LEAST_AFTER_D)
        notes.append(message("course.until-end", days=days))
    return days, None


def _remarks(
    ground: Ground, column: int, first: int, days: int, outcome: Contrast
) -> Iterator[Message]:
    """Say what makes the answer less certain."""
    panel = ground.panel
    market = panel.columns[column].market
    after = panel.logs[first : first + days, column]
    if market == UNKNOWN_MARKET:
        yield message("course.market-unknown")
    elif not outcome.donors:
        yield message("course.no-far-services", market=market)
    elif len(outcome.donors) < FEW_DONORS:
        yield message("course.few-donors", count=len(outcome.donors))
    at_once = {
        panel.columns[place].unit
        for place, rows in ground.struck.items()
        if panel.columns[place].unit != panel.columns[column].unit
        and any(abs(row - first + 1) <= days for row in rows)
    }
    if at_once:
        yield message("course.others-struck", count=len(at_once))
    if (gaps := int(np.isnan(after).sum())) > 0:
        yield message("course.gaps", count=gaps, days=days)
    if (zeros := int(panel.zeros[first : first + days, column].sum())) > 0:
        yield message("course.zeros", count=zeros, days=days)
    if (faults := int(panel.faults[:, column].sum())) > 0:
        yield message("course.faults", count=faults)
    if outcome.noise > 0.5 * outcome.half:
        yield message("course.noisier-after")
    if outcome.sensors > 0.5 * outcome.half:
        yield message("course.sensors-changed")
    for silent_column, vantage in panel.left_out:
        if silent_column == panel.columns[column]:
            yield message("course.vantage-left-out", vantage=vantage)


__all__ = ["COVERAGE", "HORIZON_D", "Course", "courses_after", "ground_of"]
