"""Trace money from a recorded test purchase to its holders and to who could be asked to freeze it.

The first steps are the record's own: descriptor, payment provider, account or wallet. From there
clustering and taint go on over supplied transactions. What comes out is hops, endings, holdings
and proposals; an order is drafted from a proposal elsewhere, and issued by a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal, TypeAlias

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import AddressTag, Transfer
from cautery.model.message import Message
from cautery.operation.money.cluster import Clusters, cluster
from cautery.operation.money.findings import (
    direct_endings,
    endings_of,
    holdings_of,
    proposals_of,
)
from cautery.operation.money.flows import FlowTable, table_of
from cautery.operation.money.lots import Method
from cautery.operation.money.places import Places, assets_by_address, end_of, sum_of
from cautery.operation.money.taint import Carried, Start, Tainted, taint
from cautery.operation.money.trail import Holding, Hop, Node, Purchase, Trace
from cautery.operation.tags import by_address, is_service
from cautery.payments.addresses import spelled

Follow: TypeAlias = Literal["owner", "purchase"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def trace(
    beginning: Purchase | Sequence[Purchase] | str,
    transfers: FlowTable | Iterable[Transfer],
    tags: Iterable[AddressTag] = (),
    *,
    method: Method = "fifo",
    follow: Follow = "owner",
    change: bool = False,
    clusters: Clusters | None = None,
) -> Trace:
    """Follow the money of recorded purchases, or of an address.

    Parameters
    ----------
    beginning : Purchase, sequence of Purchase, or str
        Purchases, or an address or account.
    follow : {"owner", "purchase"}
        Everything that the owner's cluster took in, or only the purchase's own money.
    change : bool
        Use the change heuristic in clustering.
    clusters : Clusters, optional
        Of the same transfers and tags, made before.

    Raises
    ------
    InputError
        If nothing of the beginning is in the supplied transactions.
    """
    table = table_of(transfers)
    if follow == "purchase" and isinstance(beginning, str):
        raise InputError(
            f"{beginning[:80]}: only a purchase can be followed alone; this is an address",
            hint="Begin at a recorded purchase, or follow all income of the owner.",
        )
    tagged = by_address(tags)
    groups = clusters or cluster(table, tags=tagged, change=change)
    purchases = (
        ()
        if isinstance(beginning, str)
        else (beginning,)
        if isinstance(beginning, Purchase)
        else tuple(beginning)
    )
    ends = (
        [spelled(beginning)]
        if isinstance(beginning, str)
        else [end_of(purchase) for purchase in purchases]
    )
    # A purchase that ends in a service's own purse needs no following: that service is asked.
    direct = [purchase for purchase in purchases if is_service(tagged.get(end_of(purchase)))]
    own_ends = [
        end for end in ends if isinstance(beginning, str) or not is_service(tagged.get(end))
    ]
    places = Places(groups, tagged, {purchase.provider for purchase in purchases})
    tainted, notes = _followed(
        table, groups, purchases, own_ends, follow=follow, method=method, tags=tagged
    )
    hops = _recorded(purchases, places) + _carried(table, tainted.carried, places, method)
    holdings = holdings_of(table, groups, tainted, places)
    endings = direct_endings(direct, places) + endings_of(tainted, places)
    return Trace(
        method=method,
        nodes=_nodes(purchases, hops, holdings, places, ends),
        hops=hops,
        endings=endings,
        holdings=holdings,
        proposals=proposals_of(purchases, endings, holdings, places),
        entered=tainted.entered,
        refused=len(groups.refused),
        notes=notes,
        followed=_followed_in_words(purchases, own_ends, follow),
    )


def _followed(
    table: FlowTable,
    groups: Clusters,
    purchases: Sequence[Purchase],
    ends: Sequence[str],
    *,
    follow: Follow,
    method: Method,
    tags: Mapping[str, AddressTag],
) -> tuple[Tainted, tuple[Message, ...]]:
    """Follow taint from the ends that are nobody's service."""
    if not ends:
        nothing = Tainted(
            method=method, entered={}, held={}, ended={}, fees={}, balance={}, carried=()
        )
        return nothing, ()
    starts, notes = _starts(groups, purchases, ends, follow)
    return taint(table, starts, method=method, tags=tags), notes


def _starts(
    groups: Clusters, purchases: Sequence[Purchase], ends: Sequence[str], follow: Follow
) -> tuple[list[Start], tuple[Message, ...]]:
    """Return where taint begins, and what of the beginning was not found."""
    missing = [end for end in ends if not groups.knows(end)]
    if len(missing) == len(ends):
        raise InputError(
            f"{missing[0][:80] if missing else 'nothing'}: not in the supplied transactions",
            hint="Request the transactions of this account or address, then trace again.",
        )
    starts: dict[Start, None] = {}
    labels = dict.fromkeys(groups.of(end) for end in ends if groups.knows(end))
    members = [member for label in labels for member in groups.members(label)]
    assets = assets_by_address(groups.table, {*members})
    if follow == "purchase" and purchases:
        for purchase in purchases:
            if (
                purchase.transfer is not None
                and end_of(purchase) in ends
                and groups.knows(end_of(purchase))
            ):
                for asset in assets.get(end_of(purchase), ()):
                    starts[
                        Start(address=end_of(purchase), asset=asset, transfer=purchase.transfer)
                    ] = None
        if not starts:
            raise InputError(
                "no purchase names its own transaction",
                hint="Follow all income of the owner instead.",
            )
    else:
        for member in members:
            for asset in assets.get(member, ()):
                starts[Start(address=member, asset=asset)] = None
    notes = tuple(
        message("trace.not-supplied", address=address) for address in dict.fromkeys(missing)
    )
    return list(starts), notes


