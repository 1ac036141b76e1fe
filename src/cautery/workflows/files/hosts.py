"""Read hosts from lines or from a table with a ``host`` column, as a stream."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from cautery.errors import InputError
from cautery.formats import ReadWarning
from cautery.messages import message
from cautery.packed import chunks_of
from cautery.workflows.files.lines import as_utf8, lines_of, separator_of

MAX_LINE = 16_384
"""Bytes of a line that are read; the rest of a longer one is skipped."""
LONGEST_HOST = 253
"""Of a name in the DNS; RFC 1035, 2.3.4."""
_NAME = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*")
"""Labels of a name; RFC 1035, 2.3.4."""
_LISTED = re.compile(r"^(0\.0\.0\.0|127\.0\.0\.1|::1?)\s+|^\|\||\^$|(?<!\s)\s++#.*$")
"""What hosts files and ad blockers' lists have around a name."""


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
    return hosts_in(chunks_of(path), named=str(path))


def hosts_in(chunks: Iterable[bytes], *, named: str = "hosts") -> Iterator[HostSeen | ReadWarning]:
    """Yield the hosts in pieces of a file, and a warning for each bad line or date.

    The first line decides: with a cell ``host`` or ``domain`` it heads a table (one row a line,
    also ``first``, ``last`` and ``source``), else each line is a host or a URL, or has one as
    block lists do (``0.0.0.0 a.example``, ``||a.example^``). Empty lines and lines that begin with
    ``#`` or ``!`` are skipped. A host stays when its date is not valid.

    Raises
    ------
    InputError
        If it is no text, or a table without hosts.
    """
    lines = lines_of(as_utf8(chunks, named), longest=MAX_LINE)
    head = next(lines, "").removeprefix("\ufeff")
    if "\0" in head:
        raise InputError(
            f"{named}: not a text file",
            hint=("Give one host per line, or a CSV with a column host."),
        )
    separator = separator_of(head)
    header = [cell.strip().lower() for cell in _cells(head, separator)]
    column = next((name for name in ("host", "domain") if name in header), None)
    if column is None and len(header) > 1 and not any("." in cell for cell in header):
        raise InputError(
            f"{named}: it has no column host; its columns are {', '.join(header)[:200]}",
            hint="The first line must name the columns: host and optionally first,last,source.",
        )
    numbered = enumerate(lines if column else chain((head,), lines), start=2 if column else 1)
    for number, line in numbered:
        text = line.strip()
        if not text or (column is None and text[0] in "#!"):
            continue
        quoted = ascii(text[:120])
        row = dict(zip(header, _cells(text, separator), strict=False)) if column else {}
        try:
            host = _host(row.get(column, "") if column else _LISTED.sub("", text))
        except ValueError as error:
            yield ReadWarning(
                line=number, why=message("source-row.unread", detail=str(error)), quoted=quoted
            )
            continue
        days: list[date | None] = []
        for name in ("first", "last"):
            try:
                days.append(_day(row.get(name, "")))
            except ValueError as error:
                yield ReadWarning(
                    line=number, why=message("source-row.unread", detail=str(error)), quoted=quoted
                )
                days.append(None)
        if days[0] and days[1] and days[0] > days[1]:
            yield ReadWarning(line=number, why=message("unread.swapped"), quoted=quoted)
            days.reverse()
        source = row.get("source", "").strip()
        yield HostSeen(line=number, host=host, first=days[0], last=days[1], source=source)


def _cells(line: str, separator: str) -> list[str]:
    # A row is a line: an open quote must not swallow the hosts that follow.
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _host(cell: str) -> str:
    text = cell.strip().lower()
    if "/" in text:
        text = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    text = _bare(text.removeprefix("*.").strip("."))
    if len(text) > LONGEST_HOST or not (_NAME.fullmatch(text) or _address(text)):
        raise ValueError("not a host")
    return text


def _bare(text: str) -> str:
    """Return a host without its port, and an address of version 6 without its brackets."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    name, _, port = text.rpartition(":")
    return name if port.isdigit() and ":" not in name else text


def _address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _day(cell: str) -> date | None:
    text = cell.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("a date is not of the form 2026-08-22: not used") from None
