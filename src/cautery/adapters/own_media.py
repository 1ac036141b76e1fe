"""Own media of this machine for decoys: an HLS playlist and its segments, read once into memory.

Reaches: the playlist that the planner names, and the files that it names.
Lawful basis: they are the organisation's own media, for the test of its own watch (ADR 0079).
Manners: all is read at the start, so that nobody who looks at the disk sees which decoy is asked
for; nothing is written.
Format: RFC 8216: EXTINF and EXT-X-MAP; paths relative to the playlist.
"""

from __future__ import annotations

import re
from pathlib import Path

from cautery.adapters._files import read_whole
from cautery.errors import EvidenceError, InputError
from cautery.model.decoys import OwnPiece

MOST_BYTES = 2 << 30
"""Of all segments of one playlist, which lie in memory."""
_MOST_PLAYLIST, _MOST_SEGMENT = 4 << 20, 32 << 20
_SECONDS = re.compile(r"#EXTINF:([0-9]{1,4}(?:\.[0-9]{1,9})?),?.*")
_MAP = re.compile(r'#EXT-X-MAP:URI="([^"]{1,1000})"')


def own_pieces(playlist: Path) -> tuple[OwnPiece, ...]:
    """Return the segments of an HLS playlist of this machine.

    Raises
    ------
    InputError
        If it or a segment cannot be read, it is no media playlist, or it is too long.
    """
    pieces, total_bytes = [], 0
    seconds: float | None = None
    initialisation = b""
    for line in _text(playlist).splitlines():
        if (match := _SECONDS.fullmatch(line)) is not None:
            seconds = float(match[1])
        elif (match := _MAP.fullmatch(line)) is not None:
            initialisation = _bytes(playlist.parent / match[1])
        elif line.startswith(("#EXT-X-KEY", "#EXT-X-BYTERANGE", "#EXT-X-STREAM-INF")):
            raise InputError(
                f"{playlist}: own media must be a plain media playlist ({line[:40]!a})",
                hint="ffmpeg -i FILE -c copy -f hls -hls_playlist_type vod OUT.m3u8",
            )
        elif line and not line.startswith("#"):
            if seconds is None:
                raise InputError(f"{playlist}: a segment without its length (EXTINF)")
            media = initialisation + _bytes(playlist.parent / line)
            total_bytes += len(media)
            if total_bytes > MOST_BYTES:
                raise InputError(f"{playlist}: its segments have more than {MOST_BYTES} bytes")
            pieces.append(OwnPiece(seconds, media))
            seconds = None
    if not pieces:
        raise InputError(f"{playlist}: it names no segments, so there are no media")
    return tuple(pieces)


def require_media(playlist: Path) -> None:
    """Raise unless a playlist of own media is there.

    Raises
    ------
    InputError
        If it is not, or is no playlist.
    """
    _text(playlist)


def _text(playlist: Path) -> str:
    try:
        text = read_whole(playlist, limit=_MOST_PLAYLIST).decode()
    except (EvidenceError, UnicodeDecodeError) as error:
        raise InputError(f"{playlist}: own media cannot be read: {error}") from error
    if not text.startswith("#EXTM3U"):
        raise InputError(
            f"{playlist}: own media must be an HLS playlist",
            hint="Make one: ffmpeg -i FILE -c copy -f hls -hls_playlist_type vod OUT.m3u8",
        )
    return text


def _bytes(path: Path) -> bytes:
    try:
        return read_whole(path.resolve(), limit=_MOST_SEGMENT)
    except EvidenceError as error:
        raise InputError(f"own media cannot be read: {error}") from error
