"""Survival: Kaplan-Meier with what was still alive, and two groups that differ or do not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate.course import Survival, around, compared, survivals
from cautery.estimate.course.survival import survival
from cautery.model.lifetimes import EntityKind, Lifetime

START = date(2024, 1, 1)


def life(number: int, born: int, lived: int, *, dead: bool = True, group: str = "") -> Lifetime:
    end = START + timedelta(days=born + lived)
    return Lifetime(
        entity=f"d{number}.example",
        kind=EntityKind.DOMAIN,
        born=START + timedelta(days=born),
        died=end if dead else None,
        last_seen=end,
        group=group,
    )


def drawn(seed: int, mean_d: float, *, count: int = 200, group: str = "") -> list[Lifetime]:
    rng = np.random.default_rng(seed)
    lived = np.ceil(rng.exponential(mean_d, count)).astype(int).tolist()
    seen = rng.integers(30, 400, count).tolist()
    return [
        life(number, 0, min(days, until), dead=days <= until, group=group)
        for number, (days, until) in enumerate(zip(lived, seen, strict=True))
    ]


def only(lifetimes: list[Lifetime]) -> Survival:
    [found] = survivals(lifetimes)
    return found


def test_a_curve_by_hand() -> None:
    lives = [life(n, 0, days) for n, days in enumerate((2, 4, 6, 8))]
    lives += [life(9, 0, 5, dead=False)]
    found = survival(EntityKind.DOMAIN, "", lives)
    assert found.days.tolist() == [2, 4, 5, 6, 8]
    assert found.alive == pytest.approx([0.8, 0.6, 0.6, 0.3, 0.0])


def test_medians_of_a_known_law_are_held_though_many_are_still_alive() -> None:
    truth = 100 * np.log(2)
    held = 0
    for seed in range(20):
        found = only(drawn(seed, 100))
        assert found.deaths < found.lives
        assert found.median is not None
        held += found.median.low <= truth <= found.median.high + 1
    assert held >= 16  # of twenty, nineteen are expected


def test_few_lives_and_lives_that_last_have_no_median() -> None:
    few = only([life(n, 0, 5) for n in range(4)])
    assert few.reason is not None
    assert (few.median, few.reason.id) == (None, "course.few-lives")
    lasting = only([life(n, 0, 50, dead=n < 4) for n in range(30)])
    assert lasting.reason is not None
    assert (lasting.median, lasting.reason.id) == (None, "course.half-alive")


def test_two_groups_that_live_alike_are_not_said_to_differ() -> None:
    alike = [
        next(compared([*drawn(s, 80, group="a"), *drawn(s + 100, 80, group="b")])).shorter
        for s in range(20)
    ]
    assert alike.count(None) >= 18


def test_the_group_that_lives_shorter_is_named_whatever_its_name() -> None:
    for short, long in (("a", "b"), ("b", "a")):
        [test] = compared([*drawn(1, 30, group=short), *drawn(2, 120, group=long)])
        assert test.shorter == short
        assert test.chance is not None
        assert test.chance < 1e-6


def test_deaths_by_the_strike_itself_are_in_neither_group() -> None:
    strike = START + timedelta(days=100)
    lives = [
        life(1, 0, 100),  # the strike itself
        life(2, 0, 40),
        life(3, 120, 10),
        life(4, 100, 3),  # born on its day
    ]
    parted = {one.entity: one for one in around(lives, strike)}
    assert set(parted) == {"d1.example", "d2.example", "d3.example"}
    assert (parted["d1.example"].group, parted["d1.example"].died) == ("before", None)
    assert parted["d2.example"].died == START + timedelta(days=40)
    assert parted["d3.example"].group == "after"


def test_no_life_has_no_curve() -> None:
    assert list(survivals([])) == []
    with pytest.raises(InputError, match="no lifetime"):
        survival(EntityKind.PANEL, "", [])
