"""What all our HTTP clients do: they are polite and bounded, and check each step.

Reaches: what :mod:`cautery.adapters.http` says; whose certificate is taken is decided there.
Lawful basis: a mandate.
Manners: two requests at a time and a rate for each host, a rate for each address; silence after 429
    and 503; bounded bytes, seconds, headers and redirects.
Format: RFC 9110 to 9112 (HTTP), RFC 3986 (URLs), RFC 1952 (gzip).
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from cautery.adapters._asks import Ask, headers_for, refuse_broken
from cautery.adapters._bodies import Gathered, unpacker
from cautery.adapters._exchanges import exchange_of, headers_of, reason_of
from cautery.adapters._manners import Manners
from cautery.adapters._targets import Target, checked_target, redirected
from cautery.adapters._trust import Answer
from cautery.adapters._tunnels import Counted, TooMuchError, Tunnel, gateway_url, session_over
from cautery.errors import InputError, LimitError, SourceError
from cautery.model import Limits, NetworkPolicy, Response, ShownCertificate, Validator
from cautery.model.ports import Clock, Names

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
"""Those with a Location to follow (RFC 9110, 15.4); 300 is a choice for people, 304 an answer."""
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT"))
_AT_ONCE_PER_HOST = 2
_ADDRESS_FACTOR = 4
"""One address may serve many hosts: it gets so many times one host's rate and concurrency."""
_SLACK_BYTES = 65_536
"""A packed body may be so much longer than what it unpacks to, not more."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to get there: directly, asking a forward proxy, or through a tunnel."""

    gateway: Target | None
    proxy: str | None
    tunnel: bool
    vantage: str | None

    @property
    def forward(self) -> bool:
        return self.gateway is not None and not self.tunnel


