"""What a target is, exactly: a URL, a name, an address, a range, or nothing that can be blocked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

from cautery.errors import InputError
from cautery.messages import message, say
from cautery.model import Lever, ascii_name
from cautery.model.host_names import embedded_in
from cautery.model.message import Message

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_TUNNELS = tuple(
    ipaddress.IPv6Network(text) for text in ("2002::/16", "64:ff9b::/96", "::ffff:0:0/96")
)
_MAPPED_BITS = 96
_PSEUDONYM = re.compile(r"~[0-9a-f]{16}\b")


class NoTargetError(InputError):
    """A text is no target in one certain reading; ``why`` is the guard's reason."""

    def __init__(self, why: Message) -> None:
        super().__init__(say(why))
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target as parsed.

    Parameters
    ----------
    text : str
        Its one spelling: lower case, punycode, compressed IPv6, no trailing dot.
    host : str
        Of a URL, its host; else as ``text``.
    address : IPv4Address or IPv6Address or None
        When the target, or its host, is one.
    embedded : IPv4Address or None
        The IPv4 host that an IPv6 address leads to by 6to4, Teredo, NAT64 or ISATAP: who is hit
        is who is there.
    network : IPv4Network or IPv6Network or None
        When it is wider than one host.
    """

    text: str
    lever: Lever
    host: str
    address: Address | None = None
    embedded: ipaddress.IPv4Address | None = None
    network: Network | None = None
    wildcard: bool = False


def parse_target(text: str) -> Target:
    """Return what ``text`` names.

    Raises
    ------
    NoTargetError
        If it is no URL, host name, address or range in one certain reading.
    """
    plain = text.strip()
    if (
        not plain
        or len(plain) > 4096
        or any(ord(character) < 33 or ord(character) == 127 for character in plain)
    ):
        raise _no_target("blank", text)
    if "://" in plain:
        return _url(plain)
    bare = plain[1:-1] if plain.startswith("[") and plain.endswith("]") else plain
    if "/" in bare:
        try:
            network = ipaddress.ip_network(bare, strict=False)
        except ValueError as error:
            raise _no_target("range", text, error) from error
        network = _unmapped(network)
        if network.num_addresses == 1:
            return _of_address(network.network_address)
        return Target(text=str(network), lever=Lever.ADDRESS, host=str(network), network=network)
    address = address_of(bare)
    if address is not None:
        return _of_address(address)
    wildcard = plain.startswith("*.")
    name = plain_name(plain.removeprefix("*."))
    return Target(
        text=("*." if wildcard else "") + name, lever=Lever.NAME, host=name, wildcard=wildcard
    )


def address_of(text: str) -> Address | None:
    """Return the address that ``text`` spells, an IPv4 one mapped into IPv6 as IPv4."""
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def plain_address(text: str) -> str:
    """Return an address in its one spelling.

    Raises
    ------
    InputError
        If it is none.
    """
    address = address_of(text)
    if address is None:
        raise InputError(f"{text!r} is not an address; a stream must resolve to addresses")
    return str(address)


def plain_name(text: str) -> str:
    """Return a host name in lower-case punycode without a trailing dot.

    Raises
    ------
    NoTargetError
        If it is not a host name (RFC 1123, with underscores; a last label of digits would be an
        address).
    """
    try:
        name = ascii_name(text).rstrip(".")
    except UnicodeError as error:
        raise _no_target("spelling", text, error) from error
    labels = name.split(".")
    # RFC 1035, 2.3.4: 255 octets on the wire are 253 letters.
    if len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise _no_target("name", text)
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        raise _no_target("neither", text)
    return name


def exact(url: str) -> bool:
    """Tell whether a URL is exact: no part of it stands hidden behind a pseudonym."""
    return _PSEUDONYM.search(url) is None


def embedded_ranges(network: Network) -> tuple[ipaddress.IPv4Network, ...]:
    """Return the IPv4 ranges that a range of IPv6 leads to by mapping, 6to4 or NAT64.

    Teredo's and ISATAP's hosts lie scattered in a range; of a wide one they are all over.
    """
    ranges = []
    for tunnel in _TUNNELS:
        if not isinstance(network, ipaddress.IPv6Network) or not network.overlaps(tunnel):
            continue
        bits = min(max(network.prefixlen - tunnel.prefixlen, 0), 32)
        inner = max(int(network.network_address), int(tunnel.network_address))
        four = (inner >> (128 - tunnel.prefixlen - 32)) & 0xFFFFFFFF
        ranges.append(ipaddress.IPv4Network((four, bits), strict=False))
    return tuple(dict.fromkeys(ranges))


def _no_target(why: str, text: str, error: Exception | None = None) -> NoTargetError:
    detail = {} if error is None else {"detail": str(error)}
    return NoTargetError(message(f"guard.invalid-target.{why}", written=repr(text[:80]), **detail))


def _of_address(address: Address) -> Target:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return Target(
        text=str(address),
        lever=Lever.ADDRESS,
        host=str(address),
        address=address,
        embedded=embedded_in(address),
    )


def _unmapped(network: Network) -> Network:
    """Return a range of IPv4 addresses mapped into IPv6 as the IPv4 range."""
    first = network.network_address
    if isinstance(first, ipaddress.IPv6Address) and network.prefixlen >= _MAPPED_BITS:
        four = first.ipv4_mapped
        if four is not None:
            return ipaddress.IPv4Network((four, network.prefixlen - _MAPPED_BITS))
    return network


def _url(text: str) -> Target:
    text = urldefrag(text).url  # nobody is asked for a fragment: the URL without it is the same
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise _no_target("url", text, error) from error
    if parts.scheme not in ("http", "https", "rtmp", "rtmps", "rtsp") or not host:
        raise _no_target("scheme", text)
    if parts.username is not None or parts.password is not None:
        raise NoTargetError(message("guard.invalid-target.login", host=repr(host)))
    address = address_of(host)
    name = str(address) if address is not None else plain_name(host)
    if parts.path.strip("/") == "" and not parts.query:
        # The URL of a whole site is the site: judged as its name or address.
        return (
            _of_address(address)
            if address is not None
            else Target(text=name, lever=Lever.NAME, host=name)
        )
    return Target(
        text=text,
        lever=Lever.URL,
        host=name,
        address=address,
        embedded=None if address is None else embedded_in(address),
    )
