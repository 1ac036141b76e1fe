"""IPTV playlists in any dialect: a stream of bytes to entries and warnings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urljoin, urlsplit

from cautery.errors import LimitError, SourceError
from cautery.formats._m3u_lines import MOST_ATTRIBUTES, Pending, attributes_in, header_name
from cautery.formats._tally import Tally
from cautery.formats._text import begin, decode_line, markup_of
from cautery.formats._values import PlaylistEntry, ReadWarning
from cautery.messages import message
from cautery.model.message import Message

if TYPE_CHECKING:
    from cautery.formats._m3u_runs import Runs

FORMAT = "Extended M3U, as IPTV players read it"
SPECIFICATION = (
    "No standard. RFC 8216 section 4 for #EXTM3U and #EXTINF; de facto attributes (tvg-*, "
    "group-title), #EXTGRP, #EXTVLCOPT (VLC), #KODIPROP and url|header=value (Kodi)"
)
MEDIA_TYPES = ("audio/x-mpegurl", "application/x-mpegurl", "audio/mpegurl")

_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]{0,30}:")
_CONTROL = re.compile(r"[<\x00-\x1f]")
_MOST_RESTS = 31
"""Entries read line by line where runs were looked for in vain; the more, the more often."""
_BLANK = re.compile(rb"\n++")
_FILE_NAME = re.compile(r"[\w~%,+=&@!*()-][\w.~%,+=&@!*()-]*+")
"""A relative address that only needs the folder of the list before it."""
_OF_HLS = ("#EXT-X-STREAM-INF", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistLimits:
    """The most that is read of one list.

    Parameters
    ----------
    line_bytes : int
        Longer lines are dropped, with a warning.
    entries : int
        Reading stops after so many, with a warning.
    idle : int
        Lines that give no entry: of more, and 64 for each entry, nothing is read further, with a
        warning. Attributes of an entry stand on 64 lines at most.
    warnings : int
        So many are told one by one, the rest as one count for each reason.
    total_bytes : int
        A longer list raises :class:`~cautery.errors.LimitError`.
    """

    line_bytes: int = 65_536
    entries: int = 2_000_000
    idle: int = 200_000
    warnings: int = 200
    total_bytes: int = 8_000_000_000


def read_m3u(
    chunks: Iterable[bytes], *, base: str | None = None, limits: PlaylistLimits | None = None
) -> Iterator[PlaylistEntry | ReadWarning]:
    r"""Yield the entries of a playlist as they stand, and a warning for each broken record.

    Memory stays within a few lines, however long the list is.

    Parameters
    ----------
    chunks : iterable of bytes
        The list, cut anywhere.
    base : str or None
        URL of the list, against which relative entries are resolved; without it they are warnings.

    Raises
    ------
    SourceError
        If it is no playlist (HTML, an HLS playlist, an archive, NUL bytes, nothing at all).
    LimitError
        If it is longer than the limits allow.

    Examples
    --------
    >>> [entry] = read_m3u([b'#EXTM3U\n#EXTINF:-1 tvg-id="a",Arena, 1\nhttp://a.example/1\n'])
    >>> entry.title, entry.attributes
    ('Arena, 1', (('tvg-id', 'a'),))
    """
    limits = limits or PlaylistLimits()
    head, stream = begin(chunks, expected_format="a playlist")
    large, stream = _is_large(stream)
    if (kind := markup_of(decode_line(head[:1024]))) is not None:
        raise SourceError(f"not a playlist: this is {kind}")
    tally = Tally(most=limits.warnings)
    pending = Pending()
    folder = None if base is None else _Folder(base)
    entries = number = idle = 0
    rests = tries = 0  # entries to be read line by line before runs are looked for again
    started = False
    for block in _blocks(stream, limits=limits):
        if block is None:
            number += 1
            yield from tally.add(
                number, message("unread.long-line", most_bytes=limits.line_bytes), ""
            )
            pending = Pending()
            continue
        at, end = 0, len(block)
        runs = _runs(block) if large else None
        while at < end and entries < limits.entries and idle <= limits.idle + 64 * entries:
            if blank := _BLANK.match(block, at):
                at, number = blank.end(), number + blank.end() - at
                continue
            if (
                runs is not None
                and not rests
                and not pending.line
                and block.startswith(b"#EXTINF:", at)
            ):
                run, after = runs.read(at, number, most=limits.entries - entries)
                if run:
                    yield from run
                    at, number, entries = after, run[-1].line, entries + len(run)
                    rests = tries = 0
                    continue
                tries = min(2 * tries + 1, _MOST_RESTS)
                rests = tries
            stop = block.find(b"\n", at)
            line = decode_line(block[at:] if stop == -1 else block[at:stop])
            at = end if stop == -1 else stop + 1
            number, idle = number + 1, idle + 1
            if "\0" in line:
                yield from tally.add(number, message("unread.nul-bytes"), line.replace("\0", ""))
                line = line.replace("\0", "")
            line = line.strip(" \t\ufeff")
            if not line:
                continue
            if line.startswith("#"):
                if entries == 0 and line.startswith(_OF_HLS):
                    raise SourceError("not a list of channels: this is an HLS playlist (RFC 8216)")
                started = started or line.upper().startswith("#EXTM3U")
                if line[:8].upper() == "#EXTINF:" and pending.described:
                    yield from tally.add(
                        pending.line, message("unread.no-url"), pending.title or ""
                    )
                    pending = Pending()
                if problem := pending.take(line, number):
                    yield from tally.add(number, problem, line)
                continue
            # Without #EXTM3U any bytes would pass for relative addresses.
            below = folder if started else None
            entry = _entry(line, pending, number=number, base=below)
            if pending.line:
                pending = Pending()
            if isinstance(entry, Message):
                yield from tally.add(number, entry, line)
                continue
            yield entry
            entries, idle = entries + 1, idle - 1
            rests = max(0, rests - 1)
        if entries >= limits.entries:
            yield ReadWarning(line=number, why=message("unread.entries", most=entries))
            break
        if idle > limits.idle + 64 * entries:
            # Each costs as much as an entry, and a list of junk has ten times as many of them.
            yield ReadWarning(line=number, why=message("unread.idle", most=idle - 1))
            break
    if pending.described:
        yield from tally.add(pending.line, message("unread.no-url"), pending.title or "")
    yield from tally.rest()
    if entries == 0 and not started:
        raise SourceError(f"not a playlist: neither #EXTM3U nor an entry in {number} lines")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistHead:
    """What a list says of itself: where its guide is, how often to come again."""

    attributes: tuple[tuple[str, str], ...]


def list_attributes(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return the attributes of a list's ``#EXTM3U`` line (``x-tvg-url``, ``url-tvg`` ...)."""
    first = decode_line(head.removeprefix(b"\xef\xbb\xbf")[:8192]).split("\n", 1)[0].strip()
    if not first.upper().startswith("#EXTM3U"):
        return ()
    return tuple(attributes_in(first[7:])[0])


