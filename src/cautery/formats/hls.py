"""HLS playlists: which variants there are, which segments, since when, and how locked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from cautery.errors import InputError, LimitError, SourceError
from cautery.formats._hls_lines import HlsLimits, HlsLines, checked_text
from cautery.formats._text import whole
from cautery.formats._values import LONGEST_URL, MOST_LETTERS, ReadWarning
from cautery.messages import message, say

FORMAT = "HTTP Live Streaming playlist"
SPECIFICATION = "RFC 8216; draft-pantos-hls-rfc8216bis for later tags"
MEDIA_TYPES = ("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl")

DRM_SYSTEMS = {
    "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed": "Widevine",
    "urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95": "PlayReady",
    "com.microsoft.playready": "PlayReady",
    "com.widevine": "Widevine",
    "com.apple.streamingkeydelivery": "FairPlay",
    "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e": "ClearKey",
    "org.w3.clearkey": "ClearKey",
    "urn:uuid:94ce86fb-07ff-4f43-adb8-93d2fa968ca2": "FairPlay",
    "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b": "W3C common PSSH",
    "urn:uuid:5e629af5-38da-4063-8977-97ffbd9902d4": "Marlin",
    "urn:uuid:f239e769-efa3-4850-9c16-a903c6932efb": "Adobe Primetime",
    "urn:uuid:9a27dd82-fde2-4725-8cbc-4234aa06ec09": "Verimatrix",
    "urn:uuid:adb41c24-2dbf-4a6d-958b-4457c0d27b95": "Nagra",
}
"""KEYFORMAT to system; identifiers as registered at DASH-IF (dashif.org/identifiers)."""

_SOUND = ("mp4a", "ac-3", "ec-3", "ac-4", "opus", "vorbis", "flac", "mp3", "dts", "alac")
_PICTURES = ("avc", "hvc", "hev", "vp0", "vp8", "vp9", "av01", "dvh", "mp4v", "theora", "vvc")
LONGEST_SEGMENT_S = 3600.0
_MOST_SEQUENCE = 2**63
_LARGEST_KEY_IV = 2**128
"""An initialisation vector has 128 bits (RFC 8216, 4.3.2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """An alternative sound track or subtitle (EXT-X-MEDIA)."""

    kind: str
    group: str
    name: str
    language: str | None
    url: str | None
    default: bool
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One quality of a stream (EXT-X-STREAM-INF); ``None``: the playlist does not say."""

    url: str
    bandwidth: int
    codecs: tuple[str, ...]
    width: int | None
    height: int | None
    audio_group: str | None
    other: tuple[tuple[str, str], ...] = ()
    """Attributes that are not understood."""

    @property
    def has_pictures(self) -> bool:
        """Whether there are pictures, as far as the playlist says: unsaid counts as yes."""
        return self.height is not None or not self.codecs or _any(self.codecs, _PICTURES)

    @property
    def has_sound(self) -> bool:
        """Whether there is sound: unsaid counts as yes."""
        return self.audio_group is not None or not self.codecs or _any(self.codecs, _SOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """How a segment is locked (EXT-X-KEY).

    ``drm`` names the system where the key is not served in clear to any player; such segments are
    recorded as locked and never unlocked.
    """

    method: str
    url: str | None
    iv: bytes | None
    key_format: str
    drm: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of media. ``iv`` of its key, if unsaid, is the sequence number (RFC 8216 5.2)."""

    url: str
    sequence: int
    duration_s: float
    discontinuity: bool = False
    key: Key | None = None
    map_url: str | None = None
    byte_range: str | None = None
    map_byte_range: str | None = None
    starts_at: datetime | None = None
    """EXT-X-PROGRAM-DATE-TIME in UTC, carried forward; the encoder's claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterPlaylist:
    """A choice of variants.

    ``other`` are the tags that are not understood, ``warnings`` the entries that could not be read.
    """

    url: str
    variants: tuple[Variant, ...]
    renditions: tuple[Rendition, ...]
    drm: tuple[str, ...] = ()
    other: tuple[tuple[str, str], ...] = ()
    warnings: tuple[ReadWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlaylist:
    """The segments of one variant, oldest first; ``other`` and ``warnings`` as in a master."""

    url: str
    target_s: float | None
    sequence: int
    segments: tuple[Segment, ...]
    ended: bool
    drm: tuple[str, ...] = ()
    other: tuple[tuple[str, str], ...] = ()
    warnings: tuple[ReadWarning, ...] = ()

    @property
    def live(self) -> bool:
        """Whether more segments are to come."""
        return not self.ended

    @property
    def duration_s(self) -> float:
        """Seconds of all segments."""
        return math.fsum(segment.duration_s for segment in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The variant to probe, and its sound track if the sound is separate."""

    variant: Variant
    sound: Rendition | None


def read_hls(
    chunks: Iterable[bytes], *, base: str, limits: HlsLimits | None = None
) -> MasterPlaylist | MediaPlaylist:
    r"""Read one playlist whole.

    Parameters
    ----------
    chunks : iterable of bytes
        The playlist, cut anywhere.
    base : str
        Its own http(s) URL, after redirects.

    Raises
    ------
    SourceError
        If it is no HLS playlist, or holds impossible values.
    LimitError
        If it is larger than the limits allow.
    InputError
        If ``base`` is no http(s) URL.

    Examples
    --------
    >>> found = read_hls([b"#EXTM3U\n#EXTINF:4,\na.ts\n"], base="http://e.example/live/x.m3u8")
    >>> found.segments[0].url
    'http://e.example/live/a.ts'
    """
    limits = limits or HlsLimits()
    if urlsplit(base).scheme not in ("http", "https"):
        raise InputError(f"base of an HLS playlist: {base[:80]!r} is not an http or https URL")
    data = whole(chunks, most_bytes=limits.max_bytes, expected_format="HLS playlist")
    lines = HlsLines(checked_text(data, limits), query=urlsplit(base).query)
    import m3u8  # noqa: PLC0415 - heavy: only probes need it

    try:
        playlist = m3u8.loads(lines.text)
        if playlist.is_variant:
            return _master(playlist, base, lines)
        return _media(playlist, base, lines)
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
        # The error is not quoted: it may hold a line of the playlist, and so a password.
        raise SourceError(f"HLS playlist: malformed ({type(error).__name__})") from None
    except m3u8.ParseError as error:
        raise SourceError(f"HLS playlist: malformed in line {error.lineno}") from None


def choose_variant(master: MasterPlaylist, *, pictures: bool = True) -> Choice:
    """Choose the lowest variant that has sound, and pictures if asked and any has them.

    Raises
    ------
    SourceError
        If no variant has sound.
    """
    audible = [variant for variant in master.variants if variant.has_sound]
    if not audible:
        raise SourceError("HLS playlist: no variant with sound")
    visible = [variant for variant in audible if variant.has_pictures] if pictures else []
    # Below about 100 kbit/s sound and pictures are too poor to compare: take the next one up.
    fair = [
        variant
        for variant in visible or audible
        if variant.bandwidth >= 100_000 or variant.bandwidth == 0
    ]
    variant = min(fair or visible or audible, key=lambda variant: (variant.bandwidth, variant.url))
    tracks = [
        rendition
        for rendition in master.renditions
        if rendition.kind == "AUDIO"
        and rendition.group == variant.audio_group
        and rendition.url is not None
    ]
    tracks.sort(key=lambda track: not track.default)
    return Choice(variant=variant, sound=tracks[0] if tracks else None)


def _master(parsed: Any, base: str, lines: HlsLines) -> MasterPlaylist:
    variants = []
    for playlist, entry in zip(parsed.playlists, lines.variants, strict=True):
        if entry.broken:
            continue
        info = playlist.stream_info
        width, height = info.resolution or (None, None)
        codecs = tuple(part.strip().lower() for part in (info.codecs or "").split(",") if part)
        try:
            variant = Variant(
                url=_absolute(base, playlist.uri),
                bandwidth=_bounded("BANDWIDTH", info.bandwidth or 0, 10**12),
                codecs=codecs,
                width=width,
                height=height,
                audio_group=_plain(info.audio),
                other=entry.other,
            )
        except SourceError as error:
            lines.warn(entry, message("source-row.unread", detail=str(error)))
            continue
        variants.append(variant)
    if not variants:
        raise SourceError(_problem(lines) or "HLS playlist: a master without variants")
    renditions = []
    for media, entry in zip(parsed.media, lines.renditions, strict=True):
        try:
            url = _absolute(base, media.uri) if media.uri else None
        except SourceError as error:
            lines.warn(entry, message("source-row.unread", detail=str(error)))
            continue
        renditions.append(
            Rendition(
                kind=str(media.type or ""),
                group=str(media.group_id or ""),
                name=str(media.name or ""),
                language=_plain(media.language),
                url=url,
                default=media.default == "YES",
                other=entry.other,
            )
        )
    keys = [_key(base, key) for key in parsed.session_keys if key is not None]
    return MasterPlaylist(
        url=base,
        variants=tuple(variants),
        renditions=tuple(renditions),
        drm=_locks(keys),
        other=lines.other,
        warnings=lines.warnings,
    )


def _problem(lines: HlsLines) -> str:
    return "" if lines.first_problem is None else say(lines.first_problem)


def _media(parsed: Any, base: str, lines: HlsLines) -> MediaPlaylist:
    first = _bounded("MEDIA-SEQUENCE", parsed.media_sequence or 0, _MOST_SEQUENCE)
    # The parser gives segments one key object until the next EXT-X-KEY.
    keys: dict[int, Key] = {}
    segments, letters = [], 0
    # A partial segment at the end (EXT-X-PART) has no entry.
    for index, (segment, entry) in enumerate(zip(parsed.segments, lines.segments, strict=False)):
        if segment.uri is None or entry.broken:
            continue
        key = None
        if segment.key is not None and segment.key.method and segment.key.method != "NONE":
            key = keys.setdefault(id(segment.key), _key(base, segment.key))
        try:
            segments.append(_segment(segment, base, sequence=first + index, key=key))
        except SourceError as error:
            lines.warn(entry, message("source-row.unread", detail=str(error)))
            continue
        letters += len(segments[-1].url) + len(segments[-1].map_url or "")
        letters += len(key.url or "") if key is not None else 0
        if letters > MOST_LETTERS:
            raise LimitError("HLS playlist: it is larger than a player could read")
    if not segments and (problem := _problem(lines)):
        raise SourceError(problem)
    target = parsed.target_duration
    if target is not None and not 0 <= target <= LONGEST_SEGMENT_S:
        raise SourceError(f"HLS playlist: a target duration of {target} seconds is not valid")
    locks = [_key(base, key) for key in parsed.keys if key is not None and key.method != "NONE"]
    return MediaPlaylist(
        url=base,
        target_s=None if target is None else float(target),
        sequence=first,
        segments=tuple(segments),
        ended=bool(parsed.is_endlist),
        drm=_locks(locks),
        other=lines.other,
        warnings=lines.warnings,
    )


def _segment(segment: Any, base: str, *, sequence: int, key: Key | None) -> Segment:
    duration = segment.duration
    if duration is None or not 0 <= duration <= LONGEST_SEGMENT_S:
        raise SourceError(f"HLS playlist: a segment of {duration} seconds is not valid")
    start = segment.current_program_date_time
    return Segment(
        url=_absolute(base, segment.uri),
        sequence=sequence,
        duration_s=float(duration),
        discontinuity=bool(segment.discontinuity),
        key=key,
        map_url=_absolute(base, segment.init_section.uri) if segment.init_section else None,
        byte_range=_plain(segment.byterange),
        map_byte_range=_plain(segment.init_section.byterange) if segment.init_section else None,
        starts_at=start.astimezone(UTC) if start is not None and start.tzinfo else None,
    )


def _key(base: str, key: Any) -> Key:
    method = str(key.method or "").upper()
    key_format = str(key.keyformat or "identity").strip('"')
    # Any format but ``identity`` is taken for DRM: a lock that nobody here knows is not opened.
    system = DRM_SYSTEMS.get(key_format.lower())
    if system is None and key_format.lower() != "identity":
        system = f"unknown ({key_format[:60]})"
    if system is None and method.startswith("SAMPLE-AES"):
        system = method
    iv = None
    if key.iv:
        number = int(str(key.iv), 16)
        if not 0 <= number < _LARGEST_KEY_IV:
            raise SourceError("HLS playlist: an initialisation vector of more than 128 bits")
        iv = number.to_bytes(16, "big")
    url = str(key.uri) if key.uri else None
    if url is not None and system is None:
        url = _absolute(base, url)
    return Key(method=method, url=url, iv=iv, key_format=key_format, drm=system)


def _locks(keys: Iterable[Key]) -> tuple[str, ...]:
    return tuple(sorted({key.drm for key in keys if key.drm is not None}))


def _absolute(base: str, url: str | None) -> str:
    if not url:
        raise SourceError("HLS playlist: an entry without a URL")
    try:
        joined = urljoin(base, url[: LONGEST_URL + 1])
        parts = urlsplit(joined)
    except ValueError:
        raise SourceError("HLS playlist: an entry that is not a valid URL") from None
    if len(joined) > LONGEST_URL:
        raise SourceError(f"HLS playlist: an address of more than {LONGEST_URL:,} letters")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(
            f"HLS playlist: expected an http or https URL, got {parts.scheme[:20] or 'no scheme'}"
        )
    return joined


def _bounded(name: str, value: int, limit: int) -> int:
    if not 0 <= value < limit:
        raise SourceError(f"HLS playlist: {name} of {value} is out of range"[:200])
    return int(value)


def _plain(value: object) -> str | None:
    return str(value).strip('"') if value else None


def _any(codecs: Iterable[str], families: tuple[str, ...]) -> bool:
    return any(codec.startswith(families) for codec in codecs)
