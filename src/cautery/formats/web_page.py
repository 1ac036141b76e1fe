"""Storefront pages: offers, prices, means of payment, and ties to other pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from cautery.errors import SourceError
from cautery.formats._contacts import Contact, contacts, payments, trackers
from cautery.formats._html import Tag, Text, tokens
from cautery.formats._prices import (
    Claim,
    Price,
    begins_with_currency,
    claims,
    connections,
    is_half_a_price,
    prices,
    trial_hours,
)
from cautery.formats._text import text_of, what_is, whole
from cautery.payments.found import CryptoAddress, crypto_addresses

FORMAT = "HTML page of a storefront"
SPECIFICATION = "WHATWG HTML Living Standard; Open Graph (ogp.me) for site names"
MEDIA_TYPES = ("text/html", "application/xhtml+xml")

_MOST_BYTES = 8_000_000
_MOST_LINKS = 2_000
_MOST_TEXT = 150_000
"""Characters that people see; a storefront has some ten thousand."""
_MOST_RAW_LINKS = 20_000
_MOST_PICTURES = 500
_MOST_META = 200
_LONGEST_LINK = 4096
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BEFORE, _INSIDE, _AFTER = "before", "inside", "after"
"""Where reading is with regard to the first heading."""
_TAGS = frozenset(("a", "form", "iframe", "area", "img", "meta", "link", "base", "html"))
"""Tags whose attributes are read."""
_SPACES = re.compile(r"[ \t\u00a0\u202f\u200b]+")
_CHARSET = re.compile(rb"(?i)charset\s{0,3}=\s{0,3}[\"']?([a-z0-9_-]{3,20})")
_CHARSETS = frozenset(
    ("iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252")
) | {"windows-1253", "windows-1254", "koi8-r"}
_LANGUAGES = {"dk": "da", "no": "nb", "se": "sv", "is": "is"}
"""Of shops that do not say theirs, where it decides which krone is meant."""
_PANEL = re.compile(
    r"(?i)/(?:client(?:area|s)?|login|panel|reseller|billing|dashboard|cart|checkout|order|whmcs|"
    r"get\.php|player_api\.php|c/)(?:[/.?]|$)|\.m3u8?(?:\?|$)"
)

_CREDITS = re.compile(
    r"(?i)(?<![\w.,])\d{1,5}\s{0,2}(?:credits?|crediti?|créditos?|crédits?|credite|kredit\w{0,3}|"
    r"kredyt\w{0,3}|krediten?)\b(?!\s?(?:cards?|karte))"
)
"""As resellers' terms write it; a number stands before it, so that no credit card is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a storefront says of itself.

    Parameters
    ----------
    title, brand : str or None
        The page's title; the name that the site gives itself.
    contacts : tuple of Contact
        In clear: hash them before they go into any record.
    trackers : tuple of (str, str)
        Analytics and tag ids, (system, id).
    links : tuple of str
        Absolute http(s) links to other hosts, each once.
    panel_links : tuple of str
        Links, to any host, that look like a panel, a client area or a playlist.
    credits : bool
        It tells how many credits: what resellers buy, and viewers never hear of.
    trial_hours : float or None
        0: a trial of unsaid length; ``None``: no trial.
    """

    url: str
    title: str | None
    brand: str | None
    language: str | None
    generator: str | None
    favicon: str | None
    prices: tuple[Price, ...]
    connections: tuple[int, ...]
    trial_hours: float | None
    payments: tuple[str, ...]
    contacts: tuple[Contact, ...]
    trackers: tuple[tuple[str, str], ...]
    crypto: tuple[CryptoAddress, ...]
    claims: tuple[Claim, ...]
    links: tuple[str, ...]
    panel_links: tuple[str, ...]
    credits: bool


def read_page(chunks: Iterable[bytes], *, base: str) -> Page:
    """Read one page; scripts are searched for ids, never run.

    Parameters
    ----------
    chunks : iterable of bytes
        The page, cut anywhere.
    base : str
        Its own URL, after redirects.

    Raises
    ------
    SourceError
        If it is no HTML, or longer than 8 MB.

    Examples
    --------
    >>> page = read_page([b"<html><title>Best TV</title><p>12 months 49,99 &euro;"], base="http://s.example/")
    >>> page.title, page.prices[0].amount, page.prices[0].months
    ('Best TV', Decimal('49.99'), 12.0)
    """
    data = whole(chunks, most_bytes=_MOST_BYTES, expected_format="page")
    if (kind := what_is(data[:4096])) is not None:
        raise SourceError(f"not a page: this is {kind}")
    source = _decoded(data)
    if "<" not in source:
        raise SourceError("not a page: it has no HTML")
    collector = _Seen(source)
    base_url = (_joined(base, collector.base) or base) if collector.base else base
    hrefs = _links(collector.links, base_url)
    host = _host(base)
    lines = _lines(collector.texts)
    text = "\n".join(lines)
    language = collector.language
    alternatives = " ".join(collector.pictures)[:_MOST_TEXT]
    addresses = "\n".join(hrefs)[:_MOST_TEXT]
    outward = [href for href in hrefs if href.startswith(("http://", "https://"))]
    return Page(
        url=base,
        title=_short(collector.title),
        brand=_short(
            collector.meta.get("og:site_name")
            or collector.meta.get("application-name")
            or collector.heading
        ),
        language=language[:16] if language else None,
        generator=_short(collector.meta.get("generator")),
        favicon=_joined(base_url, icon)
        if (icon := collector.icon or collector.touch_icon)
        else None,
        prices=prices(lines, language=language or _LANGUAGES.get(host.rpartition(".")[2])),
        connections=connections(text),
        trial_hours=trial_hours(text),
        payments=payments(f"{text}\n{alternatives}\n{addresses}"),
        contacts=contacts(text, hrefs, source),
        trackers=trackers(source[:_MOST_BYTES]),
        crypto=crypto_addresses(f"{text}\n{addresses}"),
        claims=claims(text),
        links=tuple(dict.fromkeys(link for link in outward if _host(link) != host)),
        panel_links=tuple(dict.fromkeys(link for link in outward if _PANEL.search(link))),
        credits=_CREDITS.search(text) is not None,
    )


def _decoded(data: bytes) -> str:
    match = _CHARSET.search(data[:2048])
    if match is not None:
        charset = match[1].decode("ascii").lower()
        if charset in _CHARSETS:
            return data.decode(charset, "replace")
        if charset == "utf-8":
            return data.decode("utf-8", "replace").removeprefix("\ufeff")
    return text_of(data)


class _Seen:
    """What is gathered of a page in one pass over its tags and texts."""

    def __init__(self, source: str) -> None:
        self.base: str | None = None
        self.language: str | None = None
        self.title: str | None = None
        self.heading = ""
        self.icon: str | None = None
        self.touch_icon: str | None = None
        self.meta: dict[str, str] = {}
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.texts: list[str] = []
        self._length = 0
        self._heading = _BEFORE
        for token in tokens(source):
            if isinstance(token, Tag):
                self._take_tag(token)
            else:
                self._take_text(token)

    def _take_tag(self, tag: Tag) -> None:
        if tag.name in _HEADINGS:
            if tag.name == "h1" and not tag.ends and self._heading == _BEFORE:
                self._heading = _INSIDE
            elif self._heading == _INSIDE:
                self._heading = _AFTER
        if tag.ends or tag.name not in _TAGS:
            return
        attributes = tag.attributes()
        if tag.name in ("a", "form", "iframe", "area"):
            raw = attributes.get(
                "action" if tag.name == "form" else "src" if tag.name == "iframe" else "href"
            )
            if raw and len(self.links) < _MOST_RAW_LINKS:
                self.links.append(raw)
        elif tag.name == "img":
            if len(self.pictures) < _MOST_PICTURES:
                self.pictures.append(
                    (attributes.get("alt") or attributes.get("src") or "")[:_LONGEST_LINK]
                )
        elif tag.name == "meta":
            what, value = (
                attributes.get("property") or attributes.get("name") or "",
                attributes.get("content", ""),
            )
            if value.strip() and len(self.meta) < _MOST_META:
                self.meta.setdefault(what, value.strip())
        elif tag.name == "link":
            words = attributes.get("rel", "").lower().split()
            where = attributes.get("href", "").strip() or None
            if "icon" in words:
                self.icon = self.icon or where
            elif "apple-touch-icon" in words:
                self.touch_icon = self.touch_icon or where
        elif tag.name == "base":
            self.base = self.base or attributes.get("href", "").strip() or None
        elif self.language is None:  # of <html>
            self.language = attributes.get("lang", "").strip() or None

    def _take_text(self, text: Text) -> None:
        if text.within == "title" and self.title is None:
            self.title = text.text
        if not text.shown:
            return
        if self._heading == _INSIDE:
            self.heading += text.text[: max(0, _LONGEST_LINK - len(self.heading))]
        if self._length < _MOST_TEXT:
            self.texts.append(text.text[: _MOST_TEXT - self._length])
            self._length += len(text.text) + 1


def _links(addresses: list[str], base: str) -> list[str]:
    urls: dict[str, None] = {}
    for raw in addresses:
        if (link := _joined(base, raw)) is not None:
            urls[link] = None
            if len(urls) >= _MOST_LINKS:
                break
    return list(urls)


def _lines(texts: list[str]) -> list[str]:
    lines: list[str] = []
    for raw in "\n".join(texts).split("\n"):
        line = _SPACES.sub(" ", raw).strip()
        if not line:
            continue
        # Amount and currency often stand in elements of their own.
        if lines and is_half_a_price(lines[-1]) and is_half_a_price(line):
            lines[-1] += line if line.startswith((".", ",")) else f" {line}"
        elif lines and is_half_a_price(lines[-1]) and begins_with_currency(line):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def _joined(base: str, link: str) -> str | None:
    link = link.strip()
    if len(link) > _LONGEST_LINK:
        return None
    try:
        joined = urljoin(base, link)
        parts = urlsplit(joined)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme in ("http", "https") and not parts.hostname:
        return None
    schemes = (
        "http",
        "https",
        "mailto",
        "tel",
        "tg",
        "skype",
        "whatsapp",
        "viber",
        "bitcoin",
        "litecoin",
        "monero",
        "ethereum",
    )
    return joined if parts.scheme in schemes else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _short(text: str | None) -> str | None:
    return _SPACES.sub(" ", text.replace("\n", " ")).strip()[:200] or None if text else None
