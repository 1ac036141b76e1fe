"""Builds a daily world from its seed: demand first, then strikes, then what anybody could see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.lab.daily.acts import Aftermath, Blow, draw_blows, markets_of, receivers_of, strike
from cautery.lab.daily.calendar import draw_calendar
from cautery.lab.daily.demand import Cast, draw_cast, draw_demand
from cautery.lab.daily.lives import draw_lives
from cautery.lab.daily.spec import (
    SPANS,
    Act,
    DailySources,
    DailySpec,
    DailyTruth,
    DisplacedTruth,
    StruckTruth,
)
from cautery.lab.daily.vantages import levels, served_usually, shares_served
from cautery.lab.operations.shapes import COUNTRIES
from cautery.model.daily import Strike

FloatArray = NDArray[np.float64]

LARGEST_SEED = 2**63 - 1
_PARTS = ("cast", "calendar", "demand", "blows", "strike", "levels", "served", "probes", "lives")
_FIRST = date(2023, 7, 3)
_WHAT = {
    Act.SEIZURE: "seizure of panels",
    Act.BLOCKING: "one name blocked by providers",
    Act.WAVE: "several networks at once",
    Act.SPILL_OVER: "seizure of servers at a shared hoster",
}


def daily_world(
    seed: int, spec: DailySpec | None = None, **settings: object
) -> tuple[DailySources, DailyTruth]:
    """Draw a world; the same arguments give the same world.

    Parameters
    ----------
    spec : DailySpec or None
        What is asked for; ``None``: the usual.
    **settings
        Fields of :class:`DailySpec`, in place of those of ``spec``.

    Returns
    -------
    tuple
        What anybody could see, and the truth, which no estimator may be given.

    Raises
    ------
    InputError
        If the seed or what is asked for is not valid.
    """
    if isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed {seed}: a seed must be from 0 to 2^63-1")
    spec = replace(spec or DailySpec(), **settings)  # type: ignore[arg-type]

    def chance(part: str) -> np.random.Generator:
        return np.random.default_rng([seed, 500 + _PARTS.index(part)])

    rng = chance("cast")
    first = _FIRST + timedelta(days=int(rng.integers(365)))
    markets = tuple(sorted(rng.choice(COUNTRIES, spec.markets, replace=False).tolist()))
    names = tuple(f"net-{number:02}" for number in range(1, spec.networks + 1))
    cast = draw_cast(names, markets, rng)
    calendar = draw_calendar(markets, first, spec.days, chance("calendar"))
    demand = draw_demand(cast, calendar, first, spec.days, chance("demand"))
    blows = draw_blows(spec, cast, chance("blows"))
    after = strike(blows, spec, cast, demand, chance("strike"))
    usual = served_usually(len(names), spec.days, chance("served"))
    # Probes stand in a network's home market, whose rows come first.
    served = np.clip(usual * after.served[: len(names)], 0.0, 1.0)
    lives, laws = draw_lives(first, spec.days, chance("lives"))
    sources = DailySources(
        series=(
            *levels(cast, after.used, first, chance("levels")),
            *shares_served(cast, served, first, spec.probes, chance("probes")),
        ),
        strikes=tuple(_told(blow, cast, first) for blow in blows),
        fixtures=calendar.fixtures,
        lifetimes=lives,
    )
    truth = DailyTruth(
        seed=seed,
        spec=spec,
        first=first,
        networks=names,
        rows=tuple(
            (names[int(network)], markets[int(market)])
            for network, market in zip(cast.row_network, cast.row_market, strict=True)
        ),
        used=after.used,
        used_without=demand,
        served=served,
        served_without=usual,
        struck=tuple(_struck(blows, cast, after, demand)),
        displaced=tuple(_displaced(blows, cast, after, demand)),
        spilled=tuple(names[int(network)] for network in after.spilled),
        lives=laws,
    )
    return sources, truth


def _told(blow: Blow, cast: Cast, first: date) -> Strike:
    day = first + timedelta(days=blow.day)
    return Strike(
        units=tuple(cast.names[int(network)] for network in sorted(blow.targets)),
        at=datetime.combine(day, time(blow.hour), tzinfo=UTC),
        what=_WHAT[blow.act],
    )


def _struck(
    blows: tuple[Blow, ...], cast: Cast, after: Aftermath, demand: FloatArray
) -> list[StruckTruth]:
    change = np.log(after.used / demand)
    return [
        StruckTruth(
            strike=number,
            unit=cast.names[int(cast.row_network[row])],
            market=cast.markets[int(cast.row_market[row])],
            day=blow.day,
            effect=_means(change[row], blow.day),
            area=_means(after.served[row], blow.day),
        )
        for number, blow in enumerate(blows)
        for row in np.flatnonzero(np.isin(cast.row_network, blow.targets))
        if blow.market is None or cast.row_market[row] == blow.market
    ]


def _displaced(
    blows: tuple[Blow, ...], cast: Cast, after: Aftermath, demand: FloatArray
) -> list[DisplacedTruth]:
    change = np.log(after.used / demand)
    struck = {int(target) for blow in blows for target in blow.targets}
    struck |= {int(network) for network in after.spilled}
    rows_out = []
    for number, blow in enumerate(blows):
        for market in markets_of(blow, cast):
            rows = receivers_of(blow, cast, market, struck)
            if len(rows):
                rows_out.append(
                    DisplacedTruth(
                        strike=number,
                        market=cast.markets[market],
                        share=blow.share,
                        receivers=tuple(cast.names[int(n)] for n in cast.row_network[rows]),
                        gain=_means(change[rows].mean(axis=0), blow.day),
                    )
                )
    return rows_out


def _means(course: FloatArray, day: int) -> dict[int, float | None]:
    """Return the mean of the days after a strike; its own day is half before and half after."""
    return {
        span: float(course[day + 1 : day + 1 + span].mean())
        if day + 1 + span <= len(course)
        else None
        for span in SPANS
    }
