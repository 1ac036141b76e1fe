"""Hosts of any spelling as they are looked up: names in lower-case punycode, addresses in one form.

Addresses are read as the WHATWG URL Standard's IPv4 parser reads them.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

from cautery.errors import ForbiddenAddressError
from cautery.model.name_labels import ascii_label, punycode_label

_LONGEST_NAME = 1_000
"""Letters; a name has 253, in any script."""
_LONGEST_LABEL = 63
"""Letters; in punycode it has more."""
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_NUMBER = re.compile(r"(?i)0x[0-9a-f]*|[0-9]+")
_TRANSLATED = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")
)
_ISATAP = 0x00005EFE
"""Interface identifiers of ISATAP, whose universal/local bit may be 0 or 1 (RFC 5214, 6.1)."""
_DEVIATIONS = str.maketrans({"\u00df": "s", "\u03c2": "s"})


def ascii_name(text: str) -> str:
    """Return a host name in lower-case punycode.

    Raises
    ------
    UnicodeError
        If it holds what no host name may.

    Notes
    -----
    RFC 5891 keeps sharp s and final sigma, which RFC 3490 and Python's codec turn into ``ss`` and
    sigma: another name, of somebody else.
    """
    if len(text) > _LONGEST_NAME:
        raise UnicodeError(f"{len(text)} characters are too many for a name")
    if text.isascii():
        return text.lower()
    return ".".join(_label(label) for label in _DOTS.split(text)).lower()


def host_of(url: str) -> str:
    """Return the host of a URL as it is asked, empty if it has none.

    A name is in lower-case punycode and an address in its one form, whatever spelling the URL has:
    a partner, say, is the same by all of them. What is no host is returned as it stands.

    Examples
    --------
    >>> host_of("http://EXAMPLE\u3002org./1.ts"), host_of("http://0xcb.0.0x7109/")
    ('example.org', '203.0.113.9')
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    try:
        name = ascii_name(host).rstrip(".")
        return (literal(name) or name) if name[:1].isdigit() or ":" in name else name
    except (UnicodeError, ForbiddenAddressError):
        return host.rstrip(".")


def of_one_domain(host: str, other: str) -> bool:
    """Tell whether two hosts are the same, or one of them lies below the other."""
    return f".{host}".endswith(f".{other}") or f".{other}".endswith(f".{host}")


@lru_cache(maxsize=4096)
def literal(host: str) -> str | None:
    """Return the canonical address that ``host`` spells, or ``None`` if it is a name.

    Every form that some resolver would accept counts: ``127.1``, ``2130706433``, ``0x7f.0.0.1``,
    ``0177.0.0.1``, ``[::1]``.

    Raises
    ------
    ForbiddenAddressError
        If it carries a zone id, or looks like an address but is not a valid one.
    """
    host = host.strip().removeprefix("[").removesuffix("]")
    if "%" in host:
        raise ForbiddenAddressError(f"{host[:60]}: an address with a zone (%) is link-local")
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise ForbiddenAddressError(
                f"{host[:60]}: not a valid IPv6 address ({error})"
            ) from error
    parts = host.rstrip(".").split(".")
    # The WHATWG rule: a host whose last label is a number is an IPv4 address, or an error.
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise ForbiddenAddressError(f"{host[:60]}: looks like an address but is not a valid one")
    # The last number fills all bytes that are left: 127.1 is 127.0.0.1, as in inet_aton(3).
    numbers = [_number(part, host) for part in parts]
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise ForbiddenAddressError(f"{host[:60]}: looks like an address but is not a valid one")
    value = numbers[-1]
    for index, number in enumerate(numbers[:-1]):
        value += number << 8 * (3 - index)
    return str(ipaddress.IPv4Address(value))


def is_at(host: str, other: str) -> bool:
    """Tell whether two hosts are one, or addresses of which one leads to the other.

    An IPv4 address is reached by several IPv6 ones: mapped into one, by NAT64, by 6to4. Those of
    ISATAP lead nowhere from afar: whoever has a network may choose them, so they are nobody else's.

    Examples
    --------
    >>> is_at("64:ff9b::cb00:7109", "203.0.113.9"), is_at("2001:db8::5efe:cb00:7109", "203.0.113.9")
    (True, False)
    """
    return host == other or not led_to(host).isdisjoint(led_to(other))


@lru_cache(maxsize=4096)
def led_to(host: str) -> frozenset[str]:
    """Return the addresses at which whoever asks for a host that is an address is led."""
    addresses = addresses_in(host)
    if not addresses:
        return frozenset()
    inner = _routed_to(ipaddress.ip_address(addresses[0]))
    return frozenset(addresses[:1] if inner is None else (addresses[0], str(inner)))


def addresses_in(host: str) -> tuple[str, ...]:
    """Return the address that a host spells, and the IPv4 one within it; of a name, nothing.

    Examples
    --------
    >>> addresses_in("64:ff9b::cb00:7109"), addresses_in("::ffff:203.0.113.9"), addresses_in("a.tv")
    (('64:ff9b::cb00:7109', '203.0.113.9'), ('203.0.113.9',), ())
    """
    try:
        text = literal(host)
    except ForbiddenAddressError:
        return ()
    if text is None:
        return ()
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    inner = embedded_in(address)
    return (str(address),) if inner is None else (str(address), str(inner))


def embedded_in(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one carries within, if it is of a kind that does.

    Notes
    -----
    6to4 (RFC 3056), Teredo (RFC 4380: the client's, inverted), NAT64 (RFC 6052 and 8215, with the
    address at the end), ISATAP (RFC 5214), and the old IPv4-translated (RFC 2765) and
    IPv4-compatible forms (RFC 4291).
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    inner = _routed_to(address)
    if inner is None and (int(address) >> 32) & 0xFDFFFFFF == _ISATAP:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner


def _routed_to(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which the network itself takes what is sent to an IPv6 one."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _TRANSLATED):
        return last
    # "::" and "::1" look like this form, and carry no IPv4 address.
    compatible = int(address) >> 32 == 0 and int(last) > 0xFFFF
    return last if compatible else None


def _label(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    if len(plain) > _LONGEST_LABEL:
        raise UnicodeError(f"{len(plain)} characters are too many for a label")
    if plain.translate(_DEVIATIONS) == plain:  # neither sharp s nor final sigma in it
        return ascii_label(text) if text else ""
    ascii_label(plain.translate(_DEVIATIONS))  # for what it refuses
    return punycode_label(unicodedata.normalize("NFC", plain))


def _number(text: str, host: str) -> int:
    lower = text.lower()
    try:
        if lower.startswith("0x"):
            return int(lower[2:] or "0", 16)
        if len(lower) > 1 and lower.startswith("0"):
            return int(lower, 8)
        # A bound, since ``int`` is quadratic in the digits; 40 of them are already too large for
        # an address.
        return int(lower[:40])
    except ValueError as error:
        raise ForbiddenAddressError(
            f"{host[:60]}: looks like an address but is not a valid one"
        ) from error
