"""Answers of an Xtream-style panel: the line, its categories, and what it offers."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cautery.errors import InputError, SourceError
from cautery.watch._text import begin, markup_of, quoted, text_of, what_is, whole
from cautery.watch._values import PlaylistEntry, ReadWarning

FORMAT = "player_api.php of Xtream-style panels"
SPECIFICATION = (
    "No standard. De facto API of Xtream Codes 2.x and its descendants: player_api.php with "
    "action get_live_categories, get_live_streams, get_vod_streams, get_series; /live/U/P/ID.ts"
)
MEDIA_TYPES = ("application/json", "text/html")
"""Many panels send JSON as text/html."""

ACTIONS = {"live": "get_live_streams", "movie": "get_vod_streams", "series": "get_series"}
_LARGEST_OBJECT = 262_144
_MOST_WARNINGS = 100
_PIECE = 32_768


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


def read_account(chunks: Iterable[bytes]) -> PanelAccount:
    """Read the answer to ``player_api.php`` without an action.

    Raises
    ------
    SourceError
        If it is no panel's answer, or the panel refuses the line.
    """
    body = _document(chunks)
    if not isinstance(body, Mapping) or not isinstance(body.get("user_info"), Mapping):
        raise SourceError("not a panel's answer: no user_info in it")
    user = body["user_info"]
    server = body.get("server_info")
    server = server if isinstance(server, Mapping) else {}
    if _number(user.get("auth")) == 0:
        raise SourceError("the panel refuses this line (auth 0)", hint="Check the test purchase.")
    status = _text(user.get("status"))
    formats = user.get("allowed_output_formats")
    return PanelAccount(
        active=(status or "active").lower() == "active",
        status=status,
        trial=_truth(user.get("is_trial")),
        created=_moment(user.get("created_at")),
        expires=_moment(user.get("exp_date")),
        max_connections=_number(user.get("max_connections")),
        active_connections=_number(user.get("active_cons")),
        formats=tuple(t for one in formats[:16] if (t := _text(one)))
        if isinstance(formats, list)
        else (),
        server=_text(server.get("url")),
        port=_port(server.get("port")),
        https_port=_port(server.get("https_port")),
        protocol=_text(server.get("server_protocol")),
        timezone=_text(server.get("timezone")),
        message=_text(user.get("message")),
    )


def read_categories(chunks: Iterable[bytes]) -> dict[str, str]:
    """Read the answer to ``get_*_categories``: category id to name.

    Raises
    ------
    SourceError
        If it is no panel's answer.
    """
    body = _document(chunks)
    if not isinstance(body, list):
        raise SourceError("not a panel's answer: no list of categories")
    found = {}
    for one in body[:100_000]:
        if isinstance(one, Mapping):
            number, name = _text(one.get("category_id")), _text(one.get("category_name"))
            if number and name:
                found[number] = name
    return found


def read_streams(
    chunks: Iterable[bytes], *, kind: str = "live", categories: Mapping[str, str] | None = None
) -> Iterator[PanelStream | ReadWarning]:
    """Yield what ``get_live_streams``, ``get_vod_streams`` or ``get_series`` lists.

    The array is read object by object, so a panel of a million films needs no more memory than one.

    Parameters
    ----------
    kind : str
        ``live``, ``movie`` or ``series``: what was asked for.
    categories : mapping or None
        From :func:`read_categories`, to name the categories.

    Raises
    ------
    SourceError
        If it is no panel's answer.
    """
    if kind not in ACTIONS:
        raise InputError(f"kind of stream: {kind!r} is none of {', '.join(ACTIONS)}")
    names = categories or {}
    told = untold = 0
    for number, one in enumerate(_objects(chunks), start=1):
        stream = _stream(one, kind=kind, names=names) if isinstance(one, Mapping) else None
        if stream is not None:
            yield stream
            continue
        told += 1
        if told > _MOST_WARNINGS:
            untold += 1
            continue
        shown = quoted(str(one)[:200])
        yield ReadWarning(line=number, why="a stream without a number", quoted=shown)
    if untold:
        yield ReadWarning(line=0, why="a stream without a number", count=untold)


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
        raise InputError("a series has no stream of its own; its episodes have")
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
    for number, one in enumerate(streams, start=1):
        if isinstance(one, ReadWarning):
            yield one
        elif one.kind != "series":
            said = (
                ("group-title", one.category),
                ("tvg-id", one.epg_id),
                ("tvg-logo", one.icon),
                ("stream-id", str(one.id)),
            )
            yield PlaylistEntry(
                url=stream_url(base, one, username=username, password=password, output=output),
                title=one.name,
                attributes=tuple((name, value) for name, value in said if value),
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
        raise InputError("a panel's URL: not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("a panel's URL begins with http:// or https://, and names a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.removesuffix("/player_api.php").removesuffix("/get.php").rstrip("/")
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + path


def _stream(one: Mapping[str, Any], *, kind: str, names: Mapping[str, str]) -> PanelStream | None:
    number = _number(one.get("series_id" if kind == "series" else "stream_id"))
    if number is None or number < 0:
        return None
    category = _text(one.get("category_id"))
    return PanelStream(
        id=number,
        kind=kind,
        name=_text(one.get("name")) or _text(one.get("title")),
        category=names.get(category, category) if category else None,
        epg_id=_text(one.get("epg_channel_id")),
        icon=_text(one.get("stream_icon")) or _text(one.get("cover")),
        added=_moment(one.get("added") or one.get("last_modified")),
        container=_text(one.get("container_extension")),
        archive_days=_number(one.get("tv_archive_duration")),
    )


def _document(chunks: Iterable[bytes]) -> Any:
    data = whole(chunks, most=16_000_000, wanted="a panel's answer")
    if (found := what_is(data[:4096])) is not None:
        raise SourceError(f"not a panel's answer: this is {found}")
    text = text_of(data)
    if markup_of(text) in ("HTML", "XML"):
        raise SourceError("not a panel's answer: this is HTML")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"not a panel's answer: no JSON ({error})"[:200]) from error


def _objects(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Yield the members of one JSON array, reading on only as needed."""
    head, stream = begin(chunks, wanted="a panel's answer")
    start = head.lstrip()[:1]
    if start != b"[":
        if start == b"<":
            raise SourceError("not a panel's answer: this is HTML")
        if start == b"{":  # an error object, or one stream for each key
            body = _document(stream)
            yield from (one for one in body.values() if isinstance(one, Mapping) and one)
            return
        raise SourceError("not a panel's answer: no JSON array")
    decoder = json.JSONDecoder()
    text, at, opened = "", 0, False
    for piece in _in_pieces(stream):
        text = text[at:] + piece
        at = 0
        while True:
            while at < len(text) and text[at] in " \t\r\n,[" and not (opened and text[at] == "["):
                opened = opened or text[at] == "["
                at += 1
            if at < len(text) and text[at] == "]":
                return
            try:
                one, end = decoder.raw_decode(text, at)
            except RecursionError as error:
                raise SourceError("a panel's answer: nested too deeply") from error
            except ValueError as error:
                if len(text) - at > _LARGEST_OBJECT:
                    raise SourceError(f"a panel's answer: broken JSON ({error})"[:200]) from error
                break
            if end == len(text):
                break  # a number may go on in the next chunk
            yield one
            at = end
    if text[at:].strip():
        raise SourceError("a panel's answer: broken off or no JSON")


