"""Read a catalogue of rights from a mandate or from a table in iptv-org's layout."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cautery.catalogue import Catalogue
from cautery.packed import PACKINGS, chunks_of, require_file
from cautery.workflows.files.lines import as_utf8, lines_of
from cautery.workflows.mandate.read import read_mandate

_LONGEST_LINE = 1 << 20


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
    return lines_of(as_utf8(chunks_of(path), str(path)), longest=_LONGEST_LINE)
