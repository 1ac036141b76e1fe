"""Titles from whatever an analyst has: a playlist, a CSV with a ``title`` column, or lines."""

from __future__ import annotations

import csv
import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cautery.errors import InputError
from cautery.watch import PlaylistEntry, read_m3u

CHUNK_BYTES = 1 << 20
MAX_LINE = 10_000


def read_titles(path: Path) -> Iterator[str]:
    """Yield titles in order; nameless entries are left out.

    Raises
    ------
    InputError
        If there is no such file.
    SourceError
        If a playlist cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    plain = path.with_suffix("") if path.suffix in (".xz", ".gz") else path
    with _opened(path) as file:
        if plain.suffix.lower() in (".m3u", ".m3u8"):
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            for entry in read_m3u(chunks):
                if isinstance(entry, PlaylistEntry) and entry.title:
                    yield entry.title
            return
        lines = (line.decode("utf-8", "replace")[:MAX_LINE] for line in file)
        if plain.suffix.lower() == ".csv":
            rows = csv.DictReader(lines)
            if "title" not in (rows.fieldnames or ()):
                raise InputError(f"{path}: a CSV of titles has a column 'title'")
            yield from (row["title"] for row in rows if row["title"])
            return
        yield from (line.strip() for line in lines if line.strip())


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".xz":
        return lzma.open(path)
    if path.suffix == ".gz":
        return gzip.open(path)  # type: ignore[return-value]
    return path.open("rb")
