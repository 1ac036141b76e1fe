"""Sound to landmarks: spectral peaks and the pairs of them that make hashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import _peak_kernels
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.spectrum import band_of, power_of

Ints = NDArray[np.int32]
Words = NDArray[np.uint32]
Floats = NDArray[np.float32]
_FLOOR = 1e-4
"""Power under which nothing is a peak: a full-scale sine gives about 6.6e4, so -88 dB; digital
silence and a codec's comfort noise lie below."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """Spectral peaks in order of time.

    Parameters
    ----------
    frame : ndarray, shape (peaks,), float32
        STFT frames, rising.
    step : ndarray, shape (peaks,), float32
        Frequency above the recipe's ``low_hz`` in steps of 1/60 octave.
    frames : int
        STFT frames that the sound had.
    """

    frame: Floats
    step: Floats
    frames: int

    def stretched(self, *, tempo: float, pitch: float, recipe: Recipe) -> Peaks:
        """Return these peaks as they were before a change of tempo and pitch."""
        shift = np.float32(recipe.steps_per_octave * np.log2(pitch))
        return Peaks(self.frame * np.float32(tempo), self.step - shift, round(self.frames * tempo))


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Hashes with the frame of their anchor; the same in a reference and a probe of it."""

    words: Words
    frames: Ints


def peaks_of(audio: Floats, recipe: Recipe) -> Peaks:
    """Return the spectral peaks of mono sound.

    Parameters
    ----------
    audio : ndarray, shape (samples,), float32
        At ``recipe.rate_hz``.

    Raises
    ------
    InputError
        If it is not one-dimensional or not finite.
    """
    return peaks_in(power_of(audio, recipe), recipe)


def peaks_in(power: Floats, recipe: Recipe) -> Peaks:
    """Return the peaks of a spectrogram.

    Parameters
    ----------
    power : ndarray, shape (frames, bins), float32
        Of :func:`cautery.fingerprint.spectrum.power_of`, with the same recipe.

    Notes
    -----
    After Wang, "An Industrial-Strength Audio Search Algorithm", ISMIR 2003.
    """
    at, where = _peak_kernels.strongest_peaks(
        power,
        recipe.near_frames,
        recipe.near_bins,
        recipe.rank_frames,
        recipe.rank_limit,
        np.float32(_FLOOR),
    )
    if not len(at):
        return Peaks(at.astype(np.float32), at.astype(np.float32), len(power))
    around = np.log(power[at[:, None], where[:, None] + np.array([-1, 0, 1])] + 1e-9)
    # The vertex of the parabola through three log powers refines the bin (Smith and Serra, PARSHL,
    # ICMC 1987). A flat top has none.
    bend = around[:, 0] - 2 * around[:, 1] + around[:, 2]
    lean = np.where(bend < -1e-6, (around[:, 0] - around[:, 2]) / (2 * np.minimum(bend, -1e-6)), 0)
    first = band_of(recipe)[0]
    hertz = (where + first + np.clip(lean, -0.5, 0.5)) * recipe.rate_hz / recipe.window
    step = recipe.steps_per_octave * np.log2(np.maximum(hertz, 1.0) / recipe.low_hz)
    return Peaks(at.astype(np.float32), step.astype(np.float32), len(power))


def landmarks_of(peaks: Peaks, recipe: Recipe) -> Landmarks:
    """Pair peaks to landmarks."""
    words, frames = _peak_kernels.landmarks(
        peaks.frame, peaks.step, recipe.pairs, recipe.least_gap, recipe.most_gap
    )
    return Landmarks(words, frames)


def loudness_db(audio: Floats) -> float:
    """Return the root mean square in dB under full scale; -inf for nothing."""
    if not len(audio):
        return float("-inf")
    power = float(np.mean(np.square(audio, dtype=np.float32)))
    return float(10 * np.log10(power)) if power > 0 else float("-inf")
