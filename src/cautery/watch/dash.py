"""DASH manifests: which representations there are, where their segments lie, and how locked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from cautery.errors import InputError, LimitError, SourceError
from cautery.watch._dates import moment_of
from cautery.watch._xml import Element, elements
from cautery.watch.hls import DRM_SYSTEMS

FORMAT = "MPEG-DASH media presentation description (MPD)"
SPECIFICATION = "ISO/IEC 23009-1:2022; system identifiers as registered at DASH-IF"
MEDIA_TYPES = ("application/dash+xml",)

_MOST_SEGMENTS = 20_000
"""Of one representation; a year of four-second segments is no playlist that any player reads."""
_MOST_REPRESENTATIONS = 2_000
_LONGEST_S = 10 * 366 * 86_400.0
_DURATION = re.compile(
    r"^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$"
)
_UNIT_S = (31_536_000, 2_592_000, 86_400, 3_600, 60, 1)
_TOKEN = re.compile(r"\$(?:(RepresentationID|Number|Bandwidth|Time)(?:%0(\d{1,2})d)?)?\$")
_KID = re.compile(r"^[0-9a-fA-F-]{32,36}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How a representation is locked: recorded, never used.

    Parameters
    ----------
    scheme : str
        The scheme's URI, in lower case.
    system : str
        Its name, ``cenc`` for common encryption, or ``unknown``.
    kid : str or None
        The default key's id, which is no key.
    """

    scheme: str
    system: str
    kid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashSegment:
    """One piece of media, by its place in the period."""

    url: str
    number: int
    starts_s: float
    duration_s: float
    byte_range: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """One quality of one track in one period; ``None``: the manifest does not say.

    Parameters
    ----------
    kind : str
        ``video``, ``audio``, ``text`` or what the manifest says.
    starts_s : float
        When its period begins.
    base : str
        What its URLs are relative to; the media themselves if there are no segments.
    endless : bool
        Segments are numbered on from ``first_number`` with the clock: there is no list of them.
    other : tuple of (str, str)
        Attributes that are not understood.
    """

    id: str
    period: str
    starts_s: float
    kind: str
    media_type: str | None
    codecs: tuple[str, ...]
    bandwidth: int | None
    width: int | None
    height: int | None
    language: str | None
    base: str
    initialization: str | None
    segments: tuple[DashSegment, ...]
    endless: bool
    first_number: int
    protections: tuple[Protection, ...]
    other: tuple[tuple[str, str], ...]

    @property
    def drm(self) -> tuple[str, ...]:
        """Names of the systems that lock it."""
        return tuple(sorted({one.system for one in self.protections}))


@dataclass(frozen=True, slots=True, kw_only=True)
class DashManifest:
    """A manifest as fetched."""

    url: str
    live: bool
    available_from: datetime | None
    duration_s: float | None
    representations: tuple[Representation, ...]


def read_dash(chunks: Iterable[bytes], *, base: str) -> DashManifest:
    r"""Read one manifest whole; ``xlink`` is not followed.

    Parameters
    ----------
    base : str
        Its own http(s) URL, after redirects.

    Raises
    ------
    SourceError
        If it is no manifest, or holds impossible values.
    LimitError
        If it lists more than any player reads.
    InputError
        If ``base`` is no http(s) URL.

    Examples
    --------
    >>> manifest = b'''<MPD><Period duration="PT4S"><AdaptationSet contentType="audio">
    ... <Representation id="a" bandwidth="1">
    ... <SegmentTemplate media="$RepresentationID$-$Number$.m4s" duration="2"/></Representation>
    ... </AdaptationSet></Period></MPD>'''
    >>> [one] = read_dash([manifest], base="http://e.example/live/x.mpd").representations
    >>> [segment.url for segment in one.segments]
    ['http://e.example/live/a-1.m4s', 'http://e.example/live/a-2.m4s']
    """
    if urlsplit(base).scheme not in ("http", "https"):
        raise InputError(f"base of a DASH manifest: {base[:80]!r} is no http URL")
    roots = list(elements(chunks, wanted="a DASH manifest", root="MPD", whole=True))
    if not roots:
        raise SourceError("not a DASH manifest: nothing in it")
    root = roots[0]
    here = _based(base, root)
    whole_s = _seconds(root.attributes.get("mediaPresentationDuration"))
    found: list[Representation] = []
    at, total = 0.0, 0
    periods = root.all("Period")
    for index, period in enumerate(periods):
        said = _seconds(period.attributes.get("start"))
        at = at if said is None else said
        lasts = _period_lasts(period, periods[index + 1 :], at=at, whole_s=whole_s)
        for one in _representations(period, here, at=at, lasts=lasts):
            found.append(one)
            total += len(one.segments)
            if len(found) > _MOST_REPRESENTATIONS or total > 10 * _MOST_SEGMENTS:
                raise LimitError("DASH manifest: more than any player reads")
        at += lasts or 0.0
    if not found:
        raise SourceError("DASH manifest: no representation in it")
    return DashManifest(
        url=base,
        live=root.attributes.get("type") == "dynamic",
        available_from=moment_of(root.attributes.get("availabilityStartTime", "")),
        duration_s=whole_s,
        representations=tuple(found),
    )


