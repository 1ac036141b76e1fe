"""What a night needs follows from the unit costs, grows with what is asked, and has an interval."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.estimate.machines import (
    FULL,
    MOST_IN_ONE_INDEX,
    Machine,
    Night,
    look_cpu_s,
    measured,
    needs,
    unit_costs,
)
from cautery.fingerprint.index import MOST_REFERENCES

nights = st.builds(
    Night,
    channels=st.floats(1, 50_000),
    looks_a_minute=st.floats(0, 100_000),
    vantages=st.integers(1, 20),
    settled=st.floats(0, 0.5),
    unmatched=st.floats(0, 0.5),
)
machines = st.builds(
    Machine,
    cores=st.integers(2, 128),
    network_gbit=st.floats(1, 100),
    speed=st.floats(0.3, 3),
)
SHARED = ("cores of nodes", "network in", "network out")


def test_an_index_numbers_as_many_references_as_the_fingerprint_does() -> None:
    assert MOST_IN_ONE_INDEX == MOST_REFERENCES


def test_each_unit_cost_has_its_order_and_its_source() -> None:
    for name, cost in unit_costs().items():
        assert 0 <= cost.low <= cost.mid <= cost.high, name
        assert cost.source, name
    assert set(measured()) == {"at", "machine", "core_speed"}


@given(nights, machines)
def test_no_shared_part_is_fuller_than_planned_and_with_one_node_less_one_would_be(
    night: Night, machine: Machine
) -> None:
    found = needs(night, machine)
    working = found.nodes - night.vantages
    assert all(found.use[part] <= FULL + 1e-9 for part in SHARED)
    assert found.first == max(SHARED, key=lambda part: found.use[part])
    if working > night.vantages:  # at least one node at each vantage, whatever there is to do
        fewer = working - night.vantages
        assert found.use[found.first] * working / fewer > FULL


@given(nights, machines, st.floats(1.1, 10))
def test_more_looks_or_more_channels_never_need_less(
    night: Night, machine: Machine, times: float
) -> None:
    before = needs(night, machine)
    for more in (
        replace(night, looks_a_minute=night.looks_a_minute * times),
        replace(night, channels=night.channels * times),
    ):
        after = needs(more, machine)
        assert after.nodes >= before.nodes
        assert after.memory_gb >= before.memory_gb
        assert after.drivers >= before.drivers


@given(nights, machines)
def test_the_least_the_middle_and_the_most_are_in_that_order(
    night: Night, machine: Machine
) -> None:
    low, mid, high = (needs(night, machine, level) for level in ("low", "mid", "high"))
    assert low.nodes <= mid.nodes <= high.nodes
    assert low.ledger_gb <= mid.ledger_gb <= high.ledger_gb
    assert low.use["database's commits"] <= high.use["database's commits"]


def test_a_faster_core_does_the_same_in_less() -> None:
    night = Night(channels=2500, looks_a_minute=30_000)
    slow, fast = (needs(night, Machine(speed=speed)) for speed in (1.0, 2.0))
    assert fast.nodes < slow.nodes
    assert fast.vault_tb == slow.vault_tb


def test_a_look_that_matches_nothing_costs_more_than_one_that_sound_settles() -> None:
    settled = Night(channels=2500, looks_a_minute=1, settled=1, unmatched=0)
    unmatched = Night(channels=2500, looks_a_minute=1, settled=0, unmatched=1)
    assert look_cpu_s(unmatched, "low") > 3 * look_cpu_s(settled, "high")


def test_beyond_one_index_there_are_several() -> None:
    at_most = needs(Night(channels=MOST_IN_ONE_INDEX, looks_a_minute=1), Machine())
    more = needs(Night(channels=MOST_IN_ONE_INDEX + 1, looks_a_minute=1), Machine())
    assert (at_most.indexes, more.indexes) == (1, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": 0},
        {"looks_a_minute": float("nan")},
        {"vantages": 0},
        {"month_hours": 800},
        {"settled": 0.7, "unmatched": 0.7},
        {"stream_mbit": 1e9},
    ],
)
def test_what_no_night_can_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"must be from|exceed 1"):
        Night(**{"channels": 1, "looks_a_minute": 1, **wrong})  # type: ignore[arg-type]


def test_a_machine_without_cores_is_refused() -> None:
    with pytest.raises(InputError, match="cores: 0 must be from 1"):
        Machine(cores=0)