def _followed_in_words(
    purchases: Sequence[Purchase], ends: Sequence[str], follow: Follow
) -> Message:
    """Say whose coins are followed: much more than a purchase's price, unless that was asked."""
    if not ends:
        return message("trace.follows-nothing")
    addresses = list(dict.fromkeys(ends))
    if len(addresses) == 1:
        owner = message("trace.owner", address=addresses[0][:80])
    else:
        owner = message("trace.owners", count=len(addresses))
    if not purchases:
        return message("trace.follows-owner", owner=owner)
    paid: dict[str, Decimal] = {}
    for purchase in purchases:
        currency = purchase.price.currency
        paid[currency] = paid.get(currency, Decimal(0)) + purchase.price.amount
    prices = [f"{currency} {amount:f}" for currency, amount in paid.items()]
    purchase_count = message("trace.purchases", count=len(purchases))
    if follow == "purchase":
        return message("trace.follows-price", prices=prices, purchases=purchase_count, owner=owner)
    return message("trace.follows-more", owner=owner, prices=prices, purchases=purchase_count)


def _recorded(purchases: Sequence[Purchase], places: Places) -> tuple[Hop, ...]:
    """Return the steps that the record itself shows: purchase, descriptor, provider, end."""
    sums: dict[tuple[str, str, str], list[Purchase]] = {}
    for purchase in purchases:
        end = end_of(purchase)
        if places.groups.knows(end):
            end = places.of(end, "EUR" if purchase.wallet is None else "BTC")
        steps = [
            f"purchase:{purchase.id}",
            f"descriptor:{purchase.descriptor}",
            purchase.provider,
            end,
        ]
        for source, target in pairwise(steps):
            sums.setdefault((source, target, purchase.price.currency), []).append(purchase)
    return tuple(
        Hop(
            source=source,
            target=target,
            asset=currency,
            amount=sum((purchase.price.amount for purchase in group), Decimal(0)),
            transfers=tuple(purchase.transfer for purchase in group if purchase.transfer),
            first=min(purchase.at for purchase in group),
            last=max(purchase.at for purchase in group),
            basis="record",
        )
        for (source, target, currency), group in sums.items()
    )


def _carried(
    table: FlowTable, carried: Sequence[Carried], places: Places, method: Method
) -> tuple[Hop, ...]:
    """Add up what taint carried between places; what stays inside one is no hop."""
    sums: dict[tuple[str, str, str], list[Carried]] = {}
    for move in carried:
        source, target = places.of(move.source, move.asset), places.of(move.target, move.asset)
        if source != target:
            sums.setdefault((source, target, move.asset), []).append(move)
    hops = []
    for (source, target, asset), group in sums.items():
        at = [_EPOCH + timedelta(microseconds=int(table.at_us[move.place])) for move in group]
        hops.append(
            Hop(
                source=source,
                target=target,
                asset=asset,
                amount=sum_of(move.amount for move in group),
                transfers=tuple(dict.fromkeys(move.transfer for move in group)),
                first=min(at),
                last=max(at),
                basis=method,
            )
        )
    return tuple(hops)


def _nodes(
    purchases: Sequence[Purchase],
    hops: Sequence[Hop],
    holdings: Sequence[Holding],
    places: Places,
    ends: Sequence[str],
) -> tuple[Node, ...]:
    """Return every place of the trail with its steps from the beginning."""
    kinds = {f"purchase:{purchase.id}": "purchase" for purchase in purchases}
    kinds |= {f"descriptor:{purchase.descriptor}": "descriptor" for purchase in purchases}
    kinds |= {purchase.provider: "psp" for purchase in purchases}
    depth = {node_id: 0 for node_id, kind in kinds.items() if kind == "purchase"}
    if not depth:
        assets = assets_by_address(places.groups.table, {*ends})
        depth = {places.of(end, assets.get(end, ("BTC",))[0]): 0 for end in ends if end in assets}
    onward: dict[str, list[str]] = {}
    for hop in hops:
        onward.setdefault(hop.source, []).append(hop.target)
    queue = list(depth)
    for place in queue:  # it grows as it is walked
        for target in onward.get(place, ()):
            if target not in depth:
                depth[target] = depth[place] + 1
                queue.append(target)
    last = max(depth.values(), default=0)
    for node_id in (
        *(hop.source for hop in hops),
        *(hop.target for hop in hops),
        *(h.node for h in holdings),
    ):
        depth.setdefault(node_id, last)
    sizes = {holding.node: len(holding.addresses) for holding in holdings}
    return tuple(
        Node(
            id=node_id,
            label=node_id.partition(":")[2]
            if kinds.get(node_id) in {"purchase", "descriptor"} or node_id.startswith("service:")
            else node_id,
            kind=kinds.get(node_id) or places.kind(node_id),
            depth=steps,
            addresses=sizes.get(node_id, 1),
            tag=places.tag_of(node_id),
        )
        for node_id, steps in depth.items()
    )
