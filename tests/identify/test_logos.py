"""A mark over the programme: seen whatever lies beneath it, and never the licensee's own."""

from __future__ import annotations

import numpy as np
import pytest

from cautery.graph.logos import same_logo
from cautery.identify.logos import LEAST_OPACITY, laid_over
from cautery.model.media import LUMA_SHAPE

PICTURES = 60
EVERYWHERE = np.ones(LUMA_SHAPE, np.bool_)
CORNER = (slice(2, 8), slice(48, 60))


def programme(seed, pictures=PICTURES):
    """Return moving pictures with a licensee's own still mark."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 12, (pictures, *LUMA_SHAPE))
    shown = np.clip(120 + np.cumsum(steps, axis=0), 20, 235).astype(np.float32)
    shown[:, 2:6, 3:12] = rng.integers(20, 230, (4, 9))
    return shown


def coded(pictures, seed):
    noise = np.random.default_rng([seed, 9]).normal(0, 2, pictures.shape)
    return (pictures + noise).astype(np.float32)


def mark(seed):
    return np.random.default_rng([seed, 5]).integers(16, 236, (6, 12)).astype(np.float32)


def over(pictures, light, *, where=CORNER, opacity=1.0):
    made = pictures.copy()
    made[:, *where] = (1 - opacity) * made[:, *where] + opacity * light
    return made


def seen(seed, light, **how):
    ours = programme(seed)
    return laid_over(coded(over(ours, light, **how), seed), coded(ours, seed + 50), EVERYWHERE)


def test_one_mark_over_two_programmes_is_the_same_and_another_is_not():
    one, other, stranger = seen(1, mark(1)), seen(2, mark(1)), seen(2, mark(2))
    assert same_logo(one, other)
    assert not same_logo(one, stranger)


@pytest.mark.parametrize("seed", range(5))
def test_the_licensees_own_mark_is_none(seed):
    ours = programme(seed)
    assert laid_over(coded(ours, seed), coded(ours, seed + 50), EVERYWHERE) is None


def test_where_the_reference_stands_still_nobody_knows():
    found = seen(1, mark(1), where=(slice(2, 8), slice(6, 18)))
    assert not found.known[2:6, 3:12].any()
    assert not found.mark[2:6, 3:12].any()
    assert found.mark.any()


def test_a_cover_a_banner_and_what_shines_through_are_no_mark():
    assert seen(1, np.float32(40), where=(slice(28, 36), slice(0, 64))) is None
    assert seen(1, mark(1), opacity=LEAST_OPACITY - 0.2) is None


def test_other_pictures_and_another_instant_are_no_mark():
    ours = programme(1)
    assert laid_over(coded(programme(2), 1), ours, EVERYWHERE) is None
    assert laid_over(coded(np.roll(ours, 15, axis=0), 1), ours, EVERYWHERE) is None


def test_what_is_not_shown_is_not_known():
    shown = EVERYWHERE.copy()
    shown[:, 54:] = False
    ours = programme(1)
    found = laid_over(over(ours, mark(1)), ours, shown)
    assert not found.known[:, 54:].any()
    assert not found.mark[:, 54:].any()
