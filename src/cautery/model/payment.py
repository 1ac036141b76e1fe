"""Money that moved: coins between addresses, and the accounts behind a purchase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cautery.errors import InputError
from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One end of a transfer: an address or account, and how much."""

    address: str
    amount: Decimal

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise InputError(f"{self.address}: {self.amount} is not a valid amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transaction as supplied: inputs spent together, outputs made.

    ``asset`` is ``BTC``, ``ETH``, ``TRX``, ``USDT-TRX`` ... or an ISO 4217 currency of a bank
    transfer. Account-based coins have one input.
    """

    id: str
    asset: str
    at: datetime
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not self.outputs:
            raise InputError(f"transfer {self.id}: it has no output")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressTag:
    """What somebody else says of an address (a tag pack, a sanctions list)."""

    address: str
    label: str
    category: str
    source: str
    asset: str | None = None
