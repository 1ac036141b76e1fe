"""What hostile and dead streams do instead of sending media."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy as np
from aiohttp import web

from cautery.lab.answers import page

_NULL_PACKET = bytes([0x47, 0x1F, 0xFF, 0x10]) + b"\xff" * 184
"""An MPEG-TS null packet (ISO/IEC 13818-1, 2.4.3)."""

_LIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n"


async def misbehave(request: web.BaseRequest, how: str, file: str) -> web.StreamResponse:
    """Answer a request for a stream that was never meant to play.

    ``how`` is the stream's delivery: html, redirect-loop, redirect-private,
    redirect-link-local, garbage, endless; anything else is a 404.
    """
    if how == "html":
        text = page("Suspended", None, "<h1>This account has been suspended</h1>")
        return web.Response(text=text, content_type="text/html")
    if how == "redirect-loop":
        raise web.HTTPFound("again.m3u8" if file == "index.m3u8" else "index.m3u8")
    if how == "redirect-private":
        raise web.HTTPFound("http://10.1.2.3/live/index.m3u8")
    if how == "redirect-link-local":
        raise web.HTTPFound("http://169.254.169.254/latest/meta-data/index.m3u8")
    if how in ("garbage", "endless") and file == "index.m3u8":
        names = "".join(f"#EXTINF:4.0,\n{how}{number}.ts\n" for number in range(3))
        return web.Response(text=_LIST + names, content_type="application/vnd.apple.mpegurl")
    if how == "garbage":
        noise = np.random.default_rng([len(file), 99]).bytes(200_000)
        return web.Response(body=noise, content_type="video/mp2t")
    if how == "endless":
        return await endless(request)
    return web.Response(status=404, text="not found\n")


async def endless(request: web.BaseRequest) -> web.StreamResponse:
    """Send null packets until the other side has had enough."""
    response = web.StreamResponse(headers={"Content-Type": "video/mp2t"})
    await response.prepare(request)
    with suppress(ConnectionResetError):
        while True:
            await response.write(_NULL_PACKET * 100)
            await asyncio.sleep(0.1)
    return response


async def stall(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Send more than half of a segment, then nothing more for two minutes."""
    headers = {"Content-Type": "video/mp2t", "Content-Length": str(max(len(body), 1))}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    with suppress(ConnectionResetError):
        await response.write(body[: len(body) * 6 // 10])
        await asyncio.sleep(120)
    return response
