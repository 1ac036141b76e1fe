"""What the parser of HLS playlists leaves out: limits, variables, unknown tags, broken entries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from cautery.errors import LimitError, SourceError
from cautery.formats._tally import Tally
from cautery.formats._text import markup_of, text_of, what_is
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model.message import Message

_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,64})\s?=\s?("[^"]*"|[^,]*)')
_VARIABLE = re.compile(r"\{\$([A-Za-z0-9_-]{1,64})\}")
_SECONDS = re.compile(r"#EXTINF:\s*[+-]?\d{1,12}(?:\.\d*)?\s*(?:,|$)")
_KEY = re.compile(r"#EXT-X-KEY[^\r\n]*")
_TAG = re.compile(r"#EXT[^\n]*")
_LONG_NUMBER = re.compile(r'"[^"\n]*"|(\d{20})\d{20,}')
"""Beside what is quoted, which is an address more often than a number."""
_WHOLE = re.compile(r"\d{1,15}(?:\.\d*)?")
_UNDERSTOOD = frozenset(
    ("#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE",
     "#EXT-X-KEY", "#EXT-X-MAP", "#EXT-X-DISCONTINUITY", "#EXT-X-ENDLIST",
     "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-SESSION-KEY",
     "#EXT-X-PART")
)  # fmt: skip
_OF_VARIANTS = frozenset(("BANDWIDTH", "CODECS", "RESOLUTION", "AUDIO"))
_OF_RENDITIONS = frozenset(("TYPE", "GROUP-ID", "NAME", "LANGUAGE", "URI", "DEFAULT"))
_MOST_EXTRAS = 64
_MOST_VARIABLES = 100
_LONGEST_VARIABLE = 2_000
_MOST_REPLACED = 10_000_000
"""Characters: variables may be repeated, and each may be long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HlsLimits:
    """The most that one playlist may hold; more is refused."""

    max_bytes: int = 8_000_000
    segments: int = 20_000
    variants: int = 500
    keys: int = 5_000
    """Different ones: the parser looks each new one up among all of them."""
    lookups: int = 10_000_000
    """Different keys times segments: the parser looks each segment's up among all of them."""


@dataclass(slots=True)
class Entry:
    """A variant's or segment's URL, and what its tags say that the parser leaves out."""

    line: int
    url: str
    other: tuple[tuple[str, str], ...] = ()
    broken: bool = False


class HlsLines:
    """A playlist's lines, so mended that the parser takes them.

    ``text`` is what it is given, without blank lines, comments and addresses that no tag announces
    (they may be a million): variables (EXT-X-DEFINE) put in, and an entry whose duration or
    bandwidth is no number left as a place holder, for later segments are numbered by their place.
    ``segments``, ``variants`` and ``renditions`` stand in the parser's order; ``other`` are the
    tags that nobody understands.
    """

    def __init__(self, text: str, *, query: str = "") -> None:
        self.segments: list[Entry] = []
        self.variants: list[Entry] = []
        self.renditions: list[Entry] = []
        self.first_problem: Message | None = None
        self._query = parse_qs(query)
        self._variables: dict[str, str] = {}
        self._tally = Tally()
        self._warnings: list[ReadWarning] = []
        self._extras: list[tuple[str, str]] = []
        self._pending_attributes: tuple[tuple[str, str], ...] = ()
        self._expects_segment = self._expects_variant = False
        self._room = _MOST_REPLACED
        self._problem: tuple[Message, str] | None = None
        lines = (
            self._taken(bare, number)
            for number, line in enumerate(text.splitlines(), start=1)
            if (bare := line.strip())
        )
        self.text = "\n".join(line for line in lines if line)

    @property
    def other(self) -> tuple[tuple[str, str], ...]:
        """Tags that are not understood, in their order."""
        return tuple(self._extras)

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        """Entries that could not be read."""
        return (*self._warnings, *self._tally.rest())

    def warn(self, entry: Entry, why: Message) -> None:
        """Say that an entry could not be read."""
        self.warn_line(entry.line, why, entry.url)

    def warn_line(self, line: int, why: Message, said: str) -> None:
        """Say what is wrong in a line."""
        self.first_problem = self.first_problem or why
        self._warnings.extend(self._tally.add(line, why, said))

    def _taken(self, line: str, number: int) -> str:
        if self._variables and "{$" in line:
            line = _VARIABLE.sub(self._put, line)
        if not line.startswith("#"):
            return self._entry(line, number)
        if not line.startswith("#EXT"):
            return ""  # a comment
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-DEFINE":
            self._define(_attributes(value))
        elif tag == "#EXT-X-STREAM-INF":
            attributes = _attributes(value)
            self._pending_attributes, self._expects_variant = _left(attributes, _OF_VARIANTS), True
            if "BANDWIDTH" in attributes and not _WHOLE.fullmatch(attributes["BANDWIDTH"].strip()):
                self._problem = (message("unread.hls-bandwidth"), line)
                return "#EXT-X-STREAM-INF:BANDWIDTH=0"
        elif tag == "#EXT-X-MEDIA":
            attributes = _attributes(value)
            extras = _left(attributes, _OF_RENDITIONS)
            self.renditions.append(Entry(number, attributes.get("URI", ""), extras))
        elif tag in ("#EXTINF", "#EXT-X-BYTERANGE"):
            self._expects_segment = True
            if tag == "#EXTINF" and not _SECONDS.match(line):
                self._problem = (message("unread.hls-duration"), line)
                return "#EXTINF:0,"
        elif (
            line.startswith("#EXT") and tag not in _UNDERSTOOD and len(self._extras) < _MOST_EXTRAS
        ):
            self._extras.append((tag[1:], value[:300]))
        return line

    def _entry(self, line: str, number: int) -> str:
        entry = Entry(number, line, self._pending_attributes, broken=self._problem is not None)
        if self._expects_segment:
            self.segments.append(entry)
            self._expects_segment = False
        elif self._expects_variant:
            self.variants.append(entry)
            self._expects_variant = False
        else:
            line = ""  # nothing announced it
        if self._problem is not None:
            self.warn_line(number - 1, *self._problem)
        self._pending_attributes, self._problem = (), None
        return line

    def _define(self, attributes: dict[str, str]) -> None:
        name = attributes.get("NAME") or attributes.get("QUERYPARAM", "")
        value = (
            attributes.get("VALUE") or self._query.get(attributes.get("QUERYPARAM", ""), [""])[0]
        )
        if name and value and len(self._variables) < _MOST_VARIABLES:
            self._variables[name] = value[:_LONGEST_VARIABLE]

    def _put(self, match: re.Match[str]) -> str:
        value = self._variables.get(match[1], match[0])
        self._room -= len(value)
        return value if self._room > 0 else match[0]


