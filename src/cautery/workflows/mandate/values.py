"""What each value of a mandate file by itself must be, beyond its type.

Each check returns the value as it is kept, or raises an error that says the remedy.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from cautery.model import ascii_name
from cautery.model.work_ids import fault_of

TIME_REMEDY = "Write it as 2026-11-24T20:30:00Z, without quotes."
"""TOML has times of its own: a number or a text in their place is a mistake, not a time."""


def refused(said: str, remedy: str) -> PydanticCustomError:
    """Return an error that carries its own remedy, and does not repeat the value."""
    return PydanticCustomError("refused", "{said}", {"said": said, "remedy": remedy})


def few_keys(table: object, *, most: int) -> object:
    """Return a table as it is.

    Raises
    ------
    PydanticCustomError
        If it has too many keys.
    """
    if isinstance(table, dict) and len(table) > most:
        raise refused(
            f"{len(table):,} keys in one table; no table of a mandate has as many",
            "Remove what `cautery watch --schema` does not name.",
        )
    return table


def http_url(text: str) -> str:
    """Return an http(s) URL as it is.

    Raises
    ------
    PydanticCustomError
        If it is not such a URL, has no host, or an impossible port.
    """
    remedy = "Write it as http://host/path or https://host/path."
    if not text.isprintable() or re.search(r"\s", text):
        raise refused("a URL may not contain spaces or control characters", remedy)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # Neither quoted nor chained: a port that is not valid may be half of a password.
        raise refused("not a valid URL: its host or port cannot be read", remedy) from None
    if parts.scheme.lower() not in ("http", "https"):
        raise refused("not an http(s) URL", remedy)
    if not (host or "").strip("."):
        raise refused("a URL without a host", remedy)
    return text


def keeper_url(text: str) -> str:
    """Return the URL of a keeper of decoys as it is: over TLS, or on loopback."""
    parts = urlsplit(http_url(text))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise refused(
            "the URL of a keeper has no login, question or fragment",
            "Write https://host:port/path.",
        )
    if parts.scheme.lower() == "http" and not _is_loopback(parts.hostname or ""):
        raise refused(
            "a keeper is asked over TLS", "Write https://...; http is for loopback alone."
        )
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def proxy_url(text: str) -> str:
    """Return the URL of an HTTP or SOCKS5 proxy as it is."""
    remedy = 'Write it as "socks5://USER:PASSWORD@proxy.example:1080" or "http://...:3128".'
    if not text.isprintable() or re.search(r"\s", text):
        raise refused("the URL of a proxy may not contain spaces or control characters", remedy)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused("not a valid URL of a proxy", remedy) from None
    if parts.scheme not in ("http", "socks5") or not host or not port:
        raise refused(
            "the URL of a proxy must begin with http or socks5 and name a host and a port", remedy
        )
    return text


def partner_host(text: str) -> str:
    """Return a bare host name, in lower case."""
    host = text.lower().removesuffix(".")
    if re.search(r"[*/:\s]", host) or not host.isprintable() or not all(host.split(".")):
        raise refused(
            f"{text[:60]!r} is not a valid host name",
            'Write the bare name, such as "partner.example"; names below it are covered.',
        )
    return host


_HOST = re.compile(r"[a-z0-9._-]{1,253}")


def service_host(text: str) -> str:
    """Return a host as the client names it when it connects, which is how its proof is found."""
    try:
        name = ascii_name(partner_host(text))
    except UnicodeError:
        name = ""
    last = name.rpartition(".")[2]
    numeric = last.isdigit() or last.startswith("0x")
    if not _HOST.fullmatch(name) or (numeric and not (text.isascii() and _is_address(name))):
        raise refused(
            f"{text[:60]!r} is not a host name that can be connected to",
            'Write the bare name, such as "isp.example", or an IPv4 address in four numbers.',
        )
    return name


def _is_address(text: str) -> bool:
    try:
        return str(ipaddress.ip_address(text)) == text
    except ValueError:
        return False


def pin(text: str) -> str:
    """Return a key's SHA-256 in hexadecimal; RFC 7469 and curl write it in base64."""
    bare = re.sub(r"^sha256[:/]{0,2}", "", text)
    try:
        raw = bytes.fromhex(bare) if len(bare) == 64 else base64.b64decode(bare, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise refused(
            f"{text[:80]!r} is not the SHA-256 of a public key",
            "Print it: openssl x509 -in CERTIFICATE -pubkey -noout | openssl pkey -pubin "
            "-outform der | openssl dgst -sha256",
        )
    return raw.hex()


def user_agent(text: str) -> str:
    """Return one line of printable ASCII as it is."""
    if not (text.isascii() and text.isprintable()):
        raise refused(
            "a user agent must be one line of printable ASCII", 'Write it as "Name-monitor/1".'
        )
    return text


def resolver(text: str) -> str:
    """Return address and port of a DNS server as they are."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})", text)
    wrong = refused(
        f"{text[:60]!r} is not address:port of a DNS server",
        'Write it as "192.0.2.53:53" or "[2001:db8::53]:53".',
    )
    if match is None or not 1 <= int(match[3]) <= 65_535:
        raise wrong
    try:
        if match[1] is None:
            ipaddress.IPv4Address(match[2])
        else:
            ipaddress.IPv6Address(match[1])
    except ValueError as error:
        raise wrong from error
    return text


def work_id(text: str) -> str:
    """Return the id of a work as it is, once its check character is correct."""
    if (fault := fault_of(text)) is not None:
        raise refused(f"{text[:60]!r} is {fault}", "Compare it with the entry in the register.")
    return text


def network(text: str) -> str:
    """Return a range of addresses as it is."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise refused(
            f"{text[:60]!r} is not a network: {error}"[:200],
            'Write ranges as "127.0.0.0/8"; leave the list empty outside a lab.',
        ) from error
    return text
