"""What a watch can say of sizes at its end: exposure, effect, customers and money, as intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cautery.estimate import Seen as Look
from cautery.estimate import audience_from_claims, effect, exposure, last_dark, revenue
from cautery.formats import Page
from cautery.model import DarkProbe, Estimate, Finding, Mandate, Verdict
from cautery.model.ports import Ledger
from cautery.model.records import ProbeDone, kinds_of


def estimates(mandate: Mandate, ledger: Ledger, pages: Iterable[Page]) -> Iterator[Estimate]:
    """Yield the estimates that a case's records bear.

    Parameters
    ----------
    ledger : Ledger
        Its probes and verdicts say how long what was on offer.
    pages : iterable of Page
        Storefronts: their claims and prices.
    """
    looks: dict[str, list[Look]] = defaultdict(list)
    rights: dict[str, str] = {}
    dark: list[DarkProbe] = []
    now = mandate.window.end
    for entry in ledger.read(kinds=kinds_of(ProbeDone, Verdict, DarkProbe)):
        now = entry.record.at
        match entry.content:
            case ProbeDone(url=url, at=at, failed=failed):
                looks[url].append(Look(url=url, at=at, live=failed is None))
            case DarkProbe() as probe:
                dark.append(probe)
            case Verdict(finding=Finding.PROVEN) as verdict:
                rights[verdict.url.text] = verdict.event or verdict.channels[0]
    for right in sorted(set(rights.values())):
        seen_looks = [
            look
            for url, url_looks in looks.items()
            if rights.get(url) == right
            for look in url_looks
        ]
        yield exposure(seen_looks, window=mandate.window, now=now, event=right)
    through = sorted({probe.intermediary for probe in dark})
    for name in through:
        hits, probed = last_dark(probe for probe in dark if probe.intermediary == name)
        yield effect(dark=hits, probed=probed, where=name)
    yield from _money(pages)


def _money(pages: Iterable[Page]) -> Iterator[Estimate]:
    for page in pages:
        name = page.brand or page.title or page.url
        audience = audience_from_claims(
            [claim.quoted for claim in page.claims if claim.what == "customers"], service=name
        )
        if audience is None:
            continue
        yield audience
        monthly = [
            float(price.amount) / price.months
            for price in page.prices
            if price.currency == "EUR" and price.months
        ]
        yield revenue(audience, list_price_eur=max(monthly, default=None), service=name)