def checked_text(data: bytes, limits: HlsLimits) -> str:
    """Return the text of a playlist.

    Raises
    ------
    SourceError
        If the bytes are not a playlist.
    LimitError
        If it holds more than the limits allow.
    """
    if (kind := what_is(data[:4096])) is not None:
        raise SourceError(f"not an HLS playlist: this is {kind}")
    text = text_of(data)
    if (markup := markup_of(text)) is not None:
        raise SourceError(f"not an HLS playlist: this is {markup}")
    if not text.lstrip().startswith("#EXTM3U"):
        raise SourceError("not an HLS playlist: it does not begin with #EXTM3U")
    if "\0" in text:
        raise SourceError("not an HLS playlist: NUL bytes in it")
    # Either tag makes the address behind it a segment.
    segments = max(text.count("#EXTINF"), text.count("#EXT-X-BYTERANGE"))
    if segments > limits.segments:
        raise LimitError(f"HLS playlist: more than {limits.segments} segments")
    if text.count("#EXT-X-STREAM-INF") + text.count("#EXT-X-MEDIA:") > limits.variants:
        raise LimitError(f"HLS playlist: more than {limits.variants} variants")
    if text.count("#EXT-X-KEY") + text.count("#EXT-X-MAP") > 2 * limits.segments:
        raise LimitError("HLS playlist: more keys than segments")
    keys = len(set(_KEY.findall(text)))
    if keys > limits.keys:
        raise LimitError(f"HLS playlist: more than {limits.keys} different keys")
    if keys * segments > limits.lookups:
        raise LimitError(f"HLS playlist: {keys} different keys for {segments} segments")
    if text.count("#EXT-X-PART:") + text.count("#EXT-X-DATERANGE") > 4 * limits.segments:
        raise LimitError("HLS playlist: too many parts")
    # Players pass over numbers without measure, in tags that they do not know; the parser does not.
    return _TAG.sub(
        lambda tag: _LONG_NUMBER.sub(lambda number: number[1] or number[0], tag[0]), text
    )


def _attributes(value: str) -> dict[str, str]:
    return {match[1]: match[2].strip('"') for match in _ATTRIBUTE.finditer(value)}


def _left(attributes: dict[str, str], understood: frozenset[str]) -> tuple[tuple[str, str], ...]:
    extras = [
        (name.lower(), value[:300]) for name, value in attributes.items() if name not in understood
    ]
    return tuple(extras[:_MOST_EXTRAS])
