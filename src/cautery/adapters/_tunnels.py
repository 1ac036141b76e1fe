"""Connections through one of our proxies, by HTTP CONNECT or SOCKS5, to an address already checked.

Reaches: a proxy that the mandate names as a vantage; through it, the address that was resolved and
    checked here.
Lawful basis: the mandate's; the proxy is rented or run by whoever asks.
Manners: the proxy is told an address, never a name, so it cannot lead elsewhere by its own DNS; its
    login goes to it alone.
Format: RFC 9110 section 9.3.6 (CONNECT), RFC 1928 and 1929 (SOCKS5).
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
import python_socks
from aiohttp.client_proto import ResponseHandler
from python_socks.async_.asyncio import Proxy

from cautery.adapters._trust import Answer
from cautery.errors import InputError

_READ_BYTES = 1 << 18
"""What the event loop takes from a socket at a time; twice as much waits before it stops taking:
at aiohttp's 64 kB it would stop and go on with every piece of a segment."""
_AROUND, _TIMES, _MOST_HEADS, _PIECE = 2 << 20, 4, 16, 4_096
"""Bytes of an answer beside its body and the first piece of it; how many more its chunks may take,
of which one has two bytes at least on average; heads that wait to be looked at."""
_KINDS = {"http": python_socks.ProxyType.HTTP, "socks5": python_socks.ProxyType.SOCKS5}


def gateway_url(proxy: str) -> str:
    """Return the URL by which a proxy's own host and port are checked like any other.

    Raises
    ------
    InputError
        If it is no http or socks5 proxy.
    """
    parts = _parts(proxy)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"http://{host}:{parts.port or 1080}/"


class Tunnel(aiohttp.TCPConnector):
    """Every connection goes through one proxy; names inside TLS stay the target's own.

    Parameters
    ----------
    proxy : str
        Its URL, ``http://`` or ``socks5://``, with a login if it needs one.
    address : str
        Where it was found to be; it is not resolved again.
    """

    def __init__(self, proxy: str, address: str, *, limit: int) -> None:
        super().__init__(limit=limit, use_dns_cache=False)
        self._at, self._address = _parts(proxy), address

    # Private in aiohttp: another version may call it in another way.
    async def _wrap_create_connection(
        self,
        *args: Any,
        addr_infos: list[Any],
        req: Any,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
        client_error: type[Exception] = aiohttp.ClientConnectorError,
        **kwargs: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        host, port = addr_infos[0][4][:2]
        user, word = self._at.username, self._at.password
        proxy = Proxy(
            _KINDS[self._at.scheme],
            self._address,
            # The port that IANA gives SOCKS.
            self._at.port or 1080,
            username=None if user is None else unquote(user),
            password=None if word is None else unquote(word),
        )
        try:
            sock = await proxy.connect(host, port, timeout=timeout.sock_connect)
            connection: Any = await self._loop.create_connection(*args, sock=sock, **kwargs)
        except ssl.CertificateError as error:
            raise aiohttp.ClientConnectorCertificateError(req.connection_key, error) from error
        except ssl.SSLError as error:
            raise aiohttp.ClientConnectorSSLError(req.connection_key, error) from error
        except (python_socks.ProxyError, OSError, LookupError, ValueError) as error:
            # Not quoted: what a proxy says may echo its login.
            problem = OSError(0, f"the proxy did not connect us ({type(error).__name__})")
            raise client_error(req.connection_key, problem) from None
        return connection  # type: ignore[no-any-return]


class TooMuchError(aiohttp.ClientError):
    """More stands around a body than may."""


class Counted(ResponseHandler):
    """A connection that counts all that comes, for aiohttp bounds what is in a head, and no more.

    What stands around a body costs what a body costs: interim answers (1xx), words of chunks.
    """

    _left = 0

    def set_response_params(self, **how: Any) -> None:
        """Begin to count: an answer is asked for."""
        self._left = _AROUND
        super().set_response_params(**how)

    def allow(self, body_bytes: int) -> None:
        """Let a body of so many bytes come, also in small chunks."""
        self._left += _TIMES * body_bytes

    def data_received(self, data: bytes) -> None:
        """Take what came, and hang up on whoever sends too much."""
        self._left -= len(data)
        # Before there is a body a little at a time: one read has room for 14,000 interim answers.
        in_body = self._payload is not None and not self._payload.is_eof()
        step = max(1, len(data)) if in_body else _PIECE
        for start in range(0, max(1, len(data)), step):
            if self._left < 0 or len(self._buffer) > _MOST_HEADS:
                self._hang_up()
                return
            super().data_received(data[start : start + step])

    def _hang_up(self) -> None:
        error = TooMuchError()
        self._parser = None  # which would call the answer broken once the connection is lost
        self.set_exception(error)
        if self._payload is not None:
            self._payload.set_exception(error)
        if self.transport is not None:
            self.transport.abort()


def session_over(connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
    """Return a session that adds nothing of its own: no cookies, headers, unpacking or proxies."""
    # Private in aiohttp, as above.
    connector._factory = partial(Counted, loop=connector._loop)  # type: ignore[assignment]  # noqa: SLF001
    return aiohttp.ClientSession(
        connector=connector,
        response_class=Answer,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
        read_bufsize=_READ_BYTES,
        timeout=aiohttp.ClientTimeout(total=None),
    )


def _parts(proxy: str) -> SplitResult:
    try:
        parts = urlsplit(proxy)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise InputError("the proxy's URL is not a valid URL") from None
    if parts.scheme not in _KINDS or not host or port == 0:
        raise InputError(
            "a proxy's URL must begin with http:// or socks5:// and name a host",
            hint='Write it as "socks5://USER:PASSWORD@proxy.example:1080".',
        )
    return parts
