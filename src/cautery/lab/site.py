"""Answers HTTP for every host of a world: playlists, segments, panels, pages, registrations."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

from aiohttp import web

from cautery.errors import InputError
from cautery.lab import answers, rogue
from cautery.lab.encode import Rendered
from cautery.lab.isp import Isp
from cautery.lab.pirate import aes_key
from cautery.lab.spec import HostSpec, NetworkSpec, Plan, StreamSpec
from cautery.lab.timeline import Feed, master_playlist, media_playlist, reference_feed, suspect_feed

PLAYLIST = "application/vnd.apple.mpegurl"
_MOST_REQUESTS = 20_000


class Site:
    """The whole world's web, on one clock.

    Parameters
    ----------
    plan : Plan
        What is there.
    media : Path
        The rendered folders.
    ports : tuple of int
        Of HTTP and HTTPS.
    services : dict of str to str
        Addresses of the lab's own services by name: feeds, rdap, control.
    isps : list of Isp
        The access providers.
    """

    def __init__(
        self,
        plan: Plan,
        media: Path,
        ports: tuple[int, int],
        services: dict[str, str],
        isps: list[Isp],
    ) -> None:
        self._plan, self._ports, self._services = plan, ports, services
        self._isps = {isp.address: isp for isp in isps}
        self._hosts = {host.name: host for host in plan.hosts if host.listening}
        self._panels = {network.panel: network for network in plan.networks}
        self.t0 = self.kick_off = 0.0
        self.asked: deque[tuple[float, str, str, str | None]] = deque(maxlen=_MOST_REQUESTS)
        self._references: dict[str, Feed] = {}
        for channel in plan.channels:
            rendered = Rendered.load(media / channel.id)
            if rendered is not None and channel.mandated and channel.role != "work":
                self._references[channel.id] = reference_feed(rendered, plan.timing)
        self._streams: dict[tuple[str, str], tuple[StreamSpec, Feed | None]] = {}
        self._lines: dict[tuple[str, int], StreamSpec] = {}
        for stream in plan.streams:
            rendered = Rendered.load(media / stream.id) if stream.rendered else None
            feed = None if rendered is None else suspect_feed(rendered, stream, plan.timing)
            folder = stream.path.rsplit("/", 1)[0]
            place = stream.edge or stream.host
            self._streams[place, folder] = (stream, feed)
            if stream.line is not None:
                self._lines[stream.host, stream.line] = stream

    def start(self, t0: float, kick_off: float) -> None:
        """Set the clock going."""
        self.t0, self.kick_off = t0, kick_off

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request to any of the lab's addresses."""
        socket = request.transport.get_extra_info("sockname") if request.transport else None
        local = socket[0] if socket else ""
        isp = self._isps.get(local)
        if isp is not None:
            return await self._through(isp, request)
        host = (request.headers.get("Host") or local).rsplit(":", 1)[0].lower().rstrip(".")
        self.asked.append((time(), host, request.path, None))
        return await self._serve(request, host, request.path)

    async def _through(self, isp: Isp, request: web.BaseRequest) -> web.StreamResponse:
        """Act as an access provider: its list desk, or its forward proxy."""
        raw = request.raw_path
        if not raw.startswith("http://"):
            return await self._list_desk(isp, request)
        host = (request.url.host or "").lower()
        spec = self._hosts.get(host)
        self.asked.append((time(), host, request.url.path, isp.territory))
        if isp.blocks(raw, None if spec is None else spec.address, time()):
            if isp.closes and request.transport is not None:
                request.transport.close()
            return web.Response(status=451, text="blocked by court order\n")
        if spec is None:
            return web.Response(status=502, text="no such host\n")
        return await self._serve(request, host, request.url.path)

    async def _list_desk(self, isp: Isp, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/list":
            return _missing()
        if request.method == "PUT":
            try:
                return web.json_response(isp.take(await request.read(), time()))
            except InputError as error:
                return web.json_response({"effect": "rejected", "reason": str(error)}, status=400)
        return web.json_response(isp.effect(time()))

    async def _serve(self, request: web.BaseRequest, host: str, path: str) -> web.StreamResponse:
        if host in (self._services["control.lab.example"], "control.lab.example"):
            return self._control(path)
        if host in (self._services["rdap.lab.example"], "rdap.lab.example"):
            return self._rdap(path)
        if host == self._plan.feeds:
            return self._reference(path)
        spec = self._hosts.get(host)
        if spec is None:
            return _missing()
        folder, _, file = path.rpartition("/")
        stream = self._streams.get((host, folder))
        if stream is not None:
            return await self._stream(request, *stream, file)
        if host in self._panels and path != "/":
            return await self._panel(request, self._panels[host], path)
        return self._page(spec, path)

    def _reference(self, path: str) -> web.StreamResponse:
        name, _, file = path.strip("/").partition("/")
        feed = self._references.get(name)
        if feed is None:
            return _missing()
        now_s = time() - self.t0
        if file == "index.m3u8":
            return _playlist(media_playlist(feed, now_s, t0=self.t0))
        return _segment(feed, file, now_s)

    async def _stream(
        self, request: web.BaseRequest, stream: StreamSpec, feed: Feed | None, file: str
    ) -> web.StreamResponse:
        now_s = time() - self.t0
        if feed is None:
            return await rogue.misbehave(request, stream.delivery, file)
        if file == "index.m3u8" and stream.delivery == "master":
            return _playlist(master_playlist(stream.coding.width, stream.coding.height))
        if file in ("index.m3u8", "media.m3u8"):
            key = "key.bin" if "aes-128" in stream.disguise else None
            return _playlist(media_playlist(feed, now_s, t0=self.t0, key_url=key))
        if file == "key.bin" and "aes-128" in stream.disguise:
            return web.Response(body=aes_key(stream), content_type="application/octet-stream")
        if file == "stream.ts":
            return await self._progressive(request, feed)
        if stream.delivery == "stall":
            return await rogue.stall(request, _bytes(feed, file))
        return _segment(feed, file, now_s)

    async def _progressive(self, request: web.BaseRequest, feed: Feed) -> web.StreamResponse:
        """Send MPEG-TS for ever: the last three segments at once, then each as it comes."""
        response = web.StreamResponse(headers={"Content-Type": "video/mp2t"})
        await response.prepare(request)
        number = max(0, feed.available(time() - self.t0) - 3)
        with suppress(ConnectionResetError):  # viewers leave when they like
            while number < len(feed.media.pieces):
                if number < feed.available(time() - self.t0):
                    piece = feed.media.pieces[number]
                    await response.write((feed.media.folder / piece.file).read_bytes())
                    number += 1
                else:
                    await asyncio.sleep(0.25)
        return response

    async def _panel(
        self, request: web.BaseRequest, network: NetworkSpec, path: str
    ) -> web.StreamResponse:
        if path.startswith("/live/"):
            return self._line(network, path)
        query = request.url.query
        is_subscriber = (query.get("username"), query.get("password")) == (
            network.username,
            network.password,
        )
        now = datetime.now(UTC)
        streams = answers.offered(self._plan, network.panel, time() - self.kick_off)
        if path == "/player_api.php":
            if not is_subscriber:
                return web.json_response({"user_info": {"auth": 0}})
            body = answers.panel_answer(
                self._plan, network, query.get("action"), streams, ports=self._ports, now=now
            )
            return web.json_response(body)
        if path == "/get.php":
            if not is_subscriber:
                return web.Response(status=403)
            text = answers.m3u(self._plan, streams, self._ports[0])
            return web.Response(text=text, content_type="audio/x-mpegurl")
        if path == "/xmltv.php" and is_subscriber:
            empty = '<?xml version="1.0" encoding="utf-8"?>\n<tv generator-info-name="lab"></tv>\n'
            return web.Response(text=empty, content_type="application/xml")
        return self._page(self._hosts[network.panel], path)

    def _line(self, network: NetworkSpec, path: str) -> web.StreamResponse:
        parts = path.split("/")
        if len(parts) != 5 or parts[2:4] != [network.username, network.password]:
            return web.Response(status=403)
        number, _, suffix = parts[4].partition(".")
        stream = self._lines.get((network.panel, int(number))) if number.isdigit() else None
        if stream is None or suffix not in ("", "ts", "m3u8"):
            return _missing()
        folder = stream.path.rsplit("/", 1)[0]
        file = "index.m3u8" if suffix == "m3u8" else "stream.ts"
        place = stream.edge or network.panel
        _, feed = self._streams[place, folder]
        # Neither fMP4 nor encrypted segments make a transport stream when they are joined: such a
        # line leads to the playlist.
        whole = feed is not None and feed.media.init is None and "aes-128" not in stream.disguise
        if file == "stream.ts" and not whole:
            file = "index.m3u8"
        raise web.HTTPFound(f"http://{place}:{self._ports[0]}{folder}/{file}")

    def _page(self, host: HostSpec, path: str) -> web.StreamResponse:
        source = next((source for source in self._plan.sources if source.host == host.name), None)
        if source is not None and source.kind == "m3u" and path == source.path:
            streams = answers.offered(self._plan, source.id, time() - self.kick_off)
            text = answers.m3u(self._plan, streams, self._ports[0])
            return web.Response(text=text, content_type="audio/x-mpegurl")
        if path == "/favicon.ico":
            return web.Response(body=answers.favicon(host), content_type="image/png")
        if path in ("/", "/c/", "/pay", "/index.html"):
            text = answers.front_page(self._plan, host, self._ports)
            return web.Response(text=text, content_type="text/html")
        return _missing()

    def _rdap(self, path: str) -> web.StreamResponse:
        kind, _, name = path.strip("/").rpartition("/")
        record = None
        if kind.endswith("domain"):
            record = answers.registration(self._plan, name.lower().rstrip("."), datetime.now(UTC))
        if record is None:
            return web.json_response({"errorCode": 404, "title": "not found"}, status=404)
        return web.Response(body=json.dumps(record), content_type="application/rdap+json")

    def _control(self, path: str) -> web.StreamResponse:
        """Tell tests the requests so far, the clock, and the providers' lists."""
        body: Any
        if path == "/__lab__/asked":
            body = [
                {"at": at, "host": host, "path": requested_path, "through": through}
                for at, host, requested_path, through in self.asked
            ]
        elif path == "/__lab__/clock":
            body = {"t0": self.t0, "kick_off": self.kick_off, "now": time()}
        elif path == "/__lab__/lists":
            body = {isp.territory: isp.effect(time()) for isp in self._isps.values()}
        else:
            return _missing()
        return web.json_response(body)


def _missing() -> web.Response:
    return web.Response(status=404, text="not found\n")


def _playlist(text: str) -> web.Response:
    return web.Response(text=text, content_type=PLAYLIST, headers={"Cache-Control": "no-cache"})


def _bytes(feed: Feed, file: str) -> bytes:
    is_piece = any(piece.file == file for piece in feed.media.pieces)
    return (feed.media.folder / file).read_bytes() if is_piece else b""


def _segment(feed: Feed, file: str, now_s: float) -> web.Response:
    """Return a segment that exists by now; never a file that is no segment."""
    kind = "video/mp4" if file.endswith(("m4s", "mp4")) else "video/mp2t"
    if file != feed.media.init:
        available = feed.media.pieces[: feed.available(now_s)]
        if all(piece.file != file for piece in available):
            return _missing()
    return web.Response(body=(feed.media.folder / file).read_bytes(), content_type=kind)
