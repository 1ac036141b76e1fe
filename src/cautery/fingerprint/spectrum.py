"""Sound to its power spectrogram, made once for all that reads it: peaks and bit-error codes."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint import _peak_kernels
from cautery.fingerprint.recipe import Recipe

Floats = NDArray[np.float32]
_BATCH = 64
"""Frames per FFT call: they fit the cache, and SciPy's transform vectorises across them, which
NumPy's does not (measured: 0.11 against 0.17 ms a second of sound)."""


def power_of(audio: Floats, recipe: Recipe) -> Floats:
    """Return the lifted power spectrogram of mono sound, over the recipe's band.

    Parameters
    ----------
    audio : ndarray, shape (samples,), float32
        At ``recipe.rate_hz``, full scale 1.0.

    Returns
    -------
    ndarray, shape (frames, bins), float32
        Squared magnitudes times :func:`lift_of`; column ``i`` is the STFT's bin
        ``band_of(recipe)[0] + i``. A frame begins every ``recipe.hop`` samples; sound shorter
        than a window has none.

    Raises
    ------
    InputError
        If the sound is not one-dimensional or not finite.
    """
    if audio.ndim != 1:
        raise InputError(f"audio: want (samples,), got shape {audio.shape}")
    first, last = band_of(recipe)
    if len(audio) < recipe.window:
        return np.empty((0, last - first), np.float32)
    audio = np.ascontiguousarray(audio, dtype=np.float32)
    # One sample that is not finite makes the sum so; no array of flags is needed.
    if not np.isfinite(audio.sum()):
        raise InputError("audio: not finite")
    views = sliding_window_view(audio, recipe.window)[:: recipe.hop]
    # The periodic window of an STFT; NumPy's own is symmetric.
    window = np.hanning(recipe.window + 1)[:-1].astype(np.float32)
    lift = lift_of(recipe)
    power = np.empty((len(views), last - first), np.float32)
    windowed = np.empty((_BATCH, recipe.window), np.float32)
    for start in range(0, len(views), _BATCH):
        chunk = views[start : start + _BATCH]
        batch = np.multiply(chunk, window, out=windowed[: len(chunk)])
        spectrum = scipy.fft.rfft(batch, overwrite_x=True)
        _peak_kernels.power_of(spectrum, lift, first, power[start : start + len(chunk)])
    return power


def band_of(recipe: Recipe) -> tuple[int, int]:
    """Return the first STFT bin of the recipe's band and the one after its last."""
    per_bin = recipe.rate_hz / recipe.window
    return int(np.floor(recipe.low_hz / per_bin)), int(np.ceil(recipe.high_hz / per_bin)) + 1


def lift_of(recipe: Recipe) -> Floats:
    """Return the gain of each bin's power, 1 at the band's low end.

    Speech and music fall 6 dB an octave; half of it is undone here, so that high peaks get
    their share of the rank limit.
    """
    first, last = band_of(recipe)
    lift: Floats = np.arange(first, last, dtype=np.float32) / np.float32(first)
    return lift
