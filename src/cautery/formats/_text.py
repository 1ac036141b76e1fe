"""What bytes really are, and their text: the first look that every reader takes."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from cautery.errors import SourceError

SNIFFED_BYTES = 4096
_PIECE = 65_536
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip data"),
    (b"\xfd7zXZ", "xz data"),
    (b"(\xb5/\xfd", "zstd data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
)


def what_is(head: bytes) -> str | None:
    """Say what the first bytes are when they are no text for a playlist, page or answer.

    Returns
    -------
    str or None
        ``gzip data``, ``an MPEG transport stream``, ``NUL bytes`` ...; ``None`` for text.
    """
    if not head:
        return "empty"
    if not head.strip(b"\0"):
        return "NUL bytes"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:1] == b"G" and head[188:189] == b"G":
        return "an MPEG transport stream"
    if head[4:8] in (b"ftyp", b"styp", b"moof"):
        return "an MP4 file"
    return None


def markup_of(text: str) -> str | None:
    """Say whether text that should be a playlist is HTML, XML or JSON."""
    start = text.lstrip("\ufeff \t\r\n\0")[:512].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<script", "<div", "<!--")):
        return "HTML"
    if start.startswith("<"):
        return "HTML" if "<html" in start else "XML"
    if start.startswith(("{", "[{", "[]")):
        return "JSON"
    return None


def encoding_of(head: bytes) -> str | None:
    """Return ``utf-16-le`` or ``utf-16-be`` by mark or by where the NULs are, else ``None``."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    pairs = len(head) // 2
    if pairs < 2:
        return None
    # Playlists are mostly ASCII, of which UTF-16 makes a NUL in every second byte.
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.4 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.1 * pairs:
        return "utf-16-be"
    return None


def decode_line(line: bytes) -> str:
    """Return a line's text: UTF-8 where it is, else Windows-1252, else Latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")


def pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks so that none is longer than 64 KiB, and drop empty ones."""
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            yield chunk[start : start + _PIECE]


def begin(chunks: Iterable[bytes], *, expected_format: str) -> tuple[bytes, Iterator[bytes]]:
    """Look at the first bytes without losing them.

    Returns
    -------
    bytes, iterator of bytes
        The first bytes, and all bytes as UTF-8 or a single-byte encoding (UTF-16 is transcoded).

    Raises
    ------
    SourceError
        If they are empty or plainly something else.
    """
    source = pieces(chunks)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= SNIFFED_BYTES:
            break
    kind = what_is(head[:SNIFFED_BYTES])
    if kind is not None:
        raise SourceError(f"not {expected_format}: this is {kind}")
    everything: Iterator[bytes] = chain((head,), source)
    encoding = encoding_of(head[:SNIFFED_BYTES])
    if encoding is not None:
        everything = _transcoded(everything, encoding)
        head = next(everything, b"")
        everything = chain((head,), everything)
    if head.startswith(codecs.BOM_UTF8):
        head = head[3:]
        next(everything)
        everything = chain((head,), everything)
    return head, everything


def _transcoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def whole(chunks: Iterable[bytes], *, most_bytes: int, expected_format: str) -> bytes:
    """Join the chunks of something that must be small.

    Raises
    ------
    SourceError
        If it is longer than ``most_bytes``.
    """
    data = bytearray()
    for chunk in chunks:
        if len(data) + len(chunk) > most_bytes:
            raise SourceError(f"{expected_format}: longer than {most_bytes} bytes")
        data += chunk
    return bytes(data)


def text_of(data: bytes) -> str:
    """Return the text of a small document in UTF-8, UTF-16, Windows-1252 or Latin-1."""
    encoding = encoding_of(data[:SNIFFED_BYTES])
    text = data.decode(encoding, "replace") if encoding else decode_line(data)
    return text.removeprefix("\ufeff")


def quoted(line: str, *, most_characters: int = 120) -> str:
    """Quote a line for a warning: printable, and short."""
    excerpt = line[: most_characters + 1]
    return ascii(excerpt[:most_characters]) + ("..." if len(excerpt) > most_characters else "")
