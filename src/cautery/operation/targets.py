"""Normalise each target to one spelling, so that two agencies write the same target alike."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from cautery.errors import ForbiddenAddressError, InputError
from cautery.model import ascii_name
from cautery.model.host_names import host_of, literal

LONGEST = 1024
"""Bytes of a target; a URL or a wallet has far fewer."""

NOT_TARGETS = frozenset({"demand"})
"""Kinds of asset that nobody acts on: where customers are is counted, never a target."""

_KINDS = {"domain": "host", "hostname": "host", "fqdn": "host", "ip": "address"}
_SCHEMES = frozenset({"http", "https"})
_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
_AT_A_HOST = re.compile(r"[^\s/@?#]*[.:][^\s/@?#]*(?:[/?#]|$)")
"""A name or an address, with or without a port and a path: no number, range or mail address."""
_IDEOGRAPHIC_DOT = "\N{IDEOGRAPHIC FULL STOP}"
_CASED = frozenset({"wallet", "payment", "account", "app"})
"""Kinds whose values differ by case: base58 addresses do."""
_FOLDED_WALLET = re.compile(r"(?i)(0x[0-9a-f]{40}|(bc|ltc|tb)1[02-9ac-hj-np-z]{8,87})")
"""EIP-55 puts a checksum into the case of an address; BIP 173 lets it be all one case."""


def normalise(target: str) -> str:
    """Return a target's one spelling, ``kind:value``.

    Raises
    ------
    InputError
        If it is empty, too long, or holds control characters.

    Examples
    --------
    >>> normalise("Domain:Shop.Example.")
    'host:shop.example'
    >>> normalise("2001:DB8:0::1"), normalise("host:192.0.2.1")
    ('address:2001:db8::1', 'address:192.0.2.1')
    """
    text = unicodedata.normalize("NFKC", target).strip()
    if not text or len(text.encode()) > LONGEST or not text.isprintable():
        raise InputError(
            f"{target[:60]!r} is not a valid target: a target must be one line of "
            f"at most {LONGEST} bytes"
        )
    bare = _address(text)
    if bare is not None:
        return f"address:{bare}"
    kind, colon, value = text.partition(":")
    kind, value = kind.strip().lower(), value.strip()
    if not colon or not value or not _KIND.fullmatch(kind):
        kind, value = "host", text
    if kind in _SCHEMES:
        kind, value = "url", text
    kind = _KINDS.get(kind, kind)
    if kind == "address":
        value = _address(value) or value.lower()
    elif kind == "host":
        value = _host(value)
        if (spelled := _spelled_address(value)) is not None:
            kind, value = "address", spelled
    elif kind not in _CASED or _FOLDED_WALLET.fullmatch(value):
        value = value.casefold()
    if not value:
        raise InputError(f"{target[:60]!r} is not a valid target: it is empty")
    return f"{kind}:{value}"


def spelling(subject: str) -> str:
    """Return a subject's one spelling, or the subject where it is no target."""
    try:
        return normalise(subject)
    except InputError:
        return subject


def place_of(subject: str) -> str:
    """Return where a subject is: its host or address, whatever kind of thing it is there.

    A subject that is at no host is returned in its one spelling.

    Examples
    --------
    >>> place_of("panel:Shop.Example."), place_of("url:http://shop.example:8080/x")
    ('host:shop.example', 'host:shop.example')
    >>> place_of("server:2001:DB8::1"), place_of("panel:shop.example/c/")
    ('address:2001:db8::1', 'host:shop.example')
    >>> place_of("as:64500"), place_of("range:192.0.2.0/24"), place_of("account:a@b.example")
    ('as:64500', 'range:192.0.2.0/24', 'account:a@b.example')
    """
    name = spelling(subject)
    kind, _, value = name.partition(":")
    if kind in ("host", "address"):
        return name
    if (address := _address(value)) is not None:
        return f"address:{address}"
    if "://" not in value:
        value = value.removeprefix("//").replace(_IDEOGRAPHIC_DOT, ".")
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            pass
        else:
            return spelling(str(network[0])) if network.num_addresses == 1 else name
        if not _AT_A_HOST.match(value):
            return name
        value = f"//{value}"
    host = host_of(value)
    place = spelling(f"host:{host}")
    return place if place.startswith("address:") or "." in host else name


def _spelled_address(host: str) -> str | None:
    """Return the address that a host is, in whatever form a resolver accepts."""
    try:
        spelled = literal(host)
    except ForbiddenAddressError:
        return None
    return None if spelled is None else _address(spelled)


def _address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _host(text: str) -> str:
    """Return a host in lower case, without the last dot, in its ASCII form where it has one."""
    try:
        return ascii_name(text).rstrip(".")
    except UnicodeError:
        return text.casefold().rstrip(".")
