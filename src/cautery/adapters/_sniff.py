"""What some bytes look like, decided before any demuxer sees them.

Only containers named here are opened, each with its demuxer forced, so that a playlist, a web
page or a concat script never reaches a demuxer that would open further files.
"""

from __future__ import annotations

import re

import numpy as np

from cautery.adapters._scrambling import scrambling_of
from cautery.errors import DecodeError, EncryptedError

_TS_SYNC = 0x47
"""First byte of each packet of 188 bytes (ISO/IEC 13818-1, 2.4.3.2)."""
_TS_SIZES = (188, 192, 204)
"""Packet sizes of MPEG-TS, M2TS (4 bytes of time code) and DVB with Reed-Solomon bytes."""
_SEARCH = 4096
_TEXTS: tuple[tuple[str, str], ...] = (
    ("#extm3u", "an HLS or M3U playlist"),
    ("<mpd", "a DASH manifest"),
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<head", "an HTML page"),
    ("<body", "an HTML page"),
    ("<?xml", "XML"),
    ("ffconcat", "a concat script"),
    ("v=0", "a session description"),
    ("webvtt", "subtitles"),
    ("{", "JSON"),
    ("[", "JSON or a playlist"),
)
_BOXES = frozenset(
    (b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"mdat", b"free", b"skip", b"wide")
)
_FIXED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x0bw", "ac3"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b".snd", "au"),
    (0, b"caff", "caf"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "asf"),
)
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"PK", "a zip archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ", "xz"),
    (b"(\xb5/\xfd", "Zstandard"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_MARKED_BYTES = 1 << 20
_RANDOM_BYTES, _RANDOM_LEAST = 1 << 16, 2048
_CHI_SQUARE = 370.0
"""Pearson's statistic of even bytes has 255 degrees of freedom: over 370 in 3 of a million."""


def container_of(data: bytes) -> str:
    """Return the name of the one demuxer that may open ``data``.

    Parameters
    ----------
    data : bytes
        The beginning of a capture suffices.

    Raises
    ------
    DecodeError
        If it is empty, text, a page or playlist, or nothing known; the message says which.
    EncryptedError
        If it is a transport stream that is marked as scrambled. Even bytes alone are no evidence:
        noise and most compressed data have them too.
    """
    if not data:
        raise DecodeError("the capture is empty")
    head = data[:_SEARCH]
    if head.startswith(b"ID3"):
        return _after_id3(data)
    if container := _binary(head):
        return _clear(container, data)
    if text_kind := _text(head):
        raise DecodeError(f"not media: it looks like {text_kind}")
    if _ts_sync(data[: 64 * 1024]):
        return _clear("mpegts", data)
    if not any(head):
        raise DecodeError("not media: it holds only NUL bytes")
    for mark, text_kind in _PACKED:
        if head.startswith(mark):
            raise DecodeError(f"not media: it looks like {text_kind}")
    if _evenly_random(data[:_RANDOM_BYTES]):
        raise DecodeError(
            "no readable media: no known container, and the bytes look random (encrypted, such "
            "as an HLS segment whose playlist names a key, or compressed, or random data)"
        )
    raise DecodeError("not media: no known container (it may be encrypted or damaged)")


def _clear(container: str, data: bytes) -> str:
    if container == "mpegts" and (scrambling := scrambling_of(data[:_MARKED_BYTES])):
        raise EncryptedError(f"encrypted: {scrambling}")
    return container


def _evenly_random(data: bytes) -> bool:
    """Tell whether all 256 byte values are as frequent as in ciphertext."""
    if len(data) < _RANDOM_LEAST:
        return False
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    expected = len(data) / 256
    return bool(((counts - expected) ** 2).sum() / expected < _CHI_SQUARE)


def _binary(head: bytes) -> str | None:
    for at, mark, name in _FIXED:
        if head[at : at + len(mark)] == mark:
            return name
    if head[:4] in {b"RIFF", b"RF64"}:
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if head[4:8] in _BOXES:
        return "mp4"
    if head[0] == _TS_SYNC and _ts_sync(head):
        return "mpegts"
    # 11 bits of sync, then version and layer (ISO/IEC 11172-3, 2.4.2.3); layer 0 is AAC's ADTS
    # (ISO/IEC 13818-7).
    if len(head) > 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        layer = head[1] >> 1 & 3
        if layer == 0:
            return "aac" if head[1] & 0xF0 == 0xF0 else None
        return "mp3" if layer in {1, 2} else None
    return None


def _after_id3(data: bytes) -> str:
    """Skip ID3 tags: HLS "packed audio" begins with one (RFC 8216, 3.4)."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:
        size = 0
        for byte in data[at + 6 : at + 10]:
            # ID3v2 sizes are synchsafe: seven bits of each byte count.
            size = size << 7 | byte & 0x7F
        at += 10 + size
    container = _binary(data[at : at + _SEARCH]) if at < len(data) else None
    if container not in {"aac", "mp3", "ac3", "flac"}:
        raise DecodeError("not media: an ID3 tag with no sound after it")
    return container


def _ts_sync(head: bytes) -> bool:
    """Tell whether sync bytes recur: five in a row, or all there is of a short capture."""
    for size in _TS_SIZES:
        for start in range(min(size, len(head))):
            if head[start] != _TS_SYNC:
                continue
            marks = head[start : start + 5 * size : size]
            if len(marks) >= 2 and marks.count(_TS_SYNC) == len(marks):
                return True
    return len(head) == _TS_SIZES[0] and head[0] == _TS_SYNC


def _text(head: bytes) -> str | None:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = head.decode("utf-16", errors="replace")
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    start = text.lstrip().lower()
    for mark, media_type in _TEXTS:
        if start.startswith(mark):
            return media_type
    for mark, kind in _TEXTS[:5]:
        if mark in start[:1024]:
            return kind
    printable = len(re.findall(r"[\t\r\n\x20-\x7e]", text))
    return "text" if len(text) and printable > 0.97 * len(text) else None
