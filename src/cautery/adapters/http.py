"""The one polite HTTP client, bound to a mandate's network policy.

Reaches: web servers at public addresses, over http and https, and a mandate's own ranges; through
    an intermediary's proxy when the mandate names one.
Lawful basis: a mandate; only publicly offered pages, playlists and media are asked for, or those of
    a recorded test purchase. Credentials inside a third party's URL authority are not sent.
Manners: names itself; two requests at a time and a rate for each host, a rate for each address;
    backs off on 429 and 503; no cookies; bounded bytes, seconds, headers and redirects; asks
    again with ETag and Last-Modified.
Format: RFC 9110 to 9112 (HTTP), RFC 3986 (URLs), RFC 1952 (gzip).
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from cautery.adapters._bodies import unpacker
from cautery.adapters._manners import Manners
from cautery.adapters._targets import Target, checked_target, redirected
from cautery.errors import (
    InputError,
    LimitError,
    SourceError,
)
from cautery.model import Limits, NetworkPolicy, Response
from cautery.model.ports import Clock, Names

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT"))
_AT_ONCE_PER_HOST = 2
_QUOTED = re.compile(r"[\n:'\"]")
_ADDRESS_FACTOR = 4
"""One address may serve many hosts: it gets so many times one host's rate and concurrency."""
_MOST_REMEMBERED_BYTES = 64_000_000


