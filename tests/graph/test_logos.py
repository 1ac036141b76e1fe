"""The same mark, another mark, and what is no mark to be known by."""

from __future__ import annotations

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.graph.logos import LEAST_CELLS, MOST_APART, same_logo
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
