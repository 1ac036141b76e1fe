"""How far each cell of a probe's spectrogram stands out of what lies around it.

A crowd is broad, and swells slowly; music and speech are narrow where they are loud. Compared
with a third of an octave and two seconds around it, in logarithms, the cell of a programme's peak
still stands out where the crowd is louder than the programme.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cautery.fingerprint.audio import Floats
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.spectrum import band_of

STEPS = 256
"""Of 1/60 octave, as a landmark counts them."""
_FLOOR = 1e-4
"""As for peaks: what digital silence and a codec's comfort noise have does not stand out."""
_SMOOTHED, _AROUND = 3, (125, 21)
"""Frames over which a cell is smoothed; frames and steps that it is compared with."""
_BESIDE, _SHARE = 3, 0.175
"""Steps to both sides of a cell, and how much of what stands out there it is lowered by."""
_MOST = 2.5
"""Standard deviations up to which it counts that a cell stands out."""


def relief_of(power: Floats, recipe: Recipe) -> Floats:
    """Return by how many standard deviations the cells of a spectrogram stand out.

    Parameters
    ----------
    power : ndarray, shape (frames, bins), float32
        From :func:`cautery.fingerprint.spectrum.power_of`.

    Returns
    -------
    ndarray, shape (frames, 256), float32
        By frame and step of 1/60 octave: what lies over its surroundings, 2.5 at most, less the
        means of the step and of the frame, so that it is 0 by chance, and a steady tone and a beat
        that sounds everywhere stand out from nothing.
    """
    if not len(power):
        return np.empty((0, STEPS), np.float32)
    level = _averaged(np.log(power @ _shares(recipe) + np.float32(_FLOOR)), _SMOOTHED)
    around = _averaged(_averaged(level, _AROUND[0]).T, _AROUND[1]).T
    out = level - around
    out -= np.float32(_SHARE) * (np.roll(out, _BESIDE, axis=1) + np.roll(out, -_BESIDE, axis=1))
    out = np.clip(out / (out.std() + np.float32(1e-6)), 0, _MOST)
    out -= out.mean(axis=0)
    relief: Floats = (out - out.mean(axis=1, keepdims=True)).astype(np.float32)
    return relief


@lru_cache(maxsize=4)
def _shares(recipe: Recipe) -> Floats:
    """Return which share of each bin a step takes: a step and a half wide, a bin at least."""
    first, last = band_of(recipe)
    edges = np.arange(STEPS) + np.array([[-0.75], [0.75]])
    # A bin reaches half its width to both sides of its frequency.
    low, high = recipe.low_hz * 2 ** (edges / recipe.steps_per_octave) * (
        recipe.window / recipe.rate_hz
    ) - (first - 0.5)
    middle, half = (low + high) / 2, np.maximum(0.5, (high - low) / 2)
    bins = np.arange(last - first)[:, None]
    shares = np.minimum(bins + 1, middle + half) - np.maximum(bins, middle - half)
    shares = np.clip(shares, 1e-9, None)
    made: Floats = (shares / shares.sum(axis=0)).astype(np.float32)
    made.setflags(write=False)
    return made


def _averaged(cells: Floats, size: int) -> Floats:
    """Return the mean of ``size`` rows around each row, of fewer at both ends."""
    sums = np.zeros((len(cells) + 1, cells.shape[1]))
    np.cumsum(cells, axis=0, dtype=np.float64, out=sums[1:])
    at = np.arange(len(cells))
    low, high = np.maximum(at - size // 2, 0), np.minimum(at + size // 2 + 1, len(cells))
    mean: Floats = ((sums[high] - sums[low]) / (high - low)[:, None]).astype(np.float32)
    return mean