class _Folder:
    """The address of a list, from which relative entries are resolved."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._with: str | None = None

    def join(self, address: str) -> str:
        """Return the URL of a relative address.

        Raises
        ------
        ValueError
            If the result is not a URL.
        """
        return urljoin(self._base, address)

    def of_file(self, name: str) -> str | None:
        """Return the URL of a plain file name, or ``None`` if it is more than that."""
        if not _FILE_NAME.fullmatch(name):
            return None
        if self._with is None:
            self._with = _folder_of(self._base)
        return self._with + name if self._with else None


def _folder_of(base: str) -> str:
    """Return an http(s) URL up to its last slash; empty for any other base."""
    try:
        folder = urljoin(base, "a")[:-1]
        parts = urlsplit(folder)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return ""
    return folder if sound else ""


def _entry(
    line: str, pending: Pending, *, number: int, base: _Folder | None
) -> PlaylistEntry | Message:
    url, pipe, tail = line.partition("|")
    headers = list(pending.headers)
    if pipe and "=" in tail:
        pairs = parse_qsl(tail)[:MOST_ATTRIBUTES]
        headers += [(header_name(k.strip().lower()), v.strip()) for k, v in pairs]
    else:
        url = line
    url = url.strip()
    if _CONTROL.search(url):
        return message("unread.not-a-url")
    sound = None if base is None else base.of_file(url)
    if sound is not None:
        url = sound
    else:
        try:
            if not _SCHEME.match(url):
                if base is None or " " in url:
                    return message("unread.not-a-url")
                url = base.join(url)
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return message("unread.not-a-url")
        if parts.scheme in ("http", "https") and (not parts.hostname or port == 0):
            return message("unread.no-host")
    return PlaylistEntry(
        url=url,
        title=pending.title,
        duration_s=pending.duration_s,
        attributes=tuple(pending.attributes),
        headers=tuple(headers),
        line=number,
    )


def _runs(block: bytes) -> Runs:
    from cautery.formats._m3u_runs import Runs  # noqa: PLC0415 - heavy: 0.4 s of CPU to load numba

    return Runs(block)


def _is_large(stream: Iterator[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Tell whether there is more than one piece, so that loading compiled code is worth it."""
    first = list(islice(stream, 2))
    return len(first) > 1, chain(first, stream)


def _blocks(chunks: Iterable[bytes], *, limits: PlaylistLimits) -> Iterator[bytes | None]:
    """Yield whole lines of UTF-8, each ended by LF; ``None`` for one line that is too long."""
    block = bytearray()
    total = 0
    too_long = after_return = False
    for chunk in chunks:
        total += len(chunk)
        if total > limits.total_bytes:
            raise LimitError(f"playlist: longer than {limits.total_bytes} bytes")
        if after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # noqa: PLW2901 - the second half of a CRLF
        # A CRLF may be cut between two chunks: its second half would be an empty line.
        after_return = chunk.endswith(b"\r") or (after_return and not chunk)
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # noqa: PLW2901
        first, newline, tail = chunk.partition(b"\n")
        if len(block) + len(first) > limits.line_bytes:
            too_long = True
            block.clear()
        elif not too_long:
            block += first
        if not newline:
            continue
        whole, end, last = tail.rpartition(b"\n")
        if too_long:
            yield None
        elif len(whole) <= limits.line_bytes:
            yield _utf8(bytes(block) + newline + whole + end)
            end = b""
        else:
            yield _utf8(bytes(block) + newline)
        if end:
            yield from _within(whole + end, limits.line_bytes)
        block[:] = last if len(last) <= limits.line_bytes else b""
        too_long = len(last) > limits.line_bytes
    if block or too_long:
        yield None if too_long else _utf8(bytes(block))


def _within(block: bytes, limit: int) -> Iterator[bytes | None]:
    """Yield a block of whole lines, parted around those that are too long."""
    if len(block) <= limit + 1:
        yield _utf8(block)
        return
    for line in block.splitlines(keepends=True):
        yield None if len(line) > limit + 1 else _utf8(line)


def _utf8(block: bytes) -> bytes:
    """Return lines as UTF-8: each that is something else is read as that."""
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return b"\n".join(decode_line(line).encode() for line in block.split(b"\n"))
    return block
