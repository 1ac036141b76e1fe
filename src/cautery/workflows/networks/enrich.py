"""Read links from a table and add links derived from facts after them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cautery.cells import plain_cell
from cautery.errors import InputError
from cautery.formats import ReadWarning
from cautery.graph.enrich import Derived, Enricher
from cautery.messages import message
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.packed import chunks_of, require_file
from cautery.parquet import read_parquet
from cautery.workflows.files.lines import as_utf8, lines_of, separator_of

COLUMNS = (
    "subject", "kind", "value", "first_seen", "last_seen", "source", "fact", "fact_date",
)  # fmt: skip
MAX_LINE = 65_536
LONGEST = 4096
"""Letters of a subject or value; a longer one is broken."""
FACTS = "facts"
"""The source of what is derived."""
_NEEDED = COLUMNS[:3]
_TIMES = COLUMNS[3:5]
_MOST_WARNINGS = 20
_FORM = (
    "Links must be a table with the columns subject, kind, value and optionally first_seen, "
    "last_seen, source."
)

Row = dict[str, str]
Span = tuple[datetime, datetime] | None


@dataclass(slots=True)
class Tally:
    """What a run read and derived."""

    links: int = 0
    derived: int = 0
    broken: int = 0
    warnings: list[ReadWarning] = field(default_factory=list)

    def warn(self, line: int, why: Message, text: str) -> None:
        """Count a row that could not be used whole, and quote the first of them."""
        self.broken += 1
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(ReadWarning(line=line, why=why, quoted=ascii(text[:120])))


def enrich_links(
    path: Path, *, facts: Facts, tally: Tally, step: Callable[[], None] = lambda: None
) -> Iterator[Row]:
    """Yield each link of a table as it is read, then what facts derive from all of them.

    Parameters
    ----------
    path : Path
        CSV (also by semicolons or tabs, packed or not) or Parquet with ``subject, kind, value`` and
        optional ``first_seen, last_seen, source``; ``-`` is stdin.
    tally : Tally
        Is counted up.

    Yields
    ------
    dict of str to str
        The columns :data:`COLUMNS`. A derived row stands once a subject, kind and value, with
        ``source`` ``facts``, the fact's name and date, and the span of the links it rests on.

    Raises
    ------
    InputError
        If the file cannot be read, or lacks a column.
    """
    enricher = Enricher(facts)
    derivations: dict[tuple[str, str, str], tuple[Derived, Span]] = {}
    recorded: set[tuple[str, str, str]] = set()
    for row in _links(_chunks(path), tally, str(path)):
        step()
        subject, kind, value = (row[name] for name in _NEEDED)
        recorded.add((subject, kind, value))
        yield row
        span = _span(row)
        for derived in (*enricher.of_subject(subject), *enricher.of_value(kind, value)):
            key = (subject, derived.kind, derived.value)
            before = derivations.get(key)
            spans = (derived.seen or span, None if before is None else before[1])
            derivations[key] = (derived, _joined(*spans))
    for key in sorted(derivations.keys() - recorded):
        tally.derived += 1
        yield _derived_row(key, *derivations[key])


def _links(chunks: Iterable[bytes], tally: Tally, name: str) -> Iterator[Row]:
    lines = lines_of(as_utf8(chunks, name), longest=MAX_LINE)
    head = next(lines, "").removeprefix("\ufeff")
    if "\0" in head:
        raise InputError(f"{name}: not a text file", hint=_FORM)
    separator = separator_of(head)
    header = [cell.strip().lower() for cell in _cells(head, separator)]
    missing = [column for column in _NEEDED if column not in header]
    if missing:
        raise InputError(f"{name}: no column {' and '.join(missing)}", hint=_FORM)
    for number, line in enumerate(lines, start=2):
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        # A row is a line: an open quote must not swallow the links that follow.
        stripped = (plain_cell(cell.strip()) for cell in _cells(text, separator))
        cells = dict(zip(header, stripped, strict=False))
        row = {column: cells.get(column, "") for column in COLUMNS}
        if not all(row[column] for column in _NEEDED):
            tally.warn(number, message("unread.bare-link"), text)
        elif max(len(row[column]) for column in _NEEDED) > LONGEST:
            tally.warn(number, message("unread.long-name", most=LONGEST), text)
        else:
            tally.links += 1
            if any(row[column] and _moment(row[column]) is None for column in _TIMES):
                tally.warn(number, message("unread.time-not-used"), text)
            yield row


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes; a Parquet file's as CSV."""
    if path.suffix != ".parquet":
        yield from chunks_of(path)
        return
    import polars as pl  # noqa: PLC0415 - heavy: only where there is Parquet

    require_file(path)
    try:
        yield read_parquet(path, str(path)).write_csv().encode()
    except OSError as error:
        raise InputError(f"{path}: it cannot be read: {error}") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: a column holds lists or records, but must hold text") from error


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _span(row: Row) -> Span:
    times = [moment for column in _TIMES if (moment := _moment(row[column])) is not None]
    return (min(times), max(times)) if times else None


def _joined(first: Span, second: Span) -> Span:
    if first is None or second is None:
        return first or second
    return min(first[0], second[0]), max(first[1], second[1])


def _derived_row(key: tuple[str, str, str], derived: Derived, span: Span) -> Row:
    subject, kind, value = key
    return {
        "subject": subject,
        "kind": kind,
        "value": value,
        "first_seen": "" if span is None else _told(span[0]),
        "last_seen": "" if span is None else _told(span[1]),
        "source": FACTS,
        "fact": derived.fact,
        "fact_date": "" if derived.dated is None else derived.dated.isoformat(),
    }


def _told(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a row of LINKS, and of a row of the answer."""
    text = {"type": "string"}
    time = {**text, "description": "ISO 8601; empty: unknown."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "subject": {**text, "description": "A host or an address."},
            "kind": {**text, "description": "The kind of value; derived: asn, country, "
                                            "organisation, shared (class:provider), domain, "
                                            "dynamic-dns, parking, address."},
            "value": text,
            "first_seen": time,
            "last_seen": time,
            "source": {**text, "description": f"{FACTS!r} for a derived value."},
            "fact": {**text, "description": "The fact on which a derived row rests."},
            "fact_date": {**text, "description": "The date of that fact; empty: undated."},
        },
        "required": list(_NEEDED),
    }  # fmt: skip
