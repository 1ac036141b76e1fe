"""The bytes of a file or a pipe, unpacked by the file's ending, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import signal
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from cautery.errors import InputError

PACKINGS = ("", ".gz", ".xz", ".zst", ".bz2")
STDIN = Path("-")
PACKED_ERRORS = (OSError, EOFError, lzma.LZMAError, zlib.error, zstd.ZstdError)
_CHUNK_BYTES = 1 << 20
LONGEST_LINE = 1 << 16
"""Bytes of a line of a table."""
_FIRST_BYTES = 1 << 10
_PADDING = re.compile(rb"\0*")
MOST_TIMES, ALWAYS_BYTES = 500, 64 << 20
"""So many times its packed size a file may unpack to, and always to so many bytes: text such as
lists and logs is packed to a hundredth at best, and a bomb would keep its reader busy for hours."""
_UNPACK_BYTES = 256 << 20
"""Memory that unpacking may take: xz -9 takes 65 MB, zstd --long=27 128 MB."""
_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 27}
"""As zstd allows without being asked, 128 MiB: a frame may state 2 GiB."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked by its ending; a packed bomb is refused before it costs much.

    ``-`` is what is piped in, as it comes.

    Raises
    ------
    InputError
        If it is no regular file, is not what its ending says, whole, or unpacks to more than
        :data:`MOST_TIMES` its size.
    """
    if path == STDIN:
        if hasattr(signal, "siginterrupt"):
            # Polars' handler has the system go on with a read at Ctrl-C: a pipe may never end.
            signal.siginterrupt(signal.SIGINT, True)
        yield from _pieces(sys.stdin.buffer)
        return
    require_file(path)
    try:
        with path.open("rb") as file:
            if path.suffix not in PACKINGS[1:]:
                yield from _pieces(file)
                return
            left = max(ALWAYS_BYTES, MOST_TIMES * os.fstat(file.fileno()).st_size)
            for chunk in unpacked(file, path.suffix):
                left -= len(chunk)
                if left < 0:
                    raise InputError(
                        f"{path}: it unpacks to over {MOST_TIMES} times its size",
                        hint="If the file is trusted, unpack it first.",
                    )
                yield chunk
    except PACKED_ERRORS as error:
        raise InputError(f"{path}: it cannot be read: {error}") from error


def require_file(path: Path) -> None:
    """Refuse what is not a regular file, in words that say what it is.

    Raises
    ------
    InputError
        If nothing is there, or a folder, a pipe or a device is.
    """
    if path.is_file():
        return
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a file")
    if path.exists():
        raise InputError(f"{path} is neither a file nor a folder")
    raise InputError(f"{path}: no such file")


def small_file(path: Path, *, most: int, of: str, hint: str | None = None) -> bytes:
    """Return all bytes of a small file.

    Parameters
    ----------
    most : int
        Bytes that it may have.
    of : str
        What it is the file of, for the error: ``a letter``.
    hint : str or None
        What helps where the file cannot be read.

    Raises
    ------
    InputError
        If it cannot be read, is no regular file, or is larger.
    """
    try:
        if path.exists():
            require_file(path)  # a pipe would be waited for
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({why})", hint=hint) from error
    if len(raw) > most:
        raise InputError(f"{path}: larger than {most:,} bytes, the limit for {of}")
    return raw


def lines_in(content: bytes, *, most: int, of: str) -> Iterator[bytes]:
    r"""Yield the lines of a file that is in memory, without their ends, one at a time.

    Parameters
    ----------
    most : int
        Lines that it may have, empty ones among them: each costs its reader something.
    of : str
        What it is the file of, for the error: ``a file of statements``.

    Raises
    ------
    InputError
        If it has more, before the first is yielded.

    Examples
    --------
    >>> list(lines_in(b"one\n\nthree", most=3, of="an example"))
    [b'one', b'', b'three']
    """
    if content.count(b"\n") >= most:
        raise InputError(f"more than {most:,} lines, the limit for {of}")
    start = 0
    while (end := content.find(b"\n", start)) >= 0:
        yield content[start:end]
        start = end + 1
    yield content[start:]


def bounded(
    chunks: Iterable[bytes], *, most_bytes: int, most_lines: int, named: str
) -> Iterator[bytes]:
    r"""Yield a file's bytes as long as they, and the lines that ``\n`` ends, are not too many.

    Raises
    ------
    InputError
        If they are: empty lines count, for they cost their reader something.
    """
    size = count = 0
    for chunk in chunks:
        size += len(chunk)
        count += chunk.count(b"\n")
        if size > most_bytes:
            raise InputError(f"{named}: larger than {most_bytes:,} bytes")
        if count > most_lines:
            raise InputError(f"{named}: more than {most_lines:,} lines")
        yield chunk


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Yield the bytes of a file that is in memory as :func:`chunks_of` does."""
    return _pieces(io.BytesIO(content))


