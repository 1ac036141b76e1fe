"""Answers of an Xtream-style panel: the line, its categories, and what it offers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from cautery.errors import InputError, SourceError
from cautery.formats._json import (
    document,
    epoch_in,
    listed_in,
    number_in,
    objects,
    other_in,
    text_in,
    truth_in,
)
from cautery.formats._tally import Tally
from cautery.formats._text import begin
from cautery.formats._values import ReadWarning
from cautery.formats.xmltv import Programme
from cautery.messages import message

FORMAT = "player_api.php of Xtream-style panels"
SPECIFICATION = (
    "No standard. De facto API of Xtream Codes 2.x and its descendants: player_api.php with "
    "action get_{live,vod,series}_categories, get_live_streams, get_vod_streams, get_series, "
    "get_vod_info, get_series_info, get_short_epg, get_simple_data_table; get.php (a playlist), "
    "xmltv.php (XMLTV); /live/U/P/ID.ts"
)
MEDIA_TYPES = ("application/json", "text/html")
"""Many panels send JSON as text/html."""

ACTIONS = {"live": "get_live_streams", "movie": "get_vod_streams", "series": "get_series"}
_PANEL_ANSWER = "a panel's answer"
_MOST_WARNINGS = 100
_MOST_EPISODES = 20_000
_MOST_CATEGORIES = 100_000
_OF_ACCOUNTS = frozenset(
    ("username", "password", "auth", "status", "is_trial", "created_at", "exp_date",
     "max_connections", "active_cons", "allowed_output_formats", "message", "url", "port",
     "https_port", "server_protocol", "timezone", "timestamp_now", "time_now")
)  # fmt: skip
_OF_CATEGORIES = frozenset(("category_id", "category_name", "parent_id"))
_OF_SERIES = frozenset(("name", "title", "category_id", "cover"))
_OF_STREAMS = frozenset(
    ("num", "name", "title", "stream_type", "stream_id", "series_id", "stream_icon", "cover",
     "epg_channel_id", "added", "last_modified", "category_id", "container_extension",
     "tv_archive", "tv_archive_duration")
)  # fmt: skip
_OF_EPISODES = frozenset(("id", "season", "episode_num", "title", "container_extension", "added"))
_OF_GUIDES = frozenset(
    ("title", "description", "lang", "start_timestamp", "stop_timestamp", "channel_id", "start",
     "end")
)  # fmt: skip
_SNIFFED = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAccount:
    """What a panel says of the line and of itself; ``None``: it does not say.

    The line's own name and password are echoed by panels; they are not kept.
    """

    active: bool
    status: str | None
    trial: bool | None
    created: datetime | None
    expires: datetime | None
    max_connections: int | None
    active_connections: int | None
    formats: tuple[str, ...]
    server: str | None
    port: int | None
    https_port: int | None
    protocol: str | None
    timezone: str | None
    message: str | None
    other: tuple[tuple[str, str], ...] = ()
    """Fields that are not understood; the panel's clock is not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelStream:
    """One channel, film or series that a panel offers."""

    id: int
    kind: str
    name: str | None
    category: str | None
    epg_id: str | None
    icon: str | None
    added: datetime | None
    container: str | None
    archive_days: int | None
    other: tuple[tuple[str, str], ...] = ()
    """Fields that are not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCategory:
    """A category of a panel: channels, films or series carry its id."""

    id: str
    name: str
    parent: str | None
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSeries:
    """What a panel says of a series whose episodes follow; its number is the caller's."""

    name: str | None
    category: str | None
    icon: str | None
    seasons: tuple[int, ...]
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelEpisode:
    """One episode of a series that a panel offers."""

    id: int
    season: int | None
    number: int | None
    title: str | None
    container: str | None
    added: datetime | None
    other: tuple[tuple[str, str], ...] = ()


def read_account(chunks: Iterable[bytes]) -> PanelAccount:
    """Read the answer to ``player_api.php`` without an action.

    Raises
    ------
    SourceError
        If it is no panel's answer, or the panel refuses the line.
    """
    answer = document(chunks, expected_format=_PANEL_ANSWER)
    if not isinstance(answer, Mapping) or not isinstance(answer.get("user_info"), Mapping):
        raise SourceError("not a panel's answer: it has no user_info")
    user = answer["user_info"]
    server = answer.get("server_info")
    server = server if isinstance(server, Mapping) else {}
    if number_in(user.get("auth")) == 0:
        raise SourceError("the panel refuses this line (auth 0)", hint="Check the test purchase.")
    status = text_in(user.get("status"))
    listed = user.get("allowed_output_formats")
    formats = listed if isinstance(listed, list) else []
    return PanelAccount(
        active=(status or "active").lower() == "active",
        status=status,
        trial=truth_in(user.get("is_trial")),
        created=epoch_in(user.get("created_at")),
        expires=epoch_in(user.get("exp_date")),
        max_connections=number_in(user.get("max_connections")),
        active_connections=number_in(user.get("active_cons")),
        formats=tuple(t for name in formats[:16] if (t := text_in(name))),
        server=text_in(server.get("url")),
        port=_port(server.get("port")),
        https_port=_port(server.get("https_port")),
        protocol=text_in(server.get("server_protocol")),
        timezone=text_in(server.get("timezone")),
        message=text_in(user.get("message")),
        other=other_in({**server, **user}, _OF_ACCOUNTS),
    )