class PoliteClient:
    """Fulfils :class:`cautery.model.ports.Fetcher`; use it as an async context manager.

    Server certificates are not verified: a pirate's own certificate is a fact to record (see
    :mod:`cautery.adapters.tls`), not a reason to look away. The address is what is checked.

    Parameters
    ----------
    policy : NetworkPolicy
        Ranges allowed beside public ones, rate, user agent.
    names : Names
        Resolves every host; the connection goes to exactly the address that was checked.
    clock : Clock
        Stamps each answer.
    max_connections : int
        Open at the same time, over all hosts.
    """

    def __init__(
        self, policy: NetworkPolicy, names: Names, clock: Clock, *, max_connections: int = 200
    ) -> None:
        self._policy = policy
        self._names = names
        self._clock = clock
        self._most = max_connections
        rate = policy.rate_per_host
        burst = max(2, round(rate))
        self._hosts = Manners(rate_hz=rate, at_once=_AT_ONCE_PER_HOST, burst=burst)
        self._places = Manners(
            rate_hz=rate * _ADDRESS_FACTOR,
            at_once=_AT_ONCE_PER_HOST * _ADDRESS_FACTOR,
            burst=burst * _ADDRESS_FACTOR,
        )
        self._session: aiohttp.ClientSession | None = None
        self._remembered: OrderedDict[str, Response] = OrderedDict()
        self._remembered_bytes = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._most, ssl=False, use_dns_cache=False),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def fetch(
        self,
        url: str,
        *,
        limits: Limits,
        proxy: str | None = None,
        vantage: str | None = None,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Fetch ``url``; any status is an answer.

        The time limit counts what the servers take, not our own polite waiting. With
        ``limits.partial`` a body that meets a limit or breaks off comes back ``truncated``.

        Raises
        ------
        ForbiddenAddressError
            If the URL or a redirect leads outside the mandate's network.
        LimitError
            If a limit is met.
        SourceError
            If nothing answers, or not in HTTP.
        InputError
            If the method is none of GET, HEAD, POST and PUT.
        """
        if method not in _METHODS:
            raise InputError(f"HTTP method {method!r}: want one of {', '.join(sorted(_METHODS))}")
        gateway = await self._target(proxy) if proxy is not None else None
        hops: list[str] = []
        left_s = limits.total_s
        while True:
            target = await self._target(url)
            if target.url in hops:
                raise LimitError(f"{target.host}: redirects in a circle")
            hops.append(target.url)
            if len(hops) > limits.redirects + 1:
                raise LimitError(f"{target.host}: more than {limits.redirects} redirects")
            async with self._turn(target, gateway):
                answer, took_s = await self._ask(
                    target,
                    gateway,
                    proxy=proxy,
                    limits=replace(limits, total_s=max(left_s, 0.001)),
                    method=method,
                    body=body,
                    headers=headers or {},
                )
            left_s -= took_s
            where = answer.header("Location")
            if answer.status not in _REDIRECTS or not where:
                return replace(answer, hops=tuple(hops), vantage=vantage)
            if left_s <= 0:
                raise LimitError(f"{target.host}: redirects took longer than {limits.total_s:g} s")
            url = redirected(target, where)
            if method in ("POST", "PUT"):
                if answer.status in (307, 308):
                    raise SourceError(f"{target.host}: redirects a {method}; it is not followed")
                method, body = "GET", None

    async def revisit(self, url: str, *, limits: Limits) -> tuple[Response, bool]:
        """Fetch again what may not have changed (a playlist), with ETag and Last-Modified.

        Returns
        -------
        Response, bool
            The newest full answer, and whether it is new: ``False`` when the server says 304 (the
            remembered answer is returned) or sends the same bytes again.
        """
        known = self._remembered.get(url)
        ask: dict[str, str] = {}
        if known is not None:
            if (tag := known.header("ETag")) is not None:
                ask["If-None-Match"] = tag
            if (date := known.header("Last-Modified")) is not None:
                ask["If-Modified-Since"] = date
        answer = await self.fetch(url, limits=limits, headers=ask)
        if answer.status == 304 and known is not None:
            self._remembered.move_to_end(url)
            return known, False
        if answer.status != 200 or answer.truncated:
            return answer, True
        self._remember(url, answer)
        return answer, known is None or known.body != answer.body

    def _remember(self, url: str, answer: Response) -> None:
        old = self._remembered.pop(url, None)
        self._remembered_bytes -= len(old.body) if old is not None else 0
        if len(answer.body) > _MOST_REMEMBERED_BYTES // 4:
            return
        self._remembered[url] = answer
        self._remembered_bytes += len(answer.body)
        while self._remembered_bytes > _MOST_REMEMBERED_BYTES:
            _, gone = self._remembered.popitem(last=False)
            self._remembered_bytes -= len(gone.body)

    async def _target(self, url: str) -> Target:
        return await checked_target(url, names=self._names, allow=self._policy.allow)

    @asynccontextmanager
    async def _turn(self, target: Target, gateway: Target | None) -> AsyncIterator[None]:
        place = (gateway or target).addresses[0]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._hosts.turn(target.host))
            await stack.enter_async_context(self._places.turn(place))
            yield

    async def _ask(
        self,
        target: Target,
        gateway: Target | None,
        *,
        proxy: str | None,
        limits: Limits,
        method: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> tuple[Response, float]:
        """Try each checked address until one takes the connection."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        places = (gateway or target).addresses
        for index, address in enumerate(places):
            left_s = limits.total_s - (loop.time() - begun)
            try:
                answer = await self._once(
                    target,
                    gateway,
                    address=address,
                    proxy=proxy,
                    limits=replace(limits, total_s=max(left_s, 0.001)),
                    method=method,
                    body=body,
                    headers=headers,
                )
            except aiohttp.ClientConnectorError as error:
                if index + 1 < len(places):
                    continue
                whom = gateway.host if gateway is not None else target.host
                raise SourceError(f"{whom}: no connection ({_reason(error)})") from error
            return answer, loop.time() - begun
        raise SourceError(f"{target.host}: no address")

    async def _once(
        self,
        target: Target,
        gateway: Target | None,
        *,
        address: str,
        proxy: str | None,
        limits: Limits,
        method: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Response:
        if self._session is None:
            raise InputError("the HTTP client is closed: use it in 'async with'")
        host = target.host
        via: dict[str, object] = {}
        if gateway is not None:
            where = target.url
            via["proxy"] = URL(gateway.at(address), encoded=True)
            if (login := _login(proxy)) is not None:
                via["proxy_auth"] = login
        else:
            where = target.at(address)
            if target.scheme == "https":
                via["server_hostname"] = host
        asked_at = self._clock.now()
        begun_s = asyncio.get_running_loop().time()
        received = bytearray()
        try:
            async with asyncio.timeout(limits.total_s):
                answer = await self._session.request(
                    method,
                    URL(where, encoded=True),
                    data=body,
                    headers=self._headers(target, body) | dict(headers),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s),
                    **via,  # type: ignore[arg-type]
                )
        except TimeoutError as error:
            raise LimitError(f"{host}: no answer within {limits.total_s:g} s") from error
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SourceError(f"{host}: {_reason(error)}") from error
        try:
            left_s = limits.total_s - (asyncio.get_running_loop().time() - begun_s)
            cut = await self._read(answer, received, target, limits=limits, left_s=left_s)
        finally:
            # Released when read to the end, else closed: an endless stream must not go on.
            if answer.content.at_eof():
                answer.release()
            else:
                answer.close()
        now = self._clock.now()
        self._hosts.answered(
            host, status=answer.status, retry_after=answer.headers.get("Retry-After"), now=now
        )
        return Response(
            url=target.url,
            hops=(target.url,),
            status=answer.status,
            headers=tuple(
                (name.decode("latin-1"), value.decode("utf-8", "replace"))
                for name, value in answer.raw_headers
            ),
            body=bytes(received),
            asked_at=asked_at,
            answered_at=max(now, asked_at),
            address=address,
            truncated=cut,
        )

    async def _read(
        self,
        answer: aiohttp.ClientResponse,
        received: bytearray,
        target: Target,
        *,
        limits: Limits,
        left_s: float,
    ) -> bool:
        """Read the body into ``received``; return whether it was cut."""
        host = target.host
        unpack = unpacker(answer.headers.get("Content-Encoding"), host=host)
        try:
            async with asyncio.timeout(max(left_s, 0.001)):
                async for chunk in answer.content.iter_any():
                    received += unpack.feed(chunk, most=limits.max_bytes + 1 - len(received))
                    if len(received) > limits.max_bytes:
                        if limits.partial:
                            del received[limits.max_bytes :]
                            return True
                        raise LimitError(f"{host}: more than {limits.max_bytes} bytes")
        except TimeoutError as error:
            if limits.partial and received:
                return True
            raise LimitError(f"{host}: not done within {limits.total_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if limits.partial and received:
                return True
            raise SourceError(
                f"{host}: broke off after {len(received)} bytes ({_reason(error)})"
            ) from error
        if not unpack.complete and answer.method != "HEAD":
            if limits.partial and received:
                return True
            raise SourceError(f"{host}: compressed body broke off after {len(received)} bytes")
        return False

    def _headers(self, target: Target, body: bytes | None) -> dict[str, str]:
        headers = {
            "Host": target.authority,
            "User-Agent": self._policy.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
        }
        if body is not None:
            is_json = body.lstrip()[:1] in (b"{", b"[")
            headers["Content-Type"] = "application/json" if is_json else "application/octet-stream"
        return headers


def _login(proxy: str | None) -> aiohttp.BasicAuth | None:
    parts = urlsplit(proxy or "")
    return aiohttp.BasicAuth(parts.username, parts.password or "") if parts.username else None


def _reason(error: BaseException) -> str:
    """Say what went wrong without the URL, which may carry credentials."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        # Up to the first thing quoted: what the server sent may echo the URL.
        return f"no HTTP ({_QUOTED.split(error.message)[0].strip()[:60]})"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "hung up without an answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
