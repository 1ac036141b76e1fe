"""What hostile servers say, byte for byte: lists, pages, guides, panels, playlists and media."""

from __future__ import annotations

import gzip
import io
from functools import cache
from typing import Any

import numpy as np

PRIVATE = "http://10.1.2.3"
METADATA = "http://169.254.169.254/latest/meta-data/"
LIST = "#EXTM3U\n#EXTINF:-1,Télé Été\nhttp://a.example/1.m3u8\n"
_FILE = "file:///etc/passwd"
_MEDIA = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n"


def listed(*entries: str) -> bytes:
    """Return an M3U list of these addresses."""
    return ("#EXTM3U\n" + "".join(f"#EXTINF:-1,A\n{entry}\n" for entry in entries)).encode()


def blank_lines() -> bytes:
    """Return entries with a hundred blank lines between them: each was once looked over again."""
    return b"#EXTM3U\n" + (b"#EXTINF:-1,A\n" + b"\n" * 1000) * 2000


def commas() -> bytes:
    """Return a megabyte of lines that are a comma."""
    return b"#EXTM3U\n" + b",\n" * 500_000


def disguised() -> bytes:
    """Return a title with marks that turn the direction of writing, and a terminal's commands."""
    title = "Film \u202egpj.exe\u202c \x1b]0;gone\x07 \x1b[2J \u2066x"
    return f"#EXTM3U\n#EXTINF:-1,{title}\n{PRIVATE}/1.ts\n".encode()


def formula() -> bytes:
    """Return a title that a spreadsheet would work out."""
    return f"#EXTM3U\n#EXTINF:-1,=cmd|' /C calc'!A0\n{PRIVATE}/1.ts\n".encode()


def nested_page() -> bytes:
    """Return a megabyte of elements in elements."""
    return b"<!doctype html><title>a</title>" + b"<div>" * 200_000


def unclosed_page() -> bytes:
    """Return comments and attributes that never close."""
    return b"<!doctype html><title>a</title>" + b'<a href="' * 60_000 + b"<!--" * 60_000


def entities_page() -> bytes:
    """Return a megabyte of character references that are not valid."""
    return b"<!doctype html><title>a</title><p>" + b"&#99999999999;&amp" * 60_000


def laughs(root: str) -> bytes:
    """Return an XML document that unfolds to gigabytes (billion laughs)."""
    inner = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
    return f'<!DOCTYPE {root} [<!ENTITY a0 "ha">{inner}]><{root}>&a11;</{root}>'.encode()


def blown_up(root: str) -> bytes:
    """Return an XML document whose one long entity is named again and again."""
    long, names = "a" * 100_000, "&a;" * 50_000
    return f'<!DOCTYPE {root} [<!ENTITY a "{long}">]><{root}>{names}</{root}>'.encode()


def outside(root: str) -> bytes:
    """Return an XML document with an entity that is a file of the reader's machine (XXE)."""
    inner = "<channel id='a'><display-name>&a;</display-name></channel>"
    return f'<!DOCTYPE {root} [<!ENTITY a SYSTEM "{_FILE}">]><{root}>{inner}</{root}>'.encode()


def outside_dtd(root: str) -> bytes:
    """Return an XML document whose definition lies on another server."""
    return f'<!DOCTYPE {root} SYSTEM "{METADATA}"><{root}/>'.encode()


def nested_xml(root: str) -> bytes:
    """Return elements in elements, a million deep."""
    return f"<{root}>".encode() + b"<a>" * 1_000_000


def deep_json() -> bytes:
    """Return arrays in arrays."""
    return b'{"user_info": ' + b"[" * 2_000_000


def long_number() -> bytes:
    """Return a number of a million digits: to read one cost the square of its length."""
    account = b'{"user_info": {"auth": 1, "username": "a", "max_connections": '
    return account + b"9" * 1_000_000 + b"}}"


def not_a_number() -> bytes:
    """Return numbers that are not valid, or too large."""
    return (
        b'{"user_info": {"auth": NaN, "exp_date": 1e999, "max_connections": -Infinity},'
        b' "server_info": {"port": "99999999999999999999", "timestamp_now": 1e308}}'
    )


def endless_portal() -> bytes:
    """Return a portal's page that says there are a thousand million more."""
    return b'{"js": {"total_items": "999999999999", "max_page_items": 1, "data": []}}'


def master(*variants: str) -> bytes:
    """Return an HLS master playlist."""
    rows = "".join(f"#EXT-X-STREAM-INF:BANDWIDTH=1000\n{variant}\n" for variant in variants)
    return f"#EXTM3U\n{rows}".encode()


def segments(*rows: str) -> bytes:
    """Return an HLS media playlist of these rows."""
    return (_MEDIA + "".join(f"{row}\n" for row in rows)).encode()


def many_segments() -> bytes:
    """Return a playlist of half a million segments."""
    return _MEDIA.encode() + b"#EXTINF:4,\na.ts\n" * 500_000


def dash(timeline: str, base: str = "") -> bytes:
    """Return a DASH manifest of one sound: with this timeline, or of segments of 4 s."""
    duration = "" if timeline else 'duration="4"'
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT60S" minBufferTime="PT2S"><BaseURL>{base}/</BaseURL>'
        '<Period><AdaptationSet mimeType="audio/mp4"><SegmentTemplate timescale="1" '
        f'{duration} media="$Number$.mp4" initialization="i.mp4">{timeline}</SegmentTemplate>'
        '<Representation id="a" bandwidth="1" codecs="mp4a.40.2"/></AdaptationSet></Period></MPD>'
    ).encode()


def noise() -> bytes:
    """Return random bytes in transport packets."""
    rng = np.random.default_rng(1)
    return b"".join(b"\x47" + rng.bytes(187) for _ in range(5000))


def null_packets() -> bytes:
    """Return transport packets that carry nothing."""
    return (bytes([0x47, 0x1F, 0xFF, 0x10]) + b"\xff" * 184) * 2000


def long_atom() -> bytes:
    """Return an MP4 file whose first atom says that it has 4 GB."""
    return b"\0\0\0\x18ftypisom\0\0\0\0isommp42\xff\xff\xff\xffmoov" + bytes(100)


def deep_atoms() -> bytes:
    """Return an MP4 file of atoms in atoms."""
    body = b""
    for _ in range(10_000):
        body = (len(body) + 8).to_bytes(4, "big") + b"moov" + body[:60_000]
    return b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + body


def zip_of_zeros() -> bytes:
    """Return what unpacks to far more, as an archive would: a gzip member of zeros."""
    return gzip.compress(bytes(50_000_000))


@cache
def black(width: int, height: int, frames: int, fps: int = 25) -> bytes:
    """Return black pictures in a transport stream: a few bytes for each."""
    import av  # noqa: PLC0415 - heavy, and only this needs it

    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream: Any = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame: Any = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for at in range(frames):
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()
