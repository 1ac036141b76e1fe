"""Results of a money trail: its endings, the holdings, and who could be asked to freeze them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

import numpy as np

from cautery.messages import message
from cautery.model import InstrumentKind
from cautery.operation.money.cluster import Clusters
from cautery.operation.money.flows import FlowTable, plain
from cautery.operation.money.places import Places, end_of, sum_of
from cautery.operation.money.taint import Tainted
from cautery.operation.money.trail import Ending, Holding, Proposal, Purchase
from cautery.operation.tags import UNASKED
from cautery.payments.addresses import network_of

ISSUED = frozenset({"USDT", "USDC", "EURC", "EURT"})
"""Tokens whose issuer can hold them at any address; a coin without issuer, nobody can."""


def direct_endings(purchases: Sequence[Purchase], places: Places) -> tuple[Ending, ...]:
    """Return the purchases that went into a service's purse at once."""
    return tuple(
        Ending(
            node=places.of(end_of(purchase), purchase.price.currency),
            asset=purchase.price.currency,
            amount=purchase.price.amount,
            addresses=(end_of(purchase),),
            why=message("ending.paid-into", purchase=purchase.id),
            ask=tag.label
            if (tag := places.tags[end_of(purchase)]).category not in UNASKED
            else None,
        )
        for purchase in purchases
    )


def holdings_of(
    table: FlowTable, groups: Clusters, found: Tainted, places: Places
) -> tuple[Holding, ...]:
    """Return what each place that holds tainted money holds in all, by asset."""
    tainted: dict[tuple[str, str], Decimal] = {}
    members: dict[str, tuple[str, ...]] = {}
    joined: dict[str, tuple[str, ...]] = {}
    for (asset, address), amount in found.held.items():
        place = places.of(address, asset)
        tainted[place, asset] = sum_of((tainted.get((place, asset), Decimal(0)), amount))
        if place not in members:
            label = groups.of(address)
            one_owner = places.kind(place) == "wallet"
            members[place] = groups.members(label) if one_owner else (address,)
            joined[place] = groups.why(label) if one_owner else ()
    balances = balances_of(table, {address for member in members.values() for address in member})
    return tuple(
        Holding(
            node=place,
            asset=asset,
            tainted=amount,
            balance=sum_of(
                balances.get((asset, address), Decimal(0)) for address in members[place]
            ),
            addresses=members[place],
            joined_by=joined[place],
        )
        for (place, asset), amount in sorted(tainted.items(), key=lambda item: (-item[1], item[0]))
    )


def balances_of(table: FlowTable, addresses: set[str]) -> dict[tuple[str, str], Decimal]:
    """Return what addresses hold after all supplied transactions, by asset and address.

    Each is given the least opening balance that makes its payments possible.
    """
    selected = np.array([address in addresses for address in table.addresses], dtype=np.bool_)
    balance: dict[tuple[str, str], Decimal] = {}
    lowest: dict[tuple[str, str], Decimal] = {}
    # Amounts have up to 38 digits, and the usual context rounds a sum to 28.
    with localcontext(prec=60):
        for row in np.flatnonzero(selected[table.address]).tolist():
            key = (table.assets[int(table.tx[row])], table.addresses[int(table.address[row])])
            amount = table.amount[row] if table.output[row] else -table.amount[row]
            balance[key] = balance.get(key, Decimal(0)) + amount
            lowest[key] = min(lowest.get(key, Decimal(0)), balance[key])
        return {key: plain(amount - lowest[key]) for key, amount in balance.items()}


def endings_of(found: Tainted, places: Places) -> tuple[Ending, ...]:
    """Return where the trail stops, by service and asset, largest first; fees last."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for (asset, address), amount in found.ended.items():
        sums.setdefault((places.of(address, asset), asset), {})[address] = amount
    endings = []
    for (place, asset), amounts in sums.items():
        tag = places.tags[next(iter(amounts))]
        askable = tag.category not in UNASKED
        endings.append(
            Ending(
                node=place,
                asset=asset,
                amount=sum_of(amounts.values()),
                addresses=tuple(sorted(amounts)),
                why=message("ending.tagged", category=tag.category, source=tag.source),
                ask=tag.label if askable else None,
            )
        )
    endings.sort(key=lambda ending: (-ending.amount, ending.node, ending.asset))
    fees = [
        Ending(
            node="fees",
            asset=asset,
            amount=amount,
            addresses=(),
            why=message("ending.fees"),
            ask=None,
        )
        for asset, amount in sorted(found.fees.items())
    ]
    return (*endings, *fees)


def proposals_of(
    purchases: Sequence[Purchase],
    endings: Sequence[Ending],
    holdings: Sequence[Holding],
    places: Places,
) -> tuple[Proposal, ...]:
    """Return what each draft would hold; whom nobody can ask gets none."""
    proposals = []
    for provider in dict.fromkeys(purchase.provider for purchase in purchases):
        group = [purchase for purchase in purchases if purchase.provider == provider]
        descriptors = dict.fromkeys(purchase.descriptor for purchase in group)
        proposals.append(
            Proposal(
                kind=InstrumentKind.PRESERVATION,
                addressee=provider,
                holds=tuple(
                    message("hold.merchant-account", descriptor=descriptor)
                    for descriptor in descriptors
                ),
                asset=None,
                amount=None,
                grounds=message(
                    "grounds.took-money", purchases=[purchase.id for purchase in group]
                ),
            )
        )
    for ending in endings:
        if ending.ask is None:
            continue
        holds = tuple(
            message("hold.deposit", asset=ending.asset, address=address)
            for address in ending.addresses
        )
        proposals += [
            Proposal(
                kind=InstrumentKind.PRESERVATION,
                addressee=ending.ask,
                holds=tuple(message("hold.customer", deposit=hold) for hold in holds),
                asset=None,
                amount=None,
                grounds=message("grounds.arrived", amount=ending.amount, asset=ending.asset),
            ),
            Proposal(
                kind=InstrumentKind.FREEZING,
                addressee=ending.ask,
                holds=holds,
                asset=ending.asset,
                amount=ending.amount,
                grounds=message("grounds.trail-ends"),
            ),
        ]
    for holding in holdings:
        addressee = _who_can_hold(holding, places)
        if addressee is not None:
            proposals.append(
                Proposal(
                    kind=InstrumentKind.FREEZING,
                    addressee=addressee,
                    holds=tuple(
                        message("hold.at-address", asset=holding.asset, address=address)
                        for address in holding.addresses
                    ),
                    asset=holding.asset,
                    amount=holding.tainted,
                    grounds=message(
                        "grounds.part-of-balance", balance=holding.balance, asset=holding.asset
                    ),
                )
            )
    return tuple(proposals)


def _who_can_hold(holding: Holding, places: Places) -> str | None:
    """Return who can freeze a holding; nobody can freeze a coin in a wallet of one's own."""
    kind = places.kind(holding.node)
    if kind == "account":
        return f"bank of {holding.node}"
    if kind == "psp":
        return holding.node
    token = holding.asset.partition("-")[0]
    return f"issuer of {token}" if token in ISSUED and network_of(holding.asset) else None
