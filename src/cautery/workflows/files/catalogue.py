"""Read a catalogue of rights from a mandate or from a table in iptv-org's layout."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cautery.catalogue import Catalogue
from cautery.packed import PACKINGS, bounded, chunks_of, require_file
from cautery.workflows.files.lines import as_utf8, lines_of
from cautery.workflows.mandate.read import read_mandate

_LONGEST_LINE = 1 << 20
_MOST_BYTES, _MOST_LINES = 64 << 20, 500_000
"""Of a table: iptv-org's of all channels has 5 MB and forty thousand lines."""


def read_catalogue(path: Path, *, now: datetime) -> Catalogue:
    """Read a mandate (``.toml``) or a CSV.

    A ``feeds.csv`` beside a CSV, packed or not, is read with it.

    Raises
    ------
    InputError
        If it is neither.
    """
    require_file(path)
    if path.suffix == ".toml":
        return Catalogue.of(read_mandate(path, now=now))
    beside = (path.with_name(f"feeds.csv{packing}") for packing in PACKINGS)
    feeds = next((path_beside for path_beside in beside if path_beside.is_file()), None)
    return Catalogue.of_csv(
        _lines(path), feeds=_lines(feeds) if feeds is not None else (), named=str(path)
    )


def _lines(path: Path) -> Iterable[str]:
    chunks = bounded(
        chunks_of(path), most_bytes=_MOST_BYTES, most_lines=_MOST_LINES, named=str(path)
    )
    return lines_of(as_utf8(chunks, str(path)), longest=_LONGEST_LINE)