def text_lines(
    chunks: Iterable[bytes],
    *,
    most_bytes: int,
    most_lines: int,
    longest: int = LONGEST_LINE,
    named: str = "",
) -> Iterator[str]:
    r"""Yield the lines of a table with their ends, one at a time, as ``csv`` takes them.

    A line ends at ``\n``, ``\r\n`` or ``\r``, as for spreadsheets.

    Parameters
    ----------
    most_bytes, most_lines : int
        What the table may have; empty lines count, for they cost their reader something.
    longest : int
        Bytes of a line: one of commas would take sixty times its size.
    named : str
        What the table is called in errors, if its caller does not say it.

    Raises
    ------
    InputError
        If it has more.
    UnicodeDecodeError
        If a line is not UTF-8.

    Examples
    --------
    >>> list(text_lines([b"one\r\n\rth", b"ree"], most_bytes=20, most_lines=3))
    ['one\r\n', '\r', 'three']
    """
    left, first, count, size = b"", True, 0, 0
    prefix = f"{named}: " if named else ""
    for chunk in chain(chunks, (b"",)):
        size += len(chunk)
        if size > most_bytes:
            raise InputError(f"{prefix}larger than {most_bytes:,} bytes")
        lines = (left + chunk).splitlines(keepends=True)
        # What may go on in the next chunk waits: "\r" may be half of an end.
        left = lines.pop() if chunk and lines and not lines[-1].endswith(b"\n") else b""
        count += len(lines)
        if count > most_lines:
            raise InputError(f"{prefix}more than {most_lines:,} lines")
        if len(left) > longest:
            raise InputError(f"{prefix}a line of more than {longest:,} bytes")
        for line in lines:
            if len(line) > longest:
                raise InputError(f"{prefix}a line of more than {longest:,} bytes")
            yield line.decode("utf-8-sig" if first else "utf-8")
            first = False


def unpacked(file: BinaryIO, packing: str) -> Iterator[bytes]:
    """Yield what an open file holds, unpacked; ``packing`` is a name's ending, such as ``.gz``.

    Raises
    ------
    OSError, EOFError, LZMAError, zlib.error, ZstdError
        :data:`PACKED_ERRORS`: if it breaks off, or is not packed so.
    """
    match packing:
        case ".gz":
            with gzip.open(file) as opened:
                yield from _pieces(cast("BinaryIO", opened))
        case ".bz2":
            with bz2.open(file) as opened:
                yield from _pieces(cast("BinaryIO", opened))
        case ".xz":
            yield from _unpacked(file, lambda: lzma.LZMADecompressor(memlimit=_UNPACK_BYTES))
        case ".zst":
            yield from _unpacked(file, lambda: zstd.ZstdDecompressor(options=_WINDOW))
        case _:
            yield from _pieces(file)


def content_of(path: Path, *, most: int) -> bytes:
    """Return all of a file's bytes, unpacked, or of what is piped in.

    Raises
    ------
    InputError
        As :func:`chunks_of` does, or if they are more than ``most``.
    """
    content = io.BytesIO()  # which gives its bytes away without copying them
    for chunk in chunks_of(path):
        content.write(chunk)
        if content.tell() > most:
            raise InputError(f"{path}: more than {most:,} bytes when unpacked")
    return content.getvalue()


def plain_name(path: Path) -> Path:
    """Return a file's name without the ending of its packing.

    Examples
    --------
    >>> str(plain_name(Path("final.ts.xz")))
    'final.ts'
    """
    return path.with_suffix("") if path.suffix in PACKINGS[1:] else path


@contextmanager
def as_plain_file(path: Path, *, most: int | None = None) -> Iterator[Path]:
    """Give a file that can be sought in: the path's own, or a temporary one of what it unpacks to.

    Raises
    ------
    InputError
        As :func:`chunks_of` does, if it holds more than ``most`` bytes, and when half of the
        temporary folder's free room is used up.
    """
    limit = sys.maxsize if most is None else most
    if path != STDIN and plain_name(path) == path:
        require_file(path)
        if path.stat().st_size > limit:
            raise InputError(f"{path}: more than {limit:,} bytes")
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="cautery-") as file:
        left = shutil.disk_usage(file.name).free // 2
        for chunk in chunks_of(path):
            left -= len(chunk)
            limit -= len(chunk)
            if limit < 0:
                raise InputError(f"{path}: more than {most:,} bytes when unpacked")
            if left < 0:
                raise InputError(
                    f"{path}: unpacked, it would take over half of the free disk space"
                )
            file.write(chunk)
        file.flush()
        yield Path(file.name)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK_BYTES), b"")


def _unpacked(file: BinaryIO, new: Callable[[], _Unpacker]) -> Iterator[bytes]:
    """Unpack one stream after another; those libraries' own files have no limit of memory.

    A stream first gets little, then more: what it leaves over is copied, and a file may hold a
    stream every eight bytes.
    """
    unpacker: _Unpacker | None = None
    packed, at, step = b"", 0, _FIRST_BYTES
    while True:
        if unpacker is None:
            # Between streams, and after the last, there may be padding of zeros.
            at = cast("re.Match[bytes]", _PADDING.match(packed, at)).end()
        piece = b""
        if unpacker is None or unpacker.needs_input:
            if at == len(packed):
                packed, at = file.read(_CHUNK_BYTES), 0
                if not packed and unpacker is None:
                    return
                if not packed:
                    raise EOFError("the packed data ends too early")
                continue
            piece = packed[at : at + step]
            at, step = at + len(piece), min(2 * step, _CHUNK_BYTES)
        if unpacker is None:
            unpacker = new()
        yield unpacker.decompress(piece, _CHUNK_BYTES)
        if unpacker.eof:
            at, step = at - len(unpacker.unused_data), _FIRST_BYTES
            unpacker = None
