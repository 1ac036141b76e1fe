"""Hosts from whatever an analyst has: lines, or a CSV with a ``host`` column, streamed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from cautery.errors import InputError
from cautery.packed import chunks_of
from cautery.watch import ReadWarning
from cautery.workflows._lines import lines_of

MAX_LINE = 16_384
"""Bytes of a line that are read; the rest of a longer one is skipped."""
LONGEST_HOST = 253
"""Of a name in the DNS; RFC 1035, 2.3.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeen:
    """A host as a list has it: when it was there first and last, and whose list it is."""

    line: int
    host: str
    first: date | None = None
    last: date | None = None
    source: str = ""


def read_hosts(path: Path) -> Iterator[HostSeen | ReadWarning]:
    """Yield the hosts of a file, also ``.xz``, ``.gz`` and ``.zst``, or of stdin (``-``), in order.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return hosts_in(chunks_of(path))


def hosts_in(chunks: Iterable[bytes]) -> Iterator[HostSeen | ReadWarning]:
    """Yield the hosts in pieces of a file, and a warning for each line that has none.

    The first line decides: with a cell ``host`` or ``domain`` it heads a CSV (one row a line, also
    ``first``, ``last`` and ``source``), else each line is a host or a URL. Empty lines and lines
    that begin with ``#`` or ``!`` are skipped.

    Raises
    ------
    InputError
        If it is UTF-16 text.
    """
    lines = lines_of(chunks, longest=MAX_LINE)
    head = next(lines, "")
    if "\0" in head:
        raise InputError("hosts: no UTF-8 text", hint="Save it as UTF-8.")
    header = [cell.strip().lower() for cell in _cells(head)]
    column = next((name for name in ("host", "domain") if name in header), None)
    numbered = enumerate(lines if column else chain((head,), lines), start=2 if column else 1)
    for number, line in numbered:
        text = line.strip()
        if not text or (column is None and text[0] in "#!"):
            continue
        row = dict(zip(header, _cells(text), strict=False)) if column else {"host": text}
        try:
            yield HostSeen(
                line=number,
                host=_host(row.get(column or "host", "")),
                first=_day(row.get("first", "")),
                last=_day(row.get("last", "")),
                source=row.get("source", "").strip(),
            )
        except ValueError as error:
            yield ReadWarning(line=number, why=str(error), quoted=ascii(text[:120]))


def _cells(line: str) -> list[str]:
    # A row is a line: an open quote must not swallow the hosts that follow.
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _host(cell: str) -> str:
    text = cell.strip().removeprefix("*.").strip(".").lower()
    if "/" in text:
        text = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    if not text or len(text) > LONGEST_HOST or any(not one.isprintable() for one in text):
        raise ValueError("no host")
    return text


def _day(cell: str) -> date | None:
    text = cell.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("a date is not as 2026-08-22") from None
