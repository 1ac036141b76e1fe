"""Which addresses may be touched: public ones, and what a mandate allows. Pure, no I/O.

Reaches: nothing; it decides what the other adapters may reach.
Lawful basis: none needed.
Manners: refuses by default; an address inside another (mapped, translated, tunnelled) counts too.
Format: IANA special-purpose address registries (RFC 6890), RFC 4291, RFC 6052, RFC 3056, RFC 4380.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from cautery.errors import ForbiddenAddressError, InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORBIDDEN: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(cidr), why)
    for cidr, why in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's own service"),  # Azure's, on each of its machines
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local translation"),
        ("100::/64", "discard-only"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")


def refusal(address: str, allow: Sequence[str] = ()) -> str | None:
    """Say why an address may not be touched; ``None``: it may.

    Parameters
    ----------
    address : str
        In canonical form.
    allow : sequence of str
        The mandate's own ranges (CIDR). An address that embeds another is allowed only when both
        are.

    Raises
    ------
    InputError
        If ``address`` is not an address.

    Examples
    --------
    >>> refusal("10.0.0.1"), refusal("10.0.0.1", ["10.0.0.0/8"]), refusal("9.9.9.9")
    ('private', None, None)
    """
    return _refusal(address, tuple(allow))


@lru_cache(maxsize=4096)
def _refusal(address: str, allow: tuple[str, ...]) -> str | None:
    """Answer for an address; a probe asks of the same one with each of its requests."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError as error:
        raise InputError(f"not an address: {address[:60]!r}") from error
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.scope_id is not None:
        return "link-local (it has a zone)"
    allowed = _networks(allow)
    if (why := _alone(parsed, allowed)) is not None:
        return why
    for inner in embedded(parsed):
        if (why := _alone(inner, allowed)) is not None:
            return f"{why} ({inner} inside {parsed})"
    return None


def embedded(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address would in truth reach.

    IPv4-mapped and -compatible (RFC 4291), IPv4-translated (RFC 2765), NAT64 (RFC 6052), 6to4
    (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214).
    """
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64 or address in _TRANSLATED:
        return (low,)
    # ``::`` and ``::1`` lie in that range too, and embed nothing.
    if address in _COMPATIBLE and int(address) > 1:
        return (low,)
    inner: list[ipaddress.IPv4Address] = []
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        # Both its server and its client: packets go to either.
        inner += list(address.teredo)
    if (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE:
        inner.append(low)
    return tuple(inner)


def check(host: str, addresses: Sequence[str], allow: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the addresses of a host if each of them may be touched.

    One forbidden address is enough to refuse them all: a public name with a private record is a
    trap or a mistake, and which record a client takes is chance.

    Raises
    ------
    ForbiddenAddressError
        If any may not, or there is none.
    """
    if not addresses:
        raise ForbiddenAddressError(f"{host}: no address was found")
    for address in addresses:
        if (why := refusal(address, allow)) is not None:
            raise ForbiddenAddressError(
                f"{host}: {address} is {why}; the mandate does not allow it"
            )
    return tuple(addresses)


def _alone(parsed: Address, allowed: tuple[Network, ...]) -> str | None:
    if any(parsed.version == network.version and parsed in network for network in allowed):
        return None
    for network, why in _FORBIDDEN:
        if parsed.version == network.version and parsed in network:
            return why
    outer = isinstance(parsed, ipaddress.IPv6Address) and not embedded(parsed)
    if outer and parsed not in _GLOBAL_V6:
        return "not global unicast"
    return None


@lru_cache(maxsize=64)
def _networks(allow: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(cidr) for cidr in allow)
