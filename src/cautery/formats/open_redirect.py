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
from functools import cached_property
from urllib.parse import unquote

from cautery.errors import ForbiddenAddressError
from cautery.formats._derive import address_in
from cautery.model import ascii_name, host_of
from cautery.model.host_names import literal

MOST_READ = 16_384
"""Letters of a URL that are searched; no server that people use takes longer ones."""
UNQUOTED = 3
"""Times that a URL may be quoted within another."""
_BEHIND_HOST = re.compile(r"[/?#].*", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HOST = re.compile(r"[^\x00-,/:-@\[-^`{-\x7f]+")
"""Letters of any script, digits and dots: what may be a host."""
_IPV6 = re.compile(r"(?:[0-9a-f]{0,4}:){2,}[0-9a-f.]*")
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
        The last URL at another host than the URL before it whose host a URL before it names; else
        ``None``. It is the last one since many sites first lead to their own ``www``, login or
        consent host, and one open redirect may lead to the next.

    Examples
    --------
    >>> open_redirect(["http://a.example/out?to=http%3A%2F%2Fb.example%2F1", "http://b.example/1"])
    'http://b.example/1'
    >>> open_redirect(["http://panel.example/live/1.ts", "http://edge.example/1.ts"])
    """
    hosts = [host_of(url) for url in hops]
    asked = [_Question(url) for url in hops]
    for at in range(len(hops) - 1, 0, -1):
        if hosts[at] != hosts[at - 1]:
            names = _spellings(hosts[at], beside=hosts[at - 1])
            if any(question.names(hosts[at], names) for question in asked[:at]):
                return hops[at]
    return None


def parted(hosts: Sequence[str], led_to: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Part the hosts of one look into those that only sent on and those that serve.

    Parameters
    ----------
    hosts : sequence of str
        Hosts passed through by redirects, the one that was asked first.
    led_to : str or None
        The host to which an open redirect led; ``None``: there was none.

    Returns
    -------
    (frozenset of str, frozenset of str)
        All hosts before that one are bystanders, unless it or a later one is the same.

    Examples
    --------
    >>> parted(["a.example", "b.example"], "b.example")
    (frozenset({'a.example'}), frozenset({'b.example'}))
    """
    if led_to is None:
        return frozenset(), frozenset(hosts)
    at = max((at for at, host in enumerate(hosts) if host == led_to), default=len(hosts))
    serving = frozenset((led_to, *hosts[at:]))
    return frozenset(hosts[:at]) - serving, serving


def only_sends_on(host: str, hosts: Sequence[str], led_to: str | None) -> bool:
    """Tell whether a host only sends on, by the hosts of one look (:func:`parted`)."""
    return led_to is not None and host not in parted(hosts, led_to)[1]


class _Question:
    """Path, query and fragment of a URL, read in each way at most once."""

    def __init__(self, url: str) -> None:
        _, _, rest = url[:MOST_READ].partition("://")
        asked = _BEHIND_HOST.search(rest)
        self._text = "" if asked is None else asked[0]

    def names(self, host: str, spelled: Sequence[str]) -> bool:
        """Tell whether it names a host, or a domain of it that is among its spellings."""
        if any(name in text for text in self._readings for name in spelled):
            return True
        address = address_in(host)
        return not self._hosts.isdisjoint(spelled if address is None else (address,))

    @cached_property
    def _readings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_readings(self._text)))

    @cached_property
    def _hosts(self) -> frozenset[str]:
        """The hosts that it names in another spelling than their usual one, as targets are read."""
        tokens = {token for text in self._readings for token in _tokens(text)}
        return frozenset(host for token in tokens if (host := _host(token)))


def _tokens(text: str) -> Iterator[str]:
    yield from _IPV6.findall(text)
    for token in _HOST.findall(text):
        if token[0].isdigit() or not token.isascii():
            yield token


def _spellings(host: str, *, beside: str) -> tuple[str, ...]:
    """Return a host and the domains that it is in, but for those in which the other one is, too."""
    address = address_in(host)
    if address is not None:
        return (host, address, str(int(ipaddress.ip_address(address))))
    labels = host.split(".")
    domains = (".".join(labels[at:]) for at in range(1, len(labels) - 1))
    return (host, *(name for name in domains if not f".{beside}".endswith(f".{name}")))


def _host(token: str) -> str | None:
    """Return the name or address that a token of a question spells, if it can be one."""
    try:
        if token.count(":") < 2:
            token = ascii_name(token).rstrip(".")
        spelled = literal(token.rstrip(":"))
    except (UnicodeError, ForbiddenAddressError):
        return None
    return token if spelled is None else address_in(spelled)


def _readings(text: str) -> Iterator[str]:
    """Yield a text in lower case as it stands, unquoted, and with base64 and hexadecimal read."""
    for _ in range(UNQUOTED + 1):
        yield text.lower()
        for token in _TOKEN.findall(text):
            # A slash is a letter of base64, too: where the code begins is not known.
            for start in range(4):
                yield _read_base64(token[start:])
        for token in _HEX.findall(text):
            yield bytes.fromhex(token).decode("utf-8", errors="replace").lower()
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
    return raw.decode("utf-8", errors="replace").lower()