def read_categories(chunks: Iterable[bytes]) -> dict[str, str]:
    """Read the answer to ``get_*_categories``: category id to name.

    Raises
    ------
    SourceError
        If it is no panel's answer.
    """
    categories = (
        category for category in _categories(chunks) if isinstance(category, PanelCategory)
    )
    return {category.id: category.name for category in islice(categories, _MOST_CATEGORIES)}


def _categories(chunks: Iterable[bytes]) -> Iterator[PanelCategory | ReadWarning]:
    tally = Tally(most=_MOST_WARNINGS)
    for line, item in enumerate(objects(chunks, expected_format=_PANEL_ANSWER), start=1):
        fields = item if isinstance(item, dict) else {}
        number, name = text_in(fields.get("category_id")), text_in(fields.get("category_name"))
        if number is None or name is None:
            yield from tally.add(line, message("unread.bare-category"), repr(item)[:200])
            continue
        yield PanelCategory(
            id=number,
            name=name,
            parent=text_in(fields.get("parent_id")),
            other=other_in(fields, _OF_CATEGORIES),
        )
    yield from tally.rest()


def read_streams(
    chunks: Iterable[bytes], *, kind: str = "live", categories: Mapping[str, str] | None = None
) -> Iterator[PanelStream | ReadWarning]:
    """Yield what ``get_live_streams``, ``get_vod_streams`` or ``get_series`` lists.

    The array is read object by object, so a panel of a million films needs no more memory than one.

    Parameters
    ----------
    kind : str
        ``live``, ``movie`` or ``series``, as in the request.
    categories : mapping or None
        From :func:`read_categories`, to name the categories.

    Raises
    ------
    SourceError
        If it is no panel's answer.
    """
    if kind not in ACTIONS:
        raise InputError(f"kind of stream: {kind!r} is not one of {', '.join(ACTIONS)}")
    names = categories or {}
    tally = Tally(most=_MOST_WARNINGS)
    for number, item in enumerate(objects(chunks, expected_format=_PANEL_ANSWER), start=1):
        stream = _stream(item, kind=kind, names=names) if isinstance(item, dict) else None
        if stream is not None:
            yield stream
        else:
            yield from tally.add(number, message("unread.bare-stream"), repr(item)[:200])
    yield from tally.rest()


def read_details(
    chunks: Iterable[bytes],
) -> Iterator[PanelStream | PanelSeries | PanelEpisode | ReadWarning]:
    """Yield what ``get_vod_info`` or ``get_series_info`` says: the film, or series and episodes.

    A panel that has no such film or series says so by empty lists; nothing is yielded then.

    Raises
    ------
    SourceError
        If it is no such answer.
    """
    answer = document(chunks, expected_format=_PANEL_ANSWER)
    film = answer.get("movie_data") if isinstance(answer, dict) else None
    episodes = answer.get("episodes") if isinstance(answer, dict) else None
    tally = Tally(most=_MOST_WARNINGS)
    if isinstance(film, dict) and film:
        about = answer.get("info")
        about = about if isinstance(about, dict) else {}
        fields = {**about, **film}
        if (stream := _stream(fields, kind="movie", names={})) is not None:
            yield stream
        else:
            yield from tally.add(1, message("unread.bare-film"), repr(film)[:200])
        return
    if not isinstance(episodes, dict | list):
        if (
            isinstance(answer, dict)
            and not (film or episodes)
            and answer.keys() & {"movie_data", "episodes"}
        ):
            return
        raise SourceError(f"not {_PANEL_ANSWER}: it has neither a film nor episodes")
    yield from _series(answer)
    # By season, or as a plain list, or as a list of lists.
    groups = list(episodes.values()) if isinstance(episodes, dict) else episodes
    flat = chain.from_iterable(group if isinstance(group, list) else [group] for group in groups)
    for number, item in enumerate(flat, start=1):
        if number > _MOST_EPISODES:
            yield ReadWarning(line=number, why=message("unread.episodes", most=_MOST_EPISODES))
            break
        episode = number_in(item.get("id")) if isinstance(item, dict) else None
        if episode is None:
            yield from tally.add(number, message("unread.bare-episode"), repr(item)[:200])
            continue
        yield PanelEpisode(
            id=episode,
            season=number_in(item.get("season")),
            number=number_in(item.get("episode_num")),
            title=text_in(item.get("title")),
            container=text_in(item.get("container_extension")),
            added=epoch_in(item.get("added")),
            other=other_in(item, _OF_EPISODES),
        )
    yield from tally.rest()


