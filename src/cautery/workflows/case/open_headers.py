"""Which headers of a transaction may be stored in clear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urljoin

from cautery.errors import InputError
from cautery.formats import redacted_text
from cautery.model import Pseudonyms, RedactedUrl

_LOCATIONS = frozenset(("location", "content-location", "referer"))
_FREE_TEXT = frozenset(
    ("accept", "content-type", "etag", "if-none-match", "server", "user-agent", "via")
)  # fmt: skip
"""Headers that carry no line, but what somebody likes to write: screened."""
_DAY, _MONTH = (
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
)
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATE = (
    rf"{_DAY}[a-z]{{0,6}}, [0-9]{{1,2}}[ -]{_MONTH}[ -][0-9]{{2,4}} {_TIME}(?: GMT| UTC)?"
    rf"|{_DAY} {_MONTH} [ 0-9][0-9] {_TIME} [0-9]{{4}}"
)
_CODING = (
    r"(?:gzip|x-gzip|deflate|br|zstd|compress|identity|chunked|none|\*)"
    r"(?:;q=[01](?:\.[0-9]{1,3})?)?"
)
_HEADER_NAMES = (
    r"(?:accept(?:-charset|-encoding|-language|-ranges)?|access-control-[a-z-]{1,24}|authorization"
    r"|cookie|content-type|dnt|host|https?|if-none-match|origin|range|referer|save-data|user-agent"
    r"|x-forwarded-(?:for|host|proto)|x-requested-with)"
)
_CACHING = (
    r"(?:no-cache|no-store|no-transform|(?:must|proxy)-revalidate|must-understand|public|private"
    r"|immutable|only-if-cached|(?:max-age|s-maxage|max-stale|min-fresh|stale-while-revalidate"
    r"|stale-if-error|(?:post|pre)-check)=\"?[0-9]{1,10}\"?)"
)


def _list_of(item: str) -> str:
    return rf"{item}(?:\s?[,;]\s?{item}){{0,15}}"


_GRAMMAR = {
    name: re.compile(pattern, re.IGNORECASE)
    for pattern, names in (
        (_DATE, "date last-modified if-modified-since"),
        (rf"{_DATE}|-?[0-9]{{1,10}}", "expires retry-after age"),
        (r"[0-9]{1,19}", "content-length"),
        (r"bytes (?:[0-9]{1,19}-[0-9]{1,19}|\*)/(?:[0-9]{1,19}|\*)", "content-range"),
        (r"bytes=[0-9]{0,19}-[0-9]{0,19}", "range"),
        (r"bytes|none|0-[0-9]{1,19}", "accept-ranges"),
        (_list_of(r"(?:timeout|max)=[0-9]{1,10}"), "keep-alive"),
        (_list_of(r"(?:keep-alive|close|upgrade|te|transfer-encoding)"), "connection"),
        (_list_of(_CODING), "accept-encoding content-encoding transfer-encoding"),
        (_list_of(_CACHING), "cache-control pragma"),
        (_list_of(rf"(?:{_HEADER_NAMES}|\*)"), "vary"),
        (r"[\w.:\[\]-]{1,255}", "host"),
    )
    for name in names.split()
}
"""Headers that carry no line where they are of their form (RFC 9110, 9111, 9112). In any other form
they stand as a keyed hash where an exchange is in the open, as all other headers do."""
_PHRASES = frozenset(
    (*(status.phrase.lower() for status in HTTPStatus), "moved temporarily", "not satisfiable", "")
)


def shown_headers(
    headers: Sequence[tuple[str, str]], base: str, pseudonyms: Pseudonyms
) -> tuple[tuple[str, str], ...]:
    """Return the headers of an exchange as they may lie in the open.

    Parameters
    ----------
    base : str
        The exchange's URL, to which those that name a place are relative.
    """
    headers_shown = []
    for name, value in headers:
        plain = name.lower()
        if plain in _LOCATIONS:
            try:
                value = RedactedUrl.of(urljoin(base, value), pseudonyms).text  # noqa: PLW2901
            except (InputError, ValueError):
                value = "~" + pseudonyms.of(value)  # noqa: PLW2901
        elif plain in _FREE_TEXT:
            value = redacted_text(value, pseudonyms, kind="message")  # noqa: PLW2901
        elif plain not in _GRAMMAR or not _GRAMMAR[plain].fullmatch(value.strip()):
            value = "~" + pseudonyms.of(value)  # noqa: PLW2901
        headers_shown.append((name, value))
    return tuple(headers_shown)


def shown_reason(reason: str, pseudonyms: Pseudonyms) -> str:
    """Return a status line's phrase: a usual one as it is, any other as a keyed hash."""
    return reason if reason.lower() in _PHRASES else "~" + pseudonyms.of(reason)
