"""Compile and cache all kernels: ``cautery warm`` runs this."""

from __future__ import annotations

import numpy as np

from cautery.fingerprint import index, placement, scan
from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.fingerprint.sliding import Patterns
from cautery.fingerprint.video import CELLS, signature
from cautery.kernels import only_compiled


@only_compiled()
def warm() -> None:
    """Run every kernel once on a little noise."""
    noise = np.random.default_rng(0).standard_normal(6 * DEFAULT_RECIPE.rate_hz)
    peaks = peaks_of(noise.astype(np.float32) * np.float32(0.1), DEFAULT_RECIPE)
    landmarks_of(peaks, DEFAULT_RECIPE)
    landmarks_of(peaks.stretched(tempo=1.01, pitch=1.01, recipe=DEFAULT_RECIPE), DEFAULT_RECIPE)
    index.warm()
    moving = np.random.default_rng(1).standard_normal((50, CELLS)).astype(np.float32)
    times = np.arange(50) / 12.5
    change, _ = placement.changes(moving.astype(np.float16), times, times[2:-2])
    placement.evened(change)
    _, where = placement.placed(moving, moving)
    placement.settled(moving, moving, where)
    placement.alike(moving, moving, where)
    fine = np.repeat(moving, 12, axis=1)
    placement.spread(*placement.compared(fine, moving, placement.UPRIGHT))
    view = signature(moving.astype(np.float16), times, DEFAULT_RECIPE)
    Patterns([view]).peaks(view, low_s=-1.0, high_s=1.0, most=1)
    scan.warm()


if __name__ == "__main__":
    warm()