def _in_pieces(stream: Iterable[bytes]) -> Iterator[str]:
    """Decode, and join crumbs: an object is parsed anew with each piece that it spans."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    kept: list[str] = []
    length = 0
    for chunk in stream:
        kept.append(decoder.decode(chunk))
        length += len(chunk)
        if length >= _PIECE:
            yield "".join(kept)
            kept, length = [], 0
    kept.append(decoder.decode(b"", final=True))
    yield "".join(kept)


def _text(value: object) -> str | None:
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | float):
        return None
    return str(value).replace("\0", "").strip()[:1024] or None


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        return int(value) if abs(value) < 2**53 else None
    if isinstance(value, str):
        digits = value.strip()
        if digits.lstrip("-").isascii() and digits.lstrip("-").isdigit() and len(digits) < 19:
            try:
                return int(digits)
            except ValueError:
                return None
    return None


def _port(value: object) -> int | None:
    number = _number(value)
    return number if number is not None and 0 < number < 65_536 else None


def _truth(value: object) -> bool | None:
    number = _number(value)
    return None if number is None else number != 0


def _moment(value: object) -> datetime | None:
    number = _number(value)
    # Zero and nonsense are how panels say "unknown"; 4102444800 is the year 2100.
    if number is None or not 0 < number < 4_102_444_800:
        return None
    return datetime.fromtimestamp(number, UTC)
