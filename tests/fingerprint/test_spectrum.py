"""The spectrogram and its peaks agree with plain twins, on music, noise, ties and silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE, Recipe, _peak_kernels
from cautery.fingerprint.audio import peaks_in, peaks_of
from cautery.fingerprint.spectrum import band_of, lift_of, power_of


def sound(kind: str, seconds: float = 9.0) -> np.ndarray:
    rng = np.random.default_rng(7)
    t = np.arange(int(seconds * 8000)) / 8000
    if kind == "noise":
        return (0.1 * rng.standard_normal(len(t))).astype(np.float32)
    if kind == "sweep":
        return np.sin(2 * np.pi * (250 * t + 150 * t**2)).astype(np.float32)
    made = np.zeros(len(t))
    for _ in range(90):
        at = int(rng.integers(len(t) - 800))
        tail = t[: len(t) - at]
        made[at:] += 0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * tail) * np.exp(-5 * tail)
    return made.astype(np.float32)


def plain_power(audio: np.ndarray, recipe: Recipe) -> np.ndarray:
    first, last = band_of(recipe)
    window = np.hanning(recipe.window + 1)[:-1]
    rows = [
        np.abs(np.fft.rfft(audio[at : at + recipe.window].astype(np.float64) * window)) ** 2
        for at in range(0, len(audio) - recipe.window + 1, recipe.hop)
    ]
    return np.array(rows)[:, first:last] * lift_of(recipe)


def plain_peaks(power: np.ndarray, recipe: Recipe, floor: float) -> list[tuple[int, int]]:
    frames, bins = power.shape
    found = []
    for t in range(frames):
        for f in range(1, bins - 1):
            p = power[t, f]
            around = power[
                max(0, t - recipe.near_frames) : t + recipe.near_frames + 1,
                max(0, f - recipe.near_bins) : f + recipe.near_bins + 1,
            ]
            if p <= floor or p < around.max() or p <= power[t, f - 1]:
                continue
            if t > 0 and p <= power[t - 1, f]:
                continue
            found.append((t, f, p))
    return [
        (t, f)
        for t, f, p in found
        if sum(abs(u - t) <= recipe.rank_frames and q > p for u, _, q in found) < recipe.rank_limit
    ]


@pytest.mark.parametrize("kind", ["noise", "sweep", "notes"])
def test_power_agrees_with_a_plain_transform(kind: str) -> None:
    audio = sound(kind)
    made, plain = power_of(audio, DEFAULT_RECIPE), plain_power(audio, DEFAULT_RECIPE)
    assert made.shape == plain.shape
    assert made.dtype == np.float32
    assert np.abs(made - plain).max() < 1e-5 * plain.max()


@pytest.mark.parametrize("kind", ["noise", "sweep", "notes"])
def test_peaks_of_sound_are_those_of_a_plain_search(kind: str) -> None:
    power = power_of(sound(kind, 4.0), DEFAULT_RECIPE)
    found = peaks_in(power, DEFAULT_RECIPE)
    plain = plain_peaks(power, DEFAULT_RECIPE, 1e-4)
    assert plain
    assert found.frame.tolist() == [t for t, _ in plain]
    assert found.frames == len(power)


@given(
    st.integers(1, 70),
    st.integers(3, 40),
    st.integers(0, 9),
    st.integers(0, 6),
    st.integers(2, 5),
    st.integers(0, 1 << 30),
)
@settings(max_examples=60, deadline=None)
def test_peaks_agree_with_a_plain_search_at_any_size_and_with_ties(  # noqa: PLR0917
    frames: int, bins: int, near_t: int, near_f: int, levels: int, seed: int
) -> None:
    near_f = max(1, near_f)
    power = np.random.default_rng(seed).integers(0, levels, (frames, bins)).astype(np.float32)
    recipe = Recipe(near_frames=near_t, near_bins=near_f, rank_frames=6, rank_limit=4)
    at, where = _peak_kernels.strongest_peaks(
        power, near_t, near_f, recipe.rank_frames, recipe.rank_limit, np.float32(0)
    )
    plain = plain_peaks(power, recipe, 0.0)
    assert list(zip(at.tolist(), where.tolist(), strict=True)) == plain


def test_sound_shorter_than_a_window_has_no_frame() -> None:
    power = power_of(np.zeros(1023, np.float32), DEFAULT_RECIPE)
    assert power.shape == (0, 463)
    assert len(peaks_in(power, DEFAULT_RECIPE).frame) == 0
    assert peaks_of(np.zeros(1023, np.float32), DEFAULT_RECIPE).frames == 0


def test_power_of_what_is_no_mono_sound_is_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        power_of(np.zeros((2, 4000), np.float32), DEFAULT_RECIPE)
    with pytest.raises(InputError, match="finite"):
        power_of(np.full(4000, np.inf, np.float32), DEFAULT_RECIPE)
