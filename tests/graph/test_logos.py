"""The same mark, another mark, and what is no mark to be known by."""

from __future__ import annotations

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.graph import logos
from cautery.graph.logos import LEAST_CELLS, MOST_APART, MOST_MARKS, marks_alike, same_logo
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE


def logo(*, seed=1, top=2, left=2, high=5, wide=12, noise=1.5, flat=False, unknown=0):
    mark = np.zeros(LUMA_SHAPE, np.bool_)
    mark[top : top + high, left : left + wide] = True
    drawn = np.full((high, wide), 90.0)
    if not flat:
        drawn += np.random.default_rng(seed).choice([-60.0, 60.0], (high, wide))
    drawn += np.random.default_rng(top + 7 * seed).normal(0, noise, (high, wide))
    light = np.zeros(LUMA_SHAPE, np.uint8)
    light[mark] = np.clip(drawn, 0, 255).ravel()
    known = np.ones(LUMA_SHAPE, np.bool_)
    known[:, left : left + unknown] = False
    return Logo(mark=mark & known, light=light * (mark & known), known=known)


def coded_anew(one, rng, noise=2.0):
    light = np.clip(one.light + rng.normal(0, noise, LUMA_SHAPE), 0, 255).astype(np.uint8)
    return Logo(mark=one.mark, light=light * one.mark, known=one.known)


def test_a_mark_that_was_coded_anew_is_the_same():
    rng = np.random.default_rng(0)
    assert all(same_logo(logo(seed=n), coded_anew(logo(seed=n), rng)) for n in range(20))


def test_no_two_of_fifty_marks_in_one_place_are_the_same():
    drawn = [logo(seed=n) for n in range(50)]
    assert not any(same_logo(a, b) for k, a in enumerate(drawn) for b in drawn[:k])


def test_one_letter_makes_another_mark():
    one = logo()
    light = one.light.copy()
    light[3:6, 5:8] = 255 - light[3:6, 5:8]
    assert not same_logo(one, Logo(mark=one.mark, light=light, known=one.known))


def test_a_mark_in_another_place_or_of_another_tint_is_another():
    assert not same_logo(logo(), logo(left=8))
    one = logo()
    lighter = np.where(one.mark, one.light + np.uint8(2 * MOST_APART), 0).astype(np.uint8)
    assert not same_logo(one, Logo(mark=one.mark, light=lighter, known=one.known))


def test_covers_of_one_shade_are_no_mark():
    assert not same_logo(logo(flat=True), logo(flat=True, seed=2))


def test_only_where_both_could_be_told_they_are_compared():
    assert same_logo(logo(), logo(unknown=5))
    few = 12 - (LEAST_CELLS - 1) // 5
    assert not same_logo(logo(), logo(unknown=few))


@pytest.mark.parametrize("shape", [(36,), (64, 36), (0, 0)])
def test_a_mark_of_other_cells_is_refused(shape):
    empty = np.zeros(shape, np.bool_)
    with pytest.raises(InputError, match="cells"):
        Logo(mark=empty, light=empty.astype(np.uint8), known=empty)


def drawn_often(rng, count):
    """Marks in a few places, whole and in part, of which many are others coded anew."""
    marks = []
    for _ in range(count):
        if marks and rng.random() < 0.5:
            marks.append(coded_anew(marks[rng.integers(len(marks))], rng, noise=rng.uniform(0, 8)))
        else:
            seed, unknown = int(rng.integers(40)), int(rng.integers(6))
            top, flat = int(rng.integers(2, 5)), bool(rng.random() < 0.1)
            marks.append(logo(seed=seed, top=top, unknown=unknown, flat=flat))
    return marks


def test_side_by_side_marks_are_told_as_one_by_one():
    marks = drawn_often(np.random.default_rng(3), 300)
    firsts: list[int] = []
    for at, mark in enumerate(marks):
        kept = [first for place, first in enumerate(firsts) if place == first]
        firsts.append(next((one for one in kept if same_logo(marks[one], mark)), at))
    assert marks_alike(marks) == firsts
    assert 30 < len(set(firsts)) < 270


def test_a_mark_that_is_met_again_is_known_however_many_others_are_between(monkeypatch):
    one = logo(seed=1000)
    others = [logo(seed=seed) for seed in range(MOST_MARKS - 1)]
    assert marks_alike([one, *others, one, *others, one])[::MOST_MARKS] == [0, 0, 0]
    assert marks_alike([one, *others, logo(seed=1001), one])[-1] == MOST_MARKS + 1


def test_each_of_many_different_marks_is_compared_with_few(monkeypatch):
    asked = []
    monkeypatch.setattr(
        logos, "same_logo", lambda one, other: asked.append(1) or same_logo(one, other)
    )
    marks = [logo(seed=seed) for seed in range(2 * MOST_MARKS)]
    faint = [Logo(mark=one.mark, light=one.light // 6, known=one.known) for one in marks]
    near = [coded_anew(logo(seed=1), np.random.default_rng(seed), noise=5.0) for seed in range(200)]
    marks_alike(marks + faint + near)
    assert len(asked) <= 300
