"""Read titles from a playlist, from a CSV with a ``title`` column, or from lines."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from cautery.catalogue import Listing
from cautery.cells import plain_cell
from cautery.errors import InputError
from cautery.formats import PlaylistEntry, read_m3u
from cautery.packed import chunks_of, plain_name
from cautery.workflows.files.lines import as_utf8, lines_of, rows_of

MAX_LINE = 65_536


def read_titles(path: Path, *, country: str | None = None) -> Iterator[Listing]:
    """Yield titles in order, with what the file tells of each.

    A nameless entry of a playlist and an empty line are left out; each row of a CSV is kept, so
    that answers stand beside their questions.

    Parameters
    ----------
    path : Path
        May be packed (``.gz``, ``.xz``, ``.zst``). What its ending does not tell, as of ``-`` for
        stdin, its first line does. A CSV may also have ``country``, ``source``, ``lang`` and
        ``group``.
    country : str or None
        Where titles are from that do not say it themselves.

    Raises
    ------
    InputError
        If there is no such file, or it is not what its ending says.
    SourceError
        If a playlist cannot be read.
    """
    chunks = as_utf8(chunks_of(path), str(path))
    first = next(chunks, b"")
    whole = chain((first,), chunks)
    match plain_name(path).suffix.lower() or _said_by(first):
        case ".m3u" | ".m3u8":
            for entry in read_m3u(whole):
                if isinstance(entry, PlaylistEntry) and entry.title:
                    yield Listing(
                        title=entry.title,
                        country=country,
                        group=entry.attribute("group-title"),
                    )
        case ".csv":
            yield from _of_table(path, whole, country)
        case _:
            for line in lines_of(whole, longest=MAX_LINE):
                if title := line.strip():
                    yield Listing(title=title, country=country)


def _said_by(first: bytes) -> str:
    """Return the ending that the first bytes of a nameless list ask for."""
    line = first.removeprefix(codecs.BOM_UTF8).partition(b"\n")[0].strip().lower()
    if line.startswith(b"#extm3u"):
        return ".m3u"
    cells = re.split(rb"[,;\t]", line)
    return ".csv" if b"title" in [cell.strip(b' "') for cell in cells] else ""


def _of_table(path: Path, chunks: Iterable[bytes], country: str | None) -> Iterator[Listing]:
    number = 1
    try:
        rows = rows_of(lines_of(chunks, longest=MAX_LINE), str(path))
        if "title" not in (rows.fieldnames or ()):
            raise InputError(f"{path}: a CSV of titles must have a column 'title'")
        for row in rows:
            number = rows.line_num
            yield Listing(
                title=plain_cell(row["title"] or ""),
                country=row.get("country") or country,
                group=row.get("group") or None,
                source=row.get("source") or None,
                language=row.get("lang") or None,
            )
    except csv.Error as error:
        raise InputError(f"{path}: after line {number}: {error}") from error
