"""Web servers' access logs: which host served which stream to how many, and from where it drew it.

Of a request are kept its time, method, status and size, what kind of thing it asked for, and a
stream's number. A line's name and word, a MAC and the client's address are for hashing only; the
rest of path and query is never read out, for anything may stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cautery.errors import SourceError
from cautery.formats._buffer import Buffer
from cautery.formats._seized import SeizedRow, unread
from cautery.formats._tally import Tally
from cautery.formats._text import begin, decode_line
from cautery.formats._values import ReadWarning
from cautery.json_text import parsed_json
from cautery.messages import message
from cautery.model import Authority

FORMAT = "access log of nginx or Apache: common, combined, with a virtual host, or JSON lines"
SPECIFICATION = (
    "Apache HTTP Server, mod_log_config (common, combined, vhost_combined); nginx, "
    "ngx_http_log_module; JSON as nginx (escape=json), Caddy and the Elastic Common Schema name it"
)
MEDIA_TYPES = ("text/plain", "application/x-ndjson")

_LONGEST_LINE = 65_536
_MOST_BEFORE = 1_000
_DEEPEST = 4
_QUOTED = r'"((?:[^"\\]|\\.){0,60000}+)"'
LINE = re.compile(
    r"(?:(?P<host>[\w.-]{1,253}|\[[0-9a-fA-F:]{2,45}\])(?::(?P<port>\d{1,5}))?[ \t]++)?"
    r"(?P<ip>[0-9a-fA-F:.]{2,45}|-|unix:)[ \t]++\S{1,256}[ \t][^\[]{1,512}+"
    r"\[(?P<at>\d{1,2}/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d(?: ?[+-]\d{4})?)\][ \t]+"
    + _QUOTED.replace("(", "(?P<request>", 1)
    + r"[ \t]+(?P<status>\d{3}|-)[ \t]+(?P<bytes>\d{1,18}|-)(?:[ \t]+"
    + _QUOTED.replace("(", "(?P<referer>", 1)
    + r")?(?P<rest>.{0,60000})",
    re.DOTALL,
)
_REQUEST = re.compile(r"([A-Z]{3,16}) (\S{1,8192})(?: HTTP/[\d.]{1,4})?")
_UPSTREAM = re.compile(
    r"(?:upstream(?:_addr)?|proxy)[=:]\s{0,2}\"?([\w.:\[\]-]{3,120})", re.IGNORECASE
)
_LOCAL = re.compile(
    r"(\d{1,2})/(?P<month>[A-Za-z]{3})/(\d{4}):(\d\d):(\d\d):(\d\d)"
    r"(?: ?(?P<sign>[+-])(?P<zone>\d{4}))?"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE")
)
_LINE_ROUTES = frozenset(
    ("live", "movie", "series", "timeshift", "hls", "hlsr", "play", "streaming")
)
_FILE_ROUTES = {
    "get.php": "playlist", "player_api.php": "api", "panel_api.php": "api", "xmltv.php": "guide",
    "portal.php": "portal", "load.php": "portal", "stb.php": "portal", "enigma2.php": "api",
    "api.php": "api", "stream_status.php": "status",
}  # fmt: skip
ROUTES = _LINE_ROUTES | frozenset(_FILE_ROUTES.values()) | {"stream", "segment", "other"}
ACTIONS = frozenset(
    ("get_live_streams", "get_live_categories", "get_vod_streams", "get_vod_categories",
     "get_series", "get_series_categories", "get_series_info", "get_vod_info", "get_short_epg",
     "get_simple_data_table", "handshake", "get_profile", "create_link", "get_genres",
     "get_all_channels", "get_ordered_list", "get_epg_info")
)  # fmt: skip
_NUMBER = re.compile(r"(\d{1,15})(?:\.\w{1,5})?")
_SEGMENT = re.compile(r"(?i).{1,255}\.(?:ts|m4s|mp4|m3u8|aac|mpd)")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "at": ("time_iso8601", "@timestamp", "timestamp", "time", "time_local", "msec", "ts", "date"),
    "ip": ("remote_addr", "client.ip", "source.ip", "remote_ip", "client_ip", "clientip", "ip",
           "remotehost", "c-ip"),
    "host": ("http_host", "server_name", "host", "vhost", "url.domain", "virtualhost"),
    "method": ("request_method", "http.request.method", "method", "verb"),
    "target": ("request_uri", "uri", "url.original", "path", "url"),
    "request": ("request",),
    "status": ("status", "http.response.status_code", "status_code", "response", "code"),
    "bytes": ("body_bytes_sent", "bytes_sent", "http.response.body.bytes", "bytes", "size"),
    "referer": ("http_referer", "http.request.referrer", "referer", "referrer"),
    "upstream": ("upstream_addr", "upstream", "upstream_host", "proxy_host"),
}  # fmt: skip


def read_access_log(
    chunks: Iterable[bytes], *, authority: Authority
) -> Iterator[SeizedRow | ReadWarning]:
    r"""Yield one row for each request.

    Times without a zone are taken for UTC.

    Raises
    ------
    SourceError
        If no line of the first thousand is one of a log.
    """
    assert isinstance(authority, Authority)
    _, stream = begin(chunks, expected_format="an access log")
    buffer, tally = Buffer(stream), Tally()
    number = count = 0
    while True:
        raw = buffer.take_line(most_bytes=_LONGEST_LINE)
        if raw is None:
            raw = buffer.data[buffer.at :]
            buffer.at = len(buffer.data)
            if not raw:
                break
        number += 1
        if not count and number > _MOST_BEFORE:
            raise SourceError(f"not an access log: no request in {_MOST_BEFORE:,} lines")
        if not raw.strip() or raw[:1] == b"#":
            continue
        if len(raw) > _LONGEST_LINE:
            yield from unread(
                tally, number, message("unread.long-line", most_bytes=_LONGEST_LINE), raw
            )
            continue
        text = decode_line(raw).strip()
        values = _from_json(text) if text.startswith("{") else _from_text(text)
        if values is None:
            yield from unread(tally, number, message("unread.no-request"), text)
            continue
        count += 1
        yield SeizedRow(kind="request", values=values, line=number)
    if not count:
        raise SourceError("not an access log: no request in it")
    yield from tally.rest()


def _from_text(text: str) -> dict[str, str] | None:
    match = LINE.match(text)
    if match is None:
        return None
    at = _local(match["at"])
    if at is None:
        return None
    values = {"at": at.isoformat(), "ip": match["ip"], "status": match["status"]}
    if match["bytes"] != "-":
        values["bytes"] = match["bytes"]
    if match["host"]:
        values["host"] = match["host"].strip("[]")
    request = _REQUEST.match(match["request"])
    if request is not None:
        values |= _asked(request[1], request[2])
    if match["referer"]:
        values |= _referer(match["referer"])
    if upstream := _UPSTREAM.search(match["rest"]):
        values["upstream"] = _without_port(upstream[1])
    return values


def _from_json(text: str) -> dict[str, str] | None:
    try:
        body = parsed_json(text)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    fields: dict[str, str] = {}
    _flatten(body, "", fields, 0)
    named_values = {name: _first(fields, aliases) for name, aliases in _NAMES.items()}
    at = _moment(named_values["at"])
    if at is None or not (named_values["status"] or named_values["ip"] or named_values["request"]):
        return None
    values = {"at": at.isoformat()}
    for name in ("ip", "status", "bytes"):
        if named_values[name]:
            values[name] = named_values[name]
    for name in ("host", "upstream"):
        if named_values[name]:
            values[name] = _without_port(named_values[name])
    request = _REQUEST.match(named_values["request"])
    if request is not None:
        values |= _asked(request[1], request[2])
    elif named_values["target"]:
        values |= _asked(named_values["method"], named_values["target"])
    return values | _referer(named_values["referer"])


def _flatten(body: Mapping[str, Any], before: str, fields: dict[str, str], depth: int) -> None:
    for name, value in list(body.items())[:200]:
        path = f"{before}{name}".lower()
        if isinstance(value, Mapping):
            if depth < _DEEPEST:
                _flatten(value, path + ".", fields, depth + 1)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                fields.setdefault(path, str(value))
            except ValueError:  # more digits than Python prints
                continue


def _first(fields: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        if name in fields:
            return fields[name]
    for name in names:
        for path, value in fields.items():
            if path.endswith("." + name):
                return value
    return ""


def _asked(method: str, target: str) -> dict[str, str]:
    """Return what a request asked for, by the panels' ways of writing it."""
    values = {"method": method.upper()} if method.upper() in METHODS else {}
    try:
        parts = urlsplit(target if "://" in target[:12] else "http://h.invalid" + target)
        query = parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        return values | {"route": "other"}
    steps = [unquote(step) for step in parts.path.split("/") if step]
    head = steps[0].lower() if steps else ""
    last = steps[-1] if steps else ""
    number = _NUMBER.fullmatch(last)
    if head in _LINE_ROUTES and len(steps) >= 4:
        values |= {"route": head, "username": steps[1], "password": steps[2]}
        if number is not None:
            values["stream"] = number[1]
    elif last.lower() in _FILE_ROUTES:
        values["route"] = _FILE_ROUTES[last.lower()]
    elif len(steps) == 3 and number is not None:
        values |= {"route": "stream", "username": steps[0], "password": steps[1],
                   "stream": number[1]}  # fmt: skip
    elif _SEGMENT.fullmatch(last):
        values["route"] = "segment"
    else:
        values["route"] = "other"
    for name, key in (("username", "username"), ("password", "password"), ("mac", "mac")):
        if parameter_value := query.get(key):
            values[name] = parameter_value[0]
    if (parameter_value := query.get("action")) and parameter_value[0] in ACTIONS:
        values["action"] = parameter_value[0]
    if (parameter_value := query.get("stream_id")) and parameter_value[0].isdigit():
        values["stream"] = parameter_value[0]
    return values


