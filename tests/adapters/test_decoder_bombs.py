"""Media made to hurt: a sentence or a small answer comes back, and the next job works."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from cautery.adapters.decoder import ChildDecoder
from cautery.errors import DecodeError


def black(width: int, height: int, frames: int, *, fps: int = 25) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for at in range(frames):
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def noise() -> bytes:
    rng = np.random.default_rng(1)
    return b"".join(b"\x47" + rng.bytes(187) for _ in range(5000))


REFUSED = {
    "pictures of 33 megapixels": lambda: black(7680, 4320, 2),
    "an atom that says it has 4 GB": lambda: (
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42\xff\xff\xff\xffmoov" + bytes(100)
    ),
    "noise in transport packets": noise,
    "a list that leads to a file": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a script that leads to a file": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
}


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED.keys())
async def test_a_bomb_is_refused_and_the_next_job_works(made) -> None:
    async with ChildDecoder(workers=1) as decoder:
        with pytest.raises(DecodeError):
            await decoder.decode(made(), pictures=True)
        after = await decoder.decode(black(320, 180, 50), pictures=True)
    assert after.luma.shape[0] > 20


async def test_a_thousand_frames_a_second_give_no_more_pictures_than_12_5() -> None:
    async with ChildDecoder(workers=1) as decoder:
        decoded = await decoder.decode(black(64, 64, 3000, fps=1000), pictures=True)
    assert 30 < decoded.luma.shape[0] <= 3 * 12.5 + 1
