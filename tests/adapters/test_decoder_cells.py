"""Pictures of every size become the means of their cells, in order."""

from __future__ import annotations

import av
import numpy as np
import pytest

from cautery.adapters._decoder_cells import Cells


def plain(luma: np.ndarray) -> np.ndarray:
    height, width = luma.shape
    count = min(5, -(-height // 36))
    inside = (np.arange(count) + 0.5) / count
    edges = (np.arange(65) * width / 64).astype(int)
    rows = ((np.arange(36) + inside[:, None]) * height / 36).astype(int).T
    return np.array(
        [[luma[some, edges[k] : edges[k + 1]].mean() for k in range(64)] for some in rows]
    )


@pytest.mark.parametrize(
    ("width", "height"), [(640, 360), (1280, 720), (854, 480), (720, 576), (128, 36), (66, 40)]
)
def test_cells_are_means_of_luma_at_every_size(width: int, height: int) -> None:
    rng = np.random.default_rng(width)
    cells, shown = Cells(), []
    for k in range(6):
        planes = rng.integers(0, 256, (height * 3 // 2, width), np.uint8)
        shown.append(plain(planes[:height]))
        cells.take(av.VideoFrame.from_ndarray(planes, "yuv420p"), float(k))
    luma, times, count = cells.pop(5.0)
    made = np.frombuffer(luma, np.uint8).reshape(count, 36, 64)
    assert np.abs(made - np.array(shown[:5])).max() <= 0.51
    assert np.frombuffer(times).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_stream_that_changes_its_size_keeps_its_pictures_in_order() -> None:
    cells = Cells()
    for k, (width, height) in enumerate([(640, 360), (854, 480), (1280, 720), (20, 20)]):
        planes = np.full((height * 3 // 2, width), 40 * k + 20, np.uint8)
        cells.take(av.VideoFrame.from_ndarray(planes, "yuv420p"), float(k))
    luma, _, count = cells.pop(9.0)
    means = np.frombuffer(luma, np.uint8).reshape(count, -1).mean(axis=1)
    # FFmpeg's scaler, which takes the smallest, spreads 16 to 235 over all 256 values.
    assert means == pytest.approx([20, 60, 100, 140], abs=5)
