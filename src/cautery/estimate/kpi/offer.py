"""Family 5: the legal offer, and what people know of it.

Cautery keeps no record of who sees a page of it, so it never counts who was led to a lawful offer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cautery.estimate.kpi.facts import OfferFact
from cautery.estimate.kpi.figures import Figure, Indicator, count, missing, share
from cautery.estimate.kpi.merge import Merged
from cautery.messages import message


def offer(facts: Merged, offers: Sequence[OfferFact] | None) -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield _row("licensees", count(len(facts.licensed)))
    territories = {territory for territory, _ in facts.licensed if territory}
    yield _row("licensed-territories", count(len(territories)))
    if offers is None:
        for id_ in ("offers", "offers-free", "offers-priced"):
            yield _row(id_, missing("kpi-need.offers"))
    else:
        yield _row("offers", count(len(offers)))
        for country, number in sorted(Counter(listed.country for listed in offers).items()):
            yield _row("offers-in", count(number), country)
        yield _row("offers-free", share(sum(listed.free for listed in offers), len(offers)))
        yield _row("offers-priced", share(sum(listed.priced for listed in offers), len(offers)))
    yield _row("legal-price", missing("kpi-need.legal-price"))
    yield _row("legal-use", missing("kpi-need.legal-use"))
    yield _row("led-on", missing("kpi-need.led-on"))
    yield _row("awareness", missing("kpi-need.awareness"))


def _row(id_: str, figure: Figure, of: str = "") -> Indicator:
    return Indicator(id=id_, label=message(f"kpi.{id_}"), figure=figure, of=of)
