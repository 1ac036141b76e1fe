"""Sealed bytes, whole or the one range that was asked for (RFC 9110, section 14)."""

from __future__ import annotations

import re

from starlette.responses import Response

_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{0,12})")
_SAVED = {
    # A player loads them; whoever opens the address itself gets a file to save.
    "accept-ranges": "bytes",
    "content-disposition": "attachment",
    "content-security-policy": "sandbox; default-src 'none'",
}


def part_of(content: bytes, media_type: str, asked: str) -> Response:
    """Return all of some bytes, or the one range that was asked for."""
    headers = dict(_SAVED)
    match = _RANGE.fullmatch(asked)
    if match is None:  # no range, or one that this room does not cut: all of it
        return Response(content, media_type=media_type, headers=headers)
    first = int(match[1])
    last = min(int(match[2] or len(content)), len(content) - 1)
    if first > last:
        headers["content-range"] = f"bytes */{len(content)}"
        return Response(status_code=416, headers=headers)
    headers["content-range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(
        content[first : last + 1], status_code=206, media_type=media_type, headers=headers
    )
