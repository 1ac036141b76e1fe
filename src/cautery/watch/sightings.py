"""Entries of any source to sightings, with every credential replaced by a keyed hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.model import ExhibitId, RedactedUrl, Sighting, keyed_hash
from cautery.watch._values import PlaylistEntry, ReadWarning

_URL = re.compile(r"(?i)[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>]+")
_SECRET_NAMES = re.compile(
    r"(?i)licen[sc]e_(?:key|data|config|flags)|drm_legacy|(?:stream|manifest|common)_headers|exthttp|"
    r"authori[sz]ation|cookie|token|passw|secret|api-?key|mac$"
)
"""Of an attribute or header; those of Kodi and #EXTHTTP hold keys and headers."""
_NAMED = re.compile(
    r"(?i)(?<![\w-])((?:user(?:name)?|pass(?:word|wd)?|pwd|(?:\w{1,20}_)?token|mac|api_?key|secret)"
    r"(?:=|['\"]\s?:\s?['\"]))(?!~[0-9a-f]{16})([^\s&'\"|;,<>]+)"
)
"""A secret and its name as in a query without its URL, or in a quoted JSON object."""
_MAC = re.compile(
    r"(?i)(?<![0-9a-f:-])(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f:-])"
)


def sightings(
    entries: Iterable[PlaylistEntry | ReadWarning],
    *,
    source: str,
    reader: str,
    key: bytes,
    seen_at: datetime,
    exhibit: ExhibitId,
) -> Iterator[Sighting | ReadWarning]:
    """Turn what a reader yields into sightings; warnings pass, their quotes redacted.

    Parameters
    ----------
    source : str
        The source's location, already redacted.
    key : bytes
        Of the case, kept outside it: the same secret gives the same pseudonym.
    exhibit : ExhibitId
        The sealed bytes.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> entry = PlaylistEntry(url="http://p.example/live/bob/secret/7.ts", title="Arena 1")
    >>> [seen] = sightings([entry], source="list", reader="m3u", key=b"k", exhibit="sha256:00",
    ...     seen_at=datetime(2026, 11, 24, tzinfo=UTC))
    >>> "secret" in seen.url.text
    False
    """
    for entry in entries:
        if isinstance(entry, ReadWarning):
            yield redacted_warning(entry, key)
            continue
        try:
            url = RedactedUrl.of(entry.url, key)
        except InputError:
            yield ReadWarning(line=entry.line, why="not a URL")
            continue
        said = [(name, _redacted(name, value, key)) for name, value in entry.attributes]
        said += [(f"header:{n.lower()}", _redacted(n, value, key)) for n, value in entry.headers]
        if entry.duration_s is not None:
            said.append(("duration-s", f"{entry.duration_s:g}"))
        yield Sighting(
            url=url,
            title=redacted_text(entry.title, key) if entry.title else None,
            source=source,
            reader=reader,
            seen_at=seen_at,
            exhibit=exhibit,
            attributes=tuple(sorted(said)),
        )


def redacted_warning(warning: ReadWarning, key: bytes) -> ReadWarning:
    """Return the warning with the URLs in its quote redacted."""
    return ReadWarning(
        line=warning.line,
        why=warning.why,
        quoted=redacted_text(warning.quoted, key),
        count=warning.count,
    )


def _redacted(name: str, value: str, key: bytes) -> str:
    if _SECRET_NAMES.search(name) and value:
        return "~" + keyed_hash(value, key)
    return redacted_text(value, key)


def redacted_text(text: str, key: bytes) -> str:
    """Return a text from outside (a title, a quote) with the URLs, MACs and words in it redacted.

    Examples
    --------
    >>> "secret" in redacted_text("Sport http://bob:secret@p.example/1.ts", b"k")
    False
    >>> "secret" in redacted_text("/get.php?username=bob&password=secret", b"k")
    False
    """

    def hidden(found: re.Match[str]) -> str:
        try:
            return RedactedUrl.of(found[0], key).text
        except InputError:
            return "~" + keyed_hash(found[0], key)

    text = _URL.sub(hidden, text)
    if "=" in text or ":" in text or "-" in text:
        text = _MAC.sub(lambda found: "~" + keyed_hash(found[0].lower(), key), text)
        text = _NAMED.sub(lambda found: found[1] + "~" + keyed_hash(found[2], key), text)
    return text


def redacted_json(value: Any, key: bytes) -> Any:
    """Return JSON of what a reader yields, redacted; pairs of a name and a value by the name too.

    Examples
    --------
    >>> "sid" in str(redacted_json({"headers": [["Cookie", "sid=1"]]}, b"k"))
    False
    """
    if isinstance(value, dict):
        return {name: redacted_json(one, key) for name, one in value.items()}
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(one, str) for one in value):
            return [value[0], _redacted(value[0], value[1], key)]
        return [redacted_json(one, key) for one in value]
    return redacted_text(value, key) if isinstance(value, str) else value
