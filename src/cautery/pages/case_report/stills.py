"""Reduce sealed PNG stills to small JPEGs, so that sixty streams fit into one file."""

from __future__ import annotations

import base64
import io
import struct

from cautery.errors import DecodeError

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES = 16_000_000
_MOST_PIXELS = 4096 * 4096
"""Our decoder never writes larger ones; a header that says more is refused before decoding."""


def reduced(png: bytes, *, width: int = 320) -> str:
    """Return a PNG as a JPEG ``data:`` URI, at most ``width`` pixels wide, never enlarged.

    Parameters
    ----------
    png : bytes
        A still as our own decoder wrote it (its header is checked all the same).
    width : int
        Most pixels across.

    Raises
    ------
    DecodeError
        If it is no PNG, too large, or damaged.
    """
    if len(png) > _MOST_BYTES or not png.startswith(_PNG) or png[12:16] != b"IHDR":
        raise DecodeError("the sealed still is not a PNG, or is too large")
    # IHDR comes first and has the size (PNG, 11.2.1): a few bytes can unpack to any number of
    # pixels, so it is read before they are decoded.
    across, down = struct.unpack(">II", png[16:24])
    if not 0 < across * down <= _MOST_PIXELS:
        raise DecodeError(
            f"the sealed still is {across}x{down} pixels, which is not an allowed size"
        )
    import av  # noqa: PLC0415 - heavy: FFmpeg's libraries

    new_width = min(width, across)
    try:
        with av.open(io.BytesIO(png), "r", format="png_pipe") as container:
            picture = next(container.decode(video=0))
        # MJPEG wants even sizes for its subsampled colour.
        wide, high = max(2, new_width // 2 * 2), max(2, round(down * new_width / across / 2) * 2)
        frame = picture.reformat(width=wide, height=high, format="yuvj420p")
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = wide, high, "yuvj420p"
        encoder.time_base = 1  # type: ignore[assignment]
        encoder.options = {"qmin": "3", "qmax": "3"}
        frame.pts = 0
        jpeg = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    except (av.FFmpegError, StopIteration) as error:
        raise DecodeError(f"the sealed still could not be decoded: {error}") from error
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
