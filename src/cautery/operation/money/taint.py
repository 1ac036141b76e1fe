"""Follow tainted money through supplied transactions; its sum never changes.

Three conventions, since coins have no serial numbers. *fifo*: first in, first out (Clayton's case;
Anderson, Shumailov and Ahmed 2018 for coins). *haircut*: each payment carries its share. *poison*:
whatever touches it is tainted whole, which finds the reach but is no amount. What reaches a
service stays there: behind it is other people's money.

An address may have held money before the first supplied transaction. It is given the least opening
balance that makes its payments possible, and that money is clean.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from cautery.errors import InputError
from cautery.model import AddressTag, Transfer
from cautery.operation.money.flows import DECIMALS, WIDE, FlowTable, table_of
from cautery.operation.money.lots import (
    METHODS,
    Lot,
    Method,
    by_source,
    dirtied,
    divided,
    first_out,
    lay,
)
from cautery.operation.tags import is_service

MOST_SHARES = 1_000_000
"""Of haircut: every tainted input of a transaction goes into every output, so two thousand of each
are four million movements. Judgement: a minute, and a gigabyte."""
MOST_LOTS = 5_000_000
"""Of fifo, beyond one for each input: a purse of clean and tainted money in turn moves them all.
Judgement: five seconds."""
_UNIT = 10**DECIMALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where taint begins.

    Parameters
    ----------
    transfer : str or None
        The transaction that paid the address: only its outputs to it are tainted, up to
        ``amount``. ``None``: everything that the address holds and receives.
    amount : Decimal or None
        At most this much; ``None``: all.
    """

    address: str
    asset: str
    transfer: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Tainted money that one transaction carried from an address to another."""

    transfer: str
    place: int
    asset: str
    source: str
    target: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tainted:
    """The result, by ``(asset, address)`` where it names both.

    Parameters
    ----------
    entered : mapping of str to Decimal
        What was tainted at the start, by asset.
    held : mapping
        Tainted money that lies at addresses still.
    ended : mapping
        What reached services, and stays there.
    fees : mapping of str to Decimal
        What miners took, by asset.
    balance : mapping
        All that an address holds by the supplied transactions, tainted or not.
    carried : tuple of Carried
        Every movement, in order of time.
    """

    method: Method
    entered: Mapping[str, Decimal]
    held: Mapping[tuple[str, str], Decimal]
    ended: Mapping[tuple[str, str], Decimal]
    fees: Mapping[str, Decimal]
    balance: Mapping[tuple[str, str], Decimal]
    carried: tuple[Carried, ...]

    def out(self, asset: str) -> Decimal:
        """Return all that is accounted for: held, ended and fees. Of fifo and haircut: entered."""
        # Amounts have up to 38 digits, and the usual context rounds a sum to 28.
        with localcontext(prec=60):
            return sum(
                (
                    amount
                    for amounts in (self.held, self.ended)
                    for (coin, _), amount in amounts.items()
                    if coin == asset
                ),
                self.fees.get(asset, Decimal(0)),
            )


def taint(
    transfers: FlowTable | Iterable[Transfer],
    start: Sequence[Start],
    *,
    method: Method = "fifo",
    tags: Mapping[str, AddressTag] | None = None,
) -> Tainted:
    """Follow money through supplied transactions.

    Parameters
    ----------
    start : sequence of Start
        Where it begins.
    tags : mapping of str to AddressTag
        Attribution by address; it ends at services.

    Raises
    ------
    InputError
        If the method is none of the three, a start is not in the transactions, haircut would
        spread more than ``MOST_SHARES``, or fifo move more than ``MOST_LOTS``.
    """
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}: taint is followed by {', '.join(METHODS)}")
    table = table_of(transfers)
    services = {address for address, tag in (tags or {}).items() if is_service(tag)}
    for origin in start:
        if origin.address in services:
            raise InputError(
                f"{origin.address}: a known service ({(tags or {})[origin.address].label}); the "
                "money at this address belongs to its customers",
                hint="Begin at the address that paid this service, or ask the service.",
            )
    origins = _Origins.of(table, start)
    reached, places = _reach(table, start, services)
    walk = _Walk(method, services, origins, reached)
    relevant = tuple(table.transfers(places))
    for (asset, address), opening in _openings(relevant, reached).items():
        walk.open(asset, address, opening)
    for place, transfer in zip(places, relevant, strict=True):
        walk.step(place, transfer)
    return walk.result()


@dataclass(frozen=True, slots=True)
class _Origins:
    """The starts, by what they ask for; amounts in the smallest unit, ``None``: all."""

    all_of: Mapping[tuple[str, str], int | None]
    outputs: dict[tuple[str, str, str], int | None]

    @classmethod
    def of(cls, table: FlowTable, start: Sequence[Start]) -> _Origins:
        addresses, ids = set(table.addresses), set(table.ids)
        all_of: dict[tuple[str, str], int | None] = {}
        outputs: dict[tuple[str, str, str], int | None] = {}
        if not start:
            raise InputError("give at least one address at which taint begins")
        for origin in start:
            if origin.address not in addresses:
                raise InputError(f"address {origin.address[:80]}: not in the supplied transactions")
            if origin.transfer is not None and origin.transfer not in ids:
                raise InputError(
                    f"transfer {origin.transfer[:80]}: not in the supplied transactions"
                )
            limit = None if origin.amount is None else _whole(origin.amount)
            if origin.transfer is None:
                all_of[origin.asset, origin.address] = limit
            else:
                outputs[origin.asset, origin.transfer, origin.address] = limit
        return cls(all_of, outputs)


def _reach(
    table: FlowTable, start: Sequence[Start], services: set[str]
) -> tuple[set[str], list[int]]:
    """Return the addresses that taint can reach, and the transactions that touch one of them."""
    number = {address: place for place, address in enumerate(table.addresses)}
    reached = {number[origin.address] for origin in start}
    stops = {number[service] for service in services if service in number}
    tx, address, output = table.tx.tolist(), table.address.tolist(), table.output.tolist()
    row, rows = 0, len(tx)
    while row < rows:  # one pass in order of time: money never goes back in it
        end, spends = row, False
        while end < rows and tx[end] == tx[row]:
            spends = spends or (not output[end] and address[end] in reached)
            end += 1
        if spends:
            reached.update(
                address[at] for at in range(row, end) if output[at] and address[at] not in stops
            )
        row = end
    places = sorted({tx[at] for at in range(rows) if address[at] in reached})
    return {table.addresses[index] for index in reached}, places


def _openings(transfers: Sequence[Transfer], reached: set[str]) -> dict[tuple[str, str], int]:
    """Return the least that each address must have held before, in the smallest unit."""
    balance: dict[tuple[str, str], int] = {}
    lowest: dict[tuple[str, str], int] = {}
    for transfer in transfers:
        for flow in transfer.inputs:
            key = (transfer.asset, flow.address)
            if flow.address in reached:
                balance[key] = balance.get(key, 0) - _whole(flow.amount)
                lowest[key] = min(lowest.get(key, 0), balance[key])
        for flow in transfer.outputs:
            key = (transfer.asset, flow.address)
            if flow.address in reached:
                balance[key] = balance.get(key, 0) + _whole(flow.amount)
    return {key: -low for key, low in lowest.items() if low < 0}


@dataclass(slots=True)
class _Walk:
    """The purses as they stand while the transactions pass by; amounts in the smallest unit.

    A purse is lots in order of arrival, ``(amount, tainted of it)``. Of fifo each lot is tainted
    whole or not at all; of the others there is one lot.
    """

    method: Method
    services: set[str]
    origins: _Origins
    reached: set[str]
    purses: dict[tuple[str, str], deque[Lot]] = field(default_factory=dict)
    budget: dict[tuple[str, str], int | None] = field(default_factory=dict)
    entered: dict[str, int] = field(default_factory=dict)
    ended: dict[tuple[str, str], int] = field(default_factory=dict)
    fees: dict[str, int] = field(default_factory=dict)
    carried: list[Carried] = field(default_factory=list)
    shares: int = 0
    lots: int = 0

    def __post_init__(self) -> None:
        self.budget = dict(self.origins.all_of)

    def open(self, asset: str, address: str, amount: int) -> None:
        """Lay an opening balance into a purse: tainted only if all of the address is."""
        self._receive((asset, address), [(amount, 0)], None)

    def step(self, place: int, transfer: Transfer) -> None:
        """Let one transaction pass."""
        asset = transfer.asset
        parts = [
            (amount, tainted, flow.address)
            for flow in transfer.inputs
            for amount, tainted in self._spend((asset, flow.address), _whole(flow.amount))
        ]
        self.lots += max(0, len(parts) - len(transfer.inputs))
        if self.lots > MOST_LOTS:
            raise InputError(
                f"transfer {transfer.id[:80]}: with {self.method} more than {MOST_LOTS:,} lots of "
                "clean and tainted money would move",
                hint="Use haircut: it has one lot for each address. Or begin at fewer addresses.",
            )
        ends = [_whole(flow.amount) for flow in transfer.outputs]
        fee = max(sum(part[0] for part in parts) - sum(ends), 0)
        if self.method == "haircut":
            self.shares += len(by_source(parts)) * len(ends)
            if self.shares > MOST_SHARES:
                raise InputError(
                    f"transfer {transfer.id[:80]}: haircut would split it into more than "
                    f"{MOST_SHARES:,} shares",
                    hint=(
                        "With haircut every input goes into every output: use fifo, or begin at "
                        "fewer addresses."
                    ),
                )
        shares = divided(self.method, parts, [*ends, fee])
        # There is one share more than outputs: the last is the fee.
        for flow, share in zip(transfer.outputs, shares, strict=False):
            for source, amount in by_source(share).items():
                self._carry(place, transfer, source, flow.address, amount)
            lots = [(amount, tainted) for amount, tainted, _ in share]
            self._receive((asset, flow.address), lots, transfer.id)
        if self.method != "poison":
            fee_taint = sum(tainted for _, tainted, _ in shares[-1])
            self.fees[asset] = self.fees.get(asset, 0) + fee_taint

    def result(self) -> Tainted:
        """Return what lies where."""
        holdings: dict[tuple[str, str], Decimal] = {}
        balance: dict[tuple[str, str], Decimal] = {}
        for key, lots in self.purses.items():
            tainted = sum(lot[1] for lot in lots)
            balance[key] = _decimal(sum(lot[0] for lot in lots))
            if tainted:
                holdings[key] = _decimal(tainted)
        return Tainted(
            method=self.method,
            entered={asset: _decimal(amount) for asset, amount in self.entered.items()},
            held=holdings,
            ended={key: _decimal(amount) for key, amount in self.ended.items()},
            fees={asset: _decimal(amount) for asset, amount in self.fees.items() if amount},
            balance=balance,
            carried=tuple(self.carried),
        )

    def _spend(self, key: tuple[str, str], amount: int) -> list[Lot]:
        """Take an amount out of a purse; what it never held by the record is clean."""
        lots = self.purses.get(key)
        if not lots or not amount:
            return [(amount, 0)] if amount else []
        if self.method == "fifo":
            return first_out(lots, amount)
        whole, tainted = lots.pop()
        spent = min(amount, whole)
        if self.method == "poison":
            part, left = (spent, whole - spent) if tainted else (0, 0)
        else:
            # Rounded down; the rest stays in the purse, so that the sum never changes.
            part = tainted if spent == whole else tainted * spent // whole
            left = tainted - part
        if whole > spent:
            lots.append((whole - spent, left))
        return [(spent, part)] + ([(amount - spent, 0)] if amount > spent else [])

    def _receive(self, key: tuple[str, str], lots: list[Lot], transfer: str | None) -> None:
        asset, address = key
        clean = sum(amount - tainted for amount, tainted in lots)
        entering = self._begun(key, clean, transfer)
        if entering:
            self.entered[asset] = self.entered.get(asset, 0) + entering
            lots = dirtied(lots, entering)
        if address in self.services:
            tainted = sum(lot[1] for lot in lots)
            if tainted:
                self.ended[key] = self.ended.get(key, 0) + tainted
        elif address in self.reached:
            purse = self.purses.setdefault(key, deque())
            for lot in lots:
                lay(purse, lot, apart=self.method == "fifo")

    def _begun(self, key: tuple[str, str], clean: int, transfer: str | None) -> int:
        """Return how much of clean money a start taints as it arrives."""
        asset, address = key
        entering = 0
        if key in self.budget:
            limit = self.budget[key]
            entering = clean if limit is None else min(clean, limit)
            if limit is not None:
                self.budget[key] = limit - entering
        output = (asset, transfer or "", address)
        if output in self.origins.outputs:
            limit = self.origins.outputs[output]
            by_output = clean - entering if limit is None else min(clean - entering, limit)
            if limit is not None:
                self.origins.outputs[output] = limit - by_output
            entering += by_output
        return entering

    def _carry(self, place: int, transfer: Transfer, source: str, target: str, amount: int) -> None:
        self.carried.append(
            Carried(
                transfer=transfer.id,
                place=place,
                asset=transfer.asset,
                source=source,
                target=target,
                amount=_decimal(amount),
            )
        )


def _whole(amount: Decimal) -> int:
    """Return an amount in its smallest unit, exactly."""
    scaled = amount.scaleb(DECIMALS, WIDE)
    number = int(scaled)
    if number != scaled or amount.adjusted() >= 38 - DECIMALS:
        raise InputError(f"the amount {str(amount)[:40]} has too many decimals or is too large")
    return number


def _decimal(amount: int) -> Decimal:
    """Return a whole number of smallest units as an amount without idle zeros."""
    if not amount:
        return Decimal(0)
    whole, remainder = divmod(amount, _UNIT)
    fraction = f"{remainder:0{DECIMALS}d}".rstrip("0")
    return Decimal(f"{whole}.{fraction}" if fraction else str(whole))
