"""Shares of blind tests, over one night and over several."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from cautery.errors import InputError
from cautery.estimate.exact import exact_share
from cautery.estimate.over_nights import share_over
from cautery.model import ErrorRate
from cautery.model.blind import Spread

counts = st.integers(0, 60).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
nights = st.lists(counts, min_size=1, max_size=12)


@settings(max_examples=15, deadline=None)
@given(whole=st.integers(1, 60), rate=st.floats(1e-6, 1))
def test_the_exact_interval_holds_every_rate_at_least_95_times_of_100(whole, rate):
    shares = [exact_share(part, whole) for part in range(whole + 1)]
    chances = binom.pmf(range(whole + 1), whole, rate)
    within = sum(p for p, s in zip(chances, shares, strict=True) if s.low <= rate <= s.high)
    below = sum(p for p, s in zip(chances, shares, strict=True) if rate <= s.at_most)
    assert within >= 0.95 - 1e-9
    assert below >= 0.95 - 1e-9


@given(counts)
def test_the_bound_of_a_share_is_the_bound_of_an_error_rate(count):
    part, whole = count
    bound = ErrorRate(what="missed", errors=part, trials=whole, source="").upper_bound
    share = exact_share(part, whole)
    assert share.at_most == (1.0 if bound is None else pytest.approx(bound))


@given(counts)
def test_the_share_of_the_others_is_the_mirror_of_a_share(count):
    part, whole = count
    share, others = exact_share(part, whole), exact_share(whole - part, whole)
    assert share.low == pytest.approx(1 - others.high, abs=1e-9)
    assert share.high == pytest.approx(1 - others.low, abs=1e-9)


@given(nights)
def test_an_interval_over_nights_holds_the_share_and_is_no_narrower_than_the_exact_one(counted):
    over = share_over(counted)
    assert 0 <= over.low <= over.exact.low <= over.exact.high <= over.high <= 1
    assert over.exact.part == sum(part for part, _ in counted)
    assert over.nights == sum(1 for _, whole in counted if whole)


@given(nights, st.randoms())
def test_the_order_of_nights_says_nothing_of_their_share(counted, random):
    shuffled = random.sample(counted, len(counted))
    first, second = share_over(counted), share_over(shuffled)
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=1e-9)


@given(nights)
def test_the_interval_over_nights_of_the_others_is_the_mirror(counted):
    over = share_over(counted)
    others = share_over([(whole - part, whole) for part, whole in counted])
    assert over.low == pytest.approx(1 - others.high, abs=1e-6)
    assert over.high == pytest.approx(1 - others.low, abs=1e-6)


def test_nights_that_differ_have_a_wider_interval_than_nights_that_do_not():
    alike, apart = [(3, 30)] * 6, [(0, 30), (0, 30), (9, 30), (0, 30), (8, 30), (1, 30)]
    assert share_over(alike).exact == share_over(apart).exact
    assert share_over(apart).high > share_over(alike).high + 0.05


def test_one_night_says_nothing_of_how_nights_differ():
    over = share_over([(1, 40), (0, 0)])
    assert over.spread is None
    assert (over.low, over.high) == (over.exact.low, over.exact.high)


def test_few_nights_without_an_error_have_a_bound_wider_than_that_of_as_many_decoys():
    over = share_over([(0, 40), (0, 40), (0, 40)])
    assert over.spread is Spread.SMALLER_SAMPLE
    assert over.high > 2 * over.exact.high


@pytest.mark.parametrize("night_count", [4, 8, 20])
def test_the_interval_over_nights_holds_a_rate_that_differs_by_night_and_the_exact_one_does_not(
    night_count,
):
    rng = np.random.default_rng(night_count)
    rate, alike, held, held_exact, seasons = 0.1, 0.1, 0, 0, 400
    for _ in range(seasons):
        wholes = rng.integers(20, 41, night_count)
        rates = rng.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), night_count)
        season = [(int(rng.binomial(n, p)), int(n)) for n, p in zip(wholes, rates, strict=True)]
        over = share_over(season)
        held += over.low <= rate <= over.high
        held_exact += over.exact.low <= rate <= over.exact.high
    # Four standard errors of 400 seasons below 95 %.
    assert held / seasons >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / seasons)
    assert held_exact / seasons < 0.85


@pytest.mark.parametrize("count", [(2, 1), (-1, 3), (1, 0)])
def test_counts_that_cannot_be_are_refused(count):
    with pytest.raises(InputError):
        exact_share(*count)
    with pytest.raises(InputError):
        share_over([(1, 3), count])
