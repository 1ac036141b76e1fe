"""URLs to checked targets: where to connect, and what to ask for there.

Reaches: the resolver, through the names it is given; nothing else.
Lawful basis: a mandate's network policy, which says what may be touched.
Manners: a URL's own credentials are dropped; ports of other services are left alone.
Format: RFC 3986 (URLs), RFC 3490 (IDNA), WHATWG Fetch ("bad port").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from cautery.adapters._addresses import check
from cautery.errors import ForbiddenAddressError, SourceError
from cautery.model import ascii_name
from cautery.model.host_names import literal
from cautery.model.ports import Names

PORTS_OF_OTHERS = frozenset((7, 9, 19, 21, 22, 23, 25, 53, 110, 119, 135, 139, 143, 389, 445, 465))
"""Services that an HTTP request could harm (WHATWG Fetch, "bad port", those below 512)."""
_LONGEST_URL = 8_192
_ADDRESSES_TRIED = 3
_UNPRINTED = re.compile(r"[\x00-\x20\x7f]")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One hop, checked: where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path


async def checked_target(url: str, *, names: Names, allow: Sequence[str]) -> Target:
    """Read a URL, resolve its host, and check every address.

    Raises
    ------
    ForbiddenAddressError
        If scheme, port or address are outside what may be touched.
    SourceError
        If it is no URL, or the host has no address.
    """
    parts = _parts(url)
    host = (parts.hostname or "").rstrip(".")
    spelled = spelled_address(host)
    addresses: tuple[str, ...]
    if spelled is not None:
        host, addresses = spelled, (spelled,)
    else:
        host = _ascii(host)
        addresses = await names.resolve(host)
    checked = check(host, addresses, allow)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    if port in PORTS_OF_OTHERS:
        raise ForbiddenAddressError(f"{host}: port {port} belongs to another service than the web")
    # Line breaks and blanks are escaped: raw, they could begin another header or another request.
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_PATH_SAFE + "?")
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        path=path,
        # IPv4 first: fewer vantage points have a working IPv6.
        addresses=tuple(sorted(checked, key=lambda address: ":" in address))[:_ADDRESSES_TRIED],
    )


def redirected(target: Target, where: str) -> str:
    """Return the absolute URL of a Location header.

    Raises
    ------
    SourceError
        If it is not a URL.
    """
    try:
        return urljoin(target.url, where.strip())
    except ValueError:
        raise SourceError(f"{target.host}: redirects to something that is not a URL") from None


def spelled_address(host: str) -> str | None:
    """Return the address that a host spells; ``None``: it is a name.

    Raises
    ------
    ForbiddenAddressError
        If it has a zone, or looks like an address but is not valid.
    SourceError
        If it can be neither.
    """
    if ":" not in host and any(letter == "%" or letter.isspace() for letter in host):
        raise SourceError(f"{host[:80]!r} is not a host name")
    return literal(host)


def _parts(url: str) -> SplitResult:
    if len(url) > _LONGEST_URL:
        raise SourceError(f"the URL is too long: {len(url)} characters")
    if _UNPRINTED.search(url.strip()):
        url = quote(url.strip(), safe=_PATH_SAFE + "?#[]")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        # Neither the URL nor the error is quoted: both may hold a password.
        raise SourceError("not a URL: its host or port cannot be read") from None
    if parts.scheme not in ("http", "https"):
        # Without an authority, what stands before the colon may be a user's name.
        what = parts.scheme[:20] if parts.netloc else "a path"
        raise ForbiddenAddressError(
            f"only http and https are fetched, not {what}",
            hint="Streams of other protocols are recorded, not probed.",
        )
    if not parts.hostname or port == 0:
        raise SourceError("not a URL: it has no host")
    return parts


def _ascii(host: str) -> str:
    try:
        name = ascii_name(host)
    except UnicodeError:
        raise SourceError(f"{host[:80]!r} is not a host name") from None
    if len(name) > 253 or not all(c.isalnum() or c in "-._" for c in name):
        raise SourceError(f"{host[:80]!r} is not a host name")
    # IDNA maps full-width digits to plain ones: look again for an address.
    if literal(name) is not None:
        raise ForbiddenAddressError(f"{host[:80]!r} is a disguised spelling of an address")
    return name
