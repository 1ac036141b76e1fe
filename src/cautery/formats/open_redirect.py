"""Tell an open redirect from a panel that sends viewers on to an edge.

A page such as ``http://innocent.example/out?url=http://pirate.example/1.m3u8`` sends whoever asks
to any place that the question names (CWE-601). Anybody can put it on a list; to block its name
would hit a bystander and leave the stream where it is.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from cautery.formats._derive import address_in
from cautery.model import host_of

MOST_READ = 16_384
"""Letters of a URL that are searched; no server that people use takes longer ones."""
UNQUOTED = 3
"""Times that a URL may be quoted within another."""
_BEHIND_HOST = re.compile(r"[/?#].*", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")


def open_redirect(hops: Sequence[str]) -> str | None:
    """Return where an open redirect led.

    Parameters
    ----------
    hops : sequence of str
        Exact URLs passed through by redirects, the one that was asked for first.

    Returns
    -------
    str or None
        The first URL at another host, if a URL before it names this host; else ``None``.

    Examples
    --------
    >>> open_redirect(["http://a.example/out?to=http%3A%2F%2Fb.example%2F1", "http://b.example/1"])
    'http://b.example/1'
    >>> open_redirect(["http://panel.example/live/1.ts", "http://edge.example/1.ts"])
    """
    asked = host_of(hops[0]) if hops else ""
    for at, url in enumerate(hops):
        host = host_of(url)
        if host != asked:
            return url if any(_names(before, host) for before in hops[:at]) else None
    return None


def _names(url: str, host: str) -> bool:
    """Tell whether path, query or fragment of a URL name a host or a domain that it is in."""
    _, _, rest = url[:MOST_READ].partition("://")
    asked = _BEHIND_HOST.search(rest)
    names = _spellings(host)
    return asked is not None and any(name in text for text in _readings(asked[0]) for name in names)


def _spellings(host: str) -> tuple[str, ...]:
    address = address_in(host)
    if address is not None:
        return (host, address, str(int(ipaddress.ip_address(address))))
    labels = host.split(".")
    return tuple(".".join(labels[at:]) for at in range(max(1, len(labels) - 1)))


def _readings(text: str) -> Iterator[str]:
    """Yield a text in lower case as it stands, unquoted, and with base64 and hexadecimal read."""
    for _ in range(UNQUOTED + 1):
        yield text.lower()
        for token in _TOKEN.findall(text):
            # A slash is a letter of base64, too: where the code begins is not known.
            for start in range(4):
                yield _read_base64(token[start:])
        for token in _HEX.findall(text):
            yield bytes.fromhex(token).decode("latin-1").lower()
        unquoted = unquote(text, errors="replace")
        if unquoted == text:
            return
        text = unquoted


def _read_base64(token: str) -> str:
    plain = token.translate(str.maketrans("-_", "+/"))
    try:
        raw = base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "==")
    except binascii.Error:
        return ""
    return raw.decode("latin-1").lower()
