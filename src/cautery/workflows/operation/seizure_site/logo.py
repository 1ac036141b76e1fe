"""A logo that the user gives: a PNG of which only the picture is kept, not what is noted in it."""

from __future__ import annotations

from cautery.errors import InputError

MAX_BYTES = 500_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OF_PICTURE = frozenset((b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"IDAT", b"IEND"))
"""Chunks that make the picture (PNG, third edition, section 5.6); others may name people."""
_MOST_PIXELS = 4_000


def picture_of(raw: bytes, *, where: str) -> bytes:
    """Return a PNG without its notes.

    Raises
    ------
    InputError
        If it is not a PNG, is cut off, or too large.
    """
    if len(raw) > MAX_BYTES:
        raise InputError(f"{where}: a logo has at most {MAX_BYTES:,} bytes")
    if not raw.startswith(_SIGNATURE) or raw[12:16] != b"IHDR":
        raise InputError(f"{where}: not a PNG picture", hint="Save the logo as PNG.")
    width, height = (int.from_bytes(raw[place : place + 4]) for place in (16, 20))
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
        raise InputError(f"{where}: a logo has at most {_MOST_PIXELS} by {_MOST_PIXELS} pixels")
    chunks, at = [_SIGNATURE], len(_SIGNATURE)
    while at + 12 <= len(raw):
        name, end = raw[at + 4 : at + 8], at + 12 + int.from_bytes(raw[at : at + 4])
        if end > len(raw):
            break
        if name in _OF_PICTURE:
            chunks.append(raw[at:end])
        if name == b"IEND":
            return b"".join(chunks)
        at = end
    raise InputError(f"{where}: the picture is cut off")
