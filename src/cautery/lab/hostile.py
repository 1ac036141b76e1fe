"""A server on loopback that attacks whoever asks it, and names that change their address.

Examples
--------
>>> import asyncio
>>> from cautery.lab.attacks import ATTACKS
>>> from cautery.lab.hostile import Hostile
>>> async def where() -> bool:
...     async with Hostile() as server:
...         return server.url("endless-line").startswith("http://127.0.0.1:")
>>> asyncio.run(where()), ATTACKS["endless-line"].fails
(True, 'LimitError')
"""

from __future__ import annotations

import asyncio

from cautery.lab.attacks import ATTACKS, not_found
from cautery.lab.raw_server import RawServer


class Hostile(RawServer):
    """A raw HTTP server on loopback; each path is one of :data:`ATTACKS`.

    ``asked`` remembers the request targets in order.
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
        attack = ATTACKS.get(target.strip("/").split("/")[0].split("?")[0])
        await (not_found if attack is None else attack.reply)(writer, target)
        await writer.drain()


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
