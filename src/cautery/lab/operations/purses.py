"""Moving money: transfers of coins and at banks, the owner of each address, unspent coins.

Bitcoin moves by outputs that are spent whole, once; tokens and the bank by accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cautery.lab.operations.chance import token
from cautery.lab.operations.coins import address
from cautery.lab.operations.spec import Purchase
from cautery.model import AddressTag, Flow, Transfer

SATOSHI = 100_000_000
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cold:
    """A wallet that the day will find: its owner and its coins."""

    asset: str
    address: str
    holding: Decimal
    eur: Decimal
    owner: str


@dataclass(slots=True, eq=False)
class MoneyFlows:
    """All that moved."""

    transfers: list[Transfer] = field(default_factory=list)
    tags: list[AddressTag] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    owner: dict[str, str] = field(default_factory=dict)
    cold: list[Cold] = field(default_factory=list)


class Purses:
    """Everybody's addresses and accounts, and what moved between them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.serial = 0
        self.flows = MoneyFlows()
        self.unspent: dict[str, list[tuple[str, int]]] = {}
        self.balance: dict[tuple[str, str], Decimal] = {}

    def _address(self, asset: str, owner: str, *of: object) -> str:
        coin_address = address(asset, self.seed, owner, *of)
        self.flows.owner[coin_address] = owner
        return coin_address

    def _fresh(self, owner: str) -> str:
        self.serial += 1
        return self._address("BTC", owner, self.serial)

    def _transfer(
        self,
        asset: str,
        at: datetime,
        inputs: Sequence[tuple[str, Decimal]],
        outputs: Sequence[tuple[str, Decimal]],
    ) -> Transfer:
        self.serial += 1
        transfer = Transfer(
            id=token(self.seed, "transfer", self.serial, length=64),
            asset=asset,
            at=at,
            inputs=tuple(Flow(address=place, amount=amount) for place, amount in inputs),
            outputs=tuple(Flow(address=place, amount=amount) for place, amount in outputs),
        )
        self.flows.transfers.append(transfer)
        for sign, flows in ((-1, transfer.inputs), (1, transfer.outputs)):
            for flow in flows:
                key = (asset, flow.address)
                self.balance[key] = self.balance.get(key, Decimal(0)) + sign * flow.amount
        return transfer

    def _coins(
        self,
        at: datetime,
        inputs: Sequence[tuple[str, int]],
        outputs: Sequence[tuple[str, int]],
    ) -> Transfer:
        """Spend bitcoin outputs; what the outputs leave is the miner's fee."""
        return self._transfer(
            "BTC",
            at,
            [(place, Decimal(amount) / SATOSHI) for place, amount in inputs],
            [(place, Decimal(amount) / SATOSHI) for place, amount in outputs],
        )
