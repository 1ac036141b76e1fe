"""From a recorded test purchase to where the money lies, and who could be asked to hold it.

The first steps are the record's own: descriptor, payment provider, account or wallet. From there
clustering and taint go on over supplied transactions. What comes out is hops, endings, holdings
and proposals; an order is drafted from a proposal elsewhere, and issued by a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from cautery.errors import InputError
from cautery.model import AddressTag, InstrumentKind, Money, Transfer, require_utc
from cautery.operation.money.addresses import network_of, spelled, supported
from cautery.operation.money.cluster import Clusters, cluster, names_of
from cautery.operation.money.flows import FlowTable, plain, table_of
from cautery.operation.money.taint import Carried, Method, Start, Tainted, taint
from cautery.operation.tags import UNASKED, by_address, is_concealing, is_service

Follow: TypeAlias = Literal["owner", "purchase"]
ISSUED = frozenset({"USDT", "USDC", "EURC", "EURT"})
"""Tokens whose issuer can hold them at any address; a coin without issuer, nobody can."""
_UNCHECKED_COINS = frozenset({"XRP", "ADA", "DOT", "XLM", "TON", "BNB", "EOS", "XTZ", "NEO"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A recorded test purchase and what the payment showed.

    Parameters
    ----------
    descriptor : str
        The merchant's name on the statement.
    provider : str
        The payment service that took the money.
    account, wallet : str or None
        The account or address that the record says it reached.
    transfer : str or None
        The transaction of the purchase, among the supplied ones.
    """

    id: str
    at: datetime
    price: Money
    descriptor: str
    provider: str
    account: str | None = None
    wallet: str | None = None
    transfer: str | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not self.account and not self.wallet:
            raise InputError(
                f"purchase {self.id}: it names neither an account nor a wallet",
                hint="Without one there is nothing to follow: ask the provider first.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place that money went through: a purchase, descriptor, psp, account, wallet or service.

    ``depth`` counts steps from the beginning; ``addresses`` those of the cluster.
    """

    id: str
    label: str
    kind: str
    depth: int
    addresses: int = 1
    tag: AddressTag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """Money that went from one place to another, added up.

    ``basis`` is ``record`` (the purchase says so) or the method of taint.
    """

    source: str
    target: str
    asset: str
    amount: Decimal
    transfers: tuple[str, ...]
    first: datetime
    last: datetime
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where the trail stops: a service, with who could be asked, or a miner's fee."""

    node: str
    asset: str
    amount: Decimal
    addresses: tuple[str, ...]
    why: str
    ask: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an owner's cluster holds by the supplied transactions.

    ``tainted`` of ``balance`` came from the beginning of the trail. ``joined_by`` are transactions
    that show one owner.
    """

    node: str
    asset: str
    tainted: Decimal
    balance: Decimal
    addresses: tuple[str, ...]
    joined_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a draft to one addressee would hold; ``amount`` is at most what the trail shows."""

    kind: InstrumentKind
    addressee: str
    holds: tuple[str, ...]
    asset: str | None
    amount: Decimal | None
    grounds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The whole trail."""

    method: Method
    nodes: tuple[Node, ...]
    hops: tuple[Hop, ...]
    endings: tuple[Ending, ...]
    holdings: tuple[Holding, ...]
    proposals: tuple[Proposal, ...]
    entered: Mapping[str, Decimal]
    refused: int
    """Transactions that were not used for clustering: coinjoins and services."""
    notes: tuple[str, ...] = ()


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
            f"{beginning[:80]}: an address has no purchase of its own to follow",
            hint="Begin at a recorded purchase, or follow all of the owner's income.",
        )
    known = by_address(tags)
    groups = clusters or cluster(table, tags=known, change=change)
    purchases = (
        ()
        if isinstance(beginning, str)
        else (beginning,)
        if isinstance(beginning, Purchase)
        else tuple(beginning)
    )
    ends = [spelled(beginning)] if isinstance(beginning, str) else [_end(one) for one in purchases]
    # A purchase that ends in a service's own purse needs no following: that service is asked.
    direct = [one for one in purchases if is_service(known.get(_end(one)))]
    own = [one for one in ends if isinstance(beginning, str) or not is_service(known.get(one))]
    places = _Places(groups, known, {one.provider for one in purchases})
    found, notes = _followed(
        table, groups, purchases, own, follow=follow, method=method, tags=known
    )
    hops = _recorded(purchases, places) + _carried(table, found.carried, places, method)
    holdings = _holdings(table, groups, found, places)
    endings = _direct(direct, places) + _endings(found, places)
    return Trace(
        method=method,
        nodes=_nodes(purchases, hops, holdings, places, ends),
        hops=hops,
        endings=endings,
        holdings=holdings,
        proposals=_proposals(purchases, endings, holdings, places),
        entered=found.entered,
        refused=len(groups.refused),
        notes=notes,
    )


def is_currency(asset: str) -> bool:
    """Tell whether an asset is money at banks, by its ISO 4217 code, and no coin."""
    return (
        len(asset) == 3
        and asset.isascii()
        and asset.isupper()
        and not supported(asset)
        and asset not in _UNCHECKED_COINS
    )


def _end(purchase: Purchase) -> str:
    end = purchase.wallet or purchase.account
    assert end is not None
    return spelled(end)


def _followed(
    table: FlowTable,
    groups: Clusters,
    purchases: Sequence[Purchase],
    ends: Sequence[str],
    *,
    follow: Follow,
    method: Method,
    tags: Mapping[str, AddressTag],
) -> tuple[Tainted, tuple[str, ...]]:
    """Follow taint from the ends that are nobody's service."""
    if not ends:
        nothing = Tainted(
            method=method, entered={}, held={}, ended={}, fees={}, balance={}, carried=()
        )
        return nothing, ()
    starts, notes = _starts(groups, purchases, ends, follow)
    return taint(table, starts, method=method, tags=tags), notes


def _direct(purchases: Sequence[Purchase], places: _Places) -> tuple[Ending, ...]:
    """Return the purchases that went into a service's purse at once."""
    return tuple(
        Ending(
            node=places.of(_end(one), one.price.currency),
            asset=one.price.currency,
            amount=one.price.amount,
            addresses=(_end(one),),
            why=f"purchase {one.id} was paid into it",
            ask=tag.label if (tag := places.tags[_end(one)]).category not in UNASKED else None,
        )
        for one in purchases
    )


def _starts(
    groups: Clusters, purchases: Sequence[Purchase], ends: Sequence[str], follow: Follow
) -> tuple[list[Start], tuple[str, ...]]:
    """Return where taint begins, and what of the beginning was not found."""
    missing = [one for one in ends if not groups.knows(one)]
    if len(missing) == len(ends):
        raise InputError(
            f"{missing[0][:80] if missing else 'nothing'}: not in the supplied transactions",
            hint="Ask for the transactions of this account or address, then trace again.",
        )
    wanted: dict[Start, None] = {}
    labels = dict.fromkeys(groups.of(one) for one in ends if groups.knows(one))
    members = [one for label in labels for one in groups.members(label)]
    assets = _assets_by_address(groups.table, {*members})
    if follow == "purchase" and purchases:
        for one in purchases:
            if one.transfer is not None and _end(one) in ends and groups.knows(_end(one)):
                for asset in assets.get(_end(one), ()):
                    wanted[Start(address=_end(one), asset=asset, transfer=one.transfer)] = None
        if not wanted:
            raise InputError(
                "no purchase names its own transaction", hint="Follow the owner instead."
            )
    else:
        for member in members:
            for asset in assets.get(member, ()):
                wanted[Start(address=member, asset=asset)] = None
    notes = tuple(f"{one}: not in the supplied transactions" for one in dict.fromkeys(missing))
    return list(wanted), notes


def _assets_by_address(table: FlowTable, addresses: set[str]) -> dict[str, tuple[str, ...]]:
    """Return which assets each of some addresses took or gave, by their first appearance."""
    wanted = np.array([one in addresses for one in table.addresses], dtype=np.bool_)
    found: dict[str, dict[str, None]] = {}
    for row in np.flatnonzero(wanted[table.address]).tolist():
        address = table.addresses[int(table.address[row])]
        found.setdefault(address, {})[table.assets[int(table.tx[row])]] = None
    return {address: tuple(assets) for address, assets in found.items()}


class _Places:
    """Which place an address belongs to: a service, a provider, an account, or a cluster."""

    def __init__(
        self, groups: Clusters, tags: Mapping[str, AddressTag], providers: set[str]
    ) -> None:
        self.groups, self.tags, self.providers = groups, tags, providers
        self._names: dict[int, str] = {}
        self._kinds: dict[str, str] = {}
        self._known: dict[tuple[str, str], str] = {}

    def of(self, address: str, asset: str) -> str:
        """Return the place's id."""
        place = self._known.get((address, asset))
        if place is None:
            place = self._known[address, asset] = self._found(address, asset)
        return place

    def _found(self, address: str, asset: str) -> str:
        tag = self.tags.get(address)
        if tag is not None and is_service(tag):
            place, kind = f"service:{tag.label}", "service"
        elif address in self.providers:
            place, kind = address, "psp"
        elif is_currency(asset):
            place, kind = address, "account"
        else:
            place, kind = self._name(self.groups.of(address)), "wallet"
        self._kinds.setdefault(place, kind)
        return place

    def kind(self, place: str) -> str:
        """Return the kind of a place that was asked for before."""
        return self._kinds.get(place, "wallet")

    def tag_of(self, place: str) -> AddressTag | None:
        """Return the tag of a place, if one is known."""
        if place.startswith("service:"):
            label = place.removeprefix("service:")
            return next((one for one in self.tags.values() if one.label == label), None)
        return self.tags.get(place)

    def _name(self, label: int) -> str:
        if label not in self._names:
            self._names |= names_of(self.groups, [label])
        return self._names[label]


def _recorded(purchases: Sequence[Purchase], places: _Places) -> tuple[Hop, ...]:
    """Return the steps that the record itself shows: purchase, descriptor, provider, end."""
    sums: dict[tuple[str, str, str], list[Purchase]] = {}
    for one in purchases:
        end = _end(one)
        if places.groups.knows(end):
            end = places.of(end, "EUR" if one.wallet is None else "BTC")
        steps = [f"purchase:{one.id}", f"descriptor:{one.descriptor}", one.provider, end]
        for source, target in pairwise(steps):
            sums.setdefault((source, target, one.price.currency), []).append(one)
    return tuple(
        Hop(
            source=source,
            target=target,
            asset=currency,
            amount=sum((one.price.amount for one in those), Decimal(0)),
            transfers=tuple(one.transfer for one in those if one.transfer),
            first=min(one.at for one in those),
            last=max(one.at for one in those),
            basis="record",
        )
        for (source, target, currency), those in sums.items()
    )


def _carried(
    table: FlowTable, carried: Sequence[Carried], places: _Places, method: Method
) -> tuple[Hop, ...]:
    """Add up what taint carried between places; what stays inside one is no hop."""
    sums: dict[tuple[str, str, str], list[Carried]] = {}
    for one in carried:
        source, target = places.of(one.source, one.asset), places.of(one.target, one.asset)
        if source != target:
            sums.setdefault((source, target, one.asset), []).append(one)
    hops = []
    for (source, target, asset), those in sums.items():
        at = [_EPOCH + timedelta(microseconds=int(table.at_us[one.place])) for one in those]
        hops.append(
            Hop(
                source=source,
                target=target,
                asset=asset,
                amount=_sum(one.amount for one in those),
                transfers=tuple(dict.fromkeys(one.transfer for one in those)),
                first=min(at),
                last=max(at),
                basis=method,
            )
        )
    return tuple(hops)


def _holdings(
    table: FlowTable, groups: Clusters, found: Tainted, places: _Places
) -> tuple[Holding, ...]:
    """Return what each place that holds tainted money holds in all, by asset."""
    tainted: dict[tuple[str, str], Decimal] = {}
    members: dict[str, tuple[str, ...]] = {}
    joined: dict[str, tuple[str, ...]] = {}
    for (asset, address), amount in found.held.items():
        place = places.of(address, asset)
        tainted[place, asset] = _sum((tainted.get((place, asset), Decimal(0)), amount))
        if place not in members:
            label = groups.of(address)
            one_owner = places.kind(place) == "wallet"
            members[place] = groups.members(label) if one_owner else (address,)
            joined[place] = groups.why(label) if one_owner else ()
    balances = balances_of(table, {one for each in members.values() for one in each})
    return tuple(
        Holding(
            node=place,
            asset=asset,
            tainted=amount,
            balance=_sum(balances.get((asset, one), Decimal(0)) for one in members[place]),
            addresses=members[place],
            joined_by=joined[place],
        )
        for (place, asset), amount in sorted(tainted.items(), key=lambda one: (-one[1], one[0]))
    )


def balances_of(table: FlowTable, addresses: set[str]) -> dict[tuple[str, str], Decimal]:
    """Return what addresses hold after all supplied transactions, by asset and address.

    Each is given the least opening balance that makes its payments possible.
    """
    wanted = np.array([one in addresses for one in table.addresses], dtype=np.bool_)
    balance: dict[tuple[str, str], Decimal] = {}
    lowest: dict[tuple[str, str], Decimal] = {}
    with localcontext(prec=60):
        for row in np.flatnonzero(wanted[table.address]).tolist():
            key = (table.assets[int(table.tx[row])], table.addresses[int(table.address[row])])
            amount = table.amount[row] if table.output[row] else -table.amount[row]
            balance[key] = balance.get(key, Decimal(0)) + amount
            lowest[key] = min(lowest.get(key, Decimal(0)), balance[key])
        return {key: plain(held - lowest[key]) for key, held in balance.items()}


def _endings(found: Tainted, places: _Places) -> tuple[Ending, ...]:
    """Return where the trail stops, by service and asset, largest first; fees last."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for (asset, address), amount in found.ended.items():
        sums.setdefault((places.of(address, asset), asset), {})[address] = amount
    endings = []
    for (place, asset), those in sums.items():
        tag = places.tags[next(iter(those))]
        askable = tag.category not in UNASKED
        endings.append(
            Ending(
                node=place,
                asset=asset,
                amount=_sum(those.values()),
                addresses=tuple(sorted(those)),
                why=f"{tag.category}, says {tag.source}",
                ask=tag.label if askable else None,
            )
        )
    endings.sort(key=lambda one: (-one.amount, one.node, one.asset))
    fees = [
        Ending(node="fees", asset=asset, amount=amount, addresses=(), why="network fees", ask=None)
        for asset, amount in sorted(found.fees.items())
    ]
    return (*endings, *fees)


def _nodes(
    purchases: Sequence[Purchase],
    hops: Sequence[Hop],
    holdings: Sequence[Holding],
    places: _Places,
    ends: Sequence[str],
) -> tuple[Node, ...]:
    """Return every place of the trail with its steps from the beginning."""
    kinds = {f"purchase:{one.id}": "purchase" for one in purchases}
    kinds |= {f"descriptor:{one.descriptor}": "descriptor" for one in purchases}
    kinds |= {one.provider: "psp" for one in purchases}
    depth = {one: 0 for one, kind in kinds.items() if kind == "purchase"}
    if not depth:
        assets = _assets_by_address(places.groups.table, {*ends})
        depth = {places.of(one, assets.get(one, ("BTC",))[0]): 0 for one in ends if one in assets}
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
    for one in (
        *(hop.source for hop in hops),
        *(hop.target for hop in hops),
        *(h.node for h in holdings),
    ):
        depth.setdefault(one, last)
    sizes = {one.node: len(one.addresses) for one in holdings}
    return tuple(
        Node(
            id=one,
            label=one.partition(":")[2]
            if kinds.get(one) in {"purchase", "descriptor"} or one.startswith("service:")
            else one,
            kind=kinds.get(one) or places.kind(one),
            depth=steps,
            addresses=sizes.get(one, 1),
            tag=places.tag_of(one),
        )
        for one, steps in depth.items()
    )


def _proposals(
    purchases: Sequence[Purchase],
    endings: Sequence[Ending],
    holdings: Sequence[Holding],
    places: _Places,
) -> tuple[Proposal, ...]:
    """Return what each draft would hold; whom nobody can ask gets none."""
    made = []
    for provider in dict.fromkeys(one.provider for one in purchases):
        those = [one for one in purchases if one.provider == provider]
        what = dict.fromkeys(f"merchant account behind {one.descriptor!r}" for one in those)
        made.append(
            Proposal(
                kind=InstrumentKind.PRESERVATION,
                addressee=provider,
                holds=tuple(what),
                asset=None,
                amount=None,
                grounds="took the money of test purchases " + ", ".join(one.id for one in those),
            )
        )
    for one in endings:
        if one.ask is None:
            continue
        holds = tuple(f"{one.asset} deposit {address}" for address in one.addresses)
        made += [
            Proposal(
                kind=InstrumentKind.PRESERVATION,
                addressee=one.ask,
                holds=tuple(f"customer and log-ins behind {each}" for each in holds),
                asset=None,
                amount=None,
                grounds=f"{one.amount} {one.asset} of the trail arrived there",
            ),
            Proposal(
                kind=InstrumentKind.FREEZING,
                addressee=one.ask,
                holds=holds,
                asset=one.asset,
                amount=one.amount,
                grounds="the trail ends there; the customer may have taken it out since",
            ),
        ]
    for held in holdings:
        addressee = _who_can_hold(held, places)
        if addressee is not None:
            made.append(
                Proposal(
                    kind=InstrumentKind.FREEZING,
                    addressee=addressee,
                    holds=tuple(f"{held.asset} at {address}" for address in held.addresses),
                    asset=held.asset,
                    amount=held.tainted,
                    grounds=f"of {held.balance} {held.asset} there, this much is of the trail",
                )
            )
    return tuple(made)


def _who_can_hold(held: Holding, places: _Places) -> str | None:
    """Return who can freeze a holding; nobody can freeze a coin in a wallet of one's own."""
    kind = places.kind(held.node)
    if kind == "account":
        return f"bank of {held.node}"
    if kind == "psp":
        return held.node
    token = held.asset.partition("-")[0]
    return f"issuer of {token}" if token in ISSUED and network_of(held.asset) else None


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=60):
        return plain(sum(amounts, Decimal(0)))


def conceals(node: Node) -> bool:
    """Tell whether a place exists to hide where money came from."""
    return is_concealing(node.tag)
