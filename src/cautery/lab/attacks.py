"""One table of attacks by those who answer: each named, each with what must come of it.

:class:`cautery.lab.hostile.Hostile` answers each path as the attack of that name does. A watch is
led to all of them (``tests/journeys/test_hostile_sources.py``): it must last, and say of
each what :attr:`Attack.fails` says.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cautery.lab import _hostile_bodies as bodies

Reply = Callable[[asyncio.StreamWriter, str], Awaitable[None]]

_OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
_CHUNK = 65536
GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack on a program that fetches and reads.

    Parameters
    ----------
    name : str
        The first part of the path at which a :class:`Hostile` server does it.
    does : str
        What it does.
    kind : str
        Of the source that a mandate would call it: ``m3u``, ``page``, ``stream`` ...
    fails : str or None
        The class of the error that the record must tell; ``None``: it is read all the same.
    entries : int
        How many entries are read all the same.
    reply : callable
        ``reply(writer, target)`` answers a request.
    body : callable or None
        What it says, where that is all there is to it.
    """

    name: str
    does: str
    kind: str
    fails: str | None
    entries: int = 0
    reply: Reply
    body: Callable[[], bytes] | None = None


async def not_found(writer: asyncio.StreamWriter, _: str) -> None:
    """Answer that there is nothing here."""
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


