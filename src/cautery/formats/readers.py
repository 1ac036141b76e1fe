"""All readers by their kind: what each understands, and the values it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import ModuleType

from cautery.errors import InputError, SourceError
from cautery.formats import (
    access_log,
    ct,
    dash,
    dns,
    har,
    hls,
    ical,
    m3u,
    netflow,
    panel_dump,
    panel_sql,
    rdap,
    stalker,
    tls,
    web_page,
    whois,
    xmltv,
    xtream,
)
from cautery.formats._guess import kind_of
from cautery.formats._panel_lines import read_panel_lines
from cautery.formats._seized import SeizedRow
from cautery.formats._text import begin, what_is
from cautery.formats._values import PlaylistEntry, ReadWarning
from cautery.model import Authority, CertificateFacts

_UNDATED = datetime.min.replace(tzinfo=UTC)
"""When a file says itself nothing of when it was seen."""
_NOWHERE = "http://unknown.invalid/"
"""A file on disk has no URL; what is relative in it is shown below a name that cannot exist."""
_SEIZED = (
    "seized or cooperating material is viewers' personal data: only a competent authority may read "
    "it (regime led, Directive (EU) 2016/680)"
)
_UNPACK = "A file packed as .gz, .xz or .zst is unpacked by its ending; unpack an archive first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One format, and how it is read.

    Parameters
    ----------
    values : callable
        ``values(chunks, base)``: bytes and their own URL to the nouns of the format, one by one.
        Readers of seized material refuse here.
    nouns : tuple of type
        What it may yield, beside warnings.
    rows : callable or None
        ``rows(chunks, authority=...)`` of seized material: for whoever holds an authority's
        mandate. What it yields goes through a :class:`~cautery.formats.Derivation` before it is
        kept.
    """

    kind: str
    format: str
    specification: str
    media_types: tuple[str, ...]
    values: Callable[[Iterable[bytes], str], Iterator[object]]
    nouns: tuple[type, ...] = ()
    rows: Callable[..., Iterator[SeizedRow | ReadWarning]] | None = None


def _seized(
    kind: str, module: ModuleType, rows: Callable[..., Iterator[SeizedRow | ReadWarning]]
) -> Reader:
    return replace(_of(kind, module, _refused), rows=rows)


def _refused(_chunks: Iterable[bytes], _base: str) -> Iterator[object]:
    raise InputError(_SEIZED, hint="cautery seized take FILE --case DIR --mandate MANDATE.toml")
    yield


def _of(
    kind: str, module: ModuleType, values: Callable[..., Iterator[object]], *nouns: type
) -> Reader:
    return Reader(
        kind=kind,
        format=module.FORMAT,
        specification=module.SPECIFICATION,
        media_types=module.MEDIA_TYPES,
        values=values,
        nouns=nouns,
    )


def _m3u(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    head, stream = begin(chunks, expected_format="a playlist")
    if attributes := m3u.list_attributes(head):
        yield m3u.PlaylistHead(attributes=attributes)
    yield from m3u.read_m3u(stream, base=base or None)


def _hls(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    playlist = hls.read_hls(chunks, base=base or _NOWHERE)
    if isinstance(playlist, hls.MasterPlaylist):
        yield from playlist.variants
        yield from playlist.renditions
    else:
        yield from playlist.segments
    yield from playlist.warnings


def _dash(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    manifest = dash.read_dash(chunks, base=base or _NOWHERE)
    yield from manifest.representations
    yield from manifest.warnings


def _page(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    yield web_page.read_page(chunks, base=base or _NOWHERE)


def _tls(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    yield from tls.read_certificates(chunks, host=base, address="", seen_at=_UNDATED)


def _rdap(chunks: Iterable[bytes], _base: str) -> Iterator[object]:
    yield rdap.read_rdap(chunks, redact=_hidden, seen_at=_UNDATED)


def _whois(chunks: Iterable[bytes], _base: str) -> Iterator[object]:
    yield whois.read_whois(chunks, redact=_hidden, seen_at=_UNDATED)


def _hidden(_: str) -> str:
    return "~hidden"


def _plain(
    read: Callable[[Iterable[bytes]], Iterator[object]],
) -> Callable[[Iterable[bytes], str], Iterator[object]]:
    """Return a reader of what does not depend on its own URL."""

    def values(chunks: Iterable[bytes], _base: str) -> Iterator[object]:
        yield from read(chunks)

    return values


READERS: Mapping[str, Reader] = {
    reader.kind: reader
    for reader in (
        _of("m3u", m3u, _m3u, m3u.PlaylistHead, PlaylistEntry),
        _of("hls", hls, _hls, hls.Variant, hls.Rendition, hls.Segment),
        _of("dash", dash, _dash, dash.Representation),
        _of("xmltv", xmltv, _plain(xmltv.read_xmltv), xmltv.GuideChannel, xmltv.Programme),
        _of(
            "xtream",
            xtream,
            _plain(xtream.read_answer),
            xtream.PanelAccount,
            xtream.PanelCategory,
            xtream.PanelStream,
            xtream.PanelSeries,
            xtream.PanelEpisode,
            xmltv.Programme,
        ),
        _of(
            "stalker",
            stalker,
            _plain(stalker.read_stalker),
            stalker.PortalSession,
            stalker.PortalGenre,
            stalker.PortalItem,
            stalker.PortalLink,
            xmltv.Programme,
        ),
        _of("page", web_page, _page, web_page.Page),
        _of("tls", tls, _tls, CertificateFacts),
        _of("ct", ct, _plain(ct.read_ct), ct.LoggedCertificate),
        _of("rdap", rdap, _rdap, rdap.RdapAnswer),
        _of("whois", whois, _whois, whois.WhoisAnswer),
        _of("dns", dns, _plain(dns.read_dns), dns.DnsRecord, dns.DnsStatus),
        _of("har", har, _plain(har.read_har), har.WebExchange),
        _of("ical", ical, _plain(ical.read_ical), ical.Fixture),
        replace(_of("panel_dump", panel_dump, panel_dump.refused), rows=read_panel_lines),
        _seized("panel_sql", panel_sql, panel_sql.read_panel_sql),
        _seized("access_log", access_log, access_log.read_access_log),
        _seized("netflow", netflow, netflow.read_netflow),
    )
}


def reader(kind: str) -> Reader:
    """Return the reader of a kind.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        return READERS[kind]
    except KeyError:
        kinds = ", ".join(READERS)
        raise InputError(f"unknown reader {kind!r}", hint=f"Readers: {kinds}.") from None


def rows(
    kind: str, chunks: Iterable[bytes], *, authority: Authority
) -> Iterator[SeizedRow | ReadWarning]:
    """Read seized material.

    Raises
    ------
    InputError
        If the kind is no seized material.
    SourceError
        As the reader says.
    """
    entry = reader(kind)
    if entry.rows is None:
        kinds = ", ".join(entry.kind for entry in READERS.values() if entry.rows is not None)
        raise InputError(
            f"{kind} is not a kind of seized material", hint=f"Kinds of seized material: {kinds}."
        )
    return entry.rows(chunks, authority=authority)


def guess(head: bytes) -> Reader:
    """Choose a reader by the first few kilobytes.

    Raises
    ------
    SourceError
        If no reader knows them.
    """
    if (detected := what_is(head)) is not None:
        raise SourceError(f"no reader can read this: it is {detected}", hint=_UNPACK)
    kind = kind_of(head)
    if kind is None:
        raise SourceError(
            "no reader recognises these bytes", hint=f"Readers: {', '.join(READERS)}."
        )
    return READERS[kind]
