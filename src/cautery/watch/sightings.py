"""Entries of any source to sightings, with every credential replaced by a keyed hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from cautery.errors import InputError
from cautery.model import ExhibitId, RedactedUrl, Sighting, keyed_hash
from cautery.watch._values import PlaylistEntry, ReadWarning

_URL = re.compile(r"(?i)[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>]+")
_SECRET_NAMES = re.compile(r"(?i)licen[sc]e_key|authorization|cookie|token|password|passwd|mac$")


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
    """Return a text from outside (a title, a quote) with the URLs in it redacted.

    Examples
    --------
    >>> "secret" in redacted_text("Sport http://bob:secret@p.example/1.ts", b"k")
    False
    """

    def hidden(found: re.Match[str]) -> str:
        try:
            return RedactedUrl.of(found[0], key).text
        except InputError:
            return "~" + keyed_hash(found[0], key)

    return _URL.sub(hidden, text)
