"""What strikes do: the share served falls and recovers, users go, some to other networks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.lab.daily import choices
from cautery.lab.daily.demand import Cast
from cautery.lab.daily.spec import AFTER_D, BEFORE_D, Act, DailySpec
from cautery.lab.operations.card import draw_card
from cautery.lab.operations.regrowth import recovery

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_APART_D = 14
"""Least days between two strikes of one world, where there is room; a wave is one strike."""
_WAVE_LEAST, _WAVE_MOST = 4, 8
"""Networks of a wave: judgement."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One strike of the world.

    Parameters
    ----------
    day, hour : int
        When, from the world's first day on, UTC.
    targets : ndarray of int
        Networks that the strike names.
    market : int or None
        Where it takes hold; ``None``: everywhere.
    share : float
        Of the users driven out, who go to another network.
    """

    act: Act
    day: int
    hour: int
    targets: IntArray
    market: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the strikes left.

    Parameters
    ----------
    served : ndarray, shape (rows, days)
        Share of what would be served without strikes.
    used : ndarray, shape (rows, days)
        Users, with those who came from elsewhere.
    spilled : ndarray of int
        Networks hurt without being named.
    """

    served: FloatArray
    used: FloatArray
    spilled: IntArray


def draw_blows(spec: DailySpec, cast: Cast, rng: np.random.Generator) -> tuple[Blow, ...]:
    """Draw when and at whom the world's strikes are; nobody is struck twice."""
    if not spec.strikes:
        return ()
    first, last = BEFORE_D, spec.days - AFTER_D
    # Room between strikes: places in a shorter span, stretched by the least distance.
    apart = min(_APART_D, (last - first) // spec.strikes)
    places = np.sort(rng.integers(first, last - apart * (spec.strikes - 1) + 1, spec.strikes))
    days = (places + apart * np.arange(spec.strikes)).tolist()
    count = len(cast.names)
    # By their users: every published operation was against one of the largest of its time
    # (docs/reference/sources.md, F2 to F6).
    users = np.bincount(cast.row_network, cast.users, count)
    order = rng.choice(count, count, replace=False, p=users / users.sum())
    blows, at = [], 0
    for day in days:
        target_count = int(rng.integers(_WAVE_LEAST, _WAVE_MOST + 1)) if spec.act is Act.WAVE else 1
        targets = order[at : at + target_count]
        at += target_count
        blows.append(
            Blow(
                act=spec.act,
                day=day,
                hour=int(rng.integers(4, 20)),
                targets=targets,
                market=int(cast.row_market[targets[0]]) if spec.act is Act.BLOCKING else None,
                share=choices.DISPLACED.drawn(rng)
                if spec.displacement is None
                else spec.displacement,
            )
        )
    return tuple(blows)


def strike(
    blows: tuple[Blow, ...],
    spec: DailySpec,
    cast: Cast,
    demand: FloatArray,
    rng: np.random.Generator,
) -> Aftermath:
    """Let the strikes fall on a world's demand.

    Parameters
    ----------
    demand : ndarray, shape (rows, days)
        Users without strikes; it is not changed.
    """
    served = np.ones_like(demand)
    stayed = np.ones_like(demand)
    gained = np.zeros_like(demand)
    spilled: list[int] = []
    named_networks = {int(target) for blow in blows for target in blow.targets}
    for blow in blows:
        hurt = [(int(network), _course(blow, spec, rng)) for network in blow.targets]
        if blow.act is Act.SPILL_OVER:
            free = [
                n for n in range(len(cast.names)) if n not in named_networks and n not in spilled
            ]
            near = rng.choice(free, min(len(free), int(rng.integers(2, 5))), replace=False).tolist()
            spilled += near
            hurt += [(network, _spill(blow, spec.days, rng)) for network in near]
        for network, course in hurt:
            users = _following(course, choices.RETURN_D.drawn(rng))
            for row in np.flatnonzero(cast.row_network == network):
                if blow.market is None or cast.row_market[row] == blow.market:
                    served[row] *= np.minimum(course, 1.0)  # a blocked name may gain users only
                    stayed[row] *= users
        gained += _received(
            blow, cast, demand, stayed, struck=named_networks | set(spilled), rng=rng
        )
    return Aftermath(served, demand * stayed + gained, np.array(sorted(spilled), np.int64))


def receivers_of(blow: Blow, cast: Cast, market: int, struck: set[int]) -> IntArray:
    """Return the rows of a market to which a strike's users may go: networks that none struck."""
    rows = cast.rows_in(market)
    if blow.market is not None and market != blow.market:
        return rows[:0]
    return rows[~np.isin(cast.row_network[rows], sorted(struck))]


def markets_of(blow: Blow, cast: Cast) -> list[int]:
    """Return the markets in which a strike drives users out."""
    rows = np.isin(cast.row_network, blow.targets)
    markets = np.unique(cast.row_market[rows])
    return [int(m) for m in markets if blow.market is None or m == blow.market]


def _course(blow: Blow, spec: DailySpec, rng: np.random.Generator) -> FloatArray:
    """Return the share served by day; the day of the strike is whole up to its hour."""
    after = np.arange(spec.days, dtype=float) - blow.day
    if blow.act is Act.BLOCKING:
        start = choices.BLOCKED_LEFT.drawn(rng)
        course = 1 - (1 - start) * 0.5 ** (after / choices.BLOCKED_BACK_D.drawn(rng))
    else:
        card = draw_card(int(rng.integers(2**31)))
        if spec.served_left is not None:
            card = tuple(
                replace(quantity, value=spec.served_left)
                if quantity.name == "traffic left on day 1"
                else quantity
                for quantity in card
            )
        course = recovery(card, after) * np.exp(0.02 * rng.standard_normal(spec.days))
    return _begun(np.clip(course, 0.01, 1.2), blow, after)


def _spill(blow: Blow, days: int, rng: np.random.Generator) -> FloatArray:
    after = np.arange(days, dtype=float) - blow.day
    start = choices.SPILL_LEFT.drawn(rng)
    course = 1 - (1 - start) * 0.5 ** (after / choices.SPILL_BACK_D.drawn(rng))
    return _begun(course, blow, after)


def _begun(course: FloatArray, blow: Blow, after: FloatArray) -> FloatArray:
    begun = np.where(after < 0, 1.0, course)
    whole = blow.hour / 24
    begun[blow.day] = whole + (1 - whole) * begun[blow.day]
    return begun


def _following(course: FloatArray, half_d: float) -> FloatArray:
    """Return the share of users who are there: they leave at once, and come back slower."""
    rate = 1 - 0.5 ** (1 / half_d)
    users, present = course.copy(), 1.0
    for day, share in enumerate(course.tolist()):
        present = share if share < present else present + rate * (share - present)
        users[day] = present
    return users


def _received(
    blow: Blow,
    cast: Cast,
    demand: FloatArray,
    stayed: FloatArray,
    *,
    struck: set[int],
    rng: np.random.Generator,
) -> FloatArray:
    """Return who comes to each row from this strike's networks."""
    gained = np.zeros_like(demand)
    days = demand.shape[1]
    after = np.maximum(0.0, np.arange(days) - blow.day + 1)
    settled = 1 - 0.5 ** (after / choices.SETTLE_D.drawn(rng))
    for market in markets_of(blow, cast):
        rows = receivers_of(blow, cast, market, struck)
        if not len(rows):
            continue
        sources = cast.rows_in(market)
        sources = sources[np.isin(cast.row_network[sources], blow.targets)]
        users_gone = (demand[sources] * np.maximum(0.0, 1 - stayed[sources])).sum(axis=0)
        pull = cast.users[rows] * np.exp(choices.TASTE.drawn(rng) * rng.standard_normal(len(rows)))
        gained[rows] += (pull / pull.sum())[:, None] * (blow.share * users_gone * settled)
    return gained
