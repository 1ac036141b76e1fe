"""Answers of a Stalker/Ministra portal: the session, its genres, and what it offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cautery.errors import SourceError
from cautery.formats._dates import moment_of
from cautery.formats._json import (
    document,
    epoch_in,
    number_in,
    objects,
    other_in,
    text_in,
    truth_in,
)
from cautery.formats._tally import Tally
from cautery.formats._text import text_of, whole
from cautery.formats._values import ReadWarning
from cautery.formats.xmltv import Programme
from cautery.messages import message

FORMAT = "portal.php and load.php of Stalker (Ministra) portals"
SPECIFICATION = (
    "No standard. De facto API of Stalker Middleware 5 and Ministra TV platform: type stb "
    "(handshake, get_profile), itv, vod and series (get_all_channels, get_ordered_list, "
    "get_genres, get_categories, create_link, get_epg_info), account_info (get_main_info)"
)
MEDIA_TYPES = ("application/json", "text/javascript", "text/html")
"""Many portals send JSON as something else."""

_PORTAL_ANSWER = "a portal's answer"
_MOST_BYTES = 64_000_000
_MOST_BEFORE = 65_536
_LIST = re.compile(r'(?<!\\)"(?:js|data)"\s{0,8}:\s{0,8}\[')
_PLAYER = re.compile(r"^(?:ffmpeg|ffrt\d?|auto|mp3|rtp|ifm|ch|mpegts)\s+", re.IGNORECASE)
_URL = re.compile(r"(?i)^[a-z][a-z0-9+.-]{1,20}://\S+$")
_SECRETS = frozenset(
    ("mac", "login", "password", "pass", "token", "ls", "parent_password", "stb_sn", "sn", "ip",
     "device_id", "device_id2", "signature", "phone", "fname", "email", "random", "access_token",
     "hw_version", "settings_password", "play_token", "account_number", "comment",
     "serial_number")
)  # fmt: skip
"""Fields about the line and its box: they are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSession:
    """What a portal says of the line; ``None``: it does not say. The line's MAC is not kept.

    Parameters
    ----------
    granted : bool or None
        Whether a handshake gave a token.
    """

    granted: bool | None
    blocked: bool | None
    expires: datetime | None
    tariff: str | None
    timezone: str | None
    other: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalGenre:
    """A genre or category of a portal."""

    id: str
    title: str
    censored: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalItem:
    """One channel, film or series that a portal offers.

    Parameters
    ----------
    url : str or None
        Where it plays, exact; ``None``: it has to be asked for (``create_link``).
    temporary : bool or None
        Whether the portal makes a link for each playing.
    command : str or None
        What the portal is asked with to make a link; ``None``: it gives the URL.
    sources : tuple of str
        URLs that the portal has for it besides, exact.
    """

    id: str
    kind: str
    name: str | None
    number: int | None
    genre: str | None
    epg_id: str | None
    url: str | None
    temporary: bool | None
    added: datetime | None
    other: tuple[tuple[str, str], ...]
    command: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLink:
    """What ``create_link`` gave, exact: the token in it is the test purchase's own."""

    url: str


def read_stalker(
    chunks: Iterable[bytes],
) -> Iterator[PortalSession | PortalGenre | PortalItem | PortalLink | Programme | ReadWarning]:
    r"""Yield what one answer says, told apart by its own fields.

    Raises
    ------
    SourceError
        If it is no portal's answer, or the portal refuses.

    Examples
    --------
    >>> [one] = read_stalker([b'{"js": {"data": [{"id": "7", "name": "Arena 1", "cmd": "ffmpeg http://p.example/7"}]}}'])
    >>> one.kind, one.name, one.url
    ('live', 'Arena 1', 'http://p.example/7')
    """
    data = whole(chunks, most_bytes=_MOST_BYTES, expected_format=_PORTAL_ANSWER)
    try:
        answer = document([data], expected_format=_PORTAL_ANSWER, most_bytes=_MOST_BYTES)
    except SourceError:
        if _LIST.search(text_of(data[:_MOST_BEFORE])) is None:
            raise
        yield from _members(data)
        return
    if not isinstance(answer, dict) or "js" not in answer:
        raise SourceError(f"not {_PORTAL_ANSWER}: it has no js")
    payload = answer["js"]
    if isinstance(payload, dict):
        if (refused := text_in(payload.get("error"), most_characters=200)) and not payload.get(
            "cmd"
        ):
            raise SourceError(f"the portal refuses: {refused!r}", hint="Check the test purchase.")
        listed = payload.get("data")
        if isinstance(listed, list):
            yield from _listed(listed)
        elif isinstance(listed, dict):
            yield from _guide(listed.items())
        elif "data" in payload and not listed:
            return  # an empty page of a list
        elif "cmd" in payload and "name" not in payload:
            url = _playable(payload.get("cmd"))
            if url is None:
                raise SourceError("the portal gave no link")
            yield PortalLink(url=url)
        else:
            yield _session(payload)
    elif isinstance(payload, list):
        yield from _genres(payload) if _are_genres(payload) else _listed(payload)
    elif payload in (None, False, "", 0):
        raise SourceError(
            "the portal refuses: its answer is empty", hint="Check the test purchase."
        )
    elif isinstance(payload, str):
        raise SourceError(f"the portal refuses: {payload[:80]!r}", hint="Check the test purchase.")
    else:
        raise SourceError(f"not {_PORTAL_ANSWER}: js is {type(payload).__name__}")


