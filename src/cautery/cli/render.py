"""What all commands share on the terminal: JSON lines, and tables for people."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import wraps
from inspect import Parameter, signature
from itertools import chain, islice
from typing import Annotated, Any

import typer

from cautery.cells import csv_cell, escaped

_as_csv: ContextVar[bool] = ContextVar("as_csv", default=False)
"""What ``--csv`` of the running command says."""


def tabular(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that prints tables the option ``--csv``."""

    @wraps(command)
    def with_csv(*arguments: object, csv: bool = False, **options: object) -> None:
        token = _as_csv.set(csv)
        try:
            command(*arguments, **options)
        finally:
            _as_csv.reset(token)

    option = Annotated[
        bool,
        typer.Option(
            "--csv", help="Print complete tables as CSV; a spreadsheet reads no cell as a formula."
        ),
    ]
    shape = signature(command, eval_str=True)
    added = Parameter("csv", Parameter.KEYWORD_ONLY, default=False, annotation=option)
    with_csv.__signature__ = shape.replace(  # type: ignore[attr-defined]
        parameters=[*shape.parameters.values(), added]
    )
    with_csv.__annotations__ = {**command.__annotations__, "csv": option}
    return with_csv


def json_line(value: Any) -> None:
    """Print one JSON value on a line of its own.

    Control characters, marks that turn the direction of text, and bytes of a file's name that are
    no UTF-8 become the escapes that JSON has for them: a title must not steer the terminal.
    """
    sys.stdout.write(escaped(json.dumps(value, ensure_ascii=False, sort_keys=False)) + "\n")
    sys.stdout.flush()


def most_rows(on_terminal: int) -> int:
    """Return how many rows a table shows: so many on a terminal, all of them elsewhere."""
    return on_terminal if _for_people() else sys.maxsize


def streams() -> bool:
    """Tell whether a table is written row by row: not on a terminal, where columns are aligned."""
    return not _for_people()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Print a table: for people on a terminal, else one record a line, whole.

    On a terminal long cells fold and nothing is cut. In a pipe or a file, a line has the record's
    cells with tabs between, and a line of the columns' names before; ``--csv`` makes it CSV.
    """
    if _for_people():
        _show(columns, rows, title=title)
        return
    if title:
        say(title)
    headers = [columns] if any(columns) else []
    writer = csv.writer(sys.stdout, lineterminator="\n")
    coming = iter(rows)
    first = list(islice(coming, 1))  # what cannot be read says so before anything is printed
    for row in chain(headers, first, coming):
        cells = ["" if cell is None else str(cell) for cell in row]
        if _as_csv.get():
            writer.writerow([csv_cell(cell) for cell in cells])
        else:
            sys.stdout.write("\t".join(map(_on_one_line, cells)) + "\n")
    sys.stdout.flush()


def _show(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str) -> None:
    # Heavy: loaded only where a person watches the terminal.
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from cautery.cli._terminal import Terminal  # noqa: PLC0415

    rich_table = Table(
        title=Text(printable(title)) if title else None, title_justify="left", header_style="bold"
    )
    for column in columns:
        rich_table.add_column(column, overflow="fold")
    for row in rows:
        rich_table.add_row(*("" if cell is None else printable_lines(str(cell)) for cell in row))
    Terminal().print(rich_table)


def _on_one_line(cell: str) -> str:
    if cell.isprintable():
        return cell
    return " / ".join(printable(line) for line in cell.splitlines())


def _for_people() -> bool:
    return sys.stdout.isatty() and not _as_csv.get()


def printable(text: str) -> str:
    """Return outside text without control characters: a title must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def say(text: str) -> None:
    """Say something to the person, on stderr, so that stdout stays data; none of it steers."""
    sys.stderr.write(printable_lines(text) + "\n")
    sys.stderr.flush()


def printable_lines(text: str) -> str:
    """Return outside text of several lines, each printable."""
    if text.isprintable():
        return text
    return "\n".join(printable(line) for line in text.splitlines())
