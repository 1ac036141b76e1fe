"""Inside the decoder's child: one picture of a capture as a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, BinaryIO

import av

from cautery.adapters._decoder_media import Timeline
from cautery.adapters._decoder_source import Refusal, Source
from cautery.model.media import STRIP_SHAPE

_WIDTH = 640


def still(data: BinaryIO, name: str, *, at_s: float) -> tuple[dict[str, Any], bytes]:
    """Return the picture shown at ``at_s`` as PNG bytes, at most 640 wide.

    Raises
    ------
    Refusal
        If there is none.
    """
    source, timeline = Source(data, name, sound=False, pictures=True), Timeline()
    best: Any = None
    shown_s: float | None = None
    stamped = (
        (frame, frame.pts * tick)
        for _, frames, tick in source.frames()
        for frame in frames
        if frame.pts is not None
    )
    for frame, stamp_s in stamped:
        frame_s = timeline.place(stamp_s, shown_s)
        if best is not None and frame_s > at_s + 1e-3:
            break
        best, shown_s = frame, frame_s
    if not source.has_pictures:
        raise Refusal("there are no pictures")
    if best is None or shown_s is None:
        raise Refusal("no picture could be decoded")
    if not shown_s - 1.0 <= at_s <= shown_s + 2.0:
        raise Refusal(f"no picture at {at_s:.2f} s; the nearest is at {shown_s:.2f} s")
    return {"at_s": shown_s}, _png(best)


def strip(data: BinaryIO, name: str, *, times: Sequence[float]) -> tuple[dict[str, Any], bytes]:
    """Return the pictures shown at some moments, each 320 x 180 in RGB, one after another.

    Before the first picture the first is shown, after the last the last.

    Raises
    ------
    Refusal
        If there is none.
    """
    source, timeline = Source(data, name, sound=False, pictures=True), Timeline()
    wide, high = STRIP_SHAPE[1], STRIP_SHAPE[0]
    pictures: list[bytes] = []
    picture: bytes | None = None
    shown_s: float | None = None
    for _, frames, tick in source.frames():
        for frame in frames:
            if frame.pts is None or len(pictures) == len(times):
                continue
            shown_s = timeline.place(frame.pts * tick, shown_s)
            while picture is not None and len(pictures) < len(times):
                if times[len(pictures)] >= shown_s - 1e-3:
                    break
                pictures.append(picture)
            small = frame.reformat(wide, high, "rgb24", interpolation="AREA", threads=1)
            picture = small.to_ndarray().tobytes()
    if picture is None:
        raise Refusal("no picture could be decoded")
    pictures += [picture] * (len(times) - len(pictures))
    return {"pictures": len(pictures)}, b"".join(pictures)


def _png(frame: Any) -> bytes:
    width = min(frame.width, _WIDTH)
    height = max(1, round(frame.height * width / frame.width))
    coder: Any = av.CodecContext.create("png", "w")
    coder.width, coder.height, coder.pix_fmt = width, height, "rgb24"
    coder.time_base = Fraction(1, 25)
    coder.thread_count = 1  # the process can't start threads
    coder.options = {"pred": "up"}  # the one filter that a report undoes at once
    picture = frame.reformat(width, height, "rgb24", interpolation="AREA", threads=1)
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*coder.encode(picture), *coder.encode(None)])
