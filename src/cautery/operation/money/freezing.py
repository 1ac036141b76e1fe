"""What orders to freeze would hold: by holder and asset, the largest first, with an interval.

Conventions of taint disagree on whose coins are whose. A case that has traces by several of them
gives each sum as an interval: the least and the most that any of them finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from cautery.model import InstrumentKind
from cautery.model.message import Message
from cautery.operation.money.places import sum_of
from cautery.operation.money.trail import Proposal, Trace

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezingSum:
    """What orders to one holder would hold of one asset.

    Parameters
    ----------
    addressee : str
        Who could be asked to freeze it.
    asset : str
        The coin or currency.
    at_least, at_most : Decimal
        The least and the most that a trace finds there, in units of ``asset``.
    balance : Decimal or None
        All that lies there, by the supplied transactions; ``None``: nobody knows.
    methods : tuple of str
        Conventions of taint that were asked.
    holds, grounds : tuple of Message
        What the orders would hold, and why.
    """

    addressee: str
    asset: str
    at_least: Decimal
    at_most: Decimal
    balance: Decimal | None
    methods: tuple[str, ...]
    holds: tuple[Message, ...]
    grounds: tuple[Message, ...]


class Traced(Protocol):
    """A trace, or the record of one."""

    @property
    def method(self) -> str:
        """The convention of taint."""

    @property
    def entered(self) -> Mapping[str, Decimal]:
        """The money at the beginning of the trail, by asset."""


T = TypeVar("T", bound=Traced)


def newest_of_each_method(traces: Iterable[T]) -> tuple[T, ...]:
    """Return the newest trace of each convention that begins where the newest of all begins.

    Sums of other trails are no other view of this one.

    Parameters
    ----------
    traces : iterable of Traced
        In the order in which they were made.
    """
    newest: dict[str, T] = {}
    for trace in reversed(tuple(traces)):
        first = next(iter(newest.values()), trace)
        if trace.entered == first.entered and trace.method not in newest:
            newest[trace.method] = trace
    return tuple(newest.values())


def freezing_sums(traces: Sequence[Trace]) -> tuple[FreezingSum, ...]:
    """Return what orders would hold by holder and asset; of each asset the largest sum first.

    Parameters
    ----------
    traces : sequence of Trace
        Of one trail, by different conventions; what only some of them find is zero for the others.
    """
    by_trace = [_by_holder(trace) for trace in traces]
    holders = dict.fromkeys(key for sums in by_trace for key in sums)
    rows = []
    for addressee, asset in holders:
        by_finder = [sums[addressee, asset] for sums in by_trace if (addressee, asset) in sums]
        amounts = [sum_of(_amounts(proposals)) for proposals in by_finder]
        if len(by_finder) < len(traces):
            amounts.append(_NOTHING)
        all_proposals = [proposal for proposals in by_finder for proposal in proposals]
        rows.append(
            FreezingSum(
                addressee=addressee,
                asset=asset,
                at_least=min(amounts),
                at_most=max(amounts),
                balance=_balance(by_finder[0]),
                methods=tuple(trace.method for trace in traces),
                holds=tuple(
                    dict.fromkeys(hold for proposal in all_proposals for hold in proposal.holds)
                ),
                grounds=tuple(dict.fromkeys(proposal.grounds for proposal in all_proposals)),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.asset, -row.at_most, row.addressee)))


def kept_proposals(trace: Trace) -> tuple[Proposal, ...]:
    """Return whom one could ask to keep data of a trail."""
    return tuple(
        proposal for proposal in trace.proposals if proposal.kind is InstrumentKind.PRESERVATION
    )


def _by_holder(trace: Trace) -> dict[tuple[str, str], list[Proposal]]:
    sums: dict[tuple[str, str], list[Proposal]] = {}
    for proposal in trace.proposals:
        if proposal.kind is InstrumentKind.FREEZING and proposal.asset is not None:
            sums.setdefault((proposal.addressee, proposal.asset), []).append(proposal)
    return sums


def _amounts(proposals: Iterable[Proposal]) -> Iterator[Decimal]:
    for proposal in proposals:
        if proposal.amount is not None:
            yield proposal.amount


def _balance(proposals: Sequence[Proposal]) -> Decimal | None:
    """Return the sum of the balances that grounds name, where every one names its own."""
    balance_texts = [proposal.grounds.values.get("balance") for proposal in proposals]
    balances = [Decimal(str(balance)) for balance in balance_texts if balance is not None]
    return sum_of(balances) if balances and len(balances) == len(balance_texts) else None
