from __future__ import annotations

import asyncio
import zlib

import aiohttp
import pytest

from cautery.lab.hostile import Hostile


async def test_an_endless_line_has_no_end() -> None:
    async with (
        Hostile() as server,
        aiohttp.ClientSession() as session,
        session.get(server.url("endless-line")) as answer,
    ):
        body = await answer.content.readexactly(1_000_000)
    assert body.count(b"\n") == 1


async def test_a_gigabyte_comes_in_chunks() -> None:
    async with (
        Hostile() as server,
        aiohttp.ClientSession() as session,
        session.get(server.url("gigabyte")) as answer,
    ):
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert len(await answer.content.readexactly(2_000_000)) == 2_000_000


async def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    session = aiohttp.ClientSession(auto_decompress=False)
    async with Hostile() as server, session, session.get(server.url("gzip-bomb")) as answer:
        body = await answer.read()
    assert len(body) < 2_000_000
    first = zlib.decompressobj(31).decompress(body)
    members = body.count(body[:10])
    assert len(first) * members >= 1_000_000_000


async def test_a_redirect_loop_never_arrives() -> None:
    async with Hostile() as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.TooManyRedirects):
            await session.get(server.url("loop"))
        assert len(server.asked) > 5


@pytest.mark.parametrize(("path", "to"), [("private", "10.1.2.3"), ("link-local", "169.254.")])
async def test_a_redirect_leads_to_a_private_address(path: str, to: str) -> None:
    async with (
        Hostile() as server,
        aiohttp.ClientSession() as session,
        session.get(server.url(path), allow_redirects=False) as answer,
    ):
        assert to in answer.headers["Location"]


async def test_a_drip_is_slow_and_a_silent_server_says_nothing() -> None:
    timeout = aiohttp.ClientTimeout(total=1)
    async with Hostile() as server, aiohttp.ClientSession(timeout=timeout) as session:
        for path in ("drip", "silent"):
            with pytest.raises((TimeoutError, asyncio.TimeoutError)):
                async with session.get(server.url(path)) as answer:
                    await answer.read()


async def test_what_is_not_known_is_not_found() -> None:
    async with (
        Hostile() as server,
        aiohttp.ClientSession() as session,
        session.get(server.url("anything")) as answer,
    ):
        assert answer.status == 404
