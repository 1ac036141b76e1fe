"""Placebos: the interval's width follows a service's own noise, and widens where they are few."""

from __future__ import annotations

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate.course.placebo import Placebos, factor, scale_of

HORIZON = 30


def placebos(seed: int, *, groups: int = 20, dates: int = 4, loud: float = 1.0) -> Placebos:
    rng = np.random.default_rng(seed)
    errors = rng.normal(0, 0.1, (groups, dates))
    errors[0] *= loud
    return Placebos(
        errors=errors.ravel(),
        of=np.repeat(np.arange(groups), dates),
        at=np.tile(100 + HORIZON * np.arange(dates), groups),
        horizon=HORIZON,
    )


def test_overlapping_dates_do_not_count_twice() -> None:
    assert placebos(0).independent == 80
    dense = Placebos(
        errors=np.zeros(31), of=np.zeros(31, int), at=100 + np.arange(31), horizon=HORIZON
    )
    assert dense.independent == 2


def test_a_louder_service_has_a_wider_interval_drawn_towards_all() -> None:
    plain, loud = (scale_of(0, placebos(1, loud=size)) for size in (1.0, 6.0))
    assert 1.5 * plain < loud < 6 * plain


def test_the_interval_holds_errors_of_the_same_law() -> None:
    rng = np.random.default_rng(3)

    def half_width(drawn: Placebos) -> float:
        return scale_of(0, drawn) * factor(drawn, coverage=0.9)

    held = np.mean([abs(rng.normal(0, 0.1)) <= half_width(placebos(s)) for s in range(400)])
    assert 0.85 <= held <= 0.96


def test_few_placebos_reach_farther_and_fewer_are_refused() -> None:
    many = np.mean([factor(placebos(s), coverage=0.9) for s in range(20)])
    few = np.mean([factor(placebos(s, groups=6, dates=1), coverage=0.9) for s in range(20)])
    assert few > 1.1 * many
    with pytest.raises(InputError, match="too few"):
        factor(placebos(0, groups=3, dates=1), coverage=0.9)


def test_more_coverage_is_wider() -> None:
    one = placebos(5)
    assert factor(one, coverage=0.5) < factor(one, coverage=0.8) < factor(one, coverage=0.9)