def _members(data: bytes) -> Iterator[PortalItem | PortalGenre | Programme | ReadWarning]:
    """Yield what a list has whose answer is broken somewhere, or breaks off."""
    members: list[Any] = []
    problem: SourceError | None = None
    try:
        members.extend(objects([data], expected_format=_PORTAL_ANSWER, after=_LIST))
    except SourceError as error:
        problem = error
    yield from _genres(members) if _are_genres(members) else _listed(members)
    if problem is not None:
        raise problem


def read_token(chunks: Iterable[bytes]) -> str:
    """Return the token that a handshake gives: of the test purchase's own session, never kept.

    Raises
    ------
    SourceError
        If it gives none.
    """
    answer = document(chunks, expected_format=_PORTAL_ANSWER, most_bytes=_MOST_BYTES)
    payload = answer.get("js") if isinstance(answer, dict) else None
    token = (
        text_in(payload.get("token"), most_characters=200) if isinstance(payload, dict) else None
    )
    if token is None or not (token.isascii() and token.isprintable()):
        raise SourceError("the portal gave no token", hint="Check the test purchase.")
    return token


def read_pages(chunks: Iterable[bytes]) -> int:
    """Return how many pages a list has of which this is one; 1 if the portal does not say.

    Raises
    ------
    SourceError
        If it is no portal's answer.
    """
    answer = document(chunks, expected_format=_PORTAL_ANSWER, most_bytes=_MOST_BYTES)
    payload = answer.get("js") if isinstance(answer, dict) else None
    if not isinstance(payload, dict):
        return 1
    total, per_page = (
        number_in(payload.get("total_items")),
        number_in(payload.get("max_page_items")),
    )
    return max(1, -(-total // per_page)) if total and per_page and total > 0 and per_page > 0 else 1


def _are_genres(items: list[Any]) -> bool:
    return any(
        isinstance(item, dict) and "title" in item and "cmd" not in item for item in items[:8]
    )


def _listed(items: list[Any]) -> Iterator[PortalItem | Programme | ReadWarning]:
    """Tell a day's programmes (get_short_epg, get_data_table) from things on offer."""
    if any(isinstance(item, dict) and "start_timestamp" in item for item in items[:8]):
        return _guide(
            ((item.get("ch_id") if isinstance(item, dict) else None) or "", [item])
            for item in items
        )
    return _items(items)


def _session(payload: dict[str, Any]) -> PortalSession:
    expires = None
    for name in ("expire_billing_date", "expires", "end_date", "phone"):
        # Portals show the end of a line where a phone number would stand.
        text = text_in(payload.get(name)) or ""
        expires = expires or moment_of(text)
    status = number_in(payload.get("blocked", payload.get("status")))
    return PortalSession(
        granted=bool(text_in(payload["token"])) if "token" in payload else None,
        blocked=None if status is None else status != 0,
        expires=expires,
        tariff=text_in(payload.get("tariff_plan")) or text_in(payload.get("tariff_plan_id")),
        timezone=text_in(payload.get("default_timezone")) or text_in(payload.get("timezone")),
        other=tuple(
            (name, value)
            for name, value in other_in(payload, _OF_SESSIONS, most_fields=200)
            if name.lower() not in _SECRETS and not value.startswith(("{", "["))
        ),
    )


def _genres(items: list[Any]) -> Iterator[PortalGenre | ReadWarning]:
    tally = Tally()
    for number, item in enumerate(items, start=1):
        said_id = text_in(item.get("id")) if isinstance(item, dict) else None
        title = text_in(item.get("title")) if isinstance(item, dict) else None
        if said_id is None or title is None:
            yield from tally.add(number, message("unread.bare-genre"), repr(item)[:200])
            continue
        yield PortalGenre(id=said_id, title=title, censored=truth_in(item.get("censored")))
    yield from tally.rest()


def _items(items: list[Any]) -> Iterator[PortalItem | ReadWarning]:
    tally = Tally()
    for number, item in enumerate(items, start=1):
        said_id = text_in(item.get("id")) if isinstance(item, dict) else None
        if said_id is None:
            yield from tally.add(number, message("unread.bare-item"), repr(item)[:200])
            continue
        url = _playable(item.get("cmd"))
        yield PortalItem(
            id=said_id,
            kind=_kind(item),
            name=text_in(item.get("name")) or text_in(item.get("title")),
            number=number_in(item.get("number")),
            genre=text_in(item.get("tv_genre_id")) or text_in(item.get("category_id")),
            epg_id=text_in(item.get("xmltv_id")),
            url=url,
            temporary=truth_in(item.get("use_http_tmp_link")),
            added=_when(item.get("added")),
            other=tuple(
                (name, value)
                for name, value in other_in(item, _OF_ITEMS)
                if name.lower() not in _SECRETS
            ),
            command=None if url is not None else text_in(item.get("cmd"), most_characters=4096),
            sources=_sources(item.get("cmds")),
        )
    yield from tally.rest()


def _kind(item: dict[str, Any]) -> str:
    if truth_in(item.get("is_series")) or (isinstance(item.get("series"), list) and item["series"]):
        return "series"
    films = (
        "screenshot_uri",
        "screenshots",
        "director",
        "year",
        "is_movie",
        "has_files",
        "genres_str",
    )
    return "movie" if any(name in item for name in films) else "live"


def _guide(listed: Iterable[tuple[Any, Any]]) -> Iterator[Programme | ReadWarning]:
    tally = Tally()
    number = 0
    for channel, programmes in listed:
        for programme in programmes if isinstance(programmes, list) else ():
            number += 1
            starts = (
                epoch_in(programme.get("start_timestamp")) if isinstance(programme, dict) else None
            )
            if starts is None:
                yield from tally.add(number, message("unread.no-start"), repr(programme)[:200])
                continue
            title = text_in(programme.get("name"))
            yield Programme(
                channel=str(channel)[:300],
                starts_at=starts,
                ends_at=epoch_in(programme.get("stop_timestamp")),
                titles=(("", title),) if title else (),
                subtitle=None,
                description=text_in(programme.get("descr"), most_characters=65_536),
                categories=(),
                episode=None,
                other=other_in(programme, _OF_GUIDES),
            )
    yield from tally.rest()


def _playable(value: object) -> str | None:
    """Return the URL of a command such as ``ffmpeg http://...``; local ones are only a name."""
    url = _PLAYER.sub("", text_in(value, most_characters=4096) or "").strip()
    if not _URL.match(url) or "://localhost" in url or "://127." in url:
        return None
    return url


def _sources(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else ()
    urls = (_playable(item.get("url")) for item in listed[:64] if isinstance(item, dict))
    return tuple(dict.fromkeys(url for url in urls if url is not None))


def _when(value: object) -> datetime | None:
    moment = epoch_in(value) or moment_of(text_in(value) or "")
    return moment.astimezone(UTC) if moment else None


_OF_SESSIONS = frozenset(
    ("token", "blocked", "status", "tariff_plan", "tariff_plan_id", "default_timezone", "timezone",
     "expire_billing_date", "expires", "end_date")
)  # fmt: skip
_OF_ITEMS = frozenset(
    ("id", "name", "title", "number", "tv_genre_id", "category_id", "xmltv_id", "cmd", "added",
     "use_http_tmp_link", "cmds")
)  # fmt: skip
_OF_GUIDES = frozenset(
    ("id", "ch_id", "name", "descr", "start_timestamp", "stop_timestamp", "time", "time_to")
)
