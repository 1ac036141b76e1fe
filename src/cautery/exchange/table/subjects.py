"""What a cell of a partner's table is about: names, addresses, URLs and digests, also defanged."""

from __future__ import annotations

import ipaddress
import re

from cautery.errors import InputError
from cautery.model.exchange import ItemKind
from cautery.model.host_names import ascii_name

_LONGEST_NAME = 253
"""RFC 1035."""
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,19}://", re.IGNORECASE)
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_APART = re.compile(r"[\s,;|]+")
_MOST_IN_A_CELL = 1_000


def subjects_of(meaning: str, cell: str) -> list[tuple[ItemKind, str]]:
    """Return the kinds and ids of what a cell names.

    Parameters
    ----------
    meaning : str
        Of its column: ``url``, ``stream``, ``domain``, ``address``, ``target``, ``exhibit``.
    cell : str
        One value, or several with spaces, commas or lines between them.

    Raises
    ------
    InputError
        If a value is not what its column has.

    Examples
    --------
    >>> subjects_of("target", "hxxps://a[.]example/1.ts")[0][1]
    'url:https://a.example/1.ts'
    >>> [id for kind, id in subjects_of("address", "198.51.100.7, 2001:DB8::1")]
    ['198.51.100.7', '2001:db8::1']
    """
    apart = cell.split() if meaning in ("url", "stream") else _APART.split(cell.strip(" \n,;|"))
    if len(apart) > _MOST_IN_A_CELL:
        raise InputError(f"it has over {_MOST_IN_A_CELL:,} values")
    return [_subject(meaning, _whole(value)) for value in apart if value]


def _whole(value: str) -> str:
    """Return a value that was written so that nobody clicks on it, as it is."""
    value = value.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":")
    return re.sub(r"^hxxp", "http", value, count=1, flags=re.IGNORECASE)


def _subject(meaning: str, value: str) -> tuple[ItemKind, str]:
    if meaning in ("url", "stream"):
        return _url(meaning, value)
    if meaning == "exhibit":
        return ItemKind.EXHIBIT, _digest(value)
    if meaning == "address":
        return ItemKind.ADDRESS, _address(value)
    if _SCHEME.match(value):
        return _url("url", value)
    if meaning == "target":
        if match := _DIGEST.fullmatch(value.lower()):
            return ItemKind.EXHIBIT, f"sha256:{match[1]}"
        try:
            return ItemKind.ADDRESS, _address(value)
        except InputError:
            return ItemKind.HOST, _name(value)
    return ItemKind.HOST, _name(value)


def _url(meaning: str, value: str) -> tuple[ItemKind, str]:
    if not _SCHEME.match(value):
        raise InputError(f"{value[:80]!r} is not a URL", hint="It begins with https://, say.")
    return (ItemKind.STREAM, value) if meaning == "stream" else (ItemKind.ASSET, f"url:{value}")


def _digest(value: str) -> str:
    match = _DIGEST.fullmatch(value.lower())
    if match is None:
        raise InputError(f"{value[:80]!r} is not a SHA-256 digest (64 hex digits)")
    return f"sha256:{match[1]}"


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise InputError(
            f"{value[:80]!r} is not an IP address", hint="Of a network, name each address."
        ) from error


def _name(value: str) -> str:
    try:
        name = ascii_name(value.rstrip("."))
    except UnicodeError as error:
        raise InputError(f"{value[:80]!r} is not a domain name") from error
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise InputError(f"{value[:80]!r} is not a domain name")
    return name
