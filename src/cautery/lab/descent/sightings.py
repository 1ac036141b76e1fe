"""When what an entity shows is seen: by which source, how late, and some of it never."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from cautery.lab.descent.chance import Chance
from cautery.lab.descent.services import Values
from cautery.model.descent import TraitKind as K
from cautery.model.descent import TraitSeen


class _Source(NamedTuple):
    """How a source sees a kind: how surely, with which mean delay, and how late that arrives."""

    name: str
    seen_share: float
    delay_d: float
    fetched_d: int


_LOG = _Source("certificate-log", 0.9, 0.5, 1)
_DNS = _Source("passive-dns", 0.95, 1.5, 2)
_LOOK = _Source("watch", 0.9, 1.5, 0)
_PURCHASE = _Source("watch", 0.6, 3.0, 0)
_LIST = _Source("playlist", 0.8, 2.0, 1)
_PROBE = _Source("watch", 0.8, 2.0, 0)
_SOURCES = {
    K.CERTIFICATE: _LOG,
    K.SITE_NAME: _LOG,
    K.HOSTER: _DNS,
    K.NAME_SERVER: _DNS,
    K.TEMPLATE: _LOOK,
    K.PRICE_LIST: _LOOK,
    K.ANALYTICS: _LOOK,
    K.PAYMENT_SERVICE: _LOOK,
    K.PANEL: _LOOK,
    K.MIDDLEWARE: _LOOK,
    K.PAYMENT_END: _PURCHASE,
    K.CATALOGUE_ORDER: _LIST,
    K.GUIDE_QUIRK: _LIST,
    K.STREAM_FAULT: _PROBE,
}
"""Chances and delays in days; judgement: certificates are logged within a day, resolvers' data come
a day or two late, a look follows within days, a test purchase needs a decision."""
_SEEN_TWICE = 0.3
"""How often a trait is seen a second time within the next three weeks."""


def seen_of(
    entity: str, values: Values, appeared: date, chance: Chance, *, registered: date | None = None
) -> Iterator[tuple[date, TraitSeen]]:
    """Yield each trait that is seen, with the day on which it arrives.

    Parameters
    ----------
    appeared : date
        First day on which the entity serves.
    registered : date or None
        An earlier day from which its name, certificate, hoster and name server can be seen.
    """
    for kind, value in values.items():
        source = _SOURCES[kind]
        if not chance.happens(source.seen_share):
            continue
        early = registered is not None and source in (_LOG, _DNS)
        begun = registered if early and registered is not None else appeared
        day = begun + timedelta(days=chance.days(source.delay_d))
        first = TraitSeen(entity=entity, kind=kind, value=value, day=day, source=source.name)
        yield _fetched(source, day, chance), first
        if chance.happens(_SEEN_TWICE):
            next_day = day + timedelta(days=1 + chance.below(20))
            yield _fetched(source, next_day, chance), replace(first, day=next_day)


def _fetched(source: _Source, day: date, chance: Chance) -> date:
    """Return the day on which what a source has from a day arrives."""
    return day + timedelta(days=chance.below(source.fetched_d + 1))
