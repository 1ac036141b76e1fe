"""Warnings of a season: seldom false, and seen in the end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.estimate.drift import NIGHTS_A_FALSE_ALARM, drift

season = st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 1)), max_size=30)


def _rates(rng, *rates):
    """Draw the misses of nights of 30 decoys whose rates also differ by night."""
    return [rng.binomial(30, rng.beta(19 * rate, 19 * (1 - rate))) / 30 for rate in rates]


def _noticed(rng, *rates):
    return drift(_rates(rng, *rates), ties=1 - rng.random(len(rates)))


def _split(nights):
    return [figure for figure, _ in nights], [tie for _, tie in nights]


@given(season, st.floats(0, 1))
def test_a_warning_is_not_taken_back_by_what_comes_later(nights, later):
    figures, ties = _split(nights)
    noticed = drift(figures, ties=ties)
    assert noticed is None or drift([*figures, later], ties=[*ties, 0.5]) == noticed


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0.001, 1)), max_size=30))
def test_only_the_order_of_the_figures_counts(nights):
    figures, ties = _split(nights)
    assert drift([figure**3 + 7 for figure in figures], ties=ties) == drift(figures, ties=ties)


@given(season)
def test_a_season_that_becomes_better_every_night_raises_no_warning(nights):
    figures, ties = _split(nights)
    assert drift(sorted(set(figures), reverse=True), ties=ties[: len(set(figures))]) is None


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_false_alarms_are_at_least_as_far_apart_as_stated(rate):
    rng = np.random.default_rng(5)
    nights, seasons = 38, 400
    alarms = sum(_noticed(rng, *[rate or 1e-9] * nights) is not None for _ in range(seasons))
    assert alarms / seasons <= nights / NIGHTS_A_FALSE_ALARM


def test_a_watch_that_becomes_worse_is_noticed_and_since_when():
    rng = np.random.default_rng(6)
    found = [_noticed(rng, *[0.02] * 12, *[0.3] * 20) for _ in range(200)]
    noticed = [night for night in found if night is not None and night[1] >= 12]
    assert len(noticed) > 0.8 * 200
    assert np.median([warned_at - 12 for _, warned_at in noticed]) <= 8
    assert abs(np.median([since for since, _ in noticed]) - 12) <= 2


def test_a_watch_that_catches_nothing_any_more_is_noticed():
    rng = np.random.default_rng(7)
    usual = list(rng.normal(13, 1, 14))
    found = [drift([*usual, *[float("inf")] * 12], ties=1 - rng.random(26)) for _ in range(100)]
    assert sum(night is not None for night in found) > 80


def test_one_bad_night_is_no_drift():
    rng = np.random.default_rng(8)
    figures = [*_rates(rng, *[0.05] * 12), 0.9, *_rates(rng, *[0.05] * 6)]
    alarms = sum(drift(figures, ties=1 - rng.random(19)) is not None for _ in range(100))
    assert alarms < 10
