"""Sealed bytes, whole or the one range that was asked for (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Protocol

from starlette.responses import Response, StreamingResponse

_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{0,12})")
_SAVED = {
    # A player loads them; whoever opens the address itself gets a file to save.
    "accept-ranges": "bytes",
    "content-disposition": "attachment",
    "content-security-policy": "sandbox; default-src 'none'",
}


class Content(Protocol):
    """Bytes that are sent a piece at a time: a slow reader holds none of them in memory."""

    @property
    def size(self) -> int:
        """How many they are."""
        ...

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """Yield a range of them; what is wrong with them is raised before the first."""
        ...


def part_of(
    content: Content, media_type: str, asked: str, headers: Mapping[str, str] = _SAVED
) -> Response:
    """Return all of some bytes, or the one range that was asked for."""
    headers, status, first, last = dict(headers), 200, 0, content.size - 1
    match = _RANGE.fullmatch(asked)
    if match is not None:  # else no range, or one that this room does not cut: all of it
        status, first = 206, int(match[1])
        last = min(int(match[2] or content.size), last)
        if first > last:
            headers["content-range"] = f"bytes */{content.size}"
            return Response(status_code=416, headers=headers)
        headers["content-range"] = f"bytes {first}-{last}/{content.size}"
    headers["content-length"] = str(last + 1 - first)
    pieces = content.pieces(first, last + 1)
    begun = chain([next(pieces, b"")], pieces)
    return StreamingResponse(begun, status_code=status, media_type=media_type, headers=headers)
