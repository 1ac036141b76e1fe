"""Levels, distributions and intervals that forecasts are made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cautery.estimate.forecast.conformal import AdaptiveIntervals
from cautery.estimate.forecast.predictive import Predictive, weighted_quantile
from cautery.estimate.forecast.states import loud_days

LOGS = st.lists(st.floats(-5, 12), min_size=1, max_size=40)


def predictive_of(values, widths=0.3, loud=None):
    values = np.asarray(values, np.float64)
    return Predictive(
        values=values,
        weights=np.full(len(values), 1 / len(values)),
        widths=np.full(len(values), widths),
        loud=np.zeros(len(values), bool) if loud is None else np.asarray(loud, bool),
    )


def test_two_levels_are_parted_between_them():
    logs = np.array([1.0, 1.2, 5.0, 0.9, 5.3, 1.1, 4.8])
    assert loud_days(logs, 56).tolist() == [False, False, True, False, True, False, True]


def test_one_level_has_no_loud_day():
    logs = np.random.default_rng(1).normal(3, 0.5, 56)
    assert not loud_days(logs, 56).any()


@pytest.mark.parametrize("logs", [[], [1.0], [2.0] * 30])
def test_too_few_days_or_all_the_same_have_no_loud_day(logs):
    assert not loud_days(np.array(logs), 56).any()


@given(LOGS, st.floats(0.05, 1.5), st.floats(0.02, 0.98))
def test_ranks_and_quantiles_are_inverse(values, width, share):
    made = predictive_of(values, width)
    # Quantiles are read from a grid, so they are as fine as the grid is.
    assert made.rank(made.quantile(share)) == pytest.approx(share, abs=0.06)


@given(LOGS, st.floats(-10, 20))
def test_a_rank_is_that_of_a_mixture_of_students_t(values, point):
    made = predictive_of(values)
    wanted = stats.t.cdf((point - np.array(values)) / 0.3, 4).mean()
    assert made.rank(point) == pytest.approx(wanted, abs=1e-9)


def test_the_middle_is_of_the_likelier_level():
    made = predictive_of([1, 1.1, 1.2, 6, 6.1], loud=[False, False, False, True, True])
    assert made.middle == 1.1
    assert made.chance_loud == pytest.approx(0.4)


@given(LOGS)
def test_a_weighted_median_of_equal_weights_is_one_of_the_values(values):
    found = weighted_quantile(np.array(values), np.ones(len(values)), 0.5)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) / 2


def test_an_interval_grows_while_days_are_missed_and_shrinks_while_all_hold():
    intervals, made = AdaptiveIntervals(), predictive_of(np.linspace(0, 4, 9))
    first = intervals.interval(made, 0)
    for day in range(30):
        intervals.learn(made, day, 9.0, held=False)
    wide = intervals.interval(made, 30)
    assert wide[1] - wide[0] > first[1] - first[0]
    calm = AdaptiveIntervals()
    for day in range(60):
        calm.learn(made, day, 2.0, held=True)
    narrow = calm.interval(made, 60)
    assert narrow[1] - narrow[0] < 0.7 * (first[1] - first[0])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_intervals_hold_what_they_promise_where_the_distribution_is_too_narrow(seed):
    rng = np.random.default_rng(seed)
    intervals, held = AdaptiveIntervals(), []
    for day in range(300):
        made = predictive_of([0.0], 0.5)
        low, high = intervals.interval(made, day)
        value = float(rng.normal(0, 0.8))
        held.append(low <= value <= high)
        intervals.learn(made, day, value, held=held[-1])
    assert np.mean(held[60:]) > 0.8
