"""How long domains, addresses, panels and brands live, left alone and under pressure."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from math import log

import numpy as np

from cautery.lab.daily import choices
from cautery.lab.daily.spec import LifeTruth
from cautery.lab.operations.titles import words
from cautery.model.lifetimes import EntityKind, Lifetime

ALONE, PRESSED = "left alone", "under pressure"
_MEDIAN_D = {
    EntityKind.DOMAIN: 120.0,
    EntityKind.ADDRESS: 20.0,
    EntityKind.PANEL: 240.0,
    EntityKind.BRAND: 700.0,
}
"""A storefront's domain lives 120 days; the others by judgement (docs/reference/sources.md, F72):
addresses are changed first and brands last."""
_COUNT = {
    EntityKind.DOMAIN: 150,
    EntityKind.ADDRESS: 200,
    EntityKind.PANEL: 60,
    EntityKind.BRAND: 30,
}
"""Born in the world's span, in each group: judgement."""


def draw_lives(
    first: date, days: int, rng: np.random.Generator
) -> tuple[tuple[Lifetime, ...], tuple[LifeTruth, ...]]:
    """Draw lives, and their laws, as one look a day sees them.

    What is born and dies between two looks is never seen.
    """
    lives: list[Lifetime] = []
    laws: list[LifeTruth] = []
    names = iter(words(rng, 2 * sum(_COUNT.values())))
    for kind, median_d in _MEDIAN_D.items():
        shape = choices.LIFE_SHAPE.drawn(rng)
        alone_d = median_d / log(2) ** (1 / shape)
        for group, scale_d in ((ALONE, alone_d), (PRESSED, alone_d * choices.PRESSURE.drawn(rng))):
            laws.append(
                LifeTruth(
                    kind=kind,
                    group=group,
                    shape=shape,
                    scale_d=scale_d,
                    median_d=_median(shape, scale_d),
                )
            )
            born = np.sort(rng.uniform(0, days - 1, _COUNT[kind]))
            died = born + scale_d * rng.weibull(shape, _COUNT[kind])
            for begin, end in zip(np.ceil(born).tolist(), died.tolist(), strict=True):
                name = next(names)
                if end <= begin:
                    continue  # gone before anybody looked
                dead_on = int(np.ceil(end))
                is_over = dead_on < days
                lives.append(
                    Lifetime(
                        entity=_entity(kind, name, len(lives)),
                        kind=kind,
                        born=first + timedelta(days=begin),
                        died=first + timedelta(days=dead_on) if is_over else None,
                        last_seen=first + timedelta(days=(dead_on if is_over else days) - 1),
                        group=group,
                    )
                )
    return tuple(lives), tuple(laws)


def seen_alive(shape: float, scale_d: float, day: int) -> float:
    """Return the share of lives once seen that are alive so many looks later.

    A life begins anywhere between two looks, so the first look finds it some hours old.
    """
    age = (np.arange(64) + 0.5) / 64
    alive = np.exp(-(((age + day) / scale_d) ** shape)).mean()
    return float(alive / np.exp(-((age / scale_d) ** shape)).mean())


def _median(shape: float, scale_d: float) -> int:
    days = range(round(100 * scale_d) + 100)
    return bisect_left(days, x=True, key=lambda day: seen_alive(shape, scale_d, day) <= 0.5)


def _entity(kind: EntityKind, name: str, number: int) -> str:
    match kind:
        case EntityKind.DOMAIN:
            return f"{name}.example"
        case EntityKind.ADDRESS:
            return f"2001:db8::{number + 1:x}"  # RFC 3849: of documents, nobody's
        case _:
            return f"{kind}-{name}"
