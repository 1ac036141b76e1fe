"""Who appears: descendants that keep some traits, strangers, and those who look alike."""

from __future__ import annotations

from cautery.lab.descent.chance import Chance
from cautery.lab.descent.pools import Pools
from cautery.lab.descent.services import (
    PLACE,
    ROLES,
    SHOP,
    SUPPLY,
    Service,
    Values,
    drawn_role,
    drawn_service,
)
from cautery.model.descent import TraitKind as K

KEEPING_RATES = {
    K.STREAM_FAULT: 0.88,
    K.PANEL: 0.8,
    K.GUIDE_QUIRK: 0.85,
    K.CATALOGUE_ORDER: 0.85,
    K.MIDDLEWARE: 0.85,
    K.SITE_NAME: 0.65,
    K.TEMPLATE: 0.7,
    K.PRICE_LIST: 0.75,
    K.ANALYTICS: 0.5,
    K.PAYMENT_END: 0.65,
    K.PAYMENT_SERVICE: 0.8,
    K.HOSTER: 0.5,
    K.NAME_SERVER: 0.55,
    K.CERTIFICATE: 0.2,
}
"""How often an operator of usual care keeps a trait of a kind; judgement: what costs money or work
to change (encoders, panels, lists) is kept, what a registrar changes in a minute is not. The mean
is the .7 of ``cautery.lab.operations.regrowth``."""
_TOGETHER = 0.5
"""How often a kind goes with what became of its group rather than by itself."""
_GROUPS = (
    (K.SITE_NAME, K.TEMPLATE, K.PRICE_LIST, K.ANALYTICS),
    SUPPLY,
    (K.PAYMENT_END, K.PAYMENT_SERVICE),
    PLACE,
)
_SAME_NAME, _SAME_PRICES, _SAME_ORDER = 0.65, 0.7, 0.5
"""Of kept names, price lists and catalogues: how many are kept to the letter."""
_EDITED = 0.25
"""Part of a catalogue's titles that are edited at most."""


def descendant(
    parent: Values, role: str, *, care: float, chance: Chance, pools: Pools
) -> tuple[Values, tuple[K, ...]]:
    """Return what a descendant shows, and which kinds it kept.

    Parameters
    ----------
    parent : dict
        What the entity showed that it carries on.
    care : float
        The operator's: the odds of keeping a trait are divided by ``exp(care)``.
    """
    group_draw = {kind: draw for group in _GROUPS for draw in (chance.uniform(),) for kind in group}
    values: Values = {}
    kept_kinds = []
    for kind in ROLES[role]:
        odds = KEEPING_RATES[kind] / (1 - KEEPING_RATES[kind]) * 2.718281828**-care
        draw = group_draw[kind] if chance.happens(_TOGETHER) else chance.uniform()
        if kind in parent and draw < odds / (1 + odds):
            values[kind] = _carried_on(kind, parent[kind], chance, pools)
            kept_kinds.append(kind)
        elif kind is not K.ANALYTICS or chance.happens(0.5):
            value = pools.drawn(kind)
            values[kind] = pools.host_label(value) if kind is K.SITE_NAME else value
    return values, tuple(kept_kinds)


def lone_stranger(
    rivals: list[Service], shares: tuple[float, ...], chance: Chance, pools: Pools
) -> tuple[Values, str]:
    """Return what a stranger shows, of a rival network or alone, and its role."""
    role = drawn_role(chance)
    if chance.happens(0.5):
        draw = chance.uniform()
        rival = next(rival for rival, share in zip(rivals, shares, strict=True) if draw <= share)
        return rival.shown(role, chance, pools), role
    return drawn_service(chance, pools, breadth=1).shown(role, chance, pools), role


def near_stranger(values: Values, network: Service, chance: Chance) -> Values:
    """Return a stranger who happens to use a network's hoster, theme, payment and middleware."""
    parent = chance.pick(list(network.members.values()))
    for kind in (K.HOSTER, K.TEMPLATE, K.PAYMENT_SERVICE, K.MIDDLEWARE):
        if kind in values:
            values[kind] = parent.get(kind) or chance.pick(network.values[kind])
    return values


def copier(values: Values, network: Service, chance: Chance, pools: Pools) -> Values:
    """Return a stranger who copies a known brand's name, theme and prices, to live off it."""
    parent = _with(network, K.SITE_NAME, chance)
    for kind, how_often in ((K.SITE_NAME, 0.95), (K.TEMPLATE, 0.7), (K.PRICE_LIST, 0.6)):
        if kind in values and kind in parent and chance.happens(how_often):
            values[kind] = _carried_on(kind, parent[kind], chance, pools)
    if K.ANALYTICS in parent and chance.happens(0.1):
        values[K.ANALYTICS] = parent[K.ANALYTICS]  # the theme was copied with its number
    return values


def white_label(values: Values, network: Service, chance: Chance, pools: Pools) -> Values:
    """Return a stranger who buys from the same suppliers: feed, panel, guide, list."""
    parent = _with(network, K.PANEL, chance)
    for kind in SUPPLY:
        if kind not in values or kind not in parent or not chance.happens(0.8):
            continue
        if kind is K.STREAM_FAULT and not pools.is_popular(kind, parent[kind]):
            continue  # an encoder of the network's own feeds nobody but the network
        values[kind] = _carried_on(kind, parent[kind], chance, pools)
    return values


def former_reseller(values: Values, network: Service, chance: Chance, pools: Pools) -> Values:
    """Return a shop that sold the network's lines, and now sells a rival's: its supply is new."""
    parent = _with(network, K.TEMPLATE, chance)
    for kind in (*SHOP, K.HOSTER, K.NAME_SERVER):
        if kind in values and kind in parent and kind is not K.PAYMENT_END and chance.happens(0.7):
            values[kind] = _carried_on(kind, parent[kind], chance, pools)
    return values


def _with(network: Service, kind: K, chance: Chance) -> Values:
    """Return what a member shows that has a kind."""
    return chance.pick([values for values in network.members.values() if kind in values])


def _carried_on(kind: K, value: str, chance: Chance, pools: Pools) -> str:
    """Return a kept value, with the small changes that its kind knows."""
    match kind:
        case K.SITE_NAME:
            if chance.happens(_SAME_NAME):
                return f"{value.rstrip('0123456789')}{1 + chance.below(99)}"
            return pools.near_name(value)
        case K.PRICE_LIST:
            return value if chance.happens(_SAME_PRICES) else pools.edited_prices(value)
        case K.CATALOGUE_ORDER:
            return value if chance.happens(_SAME_ORDER) else pools.edited_catalogue(value, _EDITED)
        case _:
            return value
