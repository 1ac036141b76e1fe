"""Storefront pages: what is sold at which price, how one pays, and what ties the page to others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from cautery.errors import SourceError
from cautery.watch._contacts import Contact, contacts, payments, trackers
from cautery.watch._crypto import CryptoAddress, crypto_addresses
from cautery.watch._prices import (
    Claim,
    Price,
    begins_with_currency,
    claims,
    connections,
    is_half_a_price,
    prices,
    trial_hours,
)
from cautery.watch._text import text_of, what_is, whole

FORMAT = "HTML page of a storefront"
SPECIFICATION = "WHATWG HTML Living Standard; Open Graph (ogp.me) for site names"
MEDIA_TYPES = ("text/html", "application/xhtml+xml")

_MOST_BYTES = 8_000_000
_MOST_LINKS = 2_000
_MOST_TEXT = 400_000
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
    data = whole(chunks, most=_MOST_BYTES, wanted="page")
    if (found := what_is(data[:4096])) is not None:
        raise SourceError(f"not a page: this is {found}")
    source = _decoded(data)
    if "<" not in source:
        raise SourceError("not a page: no HTML in it")
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - heavy: only pages need it

    tree = LexborHTMLParser(source)
    here = _base(tree, base)
    hrefs = _links(tree, here)
    host = _host(base)
    lines = _lines(tree)
    text = "\n".join(lines)
    language = _attribute(tree, "html", "lang")
    icon = _attribute(tree, "link[rel~=icon]", "href") or _attribute(
        tree, "link[rel~=apple-touch-icon]", "href"
    )
    alternatives = " ".join(
        one.attributes.get("alt") or one.attributes.get("src") or ""
        for one in tree.css("img")[:500]
    )
    outward = [one for one in hrefs if one.startswith(("http://", "https://"))]
    return Page(
        url=base,
        title=_short(_text_of(tree, "title")),
        brand=_short(
            _attribute(tree, "meta[property='og:site_name']", "content")
            or _attribute(tree, "meta[name='application-name']", "content")
            or _text_of(tree, "h1")
        ),
        language=language[:16] if language else None,
        generator=_short(_attribute(tree, "meta[name=generator]", "content")),
        favicon=_joined(here, icon) if icon else None,
        prices=prices(lines, language=language or _LANGUAGES.get(host.rpartition(".")[2])),
        connections=connections(text),
        trial_hours=trial_hours(text),
        payments=payments(f"{text}\n{alternatives}\n" + "\n".join(hrefs)),
        contacts=contacts(text, hrefs, source),
        trackers=trackers(source[:_MOST_BYTES]),
        crypto=crypto_addresses(f"{text}\n" + "\n".join(hrefs)),
        claims=claims(text),
        links=tuple(dict.fromkeys(one for one in outward if _host(one) != host)),
        panel_links=tuple(dict.fromkeys(one for one in outward if _PANEL.search(one))),
        credits=_CREDITS.search(text) is not None,
    )


def _decoded(data: bytes) -> str:
    named = _CHARSET.search(data[:2048])
    if named is not None:
        charset = named[1].decode("ascii").lower()
        if charset in _CHARSETS:
            return data.decode(charset, "replace")
        if charset == "utf-8":
            return data.decode("utf-8", "replace").removeprefix("\ufeff")
    return text_of(data)


def _base(tree: object, base: str) -> str:
    said = _attribute(tree, "base", "href")
    return (_joined(base, said) or base) if said else base


def _links(tree: object, base: str) -> list[str]:
    found: dict[str, None] = {}
    for one in tree.css("a[href], form[action], iframe[src], area[href]"):  # type: ignore[attr-defined]
        said = one.attributes
        raw = said.get("href") or said.get("action") or said.get("src")
        if raw and (link := _joined(base, raw)) is not None:
            found[link] = None
            if len(found) >= _MOST_LINKS:
                break
    return list(found)


def _lines(tree: object) -> list[str]:
    body = tree.body  # type: ignore[attr-defined]
    if body is None:
        return []
    tree.strip_tags(["script", "style", "noscript", "template", "svg"])  # type: ignore[attr-defined]
    text = body.text(separator="\n")[:_MOST_TEXT]
    kept: list[str] = []
    for raw in text.split("\n"):
        line = _SPACES.sub(" ", raw).strip()
        if not line:
            continue
        # Amount and currency often stand in elements of their own.
        if kept and is_half_a_price(kept[-1]) and is_half_a_price(line):
            kept[-1] += line if line.startswith((".", ",")) else f" {line}"
        elif kept and is_half_a_price(kept[-1]) and begins_with_currency(line):
            kept[-1] += f" {line}"
        else:
            kept.append(line)
    return kept


def _attribute(tree: object, selector: str, name: str) -> str | None:
    one = tree.css_first(selector)  # type: ignore[attr-defined]
    value = one.attributes.get(name) if one is not None else None
    return value.strip() or None if value else None


def _text_of(tree: object, selector: str) -> str | None:
    one = tree.css_first(selector)  # type: ignore[attr-defined]
    return one.text() if one is not None else None


def _joined(base: str, link: str) -> str | None:
    link = link.strip()
    if len(link) > 4096:
        return None
    try:
        joined = urljoin(base, link)
        parts = urlsplit(joined)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme in ("http", "https") and not parts.hostname:
        return None
    known = (
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
    return joined if parts.scheme in known else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _short(text: str | None) -> str | None:
    return _SPACES.sub(" ", text.replace("\n", " ")).strip()[:200] or None if text else None
