"""Parts of a picture that show something of their own, and shaking pictures held still."""

import numpy as np
import pytest

from cautery.fingerprint import _region_kernels
from cautery.fingerprint.regions import regions
from cautery.fingerprint.steady import held_still, steady_windows
from cautery.model.picture_part import overlap


def moving(seed: int, count: int = 60) -> np.ndarray:
    """Return pictures of blots that walk about."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal((9, 2, count)), axis=2) + 30
    y, x = np.arange(36)[:, None], np.arange(64)
    out = np.full((count, 36, 64), 60.0 + 20 * (seed % 3))
    for across, down in walk:
        apart = (x - across[:, None, None] % 64) ** 2 + (y - down[:, None, None] % 36) ** 2
        out += 90 * np.exp(-apart / 30)
    return np.clip(out, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("box", [(2, 3, 16, 28), (20, 36, 34, 62), (0, 0, 36, 32), (9, 20, 27, 52)])
def test_a_part_with_edges_of_its_own_is_found(box: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = box
    luma = moving(1)
    luma[:, top:bottom, left:right] = moving(2)[:, : bottom - top, : right - left]
    truth = (top / 36, left / 64, (bottom - top) / 36, (right - left) / 64)
    found = regions(luma, least=5.5, most=4)
    assert max(overlap(part, truth) for part in found) > 0.75


def test_parts_are_told_clearest_first_and_no_more_than_asked_for() -> None:
    luma = moving(1)
    luma[:, 2:16, 3:28] = moving(2)[:, :14, :25]
    several = regions(luma, least=0.5, most=5)
    assert overlap(several[0], (2 / 36, 3 / 64, 14 / 36, 25 / 64)) > 0.75
    assert len(several) <= 7
    assert regions(luma[:1], least=0.5, most=5) == []


def test_the_loop_over_rectangles_is_the_plain_one() -> None:
    rng = np.random.default_rng(3)
    high, wide = 9, 12
    upright, level = np.zeros((high + 1, wide + 1)), np.zeros((high + 1, wide + 1))
    upright[1:, 1:wide] = np.cumsum(rng.standard_normal((high, wide - 1)), axis=0)
    level[1:high, 1:] = np.cumsum(rng.standard_normal((high - 1, wide)), axis=1)
    best, right, lower = _region_kernels.edged(upright, level, 3, 4, 2.2, 0.8)
    for top in range(high - 2):
        for left in range(wide - 3):
            plain = [(0.0, 0, 0)]
            for end in range(left + 4, wide + 1):
                for bottom in range(top + 3, high + 1):
                    across, down = (end - left) / wide, (bottom - top) / high
                    if across > 2.2 * down or down > 2.2 * across or across * down > 0.8:
                        continue
                    sides = [
                        (upright[bottom, x] - upright[top, x]) / np.sqrt(bottom - top)
                        for x in (left, end) if 0 < x < wide
                    ] + [
                        (level[y, end] - level[y, left]) / np.sqrt(end - left)
                        for y in (top, bottom) if 0 < y < high
                    ]  # fmt: skip
                    strength = min(sides) + 0.25 * float(np.mean(sides))
                    if max(across, down) < 1.12 * min(across, down):
                        strength *= 1.5
                    plain.append((strength, end, bottom))
            strongest = max(plain, key=lambda one: one[0])
            assert best[top, left] == pytest.approx(strongest[0], abs=1e-5)
            if strongest[0] > 0:
                assert (right[top, left], lower[top, left]) == strongest[1:]


def large(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(40, 200, (12, 19)), np.ones((4, 4)))


def test_a_shaking_crop_is_held_still() -> None:
    at = np.arange(60) / 12.5
    top, left = (np.rint(5 + 4 * np.sin(pace * at)).astype(int) for pace in (5, 3))
    shaken = np.stack([large(1)[y : y + 36, x : x + 64] for y, x in zip(top, left, strict=True)])
    shaken = shaken.astype(np.uint8)
    windows = steady_windows(shaken)[0]
    off = windows[:, :2] + np.stack((top, left), axis=1)
    assert np.abs(off - off.mean(axis=0)).mean() < 0.3
    still = held_still(shaken, windows)
    before, after = (np.abs(np.diff(one.astype(float), axis=0)).mean() for one in (shaken, still))
    assert after < before / 4


def test_a_picture_that_does_not_shake_is_left_alone() -> None:
    assert steady_windows(np.repeat(large(2)[None, :36, :64], 40, axis=0).astype(np.uint8)) == []
    assert steady_windows(moving(4)[:2]) == []


def test_a_cut_begins_a_shot_of_its_own() -> None:
    at = np.arange(30)
    shots = [
        np.stack([large(seed)[2:38, x : x + 64] for x in 4 + np.rint(3 * np.sin(at)).astype(int)])
        for seed in (5, 6)
    ]  # fmt: skip
    windows = steady_windows(np.concatenate(shots).astype(np.uint8))[0]
    assert np.ptp(windows[:30, 1]) == pytest.approx(np.ptp(windows[30:, 1]), abs=0.6)
