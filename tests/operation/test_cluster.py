"""Common inputs join owners, mixes and services do not, and what joined can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import AddressTag, Flow, Transfer
from cautery.operation.money.cluster import Clusters, cluster

T0 = datetime(2024, 1, 1, tzinfo=UTC)


def paid(id: str, minute: int, inputs: str, outputs: str, asset: str = "BTC") -> Transfer:
    """A transaction: inputs ``a b``; outputs ``c=1 d=2``."""
    ends = [one.split("=") for one in outputs.split()]
    total = sum(Decimal(value) for _, value in ends) + 1
    names = inputs.split()
    return Transfer(
        id=id,
        asset=asset,
        at=T0 + timedelta(minutes=minute),
        inputs=tuple(Flow(address=one, amount=total) for one in names),
        outputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in ends),
    )


def owners(found: Clusters) -> list[tuple[str, ...]]:
    return [found.members(one) for one in found.groups()]


def test_inputs_spent_together_are_one_owner_s() -> None:
    found = cluster(
        [paid("1", 1, "a b", "x=1"), paid("2", 2, "b c", "y=2"), paid("3", 3, "d", "z=1")]
    )
    assert owners(found) == [("a", "b", "c")]


@pytest.mark.parametrize(
    "outputs", ["x=1 y=1 z=1", "x=1 y=1 z=1 p=3 q=4 r=7 s=8", "x=1 y=1 p=3 q=4"]
)
def test_equal_outputs_to_as_many_as_put_in_join_nobody(outputs: str) -> None:
    found = cluster([paid("1", 1, "a b c", outputs)])
    assert (owners(found), found.refused) == ([], {"1": "equal outputs, as in a coinjoin"})


def test_one_owner_s_payment_to_three_alike_is_no_coinjoin() -> None:
    assert owners(cluster([paid("1", 1, "a b", "x=1 y=1 z=1 w=5")])) == [("a", "b")]


def test_one_address_paid_twice_alike_is_no_coinjoin() -> None:
    assert owners(cluster([paid("1", 1, "a b", "x=1 x=1 y=5")])) == [("a", "b")]


def test_a_known_service_joins_nobody() -> None:
    tag = AddressTag(address="b", label="Exchange", category="exchange", source="t")
    found = cluster([paid("1", 1, "a b", "x=1"), paid("2", 2, "b c", "y=1")], tags={"b": tag})
    assert (owners(found), set(found.refused)) == ([], {"1", "2"})


def test_account_coins_have_no_common_inputs() -> None:
    assert owners(cluster([paid("1", 1, "a b", "x=1", "ETH")])) == []


def test_a_cluster_names_the_transactions_that_joined_it_and_no_more() -> None:
    found = cluster(
        [paid("1", 1, "a b", "x=1"), paid("2", 2, "a b", "x=2"), paid("3", 3, "b c", "x=3")]
    )
    assert found.why(found.of("a")) == ("1", "3")


def test_what_a_transaction_joined_can_be_taken_back() -> None:
    found = cluster([paid("1", 1, "a b", "x=1"), paid("2", 2, "b c", "x=2")])
    assert owners(found.undo("2")) == [("a", "b")]
    assert owners(found) == [("a", "b", "c")]


def test_taking_back_what_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="not in the supplied"):
        cluster([paid("1", 1, "a b", "x=1")]).undo("9")


def test_change_is_joined_only_when_asked_for() -> None:
    history = [paid("0", 0, "z", "shop=1"), paid("1", 1, "a", "shop=3 fresh=2")]
    assert owners(cluster(history)) == []
    assert owners(cluster(history, change=True)) == [("a", "fresh")]


def test_two_fresh_outputs_tell_no_change() -> None:
    assert owners(cluster([paid("1", 1, "a", "x=3 y=2")], change=True)) == []


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3, unique=True),
            st.integers(1, 9),
        ),
        max_size=12,
    )
)
def test_clusters_are_what_a_plain_union_find_finds(history: list[tuple[list[str], int]]) -> None:
    found = cluster(
        [
            paid(str(place), place, " ".join(inputs), f"out{place}={value}")
            for place, (inputs, value) in enumerate(history)
        ]
    )
    parent = {one: one for one in "abcdefgh"}

    def root(one: str) -> str:
        while parent[one] != one:
            one = parent[one]
        return one

    for inputs, _ in history:
        for one in inputs[1:]:
            parent[root(one)] = root(inputs[0])
    groups: dict[str, set[str]] = {}
    for one in "abcdefgh":
        groups.setdefault(root(one), set()).add(one)
    assert {frozenset(one) for one in owners(found)} == {
        frozenset(one) for one in groups.values() if len(one) > 1
    }
