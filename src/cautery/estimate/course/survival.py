"""How long domains, addresses, panels and brands live, and whether a strike changed that."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.lifetimes import EntityKind, Lifetime
from cautery.model.message import Message

FloatArray = NDArray[np.float64]

COVERAGE = 0.95
LEAST_LIVES, LEAST_DEATHS = 10, 3
"""Fewer lives, or deaths, give no curve worth a number; judgement."""
UNLIKELY = 0.01
"""Below this chance two groups are said to differ: several are compared at once; judgement."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survival:
    """The lives of one kind in one group.

    Parameters
    ----------
    kind : EntityKind
    group : str
        As in the table, or ``before``/``after`` a strike; empty: all.
    lives, deaths : int
    days, alive, low, high : ndarray, shape (steps,)
        Kaplan-Meier: share alive after so many days, with its interval.
    median : Estimate or None
        Days after which half are gone; ``None``: it cannot be said.
    reason : Message or None
        Why it cannot be said.
    """

    kind: EntityKind
    group: str
    lives: int
    deaths: int
    days: FloatArray
    alive: FloatArray
    low: FloatArray
    high: FloatArray
    median: Estimate | None
    reason: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two groups of one kind, by the log-rank test.

    Parameters
    ----------
    chance : float or None
        Of a difference at least so large if both lived alike; ``None``: too few lives.
    shorter : str or None
        The group that lives shorter, if that is said.
    """

    kind: EntityKind
    first: str
    second: str
    chance: float | None
    shorter: str | None


def survivals(lifetimes: Sequence[Lifetime]) -> Iterator[Survival]:
    """Yield the survival of each kind and group, in the order of kinds and names."""
    for kind in EntityKind:
        of_kind = [life for life in lifetimes if life.kind is kind]
        for group in sorted({life.group for life in of_kind}):
            yield survival(kind, group, [life for life in of_kind if life.group == group])


def survival(kind: EntityKind, group: str, lifetimes: Sequence[Lifetime]) -> Survival:
    """Return the Kaplan-Meier curve of some lives, and their median.

    Raises
    ------
    InputError
        If there is none.
    """
    if not lifetimes:
        raise InputError(f"{kind}: no lifetime")
    from scipy.stats import ecdf  # noqa: PLC0415 - heavy

    deaths = sum(life.died is not None for life in lifetimes)
    curve = ecdf(_censored(lifetimes)).sf
    low, high = _interval(curve, deaths)
    result = Survival(
        kind=kind,
        group=group,
        lives=len(lifetimes),
        deaths=deaths,
        days=np.asarray(curve.quantiles, float),
        alive=np.asarray(curve.probabilities, float),
        low=low,
        high=high,
        median=None,
        reason=None,
    )
    median = _median(result)
    if isinstance(median, Estimate):
        return replace(result, median=median)
    return replace(result, reason=median)


def around(lifetimes: Sequence[Lifetime], day: date) -> list[Lifetime]:
    """Part lives at a strike: those born before it count up to it, those born after it whole.

    So the deaths of the strike itself are in neither: ``after`` is what grew back.
    """
    parted = []
    for life in lifetimes:
        if life.born > day:
            parted.append(_with(life, "after", life.died, life.last_seen))
        elif life.born < day:
            is_over = life.died is not None and life.died < day
            last = min(life.last_seen, day)
            parted.append(_with(life, "before", life.died if is_over else None, last))
    return parted


def compared(lifetimes: Sequence[Lifetime]) -> Iterator[Compared]:
    """Yield for each kind of two groups the log-rank test between them."""
    from scipy.stats import logrank  # noqa: PLC0415 - heavy

    for kind in EntityKind:
        of_kind = [life for life in lifetimes if life.kind is kind]
        groups = sorted({life.group for life in of_kind})
        if len(groups) != 2:
            continue
        first, second = ([life for life in of_kind if life.group == group] for group in groups)
        chance, shorter = None, None
        if all(_enough(group) for group in (first, second)):
            result = logrank(_censored(first), _censored(second))
            if math.isfinite(float(result.pvalue)):
                chance = float(result.pvalue)
                if chance < UNLIKELY:
                    # Its statistic is of the deaths of the first group above those expected.
                    shorter = groups[0] if result.statistic > 0 else groups[1]
        yield Compared(kind=kind, first=groups[0], second=groups[1], chance=chance, shorter=shorter)


def _with(life: Lifetime, group: str, died: date | None, last: date) -> Lifetime:
    return Lifetime(
        entity=life.entity, kind=life.kind, born=life.born, died=died, last_seen=last, group=group
    )


def _enough(lifetimes: Sequence[Lifetime]) -> bool:
    deaths = sum(life.died is not None for life in lifetimes)
    return len(lifetimes) >= LEAST_LIVES and deaths >= LEAST_DEATHS


def _censored(lifetimes: Sequence[Lifetime]) -> Any:
    from scipy.stats import CensoredData  # noqa: PLC0415 - heavy

    return CensoredData(
        uncensored=[float(life.lived_d) for life in lifetimes if life.died is not None],
        right=[float(life.lived_d) for life in lifetimes if life.died is None],
    )


def _interval(curve: Any, deaths: int) -> tuple[FloatArray, FloatArray]:
    """Return the pointwise log-log interval, within 0 and 1; NaN where there is none."""
    count = len(curve.quantiles)
    if not deaths:
        return np.full(count, np.nan), np.full(count, np.nan)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # At 0 and 1 there is no logarithm of a logarithm, as scipy says at each of them.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = curve.confidence_interval(confidence_level=COVERAGE, method="log-log")
    return np.asarray(interval.low.probabilities, float), np.asarray(
        interval.high.probabilities, float
    )


def _median(result: Survival) -> Estimate | Message:
    """Return the median and its interval: where the curve and its band cross one half."""
    if result.lives < LEAST_LIVES or result.deaths < LEAST_DEATHS:
        return message("course.few-lives", count=result.lives, deaths=result.deaths)
    middle, soonest, latest = (
        _crossing(result.days, curve) for curve in (result.alive, result.low, result.high)
    )
    if middle is None:
        return message("course.half-alive", alive_share=float(result.alive[-1]))
    note = None
    if latest is None:  # the upper band never falls to one half
        latest = float(result.days[-1])
        note = message("course.median-open", days=int(latest))
    return Estimate(
        quantity=message(
            "quantity.median-life", kind=result.kind.value, group=result.group or "all"
        ),
        unit="days",
        low=min(middle, float(result.days[0]) if soonest is None else soonest),
        mid=middle,
        high=max(middle, latest),
        method=message("method.kaplan-meier", count=result.lives, deaths=result.deaths),
        coverage=COVERAGE,
        note=note,
    )


def _crossing(days: FloatArray, curve: FloatArray) -> float | None:
    below = np.flatnonzero(curve <= 0.5)
    return float(days[below[0]]) if below.size else None
