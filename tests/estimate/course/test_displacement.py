"""Displacement: a gain of other services is claimed where it is, and never as a sum."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.estimate.course.series import panel_series, strike_on

from cautery.estimate.course import Displacement, displacements_after, ground_of, panel_of
from cautery.model.daily import DailySeries, Strike

ROW = 150
RECEIVERS = (4, 8, 12)
"""The other services of the first one's market."""


def displacement(series: list[DailySeries], strike: Strike, *more: Strike) -> Displacement:
    [only] = displacements_after(ground_of(panel_of(series), [strike, *more]), strike)
    return only


def test_the_gain_is_the_mean_of_the_receivers_logs_and_not_their_sum() -> None:
    gains = {4: 1.2, 8: 1.2, 12: 1.2}
    found = displacement(panel_series(1, struck={0: 0.3} | gains), strike_on("net-0", row=ROW))
    assert found.receivers == ("net-12", "net-4", "net-8")
    assert found.gain is not None
    assert found.gain.mid == pytest.approx(math.log(1.2), abs=0.05)
    assert found.claimed


def test_where_nobody_came_a_gain_is_rarely_claimed() -> None:
    strike = strike_on("net-0", row=ROW)
    claims = sum(displacement(panel_series(s, struck={0: 0.3}), strike).claimed for s in range(20))
    assert claims <= 4  # of twenty, one is expected


def test_a_loss_of_the_others_is_no_displacement() -> None:
    losses = dict.fromkeys(RECEIVERS, 0.7)
    found = displacement(panel_series(1, struck={0: 0.3} | losses), strike_on("net-0", row=ROW))
    assert found.gain is not None
    assert found.gain.high < 0
    assert not found.claimed


def test_without_a_far_market_a_gain_cannot_be_said() -> None:
    series = [replace(one, market="IT") for one in panel_series(2)]
    found = displacement(series, strike_on("net-0", row=ROW))
    assert found.gain is None
    assert found.reason is not None
    assert found.reason.id == "course.no-far-services-for-gain"


def test_a_market_without_others_has_no_receivers() -> None:
    series = [one for number, one in enumerate(panel_series(2)) if number not in RECEIVERS]
    found = displacement(series, strike_on("net-0", row=ROW))
    assert found.reason is not None
    assert (found.receivers, found.reason.id) == ((), "course.no-receivers")


def test_services_struck_about_then_are_no_receivers_and_are_told() -> None:
    series = panel_series(3, struck={0: 0.3, 4: 0.3})
    found = displacement(series, strike_on("net-0", row=ROW), strike_on("net-4", row=ROW + 10))
    assert found.receivers == ("net-12", "net-8")
    assert [note.id for note in found.notes] == ["course.gain-of-all"]


def test_an_unknown_market_receives_from_none() -> None:
    series = [replace(one, market="XX") for one in panel_series(2)]
    found = displacement(series, strike_on("net-0", row=ROW))
    assert found.reason is not None
    assert found.reason.id == "course.market-unknown"
