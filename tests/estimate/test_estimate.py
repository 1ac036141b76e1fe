from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.estimate import Seen, audience_from_claims, effect, exposure, revenue, wilson
from cautery.messages import say
from cautery.model import Window

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=60))


def at(minutes):
    return START + timedelta(minutes=minutes)


def looks(*seen):
    return [Seen(url="u", at=at(minutes), live=live) for minutes, live in seen]


def exposed(*seen, now=60):
    found = exposure(looks(*seen), window=WINDOW, now=at(now), event="match")
    return found.low, found.mid, found.high


def test_exposure_is_at_least_what_close_probes_saw_and_at_most_what_no_probe_denied():
    low, mid, high = exposed((10, True), (11, True), (12, False), now=30)
    assert (low, high) == (1.0, 12.0)
    assert low <= mid <= high


def test_a_long_gap_between_two_live_probes_counts_only_as_possible():
    low, _, high = exposed((0, True), (30, True), (31, False), now=40)
    assert (low, high) == (0.0, 31.0)


def test_a_stream_never_seen_live_adds_nothing():
    assert exposed((10, False)) == (0.0, 0.0, 0.0)


def test_a_stream_that_goes_dark_and_comes_back_is_not_counted_while_dark():
    low, _, high = exposed(
        (0, True), (1, True), (2, False), (20, False), (21, True), (22, True), now=22
    )
    assert (low, high) == (2.0, 4.0)


@given(st.lists(st.tuples(st.floats(-10, 80), st.booleans()), max_size=12), st.floats(0, 90))
def test_exposure_is_always_an_interval_within_the_window(seen, now):
    low, mid, high = exposed(*seen, now=now)
    assert 0 <= low <= mid <= high <= min(now, 60) + 1e-6


def test_wilsons_interval_of_a_known_case():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(case):
    found = effect(dark=case[0], probed=case[1])
    assert 0 <= found.low <= found.mid <= found.high <= 1


def test_nothing_probed_leaves_any_effect_possible():
    found = effect(dark=0, probed=0)
    assert (found.low, found.high, found.coverage) == (0.0, 1.0, None)


def test_more_dark_than_probed_is_refused():
    with pytest.raises(InputError):
        effect(dark=2, probed=1)


@pytest.mark.parametrize(
    ("claim", "top"),
    [
        ("over 12,000 happy customers", 12_000),
        ("12.5k users", 12_500),
        ("2 million", 2e6),
        ("1.000.000 Kunden", 1e6),
    ],
)
def test_a_claim_is_the_upper_end_of_the_audience(claim, top):
    assert audience_from_claims([claim], service="s").high == top


def test_no_number_gives_no_audience():
    assert audience_from_claims(["best quality"], service="s") is None


def test_revenue_uses_surveyed_spending_below_the_list_price():
    audience = audience_from_claims(["10,000 customers"], service="s")
    found = revenue(audience, list_price_eur=10.0)
    assert (found.low, found.high) == (4_000 * 2.5, 10_000 * 7.0)
    assert "agrees" in say(found.note)


def test_a_low_list_price_caps_what_a_user_pays():
    audience = audience_from_claims(["10,000 customers"], service="s")
    found = revenue(audience, list_price_eur=2.0)
    assert found.high == 20_000
    assert found.low <= found.mid <= found.high
