"""Effects: right where the truth is known, and a reason or a wider interval where it is not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counted import calls_of
from tests.estimate.course.series import level, market_values, panel_series, strike_on

from cautery.estimate.course import Course, courses_after, ground_of, panel_of
from cautery.model import Estimate
from cautery.model.daily import DailySeries, Strike

ROW = 150


def course(series: list[DailySeries], strike: Strike, *more: Strike, horizon: int = 30) -> Course:
    ground = ground_of(panel_of(series), [strike, *more])
    [only] = courses_after(ground, strike, units=["net-0"], horizon=horizon)
    return only


def told(found: Course) -> Estimate:
    assert found.effect is not None, found.reason
    return found.effect


def reason(found: Course) -> str:
    assert found.effect is None
    assert found.reason is not None
    return found.reason.id


def notes(found: Course) -> set[str]:
    return {note.id for note in found.notes}


def width(found: Course) -> float:
    return told(found).high - told(found).low


@pytest.mark.parametrize("left", [0.1, 0.5, 1.0, 1.5])
def test_what_is_left_is_within_the_interval_and_near_its_middle(left: float) -> None:
    effect = told(course(panel_series(1, struck={0: left}), strike_on("net-0", row=ROW)))
    assert effect.low <= math.log(left) <= effect.high
    assert effect.mid == pytest.approx(math.log(left), abs=0.06)
    assert effect.coverage == 0.9


def test_a_strike_that_did_nothing_is_rarely_taken_for_one_that_did() -> None:
    strike = strike_on("net-0", row=ROW)
    wrong = 0
    for seed in range(20):
        effect = told(course(panel_series(seed), strike))
        wrong += not effect.low <= 0 <= effect.high
    assert wrong <= 5  # of twenty, two are expected


@given(st.floats(0.01, 1000), st.floats(0.05, 3))
@settings(max_examples=8, deadline=None)
def test_the_scale_of_values_and_the_depth_of_the_fall_move_nothing_else(
    scale: float, left: float
) -> None:
    strike = strike_on("net-0", row=ROW)
    plain = told(course(panel_series(2, struck={0: 1.0}), strike))
    changed = [replace(one, values=one.values * scale) for one in panel_series(2, struck={0: left})]
    shifted = told(course(changed, strike))
    assert shifted.mid - plain.mid == pytest.approx(math.log(left), abs=0.02)
    assert shifted.high - shifted.low == pytest.approx(plain.high - plain.low, rel=0.1)


def test_the_day_of_the_strike_itself_counts_nothing() -> None:
    series = panel_series(3, struck={0: 0.5})
    values = series[0].values.copy()
    values[ROW] *= 50
    spiked = [replace(series[0], values=values), *series[1:]]
    strike = strike_on("net-0", row=ROW)
    assert told(course(spiked, strike)).mid == pytest.approx(told(course(series, strike)).mid)


def test_noisier_services_have_wider_intervals() -> None:
    strike = strike_on("net-0", row=ROW)
    calm, loud = (course(panel_series(4, noise=noise), strike) for noise in (0.03, 0.15))
    assert width(loud) > 2 * width(calm)


def test_days_that_become_noisier_widen_the_interval_with_a_word() -> None:
    series = panel_series(5, struck={0: 0.5})
    values = series[0].values.copy()
    values[ROW + 1 :] *= np.exp(np.random.default_rng(5).normal(0, 0.8, len(values) - ROW - 1))
    found = course([replace(series[0], values=values), *series[1:]], strike_on("net-0", row=ROW))
    assert "course.noisier-after" in notes(found)
    assert width(found) > 1.5 * width(course(series, strike_on("net-0", row=ROW)))


def test_fewer_than_sixty_days_before_are_refused_with_their_number() -> None:
    found = course(panel_series(1, row=59), strike_on("net-0", row=59))
    assert reason(found) == "course.few-days-before"
    assert found.reason is not None
    assert found.reason.values == {"count": 59, "least": 60}
    assert told(course(panel_series(1, row=62), strike_on("net-0", row=62))).low < 0.2


@pytest.mark.parametrize(("row", "words"), [(-30, "before-data"), (400, "after-data")])
def test_a_strike_outside_the_data_is_refused(row: int, words: str) -> None:
    day = strike_on("net-0", row=abs(row))
    at = day.at if row > 0 else day.at.replace(year=2023)
    found = course(panel_series(1), replace(day, at=at))
    assert reason(found) == f"course.{words}"


def test_a_strike_of_the_last_days_counts_the_days_there_are_or_is_refused() -> None:
    found = course(panel_series(1, row=205), strike_on("net-0", row=205))
    assert (found.horizon, notes(found)) == (14, {"course.until-end"})
    assert reason(course(panel_series(1), strike_on("net-0", row=215))) == "course.few-days-after"


def test_controls_of_the_same_market_alone_are_no_donors_and_widen() -> None:
    strike = strike_on("net-0", row=ROW)
    far = course(panel_series(6), strike)
    near = course([replace(one, market="IT") for one in panel_series(6)], strike)
    assert "course.no-far-services" in notes(near)
    assert near.contrast is not None
    assert near.contrast.donors == ()
    assert told(near).method.id == "method.placebo-own-past"
    assert width(near) > 1.2 * width(far)


def test_an_unknown_market_is_far_from_none() -> None:
    series = [replace(one, market="XX") if one.unit == "net-0" else one for one in panel_series(6)]
    found = course(series, strike_on("net-0", row=ROW))
    assert "course.market-unknown" in notes(found)
    assert found.contrast is not None
    assert found.contrast.donors == ()


def test_donors_are_far_unstruck_and_not_the_service_itself() -> None:
    series = panel_series(7, struck={0: 0.5, 1: 0.4})
    series.append(replace(series[0], market="FR", values=series[0].values * 0.3))
    strike, other = strike_on("net-0", row=ROW), strike_on("net-1", row=ROW + 5)
    ground = ground_of(panel_of(series), [strike, other])
    for found in courses_after(ground, strike):
        assert found.contrast is not None
        donors = {ground.panel.columns[place] for place in found.contrast.donors}
        assert donors
        assert not {one.unit for one in donors} & {"net-0", "net-1"}
        assert found.column.market not in {one.market for one in donors}
        assert "course.others-struck" in notes(found)


def test_a_second_strike_on_the_same_service_ends_the_count_or_refuses() -> None:
    series = panel_series(8, struck={0: 0.5})
    first = strike_on("net-0", row=ROW)
    later = course(series, first, strike_on("net-0", row=ROW + 16))
    assert (later.horizon, "course.until-second" in notes(later)) == (15, True)
    assert reason(course(series, first, strike_on("net-0", row=ROW + 4))) == "course.second-strike"
    assert reason(course(series, strike_on("net-0", row=ROW + 30), first)) == "course.struck-before"


def test_gaps_are_told_and_most_days_must_be_there() -> None:
    series = panel_series(9, struck={0: 0.5})
    values, probes = series[0].values.copy(), series[0].probes.copy()
    values[ROW + 5 : ROW + 15], probes[ROW + 5 : ROW + 15] = np.nan, 0
    found = course(
        [replace(series[0], values=values, probes=probes), *series[1:]],
        strike_on("net-0", row=ROW),
    )
    assert "course.gaps" in notes(found)
    assert told(found).mid == pytest.approx(math.log(0.5), abs=0.08)
    values, probes = values.copy(), probes.copy()
    values[ROW + 3 : ROW + 29], probes[ROW + 3 : ROW + 29] = np.nan, 0
    found = course(
        [replace(series[0], values=values, probes=probes), *series[1:]],
        strike_on("net-0", row=ROW),
    )
    assert reason(found) == "course.few-days-after"


def test_zeros_are_below_the_smallest_value_and_lower_the_lower_end() -> None:
    series = panel_series(10, struck={0: 0.5})
    values = series[0].values.copy()
    values[ROW + 3 : ROW + 9] = 0
    found = course([replace(series[0], values=values), *series[1:]], strike_on("net-0", row=ROW))
    assert "course.zeros" in notes(found)
    effect = told(found)
    assert effect.mid < math.log(0.5)
    assert effect.mid - effect.low > effect.high - effect.mid + 0.4


def test_one_zero_between_usual_days_is_a_fault_of_the_export() -> None:
    series = panel_series(11, struck={0: 0.5})
    values = series[0].values.copy()
    values[ROW + 10] = 0
    found = course([replace(series[0], values=values), *series[1:]], strike_on("net-0", row=ROW))
    assert "course.faults" in notes(found)
    assert told(found).mid == pytest.approx(math.log(0.5), abs=0.06)


def test_two_services_give_too_few_placebos_and_say_so() -> None:
    values = market_values(12, services=2, days=140)
    series = [level("net-0", "IT", values[0]), level("net-1", "ES", values[1])]
    found = course(series, strike_on("net-0", row=70))
    assert reason(found) == "course.few-placebos"


def test_few_placebos_widen_by_students_t() -> None:
    strike = strike_on("net-0", row=ROW)
    many = course(panel_series(13), strike)
    few = course(panel_series(13)[:4], strike)
    assert few.contrast is not None
    assert few.contrast.placebos < 20
    assert width(few) > width(many)


def test_a_market_without_a_level_has_nothing_to_tell() -> None:
    ground = ground_of(panel_of(panel_series(1)), [strike_on("net-0", row=ROW)])
    assert list(courses_after(ground, strike_on("elsewhere", row=ROW))) == []


def test_services_of_one_strike_share_their_placebos_and_each_gets_its_own_answer() -> None:
    units = [f"net-{number}" for number in range(8)]
    strike = strike_on(*units, row=ROW)
    panel = panel_of(panel_series(1, struck=dict.fromkeys(range(8), 0.5)))

    def asked(*units: str) -> list[Estimate]:
        return [
            told(found) for found in courses_after(ground_of(panel, [strike]), strike, units=units)
        ]

    assert asked(*units) == [estimate for unit in units for estimate in asked(unit)]
    assert calls_of(lambda: asked(*units)) < 6 * calls_of(lambda: asked("net-0"))
