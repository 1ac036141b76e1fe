"""HAR captures of a browser: which URLs were asked for, where they led, and what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from cautery.formats._dates import moment_of
from cautery.formats._json import number_in, objects, other_in, text_in
from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.messages import message

FORMAT = "HTTP Archive (HAR) of a browser"
SPECIFICATION = "HAR 1.2 (W3C Web Performance WG, 2012, draft)"
MEDIA_TYPES = ("application/json", "application/har+json")

_LARGEST_ENTRY = 64_000_000
"""Characters: an entry holds the whole answer, often as base64."""
_BEGINS = re.compile(r'(?<!\\)"entries"\s{0,8}:\s{0,8}\[')
_TELLING = frozenset(
    ("server", "via", "x-powered-by", "x-cache", "cf-ray", "alt-svc", "age", "content-type",
     "access-control-allow-origin", "x-served-by", "x-amz-cf-pop", "content-encoding", "origin",
     "user-agent", "referer", "location")
)  # fmt: skip
"""Headers that tell of servers; cookies and authorisations are not among them and are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebExchange:
    """One request of a browser and its answer.

    Parameters
    ----------
    url : str
        Exact, tokens and all: it stays in memory and in sealed exhibits.
    redirects_to : str or None
        Absolute.
    address : str or None
        The server's, as the browser saw it.
    cookies : tuple of str
        Names of the cookies set; their values are not kept.
    headers : tuple of (str, str)
        Those that tell of servers.
    """

    url: str
    method: str
    status: int | None
    redirects_to: str | None
    media_type: str | None
    size: int | None
    address: str | None
    starts_at: datetime | None
    cookies: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    other: tuple[tuple[str, str], ...]


def read_har(chunks: Iterable[bytes]) -> Iterator[WebExchange | ReadWarning]:
    r"""Yield the exchanges of a capture, one by one, however large their bodies are.

    Raises
    ------
    SourceError
        If it is no capture or breaks off; what stands before has been yielded.

    Examples
    --------
    >>> one = b'''{"log": {"entries": [{"request": {"url": "http://a.example/x"},
    ... "response": {"status": 302, "redirectURL": "/y"}}]}}'''
    >>> [found] = read_har([one])
    >>> found.status, found.redirects_to
    (302, 'http://a.example/y')
    """
    tally = Tally()
    entries = objects(
        chunks, expected_format="a HAR capture", after=_BEGINS, largest=_LARGEST_ENTRY
    )
    for number, entry in enumerate(entries, start=1):
        exchange = _exchange(entry) if isinstance(entry, dict) else None
        if exchange is None:
            yield from tally.add(number, message("unread.bare-entry"), repr(entry)[:200])
        else:
            yield exchange
    yield from tally.rest()


def _exchange(entry: dict[str, Any]) -> WebExchange | None:
    request, answered = _part(entry, "request"), _part(entry, "response")
    url = text_in(request.get("url"), most_characters=65_536)
    if url is None:
        return None
    content = _part(answered, "content")
    size = number_in(content.get("size"))
    status = number_in(answered.get("status"))
    media = text_in(content.get("mimeType"), most_characters=200)
    return WebExchange(
        url=url,
        method=(text_in(request.get("method"), most_characters=20) or "GET").upper(),
        status=status if status is not None and status > 0 else None,
        redirects_to=_joined(url, text_in(answered.get("redirectURL"), most_characters=65_536)),
        media_type=media.partition(";")[0].strip().lower() or None if media else None,
        size=size if size is not None and size >= 0 else None,
        address=text_in(entry.get("serverIPAddress"), most_characters=60),
        starts_at=moment_of(text_in(entry.get("startedDateTime")) or ""),
        cookies=tuple(
            name
            for cookie in _list(answered, "cookies")
            if (name := text_in(cookie.get("name"), most_characters=100))
        ),
        headers=tuple(_telling(url, (*_list(request, "headers"), *_list(answered, "headers")))),
        other=other_in(entry, _FIELDS),
    )  # fmt: skip


def _telling(url: str, headers: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the headers that tell of servers, the first ``location`` alone: a URL leads once."""
    moved = False
    for header in headers:
        name = (text_in(header.get("name"), most_characters=100) or "").lower()
        value = text_in(header.get("value"))
        if name not in _TELLING or not value or (name == "location" and moved):
            continue
        if name == "location":
            moved = True
            # Absolute, for a path alone would not show that a line's credentials are in it.
            value = _joined(url, value) or ""
        yield name, value


_FIELDS = frozenset(
    ("request", "response", "serverIPAddress", "startedDateTime", "cache", "timings")
)


def _part(parent: dict[str, Any], name: str) -> dict[str, Any]:
    part = parent.get(name)
    return part if isinstance(part, dict) else {}


def _list(parent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = parent.get(name)
    if not isinstance(listed, list):
        return []
    return [entry for entry in listed[:200] if isinstance(entry, dict)]


def _joined(url: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return urljoin(url, text)
    except ValueError:
        return None
