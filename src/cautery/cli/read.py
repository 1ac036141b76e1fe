"""``cautery read``: what any known format says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.drawing.formatting import counted
from cautery.errors import InputError, SourceError
from cautery.formats import ReadWarning
from cautery.messages import say
from cautery.workflows.files.read import read_file
from cautery.workflows.files.read import schema as json_schema

MOST_ROWS = 500
MOST_WARNINGS = 20


@render.tabular
def read(
    file: Annotated[
        Path | None,
        typer.Argument(help="In any known format, also .gz, .xz or .zst; - for stdin."),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="A reader's name; default: by content.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of a line (of --kind), and stop."),
    ] = False,
) -> None:
    """Show the content of a file in a known format, and the parts that could not be read.

    Nothing is fetched. Credentials are shown as hashes under a key that only this run knows.

    Example: cautery read list.m3u
    """
    if schema:
        render.json_line(json_schema(kind))
        return
    if file is None:
        raise InputError("read needs a file", hint="cautery read FILE; - reads stdin.")
    rows = _Rows()
    warnings = total = 0
    limit = render.most_rows(MOST_ROWS)
    with Progress(f"reading {file}", None) as progress:
        for value in progress.counted(_values(file, kind)):
            if isinstance(value, ReadWarning):
                warnings += value.count
                if warnings <= MOST_WARNINGS:
                    quoted = render.printable(value.quoted)
                    progress.say(f"line {value.line}: {say(value.why)} {quoted}")
                continue
            total += 1
            if json:
                render.json_line(value)
            elif total <= limit:
                rows.add(value)
    if total and not json:
        columns = rows.columns()
        render.table(columns, rows.cells(columns))
    if total:
        render.say(f"{total if json else min(total, limit):,} of {total:,} shown")
    else:
        render.say(f"nothing to show: {'stdin' if str(file) == '-' else file} holds no record")
    if warnings:
        render.say(f"{counted(warnings, 'record')} could not be read")


def _values(file: Path, kind: str | None) -> Iterator[dict[str, Any] | ReadWarning]:
    """Yield what the file says; one that its reader does not understand is bad input."""
    try:
        yield from read_file(file, kind=kind)
    except SourceError as error:
        raise InputError(f"{file}: {error}", hint=error.hint) from error


class _Rows:
    """Rows of a table whose columns are known when all are read, each in little memory."""

    def __init__(self) -> None:
        self._rows: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._filled: set[str] = set()

    def add(self, row: Mapping[str, object]) -> None:
        """Keep a row as its cells."""
        names = tuple(row)
        names = self._shapes.setdefault(names, names)
        self._filled.update(name for name in names if row[name])
        self._rows.append((names, tuple(map(_cell, row.values()))))

    def columns(self) -> list[str]:
        """Return the columns: a guide has channels and programmes, each with columns of its own."""
        names = dict.fromkeys(name for shape in self._shapes for name in shape)
        return [name for name in names if name in self._filled]

    def cells(self, columns: Sequence[str]) -> Iterator[list[str]]:
        """Yield each row's cells in these columns."""
        for names, cells in self._rows:
            by_name = dict(zip(names, cells, strict=True))
            yield [by_name.get(name, "") for name in columns]


def _cell(value: object) -> str:
    if value in (None, [], {}):
        return ""
    if isinstance(value, list):
        return "\n".join(
            " ".join(map(str, item)) if isinstance(item, list) else str(item) for item in value
        )
    return str(value)
