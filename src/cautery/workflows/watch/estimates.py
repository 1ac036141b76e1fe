"""What a watch can say of sizes at its end: exposure, effect, customers and money, as intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from cautery.estimate import Seen as Look
from cautery.estimate import audience_from_claims, effect, exposure, last_dark, revenue
from cautery.model import (
    MISSHAPEN,
    DarkProbe,
    Estimate,
    Finding,
    Mandate,
    Verdict,
    from_json,
    require_utc,
)
from cautery.model.ports import Ledger
from cautery.watch import Page


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
    for entry in ledger.read(kinds=("probe.done", "verdict", "dark.probed")):
        body, now = entry.record.body, entry.record.at
        with suppress(*MISSHAPEN):  # a record that is not what its kind says costs itself
            if entry.record.kind == "probe.done":
                url, live = str(body["url"]), body["failed"] is None
                looks[url].append(Look(url=url, at=_time(body["at"]), live=live))
            elif entry.record.kind == "dark.probed":
                dark.append(from_json(DarkProbe, body))
            else:
                verdict = from_json(Verdict, body)
                if verdict.finding is Finding.PROVEN:
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


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    require_utc("at", moment)
    return moment
