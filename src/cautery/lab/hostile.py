"""Small servers that behave as badly as the outside world can, for tests of readers and clients.

Example
-------
>>> import asyncio
>>> from cautery.lab.hostile import Hostile
>>> async def where() -> bool:
...     async with Hostile() as server:
...         return server.url("endless-line").startswith("http://127.0.0.1:")
>>> asyncio.run(where())
True
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import numpy as np

from cautery.lab.raw_server import RawServer

Reply = Callable[[asyncio.StreamWriter, str], Awaitable[None]]

_OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
_CHUNK = 65536
GIGABYTE = 1_000_000_000


class Hostile(RawServer):
    """A raw HTTP server on loopback; each path is one way to hurt a client.

    Paths: ``endless-line``, ``gigabyte``, ``drip``, ``gzip-bomb``, ``loop``, ``private``,
    ``link-local``, ``garbage``, ``never-ends``, ``nul``, ``latin1``, ``utf16``, ``html``,
    ``cut``, ``headers``, ``silent``, ``slow-loris``, ``empty-blocks``, ``too-long``,
    ``not-modified``, ``retry-in-a-year``. ``asked`` remembers the request targets in order.
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__(address)
        self.asked: list[str] = []

    def url(self, path: str) -> str:
        """Return the URL of one misbehaviour."""
        return f"http://{self._address}:{self.port}/{path}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode("latin-1")
        self.asked.append(target)
        reply = _REPLIES.get(target.strip("/").split("/")[0].split("?")[0], _not_found)
        await reply(writer, target)
        await writer.drain()


async def _not_found(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


async def _endless_line(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Type: audio/x-mpegurl\r\n\r\n#EXTM3U\n#EXTINF:-1,")
    while True:
        writer.write(b"A" * _CHUNK)
        await writer.drain()


async def _gigabyte(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Type: audio/x-mpegurl\r\nTransfer-Encoding: chunked\r\n\r\n")
    line = b"#EXTINF:-1,A channel\nhttp://a.example/live/1.ts\n"
    block = line * (_CHUNK // len(line))
    sent = 0
    while sent < GIGABYTE:
        writer.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        await writer.drain()
        sent += len(block)
    writer.write(b"0\r\n\r\n")


async def _drip(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"#")
        await writer.drain()
        await asyncio.sleep(0.5)


async def _gzip_bomb(writer: asyncio.StreamWriter, _: str) -> None:
    block = gzip.compress(b"#EXTM3U\n" + b"\0" * 10_000_000)
    body = block * 100  # concatenated members, RFC 1952: a gigabyte once unpacked
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    writer.write(_OK + head + body)


def _redirect(to: str) -> Reply:
    async def reply(writer: asyncio.StreamWriter, _: str) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n")

    return reply


def _body(content_type: str, body: bytes) -> Reply:
    async def reply(writer: asyncio.StreamWriter, _: str) -> None:
        head = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        writer.write(_OK + head + body)

    return reply


async def _never_ends(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Type: video/mp2t\r\n\r\n")
    packet = bytes([0x47, 0x1F, 0xFF, 0x10]) + b"\xff" * 184
    while True:
        writer.write(packet * 300)
        await writer.drain()
        await asyncio.sleep(0.01)


async def _cut(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(_OK + b"Content-Length: 500000\r\n\r\n" + b"G" * 1000)


async def _headers(writer: asyncio.StreamWriter, _: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"a" * 4000 + b"\r\n")
        await writer.drain()


async def _slow_loris(writer: asyncio.StreamWriter, _: str) -> None:
    """Send a header now and then, never the last one."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Wait: a\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def _empty_blocks(writer: asyncio.StreamWriter, _: str) -> None:
    """Send compressed data for ever of which nothing comes: empty stored blocks (RFC 1951)."""
    writer.write(_OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
    while True:
        writer.write(b"\x00\x00\x00\xff\xff" * 13_000)
        await writer.drain()


async def _too_long(writer: asyncio.StreamWriter, _: str) -> None:
    """State ten bytes and send more."""
    writer.write(_OK + b"Content-Length: 10\r\n\r\n#EXTM3U\n#\n" + b"HTTP/1.1 200 OK\r\n" * 50)


def _only(head: bytes) -> Reply:
    async def reply(writer: asyncio.StreamWriter, _: str) -> None:
        writer.write(b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    return reply


async def _silent(_: asyncio.StreamWriter, __: str) -> None:
    await asyncio.sleep(3600)


_LIST = "#EXTM3U\n#EXTINF:-1,Télé Été\nhttp://a.example/1.m3u8\n"
_REPLIES: dict[str, Reply] = {
    "endless-line": _endless_line,
    "gigabyte": _gigabyte,
    "drip": _drip,
    "gzip-bomb": _gzip_bomb,
    "loop": _redirect("/loop"),
    "private": _redirect("http://10.1.2.3/list.m3u"),
    "link-local": _redirect("http://169.254.169.254/latest/meta-data/"),
    "garbage": _body("video/mp2t", np.random.default_rng(5).bytes(300_000)),
    "never-ends": _never_ends,
    "nul": _body("audio/x-mpegurl", b"#EXTM3U\n" + b"\0" * 100_000),
    "latin1": _body("audio/x-mpegurl", _LIST.encode("latin-1")),
    "utf16": _body("audio/x-mpegurl", _LIST.encode("utf-16")),
    "html": _body("text/html", b"<!doctype html><title>Suspended</title><h1>Suspended</h1>"),
    "cut": _cut,
    "headers": _headers,
    "silent": _silent,
    "slow-loris": _slow_loris,
    "empty-blocks": _empty_blocks,
    "too-long": _too_long,
    "not-modified": _only(b"304 Not Modified"),
    "retry-in-a-year": _only(b"503 Service Unavailable\r\nRetry-After: 31536000"),
}


class Rebinding:
    """Fulfils the port of names: a name leads to one address at first, then to another.

    Parameters
    ----------
    first, then : str
        What the first answer says, and all later ones.
    """

    def __init__(self, first: str, then: str) -> None:
        self._first, self._then = first, then
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return one address."""
        self.asked.append(host)
        return (self._first if len(self.asked) == 1 else self._then,)
