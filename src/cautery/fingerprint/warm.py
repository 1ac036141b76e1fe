"""Compile and cache all kernels: ``cautery warm`` runs this."""

from __future__ import annotations

import numpy as np

from cautery.fingerprint import index, placement, scan, tops
from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.fingerprint.regions import regions
from cautery.fingerprint.sliding import Patterns
from cautery.fingerprint.steady import held_still, steady_windows
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
    Patterns([view]).peaks([view], [(-1.0, 1.0)], most=1)
    small = np.random.default_rng(2).integers(0, 255, (8, 36, 64)).astype(np.uint8)
    regions(small, least=0.0, most=1)
    rolled = np.stack([np.roll(small[0], k, axis=1) for k in range(8)])
    for windows in steady_windows(rolled):
        held_still(rolled, windows)
    scan.warm()
    tops.warm()


if __name__ == "__main__":
    warm()
