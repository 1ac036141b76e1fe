"""What a URL's port and path show about the server behind it, without their secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("path:player_api", re.compile(r"/(?:player_api|panel_api|xmltv)\.php$")),
    ("path:get.php", re.compile(r"/get\.php$")),
    ("path:portal", re.compile(r"/(?:c|stalker_portal|portal|ministra)(?:/|\.php$|$)")),
    (
        "path:live",
        # A line's stream has a number; segments have one with zeros before it, or a folder "hls".
        re.compile(r"^/live(?:/[^/]+){3}$|^/(?!hls/)[^/]{3,}/[^/]{3,}/[1-9]\d*(?:\.(?:ts|m3u8))?$"),
    ),
    ("path:manifest", re.compile(r"\.(?:m3u8|mpd)$")),
    ("page:client-area", re.compile(r"/(?:client(?:area|s)?|whmcs|billing)(?:\.php$|/|$)")),
    ("path:segments", re.compile(r"\.(?:ts|m4s|mp4|aac|cmf[va])$")),
)
"""Names as :mod:`cautery.graph.roles` has them; of several that fit, all are told."""
_DEFAULT_PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtsp": 554}
"""By IANA's list; a URL that states one says no more than one that does not."""


def shapes_of(url: str) -> tuple[str, ...]:
    """Return ``port:N`` and the shapes of the path that fit; nothing of a text that is not a URL.

    Examples
    --------
    >>> shapes_of("http://panel.example:25461/live/anna/s3cret/17.ts")
    ('path:live', 'path:segments', 'port:25461')
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return ()
    if not parts.hostname:
        return ()
    return tuple(sorted(_shapes(parts.path.lower(), port)))


def _shapes(path: str, port: int | None) -> Iterator[str]:
    if port is not None:
        yield f"port:{port}"
    for name, pattern in _PATHS:
        if pattern.search(path):
            yield name
