"""Builds a world of an operation from its seed: truth first, then what anybody could see of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from cautery.errors import InputError
from cautery.lab.operations.audience import draw_audience
from cautery.lab.operations.biases import CHANNELS, draw_biases, require_biases
from cautery.lab.operations.card import draw_card
from cautery.lab.operations.chance import chance
from cautery.lab.operations.day import CRYPTO_EUR, draw_failures, draw_finds, draw_searches
from cautery.lab.operations.fact_sheet import SHEETS, fact_sheet
from cautery.lab.operations.intelligence import draw_intelligence
from cautery.lab.operations.money import RATES, draw_money, purchase_counts
from cautery.lab.operations.regrowth import (
    draw_interventions,
    draw_regrowth,
    served_course,
    standing_by_month,
)
from cautery.lab.operations.shapes import COUNTRIES, MONTHS, kept, shape_of
from cautery.lab.operations.spec import OperationWorld, Truth
from cautery.lab.operations.supply import draw_supply
from cautery.lab.operations.table import draw_agencies, draw_persons
from cautery.lab.operations.titles import channel_names, work_names

Progress = Callable[[int, int, str], None]

LARGEST_SEED = 2**63 - 1
LEAST_SCALE = 0.001
"""Below, countries have no payer left."""

_STEPS = ("audience", "supply", "table", "biases", "money", "intelligence", "day", "regrowth")


def build_world(
    like: str,
    *,
    seed: int,
    scale: float = 1.0,
    off: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> OperationWorld:
    """Draw a world; the same arguments give the same world.

    Parameters
    ----------
    like : str
        One of :data:`cautery.lab.operations.LIKES`.
    scale : float
        1 is full size. Users and lines shrink by it, the supply by its root.
    off : mapping of str to float, or None
        By which factor the draw of a prior is off, by the prior's constant: ``USERS_PER_PAYER``.
        Such a world is not what the priors expect; a share stays under one.
    progress : callable or None
        Called with ``(done, total, what)``, from zero on.

    Raises
    ------
    InputError
        If the shape is unknown, seed or scale are not valid, or what is off is no bias of a world.
    """
    shape = shape_of(like)
    if isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed {seed}: a seed must be from 0 to 2^63-1")
    if not math.isfinite(scale) or not LEAST_SCALE <= scale <= 1:
        raise InputError(f"scale {scale:g}: a scale must be from {LEAST_SCALE:g} to 1")

    errors = dict(off or {})
    require_biases(errors)

    def now(step: str) -> None:
        if progress is not None:
            progress(_STEPS.index(step), len(_STEPS), step)

    now("audience")
    card = draw_card(seed)
    course = served_course(card, seed)
    left = standing_by_month(shape, course)
    audience = draw_audience(shape, card, left, seed=seed, scale=scale, off=errors)
    month = next(
        n for n, month in reversed(list(enumerate(MONTHS))) if month <= shape.moment.date()
    )
    now("supply")
    net = draw_supply(shape, card, audience.users[month], seed, scale)
    now("table")
    agencies = draw_agencies(shape)
    persons, operator = draw_persons(shape, net, seed, scale)
    now("biases")
    biases, opened = draw_biases(net, audience, seed, off=errors)
    now("money")
    flows = draw_money(
        shape,
        net,
        operator=operator,
        audience=audience,
        biases=biases,
        agencies=agencies,
        crypto_eur=_crypto_eur(like, audience.revenue_eur[month].sum(), scale),
        seed=seed,
    )
    now("intelligence")
    intelligence = draw_intelligence(
        net, agencies, persons, flows.purchases, moment=shape.moment, seed=seed
    )
    now("day")
    searches, persons = draw_searches(shape, net, agencies, persons, seed=seed, scale=scale)
    finds = draw_finds(shape, net, searches, flows.cold, seed=seed, scale=scale)
    now("regrowth")
    descendants, timeline = draw_regrowth(card, shape, net, operator, seed)
    names = chance(seed, "titles")
    return OperationWorld(
        like=like,
        seed=seed,
        scale=float(scale),
        sheet=fact_sheet(like) if like in SHEETS else None,
        card=card,
        countries=COUNTRIES,
        months=MONTHS,
        moment=shape.moment,
        truth=Truth(
            users=audience.users,
            payers=audience.payers,
            revenue_eur=audience.revenue_eur,
            claimed_users=shape.claimed_users,
            claimed_revenue_eur_month=shape.claimed_revenue_eur_month,
            operator=operator,
            owner=flows.owner,
        ),
        biases=biases,
        supply=net.graph(),
        nodes=net.nodes(),
        costs=net.costs,
        place_of=net.places,
        collateral=net.collateral,
        untouchable=net.untouchable,
        traits=net.traits,
        co_tenants=tuple(net.co_tenants),
        channels=channel_names(names, kept(shape.channels, scale)),
        works=work_names(names, kept(shape.works, scale)),
        agencies=agencies,
        persons=persons,
        intelligence=intelligence,
        transfers=tuple(flows.transfers),
        tags=tuple(flows.tags),
        purchases=tuple(flows.purchases),
        purchase_counts=purchase_counts(flows.purchases, CHANNELS),
        searches=searches,
        finds=finds,
        step_failures=draw_failures(card, net, seed),
        interventions=draw_interventions(shape, audience.raids, seed),
        timeline=timeline,
        served_truth=course,
        descendants=descendants,
        rates=RATES,
        seized_panels=opened,
    )


def _crypto_eur(like: str, revenue_eur_month: float, scale: float) -> float:
    """Return what the wallets of the day hold: as published, or a share of revenue (judgement).

    Published seizures are 0.66 % of one month of the claimed revenue; of a true one, more.
    """
    if like in SHEETS:
        return round(CRYPTO_EUR * math.sqrt(scale), 2)
    return round(0.3 * revenue_eur_month, 2)