async def _endless_line(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Type: audio/x-mpegurl\r\n\r\n#EXTM3U\n#EXTINF:-1,")
    await _for_ever(writer, b"A" * _CHUNK)


async def _for_ever(writer: asyncio.StreamWriter, piece: bytes, *, every_s: float = 0.0) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(every_s)


async def _gigabyte(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Type: audio/x-mpegurl\r\nTransfer-Encoding: chunked\r\n\r\n")
    line = b"#EXTINF:-1,A channel\nhttp://a.example/live/1.ts\n"
    block = line * (_CHUNK // len(line))
    bytes_sent = 0
    while bytes_sent < GIGABYTE:
        writer.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        await writer.drain()
        bytes_sent += len(block)
    writer.write(b"0\r\n\r\n")


async def _drip(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Length: 100000\r\n\r\n")
    await _for_ever(writer, b"#", every_s=0.5)


async def _gzip_bomb(writer: asyncio.StreamWriter, _: str) -> None:
    block = gzip.compress(b"#EXTM3U\n" + b"\0" * 10_000_000)
    body = block * 100  # concatenated members, RFC 1952: a gigabyte once unpacked
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    writer.write(_OK + head + body)


def _coded(coding: str, body: bytes) -> Reply:
    return _said(
        f"200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}".encode(), body
    )


def _redirect(to: str) -> Reply:
    return _said(f"302 Found\r\nLocation: {to}\r\nContent-Length: 0".encode())


def _said(head: bytes, body: bytes = b"") -> Reply:
    async def reply(writer: asyncio.StreamWriter, _: str) -> None:
        writer.write(b"HTTP/1.1 " + head + b"\r\nConnection: close\r\n\r\n" + body)

    return reply


def _body(body: Callable[[], bytes], content_type: str) -> Reply:
    async def reply(writer: asyncio.StreamWriter, _: str) -> None:
        answer = await asyncio.to_thread(body)
        head = f"Content-Type: {content_type}\r\nContent-Length: {len(answer)}\r\n\r\n"
        writer.write(_OK + head.encode() + answer)

    return reply


async def _never_ends(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Type: video/mp2t\r\n\r\n")
    await _for_ever(writer, bodies.null_packets()[: 188 * 300], every_s=0.01)


async def _cut(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Length: 500000\r\n\r\n" + b"G" * 1000)


async def _headers(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _for_ever(writer, b"X-More: " + b"a" * 4000 + b"\r\n")


async def _slow_loris(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _for_ever(writer, b"X-Wait: a\r\n", every_s=0.05)


async def _continues(writer: asyncio.StreamWriter, _: str) -> None:
    await _for_ever(writer, b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000)


async def _chunk_words(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Transfer-Encoding: chunked\r\n\r\n1")
    await _for_ever(writer, b";" + b"a" * 4000)


async def _trailers(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n#\r\n0\r\n")
    await _for_ever(writer, b"X-More: " + b"a" * 4000 + b"\r\n")


async def _empty_blocks(writer: asyncio.StreamWriter, _: str) -> None:
    """Send compressed data of which nothing comes: empty stored blocks (RFC 1951)."""
    writer.write(_OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
    await _for_ever(writer, b"\x00\x00\x00\xff\xff" * 13_000)


async def _silent(_: asyncio.StreamWriter, __: str) -> None:
    await asyncio.sleep(3600)


async def _echo(writer: asyncio.StreamWriter, target: str) -> None:
    writer.write(f"HTTP/1.1 2{target} \x00\r\n\r\n".encode("latin-1"))


async def _changes(writer: asyncio.StreamWriter, target: str) -> None:
    """Answer each request by a playlist that leads on to the next."""
    deeper = target.count("/") + 1
    body = bodies.master("/".join(["/hls-deeper", *"a" * deeper, "x.m3u8"]))
    writer.write(_OK + b"Content-Type: application/x-mpegurl\r\n\r\n" + body)


async def _own_segments(writer: asyncio.StreamWriter, target: str) -> None:
    """Answer a playlist whose segments never end."""
    if target.endswith(".ts"):
        await _never_ends(writer, target)
        return
    rows = "".join(f"#EXTINF:4,\n/hls-endless-segments/{n}.ts\n" for n in range(4))
    writer.write(_OK + b"\r\n" + bodies.segments(rows.rstrip("\n")))


_WAITS = (_drip, _silent, _slow_loris, _continues, _chunk_words)


def _of_http() -> Iterator[Attack]:
    """Yield attacks on the client: it must end in time, and go nowhere that it may not."""

    def listed(name: str, does: str, fails: str | None, reply: Reply) -> Attack:
        # A page is waited for 15 s, a list, which may be long, a minute.
        kind = "page" if reply in _WAITS else "m3u"
        return Attack(name=name, does=does, kind=kind, fails=fails, reply=reply)

    yield listed("endless-line", "sends one line for ever", "LimitError", _endless_line)
    yield listed("gigabyte", "sends a gigabyte in chunks", "LimitError", _gigabyte)
    yield listed("gzip-bomb", "packs a gigabyte into a megabyte", "LimitError", _gzip_bomb)
    packed = zlib.compress(b"#EXTM3U\n" + b"\0" * 100_000_000)
    yield listed("deflate-bomb", "packs 100 MB", "LimitError", _coded("deflate", packed))
    yield listed("empty-blocks", "packs nothing, for ever", "LimitError", _empty_blocks)
    twice = gzip.compress(gzip.compress(bodies.LIST.encode()))
    yield listed("packed-twice", "packs twice", "SourceError", _coded("gzip, gzip", twice))
    yield listed("other-coding", "packs unasked", "SourceError", _coded("br", b"\x0b\x02\x80"))
    plain = bodies.LIST.encode()
    yield listed("no-coding", "says packed, is not", "SourceError", _coded("gzip", plain))
    cut = gzip.compress(plain)[:-6]
    yield listed("cut-coding", "packs and leaves off the end", "SourceError", _coded("gzip", cut))
    yield listed("drip", "sends a byte in half a second", "LimitError", _drip)
    yield listed("silent", "never answers", "LimitError", _silent)
    yield listed("slow-loris", "sends a header now and then", "SourceError", _slow_loris)
    yield listed("continues", "says 100 Continue for ever", "LimitError", _continues)
    yield listed("headers", "sends headers for ever", "SourceError", _headers)
    yield listed("trailers", "sends trailers for ever", "SourceError", _trailers)
    yield listed("chunk-words", "words a chunk's size for ever", "LimitError", _chunk_words)
    yield listed("cut", "says 500 kB and sends one", "SourceError", _cut)
    for name, does, head in (
        ("two-lengths", "states two lengths", b"Content-Length: 5\r\nContent-Length: 50"),
        ("length-and-chunks", "states a length and sends chunks (request smuggling)",
         b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
        ("negative-length", "states a length below zero", b"Content-Length: -1"),
        ("no-length", "states a length that is no number", b"Content-Length: 0x10"),
        ("huge-chunk", "sends a chunk of 2^64 bytes", b"Transfer-Encoding: chunked"),
        ("nul-header", "puts a NUL into a header", b"X-A: a\0b\r\nContent-Length: 5"),
        ("folded-header", "folds a header onto two lines", b"X-A: a\r\n b\r\nContent-Length: 5"),
    ):  # fmt: skip
        body = b"ffffffffffffffffff\r\n#EXTM3U\n" if "chunk" in name else b"#EXTM3U\n" * 9
        yield listed(name, does, "SourceError", _said(b"200 OK\r\n" + head, body))
    unknown_coding = _said(b"200 OK\r\nTransfer-Encoding: zip", b"#EXTM3U\n")
    yield listed("other-transfer", "codes as nobody does", None, unknown_coding)
    yield listed("no-http", "sends a body and no head", "SourceError", _raw(bodies.LIST.encode()))
    yield listed("no-status", "says a status that is none", "SourceError", _raw(b"HTTP/1.1 9\r\n"))
    yield listed("echo", "says the URL in a status that is none", "SourceError", _echo)
    yield listed(
        "not-modified", "says that nothing changed", "SourceError", _said(b"304 Not Modified")
    )
    yield listed(
        "retry-in-a-year",
        "asks not to be asked for a year",
        "SourceError",
        _said(b"503 Unavailable\r\nRetry-After: 31536000\r\nContent-Length: 0"),
    )
    yield listed("missing", "has nothing", "SourceError", not_found)
    long = b"200 OK\r\nContent-Length: 10"
    too_long = _said(long, b"#EXTM3U\n#\n" + b"HTTP/1.1 200 OK\r\n" * 50)
    yield listed("too-long", "sends more than it stated", "SourceError", too_long)
    yield listed("loop", "leads to itself", "LimitError", _redirect("/loop"))
    for name, does, to in _REDIRECTS:
        yield listed(name, does, "ForbiddenAddressError", _redirect(to))
    yield listed("to-nothing", "leads nowhere", "LimitError", _redirect("http://"))
    yield listed("to-no-port", "leads to no port", "SourceError", _redirect("http://a:99999/"))


_REDIRECTS = (
    ("private", "leads to a private address", f"{bodies.PRIVATE}/list.m3u"),
    ("link-local", "leads to a cloud's metadata", bodies.METADATA),
    ("decimal", "spells a private address as a number", "http://167838211/"),
    ("hexadecimal", "spells it in hexadecimal", "http://0x0a010203/"),
    ("octal", "spells it in octal", "http://012.01.02.03/"),
    ("short", "spells it in two parts", "http://10.66051/"),
    ("mapped", "spells it in IPv6", "http://[::ffff:10.1.2.3]/"),
    ("translated", "spells it for NAT64", "http://[64:ff9b::a01:203]/"),
    ("this-host", "leads to the machine itself", "http://0.0.0.0/"),
    ("loopback-v6", "leads to loopback in IPv6", "http://[::1]/"),
    ("multicast", "leads to many", "http://224.0.0.1/"),
    ("userinfo", "hides it behind a name", "http://127.9.0.1@10.1.2.3/"),
    ("full-width", "spells it in full-width digits", "http://\uff11\uff10.\uff11.\uff12.\uff13/"),
    ("to-file", "leads to a file", "file:///etc/passwd"),
    ("to-gopher", "leads to another protocol", "gopher://127.9.0.1/1"),
    ("to-data", "leads to a data URL", "data:text/plain,a"),
)  # fmt: skip
"""Each is a place that no mandate of the lab allows."""


def _raw(answer: bytes) -> Reply:
    async def reply(writer: asyncio.StreamWriter, _: str) -> None:
        writer.write(answer)

    return reply


_PAGE = b"<!doctype html><title>Suspended</title><h1>Suspended</h1>"
_BODIES = (
    ("nul", "is 100 kB of NUL", "m3u", None, lambda: b"#EXTM3U\n" + b"\0" * 100_000),
    ("blank-lines", "has blank lines between entries", "m3u", None, bodies.blank_lines),
    ("html", "is a page", "m3u", "SourceError", lambda: _PAGE),
    ("packed-list", "is a packed list of zeros", "m3u", "SourceError", bodies.zip_of_zeros),
    ("nested-page", "has elements in elements", "page", None, bodies.nested_page),
    ("unclosed-page", "never closes what it opens", "page", None, bodies.unclosed_page),
    ("entities-page", "has references that are none", "page", None, bodies.entities_page),
    ("guide-laughs", "unfolds to gigabytes", "xmltv", "SourceError", lambda: bodies.laughs("tv")),
    ("guide-blown-up", "names one long entity again and again", "xmltv", "SourceError",
     lambda: bodies.blown_up("tv")),
    ("guide-outside", "has an entity that is a local file", "xmltv", "SourceError",
     lambda: bodies.outside("tv")),
    ("guide-outside-dtd", "has its definition on another server", "xmltv", None,
     lambda: bodies.outside_dtd("tv")),
    ("guide-nested", "has elements in elements", "xmltv", "SourceError",
     lambda: bodies.nested_xml("tv")),
    ("panel-deep", "nests arrays", "xtream", "SourceError", bodies.deep_json),
    ("panel-digits", "has a number of a million digits", "xtream", "SourceError",
     bodies.long_number),
    ("panel-no-number", "has numbers that are none", "xtream", None,
     bodies.not_a_number),
    ("portal-endless", "says a thousand million pages", "stalker", "SourceError",
     bodies.endless_portal),
)  # fmt: skip
"""Bodies that hurt readers: name, what it does, kind of source, error, body. No entry is read."""
_ODD = (
    ("latin1", "is in Latin-1", 1, lambda: bodies.LIST.encode("latin-1")),
    ("utf16", "is in UTF-16", 1, lambda: bodies.LIST.encode("utf-16")),
    ("disguised", "turns the writing, commands a terminal", 1, bodies.disguised),
    ("formula", "has a title that a spreadsheet works out", 1, bodies.formula),
    ("commas", "has lines that are a comma", 50_000, bodies.commas),
    ("to-files", "lists files and scripts", 3,
     lambda: bodies.listed("file:///etc/passwd", "javascript:alert(1)", "data:,a")),
    ("to-private", "lists private addresses", 2,
     lambda: bodies.listed(f"{bodies.PRIVATE}/1.ts", f"{bodies.METADATA}1.ts")),
)  # fmt: skip
"""Lists that are read all the same: name, what it does, entries, body."""
_STREAMS = (
    ("garbage", "is random bytes", "DecodeError",
     lambda: np.random.default_rng(5).bytes(300_000)),
    ("noise", "is random bytes in transport packets", "EncryptedError", bodies.noise),
    ("empty", "is nothing", "DecodeError", bytes),
    ("concat", "is a script that leads to a file", "DecodeError",
     lambda: b"ffconcat version 1.0\nfile /etc/passwd\n"),
    ("long-atom", "says that it has 4 GB", "DecodeError", bodies.long_atom),
    ("deep-atoms", "has atoms in atoms", "DecodeError", bodies.deep_atoms),
    ("large-pictures", "has pictures of 33 megapixels", "DecodeError",
     lambda: bodies.black(7680, 4320, 2)),
    ("zeros", "is a packed file", "DecodeError", bodies.zip_of_zeros),
    ("hls-itself", "is a playlist that leads to itself", "SourceError",
     lambda: bodies.master("/hls-itself")),
    ("hls-file", "has segments that are files", "SourceError",
     lambda: bodies.segments("#EXTINF:4,\nfile:///etc/passwd")),
    ("hls-private", "has segments at a private address", "ForbiddenAddressError",
     lambda: bodies.segments(f"#EXTINF:4,\n{bodies.PRIVATE}/1.ts")),
    ("hls-key", "has its key at a cloud's metadata", "ForbiddenAddressError",
     lambda: bodies.segments(f'#EXT-X-KEY:METHOD=AES-128,URI="{bodies.METADATA}"',
                             "#EXTINF:4,\n/noise")),
    ("hls-map", "begins with a file", "SourceError",
     lambda: bodies.segments('#EXT-X-MAP:URI="file:///etc/passwd"', "#EXTINF:4,\n/noise")),
    ("hls-range", "asks for bytes beyond all", "SourceError",
     lambda: bodies.segments(f"#EXT-X-BYTERANGE:{2**63}@{2**63}", "#EXTINF:4,\n/noise")),
    ("hls-times", "has segments that last for ever", "SourceError",
     lambda: bodies.segments("#EXTINF:1e308,\n/noise", "#EXTINF:nan,\n/noise")),
    ("hls-many", "has half a million segments", "SourceError", bodies.many_segments),
    ("dash-laughs", "unfolds to gigabytes", "DecodeError", lambda: bodies.laughs("MPD")),
    ("dash-outside", "has an entity that is a local file", "DecodeError",
     lambda: bodies.outside("MPD")),
    ("dash-many", "has thousands of millions of segments", "DecodeError",
     lambda: bodies.dash('<SegmentTimeline><S t="0" d="1" r="9999999999"/></SegmentTimeline>')),
    ("dash-private", "has its segments at a private address", "DecodeError",
     lambda: bodies.dash("", base=bodies.PRIVATE)),
)  # fmt: skip
"""Streams that attack: name, what it does, error, body."""


def _all() -> Iterator[Attack]:
    yield from _of_http()
    for name, does, kind, fails, body in _BODIES:
        reply = _body(body, "text/plain")
        yield Attack(name=name, does=does, kind=kind, fails=fails, reply=reply, body=body)
    for name, does, entries, body in _ODD:
        reply = _body(body, "audio/x-mpegurl")
        yield Attack(
            name=name, does=does, kind="m3u", fails=None, entries=entries, reply=reply, body=body
        )
    for name, does, fails, body in _STREAMS:
        reply = _body(body, "application/octet-stream")
        yield Attack(name=name, does=does, kind="stream", fails=fails, reply=reply, body=body)
    for name, does, fails, reply in (
        ("never-ends", "sends empty packets for ever", "DecodeError", _never_ends),
        ("hls-deeper", "leads on and on", "SourceError", _changes),
        ("hls-endless-segments", "has segments that never end", "LimitError", _own_segments),
    ):
        yield Attack(name=name, does=does, kind="stream", fails=fails, reply=reply)


ATTACKS: Mapping[str, Attack] = {hostile.name: hostile for hostile in _all()}