class Client(ABC):
    """One polite HTTP client over an event loop; an async context manager.

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

    unrecorded: frozenset[str] = frozenset(("proxy-authorization",))
    """Headers of a request, in lower case, that no exchange shows."""

    def __init__(
        self, policy: NetworkPolicy, names: Names, clock: Clock, *, max_connections: int = 200
    ) -> None:
        self._policy = policy
        self._names = names
        self._clock = clock
        self._max_connections = max_connections
        rate = policy.rate_per_host
        burst = max(2, round(rate))
        self._hosts = Manners(rate_hz=rate, at_once=_AT_ONCE_PER_HOST, burst=burst)
        self._places = Manners(
            rate_hz=rate * _ADDRESS_FACTOR,
            at_once=_AT_ONCE_PER_HOST * _ADDRESS_FACTOR,
            burst=burst * _ADDRESS_FACTOR,
        )
        self._session: aiohttp.ClientSession | None = None
        self._tunnels: dict[tuple[str, str], aiohttp.ClientSession] = {}

    def slow_to(self, rate_per_host: float) -> None:
        """Ask each host so often from now on, since others ask it as well."""
        self._hosts.slow_to(rate_per_host)
        self._places.slow_to(rate_per_host * _ADDRESS_FACTOR)

    async def __aenter__(self) -> Self:
        self._session = session_over(
            # No cache of aiohttp's: the URL names an address that was checked, and nothing may
            # resolve the name again to another one.
            aiohttp.TCPConnector(limit=self._max_connections, use_dns_cache=False)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in (self._session, *self._tunnels.values()):
            if session is not None:
                await session.close()
        self._session = None
        self._tunnels.clear()

    async def fetch(
        self,
        url: str,
        *,
        limits: Limits,
        proxy: str | None = None,
        vantage: str | None = None,
        tunnel: bool = False,
        method: str = "GET",
        body: bytes | None = None,
        unless: Validator | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Fetch ``url``; any status is an answer.

        The time limit counts what the servers take, not our polite waiting. With
        ``limits.partial`` a body that meets a limit or breaks off comes back ``truncated``.

        Parameters
        ----------
        proxy, vantage : str or None
            A proxy's URL, and its name. A forward proxy is told the target's name, as its own
            network would be: that is how a block is seen.
        tunnel : bool
            Go through the proxy to the very address that was checked here.
        unless : Validator or None
            Answer 304 if nothing has changed since; told only to the URL that gave it.
        headers : sequence of (str, str)
            Beside the usual ones, such as the cookie of a test purchase at a portal; told to this
            URL's host and port alone.

        Raises
        ------
        ForbiddenAddressError
            If the URL or a redirect leads outside the mandate's network.
        UnprovenError
            If one of our services does not prove who it is.
        LimitError
            If a limit is met.
        SourceError
            If nothing answers, not in HTTP, or with a 304 that nobody asked for.
        InputError
            If the method is none of GET, HEAD, POST and PUT, or a header is none.
        """
        if method not in _METHODS:
            raise InputError(
                f"HTTP method {method!r}: expected one of {', '.join(sorted(_METHODS))}"
            )
        way = await self._way(proxy, vantage, tunnel=tunnel)
        ask = Ask(method, body, unless, (*headers, *self._login(url)))
        refuse_broken(ask.headers)
        hops: list[Response] = []
        left_s = limits.total_s
        while True:
            target = await self._target(url)
            self._admit(target, hops[-1].url if hops else None)
            if not hops:
                ask = replace(ask, told_to=target.origin)
            # Compared as it is asked, after normalising: a circle through two spellings is one,
            # too.
            if any(target.url == hop.url for hop in hops):
                raise LimitError(f"{target.host}: redirects in a circle")
            if len(hops) > limits.redirects:
                raise LimitError(f"{target.host}: more than {limits.redirects} redirects")
            async with self._turn(target, way):
                answer, took_s = await self._ask(target, way, ask, limits=limits, left_s=left_s)
            hops.append(answer)
            left_s -= took_s
            where = answer.header("Location")
            if answer.status not in _REDIRECTS or not where:
                if len(hops) == 1 and vantage is None:
                    return answer
                return replace(
                    answer,
                    hops=tuple(hop.url for hop in hops),
                    exchanges=tuple(exchange for hop in hops for exchange in hop.exchanges),
                    vantage=vantage,
                )
            if left_s <= 0:
                raise LimitError(f"{target.host}: redirects took longer than {limits.total_s:g} s")
            url = redirected(target, where)
            # After 301 to 303 a GET follows, as in browsers (RFC 9110, 15.4); a body goes to nobody
            # else.
            if method in ("POST", "PUT"):
                if answer.status in (307, 308):
                    raise SourceError(
                        f"{target.host}: redirects a {method}; such redirects are not followed"
                    )
                method, ask = "GET", replace(ask, method="GET", body=None)

    @abstractmethod
    def _context(self, target: Target) -> ssl.SSLContext:
        """Return by which certificates a server is taken for who it is named."""

    @abstractmethod
    def _refused(self, target: Target, error: aiohttp.ClientSSLError) -> SourceError:
        """Return what a handshake that failed is told as."""

    @abstractmethod
    def _why_unverified(self, target: Target) -> str | None:
        """Say why a server's certificate is taken unverified; ``None``: it is not."""

    @abstractmethod
    def _admit(self, target: Target, before: str | None) -> None:
        """Refuse a hop that may not be asked, ``before`` being the URL that redirected to it."""

    @abstractmethod
    def _login(self, url: str) -> tuple[tuple[str, str], ...]:
        """Return the headers by which the host of a URL knows us; it alone is told them."""

    async def _way(self, proxy: str | None, vantage: str | None, *, tunnel: bool) -> Way:
        if proxy is None:
            return Way(None, None, tunnel=False, vantage=vantage)
        if not tunnel and urlsplit(proxy).scheme != "http":
            raise InputError("the URL of a forward proxy must begin with http://")
        gateway = await self._target(gateway_url(proxy) if tunnel else proxy)
        return Way(gateway, proxy, tunnel, vantage)

    async def _target(self, url: str) -> Target:
        return await checked_target(url, names=self._names, allow=self._policy.allow)

    @asynccontextmanager
    async def _turn(self, target: Target, way: Way) -> AsyncIterator[None]:
        place = (way.gateway or target).addresses[0]
        # Always the host first and then the address, so that no two requests wait for each other.
        async with self._hosts.turn(target.host), self._places.turn(place):
            yield

    async def _ask(
        self, target: Target, way: Way, ask: Ask, *, limits: Limits, left_s: float
    ) -> tuple[Response, float]:
        """Try each checked address until one takes the connection, in the seconds left."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        until = begun + max(left_s, 0.001)
        places = way.gateway.addresses if way.forward and way.gateway else target.addresses
        for index, address in enumerate(places):
            try:
                answer = await self._once(
                    target, way, ask, address=address, limits=limits, until=until
                )
            except aiohttp.ClientConnectorError as error:
                if index + 1 < len(places):
                    continue
                if isinstance(error, aiohttp.ClientSSLError):
                    raise self._refused(target, error) from error
                whom = way.gateway.host if way.gateway is not None else target.host
                raise SourceError(f"{whom}: no connection ({reason_of(error)})") from error
            return answer, loop.time() - begun
        raise SourceError(f"{target.host}: no address was found")

    async def _once(
        self, target: Target, way: Way, ask: Ask, *, address: str, limits: Limits, until: float
    ) -> Response:
        if self._session is None:
            raise InputError("the HTTP client is closed: use it in 'async with'")
        host, session = target.host, self._session
        via: dict[str, object] = {}
        if way.forward and way.gateway is not None:
            where = target.url
            via["proxy"] = URL(way.gateway.at(address), encoded=True)
            if (login := _proxy_login(way.proxy)) is not None:
                via["proxy_auth"] = login
        else:
            where = target.at(address)
            if way.gateway is not None and way.proxy is not None:
                session = self._through(way.proxy, way.gateway.addresses[0])
            if target.scheme == "https":
                # The URL names the address that was checked; the handshake is about the host.
                via["server_hostname"] = host
        asked_at = self._clock.now()
        try:
            async with asyncio.timeout_at(until):
                answer = await session.request(
                    ask.method,
                    URL(where, encoded=True),
                    data=ask.body,
                    headers=headers_for(target, ask, user_agent=self._policy.user_agent),
                    allow_redirects=False,
                    ssl=self._context(target),
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s),
                    **via,  # type: ignore[arg-type]
                )
        except TimeoutError as error:
            raise LimitError(f"{host}: no answer within {limits.total_s:g} s") from error
        # It never reached the server, so the next address may be tried; after any other failure
        # the request may have been taken.
        except aiohttp.ClientConnectorError:
            raise
        except TooMuchError as error:
            raise LimitError(f"{host}: more than may stand before an answer") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SourceError(f"{host}: {reason_of(error)}") from error
        if answer.connection is not None and isinstance(answer.connection.protocol, Counted):
            answer.connection.protocol.allow(limits.max_bytes)
        body, wire = Gathered(), Gathered()
        try:
            cut = await self._read(answer, body, wire, target, limits=limits, until=until)
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
        if (
            answer.status == 304
            and "If-None-Match" not in answer.request_info.headers
            and ("If-Modified-Since" not in answer.request_info.headers)
        ):
            raise SourceError(f"{host}: answered 'not modified' to a request without a condition")
        whole = body.joined()
        exchange = exchange_of(
            answer,
            target,
            forward=way.forward,
            request_body=ask.body,
            # Most bodies come plain: one copy serves both.
            payload=wire.joined() if wire.size else whole,
            asked_at=asked_at,
            answered_at=max(now, asked_at),
            address=address,
            vantage=way.vantage,
            cut=cut,
            certificate=self._shown(target, answer),
            unrecorded=self.unrecorded,
        )
        return Response(
            url=target.url,
            hops=(target.url,),
            status=answer.status,
            headers=headers_of(answer),
            body=whole,
            asked_at=asked_at,
            answered_at=max(now, asked_at),
            address=address,
            truncated=cut is not None,
            exchanges=(exchange,),
        )

    def _shown(self, target: Target, answer: aiohttp.ClientResponse) -> ShownCertificate | None:
        if not isinstance(answer, Answer) or answer.certificate is None:
            return None
        why = None if answer.verified else self._why_unverified(target) or "not verified"
        digest = hashlib.sha256(answer.certificate).hexdigest()
        return ShownCertificate(sha256=digest, unverified=why)

    def _through(self, proxy: str, address: str) -> aiohttp.ClientSession:
        """Return the session of a tunnel: a mandate has a handful of them."""
        if (proxy, address) not in self._tunnels:
            self._tunnels[proxy, address] = session_over(
                Tunnel(proxy, address, limit=self._max_connections)
            )
        return self._tunnels[proxy, address]

    async def _read(
        self,
        answer: aiohttp.ClientResponse,
        body: Gathered,
        wire: Gathered,
        target: Target,
        *,
        limits: Limits,
        until: float,
    ) -> str | None:
        """Read what was sent into ``wire`` if it is packed, and unpacked into ``body``.

        Returns
        -------
        str or None
            Why it was cut: ``length``, ``time``, ``disconnect``; ``None``: it is whole.
        """
        host = target.host
        unpack = unpacker(answer.headers.get("Content-Encoding"), host=host)
        keep_partial = limits.partial

        def take(chunk: bytes) -> bool:
            # One byte more than allowed tells a body that is too long from one that just fits.
            body.add(unpack.feed(chunk, most=limits.max_bytes + 1 - body.size))
            if unpack.packed:
                wire.add(chunk)
            limit = limits.max_bytes
            if body.size <= limit and wire.size <= limit + _SLACK_BYTES:
                return True
            if not keep_partial:
                raise LimitError(f"{host}: more than {limit} bytes")
            body.cut(limit)
            wire.cut(limit + _SLACK_BYTES)
            return False

        try:
            async with asyncio.timeout_at(until):
                async for chunk in answer.content.iter_any():
                    if not take(chunk):
                        return "length"
        except TimeoutError as error:
            if keep_partial and body.size:
                return "time"
            raise LimitError(
                f"{host}: the answer was not complete within {limits.total_s:g} s"
            ) from error
        except TooMuchError as error:
            if keep_partial and body.size:
                return "length"
            raise LimitError(f"{host}: more than may stand around a body") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if keep_partial and body.size:
                return "disconnect"
            raise SourceError(
                f"{host}: the answer broke off after {body.size} bytes ({reason_of(error)})"
            ) from error
        if not unpack.complete and answer.method != "HEAD":
            if keep_partial and body.size:
                return "disconnect"
            raise SourceError(f"{host}: the compressed answer broke off after {body.size} bytes")
        return None


def _proxy_login(proxy: str | None) -> aiohttp.BasicAuth | None:
    parts = urlsplit(proxy or "")
    return aiohttp.BasicAuth(parts.username, parts.password or "") if parts.username else None
