from __future__ import annotations

import ipaddress
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.lab import plan_world
from cautery.lab.truth import truth_of
from cautery.lab.underworld import CDN, MIDDLEWARE
from cautery.payments.found import crypto_addresses


@given(seed=st.integers(0, 2**40), size=st.sampled_from(["demo", "small"]))
@settings(max_examples=25, deadline=None)
def test_the_same_seed_gives_the_same_world_and_truth(seed: int, size: str) -> None:
    assert plan_world(seed, size) == plan_world(seed, size)
    assert truth_of(plan_world(seed, size)) == truth_of(plan_world(seed, size))


@given(seed=st.integers(0, 2**40))
@settings(max_examples=25, deadline=None)
def test_any_seed_gives_a_world_of_the_promised_make(seed: int) -> None:
    plan = plan_world(seed)
    kinds = Counter(one.kind for one in plan.streams)
    suspects = kinds["rebroadcast"] + kinds["dead"] + kinds["hostile"]
    assert suspects >= 40
    assert kinds["innocent"] + kinds["partner"] >= 10
    assert len({one.id for one in plan.streams}) == len(plan.streams)
    done = {word for one in plan.streams for word in one.disguise}
    assert done >= {"crop", "logo", "mirror", "rescale", "other-rate", "faster", "slower", "fmp4"}
    assert done >= {"other-commentary", "covered-graphics", "aes-128", "low-bitrate", "mono-44k"}
    assert "progressive" in {one.delivery for one in plan.streams}


@given(seed=st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_copies_lie_five_to_180_seconds_behind_each_at_its_own(seed: int) -> None:
    delays = [
        one.delay_s
        for one in plan_world(seed).streams
        if one.kind == "rebroadcast" and one.delay_s is not None
    ]
    assert len(delays) == len(set(delays)) == 35
    assert min(delays) >= 5
    assert max(delays) == 180


@given(seed=st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_every_copy_shows_only_what_its_feed_has_made(seed: int) -> None:
    from cautery.lab.pirate import content_at

    plan = plan_world(seed)
    for stream in plan.streams:
        if stream.rendered and stream.delay_s is not None:
            assert content_at(stream, plan.timing, 0.0) >= 0


@given(seed=st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_every_host_is_a_made_up_name_on_loopback(seed: int) -> None:
    for host in plan_world(seed).hosts:
        assert ipaddress.ip_address(host.address).is_loopback
        assert host.name.endswith(".example") or host.name == host.address


def test_a_hospital_a_bank_and_forty_shops_share_an_address_with_three_networks() -> None:
    plan = plan_world(1)
    shared = next(one.address for one in plan.hosts if one.certificate == CDN)
    there = [one for one in plan.hosts if one.address == shared]
    assert sum(one.innocent for one in there) >= 43
    assert {one.network for one in there if not one.innocent} == {"A", "B", "C"}
    assert {kind for _, kind in plan.protected} >= {"hospital", "bank"}
    assert shared in truth_of(plan).bystanders


@given(seed=st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_each_network_has_a_wallet_that_a_reader_of_pages_takes_for_one(seed: int) -> None:
    networks = plan_world(seed, "small").networks
    found = [crypto_addresses(f"Bitcoin: {one.crypto}") for one in networks]
    assert [[(a.currency, a.address, a.checked) for a in one] for one in found] == [
        [("BTC", one.crypto, True)] for one in networks
    ]
    assert len({one.crypto for one in networks}) == len(networks) > 1


def test_the_middleware_certificate_is_shown_by_different_networks() -> None:
    shown = {one.network for one in plan_world(1).hosts if one.certificate == MIDDLEWARE}
    assert shown == {"A", "B", "C", None}


def test_a_stream_with_voice_and_graphics_replaced_has_no_licensee_left() -> None:
    truth = truth_of(plan_world(1))
    bare = [one for one in truth.streams if "covered-graphics" in one.disguise]
    assert bare
    assert all(one.licensee is None for one in bare if one.event is not None)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="seed -1"):
        plan_world(-1)
