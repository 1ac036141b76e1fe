"""Proxies on loopback, SOCKS5 and HTTP CONNECT, that connect as requested, or lie.

Examples
--------
>>> import asyncio
>>> from cautery.lab.proxies import Proxies
>>> async def where() -> str:
...     async with Proxies("honest") as proxy:
...         return proxy.url("socks5").partition(":")[0]
>>> asyncio.run(where())
'socks5'
"""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress

from cautery.lab.raw_server import RawServer

_ROOM = 65_536
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: audio/x-mpegurl\r\nContent-Length: 8\r\n\r\n#EXTM3U\n"


class Proxies(RawServer):
    """One port that speaks both protocols, told apart by the first byte.

    Parameters
    ----------
    how : str
        ``honest``; ``refuses``; ``garbage``; ``silent``; ``hangs-up``, once it has said yes;
        ``forges``: it answers itself instead of the target; ``floods`` its reply without end.
    login : tuple of (str, str) or None
        What SOCKS5 clients must give.
    """

    def __init__(
        self, how: str, *, address: str = "127.0.0.1", login: tuple[str, str] | None = None
    ) -> None:
        super().__init__(address)
        self._how = how
        self._login = login
        self.asked: list[tuple[str, int]] = []

    def url(self, scheme: str) -> str:
        """Return the proxy's URL, with the login that it wants."""
        who = "" if self._login is None else ":".join(self._login) + "@"
        return f"{scheme}://{who}{self._address}:{self.port}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if first == b"\x05":
            await self._socks(reader, writer)
        else:
            await self._connect(reader, writer)

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        offered = await reader.readexactly((await reader.readexactly(1))[0])
        if await self._lied(writer):
            return
        method = 0 if self._login is None else 2
        writer.write(bytes((5, method if method in offered else 255)))
        if method == 2:
            await reader.readexactly(1)
            user, word = [
                (await reader.readexactly((await reader.readexactly(1))[0])).decode()
                for _ in range(2)
            ]
            good = (user, word) == self._login
            writer.write(bytes((1, 0 if good else 1)))
            if not good:
                return
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        code = 2 if self._how == "refuses" else 0
        writer.write(bytes((5, code, 0, 1)) + bytes(6))
        if code == 0:
            await self._lead(host, port, reader, writer)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if await self._lied(writer):
            return
        host, _, port = head.split(b" ", 2)[1].decode("latin-1").rpartition(":")
        if self._how == "refuses":
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await self._lead(host.strip("[]"), int(port), reader, writer)

    async def _lied(self, writer: asyncio.StreamWriter) -> bool:
        if self._how == "garbage":
            writer.write(b"\x00\xff" * 40)
        elif self._how == "silent":
            await asyncio.sleep(3600)
        elif self._how == "floods":
            while True:
                writer.write(b"HTTP/1.1 200 " + b"a" * _ROOM)
                await writer.drain()
        return self._how == "garbage"

    async def _lead(
        self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.asked.append((host, port))
        if self._how == "hangs-up":
            return
        if self._how == "forges":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_PAGE)
            await writer.drain()
            return
        upstream, onward = await asyncio.open_connection(host, port)
        try:
            await asyncio.gather(_pump(reader, onward), _pump(upstream, writer))
        finally:
            onward.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_ROOM):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
