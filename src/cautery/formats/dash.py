"""DASH manifests: the representations, the addresses of their segments, and their encryption."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, zip_longest
from urllib.parse import urlsplit

from cautery.errors import InputError, LimitError, SourceError
from cautery.formats._dash_addresses import MOST_SEGMENTS, Addressing, DashSegment, based, number_of
from cautery.formats._dates import moment_of
from cautery.formats._tally import Tally
from cautery.formats._values import MOST_LETTERS, ReadWarning
from cautery.formats._xml import Element, elements
from cautery.formats.hls import DRM_SYSTEMS
from cautery.messages import message, say
from cautery.model.message import Message

FORMAT = "MPEG-DASH media presentation description (MPD)"
SPECIFICATION = "ISO/IEC 23009-1:2022; system identifiers as registered at DASH-IF"
MEDIA_TYPES = ("application/dash+xml",)

_MOST_REPRESENTATIONS, _MOST_UNREAD = 2_000, 100
_MOST_OTHER, _MOST_LOCKS, _LONGEST = 64, 16, 200
_LONGEST_S = 10 * 366 * 86_400.0
_DURATION = re.compile(
    r"^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$"
)
# Of an ISO 8601 duration; a year counts 365 days here, and a month 30.
_UNIT_S = (31_536_000, 2_592_000, 86_400, 3_600, 60, 1)
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
    license_url : str or None
        Where players are sent for a licence: it tells whose protection it is.
    """

    scheme: str
    system: str
    kid: str | None
    license_url: str | None = None


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
    mirrors : tuple of str
        Its base on other servers.
    initialization_range : str or None
        Bytes of ``initialization``, or of the media where that is unsaid.
    other : tuple of (str, str)
        Attributes and elements that are not understood.
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
    mirrors: tuple[str, ...] = ()
    initialization_range: str | None = None

    def addresses(self) -> Iterator[str]:
        """Yield all addresses in it, each as often as it says it."""
        yield from (self.base, *self.mirrors, self.initialization or "")
        yield from (segment.url for segment in self.segments)
        yield from (protection.license_url or "" for protection in self.protections)

    @property
    def drm(self) -> tuple[str, ...]:
        """Names of the systems that lock it."""
        return tuple(sorted({protection.system for protection in self.protections}))


@dataclass(frozen=True, slots=True, kw_only=True)
class DashManifest:
    """A manifest as fetched."""

    url: str
    live: bool
    available_from: datetime | None
    duration_s: float | None
    representations: tuple[Representation, ...]
    warnings: tuple[ReadWarning, ...] = ()
    """Representations that could not be read."""


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
        raise InputError(f"base of a DASH manifest: {base[:80]!r} is not an http or https URL")
    roots = list(elements(chunks, expected_format="a DASH manifest", root="MPD", whole=True))
    if not roots:
        raise SourceError("not a DASH manifest: it is empty")
    root = roots[0]
    bases = based((base,), root)
    tally = Tally()
    warnings: list[ReadWarning] = []
    whole_s = _seconds(root.attributes.get("mediaPresentationDuration"))
    representations: list[Representation] = []
    at, total, letters = 0.0, 0, 0
    periods = root.all("Period")
    for period, following in zip_longest(periods, periods[1:]):
        start_s = _seconds(period.attributes.get("start"))
        at = at if start_s is None else start_s
        lasts = _period_lasts(period, following, at=at, whole_s=whole_s)
        for representation in _representations(period, bases, at=at, lasts=lasts):
            if isinstance(representation, _Unread):
                warnings.extend(
                    tally.add(representation.line, representation.why, representation.said)
                )
                continue
            representations.append(representation)
            total += len(representation.segments)
            letters += sum(map(len, representation.addresses()))
            if (
                len(representations) > _MOST_REPRESENTATIONS
                or total > 10 * MOST_SEGMENTS
                or letters > MOST_LETTERS
            ):
                raise LimitError("DASH manifest: it is larger than a player could read")
        at += lasts or 0.0
    warnings.extend(tally.rest())
    if not representations:
        why = say(warnings[0].why) if warnings else "DASH manifest: no representation in it"
        raise SourceError(why)
    return DashManifest(
        url=base,
        live=root.attributes.get("type") == "dynamic",
        available_from=moment_of(root.attributes.get("availabilityStartTime", "")),
        duration_s=whole_s,
        representations=tuple(representations),
        warnings=tuple(warnings),
    )


@dataclass(frozen=True, slots=True)
class _Unread:
    line: int
    why: Message
    said: str


def _period_lasts(
    period: Element, following: Element | None, *, at: float, whole_s: float | None
) -> float | None:
    duration_s = _seconds(period.attributes.get("duration"))
    if duration_s is not None:
        return duration_s
    next_at = whole_s if following is None else _seconds(following.attributes.get("start"))
    return next_at - at if next_at is not None and next_at > at else None


