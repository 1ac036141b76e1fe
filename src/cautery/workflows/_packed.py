"""A file's bytes, unpacked by its ending, in bounded memory."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from cautery.errors import InputError

PACKINGS = ("", ".gz", ".xz", ".zst")
_CHUNK_BYTES = 1 << 20
_UNPACK_BYTES = 256 << 20
"""Memory that unpacking may take: xz -9 takes 65 MB, zstd --long=27 128 MB."""


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked by its ending; a packed bomb costs time, never memory.

    Raises
    ------
    InputError
        If it is no regular file, or is not what its ending says.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            match path.suffix:
                case ".gz":
                    with gzip.open(file) as opened:
                        yield from _pieces(cast("BinaryIO", opened))
                case ".zst":
                    reader = zstandard.ZstdDecompressor(max_window_size=_UNPACK_BYTES)
                    with reader.stream_reader(file, read_across_frames=True) as opened:
                        yield from _pieces(cast("BinaryIO", opened))
                case ".xz":
                    yield from _unxz(file)
                case _:
                    yield from _pieces(file)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError) as error:
        raise InputError(f"{path}: it cannot be read: {error}") from error


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK_BYTES), b"")


def _unxz(file: BinaryIO) -> Iterator[bytes]:
    """Unpack one stream after another; lzma.open has no limit of memory."""
    unpacker: lzma.LZMADecompressor | None = None
    packed = b""
    while True:
        if unpacker is None:
            # Between streams, and after the last, there may be padding of zeros.
            packed = packed.lstrip(b"\0")
            if not packed:
                packed = file.read(_CHUNK_BYTES)
                if not packed:
                    return
                continue
            unpacker = lzma.LZMADecompressor(memlimit=_UNPACK_BYTES)
        yield unpacker.decompress(packed, _CHUNK_BYTES)
        packed = b""
        if unpacker.eof:
            packed, unpacker = unpacker.unused_data, None
        elif unpacker.needs_input:
            packed = file.read(_CHUNK_BYTES)
            if not packed:
                raise EOFError("the packed data ends too early")