def _referer(text: str) -> dict[str, str]:
    """Return the referer's host alone: it is hashed, and a suspected one can be found by that."""
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return {}
    return {"referer": host} if host else {}


def _without_port(text: str) -> str:
    """Return the first host or address of ``address:port, address:port``."""
    host = text.partition(",")[0].strip()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _local(text: str) -> datetime | None:
    """Read ``26/Nov/2024:20:45:00 +0100``."""
    match = _LOCAL.fullmatch(text)
    month = _MONTHS.get(match["month"].lower()) if match else None
    if match is None or month is None:
        return None
    day, year, hour, minute, second = (int(part) for part in match.group(1, 3, 4, 5, 6))
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if not match["sign"]:
        return at
    minutes = int(match["zone"][:2]) * 60 + int(match["zone"][2:])
    return _moved(at, -minutes if match["sign"] == "+" else minutes)


def _moved(at: datetime, minutes: int) -> datetime | None:
    try:
        # At either end of Python's years a zone leads out of them.
        return at + timedelta(minutes=minutes)
    except OverflowError:
        return None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if number:
        # In seconds this is the year 11476, in milliseconds 1979; 4102444800 s are the year 2100.
        if number > 300_000_000_000:
            number /= 1000
        return datetime.fromtimestamp(number, UTC) if 0 < number < 4_102_444_800 else None
    if _LOCAL.fullmatch(text):
        return _local(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
