"""What a mandate switches off without a word: settings that are absent, or that cancel each other.

Nothing of it is an error: a watch without orders is a lawful watch. But who writes the mandate has
to know it before the match, not after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from cautery.act.jurisdictions import profile_of
from cautery.act.rules import rules_for, unconfirmed
from cautery.messages import message
from cautery.model import CourtOrder, Event, Mandate, OrderKind, OwnLocation
from cautery.model.message import Message
from cautery.workflows.mandate.checks import some

NEEDED = 2
"""Approvers of a referral or an override (:func:`cautery.act.approve`)."""
CANARY_PORT = 80


def gaps_of(mandate: Mandate, *, now: datetime | None = None) -> tuple[Message, ...]:
    """Return what a watch under a mandate will not do, a sentence each: first what it misses.

    Parameters
    ----------
    now : datetime or None
        When it is asked: of a mandate that has ended, that comes first. ``None``: it has not.

    Examples
    --------
    A mandate without a facts folder allows no block:

    >>> from datetime import UTC, datetime
    >>> from cautery.model import Channel, Mandate, Regime, Window
    >>> year = [datetime(year, 1, 1, tzinfo=UTC) for year in (2026, 2027)]
    >>> sport = Channel(id="sport", names=("Sport",), legal_basis="contract 1")
    >>> mandate = Mandate(id="m", who="League", regime=Regime.GDPR, legal_basis="contract 1",
    ...                   window=Window(start=year[0], end=year[1]), territories=("IT",),
    ...                   channels=(sport,))
    >>> "gap.no-facts" in [gap.id for gap in gaps_of(mandate)]
    True
    """
    over = mandate.window.end
    ended = (message("gap.ended", end=_words(over)),) if now is not None and over <= now else ()
    if not mandate.may_find:
        return (*ended, message("gap.seized-alone"))
    return (*ended, *_unseen(mandate), *_unattributed(mandate), *_undone(mandate))


def _unseen(mandate: Mandate) -> Iterator[Message]:
    if not mandate.sources:
        yield message("gap.no-source")
    fed = {channel.event for channel in mandate.channels if channel.reference is not None}
    silent = [event.id for event in mandate.events if not event.clean_feed and event.id not in fed]
    silent += [work.id for work in mandate.works if work.reference is None]
    silent += [channel.id for channel in mandate.channels if channel.reference is None]
    if silent:
        yield message("gap.no-reference", ids=some(silent))
    for calendar in mandate.calendars:
        if not calendar.clean_feeds:
            yield message("gap.calendar-without-feed", calendar=str(calendar.location))
    outside = [event.id for event in mandate.events if _is_outside(event, mandate)]
    if outside:
        yield message("gap.outside-window", ids=some(outside))
    # The lab watches a minute of its matches.
    if cut := [
        event.id
        for event in mandate.events
        if event.id not in outside and mandate.window.end < event.window.end and not mandate.lab
    ]:
        yield message("gap.window-ends-first", ids=some(cut), end=_words(mandate.window.end))
    recorded = {purchase.id for purchase in mandate.purchases}
    purchases = {source.purchase for source in mandate.sources if source.purchase is not None}
    if awaited := purchases - recorded:
        yield message("gap.purchase-awaited", ids=some(awaited))
    used = purchases | {name for source in mandate.sources for name in source.vantages}
    if unused := (recorded | {vantage.name for vantage in mandate.vantages}) - used:
        yield message("gap.unused", ids=some(unused))
    if empty := [partner.name for partner in mandate.partners if not partner.channels]:
        yield message("gap.partner-without-channels", names=some(empty))


def _unattributed(mandate: Mandate) -> Iterator[Message]:
    clean = {event.clean_feed for event in mandate.events if event.clean_feed is not None}
    clean |= {feed for calendar in mandate.calendars for feed in calendar.clean_feeds}
    channels: defaultdict[OwnLocation, list[str]] = defaultdict(list)
    for channel in mandate.channels:
        if channel.reference is not None:
            channels[channel.reference].append(channel.id)
    if unclean := [id_ for feed in clean for id_ in channels.get(feed, ())]:
        yield message("gap.clean-feed-as-reference", ids=some(unclean))
    for same in channels.values():
        if len(same) > 1:
            yield message("gap.same-reference", ids=some(same))
    licensed = {
        channel.event
        for channel in mandate.channels
        if channel.reference is not None and channel.reference not in clean
    }
    if unnamed := [
        event.id for event in mandate.events if event.clean_feed and event.id not in licensed
    ]:
        yield message("gap.no-licensee", ids=some(unnamed))


def _undone(mandate: Mandate) -> Iterator[Message]:
    if mandate.network.facts is None:
        yield message("gap.no-facts")
    providers = {intermediary.territory for intermediary in mandate.intermediaries}
    orders = [order for order in mandate.orders if order.window.start < mandate.window.end]
    ordered = {order.territory for order in orders}
    if not providers:
        yield message("gap.no-intermediary")
    elif without := providers - ordered:
        yield message("gap.no-order", territories=some(without))
    if providers and (idle := ordered - providers):
        yield message("gap.order-without-provider", territories=some(idle))
    if providers and (silent := set(mandate.territories) - ordered - providers):
        yield message("gap.nothing-there", territories=some(silent))
    if elsewhere := ordered - set(mandate.territories):
        yield message("gap.order-elsewhere", territories=some(elsewhere))
    if abroad := providers - set(mandate.territories):
        yield message("gap.provider-elsewhere", territories=some(abroad))
    if not mandate.lab:
        yield from _unlawful(mandate, [order for order in orders if order.territory in providers])
    if mandate.approvers and not mandate.keep_open and not mandate.lab:
        yield message("gap.closes")
    if not mandate.approvers:
        yield message("gap.no-approver")
    elif providers and ordered and len(mandate.approvers) < NEEDED:
        yield message("gap.approvers", count=len(mandate.approvers))
    if blind := [provider.name for provider in mandate.intermediaries if provider.proxy is None]:
        yield message("gap.no-proxy", names=some(blind))
    elif providers and mandate.network.canary_port != CANARY_PORT and not mandate.lab:
        yield message("gap.canary-port", port=mandate.network.canary_port)


def _unlawful(mandate: Mandate, orders: Iterable[CourtOrder]) -> Iterator[Message]:
    """Yield what the law of an order's country asks for and the mandate does not have."""
    for order in orders:
        rules = unconfirmed(rules_for(order.territory, order.kind), mandate.confirmed)
        if rules:
            ids = some(rule.id for rule in rules)
            yield message("gap.unconfirmed", order=order.id, rules=ids)
        wanted = set(profile_of(order.territory).particulars(order.kind))
        if missing := wanted - set(order.particulars):
            yield message("gap.particulars", order=order.id, particulars=some(missing))
    live = any(order.kind is OrderKind.LIVE for order in mandate.orders)
    standing = any(order.kind is OrderKind.STANDING for order in mandate.orders)
    if (mandate.events or mandate.calendars) and standing and not live:
        yield message("gap.no-live-order")
    if mandate.works and live and not standing:
        yield message("gap.no-standing-order", ids=some(work.id for work in mandate.works))


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _is_outside(event: Event, mandate: Mandate) -> bool:
    window = mandate.window
    return event.window.end <= window.start or event.window.start >= window.end