def _period_lasts(
    period: Element, later: list[Element], *, at: float, whole_s: float | None
) -> float | None:
    said = _seconds(period.attributes.get("duration"))
    if said is not None:
        return said
    next_at = _seconds(later[0].attributes.get("start")) if later else whole_s
    return next_at - at if next_at is not None and next_at > at else None


def _representations(
    period: Element, base: str, *, at: float, lasts: float | None
) -> Iterator[Representation]:
    base = _based(base, period)
    for group in period.all("AdaptationSet"):
        group_base = _based(base, group)
        for one in group.all("Representation"):
            said = group.attributes | one.attributes
            levels = (period, group, one)
            here = _based(group_base, one)
            filled = {
                "RepresentationID": said.get("id", ""),
                "Bandwidth": said.get("bandwidth", ""),
            }
            form = _Addressing(levels, here, filled)
            segments, endless = form.segments(lasts)
            kind = said.get("contentType") or (said.get("mimeType") or "").partition("/")[0]
            yield Representation(
                id=said.get("id", "")[:200] if "id" in one.attributes else "",
                period=period.attributes.get("id", "")[:200],
                starts_s=at,
                kind="text" if kind == "application" else kind[:40],
                media_type=said.get("mimeType"),
                codecs=tuple(each.strip() for each in said.get("codecs", "").split(",") if each),
                bandwidth=_number(said.get("bandwidth")),
                width=_number(said.get("width")),
                height=_number(said.get("height")),
                language=said.get("lang"),
                base=here,
                initialization=form.initialization(),
                segments=segments,
                endless=endless,
                first_number=form.first,
                protections=_protections(levels),
                other=tuple(
                    (name, value[:300]) for name, value in said.items() if name not in _KNOWN
                )[:64],
            )  # fmt: skip


_KNOWN = frozenset(
    ("id", "contentType", "mimeType", "codecs", "bandwidth", "width", "height", "lang")
)


