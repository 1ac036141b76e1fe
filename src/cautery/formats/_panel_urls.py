"""URLs at an Xtream-style panel, for the mandate's own test purchase; its streams as entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode, urlsplit

from cautery.errors import InputError
from cautery.formats._values import PlaylistEntry, ReadWarning
from cautery.formats.xtream import PanelStream


def api_url(base: str, *, username: str, password: str, action: str | None = None) -> str:
    """Return the URL that asks a panel something, for the mandate's own test purchase.

    Raises
    ------
    InputError
        If ``base`` is no http(s) URL.
    """
    query = {"username": username, "password": password}
    if action is not None:
        query["action"] = action
    return f"{panel_base(base)}/player_api.php?{urlencode(query)}"


def playlist_url(base: str, *, username: str, password: str, output: str = "ts") -> str:
    """Return the URL of a line's playlist (``get.php``); its answer goes to the m3u reader."""
    query = {"username": username, "password": password, "type": "m3u_plus", "output": output}
    return f"{panel_base(base)}/get.php?{urlencode(query)}"


def guide_url(base: str, *, username: str, password: str) -> str:
    """Return the URL of a line's guide (``xmltv.php``); its answer goes to the xmltv reader."""
    return f"{panel_base(base)}/xmltv.php?{urlencode({'username': username, 'password': password})}"


def stream_url(
    base: str, stream: PanelStream, *, username: str, password: str, output: str = "m3u8"
) -> str:
    """Return where a line plays a stream.

    Raises
    ------
    InputError
        If ``base`` is no http(s) URL, or ``stream`` is a series (its episodes have the URLs).

    Examples
    --------
    >>> one = PanelStream(id=7, kind="live", name="Arena 1", category=None, epg_id=None, icon=None,
    ...     added=None, container=None, archive_days=None)
    >>> stream_url("http://p.example:8080/", one, username="test", password="bought")
    'http://p.example:8080/live/test/bought/7.m3u8'
    """
    if stream.kind == "series":
        raise InputError("a series has no stream; its episodes have streams")
    ending = output if stream.kind == "live" else (stream.container or "mp4")
    line = f"{quote(username, safe='')}/{quote(password, safe='')}"
    return f"{panel_base(base)}/{stream.kind}/{line}/{stream.id}.{quote(ending, safe='')}"


def entries_of(
    streams: Iterable[PanelStream | ReadWarning],
    *,
    base: str,
    username: str,
    password: str,
    output: str = "m3u8",
) -> Iterator[PlaylistEntry | ReadWarning]:
    """Turn a panel's streams into entries as a playlist would give them; series are left out."""
    for number, stream in enumerate(streams, start=1):
        if isinstance(stream, ReadWarning):
            yield stream
        elif stream.kind != "series":
            attributes = (
                ("group-title", stream.category),
                ("tvg-id", stream.epg_id),
                ("tvg-logo", stream.icon),
                ("stream-id", str(stream.id)),
            )
            yield PlaylistEntry(
                url=stream_url(base, stream, username=username, password=password, output=output),
                title=stream.name,
                attributes=tuple((name, value) for name, value in attributes if value),
                line=number,
            )


def panel_base(base: str) -> str:
    """Return ``scheme://host:port`` of a panel, with its folder if it has one.

    Raises
    ------
    InputError
        If ``base`` is no http(s) URL.
    """
    try:
        parts = urlsplit(base)
        port = parts.port
    except ValueError:
        raise InputError("the panel's URL is not a valid URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("a panel's URL must begin with http:// or https:// and name a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.removesuffix("/player_api.php").removesuffix("/get.php")
    path = path.removesuffix("/xmltv.php").rstrip("/")
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + path
