"""Every host that a text may name, for whoever must not be told of it: rather one too many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from cautery.errors import ForbiddenAddressError
from cautery.formats._question import MOST_CHARACTERS, readings
from cautery.model import ascii_name, host_of
from cautery.model.host_names import literal
from cautery.model.whole_text import unescaped

_OPAQUE = re.compile(r"sha256:[0-9a-f]{64}|~[0-9a-f]{16}")
"""Digests and pseudonyms: they name nobody."""
_AUTHORITY = re.compile(
    r"(?i)(?:://|https?:/)(?:[^\s/?#@]{1,200}@)?"
    r"(\[[^\s\]]{2,60}\]|[^\s/?#@\[\]\"'<>\\^`{|},;()]{1,1000})"
)
"""A scheme, and the host behind it; servers join the two slashes within a path to one."""
_NAME = re.compile(r"(?<![\w-])[\w-]++(?:[.\u3002\uff0e\uff61][\w-]++)+")
_LAST_LABEL = re.compile(r"xn--[a-z0-9-]+|[^\W\d_]{2,63}")
"""A top-level domain has letters alone (RFC 3696, 2): ``index.m3u8`` and ``v1.2`` are no names."""
_FILES = re.compile(
    "aac|aspx|css|flv|gif|html?|ico|isml?|jpe?g|js|json|jsp|key|m3u|mkv|mpd|mpe?g|pdf|php|png|svg|ts|"
    "txt|vtt|wav|webm|webp|xml"
)
"""Endings of files that are no top-level domains."""
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_IPV6 = re.compile(r"(?i)(?<![\w:.])[0-9a-f:]{6,39}(?![\w])")
_LEVELS = 8
"""Times that a text may be quoted within another."""


@lru_cache(maxsize=4096)
def hosts_in(text: str) -> frozenset[str]:
    """Return every host that a text may name, in its one spelling.

    Counted are hosts of URLs, also of those that the question of a URL holds in whatever way; and
    each dotted name and each address, in any spelling of its script.

    Examples
    --------
    >>> sorted(hosts_in("http://a.example/live/1.ts?u=http%3A%2F%2Fb.example%2F&from=c.example"))
    ['a.example', 'b.example', 'c.example']
    >>> hosts_in("[2001:DB8:0::7]:80 refused")
    frozenset({'2001:db8::7'})
    """
    plain = _OPAQUE.sub(" ", text)
    found = {
        host_of(f"http://{authority}")
        for reading in (plain, *(readings(plain[:MOST_CHARACTERS]) if "://" in plain else ()))
        for authority in _AUTHORITY.findall(reading)
    }
    return frozenset((found | set(_spelt(_plainly(plain)))) - {""})


def host_written(text: str) -> str:
    """Return the host that a text is, in its one spelling, without a port.

    Examples
    --------
    >>> host_written("2001:DB8::7"), host_written("CDN.example.:8080")
    ('2001:db8::7', 'cdn.example')
    """
    bare = text.count(":") > 1 and not text.startswith("[")
    return host_of(f"http://[{text}]" if bare else f"http://{text}")


def _plainly(text: str) -> str:
    for _ in range(_LEVELS):
        plain = unescaped(unquote(text, errors="replace"))
        if plain == text:
            break
        text = plain
    return text


def _spelt(text: str) -> Iterator[str]:
    """Yield the names and addresses that stand in a text."""
    for token in _NAME.findall(text):
        try:
            name = ascii_name(token)
        except UnicodeError:
            continue
        last = name.rpartition(".")[2]
        if _LAST_LABEL.fullmatch(last) and not _FILES.fullmatch(last):
            yield name
    for token in _IPV4.findall(text) + _IPV6.findall(text):
        for address in (token, token.removesuffix(":")):
            try:
                yield literal(address) or ""
            except ForbiddenAddressError:
                continue
            break
