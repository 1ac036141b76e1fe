"""Compile and cache all kernels: ``python -m cautery.fingerprint.warm``, run at install."""

from __future__ import annotations

import numpy as np

from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.fingerprint.index import Index
from cautery.fingerprint.recipe import DEFAULT_RECIPE


def warm() -> None:
    """Run every kernel once on a little noise."""
    noise = np.random.default_rng(0).standard_normal(6 * DEFAULT_RECIPE.rate_hz)
    peaks = peaks_of(noise.astype(np.float32) * np.float32(0.1), DEFAULT_RECIPE)
    landmarks = landmarks_of(peaks, DEFAULT_RECIPE)
    landmarks_of(peaks.stretched(tempo=1.01, pitch=1.01, recipe=DEFAULT_RECIPE), DEFAULT_RECIPE)
    index = Index()
    index.add(0, landmarks, start=0)
    snapshot = index.snapshot()
    hits = snapshot.hits(landmarks)
    snapshot.peaks(landmarks, hits, base=0, low=-100, high=100, least=5)


if __name__ == "__main__":
    warm()
