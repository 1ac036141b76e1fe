"""All readers by their kind: what each understands, and the values it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType

from cautery.errors import InputError, SourceError
from cautery.watch import hls, m3u, page, panel_dump, rdap, tls, xtream
from cautery.watch._text import encoding_of, markup_of, text_of

_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One format, and how it is read.

    Parameters
    ----------
    values : callable
        ``values(chunks, base)``: bytes and their own URL to the nouns of the format, one by one.
    """

    kind: str
    format: str
    specification: str
    media_types: tuple[str, ...]
    values: Callable[[Iterable[bytes], str], Iterator[object]]


def _of(kind: str, module: ModuleType, values: Callable[..., Iterator[object]]) -> Reader:
    return Reader(
        kind=kind,
        format=module.FORMAT,
        specification=module.SPECIFICATION,
        media_types=module.MEDIA_TYPES,
        values=values,
    )


def _m3u(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    yield from m3u.read_m3u(chunks, base=base or None)


def _hls(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    # A file on disk has no URL; relative segments are shown below a name that cannot exist.
    found = hls.read_hls(chunks, base=base or "http://unknown.invalid/")
    yield from found.variants if isinstance(found, hls.MasterPlaylist) else found.segments


def _xtream(chunks: Iterable[bytes], _base: str) -> Iterator[object]:
    data = b"".join(chunks)
    if data.lstrip()[:1] == b"{":
        yield xtream.read_account([data])
    else:
        kind = "series" if b'"series_id"' in data[:4096] else "live"
        yield from xtream.read_streams([data], kind=kind)


def _page(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    yield page.read_page(chunks, base=base or "http://unknown.invalid/")


def _tls(chunks: Iterable[bytes], base: str) -> Iterator[object]:
    yield tls.read_certificate(b"".join(chunks), host=base, address="", seen_at=_UNDATED)


def _rdap(chunks: Iterable[bytes], _base: str) -> Iterator[object]:
    yield rdap.read_registration(chunks, redact=lambda _: "~hidden", seen_at=_UNDATED)


READERS: Mapping[str, Reader] = {
    reader.kind: reader
    for reader in (
        _of("m3u", m3u, _m3u),
        _of("hls", hls, _hls),
        _of("xtream", xtream, _xtream),
        _of("page", page, _page),
        _of("tls", tls, _tls),
        _of("rdap", rdap, _rdap),
        _of("panel_dump", panel_dump, panel_dump.refused),
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
        known = ", ".join(READERS)
        raise InputError(f"no reader {kind!r}", hint=f"Readers: {known}.") from None


def guess(head: bytes) -> Reader:
    """Choose a reader by the first few kilobytes.

    Raises
    ------
    SourceError
        If no reader knows them.
    """
    if head[:2] == b"\x30\x82":
        return READERS["tls"]
    encoding = encoding_of(head)
    text = text_of(head) if encoding is None else head.decode(encoding, "replace")
    markup = markup_of(text)
    if markup == "HTML":
        return READERS["page"]
    if markup == "JSON":
        rdap_like = '"objectClassName"' in text or '"rdapConformance"' in text
        return READERS["rdap" if rdap_like else "xtream"]
    if any(tag in text for tag in ("#EXT-X-STREAM-INF", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA")):
        return READERS["hls"]
    if "#EXTM3U" in text[:64] or "#EXTINF" in text or "://" in text[:200]:
        return READERS["m3u"]
    raise SourceError("no reader knows these bytes", hint=f"Readers: {', '.join(READERS)}.")
