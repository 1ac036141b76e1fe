"""URLs at a Stalker-style portal, for the mandate's own test purchase; its items as entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from cautery.formats._panel_urls import panel_base
from cautery.formats._values import PlaylistEntry, ReadWarning
from cautery.formats.stalker import PortalItem
from cautery.messages import message

_SERVER = "/server/load.php"
_LINK = "create_link"
_LISTS = {"live": "itv", "movie": "vod"}


def portal_endpoint(base: str) -> str:
    """Return the script of a portal that is asked, by the address that its boxes are given.

    Raises
    ------
    InputError
        If ``base`` is no http(s) URL.

    Examples
    --------
    >>> portal_endpoint("http://p.example:8080/c/")
    'http://p.example:8080/portal.php'
    >>> portal_endpoint("http://p.example/stalker_portal/c/index.html")
    'http://p.example/stalker_portal/server/load.php'
    """
    path = panel_base(base)
    if path.endswith(".php"):
        return path
    path = path.removesuffix("/index.html").removesuffix("/c")
    return path + (_SERVER if path.endswith("/stalker_portal") else "/portal.php")


def portal_url(base: str, kind: str, action: str, **more: str) -> str:
    """Return the URL that asks a portal something: ``kind`` is ``stb``, ``itv``, ``vod`` ..."""
    query = urlencode({"type": kind, "action": action, **more, "JsHttpRequest": "1-xml"})
    return f"{portal_endpoint(base)}?{query}"


def portal_headers(mac: str, token: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a portal knows a line: its box's MAC, and the session's token."""
    cookie = f"mac={quote(mac, safe='')}; stb_lang=en; timezone=UTC"
    return (("Cookie", cookie), *((("Authorization", f"Bearer {token}"),) if token else ()))


def asks_for_link(url: str) -> bool:
    """Tell whether an entry's URL is not where it plays but asks its portal for that."""
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return False
    return query.get("action") == [_LINK] and "cmd" in query


def entries_of_portal(
    items: Iterable[PortalItem | ReadWarning], *, base: str, genres: Mapping[str, str]
) -> Iterator[PlaylistEntry | ReadWarning]:
    """Turn a portal's items into entries as a playlist would give them; series are left out.

    An item of which the portal makes a link for each playing has the URL that asks for it.

    Parameters
    ----------
    genres : mapping of str to str
        Titles by id.

    Examples
    --------
    >>> one = PortalItem(id="7", kind="live", name="Arena 1", number=1, genre="3", epg_id=None,
    ...     url=None, temporary=True, added=None, other=(), command="ffmpeg http://localhost/ch/7_")
    >>> [entry] = entries_of_portal([one], base="http://p.example/c/", genres={"3": "Sports"})
    >>> entry.title, entry.attributes, asks_for_link(entry.url)
    ('Arena 1', (('group-title', 'Sports'), ('portal-id', '7')), True)
    """
    for number, item in enumerate(items, start=1):
        if isinstance(item, ReadWarning):
            yield item
            continue
        kind = _LISTS.get(item.kind)
        url = item.url
        if kind is None:
            continue
        if url is None and item.command is not None:
            url = portal_url(base, kind, _LINK, cmd=item.command)
        if url is None:
            yield ReadWarning(line=number, why=message("unread.not-playable"), quoted=item.id)
            continue
        attributes = (
            ("group-title", genres.get(item.genre or "")),
            ("tvg-id", item.epg_id),
            ("portal-id", item.id),
        )
        yield PlaylistEntry(
            url=url,
            title=item.name,
            attributes=tuple((name, value) for name, value in attributes if value),
            line=number,
        )
