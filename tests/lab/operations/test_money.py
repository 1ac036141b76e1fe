from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.lab.operations import LIKES, OperationWorld, build_world
from cautery.lab.operations.coins import address
from cautery.model import ExhibitKind
from cautery.operation.money.cluster import cluster
from cautery.operation.money.trace import trace
from cautery.operation.money.trail import Purchase
from cautery.payments.addresses import check_address, supported


@given(seed=st.integers(0, 2**62), of=st.integers(0, 2**30))
def test_every_address_has_a_right_checksum(seed: int, of: int) -> None:
    for asset in ("BTC", "ETH", "TRX", "USDT-TRX"):
        check_address(asset, address(asset, seed, of))


@pytest.mark.parametrize("like", LIKES)
def test_every_address_of_a_world_is_valid(like: str) -> None:
    world = build_world(like, seed=9, scale=0.01)
    seen = {
        (one.asset, flow.address)
        for one in world.transfers
        for flow in (*one.inputs, *one.outputs)
        if supported(one.asset)
    }

    assert {asset for asset, _ in seen} >= {"BTC", "USDT-TRX", "ETH"}
    for asset, place in seen:
        check_address(asset, place)


def test_no_bitcoin_output_is_spent_twice_and_none_is_made_of_nothing(full: OperationWorld) -> None:
    services = {one.address for one in full.tags}
    made: Counter[tuple[str, Decimal]] = Counter()
    spent: Counter[tuple[str, Decimal]] = Counter()
    for one in full.transfers:
        if one.asset != "BTC":
            continue
        assert sum(f.amount for f in one.outputs) <= sum(f.amount for f in one.inputs)
        made.update((f.address, f.amount) for f in one.outputs if f.address not in services)
        spent.update((f.address, f.amount) for f in one.inputs if f.address not in services)

    assert max(spent.values()) == 1
    whose = full.truth.owner
    nowhere = [place for place, _ in spent - made if whose[place].startswith("reseller:")]
    assert not nowhere  # a trunk spends only what it took in


def test_accounts_below_never_spend_what_they_do_not_have(full: OperationWorld) -> None:
    balance: Counter[tuple[str, str]] = Counter()
    outside = ("service:", "agency:", "provider:")
    for one in full.transfers:
        if one.asset == "BTC":
            continue
        for flow in one.inputs:
            balance[one.asset, flow.address] -= flow.amount
        for flow in one.outputs:
            balance[one.asset, flow.address] += flow.amount
        for flow in one.inputs:
            if not full.truth.owner[flow.address].startswith(outside):
                assert balance[one.asset, flow.address] >= 0


def test_the_wallets_of_the_day_hold_what_flowed_into_them(full: OperationWorld) -> None:
    wallets = [one for one in full.finds if one.kind is ExhibitKind.WALLET]
    inflow: Counter[str] = Counter()
    for one in full.transfers:
        for flow in one.outputs:
            inflow[flow.address] += flow.amount

    assert len(wallets) == 3
    for one in wallets:
        assert inflow[one.details["address"]] == Decimal(one.details["amount"])


def test_a_common_input_never_joins_two_owners_but_in_a_coinjoin(full: OperationWorld) -> None:
    groups = cluster(full.transfers, tags={one.address: one for one in full.tags})
    owner = full.truth.owner
    bitcoin = [one for one in full.transfers if one.asset == "BTC"]
    of_cluster: dict[int, set[str]] = {}
    for one in bitcoin:
        for flow in one.inputs:
            if not owner[flow.address].startswith("service:"):
                of_cluster.setdefault(groups.of(flow.address), set()).add(owner[flow.address])

    assert max(len(those) for those in of_cluster.values()) == 1
    assert any(len({owner[f.address] for f in one.inputs}) > 2 for one in bitcoin)  # mixed


def test_test_purchases_lead_to_their_end(full: OperationWorld) -> None:
    transfers = {one.id: one for one in full.transfers}

    assert {one.channel for one in full.purchases} == {"card", "wallet-service", "bank", "crypto"}
    assert {"EUR", "GBP"} <= {one.price.currency for one in full.purchases}
    for one in full.purchases:
        assert (one.account is None) != (one.wallet is None)
        ends = {flow.address for flow in transfers[one.transfer].outputs}
        assert (one.account or one.wallet) in ends


def test_a_purchase_in_coins_is_traced_to_an_exchange(full: OperationWorld) -> None:
    bought = next(one for one in full.purchases if one.wallet and one.wallet.startswith("T"))
    found = trace(
        Purchase(
            id=bought.id,
            at=bought.at,
            price=bought.price,
            descriptor=bought.descriptor,
            provider=bought.provider,
            wallet=bought.wallet,
            transfer=bought.transfer,
        ),
        full.transfers,
        full.tags,
    )

    assert any("Exchange" in one.node for one in found.endings)
    assert found.proposals


def test_purchase_counts_are_those_of_the_purchases(small: OperationWorld) -> None:
    counted = {one.channel: (one.purchases, one.known) for one in small.purchase_counts}
    listed = {
        channel: (
            sum(one.channel == channel for one in small.purchases),
            sum(one.channel == channel and one.known for one in small.purchases),
        )
        for channel in counted
    }

    assert counted == listed
    assert sum(one for one, _ in counted.values()) == len(small.purchases)
