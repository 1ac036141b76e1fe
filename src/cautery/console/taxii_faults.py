"""Errors as TAXII 2.1 has them (section 3.6.1): one sentence each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from starlette.responses import Response

from cautery.exchange.taxii import MEDIA_TYPE

TAXII = "/taxii2"
_OURS = ("application/taxii+json", "application/*", "*/*")


def is_taxii(path: str) -> bool:
    """Tell whether an address is one of TAXII."""
    return path == TAXII or path.startswith(f"{TAXII}/")


def fault(
    status: int, words: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer for an error."""
    body = {
        "title": HTTPStatus(status).phrase,
        "description": f"{words} {hint}".strip(),
        "http_status": str(status),
    }
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def accepts(fields: Iterable[str]) -> bool:
    """Tell whether TAXII 2.1 may be answered to these ``Accept`` fields; none stands for anything.

    Examples
    --------
    >>> accepts(["application/taxii+json; version=2.1"]), accepts(["application/taxii+json"])
    (True, True)
    >>> accepts(["application/taxii+json;version=2.0"]), accepts(["text/html"]), accepts([])
    (False, False, True)
    """
    ranges = [part for field in fields for part in field.split(",") if part.strip()]
    return not ranges or any(map(_is_ours, ranges))


def _is_ours(media_range: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in media_range.split(";"))
    values = {name.strip(): value.strip(' "') for name, _, value in _pairs(parameters)}
    if kind not in _OURS or values.get("version", "2.1") != "2.1":
        return False
    return values.get("q", "1").strip("0.") != ""  # of weight 0: not acceptable (RFC 9110, 12.4.2)


def _pairs(parameters: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    return (parameter.partition("=") for parameter in parameters)
