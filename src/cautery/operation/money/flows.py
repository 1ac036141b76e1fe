"""Supplied transactions as columns, so that a million of them need no million objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation

import numpy as np
import polars as pl

from cautery.errors import InputError
from cautery.model import Flow, Transfer
from cautery.payments.addresses import spelled

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]

UTXO = frozenset({"BTC", "XBT", "LTC", "BCH", "DOGE", "DASH", "ZEC"})
"""Coins whose transactions spend outputs together; the others move between accounts."""
DECIMALS = 18
"""Of every amount, so that all add exactly: ether's smallest unit is the finest here."""
WIDE = Context(prec=80)
"""Python's own 28 digits would round the largest amounts of the finest coins."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FlowTable:
    """Transactions in order of time, their inputs and outputs as columns.

    Parameters
    ----------
    ids, assets : list of str
        By transaction.
    at_us : ndarray, shape (transactions,), int64
        Microseconds since 1970, not falling.
    addresses : list of str
        By address number.
    tx, address : ndarray, shape (flows,), int64
        Of each input or output: its transaction (not falling) and its address.
    output : ndarray, shape (flows,), bool
        Whether it is an output.
    amount : Series, shape (flows,), Decimal(38, 18)
        Exact.
    """

    ids: list[str]
    assets: list[str]
    at_us: Ints
    addresses: list[str]
    tx: Ints
    address: Ints
    output: Bools
    amount: pl.Series

    @classmethod
    def of(cls, transfers: Iterable[Transfer]) -> FlowTable:
        """Lay transfers out as columns, in order of time; equal times keep their order.

        Raises
        ------
        InputError
            If an id stands twice in one asset, or an amount is too large or too fine.
        """
        ordered = sorted(transfers, key=lambda transfer: transfer.at)
        keys: set[tuple[str, str]] = set()
        number: dict[str, int] = {}
        tx: list[int] = []
        address: list[int] = []
        output: list[bool] = []
        amount: list[str] = []
        for place, transfer in enumerate(ordered):
            if (transfer.asset, transfer.id) in keys:
                raise InputError(f"transfer {transfer.id}: the id occurs twice in {transfer.asset}")
            keys.add((transfer.asset, transfer.id))
            for is_output, flows in ((False, transfer.inputs), (True, transfer.outputs)):
                for flow in flows:
                    tx.append(place)
                    address.append(number.setdefault(spelled(flow.address), len(number)))
                    output.append(is_output)
                    amount.append(f"{flow.amount:f}")
        return cls(
            ids=[transfer.id for transfer in ordered],
            assets=[transfer.asset for transfer in ordered],
            at_us=np.array(
                [(transfer.at - _EPOCH) // timedelta(microseconds=1) for transfer in ordered],
                dtype=np.int64,
            ),
            addresses=list(number),
            tx=np.array(tx, dtype=np.int64),
            address=np.array(address, dtype=np.int64),
            output=np.array(output, dtype=np.bool_),
            amount=exact(pl.Series("amount", amount, dtype=pl.String)),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def transfers(self, places: Iterable[int]) -> Iterable[Transfer]:
        """Yield some transactions as nouns, by their places."""
        starts = np.searchsorted(self.tx, np.arange(len(self) + 1))
        for place in places:
            ends: tuple[list[Flow], list[Flow]] = ([], [])
            for row in range(int(starts[place]), int(starts[place + 1])):
                ends[bool(self.output[row])].append(
                    Flow(
                        address=self.addresses[int(self.address[row])],
                        amount=plain(self.amount[row]),
                    )
                )
            yield Transfer(
                id=self.ids[place],
                asset=self.assets[place],
                at=_EPOCH + timedelta(microseconds=int(self.at_us[place])),
                inputs=tuple(ends[0]),
                outputs=tuple(ends[1]),
            )


def table_of(transfers: FlowTable | Iterable[Transfer]) -> FlowTable:
    """Return transfers as columns, laid out if they are not yet."""
    return transfers if isinstance(transfers, FlowTable) else FlowTable.of(transfers)


def exact(amounts: pl.Series) -> pl.Series:
    """Return amounts that were written as text as exact decimals.

    Raises
    ------
    InputError
        Naming the first that is not a number, is negative, or has too many digits.
    """
    cast = amounts.cast(pl.Decimal(38, DECIMALS), strict=False)
    bad = cast.is_null() | (cast < 0) | ~amounts.str.contains(_AMOUNT)
    if bool(bad.any()):
        row = int(bad.arg_max() or 0)
        text = amounts[row]
        raise InputError(
            f"row {row + 1}: {_why(text)}",
            hint=(
                f"Amounts must be plain decimals below 10^{38 - DECIMALS} with at most "
                f"{DECIMALS} decimals."
            ),
        )
    return cast


def plain(amount: Decimal) -> Decimal:
    """Return an amount without the zeros that the column adds."""
    short = amount.normalize(WIDE)
    exponent = short.as_tuple().exponent
    whole = isinstance(exponent, int) and exponent > 0
    return short.quantize(Decimal(1), context=WIDE) if whole else short


_AMOUNT = rf"^\+?[0-9]{{1,{38 - DECIMALS}}}(\.[0-9]{{0,{DECIMALS}}})?$"


def _why(text: str | None) -> str:
    if text is None or not text.strip():
        return "an amount is missing"
    try:
        value = Decimal(text)
    except InvalidOperation:
        return f"{text[:40]!r} is not a valid amount"
    if value.is_finite() and value < 0:
        return f"the amount is negative: {text[:40]}"
    return f"{text[:40]} is too large, has too many decimals, or is not a plain decimal"


def distinct(keys: Ints) -> Ints:
    """Return each key once, sorted: by sorting, since NumPy's hashing is slow on nearly sorted."""
    ordered = np.sort(keys)
    unique: Ints = ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]
    return unique
