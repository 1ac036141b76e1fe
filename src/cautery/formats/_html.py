"""A page's tags and texts in one pass, as a browser's tokenizer parts them.

No tree is built: to place a start tag, the HTML standard looks through all that is open, so a page
of nothing but ``<div>`` takes a parser time that grows with the square of its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from cautery.model.whole_text import unescaped

_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)"
    r"((?:[^>\"'=]++|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))?|[\"'])*+)>"
)
"""Each part takes all it can and gives nothing back, so a tag that never ends is read once."""
_ATTRIBUTE = re.compile(
    r"([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\s>]*+)))?"
)
_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG_START = re.compile(r"</?[a-zA-Z]")
_COMMENT_END = re.compile(r"--!?>")
_MOST_ATTRIBUTES = 200
_REFERENCE = re.compile(r"&(?:#\w{1,9};?|[A-Za-z][A-Za-z0-9]{1,31}(?:;|(?![=A-Za-z0-9])))")
"""In an attribute, ``&copy=`` is a parameter of a URL and no sign."""
_RAW_END = {
    name: re.compile(rf"(?i)</{name}(?=[\s/>])")
    for name in ("script", "style", "xmp", "iframe", "noembed", "noframes", "title", "textarea")
}
"""Elements with no tags in them, and where each ends."""
_UNSHOWN = frozenset(("script", "style", "title"))
_HIDDEN = frozenset(("noscript", "template", "svg"))
"""What is in them is no text of the page."""
_NO_DRAWING = frozenset(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"  # noqa: SIM905 - a table of words
    " listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul"
    " var".split()
)
"""Start tags that end a drawing which nobody closed (HTML standard, 13.2.6.5)."""
_IN_DRAWING = frozenset(("foreignobject", "desc", "title"))
"""Elements of a drawing that may hold HTML."""


class Tag(NamedTuple):
    """A start tag, or an end tag; ``rest`` are its attributes, unparsed."""

    name: str
    ends: bool
    rest: str

    def attributes(self) -> dict[str, str]:
        """Return its first 200 attributes; of two with one name the first."""
        attributes: dict[str, str] = {}
        for match in islice(_ATTRIBUTE.finditer(self.rest), _MOST_ATTRIBUTES):
            value = match[2] or match[3] or match[4] or ""
            attributes.setdefault(match[1].lower(), value)
        return {
            name: _REFERENCE.sub(_plain, value) if "&" in value else value
            for name, value in attributes.items()
        }


class Text(NamedTuple):
    """Text between tags; ``within``: the raw element that it is all of, such as ``title``."""

    text: str
    within: str
    shown: bool


def tokens(source: str) -> Iterator[Tag | Text]:
    """Yield the tags and the texts of a page in their order; comments part texts.

    What is in a ``template`` is no part of the page.

    Examples
    --------
    >>> [part.text for part in tokens("<p>1 &euro;<!-- month --> only") if isinstance(part, Text)]
    ['1 €', ' only']
    """
    at, end = 0, len(source)
    hidden = _Hidden()
    while at < end:
        begins = _MARKUP.search(source, at)
        mark = end if begins is None else begins.start()
        if mark > at:
            yield Text(_text(source[at:mark]), "", not hidden.name)
        if mark == end:
            return
        match = _TAG.match(source, mark)
        if match is None:
            after = _after_no_tag(source, mark)
            if after is None:
                return
            at = after
            continue
        at = match.end()
        tag = Tag(match[2].lower(), match[1] == "/", match[3])
        hidden.take(tag)
        if hidden.name != "template":
            yield tag
        if tag.ends or hidden.name == "svg" or tag.name not in _RAW_END:
            continue
        stop = _RAW_END[tag.name].search(source, at)
        until = end if stop is None else stop.start()
        if hidden.name != "template" and until > at:
            text = source[at:until]
            if tag.name in ("title", "textarea"):
                text = _text(text)
            yield Text(text, tag.name, not hidden.name and tag.name not in _UNSHOWN)
        at = until


class _Hidden:
    """The outermost open element with hidden content; ``name`` is empty if there is none."""

    def __init__(self) -> None:
        self.name = ""
        self._depth = 0  # how many of that name are open
        self._html = 0  # elements of a drawing that are open and may hold HTML

    def take(self, tag: Tag) -> None:
        """Take the next tag."""
        empty = tag.rest.endswith("/")  # only a drawing's elements end themselves
        if self.name == "svg":
            if tag.name in _IN_DRAWING:
                self._html += -1 if tag.ends else not empty
            elif self._html <= 0 and not tag.ends and tag.name in _NO_DRAWING:
                self.name = ""
        if not self.name:
            if tag.name in _HIDDEN and not tag.ends and not (tag.name == "svg" and empty):
                self.name, self._depth, self._html = tag.name, 1, 0
        elif tag.name == self.name and not (tag.name == "svg" and empty):
            self._depth += -1 if tag.ends else 1
            if self._depth == 0:
                self.name = ""


def _after_no_tag(source: str, at: int) -> int | None:
    """Return where reading goes on after markup that is no tag; ``None``: nowhere."""
    if source.startswith("<!--", at):
        if source.startswith((">", "->"), at + 4):
            return source.index(">", at + 4) + 1
        stop = _COMMENT_END.search(source, at + 4)
        return None if stop is None else stop.end()
    if _TAG_START.match(source, at):
        return None  # a tag that never ends
    close = source.find(">", at + 2)
    return None if close == -1 else close + 1


def _text(source: str) -> str:
    if "\0" in source:
        source = source.replace("\0", "")
    return unescaped(source) if "&" in source else source


def _plain(match: re.Match[str]) -> str:
    return unescaped(match[0])
