"""What aiohttp sent and received, as one exchange; and its errors in words without a URL.

Reaches: nothing; it describes what the HTTP client did.
Lawful basis: none needed.
Manners: our logins are left out of what is kept.
Format: RFC 9112 (HTTP/1.1 messages).
"""

from __future__ import annotations

import re
from datetime import datetime

import aiohttp

from cautery.adapters._targets import Target
from cautery.model import Exchange, ShownCertificate

_QUOTED = re.compile(r"[\n:'\"]")


def exchange_of(
    answer: aiohttp.ClientResponse,
    target: Target,
    *,
    forward: bool,
    request_body: bytes | None,
    payload: bytes,
    asked_at: datetime,
    answered_at: datetime,
    address: str,
    vantage: str | None,
    cut: str | None,
    certificate: ShownCertificate | None,
    unrecorded: frozenset[str],
) -> Exchange:
    """Return the exchange that gave an answer.

    Parameters
    ----------
    forward : bool
        Asked of a forward proxy: the request line named the whole URL.
    unrecorded : frozenset of str
        Request headers, in lower case, that carry one of our logins.
    """
    version = answer.version or aiohttp.HttpVersion11
    return Exchange(
        url=target.url,
        method=answer.method,
        target=target.url if forward and target.scheme == "http" else target.path,
        request_headers=tuple(
            (name, value)
            for name, value in answer.request_info.headers.items()
            if name.lower() not in unrecorded
        ),
        request_body=request_body or b"",
        protocol=f"HTTP/{version.major}.{version.minor}",
        status=answer.status,
        reason=answer.reason or "",
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers
        ),
        payload=payload,
        asked_at=asked_at,
        answered_at=answered_at,
        address=address,
        vantage=vantage,
        cut=cut,
        certificate=certificate,
    )


def headers_of(answer: aiohttp.ClientResponse) -> tuple[tuple[str, str], ...]:
    """Return an answer's headers as text, in order."""
    return tuple(
        (name.decode("latin-1"), value.decode("utf-8", "replace"))
        for name, value in answer.raw_headers
    )


def reason_of(error: BaseException) -> str:
    """Say what went wrong without the URL, which may carry credentials."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        # Up to the first thing quoted: what the server sent may echo the URL.
        return f"not a valid HTTP answer ({_QUOTED.split(error.message)[0].strip()[:60]})"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "closed the connection without an answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
