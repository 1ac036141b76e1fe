"""Values that several readers yield."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cautery.model.message import Message

LONGEST_URL = 8_192
"""Letters of an address that a playlist gives for many of its entries, as servers take them."""
MOST_LETTERS = 32_000_000
"""Of all addresses of a playlist: it may say one once, for each of its entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWarning:
    """A record that could not be read, quoted; the reading went on.

    Parameters
    ----------
    line : int
        Counted from 1 (for JSON, the number of the record); 0: of the whole.
    quoted : str
        What stood there, printable and shortened; credentials may be in it, so it is kept with the
        exhibit and never shown before redaction.
    count : int
        How many records this warning stands for: 1, or the rest when there were too many.
    """

    line: int
    why: Message
    quoted: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistEntry:
    """One channel or film of a list, with everything that the list says of it.

    Parameters
    ----------
    url : str
        Exact, credentials and all: it stays in memory and in sealed exhibits.
    title : str or None
        As offered; ``None``: nameless.
    duration_s : float or None
        As claimed; ``None``: live or unsaid.
    attributes : tuple of (str, str)
        In the order of the list, known and unknown ones alike; names in lower case.
    headers : tuple of (str, str)
        HTTP headers that the list asks a player to send. Recorded, never sent.
    """

    url: str
    title: str | None
    duration_s: float | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    line: int = 0

    def attribute(self, name: str) -> str | None:
        """Return an attribute's value, if the list gives it."""
        return next((value for key, value in self.attributes if key == name), None)


def made_entries(
    *,
    urls: Iterable[str],
    titles: Iterable[str | None],
    durations: Iterable[float | None],
    attributes: Iterable[tuple[tuple[str, str], ...]],
    headers: Iterable[tuple[tuple[str, str], ...]],
    lines: Iterable[int],
) -> Iterator[PlaylistEntry]:
    """Yield entries, column by column, in half the time that ``PlaylistEntry(...)`` takes."""
    for url, title, duration_s, pairs, entry_headers, line in zip(
        urls, titles, durations, attributes, headers, lines, strict=True
    ):
        entry = _new(PlaylistEntry)
        _set_url(entry, url)
        _set_title(entry, title)
        _set_duration(entry, duration_s)
        _set_attributes(entry, pairs)
        _set_headers(entry, entry_headers)
        _set_line(entry, line)
        yield entry


_new = object.__new__
_set_url, _set_title, _set_duration, _set_attributes, _set_headers, _set_line = (
    PlaylistEntry.__dict__[name].__set__
    for name in ("url", "title", "duration_s", "attributes", "headers", "line")
)
