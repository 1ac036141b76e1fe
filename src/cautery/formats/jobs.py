"""What a process that reads is asked for: answers of servers, in and packed values out.

Each job has two halves: what the process does with the bytes, by its name in :data:`JOBS`, and what
asks for it and unpacks. Neither keeps anything; both must know the same form.
"""

from __future__ import annotations

import asyncio
import contextlib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from cautery.errors import CauteryError, InputError, SourceError
from cautery.formats.hls import (
    LONGEST_SEGMENT_S,
    MasterPlaylist,
    MediaPlaylist,
    Segment,
    read_hls,
)
from cautery.formats.ical import read_ical
from cautery.formats.packing import Packer, Unpacker
from cautery.formats.rdap import read_bootstrap, read_registration
from cautery.formats.stalker import PortalLink, read_pages, read_stalker, read_token
from cautery.formats.tls import read_certificate
from cautery.model import CertificateFacts, Registration, from_json, to_json
from cautery.model.ports import Readers

T = TypeVar("T")

_NEVER = datetime.min.replace(tzinfo=UTC)
_HLS, _CALENDAR, _TOKEN, _PAGES, _LINK = "hls", "calendar", "token", "pages", "link"
_REGISTRATION, _BOOTSTRAP, _CERTIFICATE = "registration", "bootstrap", "certificate"
_MOST_SEQUENCE = 2**64
"""The first sequence number of a playlist is 2**63 at most; those of its segments follow it."""
_LONG = 1 << 15
"""Bytes of a playlist: some 300 segments, which take about as many times 10 us."""
_VECTOR_BYTES = 16
"""A block of AES (FIPS 197)."""


async def playlist_in(
    body: bytes, *, base: str, readers: Readers
) -> MasterPlaylist | MediaPlaylist:
    """Read an HLS playlist as :func:`cautery.formats.read_hls` does, in another process.

    Raises
    ------
    SourceError
        As it says.
    """
    packed = Unpacker(await readers.read(_HLS, {"base": base}, body))

    def unpacked() -> MasterPlaylist | MediaPlaylist:
        fields, vectors = packed.json(), packed.json()
        if "variants" in fields:
            return from_json(MasterPlaylist, fields)
        playlist = _bounded(from_json(MediaPlaylist, fields))
        # A sequence of bytes has no form of its own in JSON: those of keys stand beside.
        return replace(
            playlist,
            segments=tuple(
                _with_vector(segment, vector)
                for segment, vector in zip(playlist.segments, vectors, strict=True)
            ),
        )

    # A playlist of 2 MB has thousands of segments: they are made beside the loop.
    return await asyncio.to_thread(sound, unpacked) if len(body) > _LONG else sound(unpacked)


async def calendar_is_read(body: bytes, *, readers: Readers) -> None:
    """Read a calendar to its end in another process: here it will then come to an end, too.

    Raises
    ------
    SourceError
        If it is not a calendar, or takes longer than a calendar may.
    """
    await readers.read(_CALENDAR, {}, body)


async def token_in(body: bytes, *, readers: Readers) -> str:
    """Read the token that a portal's handshake gives.

    Raises
    ------
    SourceError
        If it gives none.
    """
    packed = Unpacker(await readers.read(_TOKEN, {}, body))
    return sound(lambda: str(packed.json()))


async def pages_in(body: bytes, *, readers: Readers) -> int:
    """Read how many pages a portal's list has.

    Raises
    ------
    SourceError
        If it is no portal's answer.
    """
    packed = Unpacker(await readers.read(_PAGES, {}, body))
    return sound(lambda: int(packed.json()))


async def link_in(body: bytes, *, readers: Readers) -> str | None:
    """Read the link that a portal makes for one playing.

    Raises
    ------
    SourceError
        If the portal refuses.
    """
    packed = Unpacker(await readers.read(_LINK, {}, body))

    def unpacked() -> str | None:
        link = packed.json()
        return None if link is None else str(link)

    return sound(unpacked)


async def registration_in(
    body: bytes, *, redact: Callable[[str], str], seen_at: datetime, readers: Readers
) -> Registration:
    """Read an RDAP answer as :func:`cautery.formats.read_registration` does, in another process.

    The contact comes back in clear, for that process has no key, and is redacted here.

    Raises
    ------
    SourceError
        If it is not an RDAP answer.
    """
    packed = Unpacker(await readers.read(_REGISTRATION, {}, body))
    registration = sound(lambda: from_json(Registration, packed.json()))
    registrant = None if registration.registrant is None else redact(registration.registrant)
    return replace(registration, registrant=registrant, seen_at=seen_at)


async def services_in(body: bytes, *, readers: Readers) -> dict[str, str]:
    """Read IANA's list of RDAP services.

    Raises
    ------
    SourceError
        If it is not such a list.
    """
    packed = Unpacker(await readers.read(_BOOTSTRAP, {}, body))
    return sound(lambda: {str(zone): str(url) for zone, url in packed.json().items()})


