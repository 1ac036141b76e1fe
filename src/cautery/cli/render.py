"""What all commands share on the terminal: JSON lines, and tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any


def json_line(value: Any) -> None:
    """Print one JSON value on a line of its own.

    Bytes of a file's name that are no UTF-8 become the escapes that JSON has for them.
    """
    said = json.dumps(value, ensure_ascii=False, sort_keys=False)
    sys.stdout.write(said.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Print a table; long cells fold, nothing is cut. Outside text is shown as it is, unstyled."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # As Text: what stands in square brackets in a name is no markup of ours.
    shown = Table(
        title=Text(printable(title)) if title else None, title_justify="left", header_style="bold"
    )
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else printable_lines(str(cell))) for cell in row))
    Console(highlight=False).print(shown)


def printable(text: str) -> str:
    """Return outside text without control characters: a title must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def say(text: str) -> None:
    """Say something to the person, on stderr, so that stdout stays data."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def printable_lines(text: str) -> str:
    """Return outside text of several lines, each printable."""
    return "\n".join(printable(line) for line in text.splitlines())
