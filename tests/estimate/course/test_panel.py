"""A panel: gaps stay gaps, vantages come to one scale, sensors that drop out move no level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.estimate.course.series import FIRST, level, market_values

from cautery.errors import InputError
from cautery.estimate.course.panel import filled, panel_of
from cautery.estimate.course.regressors import of_calendar
from cautery.model.daily import Measure, consecutive


def test_a_sensor_that_drops_out_is_no_fall_in_use() -> None:
    values = market_values(1, services=4)
    sensors = np.full(220, 10)
    sensors[100:140] = 5
    series = [
        level(f"net-{n}", "IT", own * sensors / 10, probes=sensors) for n, own in enumerate(values)
    ]
    logs = panel_of(series).logs[:, 0]
    assert np.ptp(logs - np.log(values[0]), axis=0) < 0.06


def test_values_that_are_per_sensor_already_stay_as_they_are() -> None:
    values = market_values(1, services=12, noise=0.01)
    sensors = np.where(np.arange(220) % 9 < 4, 10, 5)
    series = [level(f"net-{n}", "IT", own, probes=sensors) for n, own in enumerate(values)]
    logs = panel_of(series).logs[:, 0]
    assert np.ptp(logs - np.log(values[0]), axis=0) < 0.06


def test_two_vantages_of_one_service_come_to_one_scale() -> None:
    own = market_values(2, services=1)[0]
    other = own * 40
    own, other = own.copy(), other.copy()
    own[:20], other[100:130] = np.nan, np.nan
    panel = panel_of([level("net", "IT", own, vantage="a"), level("net", "IT", other, vantage="b")])
    [column] = panel.columns
    assert (column.unit, panel.vantages) == ("net", (("a", "b"),))
    assert not np.isnan(panel.logs).any()
    steps = np.diff(panel.logs[:, 0]) - np.diff(np.log(market_values(2, services=1)[0]))
    assert np.abs(steps).max() < 0.01


def test_a_vantage_without_common_days_is_left_out_and_named() -> None:
    own = market_values(2, services=1)[0]
    first, second = own.copy(), own.copy()
    first[120:], second[:110] = np.nan, np.nan
    panel = panel_of(
        [level("net", "IT", first, vantage="a"), level("net", "IT", second, vantage="b")]
    )
    assert [vantage for _, vantage in panel.left_out] == ["b"]
    assert np.isnan(panel.logs[130:]).all()


def test_gaps_are_bridged_in_step_with_the_others_and_odd_days_too() -> None:
    values = market_values(3, services=6)
    values[0, 50] *= 0.1
    values[0, 80:84] = np.nan
    values *= np.exp(np.linspace(0, 1, 220))
    series = [level(f"net-{n}", "IT", own) for n, own in enumerate(values)]
    panel = panel_of(series)
    whole = filled(panel, struck={})
    assert np.isnan(panel.logs[80:84, 0]).all()
    truth = np.log(market_values(3, services=6)[0] / 3) + np.linspace(0, 1, 220)
    assert np.abs(whole[:, 0] - truth)[[50, 80, 81, 82, 83]].max() < 0.25


def test_the_first_days_after_a_strike_are_far_off_and_stay() -> None:
    values = market_values(4, services=6)
    values[0, 100:] *= 0.05
    series = [level(f"net-{n}", "IT", own) for n, own in enumerate(values)]
    panel = panel_of(series)
    whole = filled(panel, struck={0: (100,)})
    assert np.abs(whole[90:110, 0] - panel.logs[90:110, 0]).max() == 0


def test_a_service_that_nobody_ever_saw_has_no_level() -> None:
    panel = panel_of([level("dead", "IT", np.zeros(90)), level("net", "ES", np.ones(90))])
    assert np.isnan(panel.logs[:, 0]).all()


def test_shares_served_are_no_level() -> None:
    share = replace(level("net", "IT", np.full(90, 0.5)), measure=Measure.SERVED)
    with pytest.raises(InputError, match="how much is used"):
        panel_of([share])


def test_fixtures_of_many_groups_count_by_group_and_together() -> None:
    days = consecutive(FIRST, 14)
    regressors = of_calendar(days, {"league": {days[0]: 3}, "cup": {days[0]: 1, days[5]: 1}})
    assert regressors.shape == (14, 7 + 2 + 1)
    assert regressors[0, -3:] == pytest.approx(np.log([2, 4, 5]))
    assert regressors[1, -3:] == pytest.approx([0, 0, 0])