def read_guide(chunks: Iterable[bytes]) -> Iterator[Programme | ReadWarning]:
    """Yield the programmes that ``get_short_epg`` or ``get_simple_data_table`` lists.

    Raises
    ------
    SourceError
        If it is no such answer.
    """
    tally = Tally(most=_MOST_WARNINGS)
    listed = listed_in(chunks, "epg_listings", expected_format=_PANEL_ANSWER)
    for number, item in enumerate(listed, start=1):
        starts = epoch_in(item.get("start_timestamp")) if isinstance(item, dict) else None
        if starts is None:
            yield from tally.add(number, message("unread.no-start"), repr(item)[:200])
            continue
        title, about = _packed(item.get("title")), _packed(item.get("description"))
        yield Programme(
            channel=text_in(item.get("channel_id")) or text_in(item.get("epg_id")) or "",
            starts_at=starts,
            ends_at=epoch_in(item.get("stop_timestamp")),
            titles=((text_in(item.get("lang")) or "", title),) if title else (),
            subtitle=None,
            description=about,
            categories=(),
            episode=None,
            other=other_in(item, _OF_GUIDES),
        )
    yield from tally.rest()


def read_answer(chunks: Iterable[bytes]) -> Iterator[object]:
    """Yield what any answer of a panel says, told apart by the fields at its beginning.

    Raises
    ------
    SourceError
        If it is no panel's answer.
    """
    head, everything = begin(chunks, expected_format=_PANEL_ANSWER)
    start = head[:_SNIFFED]
    if b'"epg_listings"' in start:
        yield from read_guide(everything)
    elif start.lstrip()[:1] == b"{" and (
        b'"movie_data"' in start or b'"episodes"' in start or b'"seasons"' in start
    ):
        yield from read_details(everything)
    elif b'"user_info"' in start or (start.lstrip()[:1] == b"{" and b"stream_id" not in start):
        yield read_account(everything)
    elif (
        b'"category_name"' in start and b'"stream_id"' not in start and b'"series_id"' not in start
    ):
        yield from _categories(everything)
    else:
        film = b'"movie"' in start or b'"container_extension"' in start
        kind = "series" if b'"series_id"' in start else "movie" if film else "live"
        yield from read_streams(everything, kind=kind)


def _stream(item: dict[str, Any], *, kind: str, names: Mapping[str, str]) -> PanelStream | None:
    number = number_in(item.get("series_id" if kind == "series" else "stream_id"))
    if number is None or number < 0:
        return None
    category = text_in(item.get("category_id"))
    return PanelStream(
        id=number,
        kind=kind,
        name=text_in(item.get("name")) or text_in(item.get("title")),
        category=names.get(category, category) if category else None,
        epg_id=text_in(item.get("epg_channel_id")),
        icon=text_in(item.get("stream_icon")) or text_in(item.get("cover")),
        added=epoch_in(item.get("added") or item.get("last_modified")),
        container=text_in(item.get("container_extension")),
        archive_days=number_in(item.get("tv_archive_duration")),
        other=other_in(item, _OF_STREAMS),
    )


def _series(answer: dict[str, Any]) -> Iterator[PanelSeries]:
    about, seasons = answer.get("info"), answer.get("seasons")
    if not isinstance(about, dict) or not about:
        return
    listed = seasons[:_MOST_EPISODES] if isinstance(seasons, list) else ()
    numbers = [
        number_in(season.get("season_number")) for season in listed if isinstance(season, dict)
    ]
    yield PanelSeries(
        name=text_in(about.get("name")) or text_in(about.get("title")),
        category=text_in(about.get("category_id")),
        icon=text_in(about.get("cover")),
        seasons=tuple(number for number in numbers if number is not None),
        other=other_in(about, _OF_SERIES),
    )


def _packed(value: object) -> str | None:
    """Return text that panels pack in base64, and the plain text that some send instead."""
    text = text_in(value, most_characters=65_536)
    if text is None:
        return None
    try:
        return text_in(
            base64.b64decode(text, validate=True).decode("utf-8"), most_characters=65_536
        )
    except (binascii.Error, ValueError):
        return text


def _port(value: object) -> int | None:
    number = number_in(value)
    return number if number is not None and 0 < number < 65_536 else None
