"""Taint is never lost and never made, and it ends at services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import AddressTag, Flow, Transfer
from cautery.operation.money.lots import Method
from cautery.operation.money.taint import Start, taint

T0 = datetime(2024, 1, 1, tzinfo=UTC)


def transfer(id: str, minute: int, inputs: dict[str, str], outputs: dict[str, str]) -> Transfer:
    return Transfer(
        id=id,
        asset="BTC",
        at=T0 + timedelta(minutes=minute),
        inputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in inputs.items()),
        outputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in outputs.items()),
    )


def tag(address: str, category: str = "exchange") -> dict[str, AddressTag]:
    return {
        address: AddressTag(address=address, label="Big Exchange", category=category, source="t")
    }


MIXED = (
    transfer("a", 1, {"buyer": "10"}, {"shop": "10"}),
    transfer("b", 2, {"other": "30"}, {"shop": "30"}),
    transfer("c", 3, {"shop": "20"}, {"wallet": "12", "shop": "7"}),
)
FROM_A = (Start(address="shop", asset="BTC", transfer="a"),)


def test_first_in_is_first_out() -> None:
    found = taint(MIXED, FROM_A, method="fifo")
    assert found.held == {("BTC", "wallet"): Decimal(10)}


def test_a_haircut_carries_each_share() -> None:
    found = taint(MIXED, FROM_A, method="haircut")
    # a quarter of 40 is tainted: 3 of 12, 1.75 of 7 and 5 of the 20 that stayed; 0.25 is fee
    assert found.held == {("BTC", "wallet"): Decimal(3), ("BTC", "shop"): Decimal("6.75")}
    assert found.fees == {"BTC": Decimal("0.25")}


def test_poison_taints_whatever_it_touches() -> None:
    found = taint(MIXED, FROM_A, method="poison")
    assert found.held == {("BTC", "wallet"): Decimal(12), ("BTC", "shop"): Decimal(27)}


def test_an_order_of_lots_survives_two_transactions() -> None:
    chain = (
        transfer("a", 1, {"other": "5"}, {"shop": "5"}),
        transfer("b", 2, {"buyer": "5"}, {"shop": "5"}),
        transfer("c", 3, {"shop": "10"}, {"hop": "10"}),
        transfer("d", 4, {"hop": "5"}, {"first": "5"}),
        transfer("e", 5, {"hop": "5"}, {"second": "5"}),
    )
    found = taint(chain, (Start(address="shop", asset="BTC", transfer="b"),))
    assert found.held == {("BTC", "second"): Decimal(5)}


def test_money_that_an_address_must_have_held_before_goes_out_first() -> None:
    spent = (
        transfer("a", 1, {"buyer": "4"}, {"shop": "4"}),
        transfer("b", 2, {"shop": "10"}, {"wallet": "10"}),
        transfer("c", 3, {"wallet": "6"}, {"x": "6"}),
    )
    found = taint(spent, (Start(address="shop", asset="BTC", transfer="a"),))
    assert found.held == {("BTC", "wallet"): Decimal(4)}


def test_it_ends_at_an_exchange() -> None:
    onward = (*MIXED, transfer("d", 4, {"wallet": "12"}, {"ex": "12"}))
    onward = (*onward, transfer("e", 5, {"ex": "12"}, {"stranger": "12"}))
    found = taint(onward, FROM_A, tags=tag("ex"))
    assert (found.ended, found.held) == ({("BTC", "ex"): Decimal(10)}, {})


def test_it_does_not_begin_at_a_service() -> None:
    with pytest.raises(InputError, match="belongs to its customers"):
        taint(MIXED, FROM_A, tags=tag("shop"))


def test_a_start_that_nobody_supplied_is_refused() -> None:
    with pytest.raises(InputError, match="not in the supplied transactions"):
        taint(MIXED, (Start(address="nobody", asset="BTC"),))


def test_a_transaction_of_thousands_each_way_is_not_spread_by_haircut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cautery.operation.money.taint.MOST_SHARES", 50)
    many = {f"m{n}": "1" for n in range(10)}
    wide = (
        transfer("a", 1, {"s": "10"}, many),
        transfer("b", 2, many, {f"n{n}": "1" for n in range(10)}),
    )
    start = (Start(address="s", asset="BTC"),)
    with pytest.raises(
        InputError, match="transfer b: haircut would split it into more than 50 shares"
    ):
        taint(wide, start, method="haircut")
    assert taint(wide, start, method="fifo").out("BTC") == 10


def test_a_purse_of_alternating_lots_is_not_carried_on_and_on_by_fifo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cautery.operation.money.taint.MOST_LOTS", 100)
    history = [
        transfer(f"t{n}", n, {("dirty", "clean")[n % 2]: "1"}, {"p0": "1"}) for n in range(40)
    ]
    history += [transfer(f"u{n}", 40 + n, {f"p{n}": "40"}, {f"p{n + 1}": "40"}) for n in range(9)]
    start = (Start(address="dirty", asset="BTC"),)
    assert taint(history[:42], start, method="fifo").out("BTC") == 20
    with pytest.raises(InputError, match="transfer u2: with fifo more than 100 lots"):
        taint(history, start, method="fifo")
    assert taint(history, start, method="haircut").out("BTC") == 20


ADDRESSES = ("a", "b", "c", "d", "e", "ex")


@st.composite
def histories(draw: st.DrawFn) -> tuple[Transfer, ...]:
    """Random transactions; inputs may exceed what the record shows, outputs never the inputs."""
    made = []
    for place in range(draw(st.integers(1, 12))):
        inputs = draw(
            st.dictionaries(
                st.sampled_from(ADDRESSES), st.integers(1, 10**9), min_size=1, max_size=3
            )
        )
        left, outputs = sum(inputs.values()), {}
        for address in draw(
            st.lists(st.sampled_from(ADDRESSES), unique=True, min_size=1, max_size=3)
        ):
            outputs[address] = draw(st.integers(0, left))
            left -= outputs[address]
        small = Decimal("1e-8")
        made.append(
            transfer(
                f"t{place}",
                place,
                {one: str(value * small) for one, value in inputs.items()},
                {one: str(value * small) for one, value in outputs.items()},
            )
        )
    return tuple(made)


@settings(max_examples=50)
@given(histories(), st.sampled_from(["fifo", "haircut"]), st.sampled_from([None, "t0"]))
def test_what_entered_is_held_or_ended_or_fee(
    history: tuple[Transfer, ...], method: Method, first_one: str | None
) -> None:
    first = next(flow.address for flow in history[0].outputs)
    if first == "ex":
        return
    start = Start(address=first, asset="BTC", transfer=first_one)
    found = taint(history, (start,), method=method, tags=tag("ex"))
    assert found.out("BTC") == found.entered.get("BTC", Decimal(0))


@settings(max_examples=50)
@given(histories(), st.sampled_from(["fifo", "haircut", "poison"]))
def test_nobody_holds_more_tainted_money_than_money(
    history: tuple[Transfer, ...], method: Method
) -> None:
    first = history[0].outputs[0].address
    start = Start(address=first, asset="BTC")
    found = taint(history, (start,), method=method)
    assert all(found.held.get(key, Decimal(0)) <= held for key, held in found.balance.items())


@settings(max_examples=50)
@given(histories())
def test_poison_reaches_whatever_the_others_reach(history: tuple[Transfer, ...]) -> None:
    first = history[0].outputs[0].address
    start = (Start(address=first, asset="BTC", transfer="t0"),)
    reached = [set(taint(history, start, method=one).held) for one in ("fifo", "poison")]
    assert reached[0] <= reached[1]
