"""The area served: right where the course is known, wider over gaps, refused where they are long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.estimate.course.series import FIRST, FloatArray, level

from cautery.estimate.course import served_after
from cautery.model import Estimate
from cautery.model.daily import DailySeries, Measure
from cautery.model.message import Message

ROW = 80
AT = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC) + timedelta(days=ROW)


def shares(seed: int, course: FloatArray, probes: int = 40) -> FloatArray:
    rng = np.random.default_rng(seed)
    values: FloatArray = rng.binomial(probes, np.clip(course, 0, 1)) / probes
    return values


def series(values: FloatArray) -> DailySeries:
    return level("net", "IT", values, probes=40, vantage="probes", measure=Measure.SERVED)


def recovering() -> FloatArray:
    after = np.arange(200.0) - ROW
    return np.where(after < 0, 0.95, 0.95 * (1 - 0.8 * 0.5 ** (after / 15)))


def told(found: Estimate | Message) -> Estimate:
    assert isinstance(found, Estimate), found
    return found


@pytest.mark.parametrize("span", [30, 90])
def test_the_area_of_a_known_course_is_held(span: int) -> None:
    truth = float((recovering()[ROW + 1 : ROW + 1 + span] / 0.95).sum())
    held = 0
    for seed in range(30):
        found = told(served_after(series(shares(seed, recovering())), AT, days=span))
        held += found.low <= truth <= found.high
        assert found.mid == pytest.approx(truth, rel=0.08)
    assert held >= 23  # of thirty, twenty-seven are expected


def test_gaps_widen_and_long_ones_refuse() -> None:
    values = shares(1, recovering())
    whole = told(served_after(series(values), AT, days=30))
    values[ROW + 4 : ROW + 11] = np.nan
    gap = told(served_after(series(values), AT, days=30))
    assert gap.high - gap.low > whole.high - whole.low
    assert gap.note is not None
    assert gap.note.values["count"] == 7
    values[ROW + 4 : ROW + 16] = np.nan
    long = served_after(series(values), AT, days=30)
    assert isinstance(long, Message)
    assert long.id == "course.long-gap"


def test_what_cannot_be_said_has_its_reason() -> None:
    values = shares(2, recovering())
    late = served_after(series(values), AT + timedelta(days=100), days=30)
    assert isinstance(late, Message)
    assert late.id == "course.span-not-over"
    early = served_after(series(values), AT - timedelta(days=70), days=30)
    assert isinstance(early, Message)
    assert (early.id, early.values["count"]) == ("course.no-usual", 10)
    never = served_after(series(values * 0), AT, days=30)
    assert isinstance(never, Message)
    assert never.id == "course.never-served"


def test_nothing_served_is_near_zero_but_not_certain() -> None:
    values = shares(3, np.where(np.arange(200) < ROW, 0.95, 0.0))
    found = told(served_after(series(values), AT, days=30))
    assert (found.low, found.mid) == (0, 0)
    assert found.high > 0