async def certificate_in(
    der: bytes, *, host: str, address: str, seen_at: datetime, readers: Readers
) -> CertificateFacts:
    """Read a certificate as :func:`cautery.formats.read_certificate` does, in another process.

    Raises
    ------
    SourceError
        If it is not a certificate.
    """
    arguments = {"host": host, "address": address}
    packed = Unpacker(await readers.read(_CERTIFICATE, arguments, der))
    facts = sound(lambda: from_json(CertificateFacts, packed.json()))
    return replace(facts, host=host, address=address, seen_at=seen_at)


def sound(unpacked: Callable[[], T]) -> T:
    """Return what a process packed.

    Raises
    ------
    SourceError
        If it makes no sense: the process was not itself any more.
    """
    try:
        return unpacked()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, InputError) as error:
        raise SourceError("the answer of the reading process is not valid") from error


def _bounded(playlist: MediaPlaylist) -> MediaPlaylist:
    """Return a playlist if its numbers are what :func:`cautery.formats.read_hls` lets pass."""
    numbers = [playlist.sequence, *(segment.sequence for segment in playlist.segments)]
    spans = [playlist.target_s or 0.0, *(segment.duration_s for segment in playlist.segments)]
    if not all(0 <= number <= _MOST_SEQUENCE for number in numbers):
        raise ValueError("a sequence number that is not valid")
    if not all(0 <= span <= LONGEST_SEGMENT_S for span in spans):
        raise ValueError("a length that is not valid")
    return playlist


def _with_vector(segment: Segment, vector: str | None) -> Segment:
    if segment.key is None or vector is None:
        return segment
    iv = bytes.fromhex(vector)
    if len(iv) != _VECTOR_BYTES:
        raise ValueError("an initialisation vector that is not valid")
    return replace(segment, key=replace(segment.key, iv=iv))


def _hls(arguments: Any, data: bytes) -> bytes:
    playlist = read_hls([data], base=arguments["base"])
    packer = Packer()
    vectors: list[str | None] = []
    if isinstance(playlist, MediaPlaylist):
        keys = [segment.key for segment in playlist.segments]
        vectors = [key.iv.hex() if key is not None and key.iv is not None else None for key in keys]
    packer.json(_without_vectors(to_json(playlist)))
    packer.json(vectors)
    return packer.packed()


def _without_vectors(playlist: dict[str, Any]) -> dict[str, Any]:
    for segment in playlist.get("segments", ()):
        if segment["key"] is not None:
            segment["key"]["iv"] = None
    return playlist


def _packed(value: Any) -> bytes:
    packer = Packer()
    packer.json(value)
    return packer.packed()


def _calendar(_: Any, data: bytes) -> bytes:
    return _packed(sum(1 for _ in read_ical([data])))


def _token(_: Any, data: bytes) -> bytes:
    return _packed(read_token([data]))


def _pages(_: Any, data: bytes) -> bytes:
    return _packed(read_pages([data]))


def _link(_: Any, data: bytes) -> bytes:
    links = (link.url for link in read_stalker([data]) if isinstance(link, PortalLink))
    return _packed(next(links, None))


def _registration(_: Any, data: bytes) -> bytes:
    return _packed(to_json(read_registration([data], redact=str, seen_at=_NEVER)))


def _bootstrap(_: Any, data: bytes) -> bytes:
    return _packed(read_bootstrap([data]))


def _certificate(arguments: Any, data: bytes) -> bytes:
    facts = read_certificate(
        data, host=arguments["host"], address=arguments["address"], seen_at=_NEVER
    )
    return _packed(to_json(facts))


JOBS: Mapping[str, Callable[[Any, bytes], bytes]] = {
    _HLS: _hls,
    _CALENDAR: _calendar,
    _TOKEN: _token,
    _PAGES: _pages,
    _LINK: _link,
    _REGISTRATION: _registration,
    _BOOTSTRAP: _bootstrap,
    _CERTIFICATE: _certificate,
}

_LISTED = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n"
_EVENT = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:A v B\r\n"
    b"DTSTART;TZID=Europe/Rome:20261125T204500\r\n"
    b"RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_ZONES: list[zoneinfo.ZoneInfo] = []


def warm() -> None:
    """Load what these jobs would load late; a process that is closed in cannot."""
    _hls({"base": "http://a.example/"}, _LISTED)
    for name in sorted(zoneinfo.available_timezones()):
        with contextlib.suppress(ValueError, zoneinfo.ZoneInfoNotFoundError):
            _ZONES.append(zoneinfo.ZoneInfo(name))  # it keeps only those that somebody holds
    _calendar(None, _EVENT)
    with contextlib.suppress(CauteryError):
        _certificate({"host": "a.example", "address": ""}, b"0")
