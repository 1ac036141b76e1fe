"""What the answers of a source say, as it may be recorded: no title or address with a person in it.

To screen a text costs far more than to read it, and strangers choose the texts. So it is done in
the process that reads (:mod:`cautery.workflows.watch.sources.jobs`), within its budget. That
process has no key: its texts hold stand-ins, which are settled where the key is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from cautery.formats import Page, PlaylistEntry, ReadWarning, redacted_text
from cautery.model import Pseudonyms, RedactedUrl
from cautery.workflows.watch.sources.guide_source import Guide, Showing
from cautery.workflows.watch.sources.understanding import Understood

MOST_TITLE = 500
"""Letters of a title, a group or a name that are kept."""
LONGEST_GUIDE = 200
"""Letters of the id of a guide."""


class ListedStream(NamedTuple):
    """One stream that a source lists.

    Parameters
    ----------
    url : str
        Exact, to be played: it stays in memory.
    place : str
        The URL, redacted.
    title, group, guide : str or None
        As offered, screened; the id of its guide last.
    line : int
        Of the list, counted from 1; 0: of no line.
    """

    url: str
    place: str
    title: str | None = None
    group: str | None = None
    guide: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What the answers of a source say, as it may be recorded; a page as it stands."""

    streams: tuple[ListedStream, ...] = ()
    warnings: tuple[ReadWarning, ...] = ()
    page: Page | None = None
    guide: Guide | None = None
    https_port: int | None = None


def stream_at(url: str, pseudonyms: Pseudonyms) -> ListedStream:
    """Return the stream of a URL that a mandate names: it has no title.

    Raises
    ------
    InputError
        If it is no URL.
    """
    return ListedStream(url, RedactedUrl.of(url, pseudonyms).text)


def screened(says: Understood, pseudonyms: Pseudonyms) -> Screened:
    """Return what answers say with every secret and person in it replaced.

    Raises
    ------
    InputError
        If an address is no URL.
    """
    text = _Text(pseudonyms)
    return Screened(
        streams=tuple(_stream(entry, text, pseudonyms) for entry in says.entries),
        warnings=tuple(
            replace(warning, quoted=text.screened(warning.quoted)) for warning in says.warnings
        ),
        page=says.page,
        guide=None if says.guide is None else _guide(says.guide, text.shortened),
        https_port=says.https_port,
    )


class _Text:
    """Screens texts, each once: many streams have one group, many showings one title."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._screened: dict[str, str] = {}

    def screened(self, words: str) -> str:
        cached = self._screened.get(words)
        if cached is None:
            cached = self._screened[words] = redacted_text(words, self._pseudonyms)
        return cached

    def shortened(self, words: str) -> str:
        return self.screened(words[:MOST_TITLE])


def _stream(entry: PlaylistEntry, text: _Text, pseudonyms: Pseudonyms) -> ListedStream:
    group, guide = entry.attribute("group-title"), (entry.attribute("tvg-id") or "").strip()
    return ListedStream(
        url=entry.url,
        place=RedactedUrl.of(entry.url, pseudonyms).text,
        # Two streams seldom have one title: nothing is remembered of it.
        title=redacted_text(entry.title[:MOST_TITLE], pseudonyms) if entry.title else entry.title,
        group=text.shortened(group) if group else group,
        guide=text.screened(guide[:LONGEST_GUIDE]) if guide else None,
        line=entry.line,
    )


def _guide(guide: Guide, text: Callable[[str], str]) -> Guide:
    return Guide(
        tuple((text(name), label and text(label)) for name, label in guide.channels),
        tuple(
            Showing(text(showing.channel), text(showing.title), showing.starts_at, showing.ends_at)
            for showing in guide.showings
        ),
    )
