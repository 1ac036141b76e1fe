"""Temporal signatures: found under disguise, silent about stillness."""

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.video import agreement, cells_of, correlate, signature


def moving(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = int(seconds * 12.5)
    x, y = np.arange(64), np.arange(36)[:, None]
    walk = np.cumsum(rng.standard_normal((6, 2, n)), axis=2) * 0.8 + 30
    out = np.full((n, 36, 64), 60.0)
    for k in range(6):
        cx, cy = walk[k, 0] % 64, walk[k, 1] % 36
        out += 90 * np.exp(-((x - cx[:, None, None]) ** 2 + (y - cy[:, None, None]) ** 2) / 40)
    return np.clip(out + rng.normal(0, 1, out.shape), 0, 255).astype(np.uint8)


FILM = moving(1, 80)
TIMES = np.arange(len(FILM)) / 12.5


def lag_of(probe: np.ndarray, times: np.ndarray) -> tuple[float, float, float]:
    reference = signature(cells_of(FILM), TIMES, DEFAULT_RECIPE)
    mine = signature(cells_of(probe), times, DEFAULT_RECIPE)
    return correlate(mine, reference, low_s=-100, high_s=100).best()


@pytest.mark.parametrize(
    "disguise",
    [
        lambda v: v,
        lambda v: v[:, :, ::-1],
        lambda v: (v * 0.7 + 30).astype(np.uint8),
        lambda v: np.concatenate(
            [np.zeros((len(v), 4, 64), np.uint8), v[:, 4:32], np.zeros((len(v), 4, 64), np.uint8)],
            axis=1,
        ),
    ],
    ids=["as it is", "mirrored", "other contrast", "bars"],
)
def test_a_probe_is_found_where_it_was_cut(disguise: object) -> None:
    lag_s, peak, elsewhere = lag_of(
        np.ascontiguousarray(disguise(FILM[500:650])), np.arange(150) / 12.5
    )  # type: ignore[operator]
    assert lag_s == pytest.approx(-40.0, abs=0.1)
    assert peak > elsewhere + 0.2


@pytest.mark.parametrize("fps", [10.0, 12.0, 25.0])
def test_the_rate_of_pictures_does_not_matter(fps: float) -> None:
    times = np.arange(int(12 * fps)) / fps
    at = np.rint((times + 30) * 12.5).astype(int)
    assert lag_of(FILM[at], times)[0] == pytest.approx(-30.0, abs=0.12)


def test_another_film_does_not_stand_out() -> None:
    _, peak, elsewhere = lag_of(moving(2, 12), np.arange(150) / 12.5)
    assert peak - elsewhere < 0.15


@pytest.mark.parametrize("level", [0, 130])
def test_black_or_frozen_pictures_have_no_opinion(level: int) -> None:
    still = np.full((150, 36, 64), level, np.uint8)
    assert "motion" in (
        signature(cells_of(still), np.arange(150) / 12.5, DEFAULT_RECIPE).silent or ""
    )


def test_a_slate_with_a_blinking_lamp_has_no_opinion() -> None:
    slate = np.full((150, 36, 64), 90, np.uint8)
    slate[::25, 5:9, 5:9] = 255
    assert signature(cells_of(slate), np.arange(150) / 12.5, DEFAULT_RECIPE).silent


def test_no_pictures_have_no_opinion() -> None:
    assert signature(np.empty((0, 8), np.float32), np.empty(0), DEFAULT_RECIPE).silent


def test_blocks_that_were_replaced_disagree() -> None:
    probe = FILM[300:450].copy()
    probe[75:] = moving(9, 6)
    reference = signature(cells_of(FILM), TIMES, DEFAULT_RECIPE)
    blocks = agreement(
        signature(cells_of(probe), np.arange(150) / 12.5, DEFAULT_RECIPE), reference, lag_s=-24.0
    )
    assert all(blocks[:2])
    assert not any(blocks[4:])


def test_pictures_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        cells_of(np.zeros((3, 35, 64), np.uint8))
