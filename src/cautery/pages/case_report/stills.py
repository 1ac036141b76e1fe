"""Reduce sealed PNG stills to small JPEGs, so that sixty streams fit into one file."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from cautery.errors import DecodeError

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES = 16_000_000
_Bytes = NDArray[np.uint8]
_SUB, _UP, _PAETH = 1, 2, 4
_FOREIGN = "the sealed still has another form than our decoder writes"
_MOST_ACROSS, _MOST_DOWN = 1280, 4096
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
    if not (0 < across <= _MOST_ACROSS and 0 < down <= _MOST_DOWN):
        raise DecodeError(
            f"the sealed still is {across}x{down} pixels, which is not an allowed size"
        )
    new_width = min(width, across)
    rows = np.frombuffer(_rows(png, across, down), np.uint8).reshape(down, 1 + 3 * across)
    pixels = _unfiltered(rows[:, 0], rows[:, 1:].reshape(down, across, 3))
    import av  # noqa: PLC0415 - heavy: FFmpeg's libraries

    try:
        # MJPEG wants even sizes for its subsampled colour.
        wide, high = max(2, new_width // 2 * 2), max(2, round(down * new_width / across / 2) * 2)
        shown = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = shown.reformat(width=wide, height=high, format="yuvj420p")
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = wide, high, "yuvj420p"
        encoder.time_base = 1  # type: ignore[assignment]
        encoder.options = {"qmin": "3", "qmax": "3"}
        frame.pts = 0
        jpeg = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    except av.FFmpegError as error:
        raise DecodeError(f"the sealed still could not be reduced: {error}") from error
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _rows(png: bytes, across: int, down: int) -> bytes:
    """Return the rows of a PNG of the one form that our decoder writes, each behind its filter.

    FFmpeg's decoder reads many forms and unpacks chunks that nobody asked for; it runs in confined
    children alone, and this runs beside the keys.
    """
    depth, colour, packing, _, interlaced = png[24:29]
    if (depth, colour, packing, interlaced) != (8, 2, 0, 0):
        raise DecodeError(_FOREIGN)
    data, at = [], len(_PNG)
    while at + 12 <= len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data.append(png[at + 8 : at + 8 + size])
        at += 12 + size
    bytes_wanted = down * (1 + 3 * across)
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(b"".join(data), bytes_wanted + 1)
    except zlib.error as error:
        raise DecodeError(f"the sealed still could not be decoded: {error}") from error
    if len(rows) != bytes_wanted:
        raise DecodeError("the sealed still has more or fewer pixels than its header says")
    return rows


def _unfiltered(filters: _Bytes, rows: _Bytes) -> _Bytes:
    """Undo the filters of a PNG's rows (PNG, 9.2).

    Parameters
    ----------
    filters : ndarray, shape (down,), uint8
    rows : ndarray, shape (down, across, 3), uint8
    """
    if filters[0] == _SUB and (filters[1:] == _UP).all():
        first = np.add.accumulate(rows[:1], axis=1, dtype=np.uint8)
        return np.add.accumulate(np.concatenate((first, rows[1:])), axis=0, dtype=np.uint8)
    if filters.max() > _PAETH:
        raise DecodeError(_FOREIGN)
    # Stills of an earlier release. A sample rests on those left of it, above it, and left above:
    # all of one slanting line are known once those of the two lines before it are.
    down, across, _ = rows.shape
    out = np.zeros((down + 1, across + 1, 3), np.int16)
    of_row = filters.astype(np.int16)
    for line in range(down + across - 1):
        y = np.arange(max(0, line - across + 1), min(down, line + 1))
        x, kind = line - y, of_row[y][:, None]
        left, above, corner = out[y + 1, x], out[y, x + 1], out[y, x]
        guess = left + above - corner
        apart = [np.abs(guess - neighbour) for neighbour in (left, above, corner)]
        nearest = np.where(
            (apart[0] <= apart[1]) & (apart[0] <= apart[2]),
            left,
            np.where(apart[1] <= apart[2], above, corner),
        )
        neighbour = np.choose(kind, (0 * left, left, above, (left + above) // 2, nearest))
        out[y + 1, x + 1] = (rows[y, x] + neighbour) & 0xFF
    return out[1:, 1:].astype(np.uint8)
