"""What orders to freeze would hold: sums by holder and asset, as intervals over the conventions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cautery.model import AddressTag, Flow, InstrumentKind, Transfer, from_json, to_json
from cautery.operation.money.flows import FlowTable, table_of
from cautery.operation.money.freezing import freezing_sums, kept_proposals, newest_of_each_method
from cautery.operation.money.lots import METHODS, Method
from cautery.operation.money.trace import trace
from cautery.operation.money.trail import Trace

T0 = datetime(2024, 1, 1, tzinfo=UTC)


def transfer(id: str, minute: int, inputs: dict[str, str], outputs: dict[str, str]) -> Transfer:
    return Transfer(
        id=id,
        asset="BTC",
        at=T0 + timedelta(minutes=minute),
        inputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in inputs.items()),
        outputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in outputs.items()),
    )


TABLE = table_of(
    [
        transfer("clean", 1, {"payroll": "3"}, {"hub": "3"}),
        transfer("dirty", 2, {"till": "1"}, {"hub": "1"}),
        transfer("out", 3, {"hub": "4"}, {"ex": "2", "hoard": "2"}),
    ]
)
EXCHANGE = AddressTag(address="ex", label="Big Exchange", category="exchange", source="pack")


def traced(method: Method, table: FlowTable = TABLE) -> Trace:
    return trace("till", table, [EXCHANGE], method=method)


def test_a_sum_is_an_interval_over_the_conventions() -> None:
    (row,) = freezing_sums([traced(method) for method in METHODS])
    amounts = [
        proposal.amount
        for method in METHODS
        for proposal in traced(method).proposals
        if proposal.kind is InstrumentKind.FREEZING and proposal.amount is not None
    ]
    assert (row.addressee, row.asset) == ("Big Exchange", "BTC")
    assert row.at_least < row.at_most == max(amounts)
    assert row.methods == METHODS


def test_one_convention_alone_gives_no_interval() -> None:
    (row,) = freezing_sums([traced("haircut")])
    assert row.at_least == row.at_most == Decimal("0.5")


def test_what_only_some_conventions_find_begins_at_nothing() -> None:
    found, other = traced("haircut"), replace(traced("fifo"), proposals=())
    assert freezing_sums([found, other])[0].at_least == Decimal(0)


def test_the_largest_sum_of_an_asset_comes_first() -> None:
    one = traced("haircut")
    freeze = next(each for each in one.proposals if each.kind is InstrumentKind.FREEZING)
    larger = replace(freeze, addressee="Small Exchange", amount=Decimal(9))
    euros = replace(freeze, asset="EUR", amount=Decimal(1))
    rows = freezing_sums([replace(one, proposals=(euros, freeze, larger))])
    assert [(row.asset, row.addressee) for row in rows] == [
        ("BTC", "Small Exchange"),
        ("BTC", "Big Exchange"),
        ("EUR", "Big Exchange"),
    ]


def test_a_trace_of_another_trail_is_no_other_view_of_this_one() -> None:
    other = replace(traced("fifo"), entered={"BTC": Decimal(7)})
    old, new = replace(traced("haircut"), refused=1), traced("haircut")
    assert newest_of_each_method([other, old, new]) == (new,)


@pytest.mark.parametrize("method", METHODS)
def test_a_trace_that_was_kept_gives_the_same_sums(method: Method) -> None:
    one = traced(method)
    assert freezing_sums([from_json(Trace, to_json(one))]) == freezing_sums([one])


def test_whom_to_ask_to_keep_data_is_no_order_to_freeze() -> None:
    one = traced("haircut")
    assert {each.kind for each in kept_proposals(one)} == {InstrumentKind.PRESERVATION}
    assert len(kept_proposals(one)) + len(freezing_sums([one])) == len(one.proposals)
