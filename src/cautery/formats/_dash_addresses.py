"""The addresses of a DASH representation's segments: templates, timelines, lists and servers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from cautery.errors import LimitError, SourceError
from cautery.formats._values import LONGEST_URL
from cautery.formats._xml import Element

MOST_SEGMENTS = 20_000
"""Of one representation; a year of four-second segments is no playlist that any player reads."""
_MOST_SERVERS = 16
_INNER = ("Initialization", "SegmentTimeline", "SegmentList")
_TOKEN = re.compile(r"\$(?:(RepresentationID|Number|Bandwidth|Time)(?:%0(\d{1,2})d)?)?\$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DashSegment:
    """One piece of media, by its place in the period."""

    url: str
    number: int
    starts_s: float
    duration_s: float
    byte_range: str | None = None


class Addressing:
    """How a representation's segments are addressed: what its levels say, the innermost first."""

    def __init__(self, levels: tuple[Element, ...], base: str, filled: dict[str, str]) -> None:
        self._base = base
        self._filled = filled
        self._attributes: dict[str, str] = {}
        self._inner: dict[str, Element] = {}
        for level in levels:
            for name in ("SegmentBase", "SegmentList", "SegmentTemplate"):
                if (element := level.first(name)) is not None:
                    self._attributes |= element.attributes
                    for inner in _INNER:
                        if children := element.all(inner):
                            self._inner[inner] = children[-1]
                    if name == "SegmentList":
                        self._inner["SegmentList"] = element
        self.scale = number_of(self._attributes.get("timescale")) or 1
        # The period begins at this moment of the media (ISO/IEC 23009-1, 5.3.9.2).
        self._offset = number_of(self._attributes.get("presentationTimeOffset")) or 0
        self.first = (
            1 if (number := number_of(self._attributes.get("startNumber"))) is None else number
        )

    def initialization(self) -> str | None:
        """Return the URL of what every segment needs, if it is told."""
        inner = self._inner.get("Initialization")
        source_url = inner.attributes.get("sourceURL") if inner is not None else None
        source_url = source_url or self._attributes.get("initialization")
        return self._url(source_url) if source_url else None

    def initialization_range(self) -> str | None:
        """Return the bytes of it."""
        inner = self._inner.get("Initialization")
        return inner.attributes.get("range") if inner is not None else None

    def segments(self, lasts: float | None) -> tuple[tuple[DashSegment, ...], bool]:
        """Return the segments, and whether they go on without end."""
        listed = self._inner.get("SegmentList")
        media = self._attributes.get("media")
        times = self._times(lasts)
        if listed is not None:
            return self._listed(listed, times), False
        if media is None:
            return (), False
        if times is None:
            return (), True
        segments = tuple(
            DashSegment(
                url=self._url(media, number=self.first + index, time=start),
                number=self.first + index,
                starts_s=(start - self._offset) / self.scale,
                duration_s=length / self.scale,
            )
            for index, (start, length) in enumerate(times)
        )
        return segments, False

    def _listed(
        self, listed: Element, times: list[tuple[int, int]] | None
    ) -> tuple[DashSegment, ...]:
        urls = listed.all("SegmentURL")
        if len(urls) > MOST_SEGMENTS:
            raise LimitError(f"DASH manifest: more than {MOST_SEGMENTS} segments")
        length = number_of(self._attributes.get("duration")) or 0
        spans = times if times and len(times) == len(urls) else None
        return tuple(
            DashSegment(
                url=self._url(url.attributes.get("media", "")),
                number=self.first + index,
                starts_s=((spans[index][0] - self._offset) if spans else index * length)
                / self.scale,
                duration_s=(spans[index][1] if spans else length) / self.scale,
                byte_range=url.attributes.get("mediaRange"),
            )
            for index, url in enumerate(urls)
        )

    def _times(self, lasts: float | None) -> list[tuple[int, int]] | None:
        """Return (start, length) of each segment in units of the timescale; ``None``: unknown."""
        line = self._inner.get("SegmentTimeline")
        span = None if lasts is None else int(lasts * self.scale)
        if line is None:
            length = number_of(self._attributes.get("duration"))
            if not length or span is None:
                return None
            count = -(-span // length)
            if count > MOST_SEGMENTS:
                raise LimitError(f"DASH manifest: more than {MOST_SEGMENTS} segments")
            return [(self._offset + index * length, length) for index in range(count)]
        end = None if span is None else self._offset + span
        times: list[tuple[int, int]] = []
        at = 0
        spans = line.all("S")
        for index, element in enumerate(spans):
            start, length = (
                number_of(element.attributes.get("t")),
                number_of(element.attributes.get("d")),
            )
            if not length:
                raise SourceError("DASH manifest: a segment without a length")
            at = at if start is None else start
            repeats = number_of(element.attributes.get("r"), least=-1) or 0
            if repeats < 0:
                until = (
                    number_of(spans[index + 1].attributes.get("t"))
                    if index + 1 < len(spans)
                    else end
                )
                repeats = 0 if until is None else max(0, -(-(until - at) // length) - 1)
            if len(times) + repeats >= MOST_SEGMENTS:
                raise LimitError(f"DASH manifest: more than {MOST_SEGMENTS} segments")
            times.extend((at + step * length, length) for step in range(repeats + 1))
            at += (repeats + 1) * length
        return times

    def _url(self, template: str, *, number: int = 0, time: int = 0) -> str:
        values = self._filled | {"Number": str(number), "Time": str(time)}

        def fill(match: re.Match[str]) -> str:
            name, width = match[1], int(match[2] or 0)
            return values[name].zfill(width) if name else "$"

        return joined(self._base, _TOKEN.sub(fill, template))


def based(bases: tuple[str, ...], level: Element) -> tuple[str, ...]:
    """Resolve a level's BaseURLs, each of which is one server of several."""
    addresses = [element.text for element in level.all("BaseURL")[:_MOST_SERVERS] if element.text]
    if not addresses:
        return bases
    urls = dict.fromkeys(joined(base, address) for base in bases for address in addresses)
    return tuple(urls)[:_MOST_SERVERS]


def joined(base: str, said: str) -> str:
    """Return an absolute http(s) URL.

    Raises
    ------
    SourceError
        If it is not such a URL.
    """
    try:
        url = urljoin(base, said.strip()[: LONGEST_URL + 1])
        parts = urlsplit(url)
    except ValueError:
        raise SourceError("DASH manifest: an address that is not a valid URL") from None
    if len(url) > LONGEST_URL:
        raise SourceError(f"DASH manifest: an address of more than {LONGEST_URL:,} letters")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(
            f"DASH manifest: expected an http or https URL, got {parts.scheme[:20] or 'no scheme'}"
        )
    return url


def number_of(said: str | None, *, least: int = 0) -> int | None:
    """Return a whole number; ``None``: there is none.

    Raises
    ------
    SourceError
        If it is less than it can be.
    """
    if said is None or not re.fullmatch(r"-?\d{1,18}", said.strip()):
        return None
    number = int(said)
    if number < least:
        raise SourceError(f"DASH manifest: the number {number} is out of range")
    return number
