"""What came before the day and what grows back after it: interventions, recovery, descendants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from cautery.lab.operations.card import value
from cautery.lab.operations.chance import chance, token
from cautery.lab.operations.network import Supply
from cautery.lab.operations.shapes import MONTHS, Shape
from cautery.lab.operations.spec import Descendant, Drawn, FloatArray, Happening
from cautery.lab.operations.titles import words
from cautery.messages import message, say

DAYS = 460
"""Of truth after the day: fourteen months [S16] and a few weeks."""


def draw_interventions(shape: Shape, raids: Sequence[int], seed: int) -> tuple[Happening, ...]:
    """Return what was tried before the day: national raids, and blocking at both tournaments."""
    rng = chance(seed, "regrowth", 0)
    happenings = [
        Happening(
            at=datetime(MONTHS[n].year, MONTHS[n].month, int(rng.integers(3, 27)), 6, tzinfo=UTC),
            kind="national-raid",
            country=str(rng.choice([shape.lead, "ES", "GR", "FR"])),
            text=message("event.national-raid"),
        )
        for n in raids
    ]
    euro, paris = (message("event.blocking", event=name) for name in ("Euro 2024", "Paris 2024"))
    for kind, day, text in (
        ("live-blocking", datetime(2024, 6, 14, 12, tzinfo=UTC), euro),
        ("live-blocking", datetime(2024, 7, 26, 12, tzinfo=UTC), paris),
        ("notices", datetime(2024, 2, 12, 12, tzinfo=UTC), message("event.notices")),
    ):
        happenings.append(Happening(at=day, kind=kind, country="EU", text=text))
    return tuple(sorted(happenings, key=lambda happening: happening.at))


def served_course(card: tuple[Drawn, ...], seed: int) -> FloatArray:
    """Return the share of users served by day, from the day on (index 0), over ``DAYS`` days.

    Down at once, then back along an exponential to the share that comes back (card).
    """
    rng = chance(seed, "regrowth", 1)
    course = recovery(card, np.arange(DAYS, dtype=float))
    course *= np.exp(0.02 * rng.standard_normal(DAYS))
    return np.asarray(np.clip(course, 0.0, 1.0))


def recovery(card: tuple[Drawn, ...], day: FloatArray) -> FloatArray:
    """Return the share served so many days after the act, without noise.

    Parameters
    ----------
    day : ndarray, float64
        Days after the act; before it, too, what is left of the first day is served.
    """
    left = value(card, "traffic left on day 1")
    back = max(left, value(card, "share that comes back"))
    half_d = value(card, "recovery half-life, days")
    switch_d = value(card, "panel switch, days")
    grown = 1 - 0.5 ** (np.maximum(0.0, day - switch_d) / half_d)
    course: FloatArray = left + (back - left) * grown
    return course


def standing_by_month(shape: Shape, course: FloatArray) -> FloatArray:
    """Return the share of the network that stands in each month: 1 up to the day's month."""
    left = np.ones(len(MONTHS))
    day = shape.moment.date()
    for n, month in enumerate(MONTHS):
        if month > day:
            first = (month - day).days
            left[n] = course[first : first + 30].mean()
    return left


def draw_regrowth(
    card: tuple[Drawn, ...],
    shape: Shape,
    net: Supply,
    operator: dict[str, str],
    seed: int,
) -> tuple[tuple[Descendant, ...], tuple[Happening, ...]]:
    """Draw the descendants, with what they share with the seized, and the world's timeline.

    A descendant is found by what it shows of itself: a certificate, an icon, an analytics number,
    a contact, a wallet, a template. Some of it is changed, some is a decoy.
    """
    rng = chance(seed, "regrowth", 2)
    names = iter(words(rng, 400))
    descendants_drawn: list[Descendant] = []
    switch_d = value(card, "panel switch, days")
    life = {"origin": (20.0, 8), "panel": (switch_d, 30), "storefront": (6.0, 50), "edge": (12, 20)}
    for its, (mean_d, limit) in life.items():
        olds = net.of_type(its)
        back = rng.random(len(olds)) < 0.55 * value(card, "share that comes back")
        for old in [node for node, is_back in zip(olds, back.tolist(), strict=True) if is_back][
            :limit
        ]:
            late = rng.random() < 0.2  # the second wave, towards February 2026 [S16]
            wait = float(rng.uniform(150, 420)) if late else float(rng.exponential(mean_d)) + 0.3
            descendants_drawn.append(
                _descendant(
                    old,
                    its=its,
                    name=next(names),
                    wait_d=wait,
                    shape=shape,
                    net=net,
                    operator=operator,
                    seed=seed,
                    rng=rng,
                )
            )
    if not descendants_drawn:
        old = net.of_type("panel")[0]
        descendants_drawn.append(
            _descendant(
                old,
                its="panel",
                name=next(names),
                wait_d=2.0,
                shape=shape,
                net=net,
                operator=operator,
                seed=seed,
                rng=rng,
            )
        )
    descendants = tuple(
        sorted(descendants_drawn, key=lambda descendant: (descendant.at, descendant.asset))
    )
    timeline = [
        Happening(
            at=shape.moment,
            kind="action-day",
            country=shape.lead,
            text=message("event.action-day", title=shape.title),
        )
    ]
    timeline += [
        Happening(
            at=descendant.at,
            kind="descendant",
            country=descendant.country,
            text=message(
                "event.descendant",
                asset=descendant.asset.partition(":")[2],
                like=descendant.like.partition(":")[2],
            ),
            refs=(descendant.asset, descendant.like),
        )
        for descendant in descendants
    ]
    if shape.like in {"taken-down", "kratos"}:
        timeline.append(
            Happening(
                at=datetime(2026, 2, 3, 6, 0, tzinfo=UTC),  # [S16]
                kind="second-action",
                country="IT",
                text=message("event.second-action"),
                refs=tuple(descendant.asset for descendant in descendants[-3:]),
            )
        )
    return descendants, tuple(
        sorted(timeline, key=lambda happening: (happening.at, say(happening.text)))
    )


def _descendant(
    old: str,
    *,
    its: str,
    name: str,
    wait_d: float,
    shape: Shape,
    net: Supply,
    operator: dict[str, str],
    seed: int,
    rng: np.random.Generator,
) -> Descendant:
    traits = {
        trait: shown_value
        for trait, shown_value in net.traits[old].items()
        if trait != "address" and rng.random() < 0.7
    }
    if operator.get(old) and rng.random() < 0.5:
        # Money flows gave the second action its leads [S16].
        traits["wallet-of"] = token(seed, "wallet-of", operator[old], length=16)
    if not traits:
        traits = {"template": token(seed, "template", net.trunk.get(old, its), length=12)}
    prefix = {"origin": "org", "edge": "edge", "panel": "panel", "storefront": "new"}[its]
    asset = f"panel:panel-{name}" if its == "panel" else f"host:{prefix}-{name}.example"
    place = str(rng.choice(["RO", "NL", "BG", "HK", "IT", net.places[old]]))
    return Descendant(
        at=shape.moment + timedelta(seconds=int(wait_d * 86400)),
        asset=asset,
        like=old,
        role=its,
        country=place,
        traits=traits,
    )
