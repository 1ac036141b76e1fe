"""Landmarks: found again at the right place, by plain twins, within bounds."""

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE, Recipe, _peak_kernels
from cautery.fingerprint.audio import Landmarks, landmarks_of, loudness_db, peaks_of
from cautery.fingerprint.index import Index


def music(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * 8000), np.float32)
    for _ in range(int(seconds * 9)):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * 8000)
        t = np.arange(min(length, len(out) - start)) / 8000
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out


def marks(audio: np.ndarray) -> Landmarks:
    return landmarks_of(peaks_of(audio, DEFAULT_RECIPE), DEFAULT_RECIPE)


def test_a_piece_is_found_in_the_right_reference_at_the_right_time() -> None:
    index = Index()
    sounds = [music(seed, 40) for seed in range(4)]
    for number, sound in enumerate(sounds):
        index.add(number, marks(sound), start=1000)
    probe = marks(sounds[2][10 * 8000 + 37 : 20 * 8000])
    snapshot = index.snapshot()
    best = snapshot.candidates(probe, base=0, low=0, high=9000, least=5)[0]
    assert best.reference == 2
    assert abs(best.offset - (1000 + 625)) <= 8


def test_silence_and_a_steady_tone_of_zeros_have_no_landmarks() -> None:
    assert len(marks(np.zeros(80_000, np.float32)).words) == 0
    assert len(marks(np.zeros(10, np.float32)).words) == 0


def test_sound_of_another_shape_or_not_finite_is_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        peaks_of(np.zeros((2, 9000), np.float32), DEFAULT_RECIPE)
    with pytest.raises(InputError, match="finite"):
        peaks_of(np.full(9000, np.nan, np.float32), DEFAULT_RECIPE)


def test_a_recipe_is_named_by_all_its_numbers() -> None:
    assert Recipe(pairs=6).name != DEFAULT_RECIPE.name
    with pytest.raises(InputError, match="7 bits"):
        Recipe(most_gap=400)


def test_loudness_of_a_full_sine_is_minus_three_decibels() -> None:
    sine = np.sin(np.arange(8000) * 0.7).astype(np.float32)
    assert loudness_db(sine) == pytest.approx(-3.01, abs=0.05)
    assert loudness_db(np.empty(0, np.float32)) == float("-inf")


def test_peaks_agree_with_a_plain_search() -> None:
    power = np.random.default_rng(2).random((60, 50)).astype(np.float32)
    at, where = _peak_kernels.strongest_peaks(power, 4, 5, 10, 10_000, np.float32(0))
    plain = [
        (t, f)
        for t in range(60)
        for f in range(1, 49)
        if power[t, f] == power[max(0, t - 4) : t + 5, max(0, f - 5) : f + 6].max()
    ]
    assert list(zip(at.tolist(), where.tolist(), strict=True)) == plain


def test_a_stretched_probe_meets_its_reference_again() -> None:
    sound = music(8, 30)
    at = np.arange(int(len(sound) / 1.03)) * 1.03
    fast = np.interp(at, np.arange(len(sound)), sound).astype(np.float32)
    index = Index()
    index.add(0, marks(sound), start=0)
    undone = peaks_of(fast[: 12 * 8000], DEFAULT_RECIPE).stretched(
        tempo=1.03, pitch=1.03, recipe=DEFAULT_RECIPE
    )
    probe = landmarks_of(undone, DEFAULT_RECIPE)
    snapshot = index.snapshot()
    best = snapshot.candidates(probe, base=0, low=-500, high=2000, least=3)[0]
    assert best.votes > 40
    assert abs(best.offset) <= 8
