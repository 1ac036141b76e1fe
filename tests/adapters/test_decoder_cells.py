"""Pictures of every size become the means of their cells, in order."""

from __future__ import annotations

import io
import math

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.adapters import _decoder_media as media
from cautery.adapters._decoder_cells import Ahead, Cells
from cautery.adapters._decoder_source import Source


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
    ("width", "height"),
    [(640, 360), (1280, 720), (854, 480), (720, 576), (704, 576), (128, 36), (66, 40)],
)
def test_cells_are_means_of_luma_at_every_size(width: int, height: int) -> None:
    rng = np.random.default_rng(width)
    cells, shown = Cells(), []
    for k in range(20):
        planes = rng.integers(0, 256, (height * 3 // 2, width), np.uint8)
        shown.append(plain(planes[:height]))
        cells.take(av.VideoFrame.from_ndarray(planes, "yuv420p"), float(k))
    luma, times, count = cells.pop(19.0)
    made = np.frombuffer(luma, np.uint8).reshape(count, 36, 64)
    assert np.abs(made - np.array(shown[:19])).max() <= 0.51
    assert np.frombuffer(times).tolist() == [float(k) for k in range(19)]
    assert cells.pop(19.0) == (b"", b"", 0)


def test_a_stream_that_changes_its_size_keeps_its_pictures_in_order() -> None:
    cells = Cells()
    for k, (width, height) in enumerate([(640, 360), (854, 480), (1280, 720), (20, 20)]):
        planes = np.full((height * 3 // 2, width), 40 * k + 20, np.uint8)
        cells.take(av.VideoFrame.from_ndarray(planes, "yuv420p"), float(k))
    luma, _, count = cells.pop(9.0)
    means = np.frombuffer(luma, np.uint8).reshape(count, -1).mean(axis=1)
    # FFmpeg's scaler, which takes the smallest, spreads 16 to 235 over all 256 values.
    assert means == pytest.approx([20, 60, 100, 140], abs=5)


@given(
    fps=st.sampled_from([10.0, 24.0, 25.0, 30000 / 1001, 50.0, 60.0]),
    begin_s=st.floats(0, 95443),
    late=st.lists(st.integers(0, 8), min_size=40, max_size=40),
)
def test_no_picture_that_a_slot_takes_is_spared_in_whatever_order_they_are_decoded(
    fps: float, begin_s: float, late: list[int]
) -> None:
    shown = [begin_s + k / fps for k in range(40)]
    decoded = sorted(range(40), key=lambda k: k + late[k])
    ahead, cells = Ahead(), Cells()
    kept = {shown[k] for k in decoded if not ahead.spares(shown[k])}
    taken = {at_s for at_s in shown if cells.wants(at_s)}
    assert taken <= kept


def test_after_a_jump_back_of_the_time_stamps_pictures_are_decoded_again() -> None:
    ahead = Ahead()
    again = [k / 25 for k in range(0, 250, 2)]
    for _ in range(2):
        assert not any(ahead.spares(at_s) for at_s in again)
    assert ahead.spares(again[-1] + 0.01)


def drifting(codec: str) -> bytes:
    """Two seconds of a drifting pattern, 50 pictures a second, some of which no other is made of."""
    made = io.BytesIO()
    with av.open(made, "w", format="mpegts") as out:
        shown = out.add_stream(codec, rate=50)
        shown.width, shown.height, shown.pix_fmt = 128, 72, "yuv420p"
        shown.codec_context.max_b_frames = 2
        pattern = np.random.default_rng(3).integers(0, 256, (72, 600), np.uint8)
        for k in range(100):
            planes = np.full((108, 128), 128, np.uint8)
            planes[:72] = pattern[:, 2 * k : 2 * k + 128]
            picture = av.VideoFrame.from_ndarray(planes, "yuv420p")
            picture.pts = k
            out.mux(shown.encode(picture))
        out.mux(shown.encode(None))
    return made.getvalue()


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_the_pictures_are_those_of_a_decoder_that_leaves_none_out(
    codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, decoded = drifting(codec), [0]

    class Counting(Source):
        def _decoded(self, packet: av.Packet) -> list[av.VideoFrame]:
            frames = super()._decoded(packet)
            decoded[0] += len(frames)
            return frames

    monkeypatch.setattr(media, "Source", Counting)
    ((head, payload),) = media.parts(
        io.BytesIO(data), "mpegts", pictures=True, part_s=math.inf, most_s=60
    )
    cells = Cells()
    with av.open(io.BytesIO(data)) as whole:
        for frame in whole.decode(video=0):
            if cells.wants(frame.time):
                cells.take(frame, frame.time)
    luma, times, count = cells.pop(math.inf)
    assert head["pictures"] == count
    # Of pictures that no other is made from, edges are not smoothed.
    ours, theirs = (np.frombuffer(one, np.uint8, len(luma)) for one in (payload, luma))
    off = np.abs(ours.astype(int) - theirs)
    assert off.max() <= (1 if codec == "libx264" else 0)
    assert off.mean() < 0.001
    assert np.frombuffer(payload[len(luma) :]) == pytest.approx(np.frombuffer(times))
    assert count <= decoded[0] < 80
