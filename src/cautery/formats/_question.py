"""What the path, query and fragment of a URL name, in whatever way they are written."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from urllib.parse import unquote

from cautery.errors import ForbiddenAddressError
from cautery.formats._derive import address_in
from cautery.model import ascii_name, host_of
from cautery.model.host_names import literal, of_one_domain
from cautery.model.whole_text import unescaped

MOST_CHARACTERS = 16_384
"""Letters of a URL that are searched; no server that people use takes longer ones."""
UNQUOTED = 3
"""Times that a URL may be quoted within another."""
MOST_PLACES = 4
"""Hosts of whole URLs in one question: a playlist in it may list hundreds."""
_BEHIND_HOST = re.compile(r"[/?#].*", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HOST = re.compile(r"[^\x00-,/:-@\[-^`{-\x7f]+")
"""Letters of any script, digits and dots: what may be a host."""
_IPV6 = re.compile(r"(?:[0-9a-f]{0,4}:){2,}[0-9a-f.]*")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")
_BASE32 = re.compile(r"[A-Za-z2-7]{16,}")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_MOST_PACKED, _LEAST_PACKED, _MOST_INFLATED = 16, 24, 1 << 14
"""Parts of a question that are inflated, letters that one has, and bytes that come of one."""
_WHOLE = re.compile(r"(?i)(https?):/{1,2}([^\s/\"'<>\\^`{|}][^\s\"'<>\\^`{|}]*)")
"""A URL; servers join the two slashes within a path to one."""
_RELATIVE = re.compile(r"//([^\s/.]+\.[^\s\"'<>\\^`{|}]*)")
"""A URL without its scheme, where a value is nothing else."""
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
"""A signed token (RFC 7519): it names who signed it, and leads nowhere."""


class Question:
    """Path, query and fragment of a URL, read in each way at most once."""

    def __init__(self, url: str) -> None:
        self._front, separator, behind_scheme = url[:MOST_CHARACTERS].partition("://")
        text_asked = _BEHIND_HOST.search(behind_scheme)
        self._text = "" if text_asked is None else text_asked[0]
        self._front += separator + behind_scheme[: len(behind_scheme) - len(self._text)]
        self._host = host_of(url)

    def __len__(self) -> int:
        """Return how many letters it has."""
        return len(self._text)

    def names(self, host: str, spelled: Sequence[str]) -> bool:
        """Tell whether it names a host, or a domain of it that is among its spellings."""
        if any(name in text for text in self._readings for name in spelled):
            return True
        address = address_in(host)
        return not self._hosts.isdisjoint(spelled if address is None else (address,))

    def places(self) -> tuple[str, ...]:
        """Return the whole URLs that it holds, the first one of each host; none of its own host.

        A host above or below its own one is its own. At most :data:`MOST_PLACES` are returned.
        """
        url_of: dict[str, str] = {}
        for url in self._urls():
            host = host_of(url)
            if host and not of_one_domain(host, self._host):
                url_of.setdefault(host, url)
            if len(url_of) == MOST_PLACES:
                break
        return tuple(url_of.values())

    def without(self, hosts: Sequence[str]) -> str | None:
        """Return its URL without what names these hosts; ``None``: nothing is left to ask for."""
        spelled = [(host, spellings(host, beside=self._host)) for host in hosts]

        def naming(text: str) -> bool:
            text_asked = Question(f"{self._front}{text}")
            return any(text_asked.names(host, names) for host, names in spelled)

        path, query, _ = self._parts()
        if not naming(path):
            pairs = [pair for pair in query.split("&") if pair and not naming(f"?{pair}")]
            url = self._front + path + ("?" + "&".join(pairs) if pairs else "")
            return None if url == self._front + self._text else url
        segments = path.split("/")
        first = bisect_left(
            range(len(segments)), True, key=lambda at: naming("/".join(segments[: at + 1]))
        )
        left = segments[:first]
        while left and left[-1].lower() in ("", "http:", "https:"):
            left.pop()
        return self._front + "/".join(left) if left else None

    @cached_property
    def _readings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text.lower() for text in readings(self._text)))

    @cached_property
    def _hosts(self) -> frozenset[str]:
        """The hosts that it names in another spelling than their usual one, as targets are read."""
        tokens = {token for text in self._readings for token in _tokens(text)}
        return frozenset(host for token in tokens if (host := _host(token)))

    def _parts(self) -> tuple[str, str, str]:
        text_asked, _, fragment = self._text.partition("#")
        path, _, query = text_asked.partition("?")
        return path, query, fragment

    def _urls(self) -> Iterator[str]:
        path, query, fragment = self._parts()
        values = [pair.partition("=")[2] or pair for pair in query.split("&")]
        if _WHOLE.search(path):  # what follows it is its own query
            values.insert(0, f"{path}?{query}" if query else path)
        values += [pair.partition("=")[2] for pair in fragment.split("&") if "=" in pair]
        for value in (*values, path, fragment):
            for text in readings(_JWT.sub(" ", value)):
                for match in _WHOLE.finditer(text):
                    yield f"{match[1].lower()}://{match[2]}"
                relative = _RELATIVE.fullmatch(text)
                if relative is not None and value is not path:
                    yield f"http://{relative[1]}"


def spellings(host: str, *, beside: str) -> tuple[str, ...]:
    """Return a host and the domains that it is in, but for those in which the other one is, too."""
    address = address_in(host)
    if address is not None:
        return (host, address, str(int(ipaddress.ip_address(address))))
    labels = host.split(".")
    domains = (".".join(labels[at:]) for at in range(1, len(labels) - 1))
    return (host, *(name for name in domains if not f".{beside}".endswith(f".{name}")))


def _tokens(text: str) -> Iterator[str]:
    yield from _IPV6.findall(text)
    for token in _HOST.findall(text):
        if token[0].isdigit() or not token.isascii():
            yield token


def _host(token: str) -> str | None:
    """Return the name or address that a token of a question spells, if it can be one."""
    try:
        if token.count(":") < 2:
            token = ascii_name(token).rstrip(".")
        spelled = literal(token.rstrip(":"))
    except (UnicodeError, ForbiddenAddressError):
        return None
    return token if spelled is None else address_in(spelled)


def readings(text: str) -> Iterator[str]:
    """Yield a text as it stands, unquoted, and with the codes read that sites read in questions."""
    for _ in range(UNQUOTED + 1):
        yield text
        yield unescaped(text)
        yield _JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
        for token in _TOKEN.findall(text):
            # A slash is a letter of base64, too: where the code begins is not known.
            for start in range(4):
                yield _text_of(_read_base64(token[start:]))
        for token in _HEX.findall(text):
            yield _text_of(bytes.fromhex(token))
        for token in _BASE32.findall(text):
            yield _text_of(_read_base32(token))
        yield from _inflated(text)
        unquoted = unquote(text, errors="replace")
        if unquoted == text:
            return
        text = unquoted


def _inflated(text: str) -> Iterator[str]:
    """Yield what packed parts of a text hold, as links to drawings and pads have them."""
    parts = [part for part in re.split(r"[^A-Za-z0-9+_-]", text) if len(part) >= _LEAST_PACKED]
    for part in parts[:_MOST_PACKED]:
        packed = _read_base64(part)
        for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # with a header, or without one
            try:
                yield _text_of(zlib.decompressobj(bits).decompress(packed, _MOST_INFLATED))
            except zlib.error:
                continue
            break


def _text_of(raw: bytes) -> str:
    """Return bytes as a text; UTF-16 of Latin letters is read without its zeros."""
    return raw.replace(b"\0", b"").decode("utf-8", errors="replace")


def _read_base32(token: str) -> bytes:
    whole = token[: len(token) // 8 * 8] if len(token) % 8 in (1, 3, 6) else token
    try:
        return base64.b32decode(whole + "=" * (-len(whole) % 8), casefold=True)
    except binascii.Error:
        return b""


def _read_base64(token: str) -> bytes:
    plain = token.translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "==")
    except binascii.Error:
        return b""
