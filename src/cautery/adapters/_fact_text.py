"""The words of fact files: addresses, ranges, names and times, or ``None`` when broken."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from cautery.model import ascii_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAPPED = bytes(10) + b"\xff\xff"
"""IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2)."""


def read_address(text: str) -> Address | None:
    """Return an address, an IPv4 one mapped into IPv6 as IPv4."""
    plain = text.strip()
    if ":" not in plain and not plain[-1:].isdigit():
        return None  # most names: a refusal of ipaddress costs twenty times as much
    try:
        ip = ipaddress.ip_address(plain)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip


def read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return a range, host bits ignored."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def read_span(text: str) -> tuple[int, int, int] | None:
    """Return IP version, first and last address of an address or range, quickly."""
    plain = text.strip()
    host, _, bits = plain.partition("/")
    four = ":" not in host
    try:
        packed = socket.inet_pton(socket.AF_INET if four else socket.AF_INET6, host)
        wide = len(packed) * 8
        length = int(bits) if bits else wide
    except (OSError, ValueError):
        return None
    if not 0 <= length <= wide or packed[:12] == _MAPPED:
        return None
    mask = (1 << (wide - length)) - 1
    first = int.from_bytes(packed, "big") & ~mask
    return (4 if four else 6), first, first | mask


def read_number(text: str) -> int | None:
    """Return an address, given as a number or as text, as a number."""
    if text.isascii() and text.isdigit() and len(text) <= 39:
        return int(text)
    try:  # a tenth of the time that ipaddress takes, and there are a hundred thousand of them
        return int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    except (OSError, ValueError):
        ip = read_address(text)
    return None if ip is None else int(ip)


@lru_cache(maxsize=1024)
def read_name(text: str) -> str | None:
    """Return a name in lower case and punycode, without dots around it."""
    plain = text.strip().strip(".")
    if len(plain) > 253 or plain.split() != [plain]:
        return None
    try:
        return ascii_name(plain).strip(".") or None
    except UnicodeError:
        return None


def parents(name: str) -> Iterator[str]:
    """Yield the name itself, then each name above it."""
    labels = name.split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])


def read_moment(text: str) -> datetime | None:
    """Return a time in UTC; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