def _representations(
    period: Element, bases: tuple[str, ...], *, at: float, lasts: float | None
) -> Iterator[Representation | _Unread]:
    unread = 0
    for group in period.all("AdaptationSet"):
        beside = tuple(_not_understood(group))
        for element in group.all("Representation"):
            try:
                addresses = based(based(based(bases, period), group), element)
                yield _representation(
                    (period, group, element), addresses, beside, at=at, lasts=lasts
                )
            except LimitError:
                raise
            except SourceError as error:
                unread += 1
                if unread > _MOST_UNREAD:
                    raise LimitError("DASH manifest: too much of it cannot be read") from error
                attributes = " ".join(
                    f"{name}={value[:60]}" for name, value in element.attributes.items()
                )
                yield _Unread(
                    element.line, message("source-row.unread", detail=str(error)), attributes
                )


def _representation(
    levels: tuple[Element, Element, Element],
    bases: tuple[str, ...],
    beside: tuple[tuple[str, str], ...],
    *,
    at: float,
    lasts: float | None,
) -> Representation:
    period, group, element = levels
    attributes = group.attributes | element.attributes
    filled = {
        "RepresentationID": attributes.get("id", ""),
        "Bandwidth": attributes.get("bandwidth", ""),
    }
    form = Addressing(levels, bases[0], filled)
    segments, endless = form.segments(lasts)
    kind = attributes.get("contentType") or (attributes.get("mimeType") or "").partition("/")[0]
    extras = [(name, value) for name, value in attributes.items() if name not in _ATTRIBUTES]
    extras += [*beside, *_not_understood(element)]
    return Representation(
        id=attributes.get("id", "")[:200] if "id" in element.attributes else "",
        period=period.attributes.get("id", "")[:200],
        starts_s=at,
        kind="text" if kind == "application" else kind[:40],
        media_type=_short(attributes.get("mimeType")),
        codecs=tuple(
            codec.strip() for codec in attributes.get("codecs", "")[:_LONGEST].split(",") if codec
        ),
        bandwidth=number_of(attributes.get("bandwidth")),
        width=number_of(attributes.get("width")),
        height=number_of(attributes.get("height")),
        language=_short(attributes.get("lang")),
        base=bases[0],
        initialization=form.initialization(),
        segments=segments,
        endless=endless,
        first_number=form.first,
        protections=_protections(levels),
        other=tuple((name, value[:300]) for name, value in extras[:_MOST_OTHER]),
        mirrors=bases[1:],
        initialization_range=form.initialization_range(),
    )


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST]


def _not_understood(level: Element) -> Iterator[tuple[str, str]]:
    unknown_levels = (child for child in level.children if child.name not in _UNDERSTOOD)
    for child in islice(unknown_levels, _MOST_OTHER):
        yield child.name, child.text or " ".join(child.attributes.values())


_UNDERSTOOD = frozenset(
    ("BaseURL", "SegmentBase", "SegmentList", "SegmentTemplate", "ContentProtection",
     "Representation")
)  # fmt: skip
_ATTRIBUTES = frozenset(
    ("id", "contentType", "mimeType", "codecs", "bandwidth", "width", "height", "lang")
)


def _protections(levels: tuple[Element, ...]) -> tuple[Protection, ...]:
    protections: dict[Protection, None] = {}
    for level in levels:
        for element in level.all("ContentProtection")[:_MOST_LOCKS]:
            scheme = element.attributes.get("schemeIdUri", "").lower()[:200]
            kid = element.attributes.get("default_KID", "")
            system = DRM_SYSTEMS.get(scheme)
            if system is None:
                # Common encryption (ISO/IEC 23001-7): it names the scheme, not the system that
                # has the key.
                common = scheme == "urn:mpeg:dash:mp4protection:2011"
                system = element.attributes.get("value", "cenc")[:20] if common else "unknown"
            key_id = kid.lower() if _KID.match(kid) else None
            license_element = element.first("Laurl") or element.first("laurl")
            where = (
                (license_element.text or license_element.attributes.get("licenseUrl", ""))
                if license_element
                else ""
            )
            protections[
                Protection(
                    scheme=scheme, system=system, kid=key_id, license_url=where[:2000] or None
                )
            ] = None
    return tuple(protections)


def _seconds(text: str | None) -> float | None:
    match = _DURATION.match(text.strip()) if text else None
    if match is None or not any(match.groups()):
        return None
    total = sum(float(part or 0) * unit for part, unit in zip(match.groups(), _UNIT_S, strict=True))
    return total if total <= _LONGEST_S else None
