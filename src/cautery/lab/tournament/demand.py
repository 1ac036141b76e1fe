"""What matches draw: by country, teams, stage and hour, over a quiet level that drifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.lab.tournament.spec import COMPETITION, COUNTRIES, TEAMS
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.model.preparation import Match

FloatArray = NDArray[np.float64]

_STAGES = {"": 0.0, "qualifying": 0.2, "group stage": 0.9, "round of 16": 1.1,
           "quarter-final": 1.4, "semi-final": 1.7, "final": 2.2}  # fmt: skip
"""Log of demand over a round of a league. Choices of this lab."""
_NIGHT = -0.7
"""Log of demand for a kick-off when most people sleep."""
_OWN_TEAM = 1.2
_SURPRISE, _NOISE, _MISSED = 0.30, 0.08, 0.02
_DRIFT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Levels of each country's channel, and what each match drew."""

    levels: Mapping[str, FloatArray]
    match_levels: dict[tuple[str, str], float]


def demand(days: Sequence[date], matches: Sequence[Match], rng: np.random.Generator) -> Demand:
    """Draw the demand of some days.

    Returns
    -------
    Demand
        By country, levels of shape (days,).
    """
    teams = dict(zip(TEAMS, rng.normal(0, 0.4, len(TEAMS)), strict=True))
    team_of = dict(zip(COUNTRIES, rng.permutation(len(TEAMS)), strict=False))
    first = days[0]
    match_levels: dict[tuple[str, str], float] = {}
    levels: dict[str, FloatArray] = {}
    for country in COUNTRIES:
        size = float(np.exp(rng.normal(7.0, 0.5)))
        walk = np.cumsum(rng.normal(0, _DRIFT, len(days)))
        week = rng.normal(0, 0.08, 7)
        quiet = 0.15 * size * np.exp(walk + week[[day.weekday() for day in days]])
        level = quiet.copy()
        for match in matches:
            if match.countries and country not in match.countries:
                continue
            log = _STAGES[match.stage] + rng.normal(0, _SURPRISE)
            log += _NIGHT if match.starts_at.hour < 5 else 0.0
            if match.competition == COMPETITION:
                playing = [team for team in match.name.split(" v ") if team in teams]
                log += sum(teams[team] for team in playing)
                log += _OWN_TEAM * (TEAMS[team_of[country]] in playing)
            at = (match.starts_at.date() - first).days
            match_levels[match.id, country] = float(size * np.exp(walk[at] + log))
            level[at] += match_levels[match.id, country]
        levels[country] = level * np.exp(rng.normal(0, _NOISE, len(days)))
    return Demand(levels=levels, match_levels=match_levels)


def measured(
    demand: Demand, first: date, span: slice, rng: np.random.Generator
) -> tuple[DailySeries, ...]:
    """Return the series that somebody measured on some of the days; a few days are missed."""
    series: list[DailySeries] = []
    for country, levels in demand.levels.items():
        values = np.round(levels[span], 1)
        missed = rng.random(len(values)) < _MISSED
        missed[[0, -1]] = False
        values[missed] = np.nan
        start = first.toordinal() + (span.start or 0)
        series.append(
            DailySeries(
                unit=f"sport-1-{country.lower()}",
                market=country,
                measure=Measure.LEVEL,
                days=consecutive(date.fromordinal(start), len(values)),
                values=values,
                probes=np.where(missed, 0, 3).astype(np.int64),
                vantage="resolver",
            )
        )
    return tuple(series)
