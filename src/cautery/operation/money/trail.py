"""The trail of money in nouns: purchases, places, hops, endings, holdings and proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cautery.errors import InputError
from cautery.model import AddressTag, InstrumentKind, Money, require_utc
from cautery.model.message import Message, as_written
from cautery.operation.money.lots import Method


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
                f"purchase {self.id}: it names neither an account nor a wallet, so there is "
                "nothing to follow",
                hint="First ask the provider which account or wallet received the payment.",
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
    why: Message
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
    holds: tuple[Message, ...]
    asset: str | None
    amount: Decimal | None
    grounds: Message


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
    notes: tuple[Message, ...] = ()
    followed: Message = field(default_factory=lambda: as_written(""))
    """Whose coins were followed, in one sentence; empty in a trace of an older release."""