class _Addressing:
    """How a representation's segments are addressed: what its levels say, the innermost first."""

    def __init__(self, levels: tuple[Element, ...], base: str, filled: dict[str, str]) -> None:
        self._base = base
        self._filled = filled
        self._said: dict[str, str] = {}
        self._inner: dict[str, Element] = {}
        for level in levels:
            for name in ("SegmentBase", "SegmentList", "SegmentTemplate"):
                if (found := level.first(name)) is not None:
                    self._said |= found.attributes
                    self._inner |= {one.name: one for one in found.children}
                    if name == "SegmentList":
                        self._inner["SegmentList"] = found
        self.scale = _number(self._said.get("timescale")) or 1
        self.first = 1 if (number := _number(self._said.get("startNumber"))) is None else number

    def initialization(self) -> str | None:
        inner = self._inner.get("Initialization")
        said = inner.attributes.get("sourceURL") if inner is not None else None
        said = said or self._said.get("initialization")
        return self._url(said) if said else None

    def segments(self, lasts: float | None) -> tuple[tuple[DashSegment, ...], bool]:
        """Return the segments, and whether they go on without end."""
        listed = self._inner.get("SegmentList")
        media = self._said.get("media")
        times = self._times(lasts)
        if listed is not None:
            return self._listed(listed, times), False
        if media is None:
            return (), False
        if times is None:
            return (), True
        offset = _number(self._said.get("presentationTimeOffset")) or 0
        found = tuple(
            DashSegment(
                url=self._url(media, number=self.first + index, time=start),
                number=self.first + index,
                starts_s=(start - offset) / self.scale,
                duration_s=length / self.scale,
            )
            for index, (start, length) in enumerate(times)
        )
        return found, False

    def _listed(
        self, listed: Element, times: list[tuple[int, int]] | None
    ) -> tuple[DashSegment, ...]:
        urls = listed.all("SegmentURL")
        if len(urls) > _MOST_SEGMENTS:
            raise LimitError(f"DASH manifest: more than {_MOST_SEGMENTS} segments")
        length = _number(self._said.get("duration")) or 0
        spans = times if times and len(times) == len(urls) else None
        return tuple(
            DashSegment(
                url=self._url(one.attributes.get("media", "")),
                number=self.first + index,
                starts_s=(spans[index][0] if spans else index * length) / self.scale,
                duration_s=(spans[index][1] if spans else length) / self.scale,
                byte_range=one.attributes.get("mediaRange"),
            )
            for index, one in enumerate(urls)
        )

    def _times(self, lasts: float | None) -> list[tuple[int, int]] | None:
        """Return (start, length) of each segment in units of the timescale; ``None``: unknown."""
        line = self._inner.get("SegmentTimeline")
        end = None if lasts is None else int(lasts * self.scale)
        if line is None:
            length = _number(self._said.get("duration"))
            if not length or end is None:
                return None
            count = -(-end // length)
            if count > _MOST_SEGMENTS:
                raise LimitError(f"DASH manifest: more than {_MOST_SEGMENTS} segments")
            return [(index * length, length) for index in range(count)]
        found: list[tuple[int, int]] = []
        at = 0
        spans = line.all("S")
        for index, one in enumerate(spans):
            said, length = _number(one.attributes.get("t")), _number(one.attributes.get("d"))
            if not length:
                raise SourceError("DASH manifest: a segment without a length")
            at = at if said is None else said
            again = _number(one.attributes.get("r"), least=-1) or 0
            if again < 0:
                until = (
                    _number(spans[index + 1].attributes.get("t")) if index + 1 < len(spans) else end
                )
                again = 0 if until is None else max(0, -(-(until - at) // length) - 1)
            if len(found) + again >= _MOST_SEGMENTS:
                raise LimitError(f"DASH manifest: more than {_MOST_SEGMENTS} segments")
            found.extend((at + step * length, length) for step in range(again + 1))
            at += (again + 1) * length
        return found

    def _url(self, said: str, *, number: int = 0, time: int = 0) -> str:
        values = self._filled | {"Number": str(number), "Time": str(time)}

        def put(found: re.Match[str]) -> str:
            name, width = found[1], int(found[2] or 0)
            return values[name].zfill(width) if name else "$"

        return _joined(self._base, _TOKEN.sub(put, said))


def _protections(levels: tuple[Element, ...]) -> tuple[Protection, ...]:
    found: dict[Protection, None] = {}
    for level in levels:
        for one in level.all("ContentProtection")[:64]:
            scheme = one.attributes.get("schemeIdUri", "").lower()[:200]
            kid = one.attributes.get("default_KID", "")
            system = DRM_SYSTEMS.get(scheme)
            if system is None:
                common = scheme == "urn:mpeg:dash:mp4protection:2011"
                system = one.attributes.get("value", "cenc")[:20] if common else "unknown"
            known = kid.lower() if _KID.match(kid) else None
            found[Protection(scheme=scheme, system=system, kid=known)] = None
    return tuple(found)


def _based(base: str, level: Element) -> str:
    """Resolve the first BaseURL of a level (the others are mirrors)."""
    said = level.first("BaseURL")
    return _joined(base, said.text) if said is not None and said.text else base


def _joined(base: str, said: str) -> str:
    try:
        joined = urljoin(base, said.strip())
        parts = urlsplit(joined)
    except ValueError:
        raise SourceError("DASH manifest: an address that is no URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"DASH manifest: {parts.scheme[:20] or 'no'} URL, want http or https")
    return joined


def _number(said: str | None, *, least: int = 0) -> int | None:
    if said is None or not re.fullmatch(r"-?\d{1,18}", said.strip()):
        return None
    number = int(said)
    if number < least:
        raise SourceError(f"DASH manifest: a number of {number}")
    return number


def _seconds(said: str | None) -> float | None:
    found = _DURATION.match(said.strip()) if said else None
    if found is None or not any(found.groups()):
        return None
    total = sum(float(part or 0) * unit for part, unit in zip(found.groups(), _UNIT_S, strict=True))
    return total if total <= _LONGEST_S else None
