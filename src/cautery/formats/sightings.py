"""Entries of any source to sightings, with every credential replaced by a keyed hash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote

from cautery.errors import InputError
from cautery.formats._values import PlaylistEntry, ReadWarning
from cautery.messages import message
from cautery.model import ExhibitId, Pseudonyms, RedactedUrl, Sighting
from cautery.model.screen import Kind, screened

_COLON = r"(?::|%(?:25){0,2}3a|&#(?:58|x3a);|&colon;)"
_SLASH = r"(?:\\{0,8}/|\\{1,8}(?:u00|x)2f|%(?:25){0,2}2f|&#(?:47|x2f);|&sol;)"
_URL = re.compile(rf"(?i)[a-z][a-z0-9+.-]{{1,20}}{_COLON}{_SLASH}{{2}}[^\s'\"<>]+")
"""Also as it stands in JSON (``http:\\/\\/``), in the query of another, and in a page."""
_SPELT = re.compile(rf"(?i){_COLON}{_SLASH}")
_AS_COLON, _AS_SLASH = re.compile(rf"(?i){_COLON}"), re.compile(rf"(?i){_SLASH}")
_SECRET_NAMES = re.compile(
    r"(?i)licen[sc]e_(?:key|data|config|flags)|drm_legacy|(?:stream|manifest|common)_headers|exthttp|"
    r"authori[sz]ation|cookie|token|passw|secret|api-?key|mac$"
)
"""Of an attribute or header; those of Kodi and #EXTHTTP hold keys and headers."""


def sightings(
    entries: Iterable[PlaylistEntry | ReadWarning],
    *,
    source: str,
    reader: str,
    pseudonyms: Pseudonyms,
    seen_at: datetime,
    exhibit: ExhibitId,
) -> Iterator[Sighting | ReadWarning]:
    """Turn what a reader yields into sightings; warnings pass, their quotes redacted.

    Parameters
    ----------
    source : str
        The source's location, already redacted.
    pseudonyms : Pseudonyms
        Of the case: the same secret gets the same one.
    exhibit : ExhibitId
        The sealed bytes.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from cautery.model import KeyedPseudonyms
    >>> entry = PlaylistEntry(url="http://p.example/live/bob/secret/7.ts", title="Arena 1")
    >>> [seen] = sightings([entry], source="list", reader="m3u", exhibit="sha256:00",
    ...     pseudonyms=KeyedPseudonyms(b"k"), seen_at=datetime(2026, 11, 24, tzinfo=UTC))
    >>> "secret" in seen.url.text
    False
    """
    for entry in entries:
        if isinstance(entry, ReadWarning):
            yield redacted_warning(entry, pseudonyms)
            continue
        try:
            url = RedactedUrl.of(entry.url, pseudonyms)
        except InputError:
            yield ReadWarning(line=entry.line, why=message("unread.not-a-url"))
            continue
        attributes = [
            (name, _redacted(name, value, pseudonyms)) for name, value in entry.attributes
        ]
        attributes += [
            (f"header:{name.lower()}", _redacted(name, value, pseudonyms))
            for name, value in entry.headers
        ]
        if entry.duration_s is not None:
            attributes.append(("duration-s", f"{entry.duration_s:g}"))
        yield Sighting(
            url=url,
            title=redacted_text(entry.title, pseudonyms) if entry.title else None,
            source=source,
            reader=reader,
            seen_at=seen_at,
            exhibit=exhibit,
            attributes=tuple(sorted(attributes)),
        )


def redacted_warning(warning: ReadWarning, pseudonyms: Pseudonyms) -> ReadWarning:
    """Return the warning with the URLs in its quote redacted."""
    return ReadWarning(
        line=warning.line,
        why=warning.why,
        quoted=redacted_text(warning.quoted, pseudonyms),
        count=warning.count,
    )


def _redacted(name: str, value: str, pseudonyms: Pseudonyms) -> str:
    if _SECRET_NAMES.search(name) and value:
        return "~" + pseudonyms.of(value)
    return redacted_text(value, pseudonyms)


def redacted_text(text: str, pseudonyms: Pseudonyms, *, kind: Kind = "title") -> str:
    """Return a text from outside (a title, a quote) with its URLs redacted and its people hidden.

    Parameters
    ----------
    kind : str
        ``message``: a message of Cautery about something outside; the servers that it names stay.

    Examples
    --------
    >>> from cautery.model import KeyedPseudonyms
    >>> "secret" in redacted_text("Sport http://bob:secret@p.example/1.ts", KeyedPseudonyms(b"k"))
    False
    >>> "secret" in redacted_text("/get.php?username=bob&password=secret", KeyedPseudonyms(b"k"))
    False
    >>> "anna" in redacted_text("Renew: anna (at) mail . example", KeyedPseudonyms(b"k"))
    False
    """
    if "://" not in text and (text.isalnum() or _SPELT.search(text) is None):
        return screened(text, pseudonyms, kind=kind)

    def hidden(match: re.Match[str]) -> str:
        url = _plain_url(match[0])
        try:
            redacted = RedactedUrl.of(url, pseudonyms).text
        except InputError:
            return "~" + pseudonyms.of(url)
        return match[0] if redacted == url else redacted

    pieces, end = [], 0
    for url in _URL.finditer(text):
        pieces += [screened(text[end : url.start()], pseudonyms, kind=kind), hidden(url)]
        end = url.end()
    return "".join([*pieces, screened(text[end:], pseudonyms, kind=kind)])


def _plain_url(text: str) -> str:
    """Return a URL that was matched in a text without the escapes of its slashes."""
    if "://" in text[:24] and "\\" not in text:
        return text
    url = _AS_SLASH.sub("/", _AS_COLON.sub(":", text))
    # What hid its slashes may hide all else: "%252F" is "%2F" in the query of a query.
    for _ in range(_MOST_DECODINGS if "%" in text else 0):
        url = unquote(url)
    return url


def redacted_json(value: Any, pseudonyms: Pseudonyms) -> Any:
    """Return JSON of what a reader yields, redacted; a pair of texts by its first one, too.

    Two texts may be a name and its value, or a list of two.

    Examples
    --------
    >>> from cautery.model import KeyedPseudonyms
    >>> "sid" in str(redacted_json({"headers": [["Cookie", "sid=1"]]}, KeyedPseudonyms(b"k")))
    False
    """
    return _redacted_json(value, pseudonyms, partial(redacted_text, pseudonyms=pseudonyms))


def redaction(pseudonyms: Pseudonyms) -> Callable[[Any], Any]:
    """Return :func:`redacted_json` for the many values of one file.

    A short text that stands there often, such as a group's name, is redacted once.
    """
    once = lru_cache(_KEPT_TEXTS)(partial(redacted_text, pseudonyms=pseudonyms))

    def redacted(text: str) -> str:
        return once(text) if len(text) <= _KEPT_LETTERS else redacted_text(text, pseudonyms)

    return partial(_redacted_json, pseudonyms=pseudonyms, redacted=redacted)


_KEPT_TEXTS, _KEPT_LETTERS = 20_000, 100
_MOST_DECODINGS = 3


def _redacted_json(value: Any, pseudonyms: Pseudonyms, redacted: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {
            name: _redacted_json(member, pseudonyms, redacted) for name, member in value.items()
        }
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(item, str) for item in value):
            name, content = value
            hidden = content and _SECRET_NAMES.search(name)
            return [redacted(name), "~" + pseudonyms.of(content) if hidden else redacted(content)]
        return [_redacted_json(item, pseudonyms, redacted) for item in value]
    return value
