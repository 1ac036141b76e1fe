"""Effect, regrowth and harm as published, beside what this case's own probes measured."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cautery.model import Estimate
from cautery.model.message import as_written
from cautery.model.records import PublishedFigure
from cautery.pages.operation import Fit
from cautery.pages.operation.view.course import DayView, Served
from cautery.workflows.operation.page_view.after_day import (
    Measured,
    compared_after,
    days_until_back,
    drop_next_day,
)

DAY = datetime(2026, 11, 24, 5, tzinfo=UTC)


def served(days: float, share: float) -> Served:
    return Served(at=DAY + timedelta(days=days), share=share)


def day(*after: Served, before: float | None = 1.0) -> DayView:
    planned = () if before is None else (served(-0.1, before), served(0.2, 0.3))
    return DayView(moment=DAY, served=planned, after=after)


def figure(id_: str, low: float, high: float) -> PublishedFigure:
    return PublishedFigure(id=id_, what="w", value="v", source="press", low=low, high=high)


def compared(figure: PublishedFigure, view: DayView | None = None, users: Any = None) -> Any:
    sized = () if users is None else (SimpleNamespace(inner=(users,), month=date(2026, 1, 1)),)
    return compared_after(figure, Measured(cast("Any", SimpleNamespace(day=view, sized=sized))))


def test_the_drop_is_of_what_was_served_before_by_probes_of_the_next_day() -> None:
    view = day(served(0.3, 0.1), served(1, 0.5), served(1.2, 0.6), served(2, 0.9))
    assert drop_next_day(view) == pytest.approx((0.4, 0.45, 0.5))
    assert drop_next_day(day(served(2, 0.9))) is None
    assert drop_next_day(day(served(1, 0.5), before=None)) is None


def test_what_probes_saw_before_the_day_counts_before_the_picture_of_the_plan() -> None:
    view = day(served(-2, 0.8), served(-1, 0.8), served(1, 0.4))
    assert drop_next_day(view) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("share", "fit"), [(0.5, Fit.YES), (0.59, Fit.YES), (0.7, Fit.NO), (0.2, Fit.NO)]
)
def test_a_published_drop_of_half_fits_one_near_it(share: float, fit: Fit) -> None:
    row = compared(figure("effect-next-day", 0.5, 0.5), day(served(1, share)))
    assert row.fit is fit
    assert "by our probes" in row.ours
    assert bool(row.reason) is (fit is Fit.NO)


def test_the_interval_of_the_probes_is_said_and_may_fit_where_the_middle_does_not() -> None:
    measured = Served(at=DAY + timedelta(days=1), share=0.7, probes=40, low=0.55, high=0.85)
    view = day(measured)
    assert drop_next_day(view) == pytest.approx((0.15, 0.3, 0.45))
    row = compared(figure("effect-next-day", 0.5, 0.5), view)
    assert row.fit is Fit.YES
    assert row.ours == (
        "30\u202f% less of the demand served (15\u202f% to 45\u202f%), by our probes"
    )


def test_back_is_when_half_of_what_was_cut_is_served_again() -> None:
    view = day(served(1, 0.2), served(2, 0.4), served(5, 0.61), served(9, 0.3))
    assert days_until_back(view) == (5.0, 9.0)
    row = compared(figure("regrowth-days", 0, 15), view)
    assert row.fit is Fit.YES
    assert row.ours == "after 5 days half of what was cut is served again, by our probes"
    assert compared(figure("regrowth-days", 0, 3), view).fit is Fit.NO


def test_what_did_not_come_back_while_somebody_looked_is_said_with_the_days() -> None:
    view = day(served(1, 0.2), served(20, 0.3))
    assert days_until_back(view) == (None, 20.0)
    row = compared(figure("regrowth-days", 0, 15), view)
    assert row.fit is Fit.NO
    assert "within 20 days" in row.ours


def test_nothing_cut_is_not_back_at_once() -> None:
    assert days_until_back(day(served(1, 1.0), served(2, 1.0))) == (None, 2.0)


@pytest.mark.parametrize("view", [None, day(), day(served(-1, 0.9))])
@pytest.mark.parametrize("id_", ["effect-next-day", "regrowth-days"])
def test_without_a_probe_after_the_day_it_is_not_measured(id_: str, view: DayView | None) -> None:
    row = compared(figure(id_, 0.5, 0.5), view)
    assert row.fit is Fit.NOT_OURS
    assert row.ours == "not measured"
    assert row.reason


def users(low: float, mid: float, high: float) -> Estimate:
    return Estimate(
        quantity=as_written("users"), unit="users", low=low, mid=mid, high=high,
        method=as_written("m"),
    )  # fmt: skip


def test_a_claimed_harm_is_held_against_the_range_of_assumptions() -> None:
    claim = figure("harm-year", 10e9, 10e9)
    row = compared(claim, users=users(1.5e6, 4e6, 7.7e6))
    assert row.fit is Fit.NO
    assert "by what one assumes" in row.ours
    assert compared(claim, users=users(15e6, 22e6, 30e6)).fit is Fit.YES
    assert compared(claim) is None
    assert compared(claim, users=users(0, 1e300, 1e308)) is None


def test_a_figure_about_something_else_is_left_to_others() -> None:
    assert compared(figure("arrests", 11, 11), day(served(1, 0.5))) is None
