"""Look back at strikes: their effect, displacement, what was served, and what lives on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import InputError
from cautery.estimate.course import (
    SPANS_D,
    Compared,
    Course,
    Displacement,
    Survival,
    around,
    compared,
    courses_after,
    displacements_after,
    ground_of,
    panel_of,
    served_after,
    survivals,
)
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import DailySeries, Measure, Strike
from cautery.model.lifetimes import Lifetime
from cautery.model.message import Message
from cautery.workflows.aftermath.read import Sources

MOST_COURSES = 40
"""Services of all strikes that are estimated at once: some seconds each in a large panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedAfter:
    """What one vantage saw served after a strike, over a span of days."""

    unit: str
    market: str
    vantage: str
    strike: Strike
    days: int
    area: Estimate | None
    reason: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """What strikes did, as far as it can be said.

    Parameters
    ----------
    notes : tuple of Message
        Of all of it: what was not measured, what was passed over.
    """

    strikes: tuple[Strike, ...]
    courses: tuple[Course, ...] = ()
    displacements: tuple[Displacement, ...] = ()
    served: tuple[ServedAfter, ...] = ()
    survivals: tuple[Survival, ...] = ()
    compared: tuple[Compared, ...] = ()
    notes: tuple[Message, ...] = ()


def look_back(
    sources: Sources, *, unit: str | None = None, strike_at: datetime | None = None, days: int
) -> LookBack:
    """Estimate what strikes did.

    Parameters
    ----------
    unit : str or None
        The only service that is asked about; ``None``: all that were struck.
    strike_at : datetime or None
        The strike that is asked about; with ``unit`` it need not be among the sources'.
    days : int
        Days after the strike that the effect is the mean of.

    Raises
    ------
    InputError
        If no strike is known, or the unit is not among the series.
    """
    units = {daily.unit for daily in sources.series}
    if unit is not None and sources.series and unit not in units:
        raise InputError(
            f"--unit {unit[:60]}: no series of this service",
            hint=f"There are: {', '.join(sorted(units)[:8])}.",
        )
    if not sources.series:
        lives, tests = _lives(sources.lifetimes, sources.strikes)
        return LookBack(
            strikes=sources.strikes, survivals=lives, compared=tests, notes=sources.notes
        )
    strikes, all_strikes = _strikes(sources.strikes, unit, strike_at)
    _require_measured(strikes, units, unit)
    courses, displacements = _use(sources, strikes, all_strikes, unit, days)
    lives, tests = _lives(sources.lifetimes, strikes)
    notes = list(sources.notes)
    if not any(daily.measure is Measure.LEVEL for daily in sources.series):
        notes.append(message("course.no-level"))
    return LookBack(
        strikes=tuple(strikes),
        courses=courses,
        displacements=displacements,
        served=tuple(_served(sources.series, strikes, unit)),
        survivals=lives,
        compared=tests,
        notes=tuple(notes),
    )


def _use(
    sources: Sources,
    strikes: Sequence[Strike],
    all_strikes: Sequence[Strike],
    unit: str | None,
    days: int,
) -> tuple[tuple[Course, ...], tuple[Displacement, ...]]:
    """Return effects and displacements, where anything measures how much is used."""
    if not any(daily.measure is Measure.LEVEL for daily in sources.series):
        return (), ()
    ground = ground_of(panel_of(sources.series), all_strikes, sources.fixtures)
    struck = sum(len(strike.units) for strike in strikes) if unit is None else len(strikes)
    if struck > MOST_COURSES:
        raise InputError(
            f"{struck} services were struck, more than {MOST_COURSES}",
            hint="Ask about one: --unit NAME, or --strike DATE.",
        )
    only = None if unit is None else (unit,)
    courses: list[Course] = []
    displacements: list[Displacement] = []
    for strike in strikes:
        courses += courses_after(ground, strike, units=only, horizon=days)
        displacements += displacements_after(ground, strike, units=only, horizon=days)
    return tuple(courses), tuple(displacements)


def _strikes(
    strikes: Sequence[Strike], unit: str | None, at: datetime | None
) -> tuple[list[Strike], list[Strike]]:
    """Return the strikes that are asked about, and all that are known."""
    of_unit = [strike for strike in strikes if unit is None or unit in strike.units]
    if at is None:
        if of_unit:
            return of_unit, list(strikes)
        raise InputError(
            "no strike is known" + ("" if unit is None else f" on {unit[:60]}"),
            hint="Write strikes.csv (at,units,what), or give --strike DATE and --unit NAME.",
        )
    that_day = [strike for strike in of_unit if strike.at.date() == at.date()]
    if that_day:
        return that_day, list(strikes)
    if unit is None:
        raise InputError(
            f"--strike {at:%Y-%m-%d}: no strike of this day is known",
            hint="Say whom it hit: --unit NAME.",
        )
    strike = Strike(units=(unit,), at=at, what="strike")
    return [strike], [*strikes, strike]


def _require_measured(strikes: Sequence[Strike], units: set[str], unit: str | None) -> None:
    struck = {name for strike in strikes for name in strike.units if unit in (None, name)}
    if not struck & units:
        raise InputError(
            f"no series of a service that was struck: {', '.join(sorted(struck)[:8])}",
            hint=f"There are series of {', '.join(sorted(units)[:8])}.",
        )


def _served(
    series: Sequence[DailySeries], strikes: Sequence[Strike], unit: str | None
) -> Iterator[ServedAfter]:
    for strike in strikes:
        for daily in series:
            if daily.measure is not Measure.SERVED or daily.unit not in strike.units:
                continue
            if unit is not None and daily.unit != unit:
                continue
            for span in SPANS_D:
                area_or_reason = served_after(daily, strike.at, days=span)
                yield ServedAfter(
                    unit=daily.unit,
                    market=daily.market,
                    vantage=daily.vantage,
                    strike=strike,
                    days=span,
                    area=area_or_reason if isinstance(area_or_reason, Estimate) else None,
                    reason=area_or_reason if isinstance(area_or_reason, Message) else None,
                )


def _lives(
    lifetimes: Sequence[Lifetime], strikes: Sequence[Strike]
) -> tuple[tuple[Survival, ...], tuple[Compared, ...]]:
    """Compare lives by their own groups, else those before and after the one strike there is."""
    days = {strike.at.date() for strike in strikes}
    if len(days) == 1 and not any(life.group for life in lifetimes):
        lifetimes = around(lifetimes, days.pop())
    return tuple(survivals(lifetimes)), tuple(compared(lifetimes))
