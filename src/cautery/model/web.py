"""A request to the public face, and its answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

HTML, JSON, TEXT, CSV = (
    "text/html; charset=utf-8",
    "application/json",
    "text/plain; charset=utf-8",
    "text/csv; charset=utf-8",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, within the bounds that the server sets.

    Parameters
    ----------
    method : str
        ``GET``, ``HEAD`` or ``POST``.
    path : str
        The decoded path, without the query.
    address : str
        Whence it comes; it serves to share the server fairly, and is kept nowhere.
    host : str
        The ``Host`` that it names, without the port, in lower case.
    query : mapping of str to str
        The query; of a name that is there twice, the first value.
    headers : mapping of str to str
        By name in lower case.
    body : bytes
        The body.
    certificate : str or None
        SHA-256 of the client's certificate, 64 hex digits; ``None``: it showed none.
    """

    method: str
    path: str
    address: str
    host: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer.

    Parameters
    ----------
    status : int
        The HTTP status.
    pieces : tuple of bytes
        The body; many answers may share a piece.
    media_type : str
        The ``Content-Type``.
    headers : mapping of str to str
        Further headers.
    """

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    media_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


def neighbourhood(address: str) -> str:
    """Return what one subscriber has: an IPv4 address, or a /64 of IPv6.

    Examples
    --------
    >>> neighbourhood("2001:db8::2"), neighbourhood("::ffff:192.0.2.1"), neighbourhood("fe80::1%0")
    ('2001:db8::/64', '192.0.2.1', 'fe80::/64')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
